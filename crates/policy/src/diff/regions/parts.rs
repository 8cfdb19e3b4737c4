//! The combinations in which the patterns about one part of a name match.
//!
//! Globs and regular expressions are told apart exactly. Any other expression is taken for itself alone: whether it
//! matches is not derived from anything else, so every combination with it counts as possible, and only its samples
//! are real.

use std::collections::HashMap;

use stopgate_model::{Digest, DigestAlgorithm, ImageReference};

use super::languages::{Digests, Hex, Registry, Repository, Second, Tag};
use crate::diff::automaton::{Cell, Machine, cells};
use crate::diff::effort::Effort;
use crate::diff::{expression, sample};
use crate::pattern::Pattern;

/// Most expressions about one part that are taken for themselves: each doubles the combinations.
const EXPRESSIONS: usize = 4;

/// One combination.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Bits {
    /// Which patterns match.
    pub(super) plain: Vec<bool>,
    /// Which match an image of Docker Hub, whose repository may have a second name.
    pub(super) hub: Vec<bool>,
    /// Whether this is a registry by which Docker Hub goes.
    pub(super) is_hub: bool,
}

/// All combinations of a part's patterns.
#[derive(Debug, Default)]
pub(super) struct Part {
    numbers: HashMap<String, usize>,
    pub(super) cells: Vec<PartCell>,
}

/// A combination with a text that shows it, when one is known.
#[derive(Debug)]
pub(super) struct PartCell {
    pub(super) bits: Bits,
    pub(super) sample: Option<String>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Registry,
    Repository { strict: bool },
    Tag,
    Digest,
    Id,
}

impl PartKind {
    /// Such parts, for people.
    const fn plural(self) -> &'static str {
        match self {
            Self::Registry => "registries or hosts",
            Self::Repository { .. } => "repositories",
            Self::Tag => "tags, names or versions",
            Self::Digest => "digests",
            Self::Id => "image ids",
        }
    }
}

/// Why the combinations of a part are not known.
pub(super) type TooMany = String;

impl Part {
    /// The combinations of these patterns.
    pub(super) fn new<'p>(
        kind: PartKind,
        patterns: impl Iterator<Item = &'p Pattern>,
        effort: &Effort,
    ) -> Result<Self, TooMany> {
        let mut part = Self::default();
        let mut distinct: Vec<&Pattern> = Vec::new();
        for pattern in patterns {
            if !part.numbers.contains_key(pattern.as_str()) {
                part.numbers.insert(pattern.as_str().to_owned(), distinct.len());
                distinct.push(pattern);
            }
        }
        let machines: Vec<Option<Machine>> = distinct.iter().map(|pattern| machine(pattern)).collect();
        let exact = Maker { kind, patterns: &distinct, machines: &machines, effort };
        // Without those of expressions there are fewer combinations to tell apart.
        let plain: Vec<Option<Machine>> =
            machines.iter().zip(&distinct).map(|(own, of)| own.clone().filter(|_| of.regex().is_none())).collect();
        let rough = Maker { machines: &plain, ..exact };
        let has_expressions = machines.iter().zip(&plain).any(|(own, plain)| own.is_some() != plain.is_some());
        let rough = || if has_expressions { rough.cells() } else { None };
        part.cells = exact.cells().or_else(rough).ok_or_else(|| {
            format!("the {} patterns of {} have too many combinations", distinct.len(), kind.plural())
        })?;
        Ok(part)
    }

    /// Place of a pattern among the bits.
    pub(super) fn number(&self, pattern: &Pattern) -> usize {
        self.numbers.get(pattern.as_str()).copied().unwrap_or(usize::MAX)
    }
}

/// The machine of a pattern; `None` for an expression that is not understood.
fn machine(pattern: &Pattern) -> Option<Machine> {
    match pattern.regex() {
        None => Some(Machine::glob(pattern.as_str())),
        Some(regex) => expression::machine(regex.as_ref().ok()?),
    }
}

#[derive(Clone, Copy)]
struct Maker<'m> {
    kind: PartKind,
    patterns: &'m [&'m Pattern],
    /// Their machines; `None` where a pattern is taken for itself.
    machines: &'m [Option<Machine>],
    effort: &'m Effort,
}

impl Maker<'_> {
    fn cells(&self) -> Option<Vec<PartCell>> {
        let mut cells = match self.kind {
            PartKind::Registry => self.registries()?,
            PartKind::Repository { strict } => self.repositories(strict)?,
            PartKind::Tag => self.tags()?,
            PartKind::Digest => self.digests()?,
            PartKind::Id => self.ids()?,
        };
        let expressions: Vec<usize> =
            self.machines.iter().enumerate().filter(|(_, machine)| machine.is_none()).map(|(at, _)| at).collect();
        if expressions.len() > EXPRESSIONS {
            return None;
        }
        if !expressions.is_empty() {
            cells = self.with_expressions(cells, &expressions);
        }
        let mut distinct: Vec<PartCell> = Vec::new();
        let mut numbers: HashMap<Bits, usize> = HashMap::new();
        for cell in cells {
            if let Some(known) = numbers.get(&cell.bits).and_then(|number| distinct.get_mut(*number)) {
                known.sample = known.sample.take().or(cell.sample);
            } else {
                numbers.insert(cell.bits.clone(), distinct.len());
                distinct.push(cell);
            }
        }
        Some(distinct)
    }

    /// The machines; an expression that is taken for itself stands there as one that matches nothing.
    fn machines(&self) -> Vec<Machine> {
        self.machines.iter().map(|machine| machine.clone().unwrap_or_else(Machine::nothing)).collect()
    }

    /// What matches a part that is not there.
    fn absent(&self) -> Vec<bool> {
        self.patterns.iter().map(|pattern| pattern.matches_part(None).unwrap_or(false)).collect()
    }

    fn registries(&self) -> Option<Vec<PartCell>> {
        let mut machines = self.machines();
        let own = machines.len();
        machines.extend(["docker.io", "index.docker.io"].map(Machine::literal));
        let absent = self.absent();
        let absent = Bits { hub: absent.clone(), plain: absent, is_hub: false };
        let mut found = Vec::new();
        for cell in cells(&machines, &Registry, self.effort)? {
            let (plain, hub) = cell.bits.split_at_checked(own)?;
            let is_hub = hub.contains(&true);
            let bits = Bits { plain: plain.to_vec(), hub: plain.to_vec(), is_hub };
            found.push(PartCell { bits, sample: cell.class.then_some(cell.sample) });
        }
        found.push(PartCell { bits: absent, sample: Some("*".to_owned()) });
        // Docker Hub first, where people look first.
        found.sort_by_key(|cell| !cell.bits.is_hub);
        Some(found)
    }

    fn repositories(&self, strict: bool) -> Option<Vec<PartCell>> {
        let plain = self.machines();
        let own = plain.len();
        let behind = plain.iter().map(|machine| machine.behind("library/"));
        let shorter = plain.iter().map(|machine| machine.with_prefix("library/"));
        let machines: Vec<Machine> = plain.iter().cloned().chain(behind).chain(shorter).collect();
        let mut found: Vec<PartCell> = Vec::new();
        for Cell { bits, class: (second, nice), sample } in cells(&machines, &Repository, self.effort)? {
            let (plain, rest) = bits.split_at_checked(own)?;
            let (longer, shorter) = rest.split_at_checked(own)?;
            let other: &[bool] = match second {
                _ if strict => &[],
                Second::Longer => longer,
                Second::Shorter => shorter,
                Second::None => &[],
            };
            let hub = joined(plain, other);
            let bits = Bits { plain: plain.to_vec(), hub, is_hub: false };
            found.push(PartCell { bits, sample: nice.then_some(sample) });
        }
        found.extend(self.absent_repositories(strict));
        Some(found)
    }

    /// A repository that is not there. On Docker Hub its second name is a text all the same, as evaluation has it.
    fn absent_repositories(&self, strict: bool) -> [PartCell; 2] {
        ["*", ""].map(|written| {
            let plain = self.absent();
            let second = format!("library/{written}");
            let other: Vec<bool> = if strict {
                Vec::new()
            } else {
                self.patterns.iter().map(|pattern| pattern.matches(&second).unwrap_or(false)).collect()
            };
            let bits = Bits { hub: joined(&plain, &other), plain, is_hub: false };
            PartCell { bits, sample: (written == "*").then(|| written.to_owned()) }
        })
    }

    fn tags(&self) -> Option<Vec<PartCell>> {
        let plain = self.absent();
        let absent = Bits { hub: plain.clone(), plain, is_hub: false };
        let mut found: Vec<PartCell> =
            cells(&self.machines(), &Tag, self.effort)?.into_iter().map(plain_cell).collect();
        found.push(PartCell { bits: absent, sample: Some("*".to_owned()) });
        Some(found)
    }

    fn digests(&self) -> Option<Vec<PartCell>> {
        Some(cells(&self.machines(), &Digests, self.effort)?.into_iter().map(plain_cell).collect())
    }

    /// An id is matched with and without its algorithm.
    fn ids(&self) -> Option<Vec<PartCell>> {
        let mut found = Vec::new();
        for language in Hex::ALL {
            let plain = self.machines();
            let own = plain.len();
            let prefix = format!("{}:", language.0.name());
            let behind = plain.iter().map(|machine| machine.behind(&prefix));
            let machines: Vec<Machine> = plain.iter().cloned().chain(behind).collect();
            for cell in cells(&machines, &language, self.effort)? {
                let (bare, whole) = cell.bits.split_at_checked(own)?;
                let plain = joined(bare, whole);
                let nice = language.0 == DigestAlgorithm::Sha256;
                let bits = Bits { hub: plain.clone(), plain, is_hub: false };
                found.push(PartCell { bits, sample: nice.then(|| format!("{prefix}{}", cell.sample)) });
            }
        }
        Some(found)
    }

    /// Every combination with the expressions; those that a known text shows keep it.
    fn with_expressions(&self, cells: Vec<PartCell>, expressions: &[usize]) -> Vec<PartCell> {
        let mut shown: HashMap<Bits, String> = HashMap::new();
        for text in self.candidates(&cells) {
            if let Some(bits) = self.bits_of(&text) {
                shown.entry(bits).or_insert(text);
            }
        }
        let mut all = Vec::new();
        for cell in cells {
            let mut variants = vec![cell.bits];
            for at in expressions {
                variants = variants.into_iter().flat_map(|bits| self.with_expression(&bits, *at)).collect();
            }
            all.extend(variants.into_iter().map(|bits| PartCell { sample: shown.get(&bits).cloned(), bits }));
        }
        all
    }

    /// Without a match, with one, and for a repository with one under the second name alone.
    fn with_expression(&self, bits: &Bits, at: usize) -> Vec<Bits> {
        let set = |plain: bool, hub: bool| {
            let mut bits = bits.clone();
            if let (Some(one), Some(other)) = (bits.plain.get_mut(at), bits.hub.get_mut(at)) {
                (*one, *other) = (plain, hub);
            }
            bits
        };
        match self.kind {
            PartKind::Repository { strict: false } => vec![set(false, false), set(false, true), set(true, true)],
            _ => vec![set(false, false), set(true, true)],
        }
    }

    fn candidates(&self, cells: &[PartCell]) -> Vec<String> {
        let mut texts: Vec<String> = cells.iter().filter_map(|cell| cell.sample.clone()).collect();
        for pattern in self.patterns {
            if let Some(Ok(regex)) = pattern.regex() {
                texts.extend(sample::texts(regex));
            } else if pattern.literal().is_some() {
                texts.push(pattern.as_str().to_owned());
            }
        }
        texts.retain(|text| self.is_written(text));
        texts
    }

    /// Whether a reference can be written with this text.
    fn is_written(&self, text: &str) -> bool {
        match self.kind {
            PartKind::Registry => reference(text, "a", "1").is_some(),
            PartKind::Repository { .. } => reference("docker.io", text, "1").is_some(),
            PartKind::Tag => reference("docker.io", "a", text).is_some(),
            PartKind::Digest | PartKind::Id => true,
        }
    }

    /// The combination of one text; `None` for a text that is no such part.
    fn bits_of(&self, text: &str) -> Option<Bits> {
        let part = (!matches!(text, "" | "*")).then_some(text);
        let of = |text: &str| -> Option<Vec<bool>> {
            self.patterns.iter().map(|pattern| pattern.matches(text).ok()).collect()
        };
        let absent = || self.absent();
        let plain = match (self.kind, part) {
            (PartKind::Digest, _) => of(&Digest::parse(text).ok()?.to_string())?,
            (PartKind::Id, _) => {
                let digest = Digest::parse(text).ok()?;
                joined(&of(digest.hex())?, &of(&digest.to_string())?)
            }
            (_, Some(text)) => of(text)?,
            (_, None) => absent(),
        };
        let second = match self.kind {
            PartKind::Repository { strict: false } => second_name(text),
            _ => None,
        };
        let hub = match second {
            Some(second) => joined(&plain, &of(&second)?),
            None => plain.clone(),
        };
        let is_hub = self.kind == PartKind::Registry && matches!(text, "docker.io" | "index.docker.io");
        Some(Bits { plain, hub, is_hub })
    }
}

/// A reference with these parts; `None` when its text would be read otherwise.
pub(super) fn reference(registry: &str, repository: &str, tag: &str) -> Option<ImageReference> {
    let parsed = ImageReference::parse(&format!("{registry}/{repository}:{tag}")).ok()?;
    let same = parsed.registry == registry && parsed.repository == repository && parsed.tag.as_deref() == Some(tag);
    same.then_some(parsed)
}

fn plain_cell(cell: Cell<bool>) -> PartCell {
    let bits = Bits { hub: cell.bits.clone(), plain: cell.bits, is_hub: false };
    PartCell { bits, sample: cell.class.then_some(cell.sample) }
}

fn joined(one: &[bool], other: &[bool]) -> Vec<bool> {
    one.iter().enumerate().map(|(at, bit)| *bit || other.get(at).copied().unwrap_or(false)).collect()
}

/// The second name that Docker Hub has for a repository.
fn second_name(repository: &str) -> Option<String> {
    match repository.strip_prefix("library/") {
        Some(short) if !short.contains('/') => Some(short.to_owned()),
        None if !repository.contains('/') => Some(format!("library/{repository}")),
        _ => None,
    }
}
