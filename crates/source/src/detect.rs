//! Telling what a path is by its content.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use stopgate_archive::{Compression, Decoder};

use crate::files::Tarball;
use crate::{Scheme, SourceError};

const HEAD: usize = 64 << 10;

/// What a path turned out to be.
pub(crate) enum Detected {
    /// To be opened with this scheme.
    Scheme(Scheme),
    /// An archive whose members are already listed.
    Archive(Scheme, Tarball),
}

/// Looks at a path that exists.
pub(crate) fn detect(path: &Path) -> Result<Detected, SourceError> {
    let name = || path.display().to_string();
    let failed = |error| SourceError::io(name(), error);
    let metadata = path.metadata().map_err(failed)?;
    if metadata.is_dir() {
        let is_layout = path.join("oci-layout").is_file() && path.join("index.json").is_file();
        return Ok(Detected::Scheme(if is_layout { Scheme::OciDir } else { Scheme::Dir }));
    }
    if !metadata.is_file() {
        return Err(SourceError::WrongKind { path: name(), expected: "a file or folder" });
    }
    let file = File::open(path).map_err(failed)?;
    let mut head = vec![0; HEAD];
    let seen = file.read_at(&mut head, 0).map_err(failed)?;
    head.truncate(seen);
    if head.get(32..41) == Some(b"SIF_MAGIC") {
        return Ok(Detected::Scheme(Scheme::Singularity));
    }
    let inner = inflated_head(&file).unwrap_or_default();
    if is_document(&inner, b"\"stopgate-analysis/") {
        return Ok(Detected::Scheme(Scheme::Analysis));
    }
    if looks_like_tar(&inner) {
        if let Some(tarball) = Tarball::look_into(path)? {
            // An archive of newer docker versions is both; then its tags are in `manifest.json`.
            for (part, scheme) in [("manifest.json", Scheme::DockerArchive), ("index.json", Scheme::OciArchive)] {
                if tarball.has(part) {
                    return Ok(Detected::Archive(scheme, tarball));
                }
            }
        }
        return Ok(Detected::Scheme(Scheme::File));
    }
    Ok(Detected::Scheme(if is_sbom(&file, metadata.len(), &inner) { Scheme::Sbom } else { Scheme::File }))
}

fn inflated_head(file: &File) -> Option<Vec<u8>> {
    let mut reader = file;
    std::io::Seek::rewind(&mut reader).ok()?;
    let mut head = Vec::new();
    Decoder::new(reader).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    Some(head)
}

fn looks_like_tar(head: &[u8]) -> bool {
    // Ustar and GNU archives say so; of older ones the reader tells by the checksum.
    head.get(257..262) == Some(b"ustar") || head.len() >= 512 && head.get(500..512) == Some(&[0; 12])
}

fn is_document(head: &[u8], mark: &[u8]) -> bool {
    starts_like_text(head, b'{') && find(head, mark)
}

fn starts_like_text(head: &[u8], first: u8) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&first)
}

fn find(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Whether a file is an SBOM in a format that we read: its marks stand at its start or, in syft's own
/// format, at its end.
fn is_sbom(file: &File, size: u64, head: &[u8]) -> bool {
    if Compression::detect(head) != Compression::None {
        return false;
    }
    let mut tail = vec![0; HEAD];
    let seen = file.read_at(&mut tail, size.saturating_sub(HEAD as u64)).unwrap_or(0);
    tail.truncate(seen);
    if starts_like_text(head, b'{') {
        let marks: [&[u8]; 4] =
            [b"\"bomFormat\"", b"\"spdxVersion\"", b"\"https://spdx.org/rdf/3", b"anchore/syft/main/schema"];
        return marks.iter().any(|mark| find(head, mark) || find(&tail, mark));
    }
    if starts_like_text(head, b'<') {
        return find(head, b"cyclonedx.org/schema/bom");
    }
    head.starts_with(b"SPDXVersion:") || find(head.get(..4096).unwrap_or(head), b"\nSPDXVersion:")
}
