//! `malware` / `scan_not_run`: there is no malware scan.

use stopgate_model::Remediation;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct ScanNotRun;

params! {
    pub(crate) struct ScanNotRunParams {}
}

impl Trigger for ScanNotRun {
    type Params = ScanNotRunParams;
    const INFO: TriggerInfo = TriggerInfo::new("malware", "scan_not_run", "There is no malware scan of the image.");

    fn absence(_: &ScanNotRunParams) -> Option<Need> {
        Some(Need::Malware)
    }
}

impl ImageTrigger for ScanNotRun {
    fn fire(_: &ScanNotRunParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        if scene.presence(&Need::Malware) != Presence::Missing {
            return Ok(());
        }
        hits.push(
            Hit::frozen(&Self::INFO, "No malware scans found for image", "there is no malware scan of the image")
                .about("malware scan")
                .because("malware scan", "none")
                .remedy(Remediation::Provide { what: "--malware FILE".to_owned() }),
        )
    }
}
