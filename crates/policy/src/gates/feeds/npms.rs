//! `npms` / `blacklisted_name_version`: a denied package is installed. Deprecated; `packages.denylist` does the same.

use stopgate_model::PackageType;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, IMAGE, ImageTrigger, State, Trigger, TriggerInfo};

pub(crate) struct DeniedNpm;

params! {
    pub(crate) struct DeniedNpmParams {
        /// Name of the package.
        #[example = "left-pad"]
        name: String,
        /// Version; any version when absent.
        #[example = "1.0.1"]
        version: Option<String>,
    }
}

impl Trigger for DeniedNpm {
    type Params = DeniedNpmParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: IMAGE,
        state: State::Deprecated,
        superseded_by: Some("packages.denylist"),
        ..TriggerInfo::new("npms", "blacklisted_name_version", "A denied package is installed.")
    };
}

impl ImageTrigger for DeniedNpm {
    fn fire(params: &DeniedNpmParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let kind = (&PackageType::NPM, "NPM");
        super::report(scene, hits, &Self::INFO, kind, (&params.name, params.version.as_deref()))
    }
}
