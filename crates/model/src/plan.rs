//! Fix plans: which steps turn a stop into something else, and what no step clears.

use crate::{Decision, Digest, Evaluation, FinalReason, Finding, PackageType};

/// A set of steps of which none may be left out, and the verdict after them.
#[derive(Debug, Clone, PartialEq)]
pub struct FixPlan {
    /// What to do. Empty when the verdict is no stop, or when nothing helps.
    pub steps: Vec<Step>,
    /// The evaluation of the artifact with every step done.
    pub after: Evaluation,
    /// What still stops it then, and why.
    pub remaining: Vec<Remaining>,
    /// Whether no fewer of the known steps leave only what these leave. With many candidates the steps are only such
    /// that none of them can be left out.
    pub fewest: bool,
}

/// One thing to do, with the findings that end by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub kind: StepKind,
    /// The stops that end by it; one that needs several steps stands at each of them.
    pub clears: Vec<FindingRef>,
}

/// A finding, by what identifies it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingRef {
    /// Stable identity.
    pub fingerprint: String,
    /// Anchore's id.
    pub trigger_id: String,
    /// Rule.
    pub rule_id: String,
}

impl FindingRef {
    /// Of a finding.
    pub fn of(finding: &Finding) -> Self {
        Self {
            fingerprint: finding.fingerprint.clone(),
            trigger_id: finding.trigger_id.clone(),
            rule_id: finding.rule_id.clone(),
        }
    }
}

/// A package as it is installed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Installed {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// A line of a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Its number; in a guessed Dockerfile the entry of the history.
    pub line: u32,
    /// Whether the Dockerfile was given, so that a person can find the line.
    pub actual: bool,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepKind {
    /// Build on another base image.
    Rebuild {
        /// The base image, as its owner names it.
        base: String,
        /// Its manifest digest, when it is known.
        digest: Option<Digest>,
    },
    /// Upgrade a package, or all packages of one source together.
    UpgradePackages {
        /// Type.
        package_type: PackageType,
        /// The source package, when it is not the only package itself.
        source: Option<String>,
        /// Packages, sorted.
        packages: Vec<Installed>,
        /// Version to reach.
        to: String,
        /// A command that does it, when there is one.
        command: Option<String>,
    },
    /// Install a package, or this version of it.
    InstallPackage {
        /// Type.
        package_type: PackageType,
        /// Package.
        name: String,
        /// Version; any when absent, and then it is not known what affects it.
        version: Option<String>,
    },
    /// Change the mode of a file.
    ChangeMode {
        /// Path.
        path: String,
        /// Mode now.
        from: u32,
        /// Mode wanted.
        to: u32,
    },
    /// Add an instruction to the Dockerfile.
    AddInstruction {
        /// Keyword.
        keyword: String,
        /// All after it; `…` stands for what only its author knows.
        arguments: String,
    },
    /// Replace an instruction of the Dockerfile.
    ReplaceInstruction {
        /// Where it stands; `None` when only the image configuration says so.
        place: Option<Place>,
        /// Keyword now.
        from: String,
        /// Keyword wanted.
        keyword: String,
        /// All after it.
        arguments: String,
    },
    /// Leave ports out of the image configuration and of the Dockerfile.
    RemovePorts {
        /// Where they stand; `None` when only the image configuration says so.
        place: Option<Place>,
        /// Ports as written.
        ports: Vec<String>,
    },
    /// Remove an instruction of the Dockerfile, and what it sets.
    RemoveInstruction {
        /// Where it stands; `None` when only the image configuration says so.
        place: Option<Place>,
        /// Keyword.
        keyword: String,
        /// All after it, values of secrets left out.
        text: String,
    },
    /// Give an account another login shell.
    ChangeShell {
        /// Account.
        account: String,
        /// Shell wanted.
        shell: String,
    },
    /// Remove an account.
    RemoveAccount {
        /// Account.
        account: String,
    },
    /// Remove a file, and if it held a secret, revoke that.
    RemoveFile {
        /// Path.
        path: String,
        /// Whether it held a secret.
        revoke: bool,
    },
    /// Remove a package with the files that it owns.
    RemovePackage {
        /// Type.
        package_type: PackageType,
        /// Package.
        package: Installed,
    },
}

impl StepKind {
    /// Name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rebuild { .. } => "rebuild",
            Self::UpgradePackages { .. } => "upgrade_packages",
            Self::InstallPackage { .. } => "install_package",
            Self::ChangeMode { .. } => "change_mode",
            Self::AddInstruction { .. } => "add_instruction",
            Self::ReplaceInstruction { .. } => "replace_instruction",
            Self::RemovePorts { .. } => "remove_ports",
            Self::RemoveInstruction { .. } => "remove_instruction",
            Self::ChangeShell { .. } => "change_shell",
            Self::RemoveAccount { .. } => "remove_account",
            Self::RemoveFile { .. } => "remove_file",
            Self::RemovePackage { .. } => "remove_package",
        }
    }

    /// One sentence without full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::Rebuild { base, digest: Some(digest) } => format!("build on the base image {base} ({digest})"),
            Self::Rebuild { base, digest: None } => format!("build on the base image {base}"),
            Self::UpgradePackages { source, packages, to, command, .. } => {
                let what = upgrade(source.as_deref(), packages, to);
                command.as_ref().map_or(what.clone(), |command| format!("{what}: {command}"))
            }
            Self::InstallPackage { name, version: Some(version), .. } => format!("install {name} {version}"),
            Self::InstallPackage { name, version: None, .. } => {
                format!("install {name} (what affects its version is not known yet)")
            }
            Self::ChangeMode { path, to, .. } => format!("chmod {to:04o} {path}"),
            Self::AddInstruction { keyword, arguments } => format!("add to the Dockerfile: {keyword} {arguments}"),
            Self::ReplaceInstruction { place, keyword, arguments, .. } => match at(*place) {
                Some(place) => format!("{place}: {keyword} {arguments}"),
                None => format!("write in the Dockerfile: {keyword} {arguments}"),
            },
            Self::RemovePorts { place, ports } => {
                let ports = ports.join(", ");
                match at(*place) {
                    Some(place) => format!("{place}: leave out the ports {ports}"),
                    None => format!("declare no longer the ports {ports}"),
                }
            }
            Self::RemoveInstruction { place, keyword, text } => match at(*place) {
                Some(place) => format!("{place}: remove {keyword} {text}"),
                None => format!("remove from the Dockerfile: {keyword} {text}"),
            },
            Self::ChangeShell { account, shell } => format!("give the account {account} the shell {shell}"),
            Self::RemoveAccount { account } => format!("remove the account {account}"),
            Self::RemoveFile { path, revoke: true } => {
                format!("remove {path} from every layer and revoke what it holds")
            }
            Self::RemoveFile { path, revoke: false } => format!("remove {path}"),
            Self::RemovePackage { package, .. } => format!("remove {} {}", package.name, package.version),
        }
    }
}

fn at(place: Option<Place>) -> Option<String> {
    place.filter(|place| place.actual).map(|place| format!("Dockerfile line {}", place.line))
}

fn upgrade(source: Option<&str>, packages: &[Installed], to: &str) -> String {
    const SHOWN: usize = 4;
    let mut versions: Vec<&str> = packages.iter().map(|package| package.version.as_str()).collect();
    versions.dedup();
    let mut names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    names.dedup();
    let mut listed = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        listed = format!("{listed} and {} more", names.len() - SHOWN);
    }
    let from = match versions.as_slice() {
        [version] => format!("from {version} "),
        _ => String::new(),
    };
    match source {
        Some(source) => format!("upgrade {source} ({listed}) {from}to {to}"),
        None => format!("upgrade {listed} {from}to {to}"),
    }
}

impl Step {
    /// One sentence without full stop.
    pub fn sentence(&self) -> String {
        self.kind.sentence()
    }
}

/// A stop that the plan leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The finding; with empty texts where no finding but the policy itself stops.
    pub finding: FindingRef,
    /// What happened, for a person.
    pub message: String,
    /// Why no step ends it.
    pub obstacle: Obstacle,
}

/// Why no step ends a stop.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// No fixed version is known.
    NoFix {
        /// Package.
        package: String,
    },
    /// The vendor will not fix it.
    WontFix {
        /// Package.
        package: String,
    },
    /// None of the steps that were tried ends it, or it needs a step that brings about another stop.
    NotCleared {
        /// What was tried, one phrase each.
        tried: Vec<String>,
    },
    /// The plan's own steps bring it about.
    Brought,
    /// It is no change of the artifact that is asked for, but something else.
    Provide {
        /// What, as a command or option.
        what: String,
    },
    /// Only a person can tell what to do.
    ByHand {
        /// What is known of it.
        advice: String,
    },
    /// Nothing is known that ends findings of this trigger.
    NoRemedy {
        /// `gate.trigger`.
        trigger: String,
    },
    /// The rule could not be run, and counts as its action.
    BrokenRule,
    /// The image is on the list of denied images.
    Denied {
        /// Name of the entry.
        entry: String,
    },
}

impl Obstacle {
    /// Name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoFix { .. } => "no_fix",
            Self::WontFix { .. } => "wont_fix",
            Self::NotCleared { .. } => "not_cleared",
            Self::Brought => "brought_about",
            Self::Provide { .. } => "provide",
            Self::ByHand { .. } => "by_hand",
            Self::NoRemedy { .. } => "no_remedy",
            Self::BrokenRule => "broken_rule",
            Self::Denied { .. } => "image_denied",
        }
    }

    /// One sentence, lower case, no full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::NoFix { package } => format!("no fixed version of {package} is known"),
            Self::WontFix { package } => format!("the vendor will not fix {package}"),
            Self::NotCleared { tried } if tried.is_empty() => "no step ends it without another stop".to_owned(),
            Self::NotCleared { tried } => format!("it stays after what was tried: {}", tried.join("; ")),
            Self::Brought => "the steps of the plan bring it about".to_owned(),
            Self::Provide { what } => format!("it needs no change but data: provide {what}"),
            Self::ByHand { advice } => format!("it must be decided by hand: {advice}"),
            Self::NoRemedy { trigger } => format!("no step is known that ends findings of `{trigger}`"),
            Self::BrokenRule => "the rule could not be run: see the problems".to_owned(),
            Self::Denied { entry } => {
                format!("the image is denied by the entry `{entry}`, which no change of its content lifts")
            }
        }
    }
}

impl FixPlan {
    /// The plan of a verdict that needs none.
    pub fn empty(evaluation: &Evaluation) -> Self {
        Self { steps: Vec::new(), after: evaluation.clone(), remaining: Vec::new(), fewest: true }
    }

    /// Whether the verdict after it is no stop. It may still be open.
    pub fn is_complete(&self) -> bool {
        self.after.decision != Decision::Stop
    }

    /// What the plan comes to, one sentence without full stop.
    pub fn sentence(&self) -> String {
        let steps = match self.steps.len() {
            0 => "without any step".to_owned(),
            1 => "after this step".to_owned(),
            steps => format!("after these {steps} steps"),
        };
        match self.after.decision {
            Decision::Pass => format!("{steps} the artifact passes"),
            Decision::Undecided => {
                let missing: Vec<&str> = self.after.missing.iter().map(|input| input.input.as_str()).collect();
                format!("{steps} nothing stops the artifact, but it could not be decided: {}", missing.join(", "))
            }
            Decision::Stop if self.after.reason == FinalReason::Denylisted => {
                "the image is denied whatever it holds, so no step helps".to_owned()
            }
            Decision::Stop => match self.remaining.len() {
                1 => format!("{steps} 1 stop remains"),
                stops => format!("{steps} {stops} stops remain"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Installed, Place, StepKind};
    use crate::PackageType;

    fn upgrade(source: Option<&str>, packages: &[(&str, &str)]) -> String {
        let package = |(name, version): &(&str, &str)| Installed { name: (*name).into(), version: (*version).into() };
        let packages = packages.iter().map(package).collect();
        let source = source.map(str::to_owned);
        let kind = StepKind::UpgradePackages {
            package_type: PackageType::DEB,
            source,
            packages,
            to: "2".into(),
            command: None,
        };
        kind.sentence()
    }

    #[test]
    fn sentences_name_what_changes() {
        assert_eq!(upgrade(None, &[("bash", "1")]), "upgrade bash from 1 to 2");
        assert_eq!(upgrade(Some("gcc"), &[("a", "1"), ("b", "1")]), "upgrade gcc (a, b) from 1 to 2");
        assert_eq!(upgrade(Some("gcc"), &[("a", "1"), ("b", "1+b1")]), "upgrade gcc (a, b) to 2");
        let five = [("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")];
        assert_eq!(upgrade(Some("s"), &five), "upgrade s (a, b, c, d and 1 more) from 1 to 2");
        let user = |place| StepKind::ReplaceInstruction {
            place,
            from: "USER".into(),
            keyword: "USER".into(),
            arguments: "10001".into(),
        };
        assert_eq!(user(Some(Place { line: 3, actual: true })).sentence(), "Dockerfile line 3: USER 10001");
        let guessed = "write in the Dockerfile: USER 10001";
        assert_eq!(user(Some(Place { line: 3, actual: false })).sentence(), guessed, "no one has that line");
        assert_eq!(user(None).sentence(), guessed);
    }
}
