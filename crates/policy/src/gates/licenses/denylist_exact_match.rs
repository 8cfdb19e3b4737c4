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
        check(&case(), &format!("stop licenses.denylist_exact_match {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(
            licence("licenses=MIT, GPL-3+"),
            ["stop packages have denied licences: bash(GPL-3+), x(MIT)", "stop"],
            "all packages make one finding"
        );
        let text = "LICFULLMATCH Packages are installed that have denylisted licenses: x(MIT)";
        let id = anchore_id("licenses", "denylist_exact_match", text);
        assert_eq!(ids(&case(), "stop licenses.blacklist_exact_match licenses=MIT"), [id]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(licence("licenses=MIT; package_type=dpkg"), ["pass"]);
        assert_eq!(licence("licenses=Apache-2.0"), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(licence("licenses=GPL"), ["pass"], "a part of a licence is not the licence");
        assert_eq!(licence("licenses=GPL-3+ and BSD").len(), 2, "the whole text counts as well");
        assert_eq!(licence("licenses=mit"), ["pass"]);
    }

    #[test]
    fn data_missing() {
        // A denylist says nothing of packages whose licence is not stated: `licenses.expression` does.
        let unstated = image().package(PackageType::DEB, "bash", "5", "");
        assert_eq!(check(&unstated, "stop licenses.denylist_exact_match licenses=MIT"), ["pass"]);
    }
}
