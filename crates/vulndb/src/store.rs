//! The folder that holds builds: `<build>.idx` and `<build>.details`, and `current`, which names the build in use and
//! the one before it.
//!
//! INVARIANT: finished files are never written to, and `current` is only ever replaced by a rename after everything
//! that it names was flushed; so a process that is killed at any moment leaves the data that was in use.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::build::Built;
use crate::database::{Database, OpenError};
use crate::file::Bytes;

const CURRENT: &str = "current";
const LOCK: &str = "lock";
const PARTIAL: &str = "partial";
const INDEX: &str = "idx";
const DETAILS: &str = "details";

/// Opens the build that `current` names.
pub(crate) fn open_current(store: &Path) -> Result<Option<Database>, OpenError> {
    let mut attempt = 0;
    loop {
        let Some(pointer) = Pointer::read(store).map_err(|source| unreadable(&store.join(CURRENT), source))? else {
            return Ok(None);
        };
        let opened = open_build(store, &pointer.current);
        attempt += 1;
        match &opened {
            // Two imports after the pointer was read, the build may be gone: the pointer names another one by now.
            Err(OpenError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound && attempt < 3 => {}
            _ => return opened.map(Some),
        }
    }
}

/// Opens the build before the current one, when it is still there.
pub(crate) fn open_previous(store: &Path) -> Result<Option<Database>, OpenError> {
    let pointer = Pointer::read(store).map_err(|source| unreadable(&store.join(CURRENT), source))?;
    let Some(previous) = pointer.and_then(|pointer| pointer.previous) else { return Ok(None) };
    open_build(store, &previous).map(Some)
}

fn open_build(store: &Path, build: &str) -> Result<Database, OpenError> {
    let [index, details] = [INDEX, DETAILS].map(|extension| file_of(store, build, extension));
    let map = |path: &PathBuf| Bytes::map(path).map_err(|source| unreadable(path, source));
    let (index_bytes, details_bytes) = (map(&index)?, map(&details)?);
    Database::from_parts((index_bytes, &index.display().to_string()), (details_bytes, &details.display().to_string()))
}

fn unreadable(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}

fn file_of(store: &Path, build: &str, extension: &str) -> PathBuf {
    store.join(format!("{build}.{extension}"))
}

/// What `current` says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pointer {
    current: String,
    previous: Option<String>,
}

impl Pointer {
    fn read(store: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(store.join(CURRENT)) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut names = text.lines().map(str::to_owned);
        let Some(current) = names.next().filter(|name| is_build_name(name)) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it names no build"));
        };
        Ok(Some(Self { current, previous: names.next().filter(|name| is_build_name(name)) }))
    }
}

fn is_build_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 100 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The store while nobody else may change it.
#[derive(Debug)]
pub(crate) struct LockedStore {
    folder: PathBuf,
    /// Held until dropped; the system lets go of it when the process ends in any way.
    _lock: File,
}

impl LockedStore {
    /// Waits for other imports to end, then removes what unfinished ones left behind.
    pub(crate) fn lock(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                tracing::info!(store = %folder.display(), "another import is running, waiting for it");
                lock.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let store = Self { folder: folder.to_owned(), _lock: lock };
        store.clean()?;
        Ok(store)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path for a file that does not outlive the import.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{PARTIAL}"))
    }

    /// Stores a build and makes it the current one.
    pub(crate) fn install(&self, built: &Built) -> io::Result<()> {
        let name = self.free_name(built);
        for (bytes, extension) in [(&built.details, DETAILS), (&built.index, INDEX)] {
            self.write_file(bytes, &format!("{name}.{extension}"))?;
        }
        self.flush_folder()?;
        let before = Pointer::read(&self.folder).ok().flatten().map(|pointer| pointer.current);
        let text = format!("{name}\n{}\n", before.unwrap_or_default());
        self.write_file(text.as_bytes(), CURRENT)?;
        self.flush_folder()?;
        self.clean()
    }

    /// A name that no file has yet, so that a file in use is never replaced.
    fn free_name(&self, built: &Built) -> String {
        let time: String = built.identity.built.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        let digest: String = built.identity.digest.hex().chars().take(12).collect();
        let base = format!("{time}-{digest}");
        let taken =
            |name: &str| [INDEX, DETAILS].iter().any(|extension| file_of(&self.folder, name, extension).exists());
        let again = (2_u32..).map(|count| format!("{base}-{count}"));
        std::iter::once(base.clone()).chain(again).find(|name| !taken(name)).unwrap_or(base)
    }

    fn write_file(&self, bytes: &[u8], name: &str) -> io::Result<()> {
        let partial = self.scratch(name);
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, self.folder.join(name))
    }

    /// Flushes the names in the folder.
    fn flush_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// Removes unfinished files and builds that are neither current nor previous. Files of others are left alone.
    fn clean(&self) -> io::Result<()> {
        let Ok(pointer) = Pointer::read(&self.folder) else {
            // Without knowing what is in use, only unfinished files may go.
            return self.remove(|extension, _| extension == PARTIAL);
        };
        let used = |name: &str| {
            pointer.as_ref().is_some_and(|pointer| pointer.current == name || pointer.previous.as_deref() == Some(name))
        };
        self.remove(|extension, stem| {
            extension == PARTIAL || ((extension == INDEX || extension == DETAILS) && !used(stem))
        })
    }

    fn remove(&self, unwanted: impl Fn(&str, &str) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let [extension, stem] = [path.extension(), path.file_stem()].map(|part| part.and_then(OsStr::to_str));
            if extension.zip(stem).is_some_and(|(extension, stem)| unwanted(extension, stem)) {
                // A file that cannot be removed costs space, nothing else; the next import tries again.
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }
}
