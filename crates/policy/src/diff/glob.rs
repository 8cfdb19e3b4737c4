//! What several globs say of all texts at once: which combinations of "matches" and "does not match" exist, each
//! with a text that shows it.
//!
//! Every glob is an automaton with one state per place in its text. They are run side by side over all texts of a
//! language, breadth first, so that the first text that reaches a combination is among its shortest. A character
//! that no glob expects next moves all of them alike, so one such character per class of the language stands for
//! all. That makes the enumeration exact: a combination that is not listed does not exist.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

/// Most states of one enumeration; beyond that it is given up.
const STATES: usize = 20_000;

/// A place of a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Star,
    Char(char),
}

/// A glob that is being run: `*` is any run of characters, all else is literal.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    signs: Vec<Sign>,
    /// Places in which a run begins.
    start: Vec<u32>,
}

impl Glob {
    pub(super) fn new(text: &str) -> Self {
        let sign = |c: char| if c == '*' { Sign::Star } else { Sign::Char(c) };
        let mut signs: Vec<Sign> = text.chars().map(sign).collect();
        signs.dedup_by(|a, b| *a == Sign::Star && *b == Sign::Star);
        let mut glob = Self { signs, start: Vec::new() };
        let mut start = Vec::new();
        glob.reach(0, &mut start);
        glob.start = start;
        glob
    }

    /// The glob of the texts that this one matches behind `prefix`.
    pub(super) fn behind(&self, prefix: &str) -> Self {
        let start = prefix.chars().fold(self.start.clone(), |places, c| self.step(&places, c));
        Self { signs: self.signs.clone(), start }
    }

    /// The glob of the texts that have `prefix` in front of what this one matches.
    pub(super) fn with_prefix(text: &str, prefix: &str) -> Self {
        let mut glob = Self::new(text);
        let literal: Vec<Sign> = prefix.chars().map(Sign::Char).collect();
        glob.signs.splice(0..0, literal);
        let mut start = Vec::new();
        glob.reach(0, &mut start);
        glob.start = start;
        glob
    }

    /// Adds a place, and those behind the stars in which it stands.
    fn reach(&self, place: usize, places: &mut Vec<u32>) {
        let mut place = place;
        loop {
            if !places.contains(&(place as u32)) {
                places.push(place as u32);
            }
            if self.signs.get(place) != Some(&Sign::Star) {
                return;
            }
            place += 1;
        }
    }

    fn step(&self, places: &[u32], c: char) -> Vec<u32> {
        let mut next = Vec::with_capacity(places.len());
        for place in places {
            match self.signs.get(*place as usize) {
                Some(Sign::Star) => self.reach(*place as usize, &mut next),
                Some(Sign::Char(expected)) if *expected == c => self.reach(*place as usize + 1, &mut next),
                _ => {}
            }
        }
        next.sort_unstable();
        next
    }
}

/// A language: the texts that can occur, told apart by what else matters of them.
pub(super) trait Language {
    /// What is known of the beginning of a text.
    type State: Clone + Eq + Hash;
    /// What is known of a whole text.
    type Class: Clone + Eq + Hash;
    fn start(&self) -> Self::State;
    /// The state behind a character; `None` when no text of the language goes on so.
    fn step(&self, state: &Self::State, c: char) -> Option<Self::State>;
    /// The class of a text that ends here; `None` when no text of the language does.
    fn class(&self, state: &Self::State) -> Option<Self::Class>;
    /// Groups of characters that the language does not tell apart in any state, nicest first. Together with the
    /// characters of the globs one of each group must stand for every character.
    fn groups(&self) -> &[&str];
}

/// A combination that exists.
#[derive(Debug, Clone)]
pub(super) struct Cell<C> {
    /// For each glob, whether it matches.
    pub(super) bits: Vec<bool>,
    pub(super) class: C,
    /// A text with these bits and this class.
    pub(super) sample: String,
}

/// The places in which the globs stand: glob and place, sorted. A glob that can no longer match has none.
type Places = Vec<(u32, u32)>;

/// All combinations; `None` when there are too many states to enumerate.
pub(super) fn cells<L: Language>(globs: &[Glob], language: &L) -> Option<Vec<Cell<L::Class>>> {
    let mut search = Search { globs, language, known: HashSet::new(), queue: VecDeque::new() };
    let mut start = Places::new();
    for (number, glob) in globs.iter().enumerate() {
        start.extend(glob.start.iter().map(|place| (number as u32, *place)));
    }
    search.reach(start, language.start(), None);
    let mut found: Vec<Cell<L::Class>> = Vec::new();
    let mut seen: HashSet<(Vec<bool>, L::Class)> = HashSet::new();
    while let Some(node) = search.queue.pop_front() {
        if search.known.len() > STATES {
            return None;
        }
        if let Some(class) = language.class(&node.state) {
            let bits = search.bits(&node.places);
            if seen.insert((bits.clone(), class.clone())) {
                found.push(Cell { bits, class, sample: node.text.clone() });
            }
        }
        search.expand(&node);
    }
    Some(found)
}

struct Node<S> {
    places: Places,
    state: S,
    text: String,
}

struct Search<'s, L: Language> {
    globs: &'s [Glob],
    language: &'s L,
    known: HashSet<(Places, L::State)>,
    queue: VecDeque<Node<L::State>>,
}

impl<L: Language> Search<'_, L> {
    fn reach(&mut self, places: Places, state: L::State, from: Option<(&str, char)>) {
        if self.known.insert((places.clone(), state.clone())) {
            let mut text = from.map_or(String::new(), |(text, _)| text.to_owned());
            text.extend(from.map(|(_, c)| c));
            self.queue.push_back(Node { places, state, text });
        }
    }

    fn expand(&mut self, node: &Node<L::State>) {
        let mut expected = Vec::new();
        for (number, place) in &node.places {
            let sign = self.globs.get(*number as usize).and_then(|glob| glob.signs.get(*place as usize));
            if let Some(Sign::Char(c)) = sign
                && !expected.contains(c)
            {
                expected.push(*c);
            }
        }
        let groups = self.language.groups().iter();
        let others: Vec<char> = groups.filter_map(|group| group.chars().find(|c| !expected.contains(c))).collect();
        // Of the characters in no group one is always left, since globs are finite.
        let stranger = ('\u{e000}'..=char::MAX).find(|c| !expected.contains(c));
        for c in others.into_iter().chain(expected).chain(stranger) {
            let Some(state) = self.language.step(&node.state, c) else { continue };
            self.reach(self.step(&node.places, c), state, Some((&node.text, c)));
        }
    }

    fn step(&self, places: &Places, c: char) -> Places {
        let mut next = Places::new();
        for of_one in places.chunk_by(|a, b| a.0 == b.0) {
            let Some(number) = of_one.first().map(|(number, _)| *number) else { continue };
            let Some(glob) = self.globs.get(number as usize) else { continue };
            let own: Vec<u32> = of_one.iter().map(|(_, place)| *place).collect();
            next.extend(glob.step(&own, c).into_iter().map(|place| (number, place)));
        }
        next
    }

    fn bits(&self, places: &Places) -> Vec<bool> {
        let mut bits = vec![false; self.globs.len()];
        for (number, place) in places {
            let end = self.globs.get(*number as usize).map(|glob| glob.signs.len());
            if let Some(bit) = bits.get_mut(*number as usize) {
                *bit |= end == Some(*place as usize);
            }
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::{Glob, Language, cells};

    /// All texts.
    struct Any;

    impl Language for Any {
        type State = ();
        type Class = ();
        fn start(&self) {}
        fn step(&self, (): &(), _: char) -> Option<()> {
            Some(())
        }
        fn class(&self, (): &()) -> Option<()> {
            Some(())
        }
        fn groups(&self) -> &[&str] {
            &["xyz"]
        }
    }

    fn bits(globs: &[&str]) -> Vec<(String, String)> {
        let globs: Vec<Glob> = globs.iter().map(|text| Glob::new(text)).collect();
        let cells = cells(&globs, &Any).unwrap();
        let mut found: Vec<(String, String)> = cells
            .into_iter()
            .map(|cell| (cell.bits.iter().map(|bit| if *bit { '1' } else { '0' }).collect(), cell.sample))
            .collect();
        found.sort();
        found
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn every_combination_that_exists_is_found_with_a_text() {
        assert_eq!(bits(&["a*", "*b"]), pairs(&[("00", ""), ("01", "b"), ("10", "a"), ("11", "ab")]));
        assert_eq!(bits(&["ab", "a*"]), pairs(&[("00", ""), ("01", "a"), ("11", "ab")]));
        assert_eq!(bits(&["*"]), pairs(&[("1", "")]));
        assert_eq!(bits(&["a*a", "a"]), pairs(&[("00", ""), ("01", "a"), ("10", "aa")]));
        assert_eq!(bits(&["", "**a"]), pairs(&[("00", "x"), ("01", "a"), ("10", "")]));
    }

    #[test]
    fn a_prefix_is_read_or_demanded() {
        let behind = Glob::new("lib*/a").behind("library/");
        assert_eq!(cells(&[behind], &Any).unwrap().len(), 2);
        let texts: Vec<String> =
            cells(&[Glob::with_prefix("a*", "x/")], &Any).unwrap().into_iter().map(|cell| cell.sample).collect();
        assert_eq!(texts, ["", "x/a"]);
    }

    #[test]
    fn too_many_states_are_refused_and_not_enumerated() {
        let texts: Vec<String> = (0..14).map(|n| format!("*{}*{}*{}*", n, (n + 3) % 14, (n + 5) % 14)).collect();
        let globs: Vec<Glob> = texts.iter().map(|text| Glob::new(text)).collect();
        assert!(cells(&globs, &Any).is_none());
    }
}
