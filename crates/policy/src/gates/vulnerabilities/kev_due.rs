//! `vulnerabilities` / `kev_due`: the date by which CISA wants a known exploited vulnerability remedied has passed.
//!
//! The date is the catalogue's own and never computed. A listed vulnerability whose date is not known counts as overdue.

use stopgate_model::{Condition, DueDate, Kev};

use super::due::{self, End};
use super::finding;
use crate::engine::MatchView;
use crate::engine::scene::Occurrence;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{ANY, Admission, Hit, MatchTrigger, Need, RemovedByVex, Trigger, TriggerInfo};

pub(crate) struct KevDue;

params! {
    pub(crate) struct KevDueParams {
        /// Days before the date from which on the vulnerability is reported; until it has passed, as a warning at most.
        #[example = "7"]
        #[default = "0"]
        days_before_due: u32,
    }
}

impl Trigger for KevDue {
    type Params = KevDueParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Vulnerabilities],
        artifact_types: ANY,
        trigger_id: "<vulnerability>+<package>",
        ..TriggerInfo::new(
            "vulnerabilities",
            "kev_due",
            "The date by which a known exploited vulnerability had to be remedied has passed.",
        )
    };
}

/// The entry that is due first, with its date; one whose date is not known comes last.
fn first_due<'a>(view: &MatchView<'a>) -> Option<(&'a Kev, Option<End>)> {
    let record: &'a _ = &view.matched.vulnerability;
    let entries = record.kev.iter().map(|kev| (kev, End::of_date(&kev.due_date)));
    entries.min_by_key(|(_, end)| end.as_ref().map_or((true, None), |end| (false, Some(end.at))))
}

impl MatchTrigger for KevDue {
    fn decide(_: &KevDueParams, view: &MatchView<'_>) -> Result<Option<Hit>, Fault> {
        Ok(first_due(view).map(|_| finding::hit(view)))
    }

    fn vex(_: &KevDueParams) -> RemovedByVex {
        RemovedByVex::Accepted
    }

    fn admits(params: &KevDueParams, occurrence: &Occurrence<'_, '_>) -> Result<Admission, Fault> {
        let now = occurrence.scene.context.now;
        Ok(match first_due(occurrence.view) {
            None => Admission::No,
            Some((_, None)) => Admission::Yes,
            Some((_, Some(end))) => due::admission(&end, params.days_before_due, now),
        })
    }

    fn placed(_: &KevDueParams, hit: Hit, occurrence: &Occurrence<'_, '_>) -> Hit {
        let Some((kev, end)) = first_due(occurrence.view) else { return hit };
        let data = occurrence.scene.context.matches.map_or("", |report| report.data.built.as_str());
        let due = DueDate {
            clock: "kev".to_owned(),
            row: vec![("required_action".to_owned(), kev.required_action.clone())],
            assumed: Vec::new(),
            start: Some(kev.date_added.clone()),
            start_basis: "kev_date_added".to_owned(),
            hours: None,
            overdue: end.as_ref().is_none_or(|end| occurrence.scene.context.now >= end.at),
            due_at: end.map(|end| end.shown),
            force: "must".to_owned(),
            triage: None,
            source: format!("CISA KEV, vulnerability data of {data}"),
        };
        let action = if kev.required_action.is_empty() { String::new() } else { format!(" ({})", kev.required_action) };
        due::dated(hit, due, &format!("known to be exploited{action}"))
    }

    fn refusals(params: &KevDueParams, occurrence: &Occurrence<'_, '_>) -> Vec<Condition> {
        let unmet = |condition: &str, actual: String| vec![Condition { condition: condition.to_owned(), actual }];
        match (first_due(occurrence.view), Self::admits(params, occurrence)) {
            (None, _) => unmet("known to be exploited", "not listed".to_owned()),
            (Some((kev, _)), Ok(Admission::From(_))) => unmet("CISA's date has come", format!("due {}", kev.due_date)),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Evidence, Kev, PackageType, Severity};

    use crate::tests::{Case, check, document, edit, ids, image, policy};

    fn listed(due: &[&str]) -> Case {
        let entry = |due: &&str| Kev {
            date_added: "2026-05-01".to_owned(),
            due_date: (*due).to_owned(),
            required_action: "Apply the update.".to_owned(),
            ..Kev::default()
        };
        let entries = due.iter().map(entry).collect();
        image().package(PackageType::DEB, "openssl", "3", "").vuln("CVE-2024-1", Severity::Low, |matched| {
            edit(matched, |record| record.kev = entries);
        })
    }

    const RULE: &str = "stop vulnerabilities.kev_due";

    #[test]
    fn fires() {
        let overdue = listed(&["2026-05-31"]);
        assert_eq!(ids(&overdue, RULE), ["CVE-2024-1+openssl"]);
        let line = check(&overdue, RULE).swap_remove(0);
        assert!(line.starts_with("stop ") && line.contains("(Apply the update.): due 2026-05-31, which has"), "{line}");
        let finding = overdue.evaluate(&policy(&document(&[RULE]))).findings.swap_remove(0);
        let Some(Evidence::Due(due)) = finding.evidence.last() else { panic!("{finding:?}") };
        assert_eq!((due.clock.as_str(), due.overdue, due.due_at.as_deref()), ("kev", true, Some("2026-05-31")));
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&listed(&[]), RULE), ["pass"]);
        assert_eq!(check(&listed(&["2026-07-01"]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        let today = listed(&["2026-06-01"]);
        assert_eq!(check(&today, RULE), ["pass"], "a date lasts to the end of its day");
        let soon = check(&today, "stop vulnerabilities.kev_due days_before_due=1");
        assert!(soon[0].starts_with("warn ") && soon[1] == "pass", "a warning before the date: {soon:?}");
        let evaluation = today.evaluate(&policy(&document(&["stop vulnerabilities.kev_due days_before_due=9"])));
        assert_eq!(evaluation.valid_until.as_deref(), Some("2026-06-02T00:00:00Z"));
        assert_eq!(ids(&listed(&["2026-07-01", "2026-05-31"]), RULE).len(), 1, "the first of several dates");
    }

    #[test]
    fn data_missing() {
        let undated = check(&listed(&[""]), RULE);
        assert!(undated[0].ends_with("not known, which counts as passed") && undated[1] == "stop", "{undated:?}");
        let mut none = listed(&[]);
        none.report = None;
        assert_eq!(check(&none, RULE).last().unwrap(), "undecided");
    }
}
