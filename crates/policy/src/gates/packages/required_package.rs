//! `packages` / `required_package`: a required package is missing or has another version.

use std::cmp::Ordering;

use stopgate_model::{Package, Remediation};

use super::{order, without_epoch};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::{Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct RequiredPackage;

params! {
    pub(crate) struct RequiredPackageParams {
        /// Name of the package.
        #[example = "ca-certificates"]
        name: String,
        /// Version, with release.
        #[example = "1.10.3-1"]
        version: Option<String>,
        /// Whether the version must be this one or at least this one.
        #[example = "minimum"]
        #[default = "exact"]
        version_match_type: VersionMatch,
    }
}

words! {
    /// How a version must match.
    pub(crate) enum VersionMatch {
        Exact = "exact",
        Minimum = "minimum",
    }
}

impl Trigger for RequiredPackage {
    type Params = RequiredPackageParams;
    const INFO: TriggerInfo = TriggerInfo::new(
        "packages",
        "required_package",
        "A required package is not installed, or not in the required version.",
    );
}

impl ImageTrigger for RequiredPackage {
    fn fire(params: &RequiredPackageParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let name = &params.name;
        let mut installed = scene.artifact().packages.iter().filter(|package| package.name == *name).peekable();
        let Some(first) = installed.peek().copied() else {
            return hits.push(params.absent());
        };
        let Some(version) = &params.version else { return Ok(()) };
        for package in installed {
            if params.is_met(package, version)? {
                return Ok(());
            }
        }
        hits.push(params.wrong(first, version))
    }
}

impl RequiredPackageParams {
    fn is_met(&self, package: &Package, wanted: &str) -> Result<bool, Fault> {
        if package.version == wanted || without_epoch(package) == wanted {
            return Ok(true);
        }
        if self.version_match_type == VersionMatch::Exact {
            return Ok(false);
        }
        order(package, wanted).map(Ordering::is_ge)
    }

    fn absent(&self) -> Hit {
        let name = &self.name;
        let what = match &self.version {
            Some(version) => format!("({name},{version})"),
            None => format!("({name})"),
        };
        let frozen = format!("Required input package {what} is not present in container image");
        Hit::frozen(&RequiredPackage::INFO, &frozen, format!("the required package `{name}` is not installed"))
            .about(name.as_str())
            .because(format!("package {name}"), "none")
            .remedy(Remediation::Advice { text: format!("install {name}") })
    }

    fn wrong(&self, package: &Package, wanted: &str) -> Hit {
        let (name, own) = (&self.name, without_epoch(package));
        // COMPAT: the first text names the package where it should name the version.
        let (frozen, relation) = match self.version_match_type {
            VersionMatch::Exact => (
                format!(
                    "Required input package ({name}) is present ({own}), but not at the version specified in policy ({name})"
                ),
                "other than",
            ),
            VersionMatch::Minimum => (
                format!(
                    "Required min-version input package ({name}) is present ({own}), but is lower version than what is specified in policy ({wanted})"
                ),
                "lower than",
            ),
        };
        let message = format!("the required package `{name}` has version {}, {relation} {wanted}", package.version);
        let mut hit = Hit::frozen(&RequiredPackage::INFO, &frozen, message)
            .about(name.as_str())
            .evidence(facts::package(package))
            .because(format!("version {} {wanted}", self.version_match_type.word()), package.version.clone())
            .remedy(Remediation::Advice { text: format!("install {name} {wanted}") });
        hit.package = facts::identity(package);
        hit
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use crate::tests::{check, image};

    fn required(rest: &str) -> Vec<String> {
        let case = image().package(PackageType::DEB, "openssl", "1:3.0.1-2", "");
        check(&case, &format!("stop packages.required_package {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(required("name=curl"), ["stop the required package `curl` is not installed", "stop"]);
        assert_eq!(
            required("name=openssl; version=3.0.1-3")[0],
            "stop the required package `openssl` has version 1:3.0.1-2, other than 3.0.1-3"
        );
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(required("name=openssl"), ["pass"]);
        assert_eq!(required("name=openssl; version=3.0.1-2"), ["pass"]);
        assert_eq!(required("name=openssl; version=1:3.0.1-2"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let minimum = |version: &str| required(&format!("name=openssl; version={version}; version_match_type=minimum"));
        assert_eq!(minimum("3.0.1-2"), ["pass"]);
        assert_eq!(minimum("3.0.1-1"), ["pass"]);
        assert_eq!(minimum("3.0.1-10").len(), 2, "ten is more than two");
        assert_eq!(minimum("2:1").len(), 2, "an epoch that is given counts");
    }

    #[test]
    fn data_missing() {
        // Packages are always collected. What can be missing is a version that can be compared.
        let odd = image().package(PackageType::GEM, "rack", "not a version!", "");
        let lines = check(&odd, "stop packages.required_package name=rack; version=1.0; version_match_type=minimum");
        assert!(lines[0].contains("it could not be run and counts as stop"), "{lines:?}");
    }
}
