//! Every step that may help: gathered in rounds, since one step can bring to light what another is needed for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use stopgate_model::{Artifact, Element, Evaluation, Obstacle, PackageId, Place, RelationshipKind, StepKind};

use super::apply::{PASSWD, Removal, apply, id_of_new, is};
use super::red::{Key, Red, Source, Unit};
use super::remedies::{self, Ask, Group, Proposal, set_user, users};
use super::site::Site;
use super::trial::Stopped;
use super::upgrade::{self, Groups};

/// Rounds after which no more candidates are looked for.
const MOST_ROUNDS: usize = 8;

/// A step that may help.
pub(super) struct Candidate {
    pub(super) step: StepKind,
    /// What it changes.
    pub(super) reach: HashSet<Key>,
    /// What it was seen to end; `None`: it is taken to end whatever it reaches.
    pub(super) clears: Option<BTreeSet<Unit>>,
}

impl Candidate {
    /// Whether it can make a difference to a part.
    pub(super) fn touches(&self, source: &Source) -> bool {
        source.keys.as_ref().is_none_or(|keys| keys.iter().any(|key| self.reach.contains(key)))
    }

    /// Whether it is expected to end a part by itself.
    pub(super) fn ends(&self, unit: &Unit, source: &Source) -> bool {
        match &self.clears {
            Some(clears) => clears.contains(unit),
            None => source.keys.is_some() && self.touches(source),
        }
    }
}

/// All candidates, and what is left when every one of them is done.
pub(super) struct Gathered {
    /// In the order of preference: what changes least comes first.
    pub(super) candidates: Vec<Candidate>,
    /// Why nothing can be done about a part, as far as it is known.
    pub(super) obstacles: HashMap<Unit, Obstacle>,
    pub(super) after_all: Red,
}

/// Gathers the candidates against what stops the artifact.
pub(super) fn gather(site: &Site<'_>, evaluation: &Evaluation, before: &Red) -> Gathered {
    let mut gathering = Gathering {
        site,
        groups: Groups::of(&site.artifact),
        seen: BTreeSet::new(),
        settled: BTreeSet::new(),
        steps: BTreeMap::new(),
        obstacles: HashMap::new(),
    };
    let mut grew = gathering.round(&Stopped { evaluation, red: before });
    let mut after_all = before.clone();
    for _ in 0..MOST_ROUNDS {
        if !grew {
            break;
        }
        let steps: Vec<&StepKind> = gathering.steps.keys().collect();
        let after = site.after(&steps);
        after_all = site.red(&after);
        grew = gathering.round(&Stopped { evaluation: &after, red: &after_all });
    }
    let candidates = gathering.steps.into_iter().map(|(step, clears)| {
        let reach = reach(&site.artifact, &step);
        Candidate { step, reach, clears }
    });
    Gathered { candidates: candidates.collect(), obstacles: gathering.obstacles, after_all }
}

struct Gathering<'g, 'a> {
    site: &'g Site<'a>,
    groups: Groups<'g>,
    /// Parts that were asked about.
    seen: BTreeSet<Unit>,
    /// Groups and the user, for which there is one step each.
    settled: BTreeSet<Proposal>,
    steps: BTreeMap<StepKind, Option<BTreeSet<Unit>>>,
    obstacles: HashMap<Unit, Obstacle>,
}

impl Gathering<'_, '_> {
    /// Asks about what was not asked about before. Tells whether there are new steps.
    fn round(&mut self, stopped: &Stopped<'_>) -> bool {
        let known = self.steps.len();
        let mut findings: BTreeMap<usize, Vec<&Unit>> = BTreeMap::new();
        for (unit, source) in &stopped.red.units {
            if self.seen.insert(unit.clone())
                && let Some(position) = source.finding
            {
                findings.entry(position).or_default().push(unit);
            }
        }
        let mut proposals = BTreeSet::new();
        let mut asks_user = None;
        let mut ports: BTreeMap<Option<Place>, BTreeSet<String>> = BTreeMap::new();
        for (position, units) in findings {
            let Some(finding) = stopped.evaluation.findings.get(position) else { continue };
            let ask = Ask { site: self.site, finding, rule: self.site.rule(finding) };
            match remedies::propose(&ask) {
                Ok(found) => {
                    for proposal in found {
                        match proposal {
                            Proposal::Ports(place, named) => ports.entry(place).or_default().extend(named),
                            Proposal::User => asks_user = Some(finding),
                            other => drop(proposals.insert(other)),
                        }
                    }
                }
                Err(obstacle) => {
                    self.obstacles.extend(units.into_iter().map(|unit| (unit.clone(), obstacle.clone())));
                }
            }
        }
        for proposal in proposals {
            self.take(proposal, stopped);
        }
        for (place, ports) in ports {
            self.steps.insert(StepKind::RemovePorts { place, ports: ports.into_iter().collect() }, None);
        }
        if let Some(finding) = asks_user.filter(|_| self.settled.insert(Proposal::User)) {
            let ask = Ask { site: self.site, finding, rule: None };
            self.steps.extend(best_user(&ask).map(|step| (step, None)));
        }
        self.steps.len() > known
    }

    fn take(&mut self, proposal: Proposal, stopped: &Stopped<'_>) {
        match proposal {
            Proposal::Step(step) => {
                self.steps.entry(step).or_insert(None);
            }
            Proposal::Upgrade(group) => self.upgrade(&group, stopped),
            Proposal::User | Proposal::Ports(..) => {}
        }
    }

    fn upgrade(&mut self, group: &Group, stopped: &Stopped<'_>) {
        if !self.settled.insert(Proposal::Upgrade(group.clone())) {
            return;
        }
        if let Some(found) = upgrade::find(self.site, &self.groups, group, stopped) {
            self.steps.insert(found.step, Some(found.clears));
        }
    }
}

/// The user under which the least stops the image, of those that can be thought of.
fn best_user(ask: &Ask<'_, '_>) -> Option<StepKind> {
    let site = ask.site;
    let excerpt = site.excerpt(Vec::new());
    let stops = |step: &StepKind| {
        let changed = apply(&excerpt, &[step]).artifact;
        site.red(&site.evaluate(&changed, None)).len()
    };
    let steps = users(ask).into_iter().map(|user| set_user(site.artifact.dockerfile.as_ref(), &user));
    steps.min_by_key(stops)
}

/// What a step changes in an artifact.
pub(super) fn reach(artifact: &Artifact, step: &StepKind) -> HashSet<Key> {
    let mut keys = HashSet::new();
    match step {
        StepKind::Rebuild { .. } => {}
        StepKind::UpgradePackages { package_type, packages, .. } => {
            let named: HashSet<(&str, &str)> =
                packages.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
            let own = artifact.packages.iter().filter(|package| {
                package.package_type == *package_type
                    && named.contains(&(package.name.as_str(), package.version.as_str()))
            });
            add_packages(artifact, &own.map(|package| package.id).collect(), &mut keys);
        }
        StepKind::InstallPackage { name, .. } => {
            let own = artifact.packages.iter().filter(|package| package.name == *name);
            add_packages(artifact, &own.map(|package| package.id).collect(), &mut keys);
            keys.extend([Key::Name(name.clone()), Key::Package(id_of_new(name))]);
        }
        StepKind::RemovePackage { package_type, package } => {
            let own = artifact.packages.iter().filter(|known| is(known, package_type, package));
            add_packages(artifact, &own.map(|package| package.id).collect(), &mut keys);
            add_removal(artifact, Removal::of_package(artifact, package_type, package), &mut keys);
        }
        StepKind::RemoveFile { path, .. } => add_removal(artifact, Removal::of_file(artifact, path), &mut keys),
        StepKind::ChangeMode { path, .. } => drop(keys.insert(Key::Path(path.clone()))),
        StepKind::AddInstruction { keyword, arguments } => {
            keys.insert(Key::Keyword(keyword.clone()));
            if let Some((name, _)) = arguments.split_once('=').filter(|_| keyword == "LABEL") {
                keys.insert(Key::Label(name.to_owned()));
            }
        }
        StepKind::ReplaceInstruction { place, from, keyword, .. } => {
            keys.extend([Key::Keyword(from.clone()), Key::Keyword(keyword.clone())]);
            keys.extend(place.map(|place| Key::Line(place.line)));
        }
        StepKind::RemovePorts { place, .. } => {
            keys.insert(Key::Keyword("EXPOSE".to_owned()));
            keys.extend(place.map(|place| Key::Line(place.line)));
        }
        StepKind::RemoveInstruction { place, keyword, .. } => {
            keys.insert(Key::Keyword(keyword.clone()));
            keys.extend(place.map(|place| Key::Line(place.line)));
            if keyword == "LABEL"
                && let Some(config) = &artifact.config
            {
                keys.extend(config.labels.iter().map(|(name, _)| Key::Label(name.clone())));
            }
        }
        StepKind::ChangeShell { account, .. } | StepKind::RemoveAccount { account } => {
            keys.extend([Key::Account(account.clone()), Key::Keyword("USER".to_owned())]);
        }
    }
    keys
}

/// Packages with their names, and those whose matches depend on them because one owns the other.
fn add_packages(artifact: &Artifact, ids: &HashSet<PackageId>, keys: &mut HashSet<Key>) {
    for edge in &artifact.relationships {
        if let (Element::Package(owner), Element::Package(owned), RelationshipKind::OwnershipByFileOverlap(_)) =
            (&edge.from, &edge.to, &edge.kind)
        {
            if ids.contains(owner) {
                keys.insert(Key::Package(*owned));
            }
            if ids.contains(owned) {
                keys.insert(Key::Package(*owner));
            }
        }
    }
    let own = artifact.packages.iter().filter(|package| ids.contains(&package.id));
    keys.extend(own.flat_map(|package| [Key::Package(package.id), Key::Name(package.name.clone())]));
}

fn add_removal(artifact: &Artifact, removal: Removal, keys: &mut HashSet<Key>) {
    add_packages(artifact, &removal.packages, keys);
    if removal.paths.contains(PASSWD) {
        keys.insert(Key::Keyword("USER".to_owned()));
    }
    keys.extend(removal.paths.into_iter().map(Key::Path));
}
