//! Expressions as machines, so that what several say can be compared exactly.
//!
//! Understood is what is regular and says the same in every engine: literals, classes, groups, alternatives,
//! repetitions, anchors at the beginning and at the end. Anything else gives no machine. As rules match, a machine is
//! anchored at the start and open at the end.

use super::automaton::{Class, Kind, Machine, Set, Spot};
use super::sample;
use crate::regexes::PythonRegex;

/// Most places of a machine.
const SPOTS: usize = 1_000;
/// Deepest nesting of groups.
const DEPTH: usize = 40;

/// The machine of an expression; `None` when it is not understood.
pub(super) fn machine(regex: &PythonRegex) -> Option<Machine> {
    if !regex.is_linear() {
        return None;
    }
    let chars: Vec<char> = regex.as_str().chars().collect();
    let mut parser = Parser { chars: &chars, at: 0, depth: 0, anchors: 0 };
    let tree = parser.alternatives(true)?;
    if parser.at < chars.len() {
        return None;
    }
    let mut maker = Maker { spots: vec![Spot::default()] };
    let ends = maker.add(&tree, Ends { open: vec![0], closed: Vec::new() })?;
    // What is open at its end goes on with anything.
    let rest = maker.spot()?;
    if let Some(spot) = maker.spots.get_mut(rest as usize) {
        *spot = Spot { edges: vec![(Set::Any, rest)], empty: Vec::new(), accepts: true };
    }
    maker.join(&ends.open, rest);
    let end = maker.spot()?;
    if let Some(spot) = maker.spots.get_mut(end as usize) {
        spot.accepts = true;
    }
    maker.join(&ends.closed, end);
    let machine = Machine::new(maker.spots);
    // What the engine and the machine read otherwise is not understood after all.
    let agrees = |text: &String| regex.matches(text).is_ok_and(|matches| matches == machine.matches(text));
    let probes = ["", "x", "1", "a b", "/etc/passwd", "CVE-2024-1+x", "docker.io"].map(str::to_owned);
    sample::texts(regex).iter().chain(&probes).all(agrees).then_some(machine)
}

/// A parsed expression.
#[derive(Debug, Clone)]
enum Tree {
    Nothing,
    One(Set),
    /// The end of the text.
    End,
    Sequence(Vec<Tree>),
    Either(Vec<Tree>),
    /// At least so often, at most so often.
    Repeated(Box<Tree>, u32, Option<u32>),
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
    /// Anchors at the beginning that were read so far.
    anchors: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    /// `a|b|c`; `first`: whether nothing stands in front of it.
    fn alternatives(&mut self, first: bool) -> Option<Tree> {
        let mut all = vec![self.sequence(first)?];
        while self.eat('|') {
            all.push(self.sequence(first)?);
        }
        Some(if all.len() == 1 { all.pop()? } else { Tree::Either(all) })
    }

    fn sequence(&mut self, mut first: bool) -> Option<Tree> {
        let mut items = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            self.at += 1;
            let anchors = self.anchors;
            let item = match c {
                '^' if first => {
                    self.anchors += 1;
                    Tree::Nothing
                }
                '$' => Tree::End,
                '.' => Tree::One(Set::InLine),
                '[' => Tree::One(Set::Class(self.class()?)),
                '(' => self.group(first)?,
                '\\' => self.escape()?,
                '^' | '*' | '+' | '?' | '{' | '}' | ']' => return None,
                c => Tree::One(Set::Char(c)),
            };
            let is_nothing = matches!(item, Tree::Nothing);
            // An anchor that is repeated holds the first time only.
            let can_repeat = self.anchors == anchors;
            items.push(self.repeated(item, can_repeat)?);
            first = first && is_nothing;
        }
        Some(Tree::Sequence(items))
    }

    fn escape(&mut self) -> Option<Tree> {
        let kind = |kind, rest| Tree::One(Set::Class(Class { kinds: vec![(kind, rest)], ..Class::default() }));
        Some(match self.take()? {
            'd' => kind(Kind::Digit, false),
            'D' => kind(Kind::Digit, true),
            'w' => kind(Kind::Word, false),
            'W' => kind(Kind::Word, true),
            's' => kind(Kind::Space, false),
            'S' => kind(Kind::Space, true),
            'Z' => Tree::End,
            't' => Tree::One(Set::Char('\t')),
            'n' => Tree::One(Set::Char('\n')),
            // Some engines read these as borders of words.
            '<' | '>' => return None,
            c if c.is_ascii_punctuation() => Tree::One(Set::Char(c)),
            _ => return None,
        })
    }

    fn group(&mut self, first: bool) -> Option<Tree> {
        if self.eat('?') {
            match self.take()? {
                ':' => {}
                'P' if self.eat('<') => while self.take()? != '>' {},
                _ => return None,
            }
        }
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let inner = self.alternatives(first)?;
        self.depth -= 1;
        self.eat(')').then_some(inner)
    }

    fn class(&mut self) -> Option<Class> {
        let mut class = Class { negated: self.eat('^'), ..Class::default() };
        let first = self.at;
        loop {
            let c = match self.take()? {
                ']' if self.at > first + 1 => return Some(class),
                '\\' => match self.take()? {
                    letter @ ('d' | 'D' | 'w' | 'W' | 's' | 'S') => {
                        let kind = match letter.to_ascii_lowercase() {
                            'd' => Kind::Digit,
                            'w' => Kind::Word,
                            _ => Kind::Space,
                        };
                        class.kinds.push((kind, letter.is_ascii_uppercase()));
                        continue;
                    }
                    't' => '\t',
                    'n' => '\n',
                    c if c.is_ascii_punctuation() => c,
                    _ => return None,
                },
                // What other engines read as operators on classes.
                c @ ('&' | '~' | '-' | '[') if self.peek() == Some(c) => return None,
                c => c,
            };
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|end| *end != ']');
            if !is_range {
                class.ranges.push((c, c));
                continue;
            }
            self.at += 1;
            let end = self.take()?;
            if matches!(end, '\\' | '[') || end < c {
                return None;
            }
            class.ranges.push((c, end));
        }
    }

    fn repeated(&mut self, item: Tree, can_repeat: bool) -> Option<Tree> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let (least, most, length) = self.counts()?;
                self.at += length;
                (least, most)
            }
            _ => return Some(item),
        };
        self.at += 1;
        // Lazy or not, the same texts match.
        self.eat('?');
        if !can_repeat || matches!(item, Tree::End) || matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
            return None;
        }
        Some(Tree::Repeated(Box::new(item), least, most))
    }

    /// `{m}`, `{m,}` or `{m,n}` with its length up to the closing brace.
    fn counts(&self) -> Option<(u32, Option<u32>, usize)> {
        let rest = self.chars.get(self.at + 1..)?;
        let length = rest.iter().position(|c| *c == '}')?;
        let body: String = rest.get(..length)?.iter().collect();
        let (least, most) = match body.split_once(',') {
            None => (body.parse().ok()?, Some(body.parse().ok()?)),
            Some((least, "")) => (least.parse().ok()?, None),
            Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
        };
        most.is_none_or(|most| least <= most).then_some((least, most, length + 1))
    }
}

/// Places where a part of an expression ends: where more may come, and where the text must end.
struct Ends {
    open: Vec<u32>,
    closed: Vec<u32>,
}

struct Maker {
    spots: Vec<Spot>,
}

impl Maker {
    fn spot(&mut self) -> Option<u32> {
        if self.spots.len() >= SPOTS {
            return None;
        }
        self.spots.push(Spot::default());
        Some(self.spots.len() as u32 - 1)
    }

    fn join(&mut self, from: &[u32], to: u32) {
        for place in from {
            if let Some(spot) = self.spots.get_mut(*place as usize) {
                spot.empty.push(to);
            }
        }
    }

    /// Adds a tree behind these ends. Where the text must have ended, only what takes no character goes on.
    fn add(&mut self, tree: &Tree, from: Ends) -> Option<Ends> {
        match tree {
            Tree::Nothing => Some(from),
            Tree::End => {
                let closed = from.open.into_iter().chain(from.closed).collect();
                Some(Ends { open: Vec::new(), closed })
            }
            Tree::One(set) => {
                let (own, next) = (self.spot()?, self.spot()?);
                self.join(&from.open, own);
                self.spots.get_mut(own as usize)?.edges.push((set.clone(), next));
                Some(Ends { open: vec![next], closed: Vec::new() })
            }
            Tree::Sequence(items) => items.iter().try_fold(from, |ends, item| self.add(item, ends)),
            Tree::Either(all) => {
                let mut ends = Ends { open: Vec::new(), closed: Vec::new() };
                for one in all {
                    let from = Ends { open: from.open.clone(), closed: from.closed.clone() };
                    let own = self.add(one, from)?;
                    ends.open.extend(own.open);
                    ends.closed.extend(own.closed);
                }
                Some(ends)
            }
            Tree::Repeated(item, least, most) => self.add_repeated(item, *least, *most, from),
        }
    }

    fn add_repeated(&mut self, item: &Tree, least: u32, most: Option<u32>, from: Ends) -> Option<Ends> {
        let mut ends = from;
        for _ in 0..least {
            ends = self.add(item, ends)?;
        }
        match most {
            None => {
                // Round and round: what ends goes back to the beginning.
                let turn = self.spot()?;
                self.join(&ends.open, turn);
                let own = self.add(item, Ends { open: vec![turn], closed: Vec::new() })?;
                self.join(&own.open, turn);
                let closed = ends.closed.into_iter().chain(own.closed).collect();
                Some(Ends { open: vec![turn], closed })
            }
            Some(most) => {
                for _ in least..most {
                    let from = Ends { open: ends.open.clone(), closed: ends.closed.clone() };
                    let own = self.add(item, from)?;
                    ends.open.extend(own.open);
                    ends.closed.extend(own.closed);
                }
                Some(ends)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::machine;
    use crate::regexes::PythonRegex;

    fn agree(pattern: &str, text: &str) {
        let Ok(regex) = PythonRegex::new(pattern) else { return };
        if let Some(machine) = machine(&regex) {
            assert_eq!(machine.matches(text), regex.matches(text).unwrap(), "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_people_write_is_understood() {
        for pattern in [
            r".*\.pem",
            "^/etc/(?:ssl|pki)/[^/]+$",
            r"(?P<n>a{2,3}|b*)c?\d\Z",
            "[]x-z^-]+",
            r"CVE-2024-[0-9]{4,}\+.*",
            "",
            "a$|b",
            "quay.*",
        ] {
            let regex = PythonRegex::new(pattern).unwrap();
            assert!(machine(&regex).is_some(), "{pattern}");
            for text in [
                "",
                "a",
                "b",
                "bc",
                "x.pem",
                "/etc/ssl/a",
                "/etc/ssl/a/b",
                "aac1",
                "aac1 ",
                "]z-",
                "CVE-2024-12345+x",
                "quay.io",
                "a\n",
                "\n.pem",
            ] {
                agree(pattern, text);
            }
        }
    }

    #[test]
    fn what_is_not_regular_gives_no_machine() {
        for pattern in [r"(a)\1", "(?=a)b", "(?i)a", r"\bx", "a^", "(?!a)"] {
            assert!(PythonRegex::new(pattern).map_or(true, |regex| machine(&regex).is_none()), "{pattern}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn machines_match_as_expressions_do(
            pattern in r"([ab.]|\[\^?[ab-]{1,3}\]|\\[dw.]|\(\??:?|\)|\||[*+?$^]|\{[0-3],?[0-3]?\}){0,9}",
            texts in prop::collection::vec("[ab1.\n-]{0,6}", 6),
        ) {
            for text in &texts {
                agree(&pattern, text);
            }
        }
    }
}
