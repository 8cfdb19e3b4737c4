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
