//! The `files` block: files that prove or belong to packages, and files with gaps.

use std::collections::HashMap;

use stopgate_model::{Artifact, Digest, FileEntry, FileIndex, Gap};

use crate::json::JsonWriter;

/// A file of the document.
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) layer: Option<&'a Digest>,
    entry: Option<FileEntry<'a>>,
    gaps: Vec<&'a Gap>,
}

/// The files of the document by path and layer.
pub(super) struct Files<'a> {
    layers: Vec<&'a Digest>,
    files: HashMap<(&'a str, Option<&'a Digest>), File<'a>>,
    /// Per package of the artifact, the ids of the files that it owns.
    pub(super) owned: Vec<Vec<u64>>,
}

impl<'a> Files<'a> {
    pub(super) fn of(artifact: &'a Artifact) -> Self {
        let layers = artifact.source.image().map(|image| image.layers.iter().map(|layer| &layer.diff_id).collect());
        let mut files = Self { layers: layers.unwrap_or_default(), files: HashMap::new(), owned: Vec::new() };
        for package in &artifact.packages {
            for location in &package.locations {
                let entry = artifact.files.as_ref().and_then(|tree| tree.get(&location.path));
                let entry = entry.filter(|entry| files.layer_of(entry) == location.layer.as_ref());
                files.add(&location.path, location.layer.as_ref(), entry);
            }
        }
        if let Some(tree) = &artifact.files {
            let mut resolver = Resolver { tree, folder: String::new(), real: None };
            for package in &artifact.packages {
                let mut owned = Vec::with_capacity(package.files.len());
                for file in &package.files {
                    if let Some(entry) = resolver.file(&file.path) {
                        owned.push(files.add(entry.path, files.layer_of(&entry), Some(entry)));
                    }
                }
                files.owned.push(owned);
            }
        }
        for gap in &artifact.gaps {
            // A file's path is required, so a gap of the whole artifact stands at the root.
            let path = gap.path.as_deref().unwrap_or("/");
            files.add(path, gap.layer.as_ref(), None);
            if let Some(file) = files.files.get_mut(&(path, gap.layer.as_ref())) {
                file.gaps.push(gap);
            }
        }
        files
    }

    fn layer_of(&self, entry: &FileEntry<'_>) -> Option<&'a Digest> {
        self.layers.get(entry.layer as usize).copied()
    }

    fn add(&mut self, path: &'a str, layer: Option<&'a Digest>, entry: Option<FileEntry<'a>>) -> u64 {
        self.files.entry((path, layer)).or_insert_with(|| File { path, layer, entry, gaps: Vec::new() });
        id(path, layer)
    }

    /// The id of the file at this path, in the layer that the tree names.
    pub(super) fn id_at(&self, tree: Option<&FileIndex>, path: &str) -> u64 {
        let entry = tree.and_then(|tree| tree.get(path));
        id(path, entry.and_then(|entry| self.layer_of(&entry)))
    }

    fn sorted(&self) -> Vec<&File<'a>> {
        let place = |layer: Option<&Digest>| self.layers.iter().position(|known| Some(*known) == layer);
        let mut files: Vec<_> = self.files.values().map(|file| (place(file.layer), file)).collect();
        files.sort_unstable_by(|(a, x), (b, y)| (a, x.path, x.layer).cmp(&(b, y.path, y.layer)));
        files.into_iter().map(|(_, file)| file).collect()
    }
}

/// Id of a file: FNV-1a over layer and path, so that it is the same in every document.
pub(super) fn id(path: &str, layer: Option<&Digest>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let layer = layer.map_or(&b""[..], |layer| layer.hex().as_bytes());
    for byte in layer.iter().chain(b"\0").chain(path.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// Follows links; remembers the last folder, since owned files come folder by folder.
struct Resolver<'a> {
    tree: &'a FileIndex,
    folder: String,
    real: Option<String>,
}

impl<'a> Resolver<'a> {
    fn file(&mut self, path: &str) -> Option<FileEntry<'a>> {
        let (folder, name) = path.rsplit_once('/')?;
        if self.real.is_none() || self.folder != folder {
            folder.clone_into(&mut self.folder);
            self.real = Some(match self.tree.resolve(folder) {
                Ok(Some(entry)) => entry.path.to_owned(),
                Ok(None) | Err(_) => folder.to_owned(),
            });
        }
        let real = self.real.as_ref()?;
        let full = if real == "/" { format!("/{name}") } else { format!("{real}/{name}") };
        let entry = match self.tree.get(&full) {
            Some(entry) if entry.link.is_none() || entry.is_file() => Some(entry),
            _ => self.tree.resolve(path).ok().flatten(),
        };
        entry.filter(FileEntry::is_file)
    }
}

pub(super) fn write(w: &mut JsonWriter<'_>, artifact: &Artifact, files: &Files<'_>) {
    if files.files.is_empty() && artifact.files.is_none() {
        return;
    }
    w.key("files").list(files.sorted(), |w, file| {
        w.object(|w| {
            w.key("id").shown(format_args!("{:016x}", id(file.path, file.layer)));
            w.key("location").object(|w| {
                w.text_field("path", file.path);
                if let Some(layer) = file.layer {
                    w.key("layerID").shown(layer);
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
                w.text_field("value", &hex::encode(digest));
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
