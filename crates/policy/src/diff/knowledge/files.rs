//! The file tree.

use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use crate::diff::clause::{Clause, Form, Subject, Thing};
use crate::diff::draft::{Draft, File};
use crate::diff::given::Given;
use crate::diff::knowledge::{compiled, matches_all};
use crate::diff::points::Scale;
use crate::diff::value::{Dim, Test, Value};
use crate::trigger::types::Octal;

const PATH: Dim = Dim { name: "path", scale: Scale::Paths };
const SET_ID: Dim = Dim { name: "set-id bits", scale: Scale::Words(&["no", "yes"]) };
const STATE: Dim = Dim { name: "state", scale: Scale::Words(&["absent", "present"]) };
const CHECKSUM: Dim = Dim { name: "checksum", scale: Scale::MaybeTexts };
const MODE: Dim = Dim { name: "mode", scale: Scale::Wholes(0, 0o7777) };

fn any_file() -> Subject {
    Subject::many("file", "", |draft, _, thing| {
        let mut candidates = thing.samples(PATH);
        candidates.retain(|path| is_path(path));
        candidates.extend(["/opt/tool", "/srv/data.bin", "/e/x", "/app/y.z"].map(str::to_owned));
        let Some(path) = thing.fitting(PATH, candidates) else { return false };
        let mode = if thing.text(SET_ID) == Some("yes") { 0o4755 } else { 0o644 };
        draft.file(&path, File { mode, ..File::default() });
        true
    })
}

/// Whether a tree can have this path.
fn is_path(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| !rest.split('/').any(|part| matches!(part, "" | "." | "..")))
}

pub(super) fn name_match(given: &Given<'_>) -> Option<Vec<Clause>> {
    let regex = compiled(given.text("regex")?)?;
    let clause = Clause::some(any_file()).ids(format!("name {}", regex.as_str()), Form::Md5);
    let clause = if matches_all(&regex) { clause } else { clause.like(PATH, &regex, true) };
    Some(vec![clause.sound(&regex, given.canonical())])
}

pub(super) fn set_id(_: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![Clause::some(any_file()).ids("set-id", Form::Md5).test(Test::is(SET_ID, "yes"))])
}

pub(super) fn attribute(given: &Given<'_>) -> Option<Vec<Clause>> {
    let path = given.text("filename")?;
    let subject = || Subject::single("file at", path, place_at);
    let mut clauses = Vec::new();
    if !given.read::<bool>("skip_missing")? {
        clauses.push(Clause::some(subject()).fixed_id().test(Test::is(STATE, "absent")));
    }
    let checksum = match (given.text("checksum"), given.text("checksum_match")?) {
        (None, _) => None,
        // A checksum that is not known meets neither condition.
        (Some(sum), "equals") => Some(Test::is(CHECKSUM, &sum.to_lowercase())),
        (Some(sum), "not_equals") => Some(Test::none_of(CHECKSUM, vec![sum.to_lowercase()])),
        _ => return None,
    };
    let mode = match (given.read::<Octal>("mode"), given.text("mode_op")?) {
        (None, _) => None,
        (Some(Octal(mode)), "equals") => Some(Test::wholes(MODE, vec![i64::from(mode & 0o7777)], true)),
        (Some(Octal(mode)), "not_equals") => Some(Test::wholes(MODE, vec![i64::from(mode & 0o7777)], false)),
        _ => return None,
    };
    if checksum.is_some() || mode.is_some() {
        // A file there is one of the tree.
        let also = Rc::new(Clause::some(any_file()).test(Test::is(PATH, path)));
        let clause = Clause { also: Some(also), ..Clause::some(subject()) };
        let clause = clause.ids(given.canonical(), Form::Md5).test(Test::is(STATE, "present"));
        clauses.push(clause.maybe(checksum).maybe(mode));
    }
    Some(clauses)
}

fn place_at(draft: &mut Draft, path: &str, thing: &Thing) -> bool {
    if thing.text(STATE) == Some("absent") {
        draft.files.remove(path);
        draft.retrieved.remove(path);
        return true;
    }
    if !is_path(path) {
        return false;
    }
    let known = draft.files.get(path).copied().unwrap_or_default();
    let sha256 = match thing.value(CHECKSUM) {
        Some(Value::Text(text)) => match hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
            Some(sum) => Some(sum),
            // The text that stands for all others.
            None => Some(Sha256::digest(text.as_bytes()).into()),
        },
        Some(_) => None,
        None => known.sha256,
    };
    let mode = thing.whole(MODE).and_then(|mode| u32::try_from(mode).ok()).unwrap_or(known.mode);
    draft.file(path, File { mode, sha256 });
    true
}
