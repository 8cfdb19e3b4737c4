//! Collects the entries of one layer in the order of its archive and closes them into [`LayerFacts`].
//!
//! Within one layer the last entry of a path wins, an entry that is no folder takes away what was
//! written below its path before it, and what is written below it afterwards takes it away. Whiteouts
//! say something about lower layers only, so they stay as rows. Hard links get size and digest of their
//! target as it was when the link was made.

use std::cmp::Ordering::Less;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stopgate_catalogers::Facts;
use stopgate_model::{Digest, FileKind, Gap, GapClass, GapCode, limits};

use super::facts_codec::{write_digest, write_facts};
use super::order::{compare, is_below, sort};
use super::rows::{Content, Row, RowWriter};
use super::wire::{Damaged, Writer};
use super::{LayerFacts, Summary};

/// What an entry of an archive says of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// It is there.
    File(FileKind),
    /// The path and all below it in lower layers is gone.
    Whiteout,
    /// All below the path in lower layers is gone.
    Opaque,
}

/// An entry as it comes from the archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryData<'a> {
    pub(crate) path: &'a str,
    pub(crate) kind: EntryKind,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) link: Option<&'a str>,
}

impl<'a> EntryData<'a> {
    /// A regular file of root.
    pub(crate) const fn file(path: &'a str, mode: u32, size: u64) -> Self {
        Self { path, kind: EntryKind::File(FileKind::Regular), mode, uid: 0, gid: 0, size, link: None }
    }
}

#[derive(Debug, Clone, Copy)]
struct Raw {
    size: u64,
    path_start: u32,
    link_start: u32,
    digest: u32,
    uid: u32,
    gid: u32,
    path_len: u16,
    link_len: u16,
    mode: u16,
    kind: EntryKind,
}

const NONE: u32 = u32::MAX;

/// An entry that remains as a row; `NONE` when only marks remain.
#[derive(Debug, Clone, Copy)]
struct Kept {
    number: u32,
    /// Any entry of the path: for the path's text.
    place: u32,
    whiteout: bool,
    opaque: bool,
}

/// Gaps of one kind that are kept one by one; more of it are counted.
const GAPS_KEPT: u64 = 50;

/// Something that was found in a file and is kept with its layer.
pub(crate) enum Found {
    /// Facts of a cataloger in the form that [`encode_facts`] gives them.
    Facts { cataloger: &'static str, encoded: Vec<u8> },
    /// Lines that match a pattern of the secret search.
    Secret { pattern: &'static str, lines: Vec<u32> },
    /// Lines that match an entry of the content search.
    Content { entry: u32, lines: Vec<u32> },
    /// The content, kept for policies.
    Retrieved { content: Vec<u8> },
    /// A digest of the content beside the SHA-256.
    Digest(Digest),
    /// The raw `security.capability` attribute.
    Capability(Vec<u8>),
}

/// How far a content was searched for what the site looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Searched {
    /// As far as it was asked for; sizes are told elsewhere.
    Whole,
    /// It is no text.
    NoText,
}

/// Collects a layer.
#[derive(Default)]
pub(crate) struct LayerBuilder {
    text: String,
    raw: Vec<Raw>,
    digests: Vec<[u8; 32]>,
    findings: Vec<(u32, Found)>,
    finding_bytes: u64,
    /// What all layers of the image may still keep, when they are bounded together.
    room: Option<Arc<AtomicU64>>,
    overflowed: bool,
    /// Files into which the site's searches did not look.
    no_text: u64,
    gap_counts: BTreeMap<GapCode, u64>,
    summary: Summary,
}

impl LayerBuilder {
    /// One of several layers that share the room for what is found.
    pub(crate) fn within(room: Arc<AtomicU64>) -> Self {
        Self { room: Some(room), ..Self::default() }
    }

    /// Adds an entry; its number is for the findings. `None`: the tables are full.
    pub(crate) fn push(&mut self, entry: &EntryData<'_>) -> Option<u32> {
        let number = u32::try_from(self.raw.len()).ok().filter(|number| *number < NONE)?;
        let link = entry.link.unwrap_or_default();
        let (path_len, link_len) = (u16::try_from(entry.path.len()).ok()?, u16::try_from(link.len()).ok()?);
        let path_start = u32::try_from(self.text.len()).ok()?;
        let link_start = path_start.checked_add(u32::from(path_len))?;
        link_start.checked_add(u32::from(link_len))?;
        self.text.push_str(entry.path);
        self.text.push_str(link);
        self.raw.push(Raw {
            size: entry.size,
            path_start,
            link_start,
            digest: NONE,
            uid: entry.uid,
            gid: entry.gid,
            path_len,
            link_len,
            mode: (entry.mode & 0o7777) as u16,
            kind: entry.kind,
        });
        Some(number)
    }

    /// Sets size and digest of a regular file once its content went by.
    pub(crate) fn set_content(&mut self, number: u32, size: u64, digest: [u8; 32]) {
        if self.digests.last() != Some(&digest) {
            self.digests.push(digest);
        }
        if let Some(raw) = self.raw.get_mut(number as usize) {
            raw.size = size;
            raw.digest = (self.digests.len() - 1) as u32;
        }
    }

    pub(crate) fn add_facts(&mut self, number: u32, cataloger: &'static str, facts: &Facts) {
        self.add(number, Found::Facts { cataloger, encoded: encode_facts(facts) });
    }

    /// Adds what was found in a file.
    pub(crate) fn add(&mut self, number: u32, found: Found) {
        let bytes = found.bytes();
        if bytes == 0 && matches!(found, Found::Facts { .. }) {
            return; // Facts that say nothing.
        }
        let limit = limits::FACTS_BYTES;
        self.finding_bytes += bytes;
        let take = |left: u64| left.checked_sub(bytes);
        let has_room = match &self.room {
            Some(room) => room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok(),
            None => self.finding_bytes <= limit,
        };
        if has_room {
            self.findings.push((number, found));
        } else if !std::mem::replace(&mut self.overflowed, true) {
            let message = "more was found in the image than is kept; the rest of the layer was left out";
            self.gap(Gap::new(GapCode::FactsBytes, message).limited(limit, self.finding_bytes));
        }
    }

    /// Counts a file by how far the site's searches looked into it.
    pub(crate) fn searched(&mut self, searched: Searched) {
        self.no_text += u64::from(searched == Searched::NoText);
    }

    /// Whether something was left out for want of room, so that the facts are not the layer's.
    pub(crate) const fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Adds a gap. Of the same kind only the first ones are kept; the rest is counted.
    pub(crate) fn gap(&mut self, gap: Gap) {
        let seen = self.gap_counts.entry(gap.code).or_default();
        *seen += 1;
        if *seen <= GAPS_KEPT {
            self.summary.gaps.push(gap);
        }
    }

    pub(crate) const fn summary(&mut self) -> &mut Summary {
        &mut self.summary
    }

    /// Sorts, settles and encodes.
    pub(crate) fn finish(mut self) -> Result<LayerFacts, Damaged> {
        let order = self.order();
        let contents = self.contents(&order);
        let (kept, links) = self.settle(&order);
        for link in links {
            let gap = below_a_link(self.path(link));
            self.gap(gap);
        }
        drop(order);
        let mut position = vec![NONE; self.raw.len()];
        for (row, place) in kept.iter().zip(0..) {
            if let Some(slot) = position.get_mut(row.number as usize) {
                *slot = place;
            }
        }
        let owners = owners(&kept, &contents, &mut position);
        let mut rows = RowWriter::default();
        let mut links_below = false;
        for row in &kept {
            let row = self.row(row, &contents, &owners);
            links_below |= row.content == Content::Below;
            rows.push(&row);
        }
        let findings = self.encode_findings(&position);
        if self.no_text > 0 {
            let message = format!("content searches did not look into {} files that are no text", self.no_text);
            self.gap(Gap { seen: Some(self.no_text), ..Gap::new(GapCode::ContentFilesSkipped, message) });
        }
        self.summary.rows = kept.len() as u64;
        self.summary.links_below = links_below;
        for (code, seen) in std::mem::take(&mut self.gap_counts) {
            if seen > GAPS_KEPT {
                let more = seen - GAPS_KEPT;
                let mut gap = Gap::new(code, format!("{more} more of the same kind in this layer"));
                gap.seen = Some(more);
                self.summary.gaps.push(gap);
            }
        }
        self.summary.gaps.sort_unstable();
        // The collected entries go before their encoded form is joined: both can be large.
        let summary = std::mem::take(&mut self.summary);
        drop(self);
        let mut writer = Writer::default();
        for column in rows.columns {
            writer.slice(&column.bytes);
        }
        writer.slice(&findings);
        let mut end = Writer::default();
        summary.write(&mut end);
        writer.slice(&end.bytes);
        LayerFacts::open(writer.bytes)
    }

    fn text(&self, start: u32, length: u16) -> &str {
        self.text.get(start as usize..start as usize + usize::from(length)).unwrap_or_default()
    }

    fn path(&self, number: u32) -> &str {
        self.raw.get(number as usize).map_or("", |raw| self.text(raw.path_start, raw.path_len))
    }

    fn kind(&self, number: u32) -> EntryKind {
        self.raw.get(number as usize).map_or(EntryKind::Whiteout, |raw| raw.kind)
    }

    /// All numbers by path; of equal paths marks first, then entries in the order of the archive.
    fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.raw.len() as u32).collect();
        let is_entry = |number| matches!(self.kind(number), EntryKind::File(_));
        sort(&mut order, |number| self.path(number), |number| (is_entry(number), number));
        order
    }

    /// For each hard link whose target lies in this layer, the entry that holds the content.
    fn contents(&self, order: &[u32]) -> HashMap<u32, u32> {
        let mut contents = HashMap::new();
        for (number, raw) in self.raw.iter().enumerate() {
            let number = number as u32;
            if raw.kind != EntryKind::File(FileKind::HardLink) {
                continue;
            }
            let target = self.text(raw.link_start, raw.link_len);
            let end = order.partition_point(|other| {
                let is_mark = !matches!(self.kind(*other), EntryKind::File(_));
                compare(self.path(*other), target).then_with(|| if is_mark { Less } else { other.cmp(&number) }).is_lt()
            });
            // The last entry of the target's path before this one.
            let real = end.checked_sub(1).and_then(|last| order.get(last)).filter(|last| self.path(**last) == target);
            match real.map(|real| (*real, self.kind(*real))) {
                Some((real, EntryKind::File(FileKind::Regular))) => contents.insert(number, real),
                Some((real, EntryKind::File(FileKind::HardLink))) => {
                    // Its target was settled before, since it comes earlier in the archive.
                    contents.get(&real).copied().and_then(|content| contents.insert(number, content))
                }
                _ => None,
            };
        }
        contents
    }

    /// What remains, in order, and the symbolic links that gave way to what lies below them.
    fn settle(&self, order: &[u32]) -> (Vec<Kept>, Vec<u32>) {
        let mut links = Vec::new();
        let mut kept: Vec<Kept> = Vec::with_capacity(order.len());
        // Entries above the current path that are no folder: what came before them is gone.
        let mut above: Vec<(u32, u32)> = Vec::new();
        // An entry that is no folder, and where it stands in `kept`.
        let mut pending: Option<(u32, usize)> = None;
        for group in order.chunk_by(|a, b| self.path(*a) == self.path(*b)) {
            let Some((first, last)) = group.first().zip(group.iter().max()) else { continue };
            let path = self.path(*first);
            while above.last().is_some_and(|(owner, _)| !is_below(path, self.path(*owner))) {
                above.pop();
            }
            if let Some((owner, place)) = pending {
                let below = is_below(path, self.path(owner));
                if below && *last > owner {
                    // What lies below makes its path a folder.
                    if let Some(gone) = kept.get_mut(place) {
                        if self.kind(gone.number) == EntryKind::File(FileKind::Symlink) {
                            links.push(gone.number);
                        }
                        gone.number = NONE;
                        gone.whiteout = true; // It took away what lower layers have there.
                    }
                }
                pending = pending.filter(|_| below && *last <= owner);
            }
            let threshold = above.last().map_or(0, |(_, threshold)| *threshold);
            let real = |number: &&u32| matches!(self.kind(**number), EntryKind::File(_));
            let solid = group.iter().rev().filter(real).find(|number| !self.is_folder(**number)).copied();
            let opaque = group.iter().rev().find(|number| self.kind(**number) == EntryKind::Opaque).copied();
            // A mark of an opaque folder lies below its path: a file before it gives way.
            let gives_way = |winner: u32| Some(winner) == solid && opaque > Some(winner);
            let winner = group.iter().rev().find(real).copied();
            let winner = winner.filter(|winner| *winner >= threshold && !gives_way(*winner));
            if let Some(winner) = winner.filter(|winner| Some(*winner) == solid) {
                pending = Some((winner, kept.len()));
            }
            kept.push(Kept {
                number: winner.unwrap_or(NONE),
                place: *first,
                // A folder after a file took away what lower layers have there, too.
                whiteout: solid.is_some_and(|solid| solid >= threshold && winner != Some(solid))
                    || group.iter().any(|number| self.kind(*number) == EntryKind::Whiteout),
                opaque: opaque.is_some(),
            });
            if let Some(solid) = solid {
                above.push((solid, threshold.max(solid)));
            }
        }
        kept.retain(|row| row.number != NONE || row.whiteout || row.opaque);
        (kept, links)
    }

    fn is_folder(&self, number: u32) -> bool {
        self.kind(number) == EntryKind::File(FileKind::Directory)
    }

    fn row(&self, kept: &Kept, contents: &HashMap<u32, u32>, owners: &HashMap<u32, u32>) -> Row<'_> {
        let mut row = Row { path: self.path(kept.place), whiteout: kept.whiteout, opaque: kept.opaque, ..Row::EMPTY };
        let Some(raw) = self.raw.get(kept.number as usize) else { return row };
        let EntryKind::File(kind) = raw.kind else { return row };
        let shared = contents.get(&kept.number);
        let holder = shared.and_then(|content| self.raw.get(*content as usize)).unwrap_or(raw);
        row.kind = Some(kind);
        (row.mode, row.uid, row.gid) = (u32::from(raw.mode), raw.uid, raw.gid);
        row.size = holder.size;
        row.sha256 = self.digests.get(holder.digest as usize);
        if matches!(kind, FileKind::HardLink | FileKind::Symlink) {
            row.link = Some(self.text(raw.link_start, raw.link_len));
        }
        if kind == FileKind::HardLink {
            row.content = match shared {
                None => Content::Below,
                Some(content) => owners.get(content).map_or(Content::Own, |owner| Content::Row(*owner)),
            };
        }
        row
    }

    fn encode_findings(&mut self, position: &[u32]) -> Vec<u8> {
        let mut placed: Vec<(u32, Found)> = std::mem::take(&mut self.findings)
            .into_iter()
            .filter_map(|(number, found)| {
                let row = *position.get(number as usize)?;
                (row != NONE).then_some((row, found))
            })
            .collect();
        placed.sort_by(|(row, found), (other, other_found)| (row, found.rank()).cmp(&(other, other_found.rank())));
        let mut writer = Writer::default();
        let mut last = 0;
        for (row, found) in &placed {
            writer.number(u64::from(row - last));
            last = *row;
            found.write(&mut writer);
        }
        writer.bytes
    }
}

/// The binary form of facts; empty when they say nothing.
pub(crate) fn encode_facts(facts: &Facts) -> Vec<u8> {
    if facts.is_empty() {
        return Vec::new();
    }
    let mut writer = Writer::default();
    write_facts(&mut writer, facts);
    writer.bytes
}

/// Something lies below a path that is a symbolic link.
pub(crate) fn below_a_link(path: &str) -> Gap {
    let message = format!("`{path}` is a symbolic link with entries below it: runtimes differ in where they put them");
    let gap = Gap::new(GapCode::LayerAmbiguous, message).at(format!("/{path}"));
    Gap { class: GapClass::Partial, ..gap }
}

impl Found {
    /// About the length of its binary form.
    fn bytes(&self) -> u64 {
        let length = match self {
            Self::Facts { encoded, .. } => encoded.len(),
            Self::Secret { lines, .. } | Self::Content { lines, .. } => lines.len() * size_of::<u32>(),
            Self::Retrieved { content } => content.len(),
            Self::Digest(digest) => digest.hex().len(),
            Self::Capability(raw) => raw.len(),
        };
        length as u64
    }

    const fn rank(&self) -> (u8, &str, u32) {
        match self {
            Self::Facts { cataloger, .. } => (0, cataloger, 0),
            Self::Secret { pattern, .. } => (1, pattern, 0),
            Self::Content { entry, .. } => (2, "", *entry),
            Self::Retrieved { .. } => (3, "", 0),
            Self::Digest(digest) => (4, digest.algorithm().name(), 0),
            Self::Capability(_) => (5, "", 0),
        }
    }

    fn write(&self, w: &mut Writer) {
        w.byte(self.rank().0);
        match self {
            Self::Facts { cataloger, encoded } => {
                w.text(cataloger);
                w.slice(encoded);
            }
            Self::Secret { pattern, lines } => {
                w.text(pattern);
                write_lines(w, lines);
            }
            Self::Content { entry, lines } => {
                w.number(u64::from(*entry));
                write_lines(w, lines);
            }
            Self::Retrieved { content } | Self::Capability(content) => w.slice(content),
            Self::Digest(digest) => {
                let mut encoded = Writer::default();
                write_digest(&mut encoded, digest);
                w.slice(&encoded.bytes);
            }
        }
    }
}

fn write_lines(w: &mut Writer, lines: &[u32]) {
    let mut encoded = Writer::default();
    encoded.list(lines, |w, line| w.number(u64::from(*line)));
    w.slice(&encoded.bytes);
}

impl Row<'_> {
    const EMPTY: Self = Self {
        path: "",
        kind: None,
        whiteout: false,
        opaque: false,
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        sha256: None,
        link: None,
        content: Content::Own,
    };
}

/// The row that speaks for each content with hard links: the file itself, or, when that is gone, the
/// first link that remains, which then also gets the findings.
fn owners(kept: &[Kept], contents: &HashMap<u32, u32>, position: &mut [u32]) -> HashMap<u32, u32> {
    let mut owners = HashMap::new();
    if contents.is_empty() {
        return owners;
    }
    for (row, place) in kept.iter().zip(0_u32..) {
        let Some(content) = contents.get(&row.number) else { continue };
        let Some(slot) = position.get_mut(*content as usize) else { continue };
        if *slot == NONE {
            *slot = place;
        }
        owners.insert(*content, *slot);
    }
    owners
}
