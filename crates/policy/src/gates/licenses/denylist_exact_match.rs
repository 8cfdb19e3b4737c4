//! `licenses` / `denylist_exact_match`: a package has a denied licence.

use crate::engine::Scene;
use crate::gates::licenses::report;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{ANY, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct ExactMatch;

params! {
    pub(crate) struct ExactMatchParams {
        /// Denied licences.
        #[example = "GPLv2+,GPL-3+"]
        licenses: CommaList,
        /// Type of the packages to consider; all when absent.
        #[example = "all"]
        package_type: Option<String>,
    }
}

impl Trigger for ExactMatch {
    type Params = ExactMatchParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist_exact_match"],
        artifact_types: ANY,
        ..TriggerInfo::new("licenses", "denylist_exact_match", "A package has a denied licence.")
    };
}

impl ImageTrigger for ExactMatch {
    fn fire(params: &ExactMatchParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let kind = params.package_type.as_deref();
        report(scene, hits, &Self::INFO, "LICFULLMATCH", kind, |text| params.licenses.contains(text))
    }
}
