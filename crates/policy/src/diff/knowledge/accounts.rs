//! Entries of `/etc/passwd`.

use crate::diff::clause::{Clause, Form, Subject, Thing};
use crate::diff::draft::Draft;
use crate::diff::given::Given;
use crate::diff::points::Scale;
use crate::diff::value::{Dim, Test, Value};
use crate::trigger::types::NumberList;

const NAME: Dim = Dim { name: "account", scale: Scale::Texts };
const SHELL: Dim = Dim { name: "shell", scale: Scale::Texts };
const LINE: Dim = Dim { name: "line", scale: Scale::Texts };
const UID: Dim = Dim { name: "uid", scale: Scale::MaybeWholes(0, u32::MAX as i64) };
const GID: Dim = Dim { name: "gid", scale: Scale::MaybeWholes(0, u32::MAX as i64) };

fn entry(what: &str) -> Clause {
    // The id holds what was compared and the whole line.
    Clause::some(Subject::many("account", "", place)).ids(format!("account {what}"), Form::Md5)
}

pub(super) fn names(given: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![entry("user").test(Test::one_of(NAME, given.list("user_names")?))])
}

pub(super) fn shells(given: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![entry("shell").test(Test::one_of(SHELL, given.list("shells")?))])
}

pub(super) fn user_ids(given: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![entry("uid").test(numbers(UID, given, "user_ids")?)])
}

pub(super) fn group_ids(given: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![entry("gid").test(numbers(GID, given, "group_ids")?)])
}

fn numbers(dim: Dim, given: &Given<'_>, name: &str) -> Option<Test> {
    let numbers = given.read::<NumberList>(name)?.0;
    Some(Test::wholes(dim, numbers.into_iter().map(i64::from).collect(), true))
}

/// A whole line says what its fields are; a text that is no entry is never compared.
pub(super) fn entries(given: &Given<'_>) -> Option<Vec<Clause>> {
    let line = given.text("entry")?.trim();
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, _, shell] = fields.as_slice() else { return Some(Vec::new()) };
    if line.starts_with('#') || line.contains('\n') {
        return Some(Vec::new());
    }
    let number = |dim: Dim, text: &str| match text.parse::<u32>() {
        Ok(number) => Test::wholes(dim, vec![i64::from(number)], true),
        Err(_) => Test::new(dim, Vec::new(), |value| *value == Value::None),
    };
    let clause = entry("pentry").test(Test::is(LINE, line)).test(Test::is(NAME, name)).test(Test::is(SHELL, shell));
    Some(vec![clause.test(number(UID, uid)).test(number(GID, gid))])
}

fn place(draft: &mut Draft, _: &str, thing: &Thing) -> bool {
    let whole = thing.text(LINE).filter(|line| line.split(':').count() == 7);
    let line = match whole {
        Some(line) if !agrees(line, thing) => return false,
        Some(line) => line.to_owned(),
        None => {
            let name = thing.text(NAME).unwrap_or("account");
            let shell = thing.text(SHELL).unwrap_or("/sbin/nologin");
            let number = |dim: Dim| match thing.value(dim) {
                Some(Value::Whole(number)) => number.to_string(),
                // A number that cannot be read.
                Some(_) => "x".to_owned(),
                None => "12345".to_owned(),
            };
            format!("{name}:x:{}:{}::/:{shell}", number(UID), number(GID))
        }
    };
    if line.split(':').count() != 7 || line.trim() != line || line.starts_with('#') {
        return false;
    }
    draft.account(&line);
    true
}

/// Whether the fields of a line are those that are asked for.
fn agrees(line: &str, thing: &Thing) -> bool {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, _, shell] = fields.as_slice() else { return false };
    let is = |dim: Dim, field: &str| thing.text(dim).is_none_or(|text| text == field);
    let number = |dim: Dim, field: &str| {
        thing.value(dim).is_none_or(|value| value.as_whole() == field.parse::<u32>().ok().map(i64::from))
    };
    is(NAME, name) && is(SHELL, shell) && number(UID, uid) && number(GID, gid)
}
