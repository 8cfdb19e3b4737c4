//! `ruby_gems` / `blacklist`: a denied package is installed. Deprecated; `packages.denylist` does the same.

use stopgate_model::PackageType;

use crate::engine::Scene;
use crate::gates::feeds;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, State, Trigger, TriggerInfo};

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
        state: State::Deprecated,
        superseded_by: Some("packages.denylist"),
        ..TriggerInfo::new("ruby_gems", "blacklist", "A denied package is installed.")
    };
}

impl ImageTrigger for DeniedGem {
    fn fire(params: &DeniedGemParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let kind = (&PackageType::GEM, "Gem");
        feeds::report(scene, hits, &Self::INFO, kind, (&params.name, params.version.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().package(PackageType::GEM, "x", "1.0", "/x")
    }

    const RULE: &str = "stop ruby_gems.blacklist name=x";

    #[test]
    fn fires() {
        let lines = check(&case(), RULE);
        assert_eq!(lines[0], "stop the denied package `x` 1.0 is installed");
        assert_eq!(lines[1], "! rule `r1`: `ruby_gems.blacklist` is deprecated");
        assert_eq!(ids(&case(), RULE), [anchore_id("ruby_gems", "blacklist", "Gem Package is blacklisted: x")]);
        let versioned = anchore_id("ruby_gems", "blacklist", "Gem Package is blacklisted: x-1.0");
        assert_eq!(ids(&case(), &format!("{RULE}; version=1.0")), [versioned]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(ids(&case(), "stop ruby_gems.blacklist name=y").len(), 0);
        let other = image().package(PackageType::NPM, "x", "1.0", "/x");
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
