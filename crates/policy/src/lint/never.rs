//! Conditions that are never true, and comparisons of words that have no order.

use super::parameters::severities;
use super::scope::{RuleAt, Scope, Setting, Told};
use super::{LintInfo, LintSeverity, LintSubject};
use crate::trigger::types::{Comparison, Number};

pub(super) static RULE_NEVER_FIRES: LintInfo = LintInfo {
    code: "rule-never-fires",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "The conditions of a rule are never true.",
    why: "Whatever is checked, the rule finds nothing: a severity above critical, a score above the highest one, an \
          operator without the value that it needs, a file of which no attribute is asked and that may be missing.",
    bad: &["rule stop files.attribute_match filename=/etc/passwd"],
    good: &["rule stop files.attribute_match filename=/etc/passwd; skip_missing=false"],
    check: never_fires,
};

fn never_fires(scope: &Scope<'_>, told: &mut Told<'_>) {
    for at in scope.rules() {
        if let Some((param, because)) = why_never(&at) {
            told.tell(at.param_pointer(param), format!("{} never fires: {because}", at.name()), "");
        }
    }
}

fn why_never(at: &RuleAt<'_>) -> Option<(&'static str, String)> {
    let given = |name: &str| at.setting(name).is_given();
    match (at.rule.gate.as_str(), at.rule.trigger.as_str()) {
        ("vulnerabilities", "package") => {
            if severities(at).is_some_and(|severities| severities.is_empty()) {
                return Some(("severity", "no severity meets the comparison".to_owned()));
            }
            SCORES.iter().find_map(|score| impossible(at, score))
        }
        ("files", "attribute_match") => {
            let asks = given("checksum") || given("mode");
            let accepts_missing = at.setting("skip_missing").read::<bool>() == Some(true);
            let because = "it asks for no attribute, and accepts that the file is missing (`skip_missing`)";
            (!asks && accepts_missing).then(|| ("filename", because.to_owned()))
        }
        ("files", "content_regex_match") => {
            let because = "`*` is the name of no search; leave `regex_name` out to mean all of them";
            (at.setting("regex_name").text() == Some("*")).then(|| ("regex_name", because.to_owned()))
        }
        ("dockerfile", "instruction") | ("metadata", "attribute") => {
            let check = at.setting("check").text()?;
            let without = at.setting("value") == Setting::Absent && !matches!(check, "exists" | "not_exists");
            without.then(|| ("check", format!("`{check}` needs a `value`")))
        }
        _ => None,
    }
}

/// Scores with their greatest value; a vulnerability without one counts as -1.
const SCORES: [(&str, &str, f64); 10] = [
    ("cvss_v3_base_score", "cvss_v3_base_score_comparison", 10.0),
    ("cvss_v3_exploitability_score", "cvss_v3_exploitability_score_comparison", 10.0),
    ("cvss_v3_impact_score", "cvss_v3_impact_score_comparison", 10.0),
    ("vendor_cvss_v3_base_score", "vendor_cvss_v3_base_score_comparison", 10.0),
    ("vendor_cvss_v3_exploitability_score", "vendor_cvss_v3_exploitability_score_comparison", 10.0),
    ("vendor_cvss_v3_impact_score", "vendor_cvss_v3_impact_score_comparison", 10.0),
    ("cvss_v4_base_score", "cvss_v4_base_score_comparison", 10.0),
    ("vendor_cvss_v4_base_score", "vendor_cvss_v4_base_score_comparison", 10.0),
    ("epss_score", "epss_score_comparison", 100.0),
    ("epss_percentile", "epss_percentile_comparison", 100.0),
];

fn impossible(
    at: &RuleAt<'_>,
    (score, comparison, most): &(&'static str, &str, f64),
) -> Option<(&'static str, String)> {
    let given = at.setting(score).read::<Number>()?.0;
    let comparison = at.setting(comparison).read::<Comparison>()?;
    let possible = match comparison {
        Comparison::Equal => (-1.0..=*most).contains(&given),
        Comparison::NotEqual => true,
        Comparison::Less => given > -1.0,
        Comparison::AtMost => given >= -1.0,
        Comparison::Greater => given < *most,
        Comparison::AtLeast => given <= *most,
    };
    (!possible).then(|| (*score, format!("no `{score}` is {} {given}", comparison.word())))
}

pub(super) static WORDS_COMPARED: LintInfo = LintInfo {
    code: "words-compared",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "A rule asks whether a word is greater or smaller than another.",
    why: "Names of operating systems, architectures and distributions have no order: they are compared letter by \
          letter, so `os_type > 31` is always true and `distro < debian` means the alphabet. Use `=`, `in` or `like`; \
          for versions, the attribute `distro_version`.",
    bad: &["rule stop metadata.attribute attribute=os_type; check=>; value=31"],
    good: &["rule stop metadata.attribute attribute=os_type; check=!=; value=linux"],
    check: |scope, told| {
        for at in scope.rules_with("metadata", "attribute") {
            let is_word =
                matches!(at.setting("attribute").text(), Some("os_type" | "architecture" | "distro" | "like_distro"));
            if let (true, Some(check @ ("<" | ">" | "<=" | ">="))) = (is_word, at.setting("check").text()) {
                let attribute = at.setting("attribute").text().unwrap_or_default();
                let message = format!("{}: `{attribute}` has no order, so `{check}` compares letters", at.name());
                told.tell(at.param_pointer("check"), message, "use `=`, `!=`, `in` or `like`");
            }
        }
    },
};
