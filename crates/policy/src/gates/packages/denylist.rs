//! `packages` / `denylist`: a denied package is installed.

use stopgate_model::{Package, Remediation};

use super::{upstream_version, without_epoch};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct Denylist;

params! {
    pub(crate) struct DenylistParams {
        /// Name of the package.
        #[example = "openssh-server"]
        name: String,
        /// Version, without release; any version when absent.
        #[example = "1.0.1"]
        version: Option<String>,
    }
}

impl Trigger for Denylist {
    type Params = DenylistParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist"],
        ..TriggerInfo::new("packages", "denylist", "A denied package is installed.")
    };
}

impl ImageTrigger for Denylist {
    fn fire(params: &DenylistParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        for package in scene.artifact().packages.iter().filter(|package| params.denies(package)) {
            let what = match &params.version {
                Some(version) => format!("{}-{version}", params.name),
                None => params.name.clone(),
            };
            let message = format!("the denied package `{}` {} is installed", package.name, package.version);
            let mut hit = Hit::frozen(&Self::INFO, &format!("Package is denylisted: {what}"), message)
                .legacy(&Self::INFO, &format!("Package is blacklisted: {what}"))
                .evidence(facts::package(package))
                .because(format!("package {what}"), format!("{} {}", package.name, package.version))
                .remedy(Remediation::RemovePackage { name: package.name.clone() });
            hit.package = facts::identity(package);
            hits.push(hit)?;
        }
        Ok(())
    }
}

impl DenylistParams {
    fn denies(&self, package: &Package) -> bool {
        let version = |version: &String| {
            [upstream_version(package), without_epoch(package), &package.version].contains(&version.as_str())
        };
        package.name == self.name && self.version.as_ref().is_none_or(version)
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use crate::tests::{Case, check, ids, image};

    fn case() -> Case {
        image().package(PackageType::DEB, "openssl", "1:3.0.1-2", "")
    }

    fn denied(rest: &str) -> Vec<String> {
        check(&case(), &format!("stop packages.denylist {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(denied("name=openssl"), ["stop the denied package `openssl` 1:3.0.1-2 is installed", "stop"]);
        let text = "Package is denylisted: openssl";
        let id = crate::trigger::hit::anchore_id("packages", "denylist", text);
        assert_eq!(ids(&case(), "stop packages.blacklist name=openssl"), [id], "by its old name as well");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(denied("name=OpenSSL"), ["pass"]);
        assert_eq!(denied("name=curl"), ["pass"]);
    }

    #[test]
    fn boundary() {
        for (version, count) in [("3.0.1", 2), ("3.0.1-2", 2), ("1:3.0.1-2", 2), ("3.0", 1), ("3.0.1-1", 1)] {
            assert_eq!(denied(&format!("name=openssl; version={version}")).len(), count, "{version}");
        }
    }

    #[test]
    fn data_missing() {
        // Packages are always collected; what could not be read of them is a gap, which keeps the verdict open.
        let gap = stopgate_model::Gap::new(stopgate_model::GapCode::DatabaseUnreadable, "the database is broken");
        let unread = image().with(|artifact| artifact.gaps.push(gap));
        assert_eq!(check(&unread, "stop packages.denylist name=openssl").last().unwrap(), "undecided");
    }
}
