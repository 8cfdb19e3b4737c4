//! A folder: one thread walks it, others read the files that somebody wants.
//!
//! Every file up to the limit of the secret search is read once; larger ones only when a cataloger wants
//! them. Digests of files are not computed here.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use stopgate_catalogers::{Claimed, SourceClass};
use stopgate_inspectors::MalwareScanner;
use stopgate_model::{Artifact, FileIndex, FileKind, Gap, GapCode, SourceKind, limits};
use stopgate_source::{Directory, WalkEntry};

use crate::AnalyzeError;
use crate::again::in_directory;
use crate::analyze::AnalyzeOptions;
use crate::collect::{MAGIC, Tools, catalogers};
use crate::layer::{Damaged, EntryData, EntryKind, Found, LayerBuilder, LayerFacts, Searched, encode_facts};
use crate::links::LayerWants;
use crate::pool::extract;
use crate::scan::{Scanned, scan_directory};
use crate::unlayered::{Reread, artifact};

/// Files that a reader takes at once.
const BATCH: usize = 128;

pub(crate) fn analyze_directory(directory: &Directory, options: &AnalyzeOptions<'_>) -> Result<Artifact, AnalyzeError> {
    let folder = Folder { directory, tools: &Tools::new(SourceClass::Directory, options.demand()), options };
    let builder = read(directory, folder.tools, options.threads());
    let facts = builder.finish().map_err(|fault| folder.inconsistent(fault))?;
    let kind = SourceKind::Directory { path: directory.path().to_owned() };
    artifact(directory.path(), kind, &facts, (folder.tools, &folder), options)
}

struct Folder<'a> {
    directory: &'a Directory,
    tools: &'a Tools,
    options: &'a AnalyzeOptions<'a>,
}

impl Folder<'_> {
    fn inconsistent(&self, _: Damaged) -> AnalyzeError {
        AnalyzeError::Inconsistent { layers: self.directory.path().to_owned() }
    }
}

impl Reread for Folder<'_> {
    fn again(&self, wants: &LayerWants) -> Result<LayerFacts, AnalyzeError> {
        in_directory(self.directory, self.tools, wants).map_err(|fault| self.inconsistent(fault))
    }

    fn scan(&self, files: &FileIndex, scanner: &dyn MalwareScanner) -> Result<Scanned, AnalyzeError> {
        Ok(scan_directory(self.directory, files, scanner, self.options.threads()))
    }
}

/// A regular file that was met.
struct Met {
    number: u32,
    path: String,
    mode: u32,
    size: u64,
}

/// What was found in a file.
enum Taken {
    Found(Found),
    Searched(Searched),
    Gap(Gap),
}

fn read(directory: &Directory, tools: &Tools, threads: usize) -> LayerBuilder {
    let (batches, waiting) = sync_channel::<Vec<Met>>(16);
    let (found, all) = channel();
    let waiting = Mutex::new(waiting);
    let mut builder = LayerBuilder::default();
    thread::scope(|scope| {
        for _ in 0..threads {
            let found = found.clone();
            let waiting = &waiting;
            scope.spawn(move || read_files(directory, tools, waiting, &found));
        }
        drop(found);
        walk(directory, &mut builder, |batch| {
            let _ = batches.send(batch); // The readers live as long as this loop.
        });
        drop(batches);
        let mut taken: Vec<(u32, Taken)> = all.into_iter().collect();
        // Several readers: the order of what they found is nobody's.
        taken.sort_by_key(|(number, _)| *number);
        for (number, taken) in taken {
            match taken {
                Taken::Found(found) => builder.add(number, found),
                Taken::Searched(searched) => builder.searched(searched),
                Taken::Gap(gap) => builder.gap(gap),
            }
        }
    });
    builder
}

fn walk(directory: &Directory, builder: &mut LayerBuilder, mut send: impl FnMut(Vec<Met>)) {
    let mut batch = Vec::with_capacity(BATCH);
    for entry in directory.walk() {
        let WalkEntry { path, kind, mode, uid, gid, size, link, .. } = match entry {
            Ok(entry) => entry,
            Err(error) => {
                builder.gap(unreadable(&error.path, &error.source));
                continue;
            }
        };
        builder.summary().entries += 1;
        let kind = EntryKind::File(kind);
        let data = EntryData { path: &path, kind, mode, uid, gid, size, link: link.as_deref() };
        let full = builder.summary().entries > limits::IMAGE_ENTRIES;
        let Some(number) = Some(()).filter(|()| !full).and_then(|()| builder.push(&data)) else {
            let message = "the folder has more entries than the limit; the rest was not read";
            let limit = limits::IMAGE_ENTRIES;
            builder.gap(Gap::new(GapCode::ImageEntries, message).limited(limit, limit + 1));
            break;
        };
        if kind == EntryKind::File(FileKind::Regular) {
            builder.summary().file_bytes += size;
            batch.push(Met { number, path, mode, size });
            if batch.len() == BATCH {
                send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
            }
        }
    }
    send(batch);
}

fn read_files(directory: &Directory, tools: &Tools, waiting: &Mutex<Receiver<Vec<Met>>>, found: &Sender<(u32, Taken)>) {
    let mut buffer = Vec::new();
    loop {
        let batch = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return };
        for file in batch {
            let result = read_file(directory, tools, &file, &mut buffer, |taken| {
                let _ = found.send((file.number, taken)); // The receiver outlives all readers.
            });
            if let Err(error) = result {
                let _ = found.send((file.number, Taken::Gap(unreadable(&file.path, &error))));
            }
        }
    }
}

fn read_file(
    directory: &Directory,
    tools: &Tools,
    file: &Met,
    buffer: &mut Vec<u8>,
    mut take: impl FnMut(Taken),
) -> io::Result<()> {
    let Met { path, mode, .. } = file;
    let mut wanted = tools.claims.candidates(path);
    if file.size == 0 && wanted.is_empty() && !tools.demand.retrieves(path) {
        return Ok(());
    }
    let (opened, size) = directory.open_file(path)?;
    if size > limits::MEMORY_FILE_BYTES || (size > limits::SECRET_FILE_BYTES && wanted.is_empty()) {
        return read_large(opened, size, tools, file, &mut wanted, take);
    }
    buffer.clear();
    // It may grow while it is read; what is beyond its size was not there when it was met.
    opened.take(size).read_to_end(buffer)?;
    if size <= limits::SECRET_FILE_BYTES {
        let searched = tools.look(path, buffer, |found| take(Taken::Found(found)));
        if searched != Searched::Whole {
            take(Taken::Searched(searched));
        }
    }
    tools.add_executables(buffer, &mut wanted);
    take_facts(&wanted, &Claimed::new(path, *mode, buffer), take);
    Ok(())
}

fn take_facts(wanted: &[usize], file: &Claimed<'_>, mut take: impl FnMut(Taken)) {
    for cataloger in catalogers(wanted) {
        let encoded = encode_facts(&extract(cataloger, file));
        take(Taken::Found(Found::Facts { cataloger: cataloger.name, encoded }));
    }
}

/// A file that is read where it lies, if somebody wants it.
fn read_large(
    opened: File,
    size: u64,
    tools: &Tools,
    file: &Met,
    wanted: &mut Vec<usize>,
    take: impl FnMut(Taken),
) -> io::Result<()> {
    let Met { path, mode, .. } = file;
    let mut head = Vec::with_capacity(MAGIC);
    (&opened).take(MAGIC as u64).read_to_end(&mut head)?;
    tools.add_executables(&head, wanted);
    let content = (opened, size);
    take_facts(wanted, &Claimed::new(path, *mode, &content), take);
    Ok(())
}

fn unreadable(path: &str, error: &io::Error) -> Gap {
    Gap::new(GapCode::FileUnreadable, format!("`{path}` cannot be read: {error}")).at(format!("/{path}"))
}
