//! Contents of files that the analysis keeps, and what the secret search found.

use crate::diff::clause::{Clause, Subject, Thing};
use crate::diff::draft::Draft;
use crate::diff::given::Given;
use crate::diff::knowledge::{compiled, matches_all};
use crate::diff::points::Scale;
use crate::diff::value::{Dim, Test};

const TEXT: Dim = Dim { name: "content", scale: Scale::Contents };
const PATTERN: Dim = Dim { name: "pattern", scale: Scale::Texts };
const PATH: Dim = Dim { name: "path", scale: Scale::Paths };

/// The content of one file, if it was kept.
fn content(path: &str) -> Subject {
    Subject::single("content", path, |draft, path, thing| {
        let mut candidates = thing.samples(TEXT);
        candidates.extend(["x".to_owned(), "#".to_owned(), String::new(), "0".to_owned()]);
        let Some(text) = thing.fitting(TEXT, candidates) else { return false };
        let normal = path.starts_with('/') && !path.split('/').any(|part| matches!(part, "." | ".."));
        if normal {
            draft.files.entry(path.to_owned()).or_default();
            draft.retrieved.insert(path.to_owned(), text);
        }
        normal
    })
}

pub(super) fn no_passwd(_: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![Clause::none(content("/etc/passwd"))])
}

pub(super) fn not_available(given: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![Clause::none(content(given.text("path")?))])
}

pub(super) fn regex(given: &Given<'_>) -> Option<Vec<Clause>> {
    let path = given.text("path")?;
    let wanted = match given.text("check")? {
        "match" => true,
        "no_match" => false,
        _ => return None,
    };
    let clause = Clause::some(content(path)).known_ids(vec![format!("{}+file://{path}", given.rule_id())]);
    let regex = compiled(given.text("regex")?)?;
    Some(match (matches_all(&regex), wanted) {
        (true, true) => vec![clause],
        (true, false) => Vec::new(),
        (false, wanted) => vec![clause.like(TEXT, &regex, wanted).sound(&regex, given.canonical())],
    })
}

pub(super) fn secrets(given: &Given<'_>) -> Option<Vec<Clause>> {
    let subject = Subject::many("secret", "", place_secret);
    let mut clause = match given.text("match_type")? {
        "found" => Clause::some(subject),
        "notfound" => Clause::none(subject),
        _ => return None,
    };
    clause = clause.maybe(given.list("content_regex_name").map(|names| Test::one_of(PATTERN, names)));
    if let Some(text) = given.text("filename_regex") {
        let regex = compiled(text)?;
        if !matches_all(&regex) {
            clause = clause.like(PATH, &regex, true).sound(&regex, given.canonical());
        }
    }
    Some(vec![clause])
}

fn place_secret(draft: &mut Draft, _: &str, thing: &Thing) -> bool {
    let name = thing.text(PATTERN).unwrap_or("API_KEY").to_owned();
    let mut candidates = thing.samples(PATH);
    candidates.retain(|path| path.starts_with('/'));
    candidates.extend(["/app/settings", "/srv/a", "/opt/x.y", "/e"].map(str::to_owned));
    let (Some(path), Some(hits)) = (thing.fitting(PATH, candidates), &mut draft.secrets) else { return false };
    hits.push((path, name));
    hits.sort();
    true
}
