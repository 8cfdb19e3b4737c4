//! `vulnerabilities` / `kev_list`: a vulnerability of CISA's list of known exploited ones affects a package.

use stopgate_model::Condition;

use super::{Vex, finding};
use crate::engine::MatchView;
use crate::engine::scene::Occurrence;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{ANY, Hit, MatchTrigger, Need, RemovedByVex, Trigger, TriggerInfo};

pub(crate) struct KevList;

params! {
    pub(crate) struct KevListParams {
        /// Whether vulnerabilities are left out of which a VEX statement says that they do not affect the artifact.
        #[example = "ignore"]
        #[default = "respect"]
        vex: Vex,
    }
}

impl Trigger for KevList {
    type Params = KevListParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Vulnerabilities],
        artifact_types: ANY,
        trigger_id: "<vulnerability>+<package>",
        ..TriggerInfo::new(
            "vulnerabilities",
            "kev_list",
            "A vulnerability that is known to be exploited affects a package.",
        )
    };
}

impl MatchTrigger for KevList {
    fn refusals(_: &KevListParams, occurrence: &Occurrence<'_, '_>) -> Vec<Condition> {
        let listed = !occurrence.view.matched.vulnerability.kev.is_empty();
        let unmet = Condition { condition: "known to be exploited".to_owned(), actual: "not listed".to_owned() };
        if listed { Vec::new() } else { vec![unmet] }
    }

    fn decide(_: &KevListParams, view: &MatchView<'_>) -> Result<Option<Hit>, Fault> {
        let Some(kev) = view.matched.vulnerability.kev.first() else { return Ok(None) };
        let mut hit = finding::hit(view);
        hit.message = format!("{}; it is known to be exploited since {}", hit.message, kev.date_added);
        Ok(Some(hit.because("known to be exploited", format!("{}, due {}", kev.date_added, kev.due_date))))
    }

    fn vex(params: &KevListParams) -> RemovedByVex {
        match params.vex {
            Vex::Respect => RemovedByVex::Left,
            Vex::Ignore => RemovedByVex::Counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{PackageType, RemovedMatch, RemovedReason, Severity, VexStatus};

    use crate::tests::{Case, check, edit, ids, image, kev};

    fn exploited(dates: &[&str]) -> Case {
        image().package(PackageType::DEB, "openssl", "3", "").vuln("CVE-2024-1", Severity::Low, |matched| {
            edit(matched, |record| record.kev = dates.iter().map(|date| kev(date)).collect());
        })
    }

    const RULE: &str = "stop vulnerabilities.kev_list";

    #[test]
    fn fires() {
        assert_eq!(ids(&exploited(&["2024-02-01"]), RULE), ["CVE-2024-1+openssl"]);
        assert!(check(&exploited(&["2024-02-01"]), RULE)[0].ends_with("it is known to be exploited since 2024-02-01"));
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&exploited(&[]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        let mut case = exploited(&["2024-02-01"]);
        let report = case.report.as_mut().unwrap();
        let matched = report.matches.pop().unwrap();
        let reason = RemovedReason::Vex { document: "v".to_owned(), status: VexStatus::Fixed, justification: None };
        report.removed.push(RemovedMatch { matched, reason });
        assert_eq!(check(&case, RULE), ["pass"], "a VEX statement removes it");
        assert_eq!(ids(&case, "stop vulnerabilities.kev_list vex=ignore"), ["CVE-2024-1+openssl"]);
        assert_eq!(ids(&exploited(&["2024-02-01", "2024-03-01"]), RULE).len(), 1, "one finding for one match");
    }

    #[test]
    fn data_missing() {
        let mut case = exploited(&["2024-02-01"]);
        case.report = None;
        assert_eq!(check(&case, RULE).last().unwrap(), "undecided");
    }
}
