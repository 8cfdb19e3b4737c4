//! Regions: which mapping, and which entry of the image lists, of both policies artifacts meet, in every
//! combination that exists.
//!
//! A region is decided by a few patterns about parts of names. The combinations of each part are enumerated
//! (`parts`), and the product of the parts gives all regions: what the parts of a name are does not depend on each
//! other, but for the second names that Docker Hub has for its repositories.

mod languages;
mod parts;
mod walk;

use stopgate_model::{Digest, ImageReference};

use crate::diff::effort::Effort;
use crate::diff::sample;
use crate::document::policy::{ImageKind, ImageRule, ImageTarget, Mapping, Policy, Target};
use crate::pattern::Pattern;
use crate::trigger::ArtifactType;

use parts::{Part, PartCell, PartKind, reference};
use walk::Entry;

/// Places that a region keeps to build witnesses with.
const PLACES: usize = 2;

/// What a policy makes of an artifact before any rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate<'p> {
    Denied(&'p ImageRule),
    Allowed(&'p ImageRule),
    Mapped(&'p Mapping),
    Unmapped,
}

/// What tells fates apart.
type FateKey = (u8, usize);

impl Fate<'_> {
    /// Two fates with the same key are the same.
    fn key(&self) -> FateKey {
        match self {
            Self::Denied(_) => (0, 0),
            Self::Allowed(_) => (1, 0),
            Self::Mapped(mapping) => (2, std::ptr::from_ref(*mapping) as usize),
            Self::Unmapped => (3, 0),
        }
    }
}

/// Names by which an artifact comes to lie in a region.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The reference with which mappings are asked.
    pub(super) tag: ImageReference,
    /// Digest of the manifest.
    pub(super) digest: Option<Digest>,
    /// Digest of the configuration.
    pub(super) image_id: Option<Digest>,
    /// Name and version of an SBOM; empty for others.
    pub(super) name: (String, String),
}

impl Place {
    /// Some place, where it does not matter which.
    pub(super) fn nowhere() -> Option<Self> {
        let tag = reference("docker.io", "team/app", "1")?;
        Some(Self { tag, digest: None, image_id: None, name: (String::new(), String::new()) })
    }
}

/// A region.
#[derive(Debug)]
pub(super) struct Region<'p> {
    pub(super) kind: ArtifactType,
    pub(super) old: Fate<'p>,
    pub(super) new: Fate<'p>,
    /// Where it lies; empty when no name is known.
    pub(super) places: Vec<Place>,
}

/// All regions of one type of artifacts, or why they are not known.
pub(super) fn regions<'p>(
    old: &'p Policy,
    new: &'p Policy,
    kind: ArtifactType,
    strict: bool,
    effort: &Effort,
) -> Result<Vec<Region<'p>>, String> {
    let (olds, news) = (Lists::of(old, kind), Lists::of(new, kind));
    let both = [&olds, &news];
    let regions = match unreliable(&both) {
        // What fails fails in both alike when both ask the same.
        Some(_) if olds.asks() == news.asks() => return Ok(diagonal(&olds, &news, kind)),
        Some(text) => Err(format!("the pattern `{text}` may fail, and the policies use it differently")),
        None => Parts::new(&both, strict, effort).and_then(|parts| parts.regions(&olds, &news, kind, effort)),
    };
    match regions {
        Err(_) if olds.asks() == news.asks() => Ok(diagonal(&olds, &news, kind)),
        regions => regions,
    }
}

/// A pattern whose matching may fail.
fn unreliable<'p>(lists: &[&Lists<'p>]) -> Option<&'p str> {
    let mut patterns = lists.iter().flat_map(|lists| lists.patterns());
    let fails = |pattern: &&Pattern| match pattern.regex() {
        Some(Ok(regex)) => !regex.is_linear(),
        Some(Err(_)) => true,
        None => false,
    };
    patterns.find(fails).map(Pattern::as_str)
}

/// The regions of two policies with the same lists and mappings, each with its own counterpart.
///
/// A pattern that fails ends the search of its list in both policies at the same entry, so both have the same fate
/// or none, and a mapping meets its counterpart alone.
fn diagonal<'p>(old: &Lists<'p>, new: &Lists<'p>, kind: ArtifactType) -> Vec<Region<'p>> {
    let pairs = old.mappings.iter().zip(&new.mappings);
    pairs
        .map(|(old, new)| {
            let places = guessed(Asked::of(old), kind).into_iter().collect();
            Region { kind, old: Fate::Mapped(old), new: Fate::Mapped(new), places }
        })
        .collect()
}

/// Names that a mapping's own patterns match. An entry in front of it may match them as well.
fn guessed(asked: Asked<'_>, kind: ArtifactType) -> Option<Place> {
    let text = |slot: Slot, otherwise: &str| -> Option<String> {
        let Some(pattern) = asked.about(slot) else { return Some(otherwise.to_owned()) };
        match pattern.regex() {
            Some(regex) => sample::texts(regex.as_ref().ok()?).into_iter().next(),
            None if pattern.as_str().bytes().all(|b| b == b'*') => Some(otherwise.to_owned()),
            None => Some(pattern.as_str().replace('*', "x")),
        }
    };
    let digest = |slot: Slot| Digest::parse(&text(slot, "")?).ok();
    let image = kind == ArtifactType::Image;
    let (registry, repository, tag) = if image {
        (text(Slot::Registry, "docker.io")?, text(Slot::Repository, "team/app")?, text(Slot::Tag, "1")?)
    } else {
        (text(Slot::Host, "*")?, text(Slot::Path, "*")?, "*".to_owned())
    };
    let tag = reference(&registry, &repository, &tag);
    let name = (text(Slot::Name, "")?, text(Slot::Version, "")?);
    Some(Place { tag: tag?, digest: digest(Slot::Digest), image_id: digest(Slot::Id), name })
}

/// What a policy asks of the names of one type of artifacts, in order.
struct Lists<'p> {
    denied: Vec<&'p ImageRule>,
    allowed: Vec<&'p ImageRule>,
    mappings: Vec<&'p Mapping>,
}

impl<'p> Lists<'p> {
    fn of(policy: &'p Policy, kind: ArtifactType) -> Self {
        let images = kind == ArtifactType::Image;
        let list = |list: &'p [ImageRule]| if images { list.iter().collect() } else { Vec::new() };
        let mappings: Vec<&Mapping> = match kind {
            ArtifactType::Image => policy.mappings.iter().collect(),
            ArtifactType::Source => policy.source_mappings.iter().collect(),
            ArtifactType::Sbom => policy.sbom_mappings.iter().chain(&policy.source_mappings).collect(),
        };
        Self { denied: list(&policy.denied_images), allowed: list(&policy.allowed_images), mappings }
    }

    fn targets(&self) -> impl Iterator<Item = Asked<'p>> + '_ {
        let rules = self.denied.iter().chain(&self.allowed).map(|rule| Asked::Image(&rule.target));
        rules.chain(self.mappings.iter().map(|mapping| Asked::of(mapping)))
    }

    fn patterns(&self) -> impl Iterator<Item = &'p Pattern> + '_ {
        self.targets().flat_map(Asked::patterns)
    }

    /// All that is asked, to be compared.
    fn asks(&self) -> [Vec<Vec<&'p str>>; 3] {
        let rules = |list: &[&'p ImageRule]| list.iter().map(|rule| Asked::Image(&rule.target).key()).collect();
        let mappings = self.mappings.iter().map(|mapping| Asked::of(mapping).key());
        [rules(&self.denied), rules(&self.allowed), mappings.collect()]
    }
}

/// What a mapping asks, for people.
pub(super) fn asked(mapping: &Mapping) -> String {
    Asked::of(mapping).text()
}

/// What an entry of an image list asks, for people.
pub(super) fn asked_image(rule: &ImageRule) -> String {
    Asked::Image(&rule.target).text()
}

/// What one entry asks.
#[derive(Clone, Copy)]
enum Asked<'p> {
    Image(&'p ImageTarget),
    Source(&'p Pattern, &'p Pattern),
    Sbom(&'p Pattern, &'p Pattern),
}

impl<'p> Asked<'p> {
    fn of(mapping: &'p Mapping) -> Self {
        match &mapping.target {
            Target::Image(target) => Self::Image(target),
            Target::Source(names) => Self::Source(&names.first, &names.second),
            Target::Sbom(names) => Self::Sbom(&names.first, &names.second),
        }
    }

    fn patterns(self) -> Vec<&'p Pattern> {
        match self {
            Self::Image(target) => vec![&target.registry, &target.repository, &target.value],
            Self::Source(first, second) | Self::Sbom(first, second) => vec![first, second],
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Image(target) => target.kind.name(),
            Self::Source(..) => "source",
            Self::Sbom(..) => "sbom",
        }
    }

    fn key(self) -> Vec<&'p str> {
        let patterns = self.patterns().into_iter().map(Pattern::as_str);
        std::iter::once(self.kind()).chain(patterns).collect()
    }

    fn text(self) -> String {
        let kind = self.kind();
        let patterns: Vec<String> =
            self.patterns().into_iter().map(|pattern| format!("`{}`", pattern.as_str())).collect();
        format!("by {kind} {}", patterns.join(" "))
    }

    /// The pattern that this entry has for a part of a name.
    fn about(self, slot: Slot) -> Option<&'p Pattern> {
        match (self, slot) {
            (Self::Image(target), Slot::Registry) => Some(&target.registry),
            (Self::Image(target), Slot::Repository) => Some(&target.repository),
            (Self::Image(target), slot) => {
                let own = match target.kind {
                    ImageKind::Tag => Slot::Tag,
                    ImageKind::Digest => Slot::Digest,
                    ImageKind::Id => Slot::Id,
                };
                (own == slot).then_some(&target.value)
            }
            (Self::Source(first, _), Slot::Host) | (Self::Sbom(first, _), Slot::Name) => Some(first),
            (Self::Source(_, second), Slot::Path) | (Self::Sbom(_, second), Slot::Version) => Some(second),
            _ => None,
        }
    }
}

/// A part of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Registry,
    Repository,
    Tag,
    Digest,
    Id,
    Host,
    Path,
    Name,
    Version,
}

impl Slot {
    const ALL: [Self; 9] = [
        Self::Registry,
        Self::Repository,
        Self::Tag,
        Self::Digest,
        Self::Id,
        Self::Host,
        Self::Path,
        Self::Name,
        Self::Version,
    ];

    const fn kind(self, strict: bool) -> PartKind {
        match self {
            Self::Registry | Self::Host => PartKind::Registry,
            Self::Repository => PartKind::Repository { strict },
            // Docker Hub's second names are for images alone.
            Self::Path => PartKind::Repository { strict: true },
            Self::Tag | Self::Name | Self::Version => PartKind::Tag,
            Self::Digest => PartKind::Digest,
            Self::Id => PartKind::Id,
        }
    }
}

/// The parts that the policies ask about, in the order of their slots.
struct Parts {
    parts: Vec<(Slot, Part)>,
}

impl Parts {
    fn new(lists: &[&Lists<'_>], strict: bool, effort: &Effort) -> Result<Self, String> {
        let mut parts = Vec::new();
        for slot in Slot::ALL {
            let asked = || lists.iter().flat_map(|lists| lists.targets()).filter_map(|asked| asked.about(slot));
            if asked().next().is_some() {
                parts.push((slot, Part::new(slot.kind(strict), asked(), effort)?));
            }
        }
        Ok(Self { parts })
    }

    fn regions<'p>(
        &self,
        old: &Lists<'p>,
        new: &Lists<'p>,
        kind: ArtifactType,
        effort: &Effort,
    ) -> Result<Vec<Region<'p>>, String> {
        let of = |lists: &Lists<'p>| -> Vec<Entry<'p>> {
            let denied = lists.denied.iter().map(|rule| (Asked::Image(&rule.target), Fate::Denied(rule)));
            let allowed = lists.allowed.iter().map(|rule| (Asked::Image(&rule.target), Fate::Allowed(rule)));
            let mapped = lists.mappings.iter().map(|mapping| (Asked::of(mapping), Fate::Mapped(mapping)));
            denied.chain(allowed).chain(mapped).map(|(asked, fate)| self.entry(asked, fate)).collect()
        };
        walk::walk(self, (of(old), of(new)), kind, effort)
    }

    fn entry<'p>(&self, asked: Asked<'_>, fate: Fate<'p>) -> Entry<'p> {
        let asks = |(slot, _): &(Slot, Part)| asked.about(*slot).is_some_and(|pattern| !pattern.is_anything());
        let decided = self.parts.iter().rposition(asks).map_or(0, |last| last + 1);
        Entry { numbers: self.numbers(asked), decided, fate }
    }

    /// Places of an entry's patterns among the bits of the parts; `None` where it does not ask.
    fn numbers(&self, asked: Asked<'_>) -> Vec<Option<usize>> {
        self.parts.iter().map(|(slot, part)| asked.about(*slot).map(|pattern| part.number(pattern))).collect()
    }

    /// Names that lie in a combination; `None` when none is known that can be written.
    fn place(&self, combination: &[&PartCell], kind: ArtifactType) -> Option<Place> {
        let text = |slot: Slot, otherwise: &str| -> Option<String> {
            match self.parts.iter().position(|(known, _)| *known == slot) {
                Some(at) => combination.get(at)?.sample.clone(),
                None => Some(otherwise.to_owned()),
            }
        };
        let digest = |slot: Slot| -> Option<Option<Digest>> {
            let text = text(slot, "")?;
            if text.is_empty() { Some(None) } else { Digest::parse(&text).ok().map(Some) }
        };
        let (registry, repository, tag) = match kind {
            ArtifactType::Image => {
                (text(Slot::Registry, "docker.io")?, text(Slot::Repository, "team/app")?, text(Slot::Tag, "1")?)
            }
            ArtifactType::Source | ArtifactType::Sbom => {
                (text(Slot::Host, "*")?, text(Slot::Path, "*")?, "*".to_owned())
            }
        };
        let part = |text: String| if text == "*" { String::new() } else { text };
        Some(Place {
            tag: reference(&registry, &repository, &tag)?,
            digest: digest(Slot::Digest)?,
            image_id: digest(Slot::Id)?,
            name: (part(text(Slot::Name, "")?), part(text(Slot::Version, "")?)),
        })
    }
}
