//! Vulnerabilities of packages, and the data about them.

use stopgate_model::Severity;

use crate::diff::clause::{Clause, Form, Subject, Thing};
use crate::diff::draft::cvss::{Unfit, Wanted};
use crate::diff::draft::{Draft, Kind, Parcel, Repair, Weakness};
use crate::diff::given::Given;
use crate::diff::knowledge::compiled;
use crate::diff::points::Scale;
use crate::diff::value::{Dim, Test, Value};
use crate::trigger::types::{Comparison, Number};

const CLASS: Dim = Dim { name: "class", scale: Scale::Words(&["non-os", "os"]) };
const SEVERITY: Dim =
    Dim { name: "severity", scale: Scale::Words(&["critical", "high", "medium", "low", "negligible", "unknown"]) };
const STATE: Dim = Dim { name: "fix state", scale: Scale::Words(&["not-fixed", "fixed", "wont-fix", "unknown"]) };
/// Whether a version is known that fixes it, which the state alone does not say.
const FIXABLE: Dim = Dim { name: "fixable", scale: Scale::Words(&["no", "yes"]) };
/// Whether a VEX statement removes the match.
const DENIED: Dim = Dim { name: "denied by VEX", scale: Scale::Words(&["no", "yes"]) };
/// Days since the fix was seen; the greatest number stands for a date that is not known.
const FIX_AGE: Dim = Dim { name: "days since the fix", scale: Scale::Wholes(-3, i64::MAX) };
/// Days since the match was first seen; the least number stands for a time that is not known.
const SEEN_AGE: Dim = Dim { name: "days since first seen", scale: Scale::Wholes(i64::MIN, 4_000_000) };
const EXPLOITED: Dim = Dim { name: "exploited", scale: Scale::Words(&["no", "yes"]) };
const INHERITED: Dim = Dim { name: "inherited", scale: Scale::Words(&["no", "yes", "unknown"]) };
const PATH: Dim = Dim { name: "path", scale: Scale::Paths };
const ID: Dim = Dim { name: "id", scale: Scale::Texts };
const EPSS_SCORE: Dim = Dim { name: "epss_score", scale: Scale::Reals };
const EPSS_PERCENTILE: Dim = Dim { name: "epss_percentile", scale: Scale::Reals };

const CVSS_V4: Dim = Dim { name: "cvss_v4_base_score", scale: Scale::Reals };

const fn score(name: &'static str) -> Dim {
    Dim { name, scale: Scale::Reals }
}

/// Scores by parameter; those of NVD, then those of the vendor.
const SCORES: [Dim; 6] = [
    score("cvss_v3_base_score"),
    score("cvss_v3_exploitability_score"),
    score("cvss_v3_impact_score"),
    score("vendor_cvss_v3_base_score"),
    score("vendor_cvss_v3_exploitability_score"),
    score("vendor_cvss_v3_impact_score"),
];

pub(super) const PARAMS: &[&str] = &[
    "package_type",
    "severity_comparison",
    "severity",
    "cvss_v3_base_score_comparison",
    "cvss_v3_base_score",
    "cvss_v3_exploitability_score_comparison",
    "cvss_v3_exploitability_score",
    "cvss_v3_impact_score_comparison",
    "cvss_v3_impact_score",
    "fix_available",
    "vendor_only",
    "max_days_since_creation",
    "max_days_since_fix",
    "vendor_cvss_v3_base_score_comparison",
    "vendor_cvss_v3_base_score",
    "vendor_cvss_v3_exploitability_score_comparison",
    "vendor_cvss_v3_exploitability_score",
    "vendor_cvss_v3_impact_score_comparison",
    "vendor_cvss_v3_impact_score",
    "package_path_exclude",
    "inherited_from_base",
    "known_exploited_vulnerability",
    "epss_score_comparison",
    "epss_score",
    "epss_percentile_comparison",
    "epss_percentile",
    "fix_state",
    "cvss_v4_base_score_comparison",
    "cvss_v4_base_score",
    "vex",
    "severity_source",
    "clock",
];

/// Most days of a window that can be compared. A window beyond the end of the calendar lets everything pass, so one
/// that may reach it is only equal to itself.
const MOST_DAYS: u32 = 1_000_000;

/// The subject of clauses about matches.
pub(in crate::diff) const MATCH: &str = "match";

/// A match that no VEX statement removes, by one of the ids of its weakness.
fn matched() -> Clause {
    any_match().test(Test::is(DENIED, "no"))
}

fn any_match() -> Clause {
    Clause::some(Subject::many(MATCH, "", place)).ids("match", Form::Vulnerability)
}

/// The matches that a rule counts, by its parameter `vex`.
fn counted(given: &Given<'_>) -> Option<Clause> {
    match given.text("vex")? {
        "respect" => Some(matched()),
        "ignore" => Some(any_match()),
        _ => None,
    }
}

pub(super) fn exploited(given: &Given<'_>) -> Option<Vec<Clause>> {
    Some(vec![counted(given)?.test(Test::is(EXPLOITED, "yes"))])
}

pub(super) fn package(given: &Given<'_>) -> Option<Vec<Clause>> {
    // Of what NVD says of severities, and of repositories, nothing is built.
    if given.text("severity_source") != Some("vendor") || given.text("clock") != Some("first_seen") {
        return None;
    }
    let mut clause = counted(given)?.test(severities(given)?);
    let fixed = given.read::<bool>("fix_available");
    clause = match given.list("fix_state") {
        Some(states) => clause.test(Test::one_of(STATE, states)),
        None if given.read::<bool>("vendor_only")? => clause.test(not_refused()),
        None => clause,
    };
    clause = match fixed {
        // What the vendor will not fix has no fix that counts.
        Some(true) => clause.test(Test::is(FIXABLE, "yes")).test(not_refused()),
        Some(false) => clause.test(Test::is(FIXABLE, "no")),
        None => clause,
    };
    clause = clause.maybe(yes_or_no(given, "known_exploited_vulnerability", EXPLOITED));
    clause = clause.maybe(yes_or_no(given, "inherited_from_base", INHERITED));
    for (name, dim, counts) in
        [("max_days_since_fix", FIX_AGE, fixed == Some(true)), ("max_days_since_creation", SEEN_AGE, true)]
    {
        match given.read::<u32>(name).filter(|_| counts) {
            Some(days) if days > MOST_DAYS => return None,
            Some(days) => clause = clause.test(Test::at_least(dim, i64::from(days))),
            None => {}
        }
    }
    for dim in SCORES.into_iter().chain([EPSS_SCORE, EPSS_PERCENTILE, CVSS_V4]) {
        clause = clause.maybe(compared(given, dim));
    }
    classes(given, clause)
}

/// The vendor has not said that it will not fix it.
fn not_refused() -> Test {
    Test::none_of(STATE, vec!["wont-fix".to_owned()])
}

/// The rule for each class of packages; paths are left out for those that no distribution ships.
fn classes(given: &Given<'_>, clause: Clause) -> Option<Vec<Clause>> {
    let os = clause.clone().test(Test::is(CLASS, "os"));
    let others = match given.text("package_path_exclude") {
        Some(text) => {
            let regex = compiled(text)?;
            let others = clause.clone().test(Test::is(CLASS, "non-os")).like(PATH, &regex, false);
            others.sound(&regex, given.canonical())
        }
        None => clause.clone().test(Test::is(CLASS, "non-os")),
    };
    Some(match (given.text("package_type")?, given.text("package_path_exclude")) {
        ("all", None) => vec![clause],
        ("all", Some(_)) => vec![os, others],
        ("os", _) => vec![os],
        ("non-os", _) => vec![others],
        _ => return None,
    })
}

fn severities(given: &Given<'_>) -> Option<Test> {
    let (check, wanted) = (given.read::<Comparison>("severity_comparison")?, given.read::<Severity>("severity")?);
    let words = Severity::ALL.into_iter().filter(|severity| check.holds(severity, &wanted));
    Some(Test::one_of(SEVERITY, words.map(|severity| severity.name().to_lowercase()).collect()))
}

fn yes_or_no(given: &Given<'_>, name: &str, dim: Dim) -> Option<Test> {
    given.read::<bool>(name).map(|wanted| Test::is(dim, if wanted { "yes" } else { "no" }))
}

fn compared(given: &Given<'_>, dim: Dim) -> Option<Test> {
    let Number(wanted) = given.read::<Number>(dim.name)?;
    let check = given.read::<Comparison>(&format!("{}_comparison", dim.name))?;
    let percent = dim.name.starts_with("epss") && wanted > 1.0;
    let wanted = if percent { wanted / 100.0 } else { wanted };
    Some(Test::new(dim, vec![Value::Number(wanted)], move |value| {
        value.as_number().is_some_and(|actual| check.holds(&actual, &wanted))
    }))
}

/// One clause per id. All that are found make one finding, whose id depends on the list.
pub(super) fn denied(given: &Given<'_>) -> Option<Vec<Clause>> {
    let vendor_only = given.read::<bool>("vendor_only")?;
    let all = counted(given)?;
    let clause = |id: String| {
        let clause = all.clone().ids(given.canonical(), Form::Md5).test(Test::is(ID, &id));
        if vendor_only { clause.test(not_refused()) } else { clause }
    };
    Some(given.list("vulnerability_ids")?.into_iter().map(clause).collect())
}

/// Days since the data was built; the greatest number stands for data that does not say so, or that is not there.
const DATA_AGE: Dim = Dim { name: "days since the build", scale: Scale::Wholes(0, i64::MAX) };
const DATA: Dim = Dim { name: "data", scale: Scale::Words(&["there", "not for the distribution"]) };

fn data() -> Subject {
    Subject::single("data", "", |draft, _, thing| {
        if thing.text(DATA) == Some("not for the distribution") {
            draft.distro_data = false;
            return draft.distro.is_some() && thing.whole(DATA_AGE).is_none_or(|age| age == i64::MAX);
        }
        match thing.whole(DATA_AGE) {
            Some(days) if days > 3_000_000 => return false,
            days => draft.data_age = days.unwrap_or(0),
        }
        true
    })
}

pub(super) fn stale(given: &Given<'_>) -> Option<Vec<Clause>> {
    let days = i64::from(given.read::<u32>("max_days_since_sync")?);
    Some(vec![Clause::some(data()).fixed_id().test(Test::at_least(DATA_AGE, days + 1))])
}

/// There is no data, which has no age then, or the distribution is not known and there are packages of one.
pub(super) fn no_data(_: &Given<'_>) -> Option<Vec<Clause>> {
    let missing = Clause::some(data())
        .ids("no data", Form::Md5)
        .test(Test::is(DATA, "not for the distribution"))
        .test(Test::at_least(DATA_AGE, i64::MAX));
    let unknown = Subject::single("unknown distribution", "", |draft, _, _| {
        draft.distro = None;
        draft.packages.push(Parcel::new(Kind::Os, "base-files", "1.0.0-1"));
        true
    });
    Some(vec![missing, Clause::some(unknown).ids("no data", Form::Md5)])
}

/// The id and package of a match that nothing asks for.
pub(in crate::diff) const USUAL: &str = "CVE-2030-90001+vulnerable";

fn place(draft: &mut Draft, _: &str, thing: &Thing) -> bool {
    let asked = thing.text(ID).filter(|id| !id.starts_with("other"));
    let whole = thing.id.clone().unwrap_or_else(|| USUAL.to_owned());
    let Some((id, key)) = whole.split_once('+') else { return false };
    let Some(weakness) = weakness(asked.unwrap_or(id), thing) else { return false };
    let Some(mut parcel) = parcel(draft, key, thing) else { return false };
    parcel.weaknesses.push(weakness);
    draft.packages.push(parcel);
    true
}

/// A package whose key in trigger ids is this one.
fn parcel(draft: &Draft, key: &str, thing: &Thing) -> Option<Parcel> {
    if thing.text(CLASS) == Some("os") {
        draft.distro.as_ref()?;
        return Some(Parcel::new(Kind::Os, key, "1.0.0-1"));
    }
    let asked = thing.matches.iter().any(|(dim, _, wanted)| *dim == PATH.name && *wanted);
    let usual = Parcel::new(Kind::Named("npm".to_owned()), key, "1.0.0");
    if !asked && thing.fitting(PATH, [usual.path.clone()]).is_some() && !key.contains('/') {
        return Some(usual);
    }
    // Another path makes the key of name and version.
    let (name, version) = match key.rsplit_once('-') {
        _ if draft.kind != crate::trigger::ArtifactType::Image => (key, "1.0.0"),
        Some((name, version)) if !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()) => {
            (name, version)
        }
        _ if thing.id.is_none() => (key, "1.0.0"),
        _ => return None,
    };
    let mut candidates = thing.samples(PATH);
    candidates.retain(|path| path.starts_with('/'));
    candidates.extend(["/app/x", "/srv/lib/y.z", "/e"].map(str::to_owned));
    let mut parcel = Parcel::new(Kind::Named("python".to_owned()), name, version);
    parcel.path = thing.fitting(PATH, candidates)?;
    Some(parcel)
}

fn weakness(id: &str, thing: &Thing) -> Option<Weakness> {
    let mut weakness = Weakness::new(id);
    if let Some(word) = thing.text(SEVERITY) {
        weakness.severity = Severity::parse(word)?;
    }
    weakness.repair = repair(thing)?;
    if thing.text(DENIED) == Some("yes") || thing.value(CVSS_V4).is_some_and(|wanted| !wanted.means(-1.0)) {
        // Neither VEX statements nor scores of CVSS 4 are made.
        return None;
    }
    weakness.exploited = thing.text(EXPLOITED) == Some("yes");
    weakness.inherited = match thing.text(INHERITED) {
        Some("unknown") => return None,
        word => word == Some("yes"),
    };
    weakness.seen = match thing.whole(SEEN_AGE) {
        Some(days) if days < -1000 => return None,
        days => days,
    };
    let [base, exploitability, impact, vendor_base, vendor_exploitability, vendor_impact] =
        SCORES.map(|dim| thing.value(dim));
    weakness.nvd = Wanted { base, exploitability, impact }.found().ok()?;
    let vendor = Wanted { base: vendor_base, exploitability: vendor_exploitability, impact: vendor_impact };
    weakness.vendor = vendor.found().ok()?;
    weakness.epss = epss(thing).ok()?;
    Some(weakness)
}

/// What is said of the fix; `None` for what data does not say together.
fn repair(thing: &Thing) -> Option<Repair> {
    let age = thing.whole(FIX_AGE).filter(|days| *days < 4_000_000);
    match (thing.text(STATE), thing.text(FIXABLE)) {
        (Some("fixed") | None, Some("yes")) | (Some("fixed"), None) => Some(Repair::Fixed(age)),
        (Some("not-fixed") | None, Some("no") | None) => Some(Repair::Open),
        (Some("wont-fix"), Some("no") | None) => Some(Repair::Never),
        (Some("unknown"), Some("no") | None) => Some(Repair::Unknown),
        _ => None,
    }
}

/// An exploit prediction that fits; `None`: that there is none.
fn epss(thing: &Thing) -> Result<Option<(f64, f64)>, Unfit> {
    let (score, percentile) = (thing.value(EPSS_SCORE), thing.value(EPSS_PERCENTILE));
    let fits = |wanted: Option<&Value>, number: f64| wanted.is_none_or(|wanted| wanted.means(number));
    if fits(score, -1.0) && fits(percentile, -1.0) {
        return Ok(None);
    }
    let pick = |wanted: Option<&Value>| -> Result<f64, Unfit> {
        let candidates = match wanted {
            Some(Value::Number(number)) => vec![*number],
            Some(Value::Between(low, high)) => vec![f64::midpoint(low.max(0.0), high.min(1.0)), 0.0, 1.0],
            _ => vec![0.5],
        };
        candidates.into_iter().find(|number| (0.0..=1.0).contains(number) && fits(wanted, *number)).ok_or(Unfit)
    };
    Ok(Some((pick(score)?, pick(percentile)?)))
}
