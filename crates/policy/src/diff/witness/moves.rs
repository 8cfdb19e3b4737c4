//! Changes to a draft that may keep a rule from firing, or give it what it reads.

use stopgate_model::DockerfileMode;

use super::Question;
use crate::diff::clause::{Clause, Quantity, Subject, Thing};
use crate::diff::cover::things;
use crate::diff::draft::{Draft, Input};
use crate::diff::points::Point;
use crate::diff::value::{Dim, Test};
use crate::document::policy::Rule;
use crate::trigger::Need;

/// Most things of one subject that are tried.
const THINGS: usize = 40;

/// Drafts in which a rule may no longer fire.
pub(super) fn against(question: &Question<'_, '_>, draft: &Draft, rule: &Rule) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let stops = question.theirs.map(|stops| stops.all.as_slice()).unwrap_or_default();
    let own = stops.iter().filter(|stop| std::ptr::eq(stop.rule, rule));
    for clause in own.filter_map(|stop| stop.clause.as_deref()) {
        if clause.quantity == Quantity::None {
            drafts.extend(things(clause, 6).iter().filter_map(|thing| with(draft, clause, thing)));
        }
        if clause.quantity == Quantity::None || clause.subject.single {
            let others = alternatives(question, &clause.subject);
            drafts.extend(others.iter().filter_map(|thing| with(draft, clause, thing)));
        } else if clause.subject.key == "USER" {
            // The Dockerfile may say another user than the configuration has.
            let others = alternatives(question, &clause.subject);
            drafts.extend(others.iter().filter_map(|thing| with_line(draft, "USER", thing)));
        }
    }
    drafts
}

/// The draft with what every one of these rules misses.
pub(super) fn furnished(question: &Question<'_, '_>, draft: &Draft, rules: &[&Rule]) -> Option<Draft> {
    let stops = question.theirs.map(|stops| stops.all.as_slice()).unwrap_or_default();
    let of_rules = stops.iter().filter(|stop| rules.iter().any(|rule| std::ptr::eq(*rule, stop.rule)));
    let wanting = of_rules.filter_map(|stop| stop.clause.as_deref()).filter(|clause| clause.quantity == Quantity::None);
    let mut changed = None;
    for clause in wanting {
        let placed = |thing: &Thing| with(changed.as_ref().unwrap_or(draft), clause, thing);
        changed = things(clause, 6).iter().find_map(placed).or(changed);
    }
    changed
}

/// Drafts with one thing less, or one input more or less.
pub(super) fn at_large(draft: &Draft) -> Vec<Draft> {
    let mut drafts = without_something(draft);
    drafts.extend(toggled(draft));
    drafts
}

fn with(draft: &Draft, clause: &Clause, thing: &Thing) -> Option<Draft> {
    let mut changed = draft.clone();
    (clause.subject.place)(&mut changed, &clause.subject.key, thing).then_some(changed)
}

fn with_line(draft: &Draft, keyword: &str, thing: &Thing) -> Option<Draft> {
    let mut changed = draft.clone();
    let text = thing.values.iter().find_map(|(_, value)| value.as_text()).filter(|text| !text.is_empty())?;
    changed.line(keyword, text).then_some(changed)
}

/// What the one thing of a subject can be, as far as any rule of the two policies tells values apart.
fn alternatives(question: &Question<'_, '_>, subject: &Subject) -> Vec<Thing> {
    let sides = [question.ours, question.theirs];
    let clauses: Vec<&Clause> = sides
        .iter()
        .flatten()
        .flat_map(|stops| &stops.all)
        .filter_map(|stop| stop.clause.as_deref())
        .filter(|clause| clause.subject == *subject)
        .collect();
    let tests = || clauses.iter().flat_map(|clause| &clause.tests);
    let mut dims: Vec<Dim> = Vec::new();
    for test in tests() {
        if !dims.contains(&test.dim) {
            dims.push(test.dim);
        }
    }
    let mut all = vec![Thing::default()];
    for dim in dims {
        let points = dim.scale.points(tests().filter(|test: &&Test| test.dim == dim));
        let each = all.iter().flat_map(|thing| points.iter().map(move |point| and(thing, dim, point)));
        all = each.take(THINGS).collect();
    }
    for like in clauses.iter().flat_map(|clause| &clause.likes) {
        let each = |thing: &Thing| {
            [false, true].map(|wanted| {
                let mut thing = thing.clone();
                thing.matches.push((like.dim.name, std::rc::Rc::clone(&like.regex), wanted));
                thing
            })
        };
        all = all.iter().flat_map(each).take(THINGS).collect();
    }
    all
}

fn and(thing: &Thing, dim: Dim, point: &Point) -> Thing {
    let mut thing = thing.clone();
    thing.values.push((dim.name, point.value.clone()));
    thing
}

/// Drafts with one thing less.
fn without_something(draft: &Draft) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut push = |change: &dyn Fn(&mut Draft)| {
        let mut changed = draft.clone();
        change(&mut changed);
        drafts.push(changed);
    };
    for number in 0..draft.packages.len() {
        push(&|draft| drop(draft.packages.remove(number)));
    }
    for path in draft.files.keys() {
        push(&|draft| {
            draft.files.remove(path);
            draft.retrieved.remove(path);
        });
    }
    for path in draft.retrieved.keys() {
        if draft.files.contains_key(path) {
            push(&|draft| {
                draft.files.remove(path);
            });
        } else {
            push(&|draft| drop(draft.retrieved.remove(path)));
        }
    }
    for name in draft.labels.keys() {
        push(&|draft| drop(draft.labels.remove(name)));
    }
    for number in 0..draft.ports.len() {
        push(&|draft| drop(draft.ports.remove(number)));
    }
    for number in 0..draft.secrets.as_ref().map_or(0, Vec::len) {
        push(&|draft| drop(draft.secrets.as_mut().map(|hits| hits.remove(number))));
    }
    for number in 0..draft.dockerfile.as_ref().map_or(0, |(_, lines)| lines.len()) {
        push(&|draft| drop(draft.dockerfile.as_mut().map(|(_, lines)| lines.remove(number))));
    }
    if !draft.user.is_empty() {
        push(&|draft| draft.user.clear());
    }
    if draft.healthcheck.is_some() {
        push(&|draft| draft.healthcheck = None);
    }
    if !draft.entrypoint.is_empty() {
        push(&|draft| draft.entrypoint.clear());
    }
    drafts
}

/// Drafts with one input more or less.
fn toggled(draft: &Draft) -> Vec<Draft> {
    let toggled = |number: usize| {
        let mut changed = draft.clone();
        let input = changed.inputs.each().into_iter().nth(number)?;
        *input = if *input == Input::Missing { Input::Empty } else { Input::Missing };
        Some(changed)
    };
    (0..).map_while(toggled).collect()
}

/// Drafts with what a rule reads.
pub(super) fn provide(draft: &Draft, rule: &Rule) -> Vec<Draft> {
    let needs = rule.trigger().map(crate::trigger::BoundTrigger::needs).unwrap_or_default();
    let mut drafts = toggled(draft);
    for need in needs {
        let mut changed = draft.clone();
        match need {
            Need::Dockerfile | Need::ActualDockerfile | Need::ConfigOrDockerfile => {
                let lines = changed.dockerfile.take().map(|(_, lines)| lines).unwrap_or_default();
                changed.dockerfile = Some((DockerfileMode::Actual, lines));
            }
            Need::RetrievedFile(path) => {
                // A file of the tree whose content was not kept is a missing input.
                changed.retrieved.entry(path).or_insert_with(|| "x\n".to_owned());
            }
            Need::Secrets => changed.secrets = Some(Vec::new()),
            _ => continue,
        }
        drafts.push(changed);
    }
    // Of two rules about one file, one may want it kept.
    for path in draft.files.keys().filter(|path| !draft.retrieved.contains_key(*path)) {
        let mut changed = draft.clone();
        changed.retrieved.insert(path.clone(), String::new());
        drafts.push(changed);
    }
    drafts
}

/// Takes out of a fresh draft what a condition wants to be missing.
pub(super) fn clear(draft: &mut Draft, clause: &Clause) {
    if clause.subject.key == "USER" {
        draft.user.clear();
    }
}
