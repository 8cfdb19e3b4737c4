//! Choosing one image out of an index: by platform, and by name in an archive that holds several.

use std::cmp::Ordering;
use std::sync::Arc;

use stopgate_archive::{Found, Hasher, IntegrityError, digest_of};
use stopgate_model::{Digest, limits};

use crate::manifest::{self, Descriptor, Document, Manifest};
use crate::{Platform, SourceError};

/// Reads the small documents of a source, by the descriptor that names them.
pub(crate) trait Documents {
    /// The source's name for messages.
    fn name(&self) -> &str;
    /// A manifest or index.
    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError>;
    /// A configuration.
    fn config(&self, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError>;
}

/// A manifest that was chosen, verified.
pub(crate) struct Chosen {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
    pub(crate) manifest: Manifest,
    pub(crate) config: Vec<u8>,
    pub(crate) config_digest: Digest,
    pub(crate) facts: manifest::ConfigFacts,
    /// Names that the index gives the image.
    pub(crate) names: Vec<String>,
    pub(crate) parent: Parent,
}

/// The index that a manifest was picked from.
#[derive(Clone)]
pub(crate) enum Parent {
    /// There was none.
    None,
    /// The document that the choice began with.
    Root(Arc<[u8]>),
    /// An index in it.
    Inner(Arc<[u8]>),
}

/// Where a manifest stands: the names that it has there, and the index.
struct Place {
    names: Vec<String>,
    parent: Parent,
}

impl Default for Place {
    fn default() -> Self {
        Self { names: Vec::new(), parent: Parent::None }
    }
}

/// What the user asked for.
#[derive(Default)]
pub(crate) struct Wish<'a> {
    pub(crate) platform: Option<&'a Platform>,
    pub(crate) name: Option<&'a str>,
}

struct Candidate {
    descriptor: Descriptor,
    platform: Option<Platform>,
    names: Vec<String>,
    parent: Parent,
}

/// Follows a document to one image manifest and reads its configuration.
pub(crate) fn choose(source: &dyn Documents, root: Vec<u8>, wish: &Wish<'_>) -> Result<Chosen, SourceError> {
    match manifest::parse(&root, source.name())? {
        Document::Manifest(manifest) => finish(source, root, *manifest, Place::default(), wish),
        Document::Index(members) => {
            let mut candidates = Vec::new();
            let mut seen = members.len() as u64;
            let place = Place { names: Vec::new(), parent: Parent::Root(root.into()) };
            collect(source, members, &place, 1, &mut seen, &mut candidates)?;
            let candidate = pick(source, candidates, wish)?;
            let bytes = source.manifest(&candidate.descriptor)?;
            match manifest::parse(&bytes, &candidate.descriptor.digest)? {
                Document::Manifest(manifest) => {
                    let place = Place { names: candidate.names, parent: candidate.parent };
                    finish(source, bytes, *manifest, place, wish)
                }
                Document::Index(_) => Err(SourceError::malformed(
                    candidate.descriptor.digest,
                    "it is an index, which its media type does not say",
                )),
            }
        }
    }
}

/// Collects all images of an index and of the indexes in it.
fn collect(
    source: &dyn Documents,
    members: Vec<Descriptor>,
    place: &Place,
    depth: u64,
    seen: &mut u64,
    candidates: &mut Vec<Candidate>,
) -> Result<(), SourceError> {
    for descriptor in members {
        if is_attached(&descriptor) {
            continue;
        }
        let mut names = names_of(&descriptor);
        if names.is_empty() {
            names.clone_from(&place.names);
        }
        if !is_index(&descriptor) {
            let platform = descriptor.platform.as_ref().and_then(manifest::PlatformFields::platform);
            candidates.push(Candidate { descriptor, platform, names, parent: place.parent.clone() });
            continue;
        }
        if depth >= limits::INDEX_DEPTH {
            let what = descriptor.digest.clone();
            return Err(SourceError::Limit { what, seen: depth + 1, limit: limits::INDEX_DEPTH, unit: "levels" });
        }
        let bytes = source.manifest(&descriptor)?;
        match manifest::parse(&bytes, &descriptor.digest)? {
            Document::Index(inner) => {
                *seen += inner.len() as u64;
                if *seen > limits::INDEX_MEMBERS {
                    let what = source.name().to_owned();
                    let limit = limits::INDEX_MEMBERS;
                    return Err(SourceError::Limit { what, seen: *seen, limit, unit: "members" });
                }
                let place = Place { names, parent: Parent::Inner(bytes.into()) };
                collect(source, inner, &place, depth + 1, seen, candidates)?;
            }
            Document::Manifest(_) => {
                candidates.push(Candidate { descriptor, platform: None, names, parent: place.parent.clone() });
            }
        }
    }
    Ok(())
}

fn is_index(descriptor: &Descriptor) -> bool {
    descriptor.media_type.contains("image.index") || descriptor.media_type.contains("manifest.list")
}

/// Attestations and the like, which hang on an image of the same index.
fn is_attached(descriptor: &Descriptor) -> bool {
    descriptor.annotation("vnd.docker.reference.type").is_some()
        || descriptor.artifact_type.is_some()
        || descriptor
            .platform
            .as_ref()
            .and_then(manifest::PlatformFields::platform)
            .is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown")
}

fn names_of(descriptor: &Descriptor) -> Vec<String> {
    ["io.containerd.image.name", "org.opencontainers.image.ref.name"]
        .into_iter()
        .filter_map(|name| descriptor.annotation(name))
        .map(str::to_owned)
        .collect()
}

fn pick(source: &dyn Documents, candidates: Vec<Candidate>, wish: &Wish<'_>) -> Result<Candidate, SourceError> {
    let mut candidates = merge(candidates);
    if let Some(name) = wish.name {
        let all = all_names(&candidates);
        candidates.retain(|candidate| candidate.names.iter().any(|other| other == name));
        if candidates.is_empty() {
            return Err(SourceError::SeveralImages { what: source.name().to_owned(), names: all });
        }
    }
    // A single image needs no choice; whether it is of a platform asked for is checked by its configuration.
    if candidates.len() == 1 {
        return candidates.pop().ok_or_else(|| SourceError::malformed(source.name(), "it holds no image"));
    }
    if candidates.is_empty() {
        return Err(SourceError::malformed(source.name(), "it holds no image"));
    }
    for candidate in candidates.iter_mut().filter(|candidate| candidate.platform.is_none()) {
        candidate.platform = platform_of(source, &candidate.descriptor)?;
    }
    let machine = Platform::of_this_machine();
    let wanted = wish.platform.unwrap_or(&machine);
    let offered = |candidate: &Candidate| candidate.platform.clone();
    let mut available: Vec<String> =
        candidates.iter().filter_map(offered).map(|platform| platform.to_string()).collect();
    available.sort_unstable();
    available.dedup();
    candidates.retain(|candidate| candidate.platform.as_ref().is_some_and(|offered| wanted.accepts(offered)));
    let names = all_names(&candidates);
    if names.len() > 1 && candidates.len() > 1 {
        return Err(SourceError::SeveralImages { what: source.name().to_owned(), names });
    }
    // Without a variant the newest one is meant: v7 before v6.
    candidates.sort_by(|a, b| b.platform.cmp(&a.platform));
    candidates.into_iter().next().ok_or_else(|| SourceError::Platform {
        what: source.name().to_owned(),
        wanted: wanted.clone(),
        available,
    })
}

/// One candidate per manifest, with all its names.
fn merge(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut merged: Vec<Candidate> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        match merged.iter_mut().find(|other| other.descriptor.digest == candidate.descriptor.digest) {
            Some(other) => {
                other.names.extend(candidate.names);
                other.names.dedup();
            }
            None => merged.push(candidate),
        }
    }
    merged
}

fn all_names(candidates: &[Candidate]) -> Vec<String> {
    let mut names: Vec<String> = candidates.iter().flat_map(|candidate| candidate.names.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn platform_of(source: &dyn Documents, descriptor: &Descriptor) -> Result<Option<Platform>, SourceError> {
    let bytes = source.manifest(descriptor)?;
    let Document::Manifest(manifest) = manifest::parse(&bytes, &descriptor.digest)? else { return Ok(None) };
    if manifest.require_image(source.name()).is_err() {
        return Ok(None);
    }
    let config = source.config(&manifest.config)?;
    Ok(manifest::parse_config(&config, &manifest.config.digest)?.platform)
}

fn finish(
    source: &dyn Documents,
    bytes: Vec<u8>,
    manifest: Manifest,
    place: Place,
    wish: &Wish<'_>,
) -> Result<Chosen, SourceError> {
    manifest.require_image(source.name())?;
    let config = source.config(&manifest.config)?;
    let facts = manifest::parse_config(&config, &manifest.config.digest)?;
    if let (Some(wanted), Some(offered)) = (wish.platform, &facts.platform)
        && !wanted.accepts(offered)
    {
        return Err(SourceError::Platform {
            what: source.name().to_owned(),
            wanted: wanted.clone(),
            available: vec![offered.to_string()],
        });
    }
    let config_digest = manifest.config.digest()?;
    let Place { names, parent } = place;
    Ok(Chosen { digest: digest_of(&bytes), bytes, config_digest, manifest, config, facts, names, parent })
}

/// Checks a small document against its descriptor.
pub(crate) fn verify(bytes: &[u8], descriptor: &Descriptor) -> Result<(), SourceError> {
    let expected = descriptor.digest()?;
    let (declared, seen) = (descriptor.size, bytes.len() as u64);
    let found = match seen.cmp(&declared) {
        Ordering::Less => Found::Short { declared, seen },
        Ordering::Greater => Found::Long { declared },
        Ordering::Equal => {
            let mut hasher = Hasher::new(expected.algorithm()).unwrap_or_default();
            hasher.update(bytes);
            let digest = hasher.finish();
            if digest == expected {
                return Ok(());
            }
            Found::Digest(digest)
        }
    };
    Err(IntegrityError { expected, found }.into())
}
