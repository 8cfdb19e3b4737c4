//! Findings about packages.

use stopgate_model::{FixState, Obstacle, Package, PackageType, StepKind};
use stopgate_version::{Format, Version};

use super::{Ask, Group, Proposal, installed};
use crate::plan::apply::id_of_new;
use crate::plan::red::{Key, packages_of};
use crate::plan::trial::attempt;
use crate::plan::upgrade::insert;

impl Group {
    /// The packages that move together with this one.
    pub(in crate::plan) fn of(package: &Package) -> Self {
        let package_type = package.package_type.clone();
        if [PackageType::DEB, PackageType::RPM, PackageType::APK].contains(&package_type) {
            let source = package.upstreams.iter().find(|upstream| !upstream.name.is_empty());
            let name = source.map_or(&package.name, |upstream| &upstream.name).clone();
            return Self { package_type, name, version: String::new() };
        }
        Self { package_type, name: package.name.clone(), version: package.version.clone() }
    }
}

/// Upgrade what has a fix.
pub(super) fn upgrade(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let mut proposals = Vec::new();
    let mut obstacle = None;
    for (id, vulnerability) in packages_of(ask.finding) {
        let Some(package) = ask.site.package(id) else { continue };
        let Some(matched) = ask.site.matched(id, vulnerability) else { continue };
        let name = package.name.clone();
        if matched.fix.state == FixState::WontFix {
            obstacle = obstacle.or(Some(Obstacle::WontFix { package: name }));
        } else if matched.fix.versions.is_empty() {
            obstacle = obstacle.or(Some(Obstacle::NoFix { package: name }));
        } else {
            proposals.push(Proposal::Upgrade(Group::of(package)));
        }
    }
    if proposals.is_empty() { Err(obstacle.unwrap_or_else(|| ask.obstacle())) } else { Ok(proposals) }
}

/// Remove the packages.
pub(super) fn remove(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    removed(ask, |_| true)
}

/// Remove packages that something else can replace. Of a distribution's own packages most hold it together.
pub(super) fn replace(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    removed(ask, |package| !package.package_type.is_os())
}

fn removed(ask: &Ask<'_, '_>, may_go: fn(&Package) -> bool) -> Result<Vec<Proposal>, Obstacle> {
    let named = packages_of(ask.finding);
    let packages = ask.site.artifact.packages.iter().filter(|package| named.iter().any(|(id, _)| *id == package.id));
    let steps = packages.filter(|package| may_go(package)).map(|package| {
        Proposal::Step(StepKind::RemovePackage {
            package_type: package.package_type.clone(),
            package: installed(package),
        })
    });
    let steps: Vec<Proposal> = steps.collect();
    if steps.is_empty() { Err(ask.obstacle()) } else { Ok(steps) }
}

/// Install what the rule requires, in the version that it requires.
pub(super) fn install(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let Some(name) = ask.param("name") else { return Err(ask.obstacle()) };
    let version = ask.param("version").filter(|version| !version.is_empty()).map(str::to_owned);
    let packages = &ask.site.artifact.packages;
    let known: Vec<&Package> = packages.iter().filter(|package| package.name == name).collect();
    let system = || packages.iter().map(|package| &package.package_type).find(|kind| kind.is_os());
    let package_type = known.first().map(|package| &package.package_type).or_else(system);
    let package_type = package_type.cloned().unwrap_or(PackageType::UNKNOWN);
    let name = name.to_owned();
    let is_minimum = ask.param("version_match_type").is_some_and(|word| word.eq_ignore_ascii_case("minimum"));
    let better = version.as_ref().filter(|_| is_minimum);
    let better = better.and_then(|least| above(ask, &known, (&package_type, &name), least));
    Ok(vec![Proposal::Step(StepKind::InstallPackage { package_type, name, version: better.or(version) })])
}

/// The smallest version, from the required one on, that nothing stops.
fn above(
    ask: &Ask<'_, '_>,
    known: &[&Package],
    (package_type, name): (&PackageType, &str),
    least: &str,
) -> Option<String> {
    const MOST_TRIALS: usize = 64;
    let ids = known.iter().map(|package| package.id).chain([id_of_new(name)]).collect();
    let excerpt = ask.site.excerpt(known.iter().copied().cloned().collect());
    let parsed = |text: &str| Version::new(Format::of_package_type(package_type.id()), text);
    let mut untried = vec![parsed(least)];
    for _ in 0..MOST_TRIALS {
        let version = (!untried.is_empty()).then(|| untried.remove(0))?;
        let step = StepKind::InstallPackage {
            package_type: package_type.clone(),
            name: name.to_owned(),
            version: Some(version.text().to_owned()),
        };
        let outcome = attempt(ask.site, &excerpt, &ids, &step);
        if outcome.stops.is_empty() {
            return Some(version.text().to_owned());
        }
        for fix in &outcome.fixes {
            insert(&mut untried, parsed(fix), Some(&version));
        }
    }
    None
}

/// What a required package rests on: whatever has its name.
pub(super) fn required_keys(ask: &Ask<'_, '_>) -> Vec<Key> {
    ask.param("name").map(|name| Key::Name(name.to_owned())).into_iter().collect()
}
