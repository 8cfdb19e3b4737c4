//! `vulnerabilities` / `denylist`: a denied vulnerability affects a package. All of a rule's
//! vulnerabilities make one finding, as Anchore's id demands.

use stopgate_model::FixState;

use super::finding;
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
        let counts = |view: &&MatchView<'_>| !(params.vendor_only && view.matched.fix.state == FixState::WontFix);
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
