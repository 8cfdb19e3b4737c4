//! `vulnerabilities` / `denylist`: a denied vulnerability affects a package. All of a rule's
//! vulnerabilities make one finding, as Anchore's id demands.

use stopgate_model::FixState;

use super::{Vex, finding};
use crate::engine::{MatchView, Scene};
use crate::gates::facts::{self, python_list};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Denylist;

params! {
    pub(crate) struct DenylistParams {
        /// Ids of denied vulnerabilities; other ids of the same weakness count as well.
        #[example = "CVE-2019-1234"]
        vulnerability_ids: CommaList,
        /// Whether vulnerabilities that the vendor will not fix are left out.
        #[example = "true"]
        #[default = "true"]
        vendor_only: bool,
        /// Whether vulnerabilities are left out of which a VEX statement says that they do not affect the artifact.
        #[example = "ignore"]
        #[default = "respect"]
        vex: Vex,
    }
}

impl Trigger for Denylist {
    type Params = DenylistParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist"],
        needs: &[Need::Vulnerabilities],
        artifact_types: ANY,
        ..TriggerInfo::new("vulnerabilities", "denylist", "A denied vulnerability affects a package.")
    };
}

impl ImageTrigger for Denylist {
    fn fire(params: &DenylistParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let counts = |view: &&MatchView<'_>| {
            let refused = params.vendor_only && view.matched.fix.state == FixState::WontFix;
            !refused && (view.vex.is_none() || params.vex == Vex::Ignore)
        };
        let mut found: Vec<(&str, Vec<&MatchView<'_>>)> = Vec::new();
        for id in &params.vulnerability_ids.0 {
            let matches: Vec<_> = scene.matches_of(id).filter(counts).collect();
            if !matches.is_empty() {
                found.push((id, matches));
            }
        }
        let Some((_, first)) = found.first() else { return Ok(()) };
        let ids = python_list(found.iter().map(|(id, _)| *id));
        let shown = found.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
        let mut hit = Hit::frozen(
            &Self::INFO,
            &format!("Denylisted vulnerabilities detected: {ids}"),
            format!("denied vulnerabilities affect the artifact: {shown}"),
        )
        .legacy(&Self::INFO, &format!("Blacklisted vulnerabilities detected: {ids}"))
        .about(shown.clone())
        .because(format!("none of {}", params.vulnerability_ids.0.join(", ")), shown);
        hit.remediation = first.first().map(|view| finding::remedy(view));
        let views = || found.iter().flat_map(|(_, matches)| matches.iter().copied());
        hit.severity = views().map(|view| view.matched.vulnerability.severity).max();
        for view in views().take(MOST_EVIDENCE) {
            hit = hit.evidence(finding::vulnerability(view)).evidence(facts::package(view.package));
        }
        hits.push(hit)
    }
}

/// Matches that one finding shows.
const MOST_EVIDENCE: usize = 100;

#[cfg(test)]
mod tests {
    use stopgate_model::{FixState, PackageType, RemovedMatch, RemovedReason, Severity, VexStatus};

    use crate::tests::{Case, check, edit, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().package(PackageType::DEB, "openssl", "3.0.1", "").vuln("CVE-2024-1", Severity::High, |_| {}).vuln(
            "GHSA-1",
            Severity::Low,
            |matched| edit(matched, |record| record.aliases.push("CVE-2024-2".to_owned())),
        )
    }

    const RULE: &str = "stop vulnerabilities.denylist vulnerability_ids=CVE-2024-2, CVE-2024-1, CVE-9";

    #[test]
    fn fires() {
        assert_eq!(
            check(&case(), RULE),
            ["stop denied vulnerabilities affect the artifact: CVE-2024-2, CVE-2024-1", "stop"]
        );
        let text = "Denylisted vulnerabilities detected: ['CVE-2024-2', 'CVE-2024-1']";
        assert_eq!(ids(&case(), RULE), [anchore_id("vulnerabilities", "denylist", text)]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), "stop vulnerabilities.denylist vulnerability_ids=CVE-2024-11, GHSA-11"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let mut case = case();
        let report = case.report.as_mut().unwrap();
        report.matches.remove(1);
        report.matches[0].fix.state = FixState::WontFix;
        assert_eq!(check(&case, RULE), ["pass"], "the vendor will not fix it");
        assert_eq!(ids(&case, &format!("{RULE}; vendor_only=false")).len(), 1);
        let report = case.report.as_mut().unwrap();
        let matched = report.matches.remove(0);
        let reason =
            RemovedReason::Vex { document: "v".to_owned(), status: VexStatus::NotAffected, justification: None };
        report.removed.push(RemovedMatch { matched, reason });
        assert_eq!(check(&case, &format!("{RULE}; vendor_only=false")), ["pass"], "a VEX statement removes it");
        assert_eq!(ids(&case, &format!("{RULE}; vendor_only=false; vex=ignore")).len(), 1);
    }

    #[test]
    fn data_missing() {
        let mut case = case();
        case.report = None;
        assert_eq!(check(&case, RULE).last().unwrap(), "undecided");
    }
}
