//! The `files` block: files that prove or belong to packages, and files with gaps.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use stopgate_model::{Artifact, Digest, FileEntry, FileIndex, Gap, Package};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::json::JsonWriter;

/// A file of the document.
struct File<'a> {
    id: u64,
    path: &'a str,
    layer: Option<&'a Digest>,
    /// Position of the layer in the image, lowest first; `None` sorts first.
    place: Option<u32>,
    /// Position in the tree, when it is what the tree shows.
    at: Option<u32>,
}

/// The files of the document, each once.
pub(super) struct Files<'a> {
    layers: Vec<(&'a Digest, u64)>,
    all: Vec<File<'a>>,
    known: HashSet<u64, BuildHasherDefault<Same>>,
    gaps: HashMap<u64, Vec<&'a Gap>, BuildHasherDefault<Same>>,
    /// Per package of the artifact, the ids of the files that it owns.
    pub(super) owned: Vec<Vec<u64>>,
}

impl<'a> Files<'a> {
    pub(super) fn of(artifact: &'a Artifact) -> Self {
        let layers = artifact.source.image().map(|image| image.layers.as_slice()).unwrap_or_default();
        let layers = layers.iter().map(|layer| (&layer.diff_id, seed(Some(&layer.diff_id)))).collect();
        let mut files =
            Self { layers, all: Vec::new(), known: HashSet::default(), gaps: HashMap::default(), owned: Vec::new() };
        let count = |package: &Package| package.locations.len() + package.files.len();
        let most = artifact.packages.iter().map(count).sum();
        files.all.reserve(most);
        files.known.reserve(most);
        let lookup = artifact.files.as_ref().map(Lookup::new);
        files.add_evidence(artifact, lookup.as_ref());
        if let Some(lookup) = &lookup {
            files.add_owned(artifact, lookup);
        }
        for gap in &artifact.gaps {
            // A file's path is required, so a gap of the whole artifact stands at the root.
            let id = files.add(gap.path.as_deref().unwrap_or("/"), gap.layer.as_ref(), None);
            files.gaps.entry(id).or_default().push(gap);
        }
        files
    }

    fn add_evidence(&mut self, artifact: &'a Artifact, lookup: Option<&Lookup<'a>>) {
        for package in &artifact.packages {
            for location in &package.locations {
                let found = lookup.and_then(|lookup| lookup.get(&location.path));
                let found = found.filter(|(_, entry)| self.layer_of(entry) == location.layer.as_ref());
                self.add(&location.path, location.layer.as_ref(), found.map(|(at, _)| at));
            }
        }
    }

    fn add_owned(&mut self, artifact: &'a Artifact, lookup: &Lookup<'a>) {
        let mut resolver = Resolver { lookup, folder: String::new(), real: String::new(), full: String::new() };
        for package in &artifact.packages {
            let mut owned = Vec::with_capacity(package.files.len());
            for file in &package.files {
                if let Some((at, entry)) = resolver.file(&file.path) {
                    owned.push(self.add(entry.path, self.layer_of(&entry), Some(at)));
                }
            }
            self.owned.push(owned);
        }
    }

    fn layer_of(&self, entry: &FileEntry<'_>) -> Option<&'a Digest> {
        self.layers.get(entry.layer as usize).map(|(layer, _)| *layer)
    }

    fn add(&mut self, path: &'a str, layer: Option<&'a Digest>, at: Option<u32>) -> u64 {
        let place = self.place(layer);
        let id = id(path, self.seed(layer, place));
        if self.known.insert(id) {
            self.all.push(File { id, path, layer, place, at });
        }
        id
    }

    fn place(&self, layer: Option<&Digest>) -> Option<u32> {
        let layer = layer?;
        self.layers.iter().position(|(known, _)| std::ptr::eq(*known, layer) || *known == layer).map(|at| at as u32)
    }

    fn seed(&self, layer: Option<&Digest>, place: Option<u32>) -> u64 {
        place.and_then(|place| self.layers.get(place as usize)).map_or_else(|| seed(layer), |(_, seed)| *seed)
    }

    /// The id of the file at this path of this layer.
    pub(super) fn id_in(&self, path: &str, layer: Option<&Digest>) -> u64 {
        id(path, self.seed(layer, self.place(layer)))
    }

    /// The id of the file at this path, in the layer that the tree names.
    pub(super) fn id_at(&self, tree: Option<&FileIndex>, path: &str) -> u64 {
        let entry = tree.and_then(|tree| tree.get(path));
        self.id_in(path, entry.and_then(|entry| self.layer_of(&entry)))
    }

    fn sorted(&self) -> Vec<&File<'a>> {
        let mut files: Vec<_> = self.all.iter().collect();
        // The tree is sorted by path already.
        files.sort_unstable_by(|a, b| {
            let by_path = || match (a.at, b.at) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => a.path.cmp(b.path),
            };
            a.place.cmp(&b.place).then_with(by_path).then_with(|| a.layer.cmp(&b.layer))
        });
        files
    }
}

// Ids are the same in every document, so they hash nothing but layer and path.
fn seed(layer: Option<&Digest>) -> u64 {
    layer.map_or(0, |layer| xxh3_64(layer.hex().as_bytes()))
}

fn id(path: &str, seed: u64) -> u64 {
    xxh3_64_with_seed(path.as_bytes(), seed)
}

/// Ids are hashes already.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

/// Finds entries and their positions by path: by hash, since a document asks for most files.
struct Lookup<'a> {
    tree: &'a FileIndex,
    by_path: HashMap<u64, u32, BuildHasherDefault<Same>>,
}

impl<'a> Lookup<'a> {
    fn new(tree: &'a FileIndex) -> Self {
        let mut by_path = HashMap::default();
        by_path.reserve(tree.len());
        by_path.extend((0_u32..).zip(tree.iter()).map(|(at, entry)| (id(entry.path, 0), at)));
        Self { tree, by_path }
    }

    fn get(&self, path: &str) -> Option<(u32, FileEntry<'a>)> {
        let at = *self.by_path.get(&id(path, 0))?;
        let at = if self.tree.at(at as usize)?.path == path { at } else { self.search(path)? };
        Some((at, self.tree.at(at as usize)?))
    }

    /// For a path whose hash is another path's too.
    fn search(&self, path: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.tree.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.tree.at(middle)?.path.cmp(path) {
                Ordering::Equal => return Some(middle as u32),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Follows links; remembers the last folder, since owned files come folder by folder.
struct Resolver<'a, 'l> {
    lookup: &'l Lookup<'a>,
    folder: String,
    real: String,
    full: String,
}

impl<'a> Resolver<'a, '_> {
    fn file(&mut self, path: &str) -> Option<(u32, FileEntry<'a>)> {
        let (folder, name) = path.rsplit_once('/')?;
        if folder.is_empty() {
            self.real.clear();
            self.folder.clear();
        } else if self.folder != folder {
            folder.clone_into(&mut self.folder);
            match self.lookup.tree.resolve(folder) {
                Ok(Some(entry)) => entry.path.clone_into(&mut self.real),
                Ok(None) | Err(_) => folder.clone_into(&mut self.real),
            }
        }
        self.full.clear();
        self.full.push_str(self.real.strip_suffix('/').unwrap_or(&self.real));
        self.full.push('/');
        self.full.push_str(name);
        let found = self.lookup.get(&self.full)?;
        let found = if found.1.is_file() {
            found
        } else {
            let real = self.lookup.tree.resolve(path).ok().flatten()?;
            self.lookup.get(real.path)?
        };
        found.1.is_file().then_some(found)
    }
}

pub(super) fn write(w: &mut JsonWriter<'_>, artifact: &Artifact, files: &Files<'_>) {
    if files.all.is_empty() && artifact.files.is_none() {
        return;
    }
    w.key("files").list(files.sorted(), |w, file| {
        w.object(|w| {
            w.key("id").id(file.id);
            w.key("location").object(|w| {
                w.text_field("path", file.path);
                if let Some(layer) = file.layer {
                    w.key("layerID").digest(layer);
                }
            });
            let tree = artifact.files.as_ref();
            if let Some(entry) = tree.zip(file.at).and_then(|(tree, at)| tree.at(at as usize)) {
                metadata(w, &entry);
            }
            if let Some(gaps) = files.gaps.get(&file.id) {
                w.key("unknowns").list(gaps, |w, gap| {
                    if gap.class == gap.code.class() {
                        w.shown(format_args!("{}: {}", gap.code, gap.message));
                    } else {
                        w.shown(format_args!("{} ({}): {}", gap.code, gap.class.name(), gap.message));
                    }
                });
            }
        });
    });
}

fn metadata(w: &mut JsonWriter<'_>, entry: &FileEntry<'_>) {
    w.key("metadata").object(|w| {
        w.key("mode").raw(&format!("{:o}", go_mode(entry.mode)));
        w.text_field("type", entry.kind.name());
        w.text_unless_empty("linkDestination", entry.link.unwrap_or_default());
        w.key("userID").number(entry.uid);
        w.key("groupID").number(entry.gid);
        w.text_field("mimeType", mime_type(entry.path));
        w.key("size").number(entry.size);
    });
    if let Some(digest) = entry.sha256 {
        w.key("digests").list([digest], |w, digest| {
            w.object(|w| {
                w.text_field("algorithm", "sha256");
                w.key("value").hex(digest);
            });
        });
    }
}

// COMPAT: syft writes the octal digits of Go's file mode, which keeps set-id and sticky bits elsewhere.
const GO_BITS: [(u32, u32); 3] = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)];

fn go_mode(mode: u32) -> u32 {
    GO_BITS.iter().fold(mode & 0o777, |go, (unix, bit)| if mode & unix == 0 { go } else { go | bit })
}

/// The permission bits of a mode that holds them in Go's or in Unix's places.
pub(super) fn unix_mode(mode: u32) -> u32 {
    GO_BITS.iter().fold(mode & 0o7777, |unix, (bit, go)| if mode & go == 0 { unix } else { unix | bit })
}

// The content is not at hand, so the type is told by name; unknown is `application/octet-stream` (RFC 2046, 4.5.1).
fn mime_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
        "txt" | "conf" | "cfg" | "list" | "md" | "py" | "rb" | "md5sums" | "conffiles" => "text/plain",
        "html" | "htm" => "text/html",
        "xml" => "text/xml",
        "sh" => "text/x-shellscript",
        "json" => "application/json",
        "gz" => "application/gzip",
        "zip" => "application/zip",
        "jar" | "war" | "ear" => "application/jar",
        "so" => "application/x-sharedlib",
        _ if matches!(name, "copyright" | "status" | "METADATA" | "RECORD" | "README") => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{FileEntry, FileIndexBuilder, FileKind};

    use super::Lookup;

    #[test]
    fn every_path_of_the_tree_is_found_and_no_other() {
        let paths: Vec<String> = (0..100).map(|n| format!("/d{}/f{n}", n % 7)).collect();
        let mut tree = FileIndexBuilder::default();
        for path in &paths {
            let kind = FileKind::Regular;
            tree.push(&FileEntry { path, kind, mode: 0, uid: 0, gid: 0, size: 0, sha256: None, link: None, layer: 0 });
        }
        let tree = tree.finish();
        let lookup = Lookup::new(&tree);
        for path in &paths {
            assert_eq!(lookup.get(path).unwrap().1.path, path);
            assert_eq!(lookup.search(path), Some(lookup.get(path).unwrap().0));
        }
        assert!(lookup.get("/d0").is_none() && lookup.search("/d0").is_none() && lookup.search("/z").is_none());
    }
}
