//! Maven (`ComparableVersion`, <https://maven.apache.org/pom.html#version-order-specification>).
//!
//! COMPAT, as grype: a `.jreNN` or `.jdkNN` at the end is cut off first; unknown qualifiers sort above `sp`; numbers
//! above 2^63 all count as the same; what follows the last hyphen is lost when the text ends with a dot.

use std::cmp::Ordering;

/// A parsed version: nested lists, outermost first, each the last element of the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maven {
    levels: Vec<Vec<Item>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Number(i64),
    Qualifier(Qualifier),
}

/// A qualifier, by its place among the known ones; unknown ones follow by their text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Qualifier {
    rank: u8,
    text: Box<str>,
}

const RELEASE: u8 = 5;
const UNKNOWN: u8 = 7;

/// What stands at a place of a list.
#[derive(Clone, Copy)]
enum Place<'a> {
    Item(&'a Item),
    /// A nested list and all that it holds.
    List(&'a [Vec<Item>]),
    Nothing,
}

impl Maven {
    pub(crate) fn parse(text: &str) -> Self {
        let lower = without_runtime(text).to_lowercase();
        let mut reader = Reader { text: &lower, levels: Vec::with_capacity(2), list: Vec::with_capacity(4) };
        reader.read();
        let mut levels = reader.levels;
        for level in &mut levels {
            while level.last().is_some_and(Item::is_null) {
                level.pop();
            }
        }
        Self { levels }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (&*self.levels, &*other.levels);
        loop {
            let longest = length(left).max(length(right));
            let mut nested = None;
            for index in 0..longest {
                let (one, two) = (place(left, index), place(right, index));
                if let (Place::List(one), Place::List(two)) = (one, two) {
                    nested = Some((one, two));
                    continue;
                }
                match compare_places(one, two) {
                    Ordering::Equal => {}
                    order => return order,
                }
            }
            let Some(deeper) = nested else { return Ordering::Equal };
            (left, right) = deeper;
        }
    }
}

impl Item {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(number) => *number == 0,
            Self::Qualifier(qualifier) => qualifier.rank == RELEASE,
        }
    }

    /// Order against nothing.
    fn weight(&self) -> Ordering {
        match self {
            Self::Number(number) => number.cmp(&0),
            Self::Qualifier(qualifier) => qualifier.rank.cmp(&RELEASE),
        }
    }
}

impl Qualifier {
    fn new(text: &str, before_digit: bool) -> Self {
        let rank = match text {
            "a" if before_digit => 0,
            "b" if before_digit => 1,
            "m" if before_digit => 2,
            "alpha" => 0,
            "beta" => 1,
            "milestone" => 2,
            "rc" | "cr" => 3,
            "snapshot" => 4,
            "" | "ga" | "final" | "release" => RELEASE,
            "sp" => 6,
            _ => UNKNOWN,
        };
        Self { rank, text: if rank == UNKNOWN { text.into() } else { "".into() } }
    }
}

/// How many elements the first list has, its nested one included.
fn length(levels: &[Vec<Item>]) -> usize {
    match levels {
        [first, rest @ ..] => first.len() + usize::from(!rest.is_empty()),
        [] => 0,
    }
}

fn place(levels: &[Vec<Item>], index: usize) -> Place<'_> {
    match levels {
        [first, rest @ ..] => match first.get(index) {
            Some(item) => Place::Item(item),
            None if index == first.len() && !rest.is_empty() => Place::List(rest),
            None => Place::Nothing,
        },
        [] => Place::Nothing,
    }
}

fn compare_places(left: Place<'_>, right: Place<'_>) -> Ordering {
    match (left, right) {
        (Place::Item(left), Place::Item(right)) => compare_items(left, right),
        (Place::Item(left), Place::Nothing) => left.weight(),
        (Place::Nothing, Place::Item(right)) => right.weight().reverse(),
        (Place::Item(Item::Number(_)), Place::List(_)) | (Place::List(_), Place::Item(Item::Qualifier(_))) => {
            Ordering::Greater
        }
        (Place::Item(Item::Qualifier(_)), Place::List(_)) | (Place::List(_), Place::Item(Item::Number(_))) => {
            Ordering::Less
        }
        (Place::List(list), Place::Nothing) => weigh_list(list),
        (Place::Nothing, Place::List(list)) => weigh_list(list).reverse(),
        (Place::Nothing, Place::Nothing) | (Place::List(_), Place::List(_)) => Ordering::Equal,
    }
}

fn weigh_list(levels: &[Vec<Item>]) -> Ordering {
    levels.iter().flatten().map(Item::weight).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn compare_items(left: &Item, right: &Item) -> Ordering {
    match (left, right) {
        (Item::Number(left), Item::Number(right)) => left.cmp(right),
        (Item::Number(_), Item::Qualifier(_)) => Ordering::Greater,
        (Item::Qualifier(_), Item::Number(_)) => Ordering::Less,
        (Item::Qualifier(left), Item::Qualifier(right)) => left.cmp(right),
    }
}

/// The text without `.jre11` or `.jdk17` at its end.
fn without_runtime(text: &str) -> &str {
    let stem = text.trim_end_matches(|last: char| last.is_ascii_digit());
    let Some((head, tail)) = stem.len().checked_sub(4).and_then(|start| stem.split_at_checked(start)) else {
        return text;
    };
    let runtime = tail.eq_ignore_ascii_case(".jre") || tail.eq_ignore_ascii_case(".jdk");
    if runtime && stem.len() < text.len() { head } else { text }
}

/// Cuts the text at dots, hyphens and between digits and others; hyphens and such edges open a nested list.
struct Reader<'a> {
    text: &'a str,
    levels: Vec<Vec<Item>>,
    list: Vec<Item>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut start = 0;
        let mut in_digits = false;
        for (index, symbol) in self.text.char_indices() {
            match symbol {
                '.' | '-' => {
                    if index == start {
                        self.list.push(Item::Number(0));
                    } else {
                        self.push(start, index, in_digits, false);
                    }
                    start = index + 1;
                    if symbol == '-' {
                        self.nest();
                    }
                }
                _ => {
                    let digit = symbol.is_ascii_digit();
                    if digit != in_digits && index > start {
                        self.push(start, index, in_digits, digit);
                        start = index;
                        self.nest();
                    }
                    in_digits = digit;
                }
            }
        }
        if self.text.len() > start {
            self.push(start, self.text.len(), in_digits, false);
            self.nest();
        } else if self.levels.is_empty() {
            self.nest();
        }
    }

    fn push(&mut self, start: usize, end: usize, digits: bool, before_digit: bool) {
        let text = self.text.get(start..end).unwrap_or("");
        let item = if digits {
            Item::Number(crate::order::saturating(text))
        } else {
            Item::Qualifier(Qualifier::new(text, before_digit))
        };
        self.list.push(item);
    }

    fn nest(&mut self) {
        self.levels.push(std::mem::take(&mut self.list));
    }
}
