//! `vulnerabilities` / `count`: there are more vulnerabilities of a severity than allowed.
//!
//! Each vulnerability of each package counts once, as `package` reports it. What a VEX statement removes does not
//! count; what allowlists and exceptions accept does.

use std::collections::BTreeSet;

use stopgate_model::Severity;

use super::finding;
use crate::engine::{MatchView, Scene};
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Count;

params! {
    pub(crate) struct CountParams {
        /// Severity of the vulnerabilities that are counted.
        #[example = "high"]
        severity: Severity,
        /// How many are allowed.
        #[example = "4"]
        max: u32,
    }
}

/// Matches that one finding shows.
const MOST_EVIDENCE: usize = 100;

impl Trigger for Count {
    type Params = CountParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Vulnerabilities],
        artifact_types: ANY,
        trigger_id: "count:<severity>",
        ..TriggerInfo::new("vulnerabilities", "count", "There are more vulnerabilities of a severity than allowed.")
    };
}

impl ImageTrigger for Count {
    fn fire(params: &CountParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let counted = of_severity(scene, params.severity);
        if counted.len() as u64 > u64::from(params.max) {
            return hits.push(params.hit(&counted));
        }
        // One whose severity nobody told may be one of them.
        let unknown =
            if params.severity == Severity::Unknown { 0 } else { of_severity(scene, Severity::Unknown).len() };
        if (counted.len() + unknown) as u64 > u64::from(params.max) {
            hits.note(format!("{unknown} vulnerabilities have no known severity and are not counted"));
        }
        Ok(())
    }
}

/// The matches of a severity, each vulnerability of a package once.
fn of_severity<'s, 'a>(scene: &'s Scene<'a>, severity: Severity) -> Vec<&'s MatchView<'a>> {
    let mut seen = BTreeSet::new();
    let all = scene.matches().iter().filter(|view| view.matched.vulnerability.severity == severity);
    all.filter(|view| seen.insert((view.id(), finding::package_key(view)))).collect()
}

impl CountParams {
    fn hit(&self, counted: &[&MatchView<'_>]) -> Hit {
        let (severity, max, count) = (self.severity.name().to_lowercase(), self.max, counted.len());
        let message = format!("{count} vulnerabilities are {severity}: expected at most {max}");
        let mut hit = Hit::with_id(format!("{}:{severity}", Count::INFO.name), message)
            .about(format!("{severity} vulnerabilities"))
            .because(format!("vulnerabilities of severity {severity} <= {max}"), count.to_string());
        let fixable = counted.iter().find(|view| view.is_fixable()).or(counted.first());
        hit.remediation = fixable.map(|view| finding::remedy(view));
        hit.severity = Some(self.severity);
        for view in counted.iter().take(MOST_EVIDENCE) {
            hit = hit.evidence(finding::vulnerability(view)).evidence(facts::package(view.package));
        }
        hit
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{PackageType, RemovedMatch, RemovedReason, Severity, VexStatus};

    use crate::tests::{Case, check, fixed, ids, image};

    fn openssl() -> Case {
        image().package(PackageType::DEB, "openssl", "3", "")
    }

    fn two() -> Case {
        openssl()
            .vuln("CVE-2024-1", Severity::High, |_| {})
            .vuln("CVE-2024-2", Severity::High, fixed("4", "2026-05-01"))
            .vuln("CVE-2024-3", Severity::Critical, |_| {})
    }

    const RULE: &str = "stop vulnerabilities.count severity=high; max=1";

    #[test]
    fn fires() {
        assert_eq!(check(&two(), RULE), ["stop 2 vulnerabilities are high: expected at most 1", "stop"]);
        assert_eq!(ids(&two(), RULE), ["count:high"]);
        let evaluation = two().evaluate(&crate::tests::policy(&crate::tests::document(&[RULE])));
        let [finding] = evaluation.findings.as_slice() else { panic!("{evaluation:?}") };
        assert_eq!((finding.evidence.len(), finding.severity), (4, Some(Severity::High)));
        assert!(finding.remediation.as_ref().unwrap().sentence().starts_with("upgrade openssl from 3 to 4"));
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&two(), "stop vulnerabilities.count severity=critical; max=1"), ["pass"]);
        assert_eq!(check(&openssl(), "stop vulnerabilities.count severity=high; max=0"), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&two(), "stop vulnerabilities.count severity=high; max=2"), ["pass"]);
        let twice = openssl().vuln("CVE-2024-1", Severity::High, |_| {}).vuln("CVE-2024-1", Severity::High, |_| {});
        assert_eq!(check(&twice, RULE), ["pass"], "found in two ways, it is one");
        let mut vexed = two();
        let report = vexed.report.as_mut().unwrap();
        let matched = report.matches.remove(0);
        let reason = RemovedReason::Vex { document: "v".to_owned(), status: VexStatus::Fixed, justification: None };
        report.removed.push(RemovedMatch { matched, reason });
        assert_eq!(check(&vexed, RULE), ["pass"]);
    }

    #[test]
    fn data_missing() {
        let mut none = two();
        none.report = None;
        assert_eq!(check(&none, RULE).last().unwrap(), "undecided");
        let unrated =
            openssl().vuln("CVE-2024-1", Severity::Unknown, |_| {}).vuln("CVE-2024-2", Severity::High, |_| {});
        let note = "! rule `r1`: 1 vulnerabilities have no known severity and are not counted";
        assert_eq!(check(&unrated, RULE), [note, "pass"]);
    }
}
