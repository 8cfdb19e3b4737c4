//! `npms` / `blacklisted_name_version`: a denied package is installed. Deprecated; `packages.denylist` does the same.

use stopgate_model::PackageType;

use crate::engine::Scene;
use crate::gates::feeds;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, State, Trigger, TriggerInfo};

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
        state: State::Deprecated,
        superseded_by: Some("packages.denylist"),
        ..TriggerInfo::new("npms", "blacklisted_name_version", "A denied package is installed.")
    };
}

impl ImageTrigger for DeniedNpm {
    fn fire(params: &DeniedNpmParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let kind = (&PackageType::NPM, "NPM");
        feeds::report(scene, hits, &Self::INFO, kind, (&params.name, params.version.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().package(PackageType::NPM, "x", "1.0", "/x")
    }

    const RULE: &str = "stop npms.blacklisted_name_version name=x";

    #[test]
    fn fires() {
        let lines = check(&case(), RULE);
        assert_eq!(lines[0], "stop the denied package `x` 1.0 is installed");
        assert_eq!(lines[1], "! rule `r1`: `npms.blacklisted_name_version` is deprecated");
        assert_eq!(
            ids(&case(), RULE),
            [anchore_id("npms", "blacklisted_name_version", "NPM Package is blacklisted: x")]
        );
        let versioned = anchore_id("npms", "blacklisted_name_version", "NPM Package is blacklisted: x-1.0");
        assert_eq!(ids(&case(), &format!("{RULE}; version=1.0")), [versioned]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(ids(&case(), "stop npms.blacklisted_name_version name=y").len(), 0);
        let other = image().package(PackageType::GEM, "x", "1.0", "/x");
        assert_eq!(ids(&other, RULE).len(), 0, "another type");
    }

    #[test]
    fn boundary() {
        assert_eq!(ids(&case(), &format!("{RULE}; version=1")).len(), 0, "the whole version counts");
    }

    #[test]
    fn data_missing() {
        // Packages are always collected, and no feed is asked.
        assert_eq!(check(&image(), RULE).last().unwrap(), "pass");
    }
}
