//! Results of InSpec profiles in the Heimdall Data Format (`exec-json`), as `POST /images/DIGEST/stig` takes them.
//!
//! Each profile is an evaluation. A control has the status of its worst test: failed, error, not reviewed, passed. As in
//! Heimdall a control with impact 0 and one that a waiver skipped do not apply, unless a test ended in an error. The
//! controls of an overlay have no results of their own: those of the profile below it count.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{StigControl, StigEvaluation, StigStatus};

use crate::FormatError;
use crate::strict::{Elements, Strict};

const HDF: Strict = Strict { format: "HDF" };

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    profiles: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct RawProfile<'a> {
    name: String,
    parent_profile: Option<String>,
    status: Option<String>,
    #[serde(borrow)]
    controls: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct RawControl<'a> {
    id: String,
    title: Option<String>,
    impact: f64,
    #[serde(borrow)]
    results: Option<Elements<'a>>,
    #[serde(borrow)]
    waiver_data: Option<Waiver<'a>>,
}

#[derive(Deserialize)]
struct Waiver<'a> {
    #[serde(borrow)]
    skipped_due_to_waiver: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawResult<'a> {
    status: Option<String>,
    start_time: Option<String>,
    #[serde(borrow)]
    backtrace: Option<&'a RawValue>,
}

/// A profile with what its controls' tests say.
struct Profile {
    name: String,
    /// The overlay that builds on it.
    parent: String,
    controls: Vec<Control>,
}

struct Control {
    id: String,
    title: String,
    impact: f64,
    waived: bool,
    tests: Tests,
}

/// The tests of a control, together.
#[derive(Clone, Copy, Default)]
struct Tests {
    /// The worst status; `None` without any result.
    worst: Option<Worst>,
    any_error: bool,
    newest: Option<Timestamp>,
}

/// Ordered from the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worst {
    NotApplicable,
    Passed,
    NotReviewed,
    Error,
    Failed,
}

/// Reads the evaluations of a document.
pub fn read(bytes: &[u8]) -> Result<Vec<StigEvaluation>, FormatError> {
    let document: Document<'_> = HDF.document(HDF.text(bytes)?)?;
    if document.profiles.is_none() {
        return Err(HDF.invalid("it has no `profiles`: expected the result of a run, `exec-json`"));
    }
    let profiles = HDF.objects(("profile", "profiles"), document.profiles, profile)?;
    let profiles: Vec<Profile> = profiles.into_iter().flatten().collect();
    if profiles.is_empty() {
        return Err(HDF.invalid("no profile of it was run"));
    }
    let mut below: HashMap<(&str, &str), Tests> = HashMap::new();
    for profile in profiles.iter().filter(|profile| !profile.parent.is_empty()) {
        for control in &profile.controls {
            below.entry((&profile.parent, &control.id)).or_default().add(control.tests);
        }
    }
    let evaluations: Vec<StigEvaluation> = profiles.iter().map(|profile| evaluation(profile, &below)).collect();
    Ok(evaluations)
}

/// A profile; `None` when it was skipped or could not be loaded.
fn profile(raw: RawProfile<'_>) -> Result<Option<Profile>, FormatError> {
    let controls = HDF.objects(("control", "controls"), raw.controls, control)?;
    let not_run = raw.status.is_some_and(|status| matches!(status.as_str(), "skipped" | "failed"));
    if not_run && controls.is_empty() {
        return Ok(None);
    }
    Ok(Some(Profile { name: raw.name, parent: raw.parent_profile.unwrap_or_default(), controls }))
}

fn control(raw: RawControl<'_>) -> Result<Control, FormatError> {
    if !(0.0..=1.0).contains(&raw.impact) {
        return Err(HDF.invalid(format!("the impact of control `{}` is {}: expected 0 to 1", raw.id, raw.impact)));
    }
    let mut tests = Tests::default();
    HDF.objects(("result", "results"), raw.results, |result: RawResult<'_>| {
        tests.add(one_test(&raw.id, &result)?);
        Ok(())
    })?;
    // InSpec writes a boolean, other programs a text.
    let skipped = raw.waiver_data.and_then(|waiver| waiver.skipped_due_to_waiver);
    let waived = skipped.is_some_and(|said| !matches!(said.get(), "null" | "false" | "\"\"" | "\"false\""));
    Ok(Control { title: raw.title.unwrap_or_default(), impact: raw.impact, waived, tests, id: raw.id })
}

fn one_test(control: &str, result: &RawResult<'_>) -> Result<Tests, FormatError> {
    let failed_to_run = result.backtrace.is_some_and(|trace| trace.get() != "null");
    let worst = match result.status.as_deref() {
        _ if failed_to_run => Worst::Error,
        Some("passed") => Worst::Passed,
        Some("failed") => Worst::Failed,
        Some("error") => Worst::Error,
        Some("not_applicable") => Worst::NotApplicable,
        Some("skipped" | "pending") | None => Worst::NotReviewed,
        Some(other) => {
            let shown: String = other.chars().take(100).collect();
            let reason = format!(
                "a result of control `{control}` is `{shown}`: expected `passed`, `failed`, `skipped` or `error`"
            );
            return Err(HDF.invalid(reason));
        }
    };
    let newest = result.start_time.as_deref().and_then(time);
    Ok(Tests { worst: Some(worst), any_error: worst == Worst::Error, newest })
}

/// RFC 3339, or as Ruby shows a time: `2026-01-02 03:04:05 +0000`. Any other text tells no time.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text)).ok()
}

impl Tests {
    fn add(&mut self, other: Self) {
        self.worst = self.worst.max(other.worst);
        self.any_error |= other.any_error;
        self.newest = self.newest.max(other.newest);
    }
}

fn evaluation(profile: &Profile, below: &HashMap<(&str, &str), Tests>) -> StigEvaluation {
    let mut newest = None;
    let mut controls = Vec::with_capacity(profile.controls.len());
    for control in &profile.controls {
        let mut tests = control.tests;
        if tests.worst.is_none() {
            tests.add(below.get(&(profile.name.as_str(), control.id.as_str())).copied().unwrap_or_default());
        }
        newest = newest.max(tests.newest);
        controls.push(StigControl {
            id: control.id.clone(),
            title: control.title.clone(),
            impact: control.impact,
            status: status(control, tests),
        });
    }
    StigEvaluation {
        profile: profile.name.clone(),
        evaluated_at: newest.map(|time| time.to_string()).unwrap_or_default(),
        controls,
    }
}

fn status(control: &Control, tests: Tests) -> StigStatus {
    if (control.waived || control.impact <= 0.0) && !tests.any_error {
        return StigStatus::NotApplicable;
    }
    match tests.worst {
        Some(Worst::Failed) => StigStatus::Failed,
        Some(Worst::Error) => StigStatus::Error,
        Some(Worst::Passed) => StigStatus::Passed,
        Some(Worst::NotApplicable) => StigStatus::NotApplicable,
        Some(Worst::NotReviewed) | None => StigStatus::NotReviewed,
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::StigStatus;

    use super::read;

    fn document(controls: &str) -> String {
        format!(
            r#"{{"platform": {{"name": "redhat", "release": "9"}}, "version": "5.22", "statistics": {{}},
            "profiles": [{{"name": "rhel-9-stig", "sha256": "", "supports": [], "attributes": [], "groups": [],
            "controls": [{controls}]}}]}}"#
        )
    }

    fn status_of(control: &str) -> StigStatus {
        let evaluations = read(document(control).as_bytes()).unwrap();
        evaluations[0].controls[0].status
    }

    #[test]
    fn the_worst_test_is_the_control_s_status() {
        let cases: &[(&[&str], StigStatus)] = &[
            (&["passed", "passed"], StigStatus::Passed),
            (&["passed", "failed", "skipped"], StigStatus::Failed),
            (&["error", "failed"], StigStatus::Failed),
            (&["passed", "error"], StigStatus::Error),
            (&["passed", "skipped"], StigStatus::NotReviewed),
            (&["passed", "not_applicable"], StigStatus::Passed),
            (&["not_applicable"], StigStatus::NotApplicable),
            (&[], StigStatus::NotReviewed),
        ];
        for (results, expected) in cases {
            let results: Vec<String> = results.iter().map(|status| format!(r#"{{"status": "{status}"}}"#)).collect();
            let control = format!(r#"{{"id": "SV-1", "impact": 0.5, "results": [{}]}}"#, results.join(","));
            assert_eq!(status_of(&control), *expected, "{control}");
        }
    }

    #[test]
    fn what_does_not_apply_and_what_could_not_be_run() {
        let cases = [
            (r#""impact": 0, "results": [{"status": "failed"}]"#, StigStatus::NotApplicable),
            (r#""impact": 0.0, "results": [{"status": "error"}]"#, StigStatus::Error),
            (
                r#""impact": 0.5, "waiver_data": {"skipped_due_to_waiver": true}, "results": [{"status": "skipped"}]"#,
                StigStatus::NotApplicable,
            ),
            (r#""impact": 0.5, "waiver_data": {"skipped_due_to_waiver": "until May"}"#, StigStatus::NotApplicable),
            (
                r#""impact": 0.5, "waiver_data": {"skipped_due_to_waiver": false}, "results": [{"status": "failed"}]"#,
                StigStatus::Failed,
            ),
            (r#""impact": 0.5, "waiver_data": {}, "results": [{"status": "passed"}]"#, StigStatus::Passed),
            (r#""impact": 0.5, "results": [{"status": "passed", "backtrace": ["a.rb:1"]}]"#, StigStatus::Error),
            (r#""impact": 0.5, "results": [{"code_desc": "x", "backtrace": null}]"#, StigStatus::NotReviewed),
        ];
        for (control, expected) in cases {
            assert_eq!(status_of(&format!(r#"{{"id": "SV-1", {control}}}"#)), expected, "{control}");
        }
    }

    #[test]
    fn an_evaluation_has_its_profile_its_time_and_its_controls() {
        let text = document(
            r#"{"id": "SV-257777", "title": "a vendor release", "impact": 0.7, "results": [
                {"status": "passed", "start_time": "2026-01-02T03:04:05+02:00"},
                {"status": "passed", "start_time": "2026-01-02 03:04:05 +0000"},
                {"status": "passed", "start_time": "soon"}]}"#,
        );
        let evaluations = read(text.as_bytes()).unwrap();
        assert_eq!(evaluations.len(), 1);
        assert_eq!(evaluations[0].profile, "rhel-9-stig");
        assert_eq!(evaluations[0].evaluated_at, "2026-01-02T03:04:05Z");
        let control = &evaluations[0].controls[0];
        assert_eq!((control.id.as_str(), control.title.as_str()), ("SV-257777", "a vendor release"));
        assert!((control.impact - 0.7).abs() < 1e-9);
        let never = read(document(r#"{"id": "a", "impact": 1}"#).as_bytes()).unwrap();
        assert_eq!(never[0].evaluated_at, "");
    }

    #[test]
    fn an_overlay_has_the_results_of_the_profile_below_it() {
        let text = r#"{"profiles": [
            {"name": "overlay", "controls": [{"id": "a", "impact": 0.9, "results": []}, {"id": "b", "impact": 0.5}]},
            {"name": "base", "parent_profile": "overlay", "controls": [
                {"id": "a", "impact": 0.5, "results": [{"status": "failed", "start_time": "2026-01-02T00:00:00Z"}]}]},
            {"name": "other", "status": "skipped", "controls": []}]}"#;
        let evaluations = read(text.as_bytes()).unwrap();
        let names: Vec<_> = evaluations.iter().map(|one| (one.profile.as_str(), one.evaluated_at.as_str())).collect();
        assert_eq!(names, [("overlay", "2026-01-02T00:00:00Z"), ("base", "2026-01-02T00:00:00Z")]);
        let states: Vec<_> = evaluations[0].controls.iter().map(|control| control.status).collect();
        assert_eq!(states, [StigStatus::Failed, StigStatus::NotReviewed]);
    }

    #[test]
    fn what_is_no_result_of_a_run_is_an_error() {
        let wrong = document(r#"{"id": "a", "impact": 0.5, "results": [{"status": "fine"}]}"#);
        let heavy = document(r#"{"id": "a", "impact": 1.5}"#);
        let cases = [
            ("{}", "it has no `profiles`"),
            (r#"{"profiles": []}"#, "no profile of it was run"),
            (r#"{"profiles": [{"name": "a", "status": "failed"}]}"#, "no profile of it was run"),
            (r#"{"profiles": [{"controls": []}]}"#, "profile 0: missing field `name`"),
            (wrong.as_str(), "is `fine`: expected `passed`"),
            (heavy.as_str(), "is 1.5: expected 0 to 1"),
            ("[]", "expected an object"),
        ];
        for (text, expected) in cases {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
