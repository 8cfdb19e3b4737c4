//! `npms` / `blacklisted_name_version`: a denied package is installed. Deprecated; `packages.denylist` does the same.

use crate::engine::Scene;
use crate::gates::feeds::NPM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

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
    const INFO: TriggerInfo = NPM.trigger("blacklisted_name_version", "A denied package is installed.");
}

impl ImageTrigger for DeniedNpm {
    fn fire(params: &DeniedNpmParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        NPM.report(scene, hits, &Self::INFO, (&params.name, params.version.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::NPM;

    #[test]
    fn fires() {
        NPM.reports_denied_packages("blacklisted_name_version");
    }

    #[test]
    fn does_not_fire() {
        NPM.denies_nothing_else("blacklisted_name_version");
    }

    #[test]
    fn boundary() {
        NPM.compares_whole_versions("blacklisted_name_version");
    }

    #[test]
    fn data_missing() {
        NPM.needs_no_feed("blacklisted_name_version");
    }
}
