//! To which version packages that move together are upgraded: the smallest fix version of theirs that ends all their
//! stops, tried out one by one. When none does, the one that leaves the fewest.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use stopgate_model::{Artifact, Element, Installed, Package, PackageId, RelationshipKind, StepKind};
use stopgate_version::{Format, Version};

use super::red::Unit;
use super::remedies::{Group, installed};
use super::site::Site;
use super::trial::{Stopped, attempt, has_fix};
use crate::gates::upgrade_command;

/// Versions that are tried before the rest counts as not worth it.
const MOST_TRIALS: usize = 64;

/// An upgrade, and what it was seen to end.
pub(super) struct Upgrade {
    pub(super) step: StepKind,
    pub(super) clears: BTreeSet<Unit>,
}

/// The packages of an artifact by what moves together.
pub(super) struct Groups<'s> {
    members: BTreeMap<Group, Vec<&'s Package>>,
}

impl<'s> Groups<'s> {
    pub(super) fn of(artifact: &'s Artifact) -> Self {
        let mut members: BTreeMap<Group, Vec<&Package>> = BTreeMap::new();
        for package in &artifact.packages {
            members.entry(Group::of(package)).or_default().push(package);
        }
        Self { members }
    }

    fn of_group(&self, group: &Group) -> &[&'s Package] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }
}

/// The version that counts for what a package moves to: its source's, when that is another one.
fn moving_version(package: &Package) -> &str {
    let source = package.upstreams.iter().find_map(|upstream| upstream.version.as_deref());
    source.unwrap_or(&package.version)
}

/// Puts a version into a sorted list, unless it is there, cannot be compared or is not above another one.
pub(super) fn insert(list: &mut Vec<Version>, version: Version, above: Option<&Version>) {
    if above.is_some_and(|above| order(&version, above) != Some(Ordering::Greater)) {
        return;
    }
    let mut place = list.len();
    for (position, known) in list.iter().enumerate() {
        match order(&version, known) {
            Some(Ordering::Less) => {
                place = position;
                break;
            }
            Some(Ordering::Equal) | None => return,
            Some(Ordering::Greater) => {}
        }
    }
    list.insert(place, version);
}

struct Trials<'t, 'a> {
    site: &'t Site<'a>,
    group: &'t Group,
    members: &'t [&'t Package],
    excerpt: Artifact,
    ids: HashSet<PackageId>,
    before: BTreeSet<Unit>,
}

/// Finds the upgrade of a group; `None` when no fix version helps.
pub(super) fn find(site: &Site<'_>, groups: &Groups<'_>, group: &Group, stopped: &Stopped<'_>) -> Option<Upgrade> {
    let members = groups.of_group(group);
    let ids: HashSet<PackageId> = members.iter().map(|package| package.id).collect();
    let before = stopped.about(&ids);
    let excerpt = site.excerpt(with_linked(site, members));
    let trials = Trials { site, group, members, excerpt, ids, before };
    trials.run()
}

/// The members, and the packages that own them or that they own: whether one is matched depends on the other.
fn with_linked(site: &Site<'_>, members: &[&Package]) -> Vec<Package> {
    let mut ids: BTreeSet<PackageId> = members.iter().map(|package| package.id).collect();
    let own = ids.clone();
    for edge in &site.artifact.relationships {
        if let (Element::Package(owner), Element::Package(owned), RelationshipKind::OwnershipByFileOverlap(_)) =
            (&edge.from, &edge.to, &edge.kind)
            && (own.contains(owner) || own.contains(owned))
        {
            ids.extend([*owner, *owned]);
        }
    }
    let others = ids.iter().filter(|id| !own.contains(id)).filter_map(|id| site.package(*id));
    members.iter().copied().chain(others).cloned().collect()
}

impl Trials<'_, '_> {
    fn run(&self) -> Option<Upgrade> {
        let mut best: Option<(usize, Upgrade)> = None;
        let mut untried = self.fix_versions();
        let mut tried = 0;
        while let Some(version) = (!untried.is_empty()).then(|| untried.remove(0)) {
            let Some(step) = self.step(&version) else { continue };
            tried += 1;
            let outcome = attempt(self.site, &self.excerpt, &self.ids, &step);
            let clears: BTreeSet<Unit> = self.before.difference(&outcome.stops).cloned().collect();
            if outcome.stops.is_empty() {
                return Some(Upgrade { step, clears });
            }
            // What it brings about counts against it; of equals the smaller version is the better one.
            let gain = self.before.len().saturating_sub(outcome.stops.len());
            if gain > best.as_ref().map_or(0, |(gain, _)| *gain) {
                best = Some((gain, Upgrade { step, clears }));
            }
            match MOST_TRIALS - tried {
                0 => break,
                // The last trial is for the highest version.
                1 => drop(untried.drain(..untried.len().saturating_sub(1))),
                _ => {}
            }
            // What affects only this version may be fixed in one that nobody named before.
            for fix in outcome.fixes {
                insert(&mut untried, self.version(&fix), Some(&version));
            }
        }
        best.map(|(_, upgrade)| upgrade)
    }

    /// The fix versions of the members' matches above what is installed, in their order.
    fn fix_versions(&self) -> Vec<Version> {
        let mut versions = Vec::new();
        let mut least: Option<Version> = None;
        for package in self.members {
            for matched in self.site.matches_of(package.id).filter(|matched| has_fix(matched)) {
                let mut own = Vec::new();
                for fix in &matched.fix.versions {
                    insert(&mut own, self.version(fix), Some(&self.version(moving_version(package))));
                }
                let stops = self
                    .before
                    .iter()
                    .any(|unit| unit.package() == Some((package.id, matched.vulnerability.id.as_str())));
                if let Some(first) = own.first().filter(|_| stops)
                    && least.as_ref().is_none_or(|least| order(first, least) == Some(Ordering::Greater))
                {
                    least = Some(first.clone());
                }
                for fix in own {
                    insert(&mut versions, fix, None);
                }
            }
        }
        // A kernel has fixes by the hundred. What does not reach the first fix of each stop rarely ends them all.
        if versions.len() > MOST_TRIALS
            && let Some(least) = least
        {
            versions.retain(|version| order(version, &least) != Some(Ordering::Less));
        }
        versions
    }

    fn version(&self, text: &str) -> Version {
        Version::new(Format::of_package_type(self.group.package_type.id()), text)
    }

    /// The step that brings every member below this version to it.
    fn step(&self, to: &Version) -> Option<StepKind> {
        let below = |package: &&&Package| order(&self.version(moving_version(package)), to) == Some(Ordering::Less);
        let packages: BTreeSet<Installed> =
            self.members.iter().filter(below).map(|package| installed(package)).collect();
        let packages: Vec<Installed> = packages.into_iter().collect();
        let is_source = packages.iter().any(|package| package.name != self.group.name);
        (!packages.is_empty()).then(|| StepKind::UpgradePackages {
            package_type: self.group.package_type.clone(),
            source: is_source.then(|| self.group.name.clone()),
            command: command(self.group, &packages, to.text()),
            packages,
            to: to.text().to_owned(),
        })
    }
}

fn order(left: &Version, right: &Version) -> Option<Ordering> {
    left.compare(right).ok()
}

/// One command for all packages; none when one of them has none.
fn command(group: &Group, packages: &[Installed], to: &str) -> Option<String> {
    let mut names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    names.dedup();
    let commands: Option<Vec<String>> =
        names.iter().map(|name| upgrade_command(&group.package_type, name, to)).collect();
    let mut commands = commands?.into_iter();
    let first = commands.next()?;
    match names.split_first() {
        Some((_, [])) => Some(first),
        // The commands of distributions end with the name.
        Some((_, rest)) if group.package_type.is_os() => Some(format!("{first} {}", rest.join(" "))),
        _ => None,
    }
}
