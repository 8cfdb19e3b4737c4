//! An image on another base image: what its own layers hold, over what the other base holds.

use std::collections::{BTreeSet, HashSet};

use stopgate_model::{
    Artifact, ConfigHit, ConfigPlace, Digest, Dockerfile, DockerfileMode, Element, FileIndex, FileIndexBuilder, Gap,
    ImageConfig, Package, PackageId, PackageType, Relationship, SearchHit, SourceKind,
};
use stopgate_version::{Format, compare};

use super::site::{Moved, Site};
use crate::engine::{Ancestor, BaseImage};

/// An image that the artifact may be built on.
pub struct BaseCandidate<'a> {
    /// How its owner names it.
    pub name: &'a str,
    /// The image.
    pub artifact: &'a Artifact,
}

/// Base images: the one that the artifact is built on, and those that it may be built on.
pub struct Bases<'a> {
    /// The base image that it is built on: its layers are the first of the artifact's.
    pub current: &'a Artifact,
    /// What may take its place.
    pub candidates: &'a [BaseCandidate<'a>],
}

/// The artifact on another base; `None` when it is no image, or is not built on what is said to be its base.
pub(super) fn rebase<'a>(site: &Site<'a>, current: &Artifact, candidate: &BaseCandidate<'_>) -> Option<Site<'a>> {
    let own = Own::of(&site.artifact, current)?;
    let artifact = own.over(candidate)?;
    let base = base_image(site, candidate);
    let ancestors = site.ancestors.is_some().then(|| {
        let image = candidate.artifact.source.image();
        image.map(|image| Ancestor {
            digest: image.manifest_digest.clone(),
            tags: vec![candidate.name.to_owned()],
            layers: image.layers.len(),
        })
    });
    let ancestors = ancestors.map(|ancestor| ancestor.into_iter().collect());
    Some(site.moved(Moved { artifact, base, ancestors }))
}

/// What a finding of the artifact can be inherited from.
fn base_image(site: &Site<'_>, candidate: &BaseCandidate<'_>) -> BaseImage {
    let artifact = candidate.artifact;
    let matches = site.rematched(artifact);
    let findings = site.evaluate_base(artifact, matches.as_ref()).findings;
    let purl = |id: PackageId| artifact.packages.iter().find(|package| package.id == id).map(|p| p.purl.clone());
    let all = matches.iter().flat_map(|report| &report.matches);
    BaseImage {
        digest: artifact.source.image().map(|image| image.manifest_digest.clone()),
        findings: findings.into_iter().map(|found| (found.gate, found.trigger, found.trigger_id)).collect(),
        matches: all.filter_map(|found| Some((found.vulnerability.id.clone(), purl(found.package)?))).collect(),
    }
}

/// What an image's own layers hold.
struct Own<'o> {
    whole: &'o Artifact,
    base: &'o Artifact,
    /// Number of the base's layers.
    below: usize,
    /// DiffIDs of its own layers.
    layers: HashSet<&'o Digest>,
}

impl<'o> Own<'o> {
    fn of(whole: &'o Artifact, base: &'o Artifact) -> Option<Self> {
        let (image, base_layers) = (whole.source.image()?, &base.source.image()?.layers);
        let below = base_layers.len();
        let same = image.layers.iter().zip(base_layers).all(|(own, base)| own.diff_id == base.diff_id);
        let own = image.layers.get(below..)?;
        same.then(|| Self { whole, base, below, layers: own.iter().map(|layer| &layer.diff_id).collect() })
    }

    fn over(&self, candidate: &BaseCandidate<'_>) -> Option<Artifact> {
        let on = candidate.artifact;
        let mut source = self.whole.source.clone();
        let SourceKind::Image(image) = &mut source.kind else { return None };
        let base = on.source.image()?;
        let own_layers = image.layers.split_off(self.below);
        image.layers = base.layers.iter().cloned().chain(own_layers).collect();
        image.size = image.layers.iter().map(|layer| layer.size).sum();
        image.architecture.clone_from(&base.architecture);
        image.variant.clone_from(&base.variant);
        image.os.clone_from(&base.os);
        let packages = self.packages(on);
        let sorted = |mut hits: Vec<SearchHit>| {
            hits.sort();
            hits
        };
        let hits = |hits: fn(&Artifact) -> Option<&Vec<SearchHit>>| {
            let all = self.overlaid(hits(self.whole), hits(on), |hit| (&hit.path, hit.layer.as_ref()));
            all.map(sorted)
        };
        let retrieved = self
            .overlaid(self.whole.retrieved.as_ref(), on.retrieved.as_ref(), |file| (&file.path, file.layer.as_ref()));
        let retrieved = retrieved.map(|mut files| {
            files.sort_by(|a, b| a.path.cmp(&b.path));
            files.dedup_by(|next, kept| next.path == kept.path);
            files
        });
        Some(Artifact {
            source,
            config: self.config(on),
            distro: on.distro.clone(),
            relationships: self.relationships(on, &packages),
            files: self.files(on, base.layers.len()),
            dockerfile: self.dockerfile(candidate),
            secrets: hits(|artifact| artifact.secrets.as_ref()),
            hidden_secrets: self.hidden_secrets(on),
            config_secrets: self.config_secrets(on),
            content: hits(|artifact| artifact.content.as_ref()),
            retrieved,
            documents: self.whole.documents.clone(),
            gaps: self.gaps(on),
            analyzer: self.whole.analyzer.clone(),
            sbom: self.whole.sbom.clone(),
            packages,
        })
    }

    /// What stays hidden, and what its own files now lie over.
    fn hidden_secrets(&self, on: &Artifact) -> Option<Vec<SearchHit>> {
        let own = self.whole.hidden_secrets.as_ref()?.iter().filter(|hit| self.is_own(hit.layer.as_ref()));
        let covered = on.secrets.as_ref()?.iter().filter(|hit| self.overlays(&hit.path));
        let all: BTreeSet<&SearchHit> = own.chain(on.hidden_secrets.as_ref()?).chain(covered).collect();
        Some(all.into_iter().cloned().collect())
    }

    /// What the image sets itself, and what the other base sets; the history stays.
    fn config_secrets(&self, on: &Artifact) -> Option<Vec<ConfigHit>> {
        let base = self.base.config_secrets.as_ref()?;
        let own = self.whole.config_secrets.as_ref()?.iter();
        let own = own.filter(|hit| hit.place == ConfigPlace::History || !base.contains(hit));
        let theirs = on.config_secrets.as_ref()?.iter().filter(|hit| hit.place != ConfigPlace::History);
        let all: BTreeSet<&ConfigHit> = own.chain(theirs).collect();
        Some(all.into_iter().cloned().collect())
    }

    /// What was found in its own layers, and what in the other base's where no own file lies over it. Where one of
    /// the two was not collected, there is none.
    fn overlaid<T: Clone>(
        &self,
        own: Option<&Vec<T>>,
        theirs: Option<&Vec<T>>,
        place: fn(&T) -> (&str, Option<&Digest>),
    ) -> Option<Vec<T>> {
        let (own, theirs) = (own?, theirs?);
        let own = own.iter().filter(|item| self.is_own(place(item).1));
        Some(own.chain(theirs.iter().filter(|item| !self.overlays(place(item).0))).cloned().collect())
    }

    /// Whether something of this layer is its own. What names no layer may be, and is never lost.
    fn is_own(&self, layer: Option<&Digest>) -> bool {
        layer.is_none_or(|layer| self.layers.contains(layer))
    }

    fn gaps(&self, on: &Artifact) -> Vec<Gap> {
        let own = self.whole.gaps.iter().filter(|gap| self.is_own(gap.layer.as_ref()));
        let gaps: BTreeSet<&Gap> = own.chain(&on.gaps).collect();
        gaps.into_iter().cloned().collect()
    }

    /// Edges between packages that are there.
    fn relationships(&self, on: &Artifact, packages: &[Package]) -> Vec<Relationship> {
        let ids: HashSet<PackageId> = packages.iter().map(|package| package.id).collect();
        let holds = |element: &Element| !matches!(element, Element::Package(id) if !ids.contains(id));
        let edges = self.whole.relationships.iter().chain(&on.relationships);
        let edges: BTreeSet<&Relationship> = edges.filter(|edge| holds(&edge.from) && holds(&edge.to)).collect();
        edges.into_iter().cloned().collect()
    }

    /// Whether a file of its own layers lies over a path.
    fn overlays(&self, path: &str) -> bool {
        let entry = self.whole.files.as_ref().and_then(|files| files.get(path));
        entry.is_some_and(|entry| entry.layer as usize >= self.below)
    }

    /// Packages that the present base does not have, and those of the other one. Of a package of the distribution
    /// that both bring, the higher version stays.
    fn packages(&self, on: &Artifact) -> Vec<Package> {
        let of_base: HashSet<_> = self.base.packages.iter().map(identity).collect();
        let added = self.whole.packages.iter().filter(|package| !of_base.contains(&identity(package)));
        let mut own: Vec<&Package> = Vec::new();
        let mut replaced: HashSet<PackageId> = HashSet::new();
        for package in added {
            let rival = on.packages.iter().find(|known| {
                let same = (&known.package_type, &known.name, &known.arch)
                    == (&package.package_type, &package.name, &package.arch);
                same && package.package_type.is_os()
            });
            match rival {
                Some(rival) if !is_above(package, rival) => {}
                Some(rival) => {
                    replaced.insert(rival.id);
                    own.push(package);
                }
                None => own.push(package),
            }
        }
        let theirs = on.packages.iter().filter(|package| !replaced.contains(&package.id));
        let mut all: Vec<Package> = theirs.chain(own).cloned().collect();
        all.sort_by(|a, b| {
            (&a.name, &a.version, &a.package_type, a.id).cmp(&(&b.name, &b.version, &b.package_type, b.id))
        });
        all
    }

    /// Entries of its own layers over the other base's. Where one of the two was not collected, there is none.
    fn files(&self, on: &Artifact, layers: usize) -> Option<FileIndex> {
        let (whole, on_files) = (self.whole.files.as_ref()?, on.files.as_ref()?);
        let mut builder = FileIndexBuilder::default();
        for entry in on_files.iter() {
            builder.push(&entry);
        }
        for mut entry in whole.iter().filter(|entry| entry.layer as usize >= self.below) {
            entry.layer = (entry.layer as usize - self.below + layers) as u32;
            builder.push(&entry);
        }
        let mut files = builder.finish();
        let own = whole.further_digests().filter(|(entry, _)| entry.layer as usize >= self.below);
        let theirs = on_files.further_digests().filter(|(entry, _)| !self.overlays(entry.path));
        files.add_digests(own.chain(theirs).map(|(entry, digest)| (entry.path, digest.clone())));
        let own = whole.capabilities().filter(|(entry, _)| entry.layer as usize >= self.below);
        let theirs = on_files.capabilities().filter(|(entry, _)| !self.overlays(entry.path));
        files.add_capabilities(own.chain(theirs).map(|(entry, raw)| (entry.path, raw)));
        Some(files)
    }

    /// What the image sets itself stays; what it has from its base comes from the other one.
    fn config(&self, on: &Artifact) -> Option<ImageConfig> {
        let (own, base, theirs) = (self.whole.config.as_ref()?, self.base.config.as_ref(), on.config.as_ref()?);
        let base = base.cloned().unwrap_or_default();
        let one = |field: fn(&ImageConfig) -> &String| {
            if field(own) == field(&base) { field(theirs).clone() } else { field(own).clone() }
        };
        let list = |field: fn(&ImageConfig) -> &Vec<String>| {
            if field(own) == field(&base) { field(theirs).clone() } else { field(own).clone() }
        };
        let added = |field: fn(&ImageConfig) -> &Vec<String>| {
            let own = field(own).iter().filter(|item| !field(&base).contains(item));
            let mut all: Vec<String> = field(theirs).clone();
            all.extend(own.cloned());
            all
        };
        let sorted = |mut all: Vec<String>| {
            all.sort();
            all.dedup();
            all
        };
        let own_labels = own.labels.iter().filter(|label| !base.labels.contains(label));
        let mut labels = theirs.labels.clone();
        for (name, value) in own_labels {
            labels.retain(|(known, _)| known != name);
            labels.push((name.clone(), value.clone()));
        }
        labels.sort();
        Some(ImageConfig {
            user: one(|config| &config.user),
            exposed_ports: sorted(added(|config| &config.exposed_ports)),
            env: added(|config| &config.env),
            entrypoint: list(|config| &config.entrypoint),
            cmd: list(|config| &config.cmd),
            working_dir: one(|config| &config.working_dir),
            labels,
            volumes: sorted(added(|config| &config.volumes)),
            healthcheck: if own.healthcheck == base.healthcheck {
                theirs.healthcheck.clone()
            } else {
                own.healthcheck.clone()
            },
            stop_signal: one(|config| &config.stop_signal),
            on_build: list(|config| &config.on_build),
            shell: list(|config| &config.shell),
            architecture: theirs.architecture.clone(),
            os: theirs.os.clone(),
            variant: theirs.variant.clone(),
            ..own.clone()
        })
    }

    /// A Dockerfile that was given builds its last stage on the other base; in one that was guessed from the history,
    /// the base's part is replaced.
    fn dockerfile(&self, candidate: &BaseCandidate<'_>) -> Option<Dockerfile> {
        let mut file = self.whole.dockerfile.clone()?;
        if file.mode == DockerfileMode::Actual {
            let last = file.instructions.iter_mut().rfind(|line| line.keyword.eq_ignore_ascii_case("FROM"));
            if let Some(from) = last {
                candidate.name.clone_into(&mut from.arguments);
            }
            return Some(file);
        }
        let count = |artifact: &Artifact| artifact.dockerfile.as_ref().map_or(0, |file| file.instructions.len());
        let own = file.instructions.split_off(count(self.base).min(file.instructions.len()));
        file.instructions = candidate.artifact.dockerfile.as_ref().map_or_else(Vec::new, |f| f.instructions.clone());
        let above = file.instructions.iter().map(|line| line.line).max().unwrap_or(0);
        let first = own.iter().map(|line| line.line).min().unwrap_or(0);
        file.instructions.extend(own.into_iter().map(|mut line| {
            line.line = (line.line - first).saturating_add(above).saturating_add(1);
            line
        }));
        Some(file)
    }
}

/// What tells a package of the base from one that was added; the layer of its database does not.
fn identity(package: &Package) -> (&PackageType, &str, &str, Option<&str>, &str) {
    let path = package.primary_location().map_or("", |location| location.path.as_str());
    (&package.package_type, &package.name, &package.version, package.arch.as_deref(), path)
}

fn is_above(package: &Package, rival: &Package) -> bool {
    let format = Format::of_package_type(package.package_type.id());
    compare(format, &package.version, &rival.version).is_ok_and(std::cmp::Ordering::is_gt)
}
