//! What allowlists accept: whether one policy accepts a finding at a time at which the other does not.
//!
//! An item accepts from the start until it expires. Of the items of a gate only those matter here that have not
//! expired when the comparison begins. Lists may be long, so items are found by what is literal in them.

mod ids;
mod surplus;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

pub(super) use surplus::{Surplus, Surpluses};

use super::automaton::cells;
use super::clause::Form;
use super::effort::{Effort, Work};
use crate::document::policy::{AllowlistItem, Policy};
use crate::pattern::Pattern;
use ids::{Free, IdText, accepts_all, machine, may_match, strangers, uncovered};

/// Most patterns of one gate that are compared together.
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
#[derive(Default)]
pub(super) struct Accepting<'p> {
    items: Vec<&'p AllowlistItem>,
    /// Until when an item with this very pattern is valid.
    by_text: HashMap<&'p str, Until>,
    /// Items by what is literal in front of their first `+`.
    by_front: HashMap<&'p str, Vec<&'p AllowlistItem>>,
    /// Items with nothing of the kind.
    rest: Vec<&'p AllowlistItem>,
    forms: [OnceCell<Span>; 3],
}

/// How long the ids of one form are accepted.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// All of them at least until then.
    all: Until,
    /// None of them longer.
    any: Until,
}

/// The items of some allowlists by gate.
pub(super) type ByGate<'p> = HashMap<&'p str, Rc<Accepting<'p>>>;

/// Whether a pattern matches every text that another matches; `false` when that cannot be told.
pub(super) fn includes(wide: &Pattern, narrow: &Pattern, effort: &Effort) -> bool {
    if wide.as_str() == narrow.as_str() || accepts_all(wide) {
        return true;
    }
    if let Some(text) = narrow.literal() {
        return wide.matches(text).unwrap_or(false);
    }
    let (Some(wide), Some(narrow)) = (machine(wide), machine(narrow)) else { return false };
    let cells = cells(&[narrow, wide], &IdText(Form::Any), effort);
    cells.is_some_and(|cells| cells.iter().all(|cell| cell.bits != [true, false]))
}

pub(super) fn until(item: &AllowlistItem) -> Until {
    item.expires_on.as_ref().map_or(Until::Forever, |expiry| Until::Time(expiry.time))
}

/// The items of these allowlists that have not expired.
pub(super) fn by_gate<'p>(policy: &'p Policy, allowlists: &[usize], as_of: Timestamp) -> ByGate<'p> {
    let mut gates: HashMap<&str, Accepting<'p>> = HashMap::new();
    for list in allowlists.iter().filter_map(|index| policy.allowlists.get(*index)) {
        for item in list.items.iter().filter(|item| until(item) > Until::Time(as_of)) {
            gates.entry(item.gate.as_str()).or_default().add(item);
        }
    }
    gates.into_iter().map(|(gate, accepting)| (gate, Rc::new(accepting))).collect()
}

/// What is literal in front of the first `+`: an id that the pattern matches begins with it and the `+`.
fn front(pattern: &Pattern) -> Option<&str> {
    let (front, _) = pattern.as_str().split_once('+')?;
    (pattern.regex().is_none() && !front.contains('*')).then_some(front)
}

impl<'p> Accepting<'p> {
    fn add(&mut self, item: &'p AllowlistItem) {
        self.items.push(item);
        let known = self.by_text.entry(item.pattern.as_str()).or_insert(Until::Never);
        *known = until(item).max(*known);
        match front(&item.pattern) {
            Some(front) => self.by_front.entry(front).or_default().push(item),
            None => self.rest.push(item),
        }
    }

    /// The items that may match an id with this front, or with none.
    fn near(&self, front: Option<&str>) -> impl Iterator<Item = &'p AllowlistItem> + '_ {
        let own = front.and_then(|front| self.by_front.get(front)).map_or(&[][..], Vec::as_slice);
        own.iter().chain(&self.rest).copied()
    }

    fn until_of(&self, id: &str, effort: &Effort) -> Option<Until> {
        let near = || self.near(id.split_once('+').map(|(front, _)| front));
        let literal = self.by_text.get(id).copied().unwrap_or(Until::Never);
        let others = || near().filter(|item| item.pattern.literal().is_none());
        effort.take(Work::Items, others().count() + 1).then(|| {
            let accepts = others().filter(|item| item.pattern.matches(id).unwrap_or(false));
            accepts.map(until).max().unwrap_or(Until::Never).max(literal)
        })
    }

    /// Until when a finding with one of these ids is accepted; `None` when that is not known.
    pub(super) fn until(&self, ids: &[String], effort: &Effort) -> Option<Until> {
        let each = ids.iter().map(|id| self.until_of(id, effort));
        each.collect::<Option<Vec<Until>>>().map(|all| all.into_iter().max().unwrap_or(Until::Never))
    }

    /// All findings with ids of this form are accepted at least until then.
    pub(super) fn all_until(&self, form: Form, effort: &Effort) -> Until {
        self.span(form, effort).all
    }

    /// No finding with an id of this form is accepted longer.
    pub(super) fn any_until(&self, form: Form, effort: &Effort) -> Until {
        self.span(form, effort).any
    }

    fn span(&self, form: Form, effort: &Effort) -> Span {
        let compute = || {
            let mut matching = self.items.iter().filter(|item| may_match(&item.pattern, form, effort));
            let any = matching.by_ref().map(|item| until(item)).max().unwrap_or(Until::Never);
            Span { all: self.all_of(form, effort), any }
        };
        self.forms.get(form as usize).map_or_else(compute, |known| *known.get_or_init(compute))
    }

    /// The latest end up to which the items that are still valid then match every id.
    fn all_of(&self, form: Form, effort: &Effort) -> Until {
        let strangers = strangers(form);
        let of_strangers = strangers.iter().map(|id| self.until_of(id, effort).unwrap_or(Until::Never)).min();
        let end = of_strangers.unwrap_or(Until::Never);
        if end == Until::Never {
            return Until::Never;
        }
        // Single ids are too few to matter, and of many items only those that accept strangers are likely to.
        let open: Vec<&AllowlistItem> =
            self.items.iter().copied().filter(|item| item.pattern.literal().is_none()).collect();
        let wide = |item: &&AllowlistItem| strangers.iter().any(|id| item.pattern.matches(id).unwrap_or(false));
        let open = if open.len() > TOGETHER { open.into_iter().filter(wide).collect() } else { open };
        let mut ends: Vec<Until> = open.iter().map(|item| until(item)).filter(|own| *own <= end).collect();
        ends.sort_unstable();
        ends.dedup();
        // The later the end, the fewer items are left.
        let accepts_all = |end: &Until| {
            let valid: Vec<&Pattern> =
                open.iter().filter(|item| until(item) >= *end).map(|item| &item.pattern).collect();
            matches!(uncovered(&valid, form, effort), Free::Nothing)
        };
        let count = ends.partition_point(accepts_all);
        count.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(Until::Never)
    }

    /// Times at which items expire.
    pub(super) fn expiries(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.items.iter().filter_map(|item| item.expires_on.as_ref()).map(|expiry| expiry.time)
    }

    /// An id of this form that no item accepts at a time.
    pub(super) fn free_id(&self, form: Form, now: Timestamp, effort: &Effort) -> Option<String> {
        let is_free = |id: &String| self.until_of(id, effort).is_some_and(|until| until <= Until::Time(now));
        if let Some(id) = strangers(form).into_iter().rev().find(is_free) {
            return Some(id);
        }
        let open = self.items.iter().filter(|item| item.pattern.literal().is_none() && until(item) > Until::Time(now));
        let patterns: Vec<&Pattern> = open.map(|item| &item.pattern).collect();
        match uncovered(&patterns, form, effort) {
            Free::Id(id) => Some(id),
            Free::Nothing | Free::Unknown => None,
        }
    }
}
