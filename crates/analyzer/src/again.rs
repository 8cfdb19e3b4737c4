//! The second look at files that are wanted by a name that only a link gives them, or for another digest.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read as _};

use sha2::{Digest as _, Sha256};
use stopgate_archive::{ReadAt, tar};
use stopgate_catalogers::{CATALOGERS, Claimed};
use stopgate_model::{Digest, DigestAlgorithm, FileKind, Gap, GapCode, limits};
use stopgate_source::Directory;

use crate::collect::Tools;
use crate::hashes::Hashes;
use crate::layer::{Damaged, EntryData, Found, LayerBuilder, LayerFacts, Writer};
use crate::links::{LayerWants, Want};
use crate::pool::extract;
use crate::walk::Sink;

/// Tells one set of wanted files from another, for the cache.
pub(crate) fn key(wants: &LayerWants) -> String {
    let mut writer = Writer::default();
    for (path, want) in wants.iter().flat_map(|(path, wants)| wants.iter().map(move |want| (path, want))) {
        writer.text(path);
        writer.text(&want.shown);
        writer.slice(want.sha256.as_ref().map(<[u8; 32]>::as_slice).unwrap_or_default());
        writer.byte(u8::from(want.retrieved));
        writer.list(&want.catalogers, |w, (cataloger, name)| {
            w.text(CATALOGERS.get(*cataloger).map_or("", |cataloger| cataloger.name));
            w.text(name);
        });
        writer.list(&want.digests, |w, algorithm| w.text(algorithm.name()));
    }
    Digest::sha256(&Sha256::digest(&writer.bytes).into()).hex().to_owned()
}

/// Takes the wanted files out of a layer that goes by once more.
pub(crate) struct Again<'a> {
    tools: &'a Tools,
    wants: &'a LayerWants,
    builder: LayerBuilder,
    /// What was met, by path and digest.
    met: BTreeSet<(&'a str, Option<[u8; 32]>)>,
}

/// A file as it lies there.
struct Content<'c> {
    mode: u32,
    size: u64,
    /// Its digest, where wanted files are told by it.
    sha256: Option<[u8; 32]>,
    /// The digests that somebody wants of it.
    digests: Vec<Digest>,
    /// The content itself, unless only digests of it are wanted.
    bytes: Option<&'c dyn ReadAt>,
}

impl<'a> Again<'a> {
    pub(crate) fn new(tools: &'a Tools, wants: &'a LayerWants) -> Self {
        Self { tools, wants, builder: LayerBuilder::default(), met: BTreeSet::new() }
    }

    /// What was found. A file that was not there is told.
    pub(crate) fn finish(mut self) -> Result<LayerFacts, Damaged> {
        for (path, want) in self.wants.iter().flat_map(|(path, wants)| wants.iter().map(move |want| (path, want))) {
            if !self.met.contains(&(path.as_str(), want.sha256)) {
                let message = format!("`/{}` was not inspected: its content was not found again", want.shown);
                self.builder.gap(Gap::new(GapCode::FileUnreadable, message).at(format!("/{}", want.shown)));
            }
        }
        self.builder.finish()
    }

    /// Takes one file for those who want it.
    fn take(&mut self, path: &'a str, wants: &'a [Want], content: &Content<'_>) -> io::Result<()> {
        for want in wants.iter().filter(|want| want.sha256.is_none() || want.sha256 == content.sha256) {
            self.met.insert((path, want.sha256));
            self.take_for(want, content)?;
        }
        Ok(())
    }

    fn take_for(&mut self, want: &Want, content: &Content<'_>) -> io::Result<()> {
        let size = content.size;
        let Some(number) = self.builder.push(&EntryData::file(&want.shown, content.mode, size)) else { return Ok(()) };
        if let Some(sha256) = content.sha256 {
            self.builder.set_content(number, size, sha256);
        }
        for digest in content.digests.iter().filter(|digest| want.digests.contains(&digest.algorithm())) {
            self.builder.add(number, Found::Digest(digest.clone()));
        }
        let Some(bytes) = content.bytes else { return Ok(()) };
        if want.retrieved && size <= limits::RETRIEVED_FILE_BYTES {
            let mut kept = vec![0; size as usize];
            bytes.read_exact_at(0, &mut kept)?;
            self.builder.add(number, Found::Retrieved { content: kept });
        }
        for (cataloger, name) in &want.catalogers {
            if let Some(cataloger) = CATALOGERS.get(*cataloger) {
                let facts = extract(cataloger, &Claimed::new(name, content.mode, bytes));
                self.builder.add_facts(number, cataloger.name, &facts);
            }
        }
        Ok(())
    }

    fn no_room(&mut self, path: &'a str, wants: &[Want], size: u64) {
        let message = format!("`/{path}` was not inspected: it is longer than all temporary files may be");
        let gap = Gap::new(GapCode::SpoolBytes, message).at(format!("/{path}"));
        self.builder.gap(gap.limited(limits::SPOOL_BYTES, size));
        self.met.extend(wants.iter().map(|want| (path, want.sha256)));
    }
}

impl Sink for Again<'_> {
    fn entry(&mut self, entry: &tar::Entry<'_>, content: &mut impl BufRead) -> io::Result<()> {
        if entry.kind != FileKind::Regular || entry.refused.is_some() {
            return Ok(());
        }
        let wants = self.wants;
        let Some((path, wants)) = wants.get_key_value(entry.path) else { return Ok(()) };
        let (mode, size) = (entry.mode, entry.size);
        let mut hashes = Hashes::new(algorithms(wants));
        if wants.iter().all(|want| want.catalogers.is_empty() && !want.retrieved) {
            let sha256 = pass(content, &mut hashes, |_| Ok(()))?;
            return self.take(path, wants, &Content { mode, size, sha256, digests: hashes.finish(), bytes: None });
        }
        if size <= limits::MEMORY_FILE_BYTES {
            let mut bytes = Vec::with_capacity(size as usize);
            let sha256 = pass(content, &mut hashes, |part| {
                bytes.extend_from_slice(part);
                Ok(())
            })?;
            let digests = hashes.finish();
            return self.take(path, wants, &Content { mode, size, sha256, digests, bytes: Some(&bytes) });
        }
        let Some(spooling) = self.tools.spool.open(size) else {
            self.no_room(path, wants, size);
            return Ok(());
        };
        let mut spooling = spooling?;
        let sha256 = pass(content, &mut hashes, |part| spooling.write(part))?;
        let held = spooling.finish();
        let digests = hashes.finish();
        self.take(path, wants, &Content { mode, size, sha256, digests, bytes: Some(held.as_read_at()) })
    }

    /// The first walk told of it already.
    fn gap(&mut self, _: Gap) {}
}

/// The digests that are wanted of one content.
fn algorithms(wants: &[Want]) -> BTreeSet<DigestAlgorithm> {
    wants.iter().flat_map(|want| want.digests.iter().copied()).collect()
}

/// Hashes a content on its way, and returns its SHA-256.
fn pass(
    content: &mut impl BufRead,
    hashes: &mut Hashes,
    mut keep: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Option<[u8; 32]>> {
    let mut sha256 = Sha256::new();
    loop {
        let part = content.fill_buf()?;
        if part.is_empty() {
            return Ok(Some(sha256.finalize().into()));
        }
        sha256.update(part);
        hashes.update(part);
        keep(part)?;
        let count = part.len();
        content.consume(count);
    }
}

/// Takes the wanted files out of a folder.
pub(crate) fn in_directory(directory: &Directory, tools: &Tools, wants: &LayerWants) -> Result<LayerFacts, Damaged> {
    let mut again = Again::new(tools, wants);
    for (path, wants) in wants {
        let read = directory.open_file(path).and_then(|(file, size)| {
            let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata()?) & 0o7777;
            let mut hashes = Hashes::new(algorithms(wants));
            if !hashes.is_empty() {
                pass(&mut BufReader::new((&file).take(size)), &mut hashes, |_| Ok(()))?;
            }
            let (digests, bytes) = (hashes.finish(), (file, size));
            again.take(path, wants, &Content { mode, size, sha256: None, digests, bytes: Some(&bytes) })
        });
        if let Err(error) = read {
            let message = format!("`{path}` cannot be read: {error}");
            again.builder.gap(Gap::new(GapCode::FileUnreadable, message).at(format!("/{path}")));
            again.met.extend(wants.iter().map(|want| (path.as_str(), want.sha256)));
        }
    }
    again.finish()
}
