//! What one policy's allowlists accept that the other's do not, or not as long.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::ids::{IdText, accepts_all, is_of, machine, may_match};
use super::{Accepting, TOGETHER, front, includes, until};
use crate::diff::automaton::{Machine, cells};
use crate::diff::clause::Form;
use crate::diff::effort::{Effort, Work};
use crate::diff::sample;
use crate::document::policy::AllowlistItem;
use crate::pattern::Pattern;

/// Most items of a surplus that are looked for: one is enough to know that there is some.
const MOST: usize = 32;

/// An item that accepts what the other policy does not.
#[derive(Debug, Clone)]
pub(in crate::diff) struct Surplus<'p> {
    pub(in crate::diff) item: &'p AllowlistItem,
    /// An id that shows it, when one is known.
    pub(in crate::diff) id: Option<String>,
}

type Known<'p> = HashMap<(*const Accepting<'p>, *const Accepting<'p>, Form), Rc<Vec<Surplus<'p>>>>;

/// The surplus of each pair of lists, told once.
#[derive(Default)]
pub(in crate::diff) struct Surpluses<'p>(RefCell<Known<'p>>);

impl<'p> Surpluses<'p> {
    /// The items of `theirs` that accept an id of this form that `ours` does not accept as long; not all when they are
    /// many. What could not be told counts as surplus.
    ///
    /// While an item is valid, the fewest items of the other policy are valid at its end, so those that do not expire
    /// before it are what it must be compared with.
    pub(in crate::diff) fn of(
        &self,
        theirs: &Rc<Accepting<'p>>,
        ours: Option<&Rc<Accepting<'p>>>,
        form: Form,
        effort: &Effort,
    ) -> Rc<Vec<Surplus<'p>>> {
        let key = (Rc::as_ptr(theirs), ours.map_or(std::ptr::null(), Rc::as_ptr), form);
        if let Some(known) = self.0.borrow().get(&key) {
            return Rc::clone(known);
        }
        let none = Accepting::default();
        let ours = ours.map_or(&none, Rc::as_ref);
        let each = theirs.items.iter().filter_map(|item| surplus(item, ours, form, effort));
        let found = Rc::new(each.take(MOST).collect());
        self.0.borrow_mut().insert(key, Rc::clone(&found));
        found
    }
}

fn surplus<'p>(item: &'p AllowlistItem, other: &Accepting<'_>, form: Form, effort: &Effort) -> Option<Surplus<'p>> {
    let text = item.pattern.as_str();
    let same = other.by_text.get(text).is_some_and(|known| *known >= until(item));
    if same || !may_match(&item.pattern, form, effort) {
        return None;
    }
    let unknown = Surplus { item, id: None };
    let near = || -> Box<dyn Iterator<Item = &AllowlistItem> + '_> {
        match front(&item.pattern) {
            Some(front) => Box::new(other.near(Some(front))),
            None if item.pattern.literal().is_some() => Box::new(other.near(None)),
            None => Box::new(other.items.iter().copied()),
        }
    };
    if !effort.take(Work::Items, near().count() + 1) {
        return Some(unknown);
    }
    let valid = near().filter(|known| until(known) >= until(item)).map(|known| &known.pattern);
    if item.pattern.literal().is_some() {
        let mut others = valid.filter(|known| known.literal().is_none());
        let accepted = others.any(|known| known.matches(text).unwrap_or(false));
        return (!accepted).then(|| Surplus { item, id: Some(text.to_owned()) });
    }
    // Of the literal ones only those matter that the item accepts as well, and only where there are few.
    let touches = |known: &&Pattern| known.literal().is_none_or(|id| item.pattern.matches(id).unwrap_or(false));
    let mut patterns: Vec<&Pattern> = valid.filter(touches).collect();
    if patterns.iter().any(|known| accepts_all(known)) {
        return None;
    }
    if patterns.len() > TOGETHER {
        patterns.retain(|known| known.literal().is_none());
    }
    let Some(own) = machine(&item.pattern) else { return Some(tried(item, &patterns, form)) };
    // Expressions that are not understood count for nothing here, which only finds more surplus.
    let known: Vec<Machine> = patterns.iter().filter_map(|known| machine(known)).collect();
    if known.len() > TOGETHER {
        let is_included = patterns.iter().any(|known| includes(known, &item.pattern, effort));
        return (!is_included).then_some(unknown);
    }
    let machines: Vec<Machine> = std::iter::once(own).chain(known).collect();
    let Some(cells) = cells(&machines, &IdText(form), effort) else { return Some(tried(item, &patterns, form)) };
    let beyond = |bits: &[bool]| bits.split_first().is_some_and(|(own, others)| *own && !others.contains(&true));
    let mut found: Vec<(bool, String)> =
        cells.into_iter().filter(|cell| beyond(&cell.bits)).map(|cell| (!cell.class, cell.sample)).collect();
    found.sort();
    found.into_iter().next().map(|(_, id)| Surplus { item, id: Some(id) })
}

/// An item that counts as surplus because it could not be told, with an id that shows it when one can be guessed.
fn tried<'p>(item: &'p AllowlistItem, patterns: &[&Pattern], form: Form) -> Surplus<'p> {
    let accepted = |id: &String| patterns.iter().any(|known| known.matches(id).unwrap_or(false));
    let fits = |id: &String| is_of(id, form) && !accepted(id);
    let texts = item.pattern.regex().and_then(|regex| regex.as_ref().ok()).map(sample::texts).unwrap_or_default();
    Surplus { item, id: texts.into_iter().find(fits) }
}
