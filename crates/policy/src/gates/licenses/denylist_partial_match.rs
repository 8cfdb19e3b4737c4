//! `licenses` / `denylist_partial_match`: a package's licence contains a denied text.

use crate::engine::Scene;
use crate::gates::licenses::report;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{ANY, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct PartialMatch;

params! {
    pub(crate) struct PartialMatchParams {
        /// Texts that no licence may contain.
        #[example = "LGPL,BSD"]
        licenses: CommaList,
        /// Type of the packages to consider; all when absent.
        #[example = "all"]
        package_type: Option<String>,
    }
}

impl Trigger for PartialMatch {
    type Params = PartialMatchParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist_partial_match"],
        artifact_types: ANY,
        ..TriggerInfo::new("licenses", "denylist_partial_match", "A licence contains a denied text.")
    };
}

impl ImageTrigger for PartialMatch {
    fn fire(params: &PartialMatchParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let kind = params.package_type.as_deref();
        report(scene, hits, &Self::INFO, "LICSUBMATCH", kind, |text| {
            params.licenses.0.iter().any(|part| text.contains(part.as_str()))
        })
    }
}
