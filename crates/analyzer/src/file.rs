//! One file: a package (jar, wheel, executable, lock file) as catalogers know it, else an archive whose
//! entries are looked at as those of a folder, else a file about which nothing is known.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::thread;

use sha2::{Digest as _, Sha256};
use stopgate_archive::{Budget, Compression, Nesting, ReadAt, tar, zip};
use stopgate_catalogers::{Claimed, SourceClass};
use stopgate_inspectors::MalwareScanner;
use stopgate_model::{Artifact, Digest, FileIndex, FileKind, Gap, GapClass, GapCode, SourceKind, limits};
use stopgate_source::LocalFile;

use crate::AnalyzeError;
use crate::again::Again;
use crate::analyze::AnalyzeOptions;
use crate::collect::{Collector, Tools, catalogers};
use crate::layer::{Damaged, EntryData, LayerBuilder, LayerFacts};
use crate::links::LayerWants;
use crate::pool::{CloseOnDrop, extract};
use crate::scan::{Scanned, scan_archive, scan_file};
use crate::unlayered::{Reread, artifact};
use crate::walk::{ImageBudget, LayerStream, Sink, walk};

pub(crate) fn analyze_file(file: &LocalFile, options: &AnalyzeOptions<'_>) -> Result<Artifact, AnalyzeError> {
    let tools = Tools::new(SourceClass::Directory, options.demand());
    let given = Given::open(file, &tools)?;
    let builder = match &given.form {
        Form::Package(wanted) => given.package(wanted)?,
        _ => given.collect(options.threads())?,
    };
    let facts = builder.finish().map_err(|fault| given.inconsistent(fault))?;
    let kind = SourceKind::File { path: file.path.clone(), digests: vec![Digest::sha256(&given.sha256)] };
    artifact(&file.path, kind, &facts, (&tools, &given), options)
}

/// What kind of file it is.
enum Form {
    /// One that catalogers at these positions know.
    Package(Vec<usize>),
    Zip,
    /// A tar archive, compressed or not.
    Tar,
    Unknown,
}

/// The file, opened.
struct Given<'a> {
    path: &'a str,
    name: &'a str,
    opened: File,
    size: u64,
    sha256: [u8; 32],
    form: Form,
    tools: &'a Tools,
}

impl<'a> Given<'a> {
    fn open(file: &'a LocalFile, tools: &'a Tools) -> Result<Self, AnalyzeError> {
        let (path, name) = (file.path.as_str(), file.name.as_str());
        let unreadable = |source| AnalyzeError::Unreadable { what: path.to_owned(), source };
        let (opened, _) = file.content().map_err(unreadable)?;
        let (sha256, size, head) = digest(&opened).map_err(unreadable)?;
        let mut wanted = tools.claims.candidates(name);
        tools.add_executables(&head, &mut wanted);
        // A jar is a package; any other zip archive is a tree of files, jars among them.
        let is_tree = wanted.is_empty() || name.to_ascii_lowercase().ends_with(".zip");
        let form = if !is_tree {
            Form::Package(wanted)
        } else if zip::Archive::looks_like(&head) {
            Form::Zip
        } else if Compression::detect(&head) != Compression::None || is_tar(&head) {
            Form::Tar
        } else {
            Form::Unknown
        };
        Ok(Self { path, name, opened, size, sha256, form, tools })
    }

    fn inconsistent(&self, _: Damaged) -> AnalyzeError {
        AnalyzeError::Inconsistent { layers: self.path.to_owned() }
    }

    fn unreadable(&self, source: io::Error) -> AnalyzeError {
        AnalyzeError::Unreadable { what: self.path.to_owned(), source }
    }

    /// The content, to be read from any place in it.
    fn content(&self) -> Result<(File, u64), AnalyzeError> {
        Ok((self.opened.try_clone().map_err(|error| self.unreadable(error))?, self.size))
    }

    /// The content, to be read from its start.
    fn rewound(&self) -> Result<(File, u64), AnalyzeError> {
        let (mut file, size) = self.content()?;
        file.seek(SeekFrom::Start(0)).map_err(|error| self.unreadable(error))?;
        Ok((file, size))
    }

    /// A package: the tree is the file alone.
    fn package(&self, wanted: &[usize]) -> Result<LayerBuilder, AnalyzeError> {
        let mut builder = LayerBuilder::default();
        let content = self.content()?;
        let Some(number) = builder.push(&EntryData::file(self.name, 0o644, self.size)) else { return Ok(builder) };
        builder.set_content(number, self.size, self.sha256);
        if self.size <= limits::SECRET_FILE_BYTES {
            let mut bytes = vec![0; self.size as usize];
            content.read_exact_at(0, &mut bytes).map_err(|error| self.unreadable(error))?;
            let searched = self.tools.look(self.name, &bytes, |found| builder.add(number, found));
            builder.searched(searched);
        }
        let mut found: Vec<_> = catalogers(wanted)
            .into_iter()
            .map(|cataloger| (cataloger.name, extract(cataloger, &Claimed::new(self.name, 0o644, &content))))
            .collect();
        let nothing = found.iter().all(|(_, facts)| facts.packages.is_empty() && facts.records.is_empty());
        let partial = |gap: &&mut Gap| nothing && gap.class == GapClass::Partial;
        for gap in found.iter_mut().flat_map(|(_, facts)| &mut facts.gaps).filter(partial) {
            gap.class = GapClass::Undecidable;
        }
        for (name, facts) in &found {
            builder.add_facts(number, name, facts);
        }
        Ok(builder)
    }

    /// An archive: the tree is what lies in it.
    fn collect(&self, threads: usize) -> Result<LayerBuilder, AnalyzeError> {
        let tools = self.tools;
        thread::scope(|scope| {
            let _close = CloseOnDrop(&tools.pool);
            for _ in 0..threads {
                scope.spawn(|| tools.pool.work());
            }
            let mut collector = Collector::of_archive(tools);
            self.entries(&mut collector)?;
            Ok(collector.finish())
        })
    }

    /// Shows the entries of the archive.
    fn entries(&self, sink: &mut impl Sink) -> Result<(), AnalyzeError> {
        match self.form {
            Form::Package(_) => {}
            Form::Zip => zip_entries(&self.content()?, sink).map_err(|error| self.unreadable(error))?,
            Form::Tar => {
                let (stored, _) = self.rewound()?;
                let budget = ImageBudget::default();
                let (stored, what, progress) = (Box::new(stored), self.path, &|_| {});
                walk(LayerStream { stored, what, diff_id: None, filesystem: true, budget: &budget, progress }, sink)?;
            }
            Form::Unknown => {
                let message = "the file is neither a package nor an archive that is known; nothing was looked at";
                sink.gap(unread(message));
            }
        }
        Ok(())
    }
}

impl Reread for Given<'_> {
    fn again(&self, wants: &LayerWants) -> Result<LayerFacts, AnalyzeError> {
        let mut again = Again::new(self.tools, wants);
        self.entries(&mut again)?;
        again.finish().map_err(|fault| self.inconsistent(fault))
    }

    fn scan(&self, files: &FileIndex, scanner: &dyn MalwareScanner) -> Result<Scanned, AnalyzeError> {
        match self.form {
            Form::Zip | Form::Tar => scan_archive(files, scanner, |sink| self.entries(sink)),
            Form::Package(_) | Form::Unknown => {
                let (file, size) = self.rewound()?;
                scan_file(self.name, file, size, scanner).map_err(|error| self.unreadable(error))
            }
        }
    }
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
    Ok((hasher.finalize().into(), size, head))
}

/// Nothing is known of the only file there is.
fn unread(message: impl Into<String>) -> Gap {
    Gap { class: GapClass::Undecidable, ..Gap::new(GapCode::ArchiveUnreadable, message) }
}

/// The mark of ustar, PAX and GNU archives.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

fn zip_entries(content: &(File, u64), sink: &mut impl Sink) -> io::Result<()> {
    let budget = Budget::default();
    let archive = match zip::Archive::open(content, Nesting::outermost(&budget)) {
        Ok(archive) => archive,
        Err(error) => {
            sink.gap(unread(format!("the archive cannot be read: {error}")));
            return Ok(());
        }
    };
    for entry in archive.entries() {
        let mut shown = as_tar(entry);
        if entry.is_directory || entry.refused.is_some() {
            sink.entry(&shown, &mut io::empty())?;
            continue;
        }
        match archive.read(entry, limits::METADATA_BYTES) {
            Ok(bytes) => {
                shown.size = bytes.len() as u64;
                sink.entry(&shown, &mut &bytes[..])?;
            }
            Err(error) => {
                // It is there, but of its content nothing is known.
                let mut content = io::BufReader::new(Unreadable);
                let _ = sink.entry(&shown, &mut content);
                let message = format!("`{}` cannot be read: {error}", entry.name);
                sink.gap(Gap::new(GapCode::ArchiveUnreadable, message).at(format!("/{}", entry.name)));
            }
        }
    }
    Ok(())
}

/// An entry of a zip archive as one of a tar archive.
fn as_tar(entry: &zip::Entry) -> tar::Entry<'_> {
    tar::Entry {
        path: &entry.name,
        kind: if entry.is_directory { FileKind::Directory } else { FileKind::Regular },
        mode: if entry.unix_mode == 0 { 0o644 } else { entry.unix_mode & 0o7777 },
        uid: 0,
        gid: 0,
        size: entry.size,
        link: None,
        mtime: 0,
        device: (0, 0),
        capability: None,
        overlay_opaque: false,
        refused: entry.refused,
    }
}

struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::InvalidData.into())
    }
}
