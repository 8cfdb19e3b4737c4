//! How the packages of two artifacts differ.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use stopgate_model::{Digest, Evidence, Package, Remediation};

use crate::engine::Scene;
use crate::gates::facts;
use crate::gates::packages::is_of_any;
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, TriggerInfo};

/// The differences, each list by type, name and place.
#[derive(Default)]
pub(super) struct Drift<'a> {
    pub(super) added: Vec<&'a Package>,
    pub(super) removed: Vec<&'a Package>,
    /// Before and now.
    pub(super) modified: Vec<(&'a Package, &'a Package)>,
}

/// A package stays the same one by type, name and place. Where a distribution keeps its database is no place.
type Key<'a> = (&'a str, &'a str, &'a str);

impl<'a> Drift<'a> {
    /// The differences in packages of these types, or of all.
    pub(super) fn of(scene: &Scene<'a>, types: Option<&CommaList>) -> Self {
        let Some(previous) = scene.context.previous else { return Self::default() };
        let wanted = |package: &&'a Package| is_of_any(package, types);
        let mut places: BTreeMap<Key<'a>, (Vec<&'a Package>, Vec<&'a Package>)> = BTreeMap::new();
        for package in previous.packages.iter().filter(wanted) {
            places.entry(key(package)).or_default().0.push(package);
        }
        for package in scene.artifact().packages.iter().filter(wanted) {
            places.entry(key(package)).or_default().1.push(package);
        }
        let mut drift = Self::default();
        for (before, now) in places.into_values() {
            drift.place(before, now);
        }
        drift
    }

    /// One place may hold several versions: those that are on both sides cancel out first.
    fn place(&mut self, mut before: Vec<&'a Package>, mut now: Vec<&'a Package>) {
        before.sort_by_key(|package| state(package));
        now.sort_by_key(|package| state(package));
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        let (mut before, mut now) = (before.into_iter().peekable(), now.into_iter().peekable());
        loop {
            let order = match (before.peek(), now.peek()) {
                (Some(old), Some(own)) => state(old).cmp(&state(own)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            match order {
                Ordering::Less => gone.extend(before.next()),
                Ordering::Greater => new.extend(now.next()),
                Ordering::Equal => drop((before.next(), now.next())),
            }
        }
        let pairs = gone.len().min(new.len());
        self.removed.extend(gone.drain(pairs..));
        self.added.extend(new.drain(pairs..));
        self.modified.extend(gone.into_iter().zip(new));
    }
}

fn key(package: &Package) -> Key<'_> {
    let place = match package.primary_location() {
        Some(location) if !package.package_type.is_os() => location.path.as_str(),
        _ => "",
    };
    (package.package_type.id(), &package.name, place)
}

/// What of a package counts as a change. The details of its ecosystem, like times of installation, do not.
type State<'a> = (&'a str, Option<u32>, Option<&'a str>, Option<&'a str>, &'a [Digest]);

fn state(package: &Package) -> State<'_> {
    let Package { version, epoch, arch, modularity, digests, .. } = package;
    (version, *epoch, arch.as_deref(), modularity.as_deref(), digests)
}

/// A hit about a package. `verb` stands in the frozen text, `what` in the message.
pub(super) fn hit(info: &TriggerInfo, verb: &str, what: &str, package: &Package) -> Hit {
    let (name, version, kind) = (&package.name, &package.version, &package.package_type);
    let frozen = format!("Package {verb}: name={name} version={version} type={kind}");
    let mut hit = Hit::frozen(info, &frozen, format!("the package `{name}` {version} ({kind}) {what}"))
        .remedy(Remediation::Advice { text: format!("make sure that {name} was meant to be {verb}") });
    hit.package = facts::identity(package);
    hit
}

/// A package of the previous image as evidence: its id means nothing in this one.
pub(super) fn before(package: &Package) -> Evidence {
    Evidence::Data { text: format!("before: {} {} ({})", package.name, package.version, package.package_type) }
}

#[cfg(test)]
pub(super) mod cases {
    //! An image and the one before it, from lists of type, name, version and path.

    use stopgate_model::PackageType;

    use crate::tests::{Case, image};

    pub(in super::super) const APK: PackageType = PackageType::APK;
    pub(in super::super) const NPM: PackageType = PackageType::NPM;

    type Row<'a> = (PackageType, &'a str, &'a str, &'a str);

    pub(in super::super) fn packages(rows: &[Row<'_>]) -> Case {
        rows.iter().fold(image(), |case, (kind, name, version, path)| case.package(kind.clone(), name, version, path))
    }

    pub(in super::super) fn drifted(before: &[Row<'_>], now: &[Row<'_>]) -> Case {
        let mut case = packages(now);
        case.previous = Some(packages(before).artifact);
        case
    }
}
