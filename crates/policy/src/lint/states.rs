//! Rules that do not run, or will not for long: broken expressions, deprecated and ended triggers.

use super::{LintInfo, LintSeverity, LintSubject};
use crate::document::error::child;
use crate::document::policy::Bound;
use crate::trigger::State;

pub(super) static EXPRESSION_BROKEN: LintInfo = LintInfo {
    code: "expression-broken",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "An expression of a rule does not compile.",
    why: "As in Anchore the policy loads. The rule cannot run, and then counts as its own action: a STOP rule stops \
          everything that it is mapped to.",
    bad: &["rule stop files.name_match regex=*.pem"],
    good: &["rule stop files.name_match regex=.*\\.pem"],
    check: |scope, told| {
        for at in scope.rules() {
            for fault in at.rule.trigger().map(crate::BoundTrigger::faults).unwrap_or_default() {
                let param = at.rule.params.iter().find(|param| !param.value.is_empty() && fault.contains(&param.value));
                let place = param.map_or_else(|| child(&at.pointer(), "params"), |param| at.param_pointer(&param.name));
                told.tell(place, format!("{}: {fault}", at.name()), "");
            }
        }
    },
};

pub(super) static DEPRECATED: LintInfo = LintInfo {
    code: "deprecated",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "A rule uses a deprecated trigger.",
    why: "It works, and something better exists.",
    bad: &["rule warn npms.blacklisted_name_version name=left-pad"],
    good: &["rule warn packages.denylist name=left-pad"],
    check: |scope, told| {
        for at in scope.rules() {
            if let Bound::Runs { info, .. } = &at.rule.bound
                && info.state == State::Deprecated
            {
                let message = format!("{}: `{}.{}` is deprecated", at.name(), info.gate, info.name);
                let help = info.superseded_by.map_or(String::new(), |name| format!("use `{name}` instead"));
                told.tell(child(&at.pointer(), "trigger"), message, &help);
            }
        }
    },
};

pub(super) static END_OF_LIFE: LintInfo = LintInfo {
    code: "end-of-life",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "A rule names a gate at the end of its life.",
    why: "Old policies still load with it. The rule is not run.",
    bad: &["rule stop dockerfilecheck.nohealthcheck"],
    good: &["rule stop dockerfile.instruction instruction=HEALTHCHECK; check=not_exists"],
    check: |scope, told| {
        for at in scope.rules() {
            if let Bound::EndOfLife { superseded_by } = &at.rule.bound {
                let message = format!(
                    "{}: `{}.{}` is at the end of its life and is not run",
                    at.name(),
                    at.rule.gate,
                    at.rule.trigger
                );
                let help = superseded_by.map_or(String::new(), |name| format!("use gate `{name}` instead"));
                told.tell(child(&at.pointer(), "gate"), message, &help);
            }
        }
    },
};
