//! What is known of each trigger: its rules as clauses that can be compared, and how to build what they ask about.
//!
//! One row per trigger. A trigger without a row, or with a parameter that its row does not name, is not known: its
//! rule is implied by an equal rule alone, and its things cannot be built. A row must follow its trigger: clauses
//! hold exactly when the trigger fires, for artifacts with every input and for those without.

#![expect(clippy::unnecessary_wraps, reason = "a row of the table may not understand its rule")]

mod absences;
mod accounts;
mod attributes;
mod contents;
mod dockerfile;
mod files;
mod image;
mod packages;
mod vulnerabilities;

use std::rc::Rc;

pub(super) use vulnerabilities::{MATCH, USUAL as USUAL_MATCH};

use super::clause::{Clause, Form, Ids, Subject};
use super::given::Given;
use crate::document::policy::{Bound, Rule};
use crate::regexes::PythonRegex;

/// What is known of a trigger.
pub(super) struct Knowledge {
    pub(super) gate: &'static str,
    pub(super) trigger: &'static str,
    /// The parameters that the row understands.
    pub(super) params: &'static [&'static str],
    /// The rule as clauses, of which any makes it fire; none: it never fires. `None`: these parameters are not
    /// understood.
    pub(super) meaning: fn(&Given<'_>) -> Option<Vec<Clause>>,
    /// Whether the second rule fires whenever the first does, where clauses cannot tell.
    pub(super) implies: Option<fn(&Given<'_>, &Given<'_>) -> bool>,
}

/// A row whose clauses tell all.
const fn row(
    gate: &'static str,
    trigger: &'static str,
    params: &'static [&'static str],
    meaning: fn(&Given<'_>) -> Option<Vec<Clause>>,
) -> Knowledge {
    Knowledge { gate, trigger, params, meaning, implies: None }
}

static TABLE: &[Knowledge] = &[
    row("always", "always", &[], always),
    row("ancestry", "no_ancestors_analyzed", &[], absences::no_ancestors),
    row("malware", "scan_not_run", &[], absences::no_malware_scan),
    row("stig", "no_stig_evaluations_available", &[], absences::no_stig),
    row("distro", "deny", &["distro", "version", "check"], attributes::distro),
    row("metadata", "attribute", &["attribute", "check", "value"], attributes::attribute),
    row("image_config", "label", &["required"], image::label),
    row("image_config", "user", &["check"], image::user),
    row("dockerfile", "effective_user", &["users", "type"], image::effective_user),
    row("dockerfile", "exposed_ports", &["ports", "type", "actual_dockerfile_only"], dockerfile::ports),
    row(
        "dockerfile",
        "instruction",
        &["instruction", "check", "value", "actual_dockerfile_only"],
        dockerfile::instruction,
    ),
    row("dockerfile", "no_dockerfile_provided", &[], dockerfile::not_provided),
    row("files", "name_match", &["regex"], files::name_match),
    row("files", "suid_or_guid_set", &[], files::set_id),
    row(
        "files",
        "attribute_match",
        &["filename", "checksum_algorithm", "checksum", "checksum_match", "mode", "mode_op", "skip_missing"],
        files::attribute,
    ),
    row("licenses", "denylist_exact_match", &["licenses", "package_type"], packages::exact_license),
    row("licenses", "denylist_partial_match", &["licenses", "package_type"], packages::partial_license),
    row("packages", "denylist", &["name", "version"], packages::denied),
    row("npms", "blacklisted_name_version", &["name", "version"], packages::denied_npm),
    row("ruby_gems", "blacklist", &["name", "version"], packages::denied_gem),
    Knowledge {
        implies: Some(packages::requires_more),
        ..row("packages", "required_package", &["name", "version", "version_match_type"], packages::required)
    },
    row("passwd_file", "content_not_available", &[], contents::no_passwd),
    row("passwd_file", "denylist_usernames", &["user_names"], accounts::names),
    row("passwd_file", "denylist_userids", &["user_ids"], accounts::user_ids),
    row("passwd_file", "denylist_groupids", &["group_ids"], accounts::group_ids),
    row("passwd_file", "denylist_shells", &["shells"], accounts::shells),
    row("passwd_file", "denylist_full_entry", &["entry"], accounts::entries),
    row("retrieved_files", "content_not_available", &["path"], contents::not_available),
    row("retrieved_files", "content_regex", &["path", "regex", "check"], contents::regex),
    row(
        "secret_scans",
        "content_regex_checks",
        &["content_regex_name", "filename_regex", "match_type"],
        contents::secrets,
    ),
    row("vulnerabilities", "package", vulnerabilities::PARAMS, vulnerabilities::package),
    row("vulnerabilities", "kev_list", &["vex"], vulnerabilities::exploited),
    row("vulnerabilities", "denylist", &["vulnerability_ids", "vendor_only", "vex"], vulnerabilities::denied),
    row("vulnerabilities", "stale_feed_data", &["max_days_since_sync"], vulnerabilities::stale),
    row("vulnerabilities", "vulnerability_data_unavailable", &[], vulnerabilities::no_data),
];

/// What a rule says.
pub(super) enum Meaning {
    /// It never fires.
    Never,
    /// It cannot run, which counts as its own action for every artifact.
    Breaks,
    /// It fires when one of these does.
    Fires(Vec<Clause>),
}

/// What a rule says.
pub(super) fn meaning(rule: &Rule) -> Meaning {
    let Bound::Runs { trigger, .. } = &rule.bound else { return Meaning::Never };
    if !trigger.faults().is_empty() {
        return Meaning::Breaks;
    }
    let Some(given) = Given::of(rule) else { return Meaning::Fires(vec![opaque(rule)]) };
    let known = find(rule).filter(|row| given.has_only(row.params)).and_then(|row| (row.meaning)(&given));
    match known {
        Some(clauses) if clauses.is_empty() => Meaning::Never,
        Some(clauses) => Meaning::Fires(clauses),
        None => Meaning::Fires(vec![opaque(rule)]),
    }
}

/// Whether the second rule fires whenever the first does, beyond what their clauses tell.
pub(super) fn implies(old: &Rule, new: &Rule) -> bool {
    if (&old.gate, &old.trigger) != (&new.gate, &new.trigger) {
        return false;
    }
    let Some(row) = find(old) else { return false };
    let (Some(implies), Some(old), Some(new)) = (row.implies, Given::of(old), Given::of(new)) else { return false };
    old.has_only(row.params) && implies(&old, &new)
}

/// Whether rules of a trigger may imply each other beyond what their clauses tell.
pub(super) fn has_implication(gate: &str, trigger: &str) -> bool {
    TABLE.iter().any(|row| row.gate == gate && row.trigger == trigger && row.implies.is_some())
}

fn find(rule: &Rule) -> Option<&'static Knowledge> {
    TABLE.iter().find(|row| row.gate == rule.gate && row.trigger == rule.trigger)
}

/// A clause that only the clause of an equal rule implies.
pub(super) fn opaque(rule: &Rule) -> Clause {
    let text = Given::of(rule).map_or_else(|| rule.id.clone(), |given| given.canonical());
    // Ids of some triggers contain the rule's own id.
    let ids = match &rule.bound {
        Bound::Runs { info, .. } if !info.trigger_id.contains("rule") => text.clone(),
        _ => format!("{text} of {}", rule.id),
    };
    Clause::some(Subject::many(UNKNOWN, "", |_, _, _| false)).ids(ids, Form::Any).breakable(text)
}

/// The subject of clauses of rules of which nothing is known.
pub(super) const UNKNOWN: &str = "rule";

/// The subject of clauses that hold for every artifact.
pub(super) const EVERYTHING: &str = "everything";

fn always(_: &Given<'_>) -> Option<Vec<Clause>> {
    let clause = Clause::some(Subject::certain(EVERYTHING, "", |_, _, _| true));
    Some(vec![Clause { ids: Ids::Fixed, ..clause }])
}

/// An expression of a rule; one that does not compile breaks its rule before anything is compared.
fn compiled(text: &str) -> Option<Rc<PythonRegex>> {
    PythonRegex::new(text).ok().map(Rc::new)
}

/// Whether an expression matches every text: anchored at the start and open at the end, these match the empty beginning.
fn matches_all(regex: &PythonRegex) -> bool {
    matches!(regex.as_str(), "" | "^" | ".*" | "^.*" | ".*?" | "(?s).*")
}

#[cfg(test)]
mod tests {
    use super::TABLE;
    use crate::registry::{Lookup, find};

    #[test]
    fn rows_are_about_triggers_that_run_and_know_all_their_parameters() {
        for row in TABLE {
            let Lookup::Found(found) = find(row.gate, row.trigger) else {
                panic!("there is no trigger `{}.{}`", row.gate, row.trigger)
            };
            for spec in found.params() {
                assert!(row.params.contains(&spec.name), "{}.{} has `{}`", row.gate, row.trigger, spec.name);
            }
        }
    }
}
