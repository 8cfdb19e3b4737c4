//! The files of a layout, in a folder or in a tar archive that is read in place.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use stopgate_archive::tar::{Reader, TarError};
use stopgate_archive::{Compression, Decoder, clean_path};
use stopgate_model::{FileKind, limits};

use crate::named::open_regular;
use crate::{Directory, SourceError};

/// Content and its length.
pub(crate) type Opened = (Box<dyn Read + Send>, u64);

/// Files by their path.
pub(crate) trait Files: Send + Sync {
    /// The name of the whole, for messages.
    fn name(&self) -> &str;

    /// A regular file; `None` when there is none.
    fn open(&self, path: &str) -> Result<Option<Opened>, SourceError>;

    /// What changes whenever the bytes of a file may have changed; an absent file is an error.
    fn identity(&self, path: &str) -> Result<String, SourceError>;

    /// Like `open`; an absent file is an error.
    fn require(&self, path: &str) -> Result<Opened, SourceError> {
        self.open(path)?.ok_or_else(|| missing(path, self.name()))
    }

    /// A whole file of at most `limit` bytes.
    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let Some((content, size)) = self.open(path)? else { return Ok(None) };
        if size > limit {
            return Err(SourceError::Limit { what: path.to_owned(), seen: size, limit, unit: "bytes" });
        }
        let mut bytes = Vec::new();
        content.take(limit).read_to_end(&mut bytes).map_err(|error| SourceError::io(path, error))?;
        Ok(Some(bytes))
    }
}

impl Files for Directory {
    fn name(&self) -> &str {
        self.path()
    }

    fn open(&self, path: &str) -> Result<Option<Opened>, SourceError> {
        match self.open_file(path) {
            Ok((file, size)) => Ok(Some((Box::new(file), size))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SourceError::io(path, error)),
        }
    }

    fn identity(&self, path: &str) -> Result<String, SourceError> {
        let (file, _) = self.open_file(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => missing(path, self.path()),
            _ => SourceError::io(path, error),
        })?;
        identity_of(&file).map_err(|error| SourceError::io(path, error))
    }
}

fn missing(path: &str, source_name: &str) -> SourceError {
    SourceError::MissingPart { what: path.to_owned(), source_name: source_name.to_owned() }
}

/// Which file it is, and when it was changed last: the time of the last change cannot be set back.
fn identity_of(file: &File) -> io::Result<String> {
    let it = file.metadata()?;
    let numbers = [it.mtime(), it.mtime_nsec(), it.ctime(), it.ctime_nsec()];
    Ok(format!("{}:{}:{}:{numbers:?}", it.dev(), it.ino(), it.size()))
}

enum Member {
    File { offset: u64, size: u64 },
    Link(String),
}

/// A tar archive whose members are read where they lie.
pub(crate) struct Tarball {
    name: String,
    file: Arc<File>,
    members: HashMap<String, Member>,
}

impl Tarball {
    /// Lists the members. A compressed archive is inflated to an anonymous temporary file first.
    pub(crate) fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let file = open_regular(path).map_err(|error| SourceError::opening(&name, error))?;
        Self::of(name, file)
    }

    pub(crate) fn of(name: String, file: File) -> Result<Self, SourceError> {
        Self::listed(name, file, &mut HashMap::new())
    }

    /// Like [`Tarball::open`], for an archive of which nobody said that it is an image. `None` when it cannot be
    /// listed and nothing in front of the damage belongs to an image.
    pub(crate) fn look_into(path: &Path) -> Result<Option<Self>, SourceError> {
        let name = path.display().to_string();
        let file = open_regular(path).map_err(|error| SourceError::opening(&name, error))?;
        let mut members = HashMap::new();
        match Self::listed(name, file, &mut members) {
            Ok(tarball) => Ok(Some(tarball)),
            Err(error) if members.keys().any(|path| belongs_to_image(path)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Lists the members; those in front of damage stay in `members`.
    fn listed(name: String, file: File, members: &mut HashMap<String, Member>) -> Result<Self, SourceError> {
        let failed = |error| SourceError::io(&name, error);
        let mut head = [0; 16];
        let seen = file.read_at(&mut head, 0).map_err(failed)?;
        let compressed = Compression::detect(head.get(..seen).unwrap_or_default()) != Compression::None;
        let file = if compressed { inflate(&name, &file)? } else { file };
        let size = file.metadata().map_err(failed)?.len();
        let file = Arc::new(file);
        list(&file, size, members).map_err(|source| SourceError::Archive { path: name.clone(), source })?;
        Ok(Self { name, file, members: std::mem::take(members) })
    }

    /// Whether there is a member of this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.members.contains_key(path)
    }

    fn find(&self, path: &str) -> Option<(u64, u64)> {
        let mut path = path.to_owned();
        for _ in 0..limits::LINK_DEPTH {
            match self.members.get(&path)? {
                Member::File { offset, size } => return Some((*offset, *size)),
                Member::Link(target) => path.clone_from(target),
            }
        }
        None
    }
}

impl Files for Tarball {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self, path: &str) -> Result<Option<Opened>, SourceError> {
        let Ok(path) = clean_path(path.as_bytes()) else { return Ok(None) };
        Ok(self.find(&path).map(|(offset, size)| {
            let part = FilePart { file: Arc::clone(&self.file), position: offset, end: offset.saturating_add(size) };
            (Box::new(part) as Box<dyn Read + Send>, size)
        }))
    }

    fn identity(&self, path: &str) -> Result<String, SourceError> {
        let place = clean_path(path.as_bytes()).ok().and_then(|path| self.find(&path));
        let Some((offset, size)) = place else { return Err(missing(path, &self.name)) };
        let archive = identity_of(&self.file).map_err(|error| SourceError::io(&self.name, error))?;
        Ok(format!("{archive}:{offset}+{size}"))
    }
}

/// Whether a member of this path is one that archives of images have.
fn belongs_to_image(path: &str) -> bool {
    matches!(path, "oci-layout" | "index.json" | "manifest.json")
        || path.starts_with("blobs/sha256/")
        || path.ends_with("/layer.tar")
}

/// Lists members by jumping from header to header, so that gigabytes of layers are not read.
fn list(file: &File, size: u64, members: &mut HashMap<String, Member>) -> Result<(), TarError> {
    let mut position = 0;
    loop {
        let mut source = file;
        source.seek(SeekFrom::Start(position))?;
        let mut reader = Reader::at(BufReader::with_capacity(4 << 10, source), position);
        let Some((entry, content)) = reader.next_entry()? else { return Ok(()) };
        if members.len() as u64 >= limits::NESTED_ENTRIES {
            return Err(TarError::Malformed { offset: position, reason: "it has more members than an image needs" });
        }
        let Some((offset, length)) = content.span().filter(|_| entry.refused.is_none()) else {
            return Err(TarError::Malformed { offset: position, reason: "a member is sparse or its path is refused" });
        };
        match (entry.kind, entry.link) {
            (FileKind::Regular, _) => {
                members.insert(entry.path.to_owned(), Member::File { offset, size: length });
            }
            // Older `docker save` links a layer that occurs twice.
            (FileKind::Symlink, Some(target)) => {
                let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let target = if target.starts_with('/') { target.to_owned() } else { format!("{folder}/{target}") };
                if let Ok(target) = clean_path(target.as_bytes()) {
                    members.insert(entry.path.to_owned(), Member::Link(target));
                }
            }
            (FileKind::HardLink, Some(target)) => {
                if let Ok(target) = clean_path(target.as_bytes()) {
                    members.insert(entry.path.to_owned(), Member::Link(target));
                }
            }
            _ => {}
        }
        let end = offset.checked_add(length).filter(|end| *end <= size).ok_or(TarError::Truncated { offset: size })?;
        position = end.next_multiple_of(512);
        if position >= size {
            // No end mark, or the padding of the last member is cut: everything is there.
            return Ok(());
        }
    }
}

fn inflate(name: &str, file: &File) -> Result<File, SourceError> {
    let failed = |error| SourceError::io(name, error);
    let mut spool = tempfile::tempfile().map_err(failed)?;
    let decoder = Decoder::new(file).map_err(failed)?;
    let limit = limits::IMAGE_BYTES;
    let seen = io::copy(&mut decoder.take(limit + 1), &mut spool).map_err(failed)?;
    if seen > limit {
        return Err(SourceError::Limit { what: name.to_owned(), seen, limit, unit: "bytes" });
    }
    Ok(spool)
}

/// A part of a shared file, read without moving the file's own position.
struct FilePart {
    file: Arc<File>,
    position: u64,
    end: u64,
}

impl Read for FilePart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        let Some(part) = buffer.get_mut(..count) else { return Ok(0) };
        let seen = self.file.read_at(part, self.position)?;
        self.position += seen as u64;
        Ok(seen)
    }
}
