//! What several patterns say of all texts at once: which combinations of "matches" and "does not match" exist, each
//! with a text that shows it.
//!
//! Every pattern is a machine that stands in some of its places. All are run side by side over all texts of a language,
//! breadth first, so that the first text that reaches a combination is among its shortest. Characters that no machine
//! and not the language tell apart are tried once. That makes the enumeration exact: a combination that is not listed
//! does not exist.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

use super::effort::{Effort, Work};

/// Most states of one enumeration, and most steps; beyond that it is given up.
const STATES: usize = 40_000;
const STEPS: usize = 3_000_000;

/// A set of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Set {
    Any,
    Char(char),
    /// Any but the end of a line.
    InLine,
    Class(Class),
}

/// A class of an expression.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Class {
    pub(super) ranges: Vec<(char, char)>,
    /// Classes by letter, and whether the rest is meant.
    pub(super) kinds: Vec<(Kind, bool)>,
    pub(super) negated: bool,
}

/// `\d`, `\w`, `\s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Digit,
    Word,
    Space,
}

/// A digit, a letter and a blank beyond ASCII: with a character of private use they stand for all characters there, as
/// long as no pattern names one.
const FOREIGN: [char; 3] = ['\u{663}', 'é', '\u{2003}'];

impl Kind {
    fn contains(self, c: char) -> bool {
        match self {
            Self::Digit => c.is_ascii_digit() || c == '\u{663}',
            Self::Word => c.is_ascii_alphanumeric() || matches!(c, '_' | '\u{663}' | 'é'),
            Self::Space => matches!(c, '\t'..='\r' | ' ' | '\u{2003}'),
        }
    }
}

impl Set {
    fn contains(&self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::Char(own) => *own == c,
            Self::InLine => c != '\n',
            Self::Class(class) => {
                let listed = class.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                let kinds = class.kinds.iter().any(|(kind, rest)| kind.contains(c) != *rest);
                (listed || kinds) != class.negated
            }
        }
    }

    /// Whether it names a character beyond ASCII.
    fn is_foreign(&self) -> bool {
        match self {
            Self::Any | Self::InLine => false,
            Self::Char(c) => !c.is_ascii(),
            Self::Class(class) => class.ranges.iter().any(|(low, high)| !low.is_ascii() || !high.is_ascii()),
        }
    }

    fn has_kinds(&self) -> bool {
        matches!(self, Self::Class(class) if !class.kinds.is_empty())
    }
}

/// A place of a machine.
#[derive(Debug, Clone, Default)]
pub(super) struct Spot {
    /// Characters with the places to which they lead.
    pub(super) edges: Vec<(Set, u32)>,
    /// Places that are reached without a character.
    pub(super) empty: Vec<u32>,
    pub(super) accepts: bool,
}

/// A pattern that is being run.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    spots: Vec<Spot>,
    /// Places in which a run begins.
    start: Vec<u32>,
}

impl Machine {
    /// A machine that begins in its first place.
    pub(super) fn new(spots: Vec<Spot>) -> Self {
        let mut machine = Self { spots, start: Vec::new() };
        let mut start = Vec::new();
        machine.reach(0, &mut start);
        start.sort_unstable();
        machine.start = start;
        machine
    }

    /// `*` is any run of characters, all else is literal.
    pub(super) fn glob(text: &str) -> Self {
        let mut spots = Vec::new();
        let mut before = None;
        for c in text.chars() {
            // Several in a row say what one says.
            if c == '*' && before == Some('*') {
                continue;
            }
            before = Some(c);
            let own = spots.len() as u32;
            spots.push(match c {
                '*' => Spot { edges: vec![(Set::Any, own)], empty: vec![own + 1], accepts: false },
                c => Spot { edges: vec![(Set::Char(c), own + 1)], ..Spot::default() },
            });
        }
        spots.push(Spot { accepts: true, ..Spot::default() });
        Self::new(spots)
    }

    /// One text and no other.
    pub(super) fn literal(text: &str) -> Self {
        let chars = text.chars().enumerate();
        let mut spots: Vec<Spot> =
            chars.map(|(at, c)| Spot { edges: vec![(Set::Char(c), at as u32 + 1)], ..Spot::default() }).collect();
        spots.push(Spot { accepts: true, ..Spot::default() });
        Self::new(spots)
    }

    /// No text at all.
    pub(super) fn nothing() -> Self {
        Self::new(vec![Spot::default()])
    }

    /// The machine of the texts that this one matches behind `prefix`.
    pub(super) fn behind(&self, prefix: &str) -> Self {
        let start = prefix.chars().fold(self.start.clone(), |places, c| self.step(&places, c));
        Self { spots: self.spots.clone(), start }
    }

    /// The machine of the texts that have `prefix` in front of what this one matches.
    pub(super) fn with_prefix(&self, prefix: &str) -> Self {
        let length = prefix.chars().count() as u32;
        let chars = prefix.chars().enumerate();
        let mut spots: Vec<Spot> =
            chars.map(|(at, c)| Spot { edges: vec![(Set::Char(c), at as u32 + 1)], ..Spot::default() }).collect();
        spots.extend(self.spots.iter().map(|spot| Spot {
            edges: spot.edges.iter().map(|(set, to)| (set.clone(), to + length)).collect(),
            empty: spot.empty.iter().map(|to| to + length).collect(),
            accepts: spot.accepts,
        }));
        Self::new(spots)
    }

    /// Whether it matches a text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let places = text.chars().fold(self.start.clone(), |places, c| self.step(&places, c));
        places.iter().any(|place| self.spots.get(*place as usize).is_some_and(|spot| spot.accepts))
    }

    /// Adds a place, and those that are reached from it without a character.
    fn reach(&self, place: u32, places: &mut Vec<u32>) {
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            if places.contains(&place) {
                continue;
            }
            places.push(place);
            open.extend(self.spots.get(place as usize).map(|spot| spot.empty.as_slice()).unwrap_or_default());
        }
    }

    fn step(&self, places: &[u32], c: char) -> Vec<u32> {
        let mut next = Vec::with_capacity(places.len());
        for spot in places.iter().filter_map(|place| self.spots.get(*place as usize)) {
            for (_, to) in spot.edges.iter().filter(|(set, _)| set.contains(c)) {
                self.reach(*to, &mut next);
            }
        }
        next.sort_unstable();
        next
    }

    fn sets(&self) -> impl Iterator<Item = &Set> {
        self.spots.iter().flat_map(|spot| spot.edges.iter().map(|(set, _)| set))
    }
}

/// A language: the texts that can occur, told apart by what else matters of them.
pub(super) trait Language {
    /// What is known of the beginning of a text.
    type State: Clone + Eq + Hash;
    /// What is known of a whole text.
    type Class: Clone + Eq + Hash;
    fn start(&self) -> Self::State;
    /// The state behind a character; `None` when no text of the language goes on so. Characters beyond ASCII are not
    /// told apart.
    fn step(&self, state: &Self::State, c: char) -> Option<Self::State>;
    /// The class of a text that ends here; `None` when no text of the language does.
    fn class(&self, state: &Self::State) -> Option<Self::Class>;
    /// Groups of ASCII characters that the language does not tell apart in any state, nicest first. A character in no
    /// group is like one beyond ASCII.
    fn groups(&self) -> &[&str];
}

/// A combination that exists.
#[derive(Debug, Clone)]
pub(super) struct Cell<C> {
    /// For each machine, whether it matches.
    pub(super) bits: Vec<bool>,
    pub(super) class: C,
    /// A text with these bits and this class.
    pub(super) sample: String,
}

/// The places in which the machines stand: machine and place, sorted. One that can no longer match has none.
type Places = Vec<(u32, u32)>;

/// All combinations; `None` when they cannot be enumerated, or not with what effort is left.
pub(super) fn cells<L: Language>(machines: &[Machine], language: &L, effort: &Effort) -> Option<Vec<Cell<L::Class>>> {
    let sets = || machines.iter().flat_map(Machine::sets);
    if sets().any(Set::has_kinds) && sets().any(Set::is_foreign) {
        return None;
    }
    let mut search =
        Search { machines, language, known: HashSet::new(), queue: VecDeque::new(), ways: Vec::new(), steps: 0 };
    let mut start = Places::new();
    for (number, machine) in machines.iter().enumerate() {
        start.extend(machine.start.iter().map(|place| (number as u32, *place)));
    }
    search.reach(start, language.start(), None);
    let mut found: Vec<Cell<L::Class>> = Vec::new();
    let mut seen: HashSet<(Vec<bool>, L::Class)> = HashSet::new();
    while let Some(node) = search.queue.pop_front() {
        if let Some(class) = language.class(&node.state) {
            let bits = search.bits(&node.places);
            if seen.insert((bits.clone(), class.clone())) {
                found.push(Cell { bits, class, sample: search.text(node.way) });
            }
        }
        let steps = search.expand(&node);
        search.steps += steps;
        if search.ways.len() > STATES || search.steps > STEPS {
            effort.give_up(Work::Patterns);
            return None;
        }
        if !effort.take(Work::Patterns, steps) {
            return None;
        }
    }
    Some(found)
}

struct Node<S> {
    places: Places,
    state: S,
    /// How it was reached.
    way: usize,
}

struct Search<'s, L: Language> {
    machines: &'s [Machine],
    language: &'s L,
    known: HashSet<(Places, L::State)>,
    queue: VecDeque<Node<L::State>>,
    /// For each state, the one before it and the character between them.
    ways: Vec<Option<(usize, char)>>,
    steps: usize,
}

impl<L: Language> Search<'_, L> {
    fn reach(&mut self, places: Places, state: L::State, from: Option<(usize, char)>) {
        if self.known.insert((places.clone(), state.clone())) {
            self.queue.push_back(Node { places, state, way: self.ways.len() });
            self.ways.push(from);
        }
    }

    /// The text that leads to a state.
    fn text(&self, mut way: usize) -> String {
        let mut text: Vec<char> = Vec::new();
        while let Some((before, c)) = self.ways.get(way).copied().flatten() {
            text.push(c);
            way = before;
        }
        text.iter().rev().collect()
    }

    /// Goes on from a state; the number of steps that it took.
    fn expand(&mut self, node: &Node<L::State>) -> usize {
        let characters = self.characters(&node.places);
        let steps = (node.places.len() + 4) * (characters.len() + 1);
        for c in characters {
            let Some(state) = self.language.step(&node.state, c) else { continue };
            self.reach(self.step(&node.places, c), state, Some((node.way, c)));
        }
        steps
    }

    /// Characters that stand for all others where the machines stand.
    ///
    /// With single characters alone: these, and one other of each group of the language. With classes: of the
    /// characters of ASCII, and the beginnings of ranges and what is behind their ends beyond it, one of each that the
    /// sets and the groups tell apart.
    fn characters(&self, places: &Places) -> Vec<char> {
        let mut sets: Vec<&Set> = Vec::new();
        for (number, place) in places {
            let spot = self.machines.get(*number as usize).and_then(|machine| machine.spots.get(*place as usize));
            for (set, _) in spot.map(|spot| spot.edges.as_slice()).unwrap_or_default() {
                if !matches!(set, Set::Any) && !sets.contains(&set) {
                    sets.push(set);
                }
            }
        }
        let single = |set: &&Set| if let Set::Char(c) = set { Some(*c) } else { None };
        let expected: Vec<char> = sets.iter().filter_map(single).collect();
        let groups = self.language.groups();
        let others = groups.iter().filter_map(|group| group.chars().find(|c| !expected.contains(c)));
        // Machines are finite, so that some character beyond ASCII is always left.
        let stranger = ('\u{e000}'..=char::MAX).find(|c| !expected.contains(c));
        let classes: Vec<&Class> =
            sets.iter().filter_map(|set| if let Set::Class(class) = set { Some(class) } else { None }).collect();
        if classes.is_empty() {
            let line = Some('\n').filter(|c| sets.contains(&&Set::InLine) && !expected.contains(c));
            return others.chain(line).chain(stranger).chain(expected.iter().copied()).collect();
        }
        let ends = classes.iter().flat_map(|class| &class.ranges).flat_map(|(low, high)| [Some(*low), after(*high)]);
        let foreign = ends.flatten().chain(FOREIGN).chain(stranger).filter(|c| !c.is_ascii());
        let ascii = (0..128_u8).map(char::from);
        let all =
            groups.iter().flat_map(|group| group.chars()).chain(ascii).chain(foreign).chain(expected.iter().copied());
        let mut distinct: HashSet<(Vec<bool>, Option<usize>)> = HashSet::new();
        let told_apart = |c: &char| {
            let bits = sets.iter().map(|set| set.contains(*c)).collect();
            distinct.insert((bits, groups.iter().position(|group| group.contains(*c))))
        };
        all.filter(told_apart).collect()
    }

    fn step(&self, places: &Places, c: char) -> Places {
        let mut next = Places::new();
        for of_one in places.chunk_by(|a, b| a.0 == b.0) {
            let Some(number) = of_one.first().map(|(number, _)| *number) else { continue };
            let Some(machine) = self.machines.get(number as usize) else { continue };
            let own: Vec<u32> = of_one.iter().map(|(_, place)| *place).collect();
            next.extend(machine.step(&own, c).into_iter().map(|place| (number, place)));
        }
        next
    }

    fn bits(&self, places: &Places) -> Vec<bool> {
        let mut bits = vec![false; self.machines.len()];
        for (number, place) in places {
            let spot = self.machines.get(*number as usize).and_then(|machine| machine.spots.get(*place as usize));
            if let Some(bit) = bits.get_mut(*number as usize) {
                *bit |= spot.is_some_and(|spot| spot.accepts);
            }
        }
        bits
    }
}

fn after(c: char) -> Option<char> {
    (c..=char::MAX).nth(1)
}

#[cfg(test)]
mod tests {
    use super::{Language, Machine, cells};
    use crate::diff::effort::Effort;

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
        let globs: Vec<Machine> = globs.iter().map(|text| Machine::glob(text)).collect();
        let cells = cells(&globs, &Any, &Effort::default()).unwrap();
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
    fn long_patterns_are_no_deeper_than_short_ones() {
        let stars = Machine::glob(&"*".repeat(200_000));
        let long = Machine::glob(&"x".repeat(2_000));
        let found = cells(&[stars, long], &Any, &Effort::default()).unwrap();
        assert_eq!(
            found.iter().map(|cell| (cell.bits.clone(), cell.sample.len())).collect::<Vec<_>>(),
            [(vec![true, false], 0), (vec![true, true], 2_000)]
        );
    }

    #[test]
    fn a_prefix_is_read_or_demanded() {
        let behind = Machine::glob("lib*/a").behind("library/");
        assert_eq!(cells(&[behind], &Any, &Effort::default()).unwrap().len(), 2);
        let texts: Vec<String> = cells(&[Machine::glob("a*").with_prefix("x/")], &Any, &Effort::default())
            .unwrap()
            .into_iter()
            .map(|cell| cell.sample)
            .collect();
        assert_eq!(texts, ["", "x/a"]);
    }

    #[test]
    fn too_many_states_are_refused_and_not_enumerated() {
        let texts: Vec<String> = (0..14).map(|n| format!("*{}*{}*{}*", n, (n + 3) % 14, (n + 5) % 14)).collect();
        let globs: Vec<Machine> = texts.iter().map(|text| Machine::glob(text)).collect();
        let effort = Effort::default();
        assert!(cells(&globs, &Any, &effort).is_none());
        assert_eq!(effort.too_large(), "the patterns have too many combinations");
    }
}
