//! What a rule says, in a form that can be compared: it fires when some thing of a kind meets conditions, or when
//! none does.

use std::rc::Rc;

use jiff::Timestamp;

use super::draft::Draft;
use super::value::{Dim, Test, Value};
use crate::regexes::PythonRegex;

/// Properties of one thing, and which expressions match them.
#[derive(Debug, Clone, Default)]
pub(super) struct Thing {
    pub(super) values: Vec<(&'static str, Value)>,
    pub(super) matches: Vec<(&'static str, Rc<PythonRegex>, bool)>,
    /// The trigger id that the thing's finding must have, when it matters and can be chosen.
    pub(super) id: Option<String>,
}

impl Thing {
    pub(super) fn value(&self, dim: Dim) -> Option<&Value> {
        self.values.iter().find(|(name, _)| *name == dim.name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, dim: Dim) -> Option<&str> {
        self.value(dim)?.as_text()
    }

    pub(super) fn whole(&self, dim: Dim) -> Option<i64> {
        self.value(dim)?.as_whole()
    }

    /// A text that the expressions about a property want: the first of these candidates that fits all of them.
    pub(super) fn fitting(&self, dim: Dim, candidates: impl IntoIterator<Item = String>) -> Option<String> {
        let asked: Vec<_> = self.matches.iter().filter(|(name, ..)| *name == dim.name).collect();
        candidates
            .into_iter()
            .find(|text| asked.iter().all(|(_, regex, wanted)| regex.matches(text).is_ok_and(|found| found == *wanted)))
    }

    /// Texts that may fit the expressions about a property: its own text first.
    pub(super) fn samples(&self, dim: Dim) -> Vec<String> {
        let asked = self.matches.iter().filter(|(name, _, wanted)| *name == dim.name && *wanted);
        let samples = asked.flat_map(|(_, regex, _)| super::sample::texts(regex));
        self.text(dim).map(str::to_owned).into_iter().chain(samples).collect()
    }
}

/// Puts a thing into a draft, or gives the draft's own thing these properties; `false` when that cannot be done.
pub(super) type PlaceThing = fn(&mut Draft, &str, &Thing) -> bool;

/// A kind of things that rules ask about.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) name: &'static str,
    /// Tells subjects of one name apart: the path of the one file that is asked about.
    pub(super) key: String,
    /// Whether there is never more than one: the user that an image runs as.
    pub(super) single: bool,
    /// Whether there is always one, whatever was collected: the size of an image.
    pub(super) certain: bool,
    /// A rule whose clauses are compared with those of equal rules alone, as its text.
    pub(super) alone: Option<String>,
    pub(super) place: PlaceThing,
}

impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.key == other.key && self.alone == other.alone
    }
}

impl Subject {
    pub(super) fn many(name: &'static str, key: impl Into<String>, place: PlaceThing) -> Self {
        Self { name, key: key.into(), single: false, certain: false, alone: None, place }
    }

    pub(super) fn single(name: &'static str, key: impl Into<String>, place: PlaceThing) -> Self {
        Self { single: true, ..Self::many(name, key, place) }
    }

    pub(super) fn certain(name: &'static str, key: impl Into<String>, place: PlaceThing) -> Self {
        Self { certain: true, ..Self::single(name, key, place) }
    }
}

/// Whether an expression must match a property.
#[derive(Debug, Clone)]
pub(super) struct Like {
    pub(super) dim: Dim,
    pub(super) regex: Rc<PythonRegex>,
    pub(super) wanted: bool,
}

impl Like {
    pub(super) fn is_about(&self, dim: Dim, regex: &PythonRegex) -> bool {
        self.dim == dim && self.regex.as_str() == regex.as_str()
    }
}

/// What ids the findings of a clause have, with the ids of older engines.
#[derive(Debug, Clone)]
pub(super) enum Ids {
    /// These.
    Known(Vec<String>),
    /// Always the same, which a run shows.
    Fixed,
    /// A function of the thing: two clauses with the same key have the same function. The form says what texts
    /// it gives.
    Of { key: String, form: Form },
}

/// The texts that ids of a form can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// 32 hexadecimal digits.
    Md5,
    /// A vulnerability, `+`, a package.
    Vulnerability,
    /// Anything.
    Any,
}

/// How many things a clause wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Some,
    None,
}

/// One condition under which a rule fires.
#[derive(Clone)]
pub(super) struct Clause {
    pub(super) quantity: Quantity,
    pub(super) subject: Subject,
    pub(super) tests: Vec<Test>,
    pub(super) likes: Vec<Like>,
    pub(super) ids: Ids,
    /// From when on it is enforced; `None`: always.
    pub(super) from: Option<Timestamp>,
    /// Whether the rule may fail while it runs, which stops whatever allowlists accept.
    pub(super) may_break: bool,
    /// What each of its things is besides: a file at a path is a file. It has no other conditions than these things
    /// meet.
    pub(super) also: Option<Rc<Clause>>,
}

impl Clause {
    /// Fires when some thing meets the conditions. Ids are md5 texts of the thing alone until said otherwise.
    pub(super) fn some(subject: Subject) -> Self {
        let ids = Ids::Of { key: subject.name.to_owned(), form: Form::Md5 };
        Self {
            quantity: Quantity::Some,
            subject,
            tests: Vec::new(),
            likes: Vec::new(),
            ids,
            from: None,
            may_break: false,
            also: None,
        }
    }

    /// Fires, with one finding, when no thing meets the conditions.
    pub(super) fn none(subject: Subject) -> Self {
        Self { quantity: Quantity::None, ids: Ids::Fixed, ..Self::some(subject) }
    }

    #[must_use]
    pub(super) fn test(mut self, test: Test) -> Self {
        self.tests.push(test);
        self
    }

    #[must_use]
    pub(super) fn maybe(self, test: Option<Test>) -> Self {
        match test {
            Some(test) => self.test(test),
            None => self,
        }
    }

    #[must_use]
    pub(super) fn like(mut self, dim: Dim, regex: &Rc<PythonRegex>, wanted: bool) -> Self {
        self.likes.push(Like { dim, regex: Rc::clone(regex), wanted });
        self
    }

    /// Compares it with the clauses of equal rules alone, since the rule may fail while it runs.
    #[must_use]
    pub(super) fn breakable(mut self, rule: impl Into<String>) -> Self {
        self.subject.alone = Some(rule.into());
        self.may_break = true;
        self
    }

    /// The same, when a condition rests on an expression that may fail.
    #[must_use]
    pub(super) fn sound(self, regex: &PythonRegex, rule: impl Into<String>) -> Self {
        if regex.is_linear() { self } else { self.breakable(rule) }
    }

    #[must_use]
    pub(super) fn ids(mut self, key: impl Into<String>, form: Form) -> Self {
        self.ids = Ids::Of { key: key.into(), form };
        self
    }

    #[must_use]
    pub(super) fn known_ids(mut self, ids: Vec<String>) -> Self {
        self.ids = Ids::Known(ids);
        self
    }

    #[must_use]
    pub(super) fn fixed_id(mut self) -> Self {
        self.ids = Ids::Fixed;
        self
    }
}
