//! `packages` / `metadata`: a package has the name, version and type that a rule describes.

use stopgate_model::{Package, Remediation};

use super::{is_of, order, upstream_version, without_epoch};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::{ParamError, params};
use crate::trigger::types::{Comparison, GlobText, Sameness};
use crate::trigger::{Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct Metadata;

params! {
    #[check = check]
    pub(crate) struct MetadataParams {
        /// Name of the package; `*` stands for any text.
        #[example = "openssl*"]
        name: Option<GlobText>,
        /// Whether the package must have this name, or another.
        #[example = "="]
        #[default = "="]
        name_comparison: Sameness,
        /// Version to compare with; for `=` and `!=`, `*` stands for any text.
        #[example = "1.0.1"]
        version: Option<GlobText>,
        /// How the version must compare.
        #[example = "<"]
        #[default = "="]
        version_comparison: Comparison,
        /// Type of the package; `*` stands for any text.
        #[name = "type"]
        #[example = "deb"]
        kind: Option<GlobText>,
        /// Whether the package must be of this type, or of another.
        #[name = "type_comparison"]
        #[example = "="]
        #[default = "="]
        kind_comparison: Sameness,
    }
}

fn check(params: &MetadataParams, errors: &mut Vec<ParamError>) {
    if params.name.is_none() && params.version.is_none() && params.kind.is_none() {
        errors.push(ParamError::across("no condition is given: expected `name`, `version` or `type`"));
    }
    let ordered = !matches!(params.version_comparison, Comparison::Equal | Comparison::NotEqual);
    if ordered && params.version.as_ref().is_some_and(|version| version.as_str().contains('*')) {
        let word = params.version_comparison.word();
        errors.push(ParamError::across(format!("`version` has a `*`: expected a whole version for `{word}`")));
    }
}

impl Trigger for Metadata {
    type Params = MetadataParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("packages", "metadata", "A package has a name, version and type that are not wanted.");
}

impl ImageTrigger for Metadata {
    fn fire(params: &MetadataParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let mut fault = None;
        for package in &scene.artifact().packages {
            match params.describes(package) {
                Ok(false) => {}
                Ok(true) => hits.push(params.hit(package))?,
                // What can be decided still is; the rule is broken all the same.
                Err(other) => fault = fault.or(Some(other)),
            }
        }
        fault.map_or(Ok(()), Err)
    }
}

impl MetadataParams {
    fn describes(&self, package: &Package) -> Result<bool, Fault> {
        let name = |glob: &GlobText| glob.covers(&package.name) == (self.name_comparison == Sameness::Same);
        let kind = |glob: &GlobText| covers_type(glob, package) == (self.kind_comparison == Sameness::Same);
        if !self.name.as_ref().is_none_or(name) || !self.kind.as_ref().is_none_or(kind) {
            return Ok(false);
        }
        let Some(version) = &self.version else { return Ok(true) };
        let forms = [upstream_version(package), without_epoch(package), &package.version];
        let same = || forms.into_iter().any(|form| version.covers(form));
        match self.version_comparison {
            Comparison::Equal => Ok(same()),
            Comparison::NotEqual => Ok(!same()),
            other => Ok(other.holds_for(order(package, version.as_str())?)),
        }
    }

    fn hit(&self, package: &Package) -> Hit {
        let (name, version, kind) = (&package.name, &package.version, &package.package_type);
        let frozen = format!("Package metadata matched: name={name} version={version} type={kind}");
        let message = format!("the package `{name}` {version} ({kind}) is as the rule describes it");
        let mut hit = Hit::frozen(&Metadata::INFO, &frozen, message)
            .evidence(facts::package(package))
            .remedy(Remediation::RemovePackage { name: name.clone() });
        if let Some(wanted) = &self.name {
            hit = hit.because(format!("name {} {}", self.name_comparison.word(), wanted.as_str()), name.as_str());
        }
        if let Some(wanted) = &self.version {
            let condition = format!("version {} {}", self.version_comparison.word(), wanted.as_str());
            hit = hit.because(condition, version.as_str());
        }
        if let Some(wanted) = &self.kind {
            hit = hit.because(format!("type {} {}", self.kind_comparison.word(), wanted.as_str()), kind.id());
        }
        hit.package = facts::identity(package);
        hit
    }
}

fn covers_type(glob: &GlobText, package: &Package) -> bool {
    is_of(package, glob.as_str()) || glob.covers(package.package_type.id())
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use crate::tests::{Case, check, ids, image};

    fn case() -> Case {
        image().package(PackageType::DEB, "openssl", "1:3.0.9-2", "").package(PackageType::NPM, "left-pad", "1.3.0", "")
    }

    fn rule(rest: &str) -> Vec<String> {
        check(&case(), &format!("stop packages.metadata {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(
            rule("name=openssl"),
            ["stop the package `openssl` 1:3.0.9-2 (deb) is as the rule describes it", "stop"]
        );
        assert_eq!(ids(&case(), "stop packages.metadata name=open*; type=dpkg").len(), 1, "Anchore's name of the type");
        assert_eq!(rule("type=npm; version=1.*").len(), 2);
        assert!(rule("name=openssl; name_comparison=!=")[0].contains("left-pad"));
        assert_eq!(rule("name=*; version=3.0.9").len(), 2, "without epoch and release");
    }

    #[test]
    fn does_not_fire() {
        for rest in ["name=openss", "type=rpm", "name=openssl; version=3.0.8", "name=*pad; type=npm; version=2*"] {
            assert_eq!(rule(rest), ["pass"], "{rest}");
        }
    }

    #[test]
    fn boundary() {
        let than = |op: &str, version: &str| {
            rule(&format!("name=openssl; version={version}; version_comparison={op}")).len() == 2
        };
        assert!(than("<=", "3.0.9-2") && !than("<", "3.0.9-2") && than("<", "3.0.10") && than(">", "1:3.0.9-1"));
        assert!(than("<", "2:0"), "an epoch that is given counts");
        let errors = crate::tests::refused("stop packages.metadata version_comparison=<");
        assert_eq!(errors, ["rule `r1`: no condition is given: expected `name`, `version` or `type`"]);
        let errors = crate::tests::refused("stop packages.metadata version=1.*; version_comparison=<");
        assert_eq!(errors, ["rule `r1`: `version` has a `*`: expected a whole version for `<`"]);
    }

    #[test]
    fn data_missing() {
        // Packages are always collected. What can be missing is a version that can be compared.
        let odd = image().package(PackageType::DEB, "odd", "", "").package(PackageType::DEB, "a", "1", "");
        let lines = check(&odd, "warn packages.metadata version=2; version_comparison=<");
        assert!(lines[0].starts_with("warn the package `a` 1"), "{lines:?}");
        assert!(lines[1].contains("it could not be run and counts as warn"), "{lines:?}");
        assert_eq!(check(&image(), "stop packages.metadata name=*"), ["pass"]);
    }
}
