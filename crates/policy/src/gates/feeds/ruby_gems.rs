//! `ruby_gems` / `blacklist`: a denied package is installed. Deprecated; `packages.denylist` does the same.

use stopgate_model::PackageType;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, IMAGE, ImageTrigger, State, Trigger, TriggerInfo};

pub(crate) struct DeniedGem;

params! {
    pub(crate) struct DeniedGemParams {
        /// Name of the package.
        #[example = "rack"]
        name: String,
        /// Version; any version when absent.
        #[example = "1.0.1"]
        version: Option<String>,
    }
}

impl Trigger for DeniedGem {
    type Params = DeniedGemParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: IMAGE,
        state: State::Deprecated,
        superseded_by: Some("packages.denylist"),
        ..TriggerInfo::new("ruby_gems", "blacklist", "A denied package is installed.")
    };
}

impl ImageTrigger for DeniedGem {
    fn fire(params: &DeniedGemParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let kind = (&PackageType::GEM, "Gem");
        super::report(scene, hits, &Self::INFO, kind, (&params.name, params.version.as_deref()))
    }
}
