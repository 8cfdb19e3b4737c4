//! The `files` block: files that prove or belong to packages, and files with gaps.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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
    place: Option<usize>,
    entry: Option<FileEntry<'a>>,
    gaps: Vec<&'a Gap>,
}

/// The files of the document, each once.
pub(super) struct Files<'a> {
    layers: Vec<(&'a Digest, u64)>,
    all: Vec<File<'a>>,
    by_id: HashMap<u64, usize, BuildHasherDefault<Same>>,
    /// Per package of the artifact, the ids of the files that it owns.
    pub(super) owned: Vec<Vec<u64>>,
}

impl<'a> Files<'a> {
    pub(super) fn of(artifact: &'a Artifact) -> Self {
        let layers = artifact.source.image().map(|image| image.layers.as_slice()).unwrap_or_default();
        let layers = layers.iter().map(|layer| (&layer.diff_id, seed(Some(&layer.diff_id)))).collect();
        let mut files = Self { layers, all: Vec::new(), by_id: HashMap::default(), owned: Vec::new() };
        let count = |package: &Package| package.locations.len() + package.files.len();
        let most = artifact.packages.iter().map(count).sum();
        files.all.reserve(most);
        files.by_id.reserve(most);
        let lookup = artifact.files.as_ref().map(Lookup::new);
        files.add_evidence(artifact, lookup.as_ref());
        if let Some(lookup) = &lookup {
            files.add_owned(artifact, lookup);
        }
        for gap in &artifact.gaps {
            // A file's path is required, so a gap of the whole artifact stands at the root.
            let id = files.add(gap.path.as_deref().unwrap_or("/"), gap.layer.as_ref(), None);
            if let Some(file) = files.by_id.get(&id).and_then(|at| files.all.get_mut(*at)) {
                file.gaps.push(gap);
            }
        }
        files
    }

    fn add_evidence(&mut self, artifact: &'a Artifact, lookup: Option<&Lookup<'a>>) {
        for package in &artifact.packages {
            for location in &package.locations {
                let entry = lookup.and_then(|lookup| lookup.get(&location.path));
                let entry = entry.filter(|entry| self.layer_of(entry) == location.layer.as_ref());
                self.add(&location.path, location.layer.as_ref(), entry);
            }
        }
    }

    fn add_owned(&mut self, artifact: &'a Artifact, lookup: &Lookup<'a>) {
        let mut resolver = Resolver { lookup, folder: String::new(), real: String::new(), full: String::new() };
        for package in &artifact.packages {
            let mut owned = Vec::with_capacity(package.files.len());
            for file in &package.files {
                if let Some(entry) = resolver.file(&file.path) {
                    owned.push(self.add(entry.path, self.layer_of(&entry), Some(entry)));
                }
            }
            self.owned.push(owned);
        }
    }

    fn layer_of(&self, entry: &FileEntry<'_>) -> Option<&'a Digest> {
        self.layers.get(entry.layer as usize).map(|(layer, _)| *layer)
    }

    fn add(&mut self, path: &'a str, layer: Option<&'a Digest>, entry: Option<FileEntry<'a>>) -> u64 {
        let place = self.place(layer);
        let id = id(path, self.seed(layer, place));
        if let Entry::Vacant(vacant) = self.by_id.entry(id) {
            vacant.insert(self.all.len());
            self.all.push(File { id, path, layer, place, entry, gaps: Vec::new() });
        }
        id
    }

    fn place(&self, layer: Option<&Digest>) -> Option<usize> {
        self.layers
            .iter()
            .position(|(known, _)| layer.is_some_and(|layer| std::ptr::eq(*known, layer) || *known == layer))
    }

    fn seed(&self, layer: Option<&Digest>, place: Option<usize>) -> u64 {
        place.and_then(|place| self.layers.get(place)).map_or_else(|| seed(layer), |(_, seed)| *seed)
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
        files.sort_unstable_by(|a, b| (a.place, a.path, a.layer).cmp(&(b.place, b.path, b.layer)));
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

/// Finds entries by path: by hash, since a document asks for most files, unless the tree is very large.
struct Lookup<'a> {
    tree: &'a FileIndex,
    by_path: HashMap<u64, FileEntry<'a>, BuildHasherDefault<Same>>,
}

impl<'a> Lookup<'a> {
    const HASHED: usize = 200_000;

    fn new(tree: &'a FileIndex) -> Self {
        let mut by_path = HashMap::default();
        if tree.len() <= Self::HASHED {
            by_path.reserve(tree.len());
            by_path.extend(tree.iter().map(|entry| (id(entry.path, 0), entry)));
        }
        Self { tree, by_path }
    }

    fn get(&self, path: &str) -> Option<FileEntry<'a>> {
        match self.by_path.get(&id(path, 0)) {
            Some(entry) if entry.path == path => Some(*entry),
            None if self.tree.len() <= Self::HASHED => None,
            _ => self.tree.get(path),
        }
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
    fn file(&mut self, path: &str) -> Option<FileEntry<'a>> {
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
        let entry = match self.lookup.get(&self.full) {
            Some(entry) if entry.is_file() => Some(entry),
            Some(_) => self.lookup.tree.resolve(path).ok().flatten(),
            None => None,
        };
        entry.filter(FileEntry::is_file)
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
            if let Some(entry) = &file.entry {
                metadata(w, entry);
            }
            if !file.gaps.is_empty() {
                w.key("unknowns").list(&file.gaps, |w, gap| {
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
