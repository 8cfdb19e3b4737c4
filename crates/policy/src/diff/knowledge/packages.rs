//! Packages and their licences.

use std::cmp::Ordering;

use stopgate_model::PackageType;
use stopgate_version::{Format, compare};

use crate::diff::clause::{Clause, Form, Subject, Thing};
use crate::diff::draft::{Draft, Kind, Parcel};
use crate::diff::given::Given;
use crate::diff::points::Scale;
use crate::diff::value::{Dim, Test, Value};

const TYPE: Dim = Dim { name: "type", scale: Scale::Words(&["npm", "gem", "other"]) };
const NAME: Dim = Dim { name: "name", scale: Scale::Texts };
const VERSION: Dim = Dim { name: "version", scale: Scale::Texts };
const KIND: Dim = Dim { name: "package type", scale: Scale::PackageTypes };
const LICENSE: Dim = Dim { name: "licence", scale: Scale::Contained };

/// A package with one of the spellings of its version: with and without epoch, and without release. Packages of npm
/// and RubyGems have one spelling.
fn package() -> Subject {
    Subject::many("package", "", |draft, _, thing| {
        let kind = match thing.text(TYPE) {
            Some("gem") => "gem",
            Some("other") => "python",
            _ => "npm",
        };
        let name = thing.text(NAME).unwrap_or("left-pad");
        let version = thing.text(VERSION).filter(|version| !version.starts_with("other")).unwrap_or("1.0.0");
        draft.packages.push(Parcel::new(Kind::Named(kind.to_owned()), name, version));
        true
    })
}

fn deny(given: &Given<'_>, kind: Option<&str>) -> Option<Vec<Clause>> {
    let clause = Clause::some(package()).fixed_id().test(Test::is(NAME, given.text("name")?));
    let version = given.text("version").map(|version| Test::is(VERSION, version));
    Some(vec![clause.maybe(version).maybe(kind.map(|kind| Test::is(TYPE, kind)))])
}

pub(super) fn denied(given: &Given<'_>) -> Option<Vec<Clause>> {
    deny(given, None)
}

pub(super) fn denied_npm(given: &Given<'_>) -> Option<Vec<Clause>> {
    deny(given, Some("npm"))
}

pub(super) fn denied_gem(given: &Given<'_>) -> Option<Vec<Clause>> {
    deny(given, Some("gem"))
}

/// A required package is one thing with its version condition; how the conditions of two rules relate is told by
/// [`requires_more`].
pub(super) fn required(given: &Given<'_>) -> Option<Vec<Clause>> {
    let key = format!(
        "{}\n{}\n{}",
        given.text("name")?,
        given.text("version").unwrap_or_default(),
        given.text("version_match_type")?
    );
    let subject = Subject::many("required package", key, |draft, key, _| {
        let mut parts = key.split('\n');
        let (Some(name), Some(version)) = (parts.next(), parts.next()) else { return false };
        let version = if version.is_empty() { "1.0.0" } else { version };
        // Another rule may want a higher version of the same package.
        match draft.packages.iter_mut().find(|parcel| parcel.name == name) {
            Some(parcel) => version.clone_into(&mut parcel.version),
            None => draft.packages.push(Parcel::new(Kind::Named("python".to_owned()), name, version)),
        }
        true
    });
    // What is said of a package in the wrong version depends on that version, and versions that cannot be compared
    // break the rule.
    let may_break = given.is("version_match_type", "minimum") && given.text("version").is_some();
    Some(vec![Clause { may_break, ..Clause::none(subject).ids(given.canonical(), Form::Md5) }])
}

/// A rule that finds no package fires under every condition on the same name. A rule with a least version fires
/// whenever one with a lower least version does.
///
/// Not every scheme of versions is transitive, so only versions of numbers and dots are compared, of which some part
/// in the same place is less: there every scheme decides at the latest, and a version that is less than the lower one
/// differs from it there or before. A version that a scheme cannot read breaks both rules.
pub(super) fn requires_more(old: &Given<'_>, new: &Given<'_>) -> bool {
    if old.text("name") != new.text("name") {
        return false;
    }
    let least = |given: &Given<'_>| given.is("version_match_type", "minimum");
    match (old.text("version"), new.text("version")) {
        (None, _) => true,
        (Some(old_version), Some(new_version)) => {
            least(old) && least(new) && (old_version == new_version || is_lower(old_version, new_version))
        }
        (Some(_), None) => false,
    }
}

fn is_lower(lower: &str, higher: &str) -> bool {
    let parts = |text: &str| -> Option<Vec<u32>> { text.split('.').map(|part| part.parse().ok()).collect() };
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (Some(low), Some(high)) = (parts(lower), parts(higher)) else { return false };
    let decided = low.iter().zip(&high).map(|(low, high)| low.cmp(high)).find(|order| order.is_ne());
    let readable = |format: &Format| match format {
        // Update ids have no order: each other one counts as larger, so both rules are met by any package.
        Format::Kb => true,
        format => compare(*format, lower, higher) == Ok(Ordering::Less),
    };
    plain(lower) && plain(higher) && decided == Some(Ordering::Less) && Format::ALL.iter().all(readable)
}

/// Whether a package type is meant by a word, as the trigger reads it.
fn of_type(given: &Given<'_>) -> Option<Test> {
    let word = given.text("package_type").filter(|word| *word != "all")?.to_owned();
    Some(Test::new(KIND, vec![Value::text(word.as_str())], move |value| {
        let Some(id) = value.as_text() else { return false };
        id == word || PackageType::named(id).anchore().eq_ignore_ascii_case(&word)
    }))
}

/// A package with one of the texts that its licences are compared by.
fn licensed(given: &Given<'_>, test: Test) -> Vec<Clause> {
    let subject = Subject::many("licence", "", place_license);
    // All packages of a rule make one finding, whose id depends on the list.
    vec![Clause::some(subject).ids(given.canonical(), Form::Md5).test(test).maybe(of_type(given))]
}

pub(super) fn exact_license(given: &Given<'_>) -> Option<Vec<Clause>> {
    let listed = given.list("licenses")?;
    Some(licensed(given, Test::one_of(LICENSE, listed)))
}

pub(super) fn partial_license(given: &Given<'_>) -> Option<Vec<Clause>> {
    let parts = given.list("licenses")?;
    let landmarks = parts.iter().map(Value::text).collect();
    let test = Test::new(LICENSE, landmarks, move |value| {
        value.as_text().is_some_and(|text| parts.iter().any(|part| text.contains(part.as_str())))
    });
    Some(licensed(given, test))
}

fn place_license(draft: &mut Draft, _: &str, thing: &Thing) -> bool {
    let kind = match thing.text(KIND) {
        Some(id) if PackageType::named(id).is_os() => {
            if draft.os_type().id() == id {
                Kind::Os
            } else {
                Kind::Named(id.to_owned())
            }
        }
        Some(id) => Kind::Named(id.to_owned()),
        None => Kind::Named("npm".to_owned()),
    };
    let mut parcel = Parcel::new(kind, "licensed", "1.0.0");
    parcel.licenses.push(thing.text(LICENSE).unwrap_or("MIT").to_owned());
    draft.packages.push(parcel);
    true
}
