//! Malware: every content that is visible in the tree is shown to a scanner once.
//!
//! Which contents are visible is known only when all layers are merged, and facts from the cache hold no
//! content, so the layers with visible files are read for the scanner. What was scanned is told by its
//! digest, not by where it lay: a layer may have a path twice, and several names may share a content.

mod contents;
mod told;

use std::fs::File;
use std::io::{self, BufRead, Read};

use sha2::{Digest as _, Sha256};
use stopgate_archive::tar;
use stopgate_inspectors::MalwareScanner;
use stopgate_model::{FileIndex, FileKind, Gap, MalwareScan};
use stopgate_source::{Directory, Image};

use crate::AnalyzeError;
use crate::analyze::AnalyzeOptions;
use crate::parallel::in_parallel;
use crate::walk::{ImageBudget, LayerStream, Sink, walk};

use contents::Contents;
use told::Told;

/// What a scanner said of a content: signatures, or why it was not scanned.
pub(crate) type Verdict = Result<Vec<String>, String>;

/// The document of a scan, and what is missing from it.
pub(crate) type Scanned = (MalwareScan, Vec<Gap>);

/// Scans the visible files of an image.
pub(crate) fn scan_image(
    image: &Image,
    files: &FileIndex,
    scanner: &dyn MalwareScanner,
    options: &AnalyzeOptions<'_>,
) -> Result<Scanned, AnalyzeError> {
    let contents = Contents::new(files);
    let layers: Vec<usize> = contents.layers().into_iter().collect();
    let size = |index: &usize| image.layers.get(*index).map_or(0, |layer| layer.size);
    if let Some(progress) = options.progress {
        progress.begin(layers.len(), layers.iter().map(size).sum());
    }
    let budget = ImageBudget::default();
    let results = in_parallel(options.threads(), &layers, |layer| {
        let mut sink = Scan { contents: &contents, layer: *layer, scanner };
        let result = scan_layer(image, *layer, &mut sink, &budget, options);
        if result.is_err() {
            budget.stop();
        }
        result
    });
    // The failure that made the others stop comes first.
    let mut failures: Vec<AnalyzeError> = results.into_iter().flatten().filter_map(Result::err).collect();
    failures.sort_by_key(|error| matches!(error, AnalyzeError::Stopped));
    match failures.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(contents.told().finish(scanner)),
    }
}

fn scan_layer(
    image: &Image,
    index: usize,
    sink: &mut Scan<'_>,
    budget: &ImageBudget,
    options: &AnalyzeOptions<'_>,
) -> Result<(), AnalyzeError> {
    let Some(layer) = image.layers.get(index) else { return Ok(()) };
    let stored = image.open_layer(index)?;
    let progress = |bytes| {
        if let Some(progress) = options.progress {
            progress.advance(bytes);
        }
    };
    let (what, diff_id) = (layer.diff_id.to_string(), Some(&layer.diff_id));
    walk(LayerStream { stored, what: &what, diff_id, filesystem: true, budget, progress: &progress }, sink)?;
    Ok(())
}

/// Scans the files of an archive, shown by `entries`.
pub(crate) fn scan_archive(
    files: &FileIndex,
    scanner: &dyn MalwareScanner,
    entries: impl FnOnce(&mut Scan<'_>) -> Result<(), AnalyzeError>,
) -> Result<Scanned, AnalyzeError> {
    let contents = Contents::new(files);
    entries(&mut Scan { contents: &contents, layer: 0, scanner })?;
    Ok(contents.told().finish(scanner))
}

/// Scans a file that stands for itself.
pub(crate) fn scan_file(name: &str, file: File, size: u64, scanner: &dyn MalwareScanner) -> io::Result<Scanned> {
    let path = format!("/{name}");
    let mut told = Told::default();
    told.add(&path, &scan_content(scanner, &path, &mut file.take(size), size)?.1);
    Ok(told.finish(scanner))
}

/// Files of a folder that one thread takes at once.
const BATCH: usize = 256;

/// Scans the files of a folder.
pub(crate) fn scan_directory(
    directory: &Directory,
    files: &FileIndex,
    scanner: &dyn MalwareScanner,
    threads: usize,
) -> Scanned {
    let batches: Vec<usize> = (0..files.len()).step_by(BATCH).collect();
    let scanned = in_parallel(threads, &batches, |start| {
        let mut told = Told::default();
        let batch = (*start..files.len()).take(BATCH).filter_map(|position| files.at(position));
        for entry in batch.filter(|entry| entry.kind == FileKind::Regular) {
            let opened = directory.open_file(entry.path.trim_start_matches('/'));
            let read = opened.and_then(|(file, size)| scan_content(scanner, entry.path, &mut file.take(size), size));
            match read {
                Ok((_, verdict)) => told.add(entry.path, &verdict),
                Err(error) => told.skip(entry.path, &format!("it cannot be read: {error}")),
            }
        }
        told
    });
    let mut told = Told::default();
    for part in scanned.into_iter().flatten() {
        told.append(part);
    }
    told.finish(scanner)
}

/// Shows one content to a scanner. An error is one of reading the content; otherwise its digest comes with the
/// verdict.
fn scan_content(
    scanner: &dyn MalwareScanner,
    path: &str,
    content: &mut dyn Read,
    size: u64,
) -> io::Result<([u8; 32], Verdict)> {
    let mut watched = Watched { inner: content, hasher: Sha256::new(), failed: None };
    let verdict = scanner.scan(path, &mut watched, size);
    // A scanner may have seen enough before the end.
    io::copy(&mut watched, &mut io::sink())?;
    match watched.failed {
        Some(error) => Err(error),
        None => Ok((watched.hasher.finalize().into(), verdict)),
    }
}

/// Hashes what is read, and keeps the error that ended it from being taken for one of the scanner.
struct Watched<'c> {
    inner: &'c mut dyn Read,
    hasher: Sha256,
    failed: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed.is_some() {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Ok(count) => {
                self.hasher.update(buffer.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.failed = Some(error);
                Err(told)
            }
        }
    }
}

/// Shows the wanted contents of one layer to a scanner.
pub(crate) struct Scan<'a> {
    contents: &'a Contents<'a>,
    layer: usize,
    scanner: &'a dyn MalwareScanner,
}

impl Sink for Scan<'_> {
    fn entry(&mut self, entry: &tar::Entry<'_>, content: &mut impl BufRead) -> io::Result<()> {
        if entry.kind == FileKind::Regular && entry.refused.is_none() && self.contents.wants(self.layer, entry.path) {
            let path = format!("/{}", entry.path);
            let (sha256, verdict) = scan_content(self.scanner, &path, content, entry.size)?;
            self.contents.set(&sha256, verdict);
        }
        Ok(())
    }

    /// The first walk told of it already.
    fn gap(&mut self, _: Gap) {}
}
