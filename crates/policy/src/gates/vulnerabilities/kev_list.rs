//! `vulnerabilities` / `kev_list`: a vulnerability of CISA's list of known exploited ones affects a package.

use super::finding;
use crate::engine::MatchView;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{ANY, Hit, MatchTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct KevList;

params! {
    pub(crate) struct KevListParams {}
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
    fn decide(_: &KevListParams, view: &MatchView<'_>) -> Result<Option<Hit>, Fault> {
        let Some(kev) = view.matched.vulnerability.kev.first() else { return Ok(None) };
        let mut hit = finding::hit(view);
        hit.message = format!("{}; it is known to be exploited since {}", hit.message, kev.date_added);
        Ok(Some(hit.because("known to be exploited", format!("{}, due {}", kev.date_added, kev.due_date))))
    }
}
