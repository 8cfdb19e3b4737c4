//! Which change ends a finding, by its trigger: one table. A trigger that is not in it is judged by the remediation
//! that its findings carry.

mod build;
mod files;
mod packages;

use stopgate_model::{Evidence, Finding, Installed, Obstacle, PackageType, Place, Remediation, StepKind};

use super::red::Key;
use super::site::Site;
use crate::document::Rule;

pub(super) use build::{set_user, users};

/// What a trigger's findings are about, and so which steps can end them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Packages, each for itself.
    Package,
    /// A package that must be there.
    Required,
    /// A file.
    File,
    /// An account.
    Account,
    /// A line of the Dockerfile, or what the configuration says of an instruction.
    Instruction,
    /// The user.
    User,
    /// The ports.
    Ports,
    /// A label.
    Label,
    /// What an expression of the policy's own is asked about.
    Expression,
    /// The artifact as a whole.
    Whole,
}

/// A change that may end a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proposal {
    Step(StepKind),
    /// Upgrade the packages that move together with this one.
    Upgrade(Group),
    /// Another user.
    User,
    /// Leave ports out of a line.
    Ports(Option<Place>, Vec<String>),
}

/// Packages that move together: of a deb, rpm or apk source package all, else those of one name and version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) package_type: PackageType,
    pub(super) name: String,
    /// Empty for a source package.
    pub(super) version: String,
}

/// A finding that asks for a change.
pub(super) struct Ask<'q, 'a> {
    pub(super) site: &'q Site<'a>,
    pub(super) finding: &'q Finding,
    pub(super) rule: Option<&'q Rule>,
}

type Derive = fn(&Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle>;

struct Row {
    gate: &'static str,
    trigger: &'static str,
    part: Part,
    derive: Derive,
}

const fn row(gate: &'static str, trigger: &'static str, part: Part, derive: Derive) -> Row {
    Row { gate, trigger, part, derive }
}

static TABLE: &[Row] = &[
    row("accounts", "uid_zero", Part::Account, build::account),
    row("dockerfile", "effective_user", Part::User, build::user),
    row("dockerfile", "exposed_ports", Part::Ports, build::ports),
    row("dockerfile", "instruction", Part::Instruction, build::instruction),
    row("expression", "matches", Part::Expression, by_remediation),
    row("files", "attribute_match", Part::File, files::attribute),
    row("files", "capabilities", Part::File, by_remediation),
    row("files", "content_regex_match", Part::File, files::remove),
    row("files", "name_match", Part::File, by_remediation),
    row("files", "permissions", Part::File, by_remediation),
    row("files", "suid_or_guid_set", Part::File, by_remediation),
    row("image_config", "label", Part::Label, build::label),
    row("image_config", "user", Part::User, build::user),
    row("licenses", "denylist_exact_match", Part::Package, packages::replace),
    row("licenses", "denylist_partial_match", Part::Package, packages::replace),
    row("licenses", "expression", Part::Package, packages::replace),
    row("malware", "scans", Part::File, files::remove),
    row("npms", "blacklisted_name_version", Part::Package, packages::remove),
    row("packages", "denylist", Part::Package, packages::remove),
    row("packages", "metadata", Part::Package, packages::remove),
    row("packages", "required_package", Part::Required, packages::install),
    row("packages", "verify", Part::File, by_remediation),
    row("passwd_file", "denylist_full_entry", Part::Account, build::account),
    row("passwd_file", "denylist_groupids", Part::Account, build::account),
    row("passwd_file", "denylist_shells", Part::Account, build::shell),
    row("passwd_file", "denylist_userids", Part::Account, build::account),
    row("passwd_file", "denylist_usernames", Part::Account, build::account),
    row("ruby_gems", "blacklist", Part::Package, packages::remove),
    row("secret_scans", "content_regex_checks", Part::File, by_remediation),
    row("vulnerabilities", "count", Part::Whole, packages::upgrade),
    row("vulnerabilities", "denylist", Part::Package, packages::upgrade),
    row("vulnerabilities", "kev_due", Part::Package, packages::upgrade),
    row("vulnerabilities", "kev_list", Part::Package, packages::upgrade),
    row("vulnerabilities", "package", Part::Package, packages::upgrade),
    row("vulnerabilities", "remediation_due", Part::Package, packages::upgrade),
];

fn row_of(finding: &Finding) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.gate == finding.gate && row.trigger == finding.trigger)
}

/// What a finding is about.
pub(super) fn part_of(site: &Site<'_>, finding: &Finding) -> Part {
    match row_of(finding).map_or(Part::Whole, |row| row.part) {
        Part::Expression => part_of_expression(&Ask { site, finding, rule: site.rule(finding) }),
        part => part,
    }
}

/// An expression that reads how the image is built rests on that as well.
fn part_of_expression(ask: &Ask<'_, '_>) -> Part {
    let expression = ask.param("expression").unwrap_or_default();
    let reads_build = ["config", "dockerfile", "image"].iter().any(|name| expression.contains(name));
    let evidence = &ask.finding.evidence;
    match evidence.iter().rfind(|evidence| matches!(evidence, Evidence::Package { .. } | Evidence::File { .. })) {
        Some(Evidence::Package { .. }) if !reads_build => Part::Package,
        Some(Evidence::File { .. }) if !reads_build => Part::File,
        _ => Part::Whole,
    }
}

/// What a finding rests on; `None`: on anything.
pub(super) fn keys_of(part: Part, site: &Site<'_>, finding: &Finding) -> Option<Vec<Key>> {
    let ask = Ask { site, finding, rule: site.rule(finding) };
    let keys = match part {
        Part::Package | Part::Expression | Part::Whole => Vec::new(),
        Part::Required => packages::required_keys(&ask),
        Part::File => files::keys(finding),
        Part::Account => build::account_keys(&ask),
        Part::Instruction => build::instruction_keys(&ask),
        Part::User => vec![Key::Keyword("USER".to_owned())],
        Part::Ports => build::ports_keys(finding),
        Part::Label => build::label_name(finding).map(Key::Label).into_iter().collect(),
    };
    (!keys.is_empty()).then_some(keys)
}

/// Changes that may end a finding, or why there is none.
pub(super) fn propose(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let derive = row_of(ask.finding).map_or(by_remediation as Derive, |row| row.derive);
    derive(ask)
}

/// What the finding itself says.
fn by_remediation(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let step = |step| Ok(vec![Proposal::Step(step)]);
    match &ask.finding.remediation {
        Some(Remediation::UpgradePackage { .. } | Remediation::NoFix { .. }) => packages::upgrade(ask),
        Some(Remediation::RemovePackage { .. }) => packages::remove(ask),
        Some(Remediation::RemoveFile { path, revoke }) => {
            step(StepKind::RemoveFile { path: path.clone(), revoke: *revoke })
        }
        Some(Remediation::ChangeMode { path, from, to }) => {
            step(StepKind::ChangeMode { path: path.clone(), from: *from, to: *to })
        }
        Some(Remediation::Dockerfile { instruction, .. }) => build::written(ask, instruction),
        Some(Remediation::Provide { .. } | Remediation::Advice { .. }) | None => Err(ask.obstacle()),
    }
}

impl<'q> Ask<'q, '_> {
    /// A parameter of the rule.
    pub(super) fn param(&self, name: &str) -> Option<&'q str> {
        let params = self.rule.map_or(&[][..], |rule| &rule.params);
        params.iter().find(|param| param.name.eq_ignore_ascii_case(name)).map(|param| param.value.trim())
    }

    /// Why nothing can be done, as far as the finding says.
    pub(super) fn obstacle(&self) -> Obstacle {
        obstacle(self.finding)
    }
}

fn by_hand(advice: &str) -> Obstacle {
    Obstacle::ByHand { advice: advice.to_owned() }
}

/// Why nothing can be done about a finding, as far as it says.
pub(super) fn obstacle(finding: &Finding) -> Obstacle {
    match &finding.remediation {
        Some(Remediation::Provide { what }) => Obstacle::Provide { what: what.clone() },
        Some(Remediation::Advice { text }) => Obstacle::ByHand { advice: text.clone() },
        Some(Remediation::NoFix { name, state }) if state == "wont-fix" => Obstacle::WontFix { package: name.clone() },
        Some(Remediation::NoFix { name, .. }) => Obstacle::NoFix { package: name.clone() },
        _ => Obstacle::NoRemedy { trigger: format!("{}.{}", finding.gate, finding.trigger) },
    }
}

/// A package as steps name it.
pub(super) fn installed(package: &stopgate_model::Package) -> Installed {
    Installed { name: package.name.clone(), version: package.version.clone() }
}

#[cfg(test)]
mod tests {
    use super::TABLE;
    use crate::registry;

    #[test]
    fn every_row_names_a_trigger_once() {
        let mut names: Vec<_> = TABLE.iter().map(|row| (row.gate, row.trigger)).collect();
        for (gate, trigger) in &names {
            assert!(matches!(registry::find(gate, trigger), registry::Lookup::Found(_)), "{gate}.{trigger}");
        }
        let sorted = names.clone();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, sorted, "sorted and unique");
    }
}
