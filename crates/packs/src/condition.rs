//! Conditions under which a control has no object: it does not apply, or cannot be broken. One row each.
//!
//! A condition holds only when the artifact shows it: where the tree is not known to its end, none holds.

use std::fmt;

use serde::Deserialize;
use stopgate_model::{Artifact, FileIndex, GapClass, PackageType, SourceKind};

/// A condition.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Condition(&'static Row);

struct Row {
    name: &'static str,
    /// Why the control has no object, one clause.
    meaning: &'static str,
    holds: fn(&Artifact, &FileIndex) -> bool,
}

/// A new condition is one row and its function.
static ROWS: &[Row] = &[
    Row { name: "no-os-packages", meaning: "no package of a distribution is installed", holds: no_os_packages },
    Row { name: "no-accounts", meaning: "there is no /etc/passwd", holds: no_accounts },
    Row { name: "no-shell", meaning: "there is no shell", holds: no_shell },
    Row { name: "windows", meaning: "it is a Windows image", holds: windows },
    Row { name: "no-rpm-database", meaning: "there is no RPM database", holds: no_rpm_database },
    Row {
        name: "no-remote-login-service",
        meaning: "there is no remote-login service, and its ports are not declared",
        holds: no_remote_login_service,
    },
    Row { name: "no-java", meaning: "there is no Java runtime and no Java archive", holds: no_java },
    Row {
        name: "no-language-packages",
        meaning: "there are only packages of the distribution",
        holds: no_language_packages,
    },
];

impl Condition {
    /// Every condition.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// Name in manifests.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Why the control has no object, one clause.
    pub const fn meaning(self) -> &'static str {
        self.0.meaning
    }

    /// Whether an artifact shows it.
    pub(crate) fn holds(self, artifact: &Artifact) -> bool {
        if windows(artifact, &FileIndex::default()) {
            // The rows look for what Linux images have.
            return self.name() == "windows";
        }
        let complete = artifact.gaps.iter().all(|gap| gap.class == GapClass::Note);
        let described = matches!(artifact.source.kind, SourceKind::Other { .. });
        let files = artifact.files.as_ref().filter(|_| complete && !described);
        files.is_some_and(|files| (self.0.holds)(artifact, files))
    }
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let row = ROWS.iter().find(|row| row.name == name);
        row.map(Self).ok_or_else(|| format!("unknown condition `{name}`"))
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const SHELLS: &[&str] = &[
    "sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "ksh93", "lksh", "mksh", "pwsh", "rbash", "tcsh",
    "toybox", "yash", "zsh",
];

/// Programs that let somebody in, and boxes of applets that may hold one.
const REMOTE_LOGIN: &[&str] = &[
    "busybox",
    "dropbear",
    "in.rexecd",
    "in.rlogind",
    "in.rshd",
    "in.telnetd",
    "rexecd",
    "rlogind",
    "rshd",
    "sshd",
    "telnetd",
    "tinysshd",
    "toybox",
    "utelnetd",
    "x11vnc",
    "xrdp",
    "Xvnc",
];
const REMOTE_LOGIN_PORTS: &[&str] = &["22", "23", "512", "513", "514", "2222", "3389", "5900"];
const RPM_DATABASES: &[&str] = &["/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"];
const JAVA_ARCHIVES: &[&str] = &[".jar", ".war", ".ear", ".jmod", ".class"];

fn no_os_packages(artifact: &Artifact, _: &FileIndex) -> bool {
    artifact.packages.iter().all(|package| !package.package_type.is_os())
}

fn no_accounts(_: &Artifact, files: &FileIndex) -> bool {
    matches!(files.resolve("/etc/passwd"), Ok(None))
}

fn no_shell(_: &Artifact, files: &FileIndex) -> bool {
    has_no(files, |name| SHELLS.contains(&name))
}

fn windows(artifact: &Artifact, _: &FileIndex) -> bool {
    artifact.config.as_ref().is_some_and(|config| config.os.eq_ignore_ascii_case("windows"))
}

fn no_rpm_database(artifact: &Artifact, files: &FileIndex) -> bool {
    artifact.packages.iter().all(|package| package.package_type != PackageType::RPM)
        && RPM_DATABASES.iter().all(|folder| files.below(folder).next().is_none())
}

fn no_remote_login_service(artifact: &Artifact, files: &FileIndex) -> bool {
    let declared = |port: &String| REMOTE_LOGIN_PORTS.contains(&port.split('/').next().unwrap_or_default());
    let silent = artifact.config.as_ref().is_some_and(|config| !config.exposed_ports.iter().any(declared));
    silent && has_no(files, |name| REMOTE_LOGIN.contains(&name))
}

fn no_java(artifact: &Artifact, files: &FileIndex) -> bool {
    let java = |name: &str| matches!(name, "java" | "libjvm.so") || JAVA_ARCHIVES.iter().any(|end| name.ends_with(end));
    artifact.packages.iter().all(|package| package.package_type.language() != "java") && has_no(files, java)
}

fn no_language_packages(artifact: &Artifact, _: &FileIndex) -> bool {
    artifact.packages.iter().all(|package| package.package_type.is_os())
}

/// Whether no file or link has a name that is looked for.
fn has_no(files: &FileIndex, looked_for: impl Fn(&str) -> bool) -> bool {
    files
        .iter()
        .filter(|entry| entry.kind != stopgate_model::FileKind::Directory)
        .all(|entry| !looked_for(entry.path.rsplit('/').next().unwrap_or_default()))
}
