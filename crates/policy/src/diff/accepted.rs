//! What allowlists accept: whether one policy accepts a finding at a time at which the other does not.
//!
//! An item accepts from the start until it expires. Of the items of a gate only those matter here that have not
//! expired when the comparison begins.

use std::collections::HashMap;

use jiff::Timestamp;

use super::automaton::{Language, Machine, cells};
use super::clause::Form;
use super::expression;
use super::sample;
use crate::document::policy::{Allowlist, AllowlistItem, Mapping, Policy};
use crate::pattern::Pattern;

/// Most items of one gate that are compared as globs; more are compared one by one.
const TOGETHER: usize = 24;

/// Until when something is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Until {
    /// Never: it is not accepted at all.
    Never,
    Time(Timestamp),
    Forever,
}

/// The items of a mapping's allowlists for one gate.
pub(super) struct Accepting<'p> {
    items: Vec<&'p AllowlistItem>,
    /// Until when an item with this very pattern is valid.
    by_text: HashMap<&'p str, Until>,
}

/// An item that accepts what the other policy does not.
#[derive(Debug, Clone)]
pub(super) struct Surplus<'p> {
    pub(super) item: &'p AllowlistItem,
    /// An id that shows it, when one is known.
    pub(super) id: Option<String>,
}

pub(super) fn until(item: &AllowlistItem) -> Until {
    item.expires_on.as_ref().map_or(Until::Forever, |expiry| Until::Time(expiry.time))
}

impl<'p> Accepting<'p> {
    pub(super) fn new(policy: &'p Policy, mapping: &'p Mapping, gate: &str, as_of: Timestamp) -> Self {
        let lists = mapping.allowlists.iter().filter_map(|index| policy.allowlists.get(*index));
        let items = lists.flat_map(|list: &Allowlist| &list.items);
        let counts = |item: &&AllowlistItem| item.gate == gate && until(item) > Until::Time(as_of);
        let items: Vec<&AllowlistItem> = items.filter(counts).collect();
        let mut by_text = HashMap::new();
        for item in &items {
            let known = by_text.entry(item.pattern.as_str()).or_insert(Until::Never);
            *known = until(item).max(*known);
        }
        Self { items, by_text }
    }

    /// Until when a finding with one of these ids is accepted.
    pub(super) fn until(&self, ids: &[String]) -> Until {
        let accepts = |item: &&&AllowlistItem| ids.iter().any(|id| item.pattern.matches(id).unwrap_or(false));
        self.items.iter().filter(accepts).map(|item| until(item)).max().unwrap_or(Until::Never)
    }

    /// Until when every finding with ids of this form is accepted.
    pub(super) fn until_all(&self, form: Form) -> Until {
        let mut ends: Vec<Until> = self.items.iter().map(|item| until(item)).collect();
        ends.sort_unstable();
        ends.dedup();
        let all = |end: &Until| {
            let patterns: Vec<&Pattern> =
                self.items.iter().filter(|item| until(item) >= *end).map(|item| &item.pattern).collect();
            matches!(uncovered(&patterns, form), Free::Nothing)
        };
        ends.into_iter().rev().find(all).unwrap_or(Until::Never)
    }

    /// The items that accept an id of this form that `other` does not accept as long.
    ///
    /// While an item is valid, the fewest items of the other policy are valid at its end, so those that do not expire
    /// before it are what it must be compared with.
    pub(super) fn surplus(&self, other: &Accepting<'_>, form: Form) -> Vec<Surplus<'p>> {
        self.items.iter().filter_map(|item| surplus(item, other, form)).collect()
    }

    /// The items that may accept an id of this form.
    pub(super) fn matching(&self, form: Form) -> Vec<&'p AllowlistItem> {
        self.items.iter().copied().filter(|item| may_match(&item.pattern, form)).collect()
    }

    /// Times at which items expire.
    pub(super) fn expiries(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.items.iter().filter_map(|item| item.expires_on.as_ref()).map(|expiry| expiry.time)
    }

    /// An id of this form that no item accepts at a time.
    pub(super) fn free_id(&self, form: Form, now: Timestamp) -> Option<String> {
        let patterns: Vec<&Pattern> =
            self.items.iter().filter(|item| until(item) > Until::Time(now)).map(|item| &item.pattern).collect();
        match uncovered(&patterns, form) {
            Free::Id(id) => Some(id),
            Free::Nothing | Free::Unknown => None,
        }
    }
}

fn surplus<'p>(item: &'p AllowlistItem, other: &Accepting<'_>, form: Form) -> Option<Surplus<'p>> {
    let text = item.pattern.as_str();
    let same = other.by_text.get(text).is_some_and(|known| *known >= until(item));
    if same || !may_match(&item.pattern, form) {
        return None;
    }
    let valid = other.items.iter().filter(|known| until(known) >= until(item)).map(|known| &known.pattern);
    if item.pattern.literal().is_some() {
        let mut others = valid.filter(|known| known.literal().is_none());
        let accepted = others.any(|known| known.matches(text).unwrap_or(false));
        return (!accepted).then(|| Surplus { item, id: Some(text.to_owned()) });
    }
    // Of the literal ones only those matter that the item accepts as well.
    let touches = |known: &&Pattern| known.literal().is_none_or(|id| item.pattern.matches(id).unwrap_or(false));
    let patterns: Vec<&Pattern> = valid.filter(touches).collect();
    if patterns.iter().any(|known| accepts_all(known)) {
        return None;
    }
    let Some(own) = machine(&item.pattern) else { return Some(surplus_tried(item, &patterns, form)) };
    // Expressions that are not understood count for nothing here, which only finds more surplus.
    let known: Vec<Machine> = patterns.iter().filter_map(|known| machine(known)).collect();
    if known.len() > TOGETHER {
        let includes = |known: &Machine| {
            let both = [own.clone(), known.clone()];
            cells(&both, &IdText(form)).is_some_and(|cells| cells.iter().all(|cell| cell.bits != [true, false]))
        };
        return (!known.iter().any(includes)).then_some(Surplus { item, id: None });
    }
    let machines: Vec<Machine> = std::iter::once(own).chain(known).collect();
    let Some(cells) = cells(&machines, &IdText(form)) else { return Some(surplus_tried(item, &patterns, form)) };
    let beyond = |bits: &[bool]| bits.split_first().is_some_and(|(own, others)| *own && !others.contains(&true));
    let mut found: Vec<(bool, String)> =
        cells.into_iter().filter(|cell| beyond(&cell.bits)).map(|cell| (!cell.class, cell.sample)).collect();
    found.sort();
    found.into_iter().next().map(|(_, id)| Surplus { item, id: Some(id) })
}

/// An item that counts as surplus because it could not be told, with an id that shows it when one can be guessed.
fn surplus_tried<'p>(item: &'p AllowlistItem, patterns: &[&Pattern], form: Form) -> Surplus<'p> {
    let accepted = |id: &String| patterns.iter().any(|known| known.matches(id).unwrap_or(false));
    let fits = |id: &String| is_of(id, form) && !accepted(id);
    let texts = item.pattern.regex().and_then(|regex| regex.as_ref().ok()).map(sample::texts).unwrap_or_default();
    Surplus { item, id: texts.into_iter().find(fits) }
}

fn accepts_all(pattern: &Pattern) -> bool {
    matches!(pattern.as_str(), "*" | "regexp:.*" | "regexp:^.*" | "regexp:")
}

/// The machine of a pattern; `None` for an expression that is not understood.
fn machine(pattern: &Pattern) -> Option<Machine> {
    match pattern.regex() {
        None => Some(Machine::glob(pattern.as_str())),
        // An expression that does not compile accepts nothing.
        Some(Err(_)) => Some(Machine::nothing()),
        Some(Ok(regex)) => expression::machine(regex),
    }
}

/// Whether some patterns leave an id of a form.
enum Free {
    /// They match all.
    Nothing,
    /// They do not match this one.
    Id(String),
    Unknown,
}

/// An id of this form that none of the patterns matches.
fn uncovered(patterns: &[&Pattern], form: Form) -> Free {
    if patterns.iter().any(|pattern| accepts_all(pattern)) {
        return Free::Nothing;
    }
    let machines: Vec<Machine> = patterns.iter().filter_map(|pattern| machine(pattern)).collect();
    let Some(cells) = cells(&machines, &IdText(form)) else { return Free::Unknown };
    let mut free: Vec<(bool, String)> =
        cells.into_iter().filter(|cell| !cell.bits.contains(&true)).map(|cell| (!cell.class, cell.sample)).collect();
    free.sort();
    if free.is_empty() {
        return Free::Nothing;
    }
    // Those that are not understood may accept it all the same.
    let accepted = |id: &str| patterns.iter().any(|known| known.matches(id).unwrap_or(false));
    free.into_iter().map(|(_, id)| id).find(|id| !accepted(id)).map_or(Free::Unknown, Free::Id)
}

/// Whether a pattern may match an id of this form.
fn may_match(pattern: &Pattern, form: Form) -> bool {
    if pattern.literal().is_some() {
        return is_of(pattern.as_str(), form);
    }
    let cells = machine(pattern).and_then(|machine| cells(&[machine], &IdText(form)));
    cells.is_none_or(|cells| cells.iter().any(|cell| cell.bits.contains(&true)))
}

fn is_of(id: &str, form: Form) -> bool {
    match form {
        Form::Md5 => id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')),
        Form::Vulnerability => id.contains('+'),
        Form::Any => true,
    }
}

/// The texts that ids of a form can be; nice are those that an artifact can be made with.
struct IdText(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum IdState {
    Digits(u8),
    /// In front of the `+`: whether there is something, and whether it is nice.
    Vulnerability(bool, bool),
    /// Behind it.
    Package(bool, bool),
    Any,
}

impl Language for IdText {
    type State = IdState;
    type Class = bool;

    fn start(&self) -> IdState {
        match self.0 {
            Form::Md5 => IdState::Digits(0),
            Form::Vulnerability => IdState::Vulnerability(false, true),
            Form::Any => IdState::Any,
        }
    }
    fn step(&self, state: &IdState, c: char) -> Option<IdState> {
        let nice = c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        Some(match state {
            IdState::Digits(read) if *read < 32 && (c.is_ascii_digit() || matches!(c, 'a'..='f')) => {
                IdState::Digits(read + 1)
            }
            IdState::Digits(_) => return None,
            IdState::Vulnerability(some, so_far) if c == '+' => IdState::Package(false, *so_far && *some),
            IdState::Vulnerability(some, so_far) => {
                // What begins with a mark is no id.
                IdState::Vulnerability(true, *so_far && nice && (*some || c.is_ascii_alphanumeric()))
            }
            IdState::Package(some, so_far) => {
                IdState::Package(true, *so_far && nice && (*some || c.is_ascii_alphanumeric()))
            }
            IdState::Any => IdState::Any,
        })
    }
    fn class(&self, state: &IdState) -> Option<bool> {
        match state {
            IdState::Digits(read) => (*read == 32).then_some(true),
            IdState::Vulnerability(..) => None,
            IdState::Package(some, nice) => Some(*some && *nice),
            IdState::Any => Some(true),
        }
    }
    fn groups(&self) -> &[&str] {
        match self.0 {
            Form::Md5 => &["bcdef0123456789a"],
            _ => &["VULNERABCDFGHIJKMOPQSTWXYZpackgesbdfhijlmnoqrtuvwxyz0123456789", "+", "-._"],
        }
    }
}
