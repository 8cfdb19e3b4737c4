//! What to do about a finding, typed.

/// A way to make a finding go away.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Remediation {
    /// Upgrade a package.
    UpgradePackage {
        /// Package.
        name: String,
        /// Installed version.
        from: String,
        /// Smallest fixed version.
        to: String,
        /// A command that does it, when there is one.
        command: Option<String>,
    },
    /// No fixed version is known.
    NoFix {
        /// Package.
        name: String,
        /// `not-fixed`, `wont-fix` or `unknown`.
        state: String,
    },
    /// Remove a package.
    RemovePackage {
        /// Package.
        name: String,
    },
    /// Remove a file, and if it held a secret, revoke that.
    RemoveFile {
        /// Path.
        path: String,
        /// Whether it held a secret.
        revoke: bool,
    },
    /// Change a file's mode.
    ChangeMode {
        /// Path.
        path: String,
        /// Mode now.
        from: u32,
        /// Mode wanted.
        to: u32,
    },
    /// Add or change a line of the Dockerfile.
    Dockerfile {
        /// The line to change, when there is one.
        line: Option<u32>,
        /// The instruction to write.
        instruction: String,
    },
    /// Provide data that is missing.
    Provide {
        /// What, as a command or option.
        what: String,
    },
    /// Anything else: the rule's recommendation.
    Advice {
        /// Text.
        text: String,
    },
}

impl Remediation {
    /// One sentence without full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::UpgradePackage { name, from, to, command } => match command {
                Some(command) => format!("upgrade {name} from {from} to {to}: {command}"),
                None => format!("upgrade {name} from {from} to {to}"),
            },
            Self::NoFix { name, state } if state == "wont-fix" => {
                format!("the vendor will not fix {name}: replace it, or accept the risk with an allowlist item")
            }
            Self::NoFix { name, .. } => {
                format!("no fixed version of {name} is known yet: remove it, or accept the risk with an allowlist item")
            }
            Self::RemovePackage { name } => format!("remove {name}"),
            Self::RemoveFile { path, revoke: true } => {
                format!("remove {path} from every layer and revoke what it holds")
            }
            Self::RemoveFile { path, revoke: false } => format!("remove {path}"),
            Self::ChangeMode { path, to, .. } => format!("chmod {to:04o} {path}"),
            Self::Dockerfile { line: Some(line), instruction } => format!("Dockerfile line {line}: {instruction}"),
            Self::Dockerfile { line: None, instruction } => format!("add to the Dockerfile: {instruction}"),
            Self::Provide { what } => format!("provide {what}"),
            Self::Advice { text } => text.clone(),
        }
    }
}
