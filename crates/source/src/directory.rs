//! A folder as a source: walked without following links, files opened without leaving it.
//!
//! Opening resolves inside the folder in the kernel (`openat2`, Linux 5.6); on older kernels a path
//! through a link is not opened. Files ignored by git are read like all others.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use stopgate_archive::clean_path;
use stopgate_model::{FileKind, limits};

use crate::SourceError;

/// A folder that was opened.
#[derive(Debug)]
pub struct Directory {
    path: String,
    root: OwnedFd,
}

/// One path below the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkEntry {
    /// From the folder, without leading slash.
    pub path: String,
    /// What it is; files with several names are regular files here.
    pub kind: FileKind,
    /// Permission bits with set-id and sticky bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a regular file, else zero.
    pub size: u64,
    /// Target of a symbolic link, as written.
    pub link: Option<String>,
    /// Seconds since 1970.
    pub mtime: i64,
}

/// A path that could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}`")]
pub struct WalkError {
    /// From the folder, without leading slash.
    pub path: String,
    /// Cause.
    #[source]
    pub source: io::Error,
}

impl Directory {
    /// Opens a folder.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(root) => Ok(Self { path: name, root }),
            Err(rustix::io::Errno::NOTDIR) => Err(SourceError::WrongKind { path: name, expected: "a folder" }),
            Err(rustix::io::Errno::NOENT) => Err(SourceError::Missing { path: name }),
            Err(error) => Err(SourceError::io(name, error.into())),
        }
    }

    /// The path as given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Everything below the folder, parents before children, names of a folder in order.
    pub fn walk(&self) -> Walk<'_> {
        let device = rustix::fs::fstat(&self.root).map(|status| status.st_dev).unwrap_or_default();
        Walk { directory: self, device, todo: VecDeque::from([Step::Enter(String::new(), 0)]) }
    }

    /// Opens a regular file by its path from the folder, with its length. Links are followed inside the
    /// folder, absolute ones from its top; nothing outside is reachable.
    pub fn open_file(&self, path: &str) -> io::Result<(File, u64)> {
        // Without NONBLOCK opening a named pipe would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::from(self.open_inside(path, flags)?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok((file, metadata.len()))
    }

    fn open_inside(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let path = path.trim_start_matches('/');
        let path = Path::new(if path.is_empty() { "." } else { path });
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..8 {
            match rustix::fs::openat2(&self.root, path, flags, Mode::empty(), resolve) {
                // The kernel asks to try again when something was renamed meanwhile.
                Err(rustix::io::Errno::AGAIN) => {}
                Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => return self.open_by_parts(path, flags),
                other => return Ok(other?),
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// For kernels without `openat2`: part by part, links refused.
    fn open_by_parts(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let mut parts = path.components().filter(|part| *part != Component::CurDir).peekable();
        let mut folder: Option<OwnedFd> = None;
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path leaves the folder"));
            };
            let flags = match parts.peek() {
                Some(_) => OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
                None => flags,
            } | OFlags::NOFOLLOW;
            let parent = folder.as_ref().map_or_else(|| self.root.as_fd(), AsFd::as_fd);
            let opened = rustix::fs::openat(parent, name, flags, Mode::empty())?;
            folder = Some(opened);
        }
        match folder {
            Some(opened) => Ok(opened),
            None => self.root.try_clone(),
        }
    }

    fn join(&self, path: &str) -> std::path::PathBuf {
        Path::new(&self.path).join(path)
    }
}

enum Step {
    /// A folder to list, and how deep it lies.
    Enter(String, u64),
    Show(Result<WalkEntry, WalkError>),
}

/// Walks a folder.
pub struct Walk<'a> {
    directory: &'a Directory,
    device: u64,
    todo: VecDeque<Step>,
}

impl Iterator for Walk<'_> {
    type Item = Result<WalkEntry, WalkError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.todo.pop_front()? {
                Step::Show(entry) => return Some(entry),
                Step::Enter(path, depth) => {
                    if let Err(source) = self.list(&path, depth) {
                        return Some(Err(WalkError { path, source }));
                    }
                }
            }
        }
    }
}

impl Walk<'_> {
    fn list(&mut self, folder: &str, depth: u64) -> io::Result<()> {
        if depth > limits::PATH_PARTS {
            let message = format!("the path has more than {} parts", limits::PATH_PARTS);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut names = fs::read_dir(self.directory.join(folder))?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        let mut steps = Vec::with_capacity(names.len());
        for name in names {
            let Some(name) = name.to_str() else {
                steps.push(Step::Show(Err(not_text(folder, &name))));
                continue;
            };
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            match self.look_at(&path) {
                Ok(None) => {}
                Ok(Some(entry)) => {
                    let enter = entry.kind == FileKind::Directory;
                    steps.push(Step::Show(Ok(entry)));
                    if enter {
                        steps.push(Step::Enter(path, depth + 1));
                    }
                }
                Err(source) => steps.push(Step::Show(Err(WalkError { path, source }))),
            }
        }
        for step in steps.into_iter().rev() {
            self.todo.push_front(step);
        }
        Ok(())
    }

    /// The entry at a path; `None` for a mount that holds no files of its own.
    fn look_at(&self, path: &str) -> io::Result<Option<WalkEntry>> {
        let full = self.directory.join(path);
        let metadata = fs::symlink_metadata(&full)?;
        let kind = kind_of(&metadata);
        if kind == FileKind::Directory && metadata.dev() != self.device && is_virtual(&full, path) {
            return Ok(None);
        }
        let link = match kind {
            FileKind::Symlink => Some(fs::read_link(&full)?.to_string_lossy().into_owned()),
            _ => None,
        };
        Ok(Some(WalkEntry {
            path: path.to_owned(),
            kind,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            size: if kind == FileKind::Regular { metadata.len() } else { 0 },
            link,
            mtime: metadata.mtime(),
        }))
    }
}

/// A name that is not UTF-8 cannot be asked for again by text, so it is shown as unreadable.
fn not_text(folder: &str, name: &OsStr) -> WalkError {
    let mut path = name.as_bytes().to_vec();
    if !folder.is_empty() {
        path = [folder.as_bytes(), b"/", name.as_bytes()].concat();
    }
    let path = clean_path(&path).unwrap_or_else(|_| folder.to_owned());
    WalkError { path, source: io::Error::new(io::ErrorKind::InvalidData, "its name is not valid UTF-8") }
}

fn kind_of(metadata: &Metadata) -> FileKind {
    let kind = metadata.file_type();
    if kind.is_file() {
        FileKind::Regular
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_symlink() {
        FileKind::Symlink
    } else if kind.is_fifo() {
        FileKind::Fifo
    } else if kind.is_socket() {
        FileKind::Socket
    } else if kind.is_char_device() {
        FileKind::CharDevice
    } else if kind.is_block_device() {
        FileKind::BlockDevice
    } else {
        FileKind::Irregular
    }
}

/// File systems of the kernel (linux/magic.h), and memory where it holds only what runs now. As syft.
fn is_virtual(full: &Path, path: &str) -> bool {
    const PROC: i64 = 0x9fa0;
    const SYSFS: i64 = 0x6265_6572;
    const DEVPTS: i64 = 0x1cd1;
    const TMPFS: i64 = 0x0102_1994;
    let Ok(system) = rustix::fs::statfs(full) else { return false };
    match system.f_type {
        PROC | SYSFS | DEVPTS => true,
        TMPFS => matches!(path, "run" | "dev" | "var/run" | "var/lock" | "sys"),
        _ => false,
    }
}
