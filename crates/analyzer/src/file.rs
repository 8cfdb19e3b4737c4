//! One file: a package (jar, wheel, executable, lock file) as catalogers know it, else an archive whose
//! entries are looked at as those of a folder, else a file about which nothing is known.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::thread;

use sha2::{Digest as _, Sha256};
use stopgate_archive::{Budget, Compression, Nesting, zip};
use stopgate_catalogers::{Claimed, SourceClass};
use stopgate_model::{Artifact, Digest, FileKind, Gap, GapClass, GapCode, SourceKind, limits};
use stopgate_source::LocalFile;

use crate::AnalyzeError;
use crate::again::LayerWants;
use crate::analyze::AnalyzeOptions;
use crate::collect::{Collector, Tools, catalogers};
use crate::directory::artifact;
use crate::layer::{EntryData, EntryKind, LayerBuilder};
use crate::pool::{CloseOnDrop, extract};
use crate::walk::{ImageBudget, LayerStream, Sink, walk};

pub(crate) fn analyze_file(file: &LocalFile, options: &AnalyzeOptions<'_>) -> Result<Artifact, AnalyzeError> {
    let unreadable = |source| AnalyzeError::Unreadable { what: file.path.clone(), source };
    let tools = Tools::new(SourceClass::Directory);
    let (opened, _) = file.content().map_err(unreadable)?;
    let (digest, size, head) = digest(&opened).map_err(unreadable)?;
    let name = file.name.clone();
    let mut wanted = tools.claims.candidates(&name);
    tools.add_executables(&head, &mut wanted);
    // A jar is a package; any other zip archive is a tree of files, jars among them.
    let is_tree = wanted.is_empty() || name.to_ascii_lowercase().ends_with(".zip");
    let builder = if is_tree {
        unpack(&opened, size, &head, &file.path, &tools, options)?
    } else {
        let content = (opened, size);
        let mut builder = LayerBuilder::default();
        if let Some(number) = builder.push(&EntryData::file(&name, 0o644, size)) {
            builder.set_content(number, size, digest);
            let mut found: Vec<_> = catalogers(&wanted)
                .into_iter()
                .map(|cataloger| (cataloger.name, extract(cataloger, &Claimed::new(&name, 0o644, &content))))
                .collect();
            let nothing = found.iter().all(|(_, facts)| facts.packages.is_empty() && facts.records.is_empty());
            let partial = |gap: &&mut Gap| nothing && gap.class == GapClass::Partial;
            for gap in found.iter_mut().flat_map(|(_, facts)| &mut facts.gaps).filter(partial) {
                gap.class = GapClass::Undecidable;
            }
            for (name, facts) in &found {
                builder.add_facts(number, name, facts);
            }
        }
        builder
    };
    let facts = builder.finish().map_err(|_| AnalyzeError::Inconsistent { layers: file.path.clone() })?;
    let kind = SourceKind::File { path: file.path.clone(), digests: vec![Digest::sha256(&digest)] };
    // Links of archives are not followed: their content would have to be unpacked again.
    let again = |_: &LayerWants| LayerBuilder::default().finish();
    artifact(&file.path, kind, &facts, (&tools, &again), options)
}

/// Digest, size and first bytes.
fn digest(mut file: &File) -> io::Result<([u8; 32], u64, Vec<u8>)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let (mut size, mut head) = (0, Vec::new());
    loop {
        let count = file.read(&mut buffer)?;
        let part = buffer.get(..count).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        if size == 0 {
            head = part.get(..512).unwrap_or(part).to_vec();
        }
        hasher.update(part);
        size += count as u64;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((hasher.finalize().into(), size, head))
}

fn unpack(
    file: &File,
    size: u64,
    head: &[u8],
    path: &str,
    tools: &Tools,
    options: &AnalyzeOptions<'_>,
) -> Result<LayerBuilder, AnalyzeError> {
    let unreadable = |source| AnalyzeError::Unreadable { what: path.to_owned(), source };
    thread::scope(|scope| {
        let _close = CloseOnDrop(&tools.pool);
        for _ in 0..options.threads() {
            scope.spawn(|| tools.pool.work());
        }
        let mut collector = Collector::of_archive(tools);
        if zip::Archive::looks_like(head) {
            let content = (file.try_clone().map_err(unreadable)?, size);
            unpack_zip(&content, &mut collector).map_err(unreadable)?;
        } else if Compression::detect(head) != Compression::None || is_tar(head) {
            let stored = Box::new(file.try_clone().map_err(unreadable)?);
            let budget = ImageBudget::default();
            walk(
                LayerStream { stored, what: path, diff_id: None, filesystem: true, budget: &budget, progress: &|_| {} },
                &mut collector,
            )?;
        } else {
            let message = "the file is neither a package nor an archive that is known; nothing was looked at";
            collector.gap(unread(message));
        }
        Ok(collector.finish())
    })
}

/// Nothing is known of the only file there is.
fn unread(message: impl Into<String>) -> Gap {
    Gap { class: GapClass::Undecidable, ..Gap::new(GapCode::ArchiveUnreadable, message) }
}

/// The mark of ustar, PAX and GNU archives.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

fn unpack_zip(content: &(File, u64), collector: &mut Collector<'_>) -> io::Result<()> {
    let budget = Budget::default();
    let archive = match zip::Archive::open(content, Nesting::outermost(&budget)) {
        Ok(archive) => archive,
        Err(error) => {
            collector.gap(unread(format!("the archive cannot be read: {error}")));
            return Ok(());
        }
    };
    for entry in archive.entries() {
        if let Some(refusal) = entry.refused {
            collector.gap(Gap::new(GapCode::PathRefused, format!("`{}` was left out: {refusal}", entry.name)));
            continue;
        }
        let mode = if entry.unix_mode == 0 { 0o644 } else { entry.unix_mode & 0o7777 };
        let mut data = EntryData::file(&entry.name, mode, entry.size);
        if entry.is_directory {
            data.kind = EntryKind::File(FileKind::Directory);
        }
        let Some(number) = collector.builder.push(&data).filter(|_| !entry.is_directory) else { continue };
        collector.builder.summary().entries += 1;
        match archive.read(entry, limits::METADATA_BYTES) {
            Ok(bytes) => collector.file(number, &entry.name, mode, bytes.len() as u64, &mut &bytes[..])?,
            Err(error) => {
                let gap = Gap::new(GapCode::ArchiveUnreadable, format!("`{}` cannot be read: {error}", entry.name));
                collector.gap(gap.at(format!("/{}", entry.name)));
            }
        }
    }
    Ok(())
}
