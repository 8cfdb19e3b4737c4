//! What an artifact is once steps are done. A step names what it changes by type, name, version, path or line, so
//! that it means the same for every artifact.

mod build;
mod files;
mod packages;

use stopgate_model::{Artifact, StepKind};

pub(super) use build::PASSWD;
pub(super) use files::Removal;
pub(super) use packages::{id_of_new, is};

/// An artifact after steps.
pub(super) struct Changed {
    pub(super) artifact: Artifact,
    /// Whether its packages are others, so that it must be matched again.
    pub(super) packages: bool,
}

/// Does steps in the order of their kinds: what is removed is not changed before. A change of the base image
/// is none of them; see `rebase`.
pub(super) fn apply(artifact: &Artifact, steps: &[&StepKind]) -> Changed {
    let mut changed = Changed { artifact: artifact.clone(), packages: false };
    let mut steps = steps.to_vec();
    steps.sort();
    for step in steps {
        changed.packages |= one(&mut changed.artifact, step);
    }
    changed
}

/// Does one step; tells whether it may have changed packages.
fn one(artifact: &mut Artifact, step: &StepKind) -> bool {
    match step {
        StepKind::Rebuild { .. } => return false,
        StepKind::UpgradePackages { package_type, packages, to, .. } => {
            packages::upgrade(artifact, package_type, packages, to);
            return true;
        }
        StepKind::InstallPackage { package_type, name, version } => {
            packages::install(artifact, package_type, name, version.as_deref());
            return true;
        }
        StepKind::RemovePackage { package_type, package } => {
            Removal::of_package(artifact, package_type, package).carry_out(artifact);
            return true;
        }
        StepKind::RemoveFile { path, .. } => {
            let removal = Removal::of_file(artifact, path);
            removal.carry_out(artifact);
            return !removal.packages.is_empty();
        }
        StepKind::ChangeMode { path, to, .. } => {
            if let Some(files) = &mut artifact.files {
                files.set_mode(path, *to);
            }
        }
        StepKind::AddInstruction { keyword, arguments } => build::add(artifact, keyword, arguments),
        StepKind::ReplaceInstruction { place, from, keyword, arguments } => {
            build::replace(artifact, *place, from, (keyword, arguments));
        }
        StepKind::RemovePorts { ports, .. } => build::remove_ports(artifact, ports),
        StepKind::RemoveInstruction { place, keyword, .. } => build::remove(artifact, *place, keyword),
        StepKind::ChangeShell { account, shell } => build::change_account(artifact, account, Some(shell)),
        StepKind::RemoveAccount { account } => build::change_account(artifact, account, None),
    }
    false
}
