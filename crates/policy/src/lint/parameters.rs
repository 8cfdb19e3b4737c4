//! Parameters that change nothing, and one whose default surprises.

use stopgate_model::Severity;

use super::scope::{RuleAt, Scope, Told};
use super::{LintInfo, LintSeverity, LintSubject};
use crate::trigger::types::Comparison;

pub(super) static PARAMETER_WITHOUT_EFFECT: LintInfo = LintInfo {
    code: "parameter-without-effect",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "A parameter changes nothing, given the others.",
    why: "The rule does not read it: a number of days since a fix without `fix_available` being true, a value for a \
          check of existence, a comparison without what it compares with. Either it should go, or another parameter \
          is missing.",
    bad: &["rule stop vulnerabilities.package package_type=all; max_days_since_fix=30"],
    good: &["rule stop vulnerabilities.package package_type=all; max_days_since_fix=30; fix_available=true"],
    check: without_effect,
};

fn without_effect(scope: &Scope<'_>, told: &mut Told<'_>) {
    for at in scope.rules() {
        for row in WITHOUT_EFFECT.iter().filter(|row| row.is_about(&at)) {
            if at.setting(row.param).is_given() && (row.when)(&at) {
                tell(&at, row.param, row.because, told);
            }
        }
        for spec in at.specs() {
            if let Some(value) = spec.name.strip_suffix("_comparison")
                && at.specs().iter().any(|spec| spec.name == value && spec.default.is_none())
                && at.setting(spec.name).is_given()
                && !at.setting(value).is_given()
            {
                tell(&at, spec.name, &format!("there is no `{value}` to compare with"), told);
            }
        }
    }
}

fn tell(at: &RuleAt<'_>, param: &str, because: &str, told: &mut Told<'_>) {
    let message = format!("{}: `{param}` has no effect: {because}", at.name());
    told.tell(at.param_pointer(param), message, "");
}

/// A parameter that is not read under a condition.
struct Row {
    gate: &'static str,
    trigger: &'static str,
    param: &'static str,
    when: fn(&RuleAt<'_>) -> bool,
    because: &'static str,
}

impl Row {
    fn is_about(&self, at: &RuleAt<'_>) -> bool {
        at.rule.gate == self.gate && at.rule.trigger == self.trigger
    }
}

const fn row(
    (gate, trigger, param): (&'static str, &'static str, &'static str),
    when: fn(&RuleAt<'_>) -> bool,
    because: &'static str,
) -> Row {
    Row { gate, trigger, param, when, because }
}

const WITHOUT_EFFECT: &[Row] = &[
    row(
        ("vulnerabilities", "package", "max_days_since_fix"),
        |at| {
            matches!(at.setting("fix_available").text(), None | Some("false" | "False"))
                && !is_open(at, "fix_available")
        },
        "it is read only when `fix_available` is true",
    ),
    row(
        ("vulnerabilities", "package", "package_path_exclude"),
        |at| at.setting("package_type").text() == Some("os"),
        "packages of a distribution are not left out by path",
    ),
    row(("dockerfile", "instruction", "value"), checks_existence, "`exists` and `not_exists` compare with nothing"),
    row(("metadata", "attribute", "value"), checks_existence, "`exists` and `not_exists` compare with nothing"),
    row(
        ("packages", "required_package", "version_match_type"),
        |at| !at.setting("version").is_given(),
        "there is no `version` to match",
    ),
    row(("files", "attribute_match", "checksum_match"), without_checksum, "there is no `checksum` to compare with"),
    row(("files", "attribute_match", "checksum_algorithm"), without_checksum, "there is no `checksum` to compare with"),
    row(
        ("files", "attribute_match", "mode_op"),
        |at| !at.setting("mode").is_given(),
        "there is no `mode` to compare with",
    ),
];

fn is_open(at: &RuleAt<'_>, param: &str) -> bool {
    matches!(at.setting(param), super::scope::Setting::Open(_))
}

fn checks_existence(at: &RuleAt<'_>) -> bool {
    matches!(at.setting("check").text(), Some("exists" | "not_exists"))
}

fn without_checksum(at: &RuleAt<'_>) -> bool {
    !at.setting("checksum").is_given()
}

pub(super) static VENDOR_ONLY_DEFAULT: LintInfo = LintInfo {
    code: "vendor-only-default",
    severity: LintSeverity::Note,
    subject: LintSubject::Policy,
    summary: "A rule for critical vulnerabilities leaves out what the vendor will not fix.",
    why: "`vendor_only` is true unless it is given, and then a vulnerability that the distribution marks as one that \
          it will not fix is not found, however severe it is. Write `vendor_only` out: `false` to find those too, \
          `true` to say that this is meant.",
    bad: &["rule stop vulnerabilities.package package_type=all; severity_comparison==; severity=critical"],
    good: &[
        "rule stop vulnerabilities.package package_type=all; severity_comparison==; severity=critical; vendor_only=false",
    ],
    check: |scope, told| {
        for at in scope.rules_with("vulnerabilities", "package").filter(|at| !at.setting("vendor_only").is_given()) {
            let severities = severities(&at).unwrap_or_default();
            // What has a fix is not marked as one that will have none.
            let fixable = at.setting("fix_available").read::<bool>() == Some(true);
            // States of fixes that are asked for by name come before `vendor_only`.
            let by_state = at.setting("fix_state").is_given();
            if severities == [Severity::Critical] && !fixable && !by_state {
                let message = format!("{} leaves out critical vulnerabilities that the vendor will not fix", at.name());
                told.tell(
                    at.param_pointer("severity"),
                    message,
                    "give `vendor_only` as `false`, or as `true` when that is meant",
                );
            }
        }
    },
};

/// The severities that a rule on vulnerabilities finds; `None` when they are not known here.
pub(super) fn severities(at: &RuleAt<'_>) -> Option<Vec<Severity>> {
    let comparison = at.setting("severity_comparison").read::<Comparison>()?;
    let given = at.setting("severity").read::<Severity>()?;
    Some(Severity::ALL.into_iter().filter(|severity| comparison.holds(severity, &given)).collect())
}
