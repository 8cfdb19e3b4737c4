//! Merges layers, lowest first: which row of which layer is visible.
//!
//! Whiteouts and opaque folders take away what lower layers have; what is no folder takes away what
//! lower layers have below its path; a folder, also one that only its content implies, takes the place
//! of what is none. Symbolic links are never followed here. All rows come in the order in which a folder
//! stands directly before its content, so one pass with a short stack is enough, however many rows.

use std::collections::HashMap;

use stopgate_model::FileKind;

use crate::layer::{Content, Damaged, LayerFacts, Row, Rows, compare, is_below};

/// A row that is visible in the merged tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible<'a> {
    pub(crate) layer: usize,
    /// Position among the layer's rows.
    pub(crate) index: u32,
    pub(crate) row: Row<'a>,
    /// For a hard link to a file of a lower layer: that file, if it is there.
    pub(crate) below: Option<Shared>,
}

/// A file of a lower layer to which a hard link points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shared {
    pub(crate) layer: usize,
    /// The row that holds the findings.
    pub(crate) index: u32,
    pub(crate) size: u64,
    pub(crate) sha256: Option<[u8; 32]>,
}

/// Calls `visit` for every visible row. Symbolic links that gave way to what upper layers have below them
/// are returned, with their layer; runtimes differ there.
pub(crate) fn squash(layers: &[&LayerFacts], visit: impl FnMut(&Visible<'_>)) -> Result<Vec<(usize, String)>, Damaged> {
    let mut wanted = links_below(layers)?;
    if !wanted.is_empty() {
        Merge::new(layers, &mut wanted, Pass::LookUp)?.run(|_| {})?;
    }
    Merge::new(layers, &mut wanted, Pass::Show)?.run(visit)
}

/// Hard links to lower layers: path of the target, layers whose links point there, the answer.
type Wanted = HashMap<String, Vec<(usize, Option<Shared>)>>;

fn links_below(layers: &[&LayerFacts]) -> Result<Wanted, Damaged> {
    let mut wanted = Wanted::new();
    for (layer, facts) in layers.iter().enumerate().filter(|(_, facts)| facts.summary().links_below) {
        let mut rows = facts.rows();
        while rows.advance()? {
            let row = rows.row();
            let Some(target) = row.link.filter(|_| row.content == Content::Below) else { continue };
            if wanted.len() >= LINKS_LOOKED_UP {
                return Ok(wanted); // The others count as pointing at nothing.
            }
            let askers = wanted.entry(target.to_owned()).or_default();
            if askers.last().is_none_or(|(last, _)| *last != layer) {
                askers.push((layer, None));
            }
        }
    }
    Ok(wanted)
}

/// Files of lower layers to which hard links point, up to this number.
const LINKS_LOOKED_UP: usize = 500_000;

/// Links that gave way are told up to this number.
const LINKS_TOLD: usize = 50;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Finds the files to which hard links point.
    LookUp,
    /// Shows rows.
    Show,
}

/// A path below which rows of some layers are hidden.
struct Frame {
    length: usize,
    /// Rows of layers below this one are hidden.
    hidden: usize,
    /// Every layer that hides something here or above; only kept while hard links are looked up.
    events: LayerSet,
}

/// A set of layers; an image has at most `limits::LAYERS`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct LayerSet([u64; 4]);

impl LayerSet {
    fn add(&mut self, layer: usize) {
        if let Some(word) = self.0.get_mut(layer / 64) {
            *word |= 1 << (layer % 64);
        }
    }

    fn any_between(&self, above: usize, below: usize) -> bool {
        let holds = |layer: usize| self.0.get(layer / 64).is_some_and(|word| word >> (layer % 64) & 1 == 1);
        self.0 != [0; 4] && (above + 1..below).any(holds)
    }
}

/// A visible row that is no folder, held back until it is clear that nothing lies below its path.
struct Pending {
    layer: usize,
    index: u32,
    path: String,
    link: Option<String>,
    sha256: Option<[u8; 32]>,
    /// The other fields.
    row: Row<'static>,
    below: Option<Shared>,
}

struct Merge<'l, 'w> {
    cursors: Vec<Rows<'l>>,
    /// Layers with rows left, a heap by path and layer.
    heap: Vec<usize>,
    frames: Vec<Frame>,
    /// Path of the last frame.
    frame_path: String,
    pending: Option<Pending>,
    wanted: &'w mut Wanted,
    pass: Pass,
    /// Links that gave way.
    links: Vec<(usize, String)>,
}

impl<'l, 'w> Merge<'l, 'w> {
    fn new(layers: &[&'l LayerFacts], wanted: &'w mut Wanted, pass: Pass) -> Result<Self, Damaged> {
        let mut merge = Self {
            cursors: layers.iter().map(|layer| layer.rows()).collect(),
            heap: Vec::with_capacity(layers.len()),
            frames: Vec::new(),
            frame_path: String::new(),
            pending: None,
            wanted,
            pass,
            links: Vec::new(),
        };
        for layer in 0..layers.len() {
            merge.advance(layer)?;
        }
        Ok(merge)
    }

    fn run(mut self, mut visit: impl FnMut(&Visible<'_>)) -> Result<Vec<(usize, String)>, Damaged> {
        let mut group = Vec::new();
        let mut path = String::new();
        while let Some(first) = self.pop() {
            path.clear();
            path.push_str(self.path(first));
            group.clear();
            group.push(first);
            while self.heap.first().is_some_and(|next| self.path(*next) == path) {
                group.extend(self.pop());
            }
            self.leave(&path, &mut visit);
            self.group(&path, &group, &mut visit)?;
        }
        if let Some(pending) = self.pending.take() {
            pending.show(&mut visit);
        }
        Ok(self.links)
    }

    /// Leaves frames in which `path` does not lie, and shows what was held back.
    fn leave(&mut self, path: &str, visit: &mut impl FnMut(&Visible<'_>)) {
        if let Some(pending) = self.pending.take_if(|pending| !is_below(path, &pending.path)) {
            pending.show(visit);
        }
        while self.frames.last().is_some_and(|_| !is_below(path, &self.frame_path)) {
            self.frames.pop();
            self.frame_path.truncate(self.frames.last().map_or(0, |frame| frame.length));
        }
    }

    /// One path, with the layers that say something of it, lowest first.
    fn group(&mut self, path: &str, layers: &[usize], visit: &mut impl FnMut(&Visible<'_>)) -> Result<(), Damaged> {
        let top = layers.last().copied().unwrap_or(0);
        // An upper layer has something below a path: then it is a folder.
        if let Some(gone) = self.pending.take_if(|pending| top > pending.layer)
            && gone.row.kind == Some(FileKind::Symlink)
            && self.links.len() < LINKS_TOLD
        {
            self.links.push((gone.layer, gone.path));
        }
        let inherited = self.frames.last().map_or(0, |frame| frame.hidden);
        let (mut own, mut below) = (inherited, inherited);
        let mut folder = 0; // From this layer on the path is a folder, whatever lower layers say.
        let above = self.frames.last().map_or(LayerSet::default(), |frame| frame.events);
        let mut events = above;
        let mut winner = None;
        for layer in layers.iter().copied() {
            let Some(row) = self.cursors.get(layer).map(Rows::row) else { continue };
            if row.whiteout {
                own = own.max(layer);
            }
            if row.opaque {
                folder = layer;
            }
            let solid = row.kind.is_some_and(|kind| kind != FileKind::Directory);
            if row.whiteout || row.opaque || solid {
                below = below.max(layer);
                events.add(layer);
            }
            if row.kind.is_some() {
                winner = Some((layer, solid));
            }
        }
        if self.pass == Pass::LookUp {
            self.look_up(path, layers);
        }
        for layer in layers.iter().copied().filter(|layer| winner.is_none_or(|(winner, _)| winner != *layer)) {
            self.advance(layer)?;
        }
        if let Some((layer, solid)) = winner {
            let visible = layer >= own && !(solid && folder > layer);
            if visible && self.pass == Pass::Show {
                self.show(path, layer, solid, visit);
            }
            self.advance(layer)?;
        }
        if below > inherited || (self.pass == Pass::LookUp && events != above) {
            path.clone_into(&mut self.frame_path);
            self.frames.push(Frame { length: path.len(), hidden: below, events });
        }
        Ok(())
    }

    fn show(&mut self, path: &str, layer: usize, solid: bool, visit: &mut impl FnMut(&Visible<'_>)) {
        let Some(cursor) = self.cursors.get(layer) else { return };
        let row = cursor.row();
        let below = match row.link {
            Some(target) if row.content == Content::Below => {
                let askers = self.wanted.get(target).map(Vec::as_slice).unwrap_or_default();
                askers.iter().find(|(asker, _)| *asker == layer).and_then(|(_, found)| *found)
            }
            _ => None,
        };
        // What comes next lies below it only if something of another layer does.
        let held_back = solid && self.heap.first().is_some_and(|next| is_below(self.path(*next), path));
        if held_back {
            self.pending = Some(Pending {
                layer,
                index: cursor.index(),
                path: path.to_owned(),
                link: row.link.map(str::to_owned),
                sha256: row.sha256.copied(),
                row: Row { path: "", link: None, sha256: None, ..row },
                below,
            });
        } else {
            visit(&Visible { layer, index: cursor.index(), row, below });
        }
    }

    /// Answers the hard links that point at this path.
    fn look_up(&mut self, path: &str, layers: &[usize]) {
        let Some(askers) = self.wanted.get_mut(path) else { return };
        let row_of = |layer: usize| self.cursors.get(layer).map(Rows::row);
        for (asker, answer) in askers {
            let lower = layers.iter().rev().copied().filter(|layer| layer < asker);
            let Some(layer) = lower.clone().find(|layer| row_of(*layer).is_some_and(|row| row.kind.is_some())) else {
                continue;
            };
            let hidden = self.frames.last().is_some_and(|frame| frame.events.any_between(layer, *asker))
                || lower.clone().any(|event| event > layer && row_of(event).is_some_and(|row| row.whiteout));
            let Some(cursor) = self.cursors.get(layer).filter(|_| !hidden) else { continue };
            let row = cursor.row();
            let index = match (row.kind, row.content) {
                (Some(FileKind::HardLink), Content::Row(owner)) => owner,
                (Some(FileKind::HardLink), Content::Own) | (Some(FileKind::Regular), _) => cursor.index(),
                _ => continue,
            };
            *answer = Some(Shared { layer, index, size: row.size, sha256: row.sha256.copied() });
        }
    }

    fn path(&self, layer: usize) -> &str {
        self.cursors.get(layer).map_or("", Rows::path)
    }

    /// Moves a layer to its next row and back into the heap, if it has one.
    fn advance(&mut self, layer: usize) -> Result<(), Damaged> {
        let Some(cursor) = self.cursors.get_mut(layer) else { return Ok(()) };
        if cursor.advance()? {
            self.heap.push(layer);
            self.rise(self.heap.len() - 1);
        }
        Ok(())
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (Some(a), Some(b)) = (self.heap.get(a), self.heap.get(b)) else { return false };
        compare(self.path(*a), self.path(*b)).then(a.cmp(b)).is_lt()
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 && self.before(place, (place - 1) / 2) {
            self.heap.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
    }

    /// The layer whose row comes first.
    fn pop(&mut self) -> Option<usize> {
        if self.heap.is_empty() {
            return None;
        }
        let first = self.heap.swap_remove(0);
        let mut place = 0;
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let child = if self.before(right, left) { right } else { left };
            if !self.before(child, place) {
                return Some(first);
            }
            self.heap.swap(place, child);
            place = child;
        }
    }
}

impl Pending {
    fn show(&self, visit: &mut impl FnMut(&Visible<'_>)) {
        let row = Row { path: &self.path, link: self.link.as_deref(), sha256: self.sha256.as_ref(), ..self.row };
        visit(&Visible { layer: self.layer, index: self.index, row, below: self.below });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use stopgate_model::FileKind;

    use super::squash;
    use crate::layer::EntryKind::{self, Opaque, Whiteout};
    use crate::layer::tests::{DIR, Entries, FILE, HARD, SOFT, layer};

    /// Visible rows as `layer path`, folders with a slash, hard links with what they share.
    fn visible(layers: &[Entries<'_>]) -> Vec<String> {
        let layers: Vec<_> = layers.iter().map(|entries| layer(entries)).collect();
        let mut seen = Vec::new();
        squash(&layers.iter().collect::<Vec<_>>(), |found| {
            let mark = if found.row.kind == Some(FileKind::Directory) { "/" } else { "" };
            let below = found.below.map(|below| format!(" = {}:{}", below.layer, below.index)).unwrap_or_default();
            seen.push(format!("{} {}{mark}{below}", found.layer, found.row.path));
        })
        .unwrap();
        seen
    }

    #[test]
    fn merges_by_the_rules_of_the_specification() {
        let cases: &[(&str, &[Entries<'_>], &[&str])] = &[
            ("upper wins", &[&[("a", FILE, None)], &[("a", FILE, None)]], &["1 a"]),
            ("whiteout of a file", &[&[("a", FILE, None), ("b", FILE, None)], &[("a", Whiteout, None)]], &["0 b"]),
            (
                "whiteout of a folder",
                &[&[("d", DIR, None), ("d/x/y", FILE, None), ("d-", FILE, None)], &[("d", Whiteout, None)]],
                &["0 d-"],
            ),
            ("whiteout of nothing", &[&[("a", FILE, None)], &[("x/y", Whiteout, None)]], &["0 a"]),
            (
                "whiteout does not touch its own layer",
                &[&[("d/x", FILE, None)], &[("d", Whiteout, None), ("d/y", FILE, None)]],
                &["1 d/y"],
            ),
            ("whiteout does not touch upper layers", &[&[("a", Whiteout, None)], &[("a", FILE, None)]], &["1 a"]),
            (
                "opaque",
                &[
                    &[("d", DIR, None), ("d/x", FILE, None)],
                    &[("d", DIR, None), ("d", Opaque, None), ("d/y", FILE, None)],
                ],
                &["1 d/", "1 d/y"],
            ),
            (
                "opaque without an entry keeps the folder",
                &[&[("d", DIR, None), ("d/x", FILE, None)], &[("d", Opaque, None)]],
                &["0 d/"],
            ),
            ("opaque root", &[&[("a", FILE, None)], &[("", Opaque, None), ("b", FILE, None)]], &["1 b"]),
            ("opaque over a file", &[&[("d", FILE, None)], &[("d", Opaque, None), ("d/y", FILE, None)]], &["1 d/y"]),
            (
                "file over folder",
                &[&[("d", DIR, None), ("d/x", FILE, None), ("d/z/q", FILE, None)], &[("d", FILE, None)]],
                &["1 d"],
            ),
            ("link over folder", &[&[("d", DIR, None), ("d/x", FILE, None)], &[("d", SOFT, Some("e"))]], &["1 d"]),
            (
                "folder over folder",
                &[&[("d", DIR, None), ("d/x", FILE, None)], &[("d", DIR, None)]],
                &["1 d/", "0 d/x"],
            ),
            ("folder over file", &[&[("d", FILE, None)], &[("d", DIR, None), ("d/x", FILE, None)]], &["1 d/", "1 d/x"]),
            ("implied folder over file", &[&[("d", FILE, None)], &[("d/x", FILE, None)]], &["1 d/x"]),
            ("implied folder over link", &[&[("lib", SOFT, Some("usr/lib"))], &[("lib/x", FILE, None)]], &["1 lib/x"]),
            (
                "implied folder keeps the lower entry",
                &[&[("d", DIR, None)], &[("d/x", FILE, None)]],
                &["0 d/", "1 d/x"],
            ),
            ("names between", &[&[("d", FILE, None), ("d-", FILE, None)], &[("d/x", FILE, None)]], &["1 d/x", "0 d-"]),
            (
                "hidden content below a file does not make it a folder",
                &[&[("d/x", FILE, None)], &[("d", FILE, None)], &[("e", FILE, None)]],
                &["1 d", "2 e"],
            ),
            (
                "file, then folder again: what was below stays gone",
                &[&[("d/x", FILE, None)], &[("d", FILE, None)], &[("d/y", FILE, None)]],
                &["2 d/y"],
            ),
            ("whiteout below makes a folder", &[&[("d", FILE, None)], &[("d/x", Whiteout, None)]], &[]),
            (
                "a link is not followed",
                &[&[("l", SOFT, Some("d")), ("d/x", FILE, None)], &[("d", Whiteout, None)]],
                &["0 l"],
            ),
            ("hard link below", &[&[("a", FILE, None)], &[("b", HARD, Some("a"))]], &["0 a", "1 b = 0:0"]),
            (
                "hard link to what its own layer hides",
                &[&[("z", FILE, None)], &[("b", HARD, Some("z")), ("z", Whiteout, None)]],
                &["1 b = 0:0"],
            ),
            (
                "hard link to nothing",
                &[&[("a", FILE, None)], &[("a", Whiteout, None)], &[("b", HARD, Some("a"))]],
                &["2 b"],
            ),
            (
                "hard link to what a folder hid",
                &[&[("d/a", FILE, None)], &[("d", Whiteout, None)], &[("b", HARD, Some("d/a"))]],
                &["2 b"],
            ),
            (
                "hard link to the version below",
                &[
                    &[("a", FILE, None)],
                    &[("x", FILE, None), ("a", FILE, None)],
                    &[("b", HARD, Some("a"))],
                    &[("a", FILE, None)],
                ],
                &["3 a", "2 b = 1:0", "1 x"],
            ),
        ];
        for (name, layers, expected) in cases {
            assert_eq!(visible(layers), *expected, "{name}");
        }
    }

    proptest! {
        /// The same by unpacking one layer over the other.
        #[test]
        fn equals_unpacking(layers in proptest::collection::vec(proptest::collection::vec(
            (prop_oneof![Just("a"), Just("a/b"), Just("a/b/c"), Just("a-b"), Just("a/c"), Just("d")],
             prop_oneof![3 => Just(FILE), 2 => Just(DIR), 1 => Just(Whiteout), 1 => Just(Opaque)]), 0..6), 1..5))
        {
            let mut tree: BTreeMap<String, (usize, bool)> = BTreeMap::new();
            for (number, entries) in layers.iter().enumerate() {
                for (path, kind) in entries {
                    let below = format!("{path}/");
                    match kind {
                        Whiteout => tree.retain(|other, (layer, _)| *layer == number || !(other == path || other.starts_with(&below))),
                        Opaque => tree.retain(|other, (layer, _)| *layer == number || !other.starts_with(&below)),
                        EntryKind::File(_) => {}
                    }
                }
                for (path, kind) in entries {
                    let above: Vec<_> = path.match_indices('/').map(|(end, _)| &path[..end]).collect();
                    tree.retain(|other, (_, folder)| *folder || !above.contains(&other.as_str()));
                    match kind {
                        EntryKind::File(FileKind::Regular) => {
                            tree.retain(|other, _| !other.starts_with(&format!("{path}/")));
                            tree.insert((*path).to_owned(), (number, false));
                        }
                        EntryKind::File(_) => { tree.insert((*path).to_owned(), (number, true)); }
                        Opaque => tree.retain(|other, (_, folder)| *folder || other != path),
                        Whiteout => {}
                    }
                }
            }
            let expected: Vec<_> = tree.into_iter().map(|(path, (layer, folder))| format!("{layer} {path}{}", if folder { "/" } else { "" })).collect();
            let rows: Vec<Vec<_>> = layers.iter().map(|entries| entries.iter().map(|(path, kind)| (*path, *kind, None)).collect()).collect();
            let mut seen = visible(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let key = |text: &String| text.split_once(' ').map(|(_, path)| path.trim_end_matches('/').to_owned());
            seen.sort_by_key(key);
            prop_assert_eq!(seen, expected);
        }
    }
}
