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

#[cfg(test)]
mod tests {
    use stopgate_model::{License, LicenseKind, PackageType};

    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        let case = image().package(PackageType::DEB, "bash", "5", "").package(PackageType::NPM, "x", "1", "");
        case.with(|artifact| {
            for (index, value) in [(0, "GPL-3+ and BSD"), (1, "MIT")] {
                artifact.packages[index].licenses.push(License {
                    value: value.to_owned(),
                    spdx: String::new(),
                    kind: LicenseKind::Declared,
                    urls: Vec::new(),
                    locations: Vec::new(),
                });
            }
        })
    }

    fn licence(rest: &str) -> Vec<String> {
        check(&case(), &format!("stop licenses.denylist_partial_match {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(
            licence("licenses=GPL, MI"),
            ["stop packages have denied licences: bash(GPL-3+), bash(GPL-3+ and BSD), x(MIT)", "stop"]
        );
        let text = "LICSUBMATCH Packages are installed that have denylisted licenses: x(MIT)";
        let id = anchore_id("licenses", "denylist_partial_match", text);
        assert_eq!(ids(&case(), "stop licenses.blacklist_partial_match licenses=IT"), [id]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(licence("licenses=Apache"), ["pass"]);
        assert_eq!(licence("licenses=GPL; package_type=npm"), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(licence("licenses=gpl"), ["pass"], "case counts");
        assert_eq!(licence("licenses=GPL; package_type=all").len(), 2);
    }

    #[test]
    fn data_missing() {
        // A denylist says nothing of packages whose licence is not stated: `licenses.expression` does.
        let unstated = image().package(PackageType::DEB, "bash", "5", "");
        assert_eq!(check(&unstated, "stop licenses.denylist_partial_match licenses=MIT"), ["pass"]);
    }
}
