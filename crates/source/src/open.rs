//! Opening what the user named.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use stopgate_model::{ImageReference, limits};

use crate::detect::{Detected, detect};
use crate::files::Tarball;
use crate::named::{open_readable, open_regular};
use crate::{Directory, Image, Scheme, SourceError, SourceOptions, SourceSpec, daemon, docker_archive, oci, registry};

/// A source that was opened.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one per run, and nearly always the large one")]
pub enum Opened {
    /// A container image.
    Image(Image),
    /// A folder.
    Directory(Directory),
    /// One file.
    File(LocalFile),
    /// The bytes of an SBOM document.
    Sbom(Vec<u8>),
    /// The bytes of an analysis document, as stored.
    Analysis(Vec<u8>),
}

/// A single file that is the source.
#[derive(Debug)]
pub struct LocalFile {
    /// Path as given.
    pub path: String,
    /// Last part of the path.
    pub name: String,
    /// Bytes.
    pub size: u64,
    file: File,
}

impl LocalFile {
    /// The content for random access; more handles do not disturb each other.
    pub fn content(&self) -> io::Result<(File, u64)> {
        Ok((self.file.try_clone()?, self.size))
    }
}

/// Opens a source. Images are opened by their documents; layers are read when asked for. Blocks, so it must
/// not be called on a thread that drives asynchronous tasks.
pub fn open(spec: &SourceSpec, options: &SourceOptions) -> Result<Opened, SourceError> {
    let target = spec.target.as_str();
    let Some(scheme) = spec.scheme else {
        return match detect(Path::new(target))? {
            Detected::Scheme(scheme) => open_as(scheme, target, options),
            Detected::Archive(Scheme::DockerArchive, files) => {
                docker_archive::open(files, None, options).map(Opened::Image)
            }
            Detected::Archive(_, files) => oci::open(Box::new(files), None, options).map(Opened::Image),
        };
    };
    open_as(scheme, target, options)
}

fn open_as(scheme: Scheme, target: &str, options: &SourceOptions) -> Result<Opened, SourceError> {
    match scheme {
        Scheme::DockerArchive => {
            let (path, name) = path_and_name(target);
            docker_archive::open(Tarball::open(&path)?, name, options).map(Opened::Image)
        }
        Scheme::OciArchive => {
            let (path, name) = path_and_name(target);
            oci::open(Box::new(Tarball::open(&path)?), name, options).map(Opened::Image)
        }
        Scheme::OciDir => {
            let (path, name) = path_and_name(target);
            oci::open(Box::new(Directory::open(&path)?), name, options).map(Opened::Image)
        }
        Scheme::Dir => Directory::open(Path::new(target)).map(Opened::Directory),
        Scheme::File => local_file(target).map(Opened::File),
        Scheme::Sbom => document(target).map(Opened::Sbom),
        Scheme::Analysis => document(target).map(Opened::Analysis),
        Scheme::Registry => registry::open(&ImageReference::parse(target)?, options).map(Opened::Image),
        Scheme::Docker | Scheme::Podman => daemon::open(scheme, target, options).map(Opened::Image),
        Scheme::Containerd | Scheme::Singularity => Err(SourceError::Unsupported {
            scheme: scheme.name(),
            instead: match scheme {
                Scheme::Containerd => "`ctr image export FILE IMAGE` and `oci-archive:FILE`, or `registry:`",
                _ => "an image in `registry:`, `oci-archive:` or `docker-archive:`",
            },
        }),
    }
}

/// `PATH` or `PATH:NAME`, where an existing path is never split.
fn path_and_name(target: &str) -> (PathBuf, Option<&str>) {
    if Path::new(target).exists() {
        return (target.into(), None);
    }
    // The name may hold colons itself, so the longest path that exists wins.
    for (at, _) in target.match_indices(':').collect::<Vec<_>>().into_iter().rev() {
        let (path, name) = target.split_at(at);
        if let Some(name) = name.strip_prefix(':')
            && !name.is_empty()
            && Path::new(path).exists()
        {
            return (path.into(), Some(name));
        }
    }
    (target.into(), None)
}

fn local_file(path: &str) -> Result<LocalFile, SourceError> {
    let failed = |error: io::Error| SourceError::opening(path, error);
    let file = open_regular(Path::new(path)).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(LocalFile { path: path.to_owned(), name, size, file })
}

fn document(path: &str) -> Result<Vec<u8>, SourceError> {
    let limit = limits::SBOM_BYTES;
    let failed = |error: io::Error| SourceError::opening(path, error);
    let too_large = |seen| SourceError::Limit { what: path.to_owned(), seen, limit, unit: "bytes" };
    let mut bytes = Vec::new();
    if path == "-" {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let file = open_readable(Path::new(path)).map_err(failed)?;
        // A pipe has no length.
        let expected = file.metadata().map_err(failed)?.len();
        if expected > limit {
            return Err(too_large(expected));
        }
        bytes.reserve_exact(expected as usize + 1);
        file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    let seen = bytes.len() as u64;
    if seen > limit { Err(too_large(seen)) } else { Ok(bytes) }
}
