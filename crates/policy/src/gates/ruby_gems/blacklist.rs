//! `ruby_gems` / `blacklist`: a denied package is installed. Deprecated; `packages.denylist` does the same.

use crate::engine::Scene;
use crate::gates::feeds::GEM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

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
    const INFO: TriggerInfo = GEM.trigger("blacklist", "A denied package is installed.");
}

impl ImageTrigger for DeniedGem {
    fn fire(params: &DeniedGemParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        GEM.report(scene, hits, &Self::INFO, (&params.name, params.version.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::GEM;

    #[test]
    fn fires() {
        GEM.reports_denied_packages("blacklist");
    }

    #[test]
    fn does_not_fire() {
        GEM.denies_nothing_else("blacklist");
    }

    #[test]
    fn boundary() {
        GEM.compares_whole_versions("blacklist");
    }

    #[test]
    fn data_missing() {
        GEM.needs_no_feed("blacklist");
    }
}
