//! Whether every thing that meets one clause meets one of several others; else things that do not.
//!
//! Properties are assigned one by one from the lists of values that stand for all others (`points`), each value that
//! the goal allows. A branch ends as covered when one of the others has no condition left, and as uncovered when none
//! of the others is left. Values on which all conditions answer alike are followed once. Texts that expressions ask
//! about are enumerated exactly (`automaton`); what an expression says that is not understood is taken for a property
//! of its own, whose two values are both possible unless the text is known.

use std::collections::HashSet;
use std::rc::Rc;

use super::automaton::{Language, Machine, cells};
use super::clause::{Clause, Thing};
use super::effort::{Effort, Work};
use super::expression;
use super::points::{Point, Scale};
use super::value::{Dim, Test, Value};
use crate::regexes::PythonRegex;

/// Most steps of one question, and most conditions that are asked on the way.
const STEPS: usize = 20_000;
const ASKED: usize = 500_000;
/// Most uncovered things that are shown.
const SHOWN: usize = 32;

/// The answer.
#[derive(Debug)]
pub(super) enum Cover {
    Covered,
    /// Things that meet the goal and none of the others. The list need not be whole.
    Uncovered(Vec<Thing>),
    /// It would take too long to tell.
    Unknown,
}

/// What is assigned.
enum Variable {
    /// A value, a text together with what expressions say of it.
    Value(Dim, Told),
    /// What an expression says that is not understood.
    Match(Dim, Rc<PythonRegex>),
}

/// Values, each with what the expressions say of it.
struct Told {
    regexes: Vec<Rc<PythonRegex>>,
    points: Vec<(Point, Vec<bool>)>,
}

impl Told {
    /// Whether a clause allows a text.
    fn allows(&self, clause: &Clause, dim: Dim, (point, said): &(Point, Vec<bool>)) -> bool {
        let likes =
            self.regexes.iter().zip(said).all(|(regex, said)| {
                clause.likes.iter().all(|like| !like.is_about(dim, regex) || like.wanted == *said)
            });
        likes && holds(&clause.tests, dim, &point.value)
    }
}

/// Whether each thing of `goal` is one of `others`, which are all about the same subject.
pub(super) fn cover(goal: &Clause, others: &[&Clause], effort: &Effort) -> Cover {
    let Some(others) = possible(goal, others, effort) else { return Cover::Unknown };
    let all: Vec<&Clause> = std::iter::once(goal).chain(others.iter().copied()).collect();
    let variables = variables(&all, effort);
    let mut search = Search {
        goal,
        variables: &variables,
        thing: Thing::default(),
        exact: Vec::new(),
        steps: 0,
        asked: 0,
        effort,
        shown: Vec::new(),
    };
    let done = search.assign(0, &others);
    match (done, search.shown.is_empty()) {
        (Some(()), true) => Cover::Covered,
        (_, false) => Cover::Uncovered(search.shown),
        (None, true) => Cover::Unknown,
    }
}

/// The clauses without those that nothing of the goal meets, as far as lists of values tell.
fn possible<'c>(goal: &Clause, others: &[&'c Clause], effort: &Effort) -> Option<Vec<&'c Clause>> {
    let mut left = others.to_vec();
    for test in goal.tests.iter().filter(|test| test.is_list) {
        let values = test.landmarks.iter().filter(|value| holds(&goal.tests, test.dim, value));
        let values: Vec<&Value> = values.collect();
        if !effort.take(Work::Conditions, left.len() * (values.len() + 1)) {
            return None;
        }
        left.retain(|other| values.iter().any(|value| holds(&other.tests, test.dim, value)));
    }
    Some(left)
}

/// Things that meet a clause, as different as they can be; at most `most`.
pub(super) fn things(clause: &Clause, most: usize) -> Vec<Thing> {
    match cover(clause, &[], &Effort::default()) {
        Cover::Uncovered(mut things) => {
            things.truncate(most);
            things
        }
        _ => Vec::new(),
    }
}

/// The properties that the clauses ask about, texts in front of the expressions about them.
fn variables(clauses: &[&Clause], effort: &Effort) -> Vec<Variable> {
    let tests = || clauses.iter().flat_map(|clause| &clause.tests);
    let mut matches: Vec<(Dim, Rc<PythonRegex>)> = Vec::new();
    for like in clauses.iter().flat_map(|clause| &clause.likes) {
        if !matches.iter().any(|(dim, regex)| like.is_about(*dim, regex)) {
            matches.push((like.dim, Rc::clone(&like.regex)));
        }
    }
    let mut dims: Vec<Dim> = Vec::new();
    for dim in tests().map(|test| test.dim).chain(matches.iter().map(|(dim, _)| *dim)) {
        if !dims.contains(&dim) {
            dims.push(dim);
        }
    }
    let mut variables: Vec<Variable> = Vec::new();
    for dim in dims {
        let of_dim = || tests().filter(|test| test.dim == dim);
        if let Some(text) = text_variable(dim, of_dim(), &matches, effort) {
            // What the machines tell is no property of its own.
            if let Variable::Value(_, told) = &text {
                let known = |regex: &PythonRegex| told.regexes.iter().any(|own| own.as_str() == regex.as_str());
                matches.retain(|(of, regex)| *of != dim || !known(regex));
            }
            variables.push(text);
        } else if of_dim().next().is_some() {
            let points = dim.scale.points(of_dim()).into_iter().map(|point| (point, Vec::new())).collect();
            variables.push(Variable::Value(dim, Told { regexes: Vec::new(), points }));
        }
    }
    variables.extend(matches.into_iter().map(|(dim, regex)| Variable::Match(dim, regex)));
    variables
}

/// A text with all that is understood of the expressions about it; `None` when there is nothing of the kind.
fn text_variable<'t>(
    dim: Dim,
    tests: impl Iterator<Item = &'t Test>,
    matches: &[(Dim, Rc<PythonRegex>)],
    effort: &Effort,
) -> Option<Variable> {
    if !matches!(dim.scale, Scale::Texts | Scale::Paths) {
        return None;
    }
    let own = matches.iter().filter(|(of, _)| *of == dim);
    let (regexes, machines): (Vec<Rc<PythonRegex>>, Vec<Machine>) =
        own.filter_map(|(_, regex)| Some((Rc::clone(regex), expression::machine(regex)?))).unzip();
    if regexes.is_empty() {
        return None;
    }
    let mut landmarks: Vec<String> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for text in tests.flat_map(|test| &test.landmarks).filter_map(Value::as_text) {
        if seen.insert(text.to_owned()) {
            landmarks.push(text.to_owned());
        }
    }
    let all: Vec<Machine> = landmarks.iter().map(|text| Machine::literal(text)).chain(machines).collect();
    let mut found = cells(&all, &Written { path: matches!(dim.scale, Scale::Paths) }, effort)?;
    found.sort_by_key(|cell| !cell.class);
    let point = |bits: &[bool], sample: String| {
        let (own, said) = bits.split_at_checked(landmarks.len())?;
        let value = Value::Text(sample);
        let point = if own.contains(&true) { Point::exact(value) } else { Point::any(value) };
        Some((point, said.to_vec()))
    };
    let points = found.into_iter().filter_map(|cell| point(&cell.bits, cell.sample)).collect();
    Some(Variable::Value(dim, Told { regexes, points }))
}

/// All texts; nice are those that a witness can be made with.
struct Written {
    path: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum WrittenState {
    Start,
    /// Behind a slash of a path.
    Slash,
    Inside,
    Wrong,
}

impl Language for Written {
    type State = WrittenState;
    type Class = bool;

    fn start(&self) -> WrittenState {
        WrittenState::Start
    }
    fn step(&self, state: &WrittenState, c: char) -> Option<WrittenState> {
        let word = c.is_ascii_alphanumeric() || c == '_';
        let mark = matches!(c, '.' | '-' | '+' | ':' | '=' | ',');
        Some(match state {
            WrittenState::Start | WrittenState::Inside if self.path && c == '/' => WrittenState::Slash,
            WrittenState::Slash if word => WrittenState::Inside,
            WrittenState::Start if !self.path && (word || mark || c == '/') => WrittenState::Inside,
            WrittenState::Inside if word || mark || c == '/' => WrittenState::Inside,
            _ => WrittenState::Wrong,
        })
    }
    fn class(&self, state: &WrittenState) -> Option<bool> {
        Some(*state == WrittenState::Inside)
    }
    fn groups(&self) -> &[&str] {
        &["/", "optxyzabcdefghijklmnqrsuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_", ".-+:=,", " "]
    }
}

struct Search<'s> {
    goal: &'s Clause,
    variables: &'s [Variable],
    thing: Thing,
    /// The texts so far that stand for themselves alone.
    exact: Vec<(&'static str, String)>,
    steps: usize,
    asked: usize,
    effort: &'s Effort,
    shown: Vec<Thing>,
}

impl<'s> Search<'s> {
    /// Assigns the variables from `at` on, `others` being what may still cover; `None` when it was given up.
    fn assign(&mut self, at: usize, others: &[&'s Clause]) -> Option<()> {
        self.steps += 1;
        if self.steps > STEPS || self.asked > ASKED {
            self.effort.give_up(Work::Conditions);
            return None;
        }
        // With enough uncovered things the rest of the search would only find more of them.
        if self.shown.len() >= SHOWN || others.iter().any(|other| self.is_met(other, at)) {
            return Some(());
        }
        let variables = self.variables;
        match variables.get(at) {
            None => {
                self.shown.push(self.thing.clone());
                Some(())
            }
            Some(Variable::Value(dim, told)) => self.assign_value(at, *dim, told, others),
            Some(Variable::Match(dim, regex)) => self.assign_match(at, *dim, regex, others),
        }
    }

    /// Whether a clause asks nothing of the variables from `at` on.
    fn is_met(&self, clause: &Clause, at: usize) -> bool {
        self.variables.iter().skip(at).all(|variable| match variable {
            Variable::Match(dim, regex) => clause.likes.iter().all(|like| !like.is_about(*dim, regex)),
            Variable::Value(dim, told) => {
                clause.tests.iter().all(|test| test.dim != *dim)
                    && told.regexes.iter().all(|regex| clause.likes.iter().all(|like| !like.is_about(*dim, regex)))
            }
        })
    }

    fn assign_value(&mut self, at: usize, dim: Dim, told: &'s Told, others: &[&'s Clause]) -> Option<()> {
        let mut seen: HashSet<(Vec<bool>, Option<&str>)> = HashSet::new();
        if !self.effort.take(Work::Conditions, told.points.len()) {
            return None;
        }
        for one in told.points.iter().filter(|one| told.allows(self.goal, dim, one)) {
            let (point, said) = one;
            self.asked += others.len() + 1;
            if !self.effort.take(Work::Conditions, others.len() + 1) {
                return None;
            }
            let answers: Vec<bool> = others.iter().map(|other| told.allows(other, dim, one)).collect();
            let text = point.value.as_text().filter(|_| point.exact);
            // With expressions to come, a text that is known is a case of its own.
            let case = (answers, text.filter(|_| self.has_matches(dim)));
            if !seen.insert(case.clone()) && !self.wants_more(dim, others) {
                continue;
            }
            let left: Vec<&Clause> =
                others.iter().zip(&case.0).filter(|(_, answer)| **answer).map(|(other, _)| *other).collect();
            self.thing.values.push((dim.name, point.value.clone()));
            self.exact.extend(text.map(|text| (dim.name, text.to_owned())));
            let matches = self.thing.matches.len();
            let all = told.regexes.iter().zip(said).map(|(regex, said)| (dim.name, Rc::clone(regex), *said));
            self.thing.matches.extend(all);
            let done = self.assign(at + 1, &left);
            self.thing.matches.truncate(matches);
            if text.is_some() {
                self.exact.pop();
            }
            self.thing.values.pop();
            done?;
        }
        Some(())
    }

    fn has_matches(&self, dim: Dim) -> bool {
        self.variables.iter().any(|variable| matches!(variable, Variable::Match(of, _) if *of == dim))
    }

    /// Where nothing can cover any more, other values are tried as well: some are easier to build than others.
    fn wants_more(&self, dim: Dim, others: &[&Clause]) -> bool {
        let asked = self.goal.tests.iter().any(|test| test.dim == dim);
        let liked = self.goal.likes.iter().any(|like| like.dim == dim);
        others.is_empty() && (asked || liked) && self.shown.len() < SHOWN * 3 / 4
    }

    fn assign_match(&mut self, at: usize, dim: Dim, regex: &Rc<PythonRegex>, others: &[&'s Clause]) -> Option<()> {
        let known = self.exact.iter().find(|(name, _)| *name == dim.name);
        let known = known.and_then(|(_, text)| regex.matches(text).ok());
        for value in [false, true] {
            let allows =
                |clause: &Clause| clause.likes.iter().all(|like| !like.is_about(dim, regex) || like.wanted == value);
            if known.is_some_and(|known| known != value) || !allows(self.goal) {
                continue;
            }
            let left: Vec<&Clause> = others.iter().copied().filter(|other| allows(other)).collect();
            self.thing.matches.push((dim.name, Rc::clone(regex), value));
            let done = self.assign(at + 1, &left);
            self.thing.matches.pop();
            done?;
        }
        Some(())
    }
}

/// Whether the conditions on one property hold.
fn holds(tests: &[Test], dim: Dim, value: &Value) -> bool {
    tests.iter().filter(|test| test.dim == dim).all(|test| test.holds(value))
}
