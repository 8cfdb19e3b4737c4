//! The file tree: folder by folder, one row per file.
//!
//! `[name, kind, mode, uid, gid, size, layer, sha256, link, digests, capability]`; what is null at the end is left out.
//! A path without any slash stands in a block without folder. `digests` are those of other algorithms, as `md5:...`,
//! `capability` is the raw `security.capability` attribute in hexadecimal digits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use stopgate_model::{Digest, FileEntry, FileIndex, FileIndexBuilder, FileKind};

use crate::json::JsonWriter;

const KINDS: [(FileKind, &str); 9] = [
    (FileKind::Regular, "f"),
    (FileKind::HardLink, "h"),
    (FileKind::Symlink, "l"),
    (FileKind::CharDevice, "c"),
    (FileKind::BlockDevice, "b"),
    (FileKind::Directory, "d"),
    (FileKind::Fifo, "p"),
    (FileKind::Socket, "s"),
    (FileKind::Irregular, "i"),
];

pub(super) fn write(w: &mut JsonWriter<'_>, tree: &FileIndex) {
    let mut entries = tree.iter().peekable();
    let mut further = tree.further_digests().peekable();
    let mut capabilities = tree.capabilities().peekable();
    let mut more = |entry: &FileEntry<'_>| {
        let own = std::iter::from_fn(|| further.next_if(|(of, _)| of.path == entry.path));
        let digests = own.map(|(_, digest)| digest).collect::<Vec<_>>();
        (digests, capabilities.next_if(|(of, _)| of.path == entry.path).map(|(_, raw)| raw))
    };
    while let Some(first) = entries.next() {
        let folder = split(first.path).0;
        w.object(|w| {
            if let Some(folder) = folder {
                w.text_field("folder", folder);
            }
            w.key("entries").array(|w| {
                row(w, &first, more(&first));
                while let Some(entry) = entries.next_if(|entry| split(entry.path).0 == folder) {
                    row(w, &entry, more(&entry));
                }
            });
        });
    }
}

fn split(path: &str) -> (Option<&str>, &str) {
    path.rsplit_once('/').map_or((None, path), |(folder, name)| (Some(folder), name))
}

fn row(w: &mut JsonWriter<'_>, entry: &FileEntry<'_>, (digests, capability): (Vec<&Digest>, Option<&[u8]>)) {
    let more = !digests.is_empty() || capability.is_some();
    w.array(|w| {
        w.text(split(entry.path).1);
        w.text(KINDS.iter().find(|(kind, _)| *kind == entry.kind).map_or("i", |(_, letter)| letter));
        for number in [entry.mode, entry.uid, entry.gid] {
            w.number(number);
        }
        w.number(entry.size);
        w.number(entry.layer);
        match entry.sha256 {
            Some(digest) => w.hex(digest),
            None if entry.link.is_some() || more => w.null(),
            None => {}
        }
        match entry.link {
            Some(link) => w.text(link),
            None if more => w.null(),
            None => {}
        }
        if more {
            w.array(|w| digests.iter().for_each(|digest| w.text(&digest.to_string())));
        }
        if let Some(raw) = capability {
            w.hex(raw);
        }
    });
}

/// Reads the rows straight into a tree, so a large one is never held twice.
pub(super) struct Tree(pub(super) FileIndex);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Blocks;
        impl<'de> Visitor<'de> for Blocks {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of folders")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut blocks: A) -> Result<Tree, A::Error> {
                let (mut builder, mut further) = (FileIndexBuilder::default(), Further::default());
                while blocks.next_element_seed(Block(&mut builder, &mut further))?.is_some() {}
                let mut files = builder.finish();
                let Further { digests, capabilities } = &further;
                files.add_digests(digests.iter().map(|(path, digest)| (path.as_str(), digest.clone())));
                files.add_capabilities(capabilities.iter().map(|(path, raw)| (path.as_str(), raw.as_slice())));
                Ok(Tree(files))
            }
        }
        deserializer.deserialize_seq(Blocks)
    }
}

/// What few files have, by path.
#[derive(Default)]
struct Further {
    /// Digests that are not SHA-256.
    digests: Vec<(String, Digest)>,
    capabilities: Vec<(String, Vec<u8>)>,
}

/// One folder; its name must come in front of its rows.
struct Block<'b>(&'b mut FileIndexBuilder, &'b mut Further);

impl<'de> serde::de::DeserializeSeed<'de> for Block<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Block<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `folder` and `entries`")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut folder: Option<String> = None;
        let mut read = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "folder" if !read => folder = Some(map.next_value()?),
                "entries" if !read => {
                    read = true;
                    let rows = Rows { builder: self.0, further: self.1, folder: folder.as_deref() };
                    map.next_value_seed(rows)?;
                }
                _ => return Err(Error::custom(format!("unexpected `{key}` in a folder"))),
            }
        }
        Ok(())
    }
}

struct Rows<'b> {
    builder: &'b mut FileIndexBuilder,
    further: &'b mut Further,
    folder: Option<&'b str>,
}

impl<'de> serde::de::DeserializeSeed<'de> for Rows<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let mut path = String::new();
        while let Some(row) = rows.next_element::<Row>()? {
            path.clear();
            if let Some(folder) = self.folder {
                path.push_str(folder);
                path.push('/');
            }
            path.push_str(&row.name);
            let pushed = self.builder.push(&FileEntry {
                path: &path,
                kind: row.kind,
                mode: row.mode,
                uid: row.uid,
                gid: row.gid,
                size: row.size,
                sha256: row.sha256.as_ref(),
                link: row.link.as_deref(),
                layer: row.layer,
            });
            if !pushed {
                return Err(Error::custom("a path or link is longer than the limit"));
            }
            self.further.digests.extend(row.digests.into_iter().map(|digest| (path.clone(), digest)));
            self.further.capabilities.extend(row.capability.map(|raw| (path.clone(), raw)));
        }
        Ok(())
    }
}

struct Row {
    name: String,
    kind: FileKind,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    layer: u32,
    sha256: Option<[u8; 32]>,
    link: Option<String>,
    digests: Vec<Digest>,
    capability: Option<Vec<u8>>,
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of 7 to 11 columns")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Row, A::Error> {
        fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(row: &mut A, at: usize) -> Result<T, A::Error> {
            row.next_element()?.ok_or_else(|| Error::invalid_length(at, &RowVisitor))
        }
        let name = next(&mut row, 0)?;
        let letter: String = next(&mut row, 1)?;
        let kind = KINDS.iter().find(|(_, known)| *known == letter).map(|(kind, _)| *kind);
        let kind = kind.ok_or_else(|| Error::custom(format!("unknown kind of file `{letter}`")))?;
        let (mode, uid, gid) = (next(&mut row, 2)?, next(&mut row, 3)?, next(&mut row, 4)?);
        let (size, layer) = (next(&mut row, 5)?, next(&mut row, 6)?);
        let sha256 = match row.next_element::<Option<String>>()?.flatten() {
            Some(text) => {
                let bytes = hex::decode(&text).ok().and_then(|bytes| bytes.try_into().ok());
                Some(bytes.ok_or_else(|| Error::custom(format!("`{text}` is no SHA-256")))?)
            }
            None => None,
        };
        let link = row.next_element::<Option<String>>()?.flatten();
        let digests = row.next_element::<Vec<String>>()?.unwrap_or_default();
        let digests =
            digests.iter().map(|text| Digest::parse(text).map_err(Error::custom)).collect::<Result<_, _>>()?;
        let capability = match row.next_element::<Option<String>>()?.flatten() {
            Some(text) => {
                let raw = hex::decode(&text).map_err(|_| Error::custom(format!("`{text}` is no capability")))?;
                Some(raw)
            }
            None => None,
        };
        if row.next_element::<IgnoredAny>()?.is_some() {
            return Err(Error::invalid_length(12, &self));
        }
        Ok(Row { name, kind, mode, uid, gid, size, layer, sha256, link, digests, capability })
    }
}
