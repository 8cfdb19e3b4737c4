//! The second look at files that are wanted by a name that only a link gives them.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use stopgate_archive::{ReadAt, tar};
use stopgate_catalogers::{CATALOGERS, Claimed};
use stopgate_model::{FileKind, Gap, GapCode, limits};
use stopgate_source::Directory;
use xxhash_rust::xxh3::xxh3_64;

use crate::collect::Tools;
use crate::layer::{Damaged, EntryData, LayerBuilder, LayerFacts, Writer};
use crate::links::Want;
use crate::pool::extract;
use crate::walk::Sink;

/// What is wanted of one layer, by path.
pub(crate) type LayerWants = BTreeMap<String, Want>;

/// Tells one set of wanted files from another, for the cache.
pub(crate) fn key(wants: &LayerWants) -> String {
    let mut writer = Writer::default();
    for (path, want) in wants {
        writer.text(path);
        writer.text(&want.shown);
        writer.byte(u8::from(want.retrieved));
        writer.list(&want.catalogers, |w, (cataloger, name)| {
            w.text(CATALOGERS.get(*cataloger).map_or("", |cataloger| cataloger.name));
            w.text(name);
        });
    }
    format!("{:016x}", xxh3_64(&writer.bytes))
}

/// Takes the wanted files out of a layer that goes by once more.
pub(crate) struct Again<'a> {
    tools: &'a Tools,
    wants: &'a LayerWants,
    pub(crate) builder: LayerBuilder,
}

impl<'a> Again<'a> {
    pub(crate) fn new(tools: &'a Tools, wants: &'a LayerWants) -> Self {
        Self { tools, wants, builder: LayerBuilder::default() }
    }

    /// Takes one file.
    fn take(&mut self, want: &Want, mode: u32, content: &dyn ReadAt) -> io::Result<()> {
        let size = content.size();
        let Some(number) = self.builder.push(&EntryData::file(&want.shown, mode, size)) else { return Ok(()) };
        if want.retrieved {
            if size > limits::RETRIEVED_FILE_BYTES {
                let message = format!("`/{}` is too long to be kept for policies", want.shown);
                let gap = Gap::new(GapCode::RetrievedFileBytes, message).at(format!("/{}", want.shown));
                self.builder.gap(gap.limited(limits::RETRIEVED_FILE_BYTES, size));
            } else {
                let mut bytes = vec![0; size as usize];
                content.read_exact_at(0, &mut bytes)?;
                self.builder.add_retrieved(number, bytes);
            }
        }
        for (cataloger, name) in &want.catalogers {
            if let Some(cataloger) = CATALOGERS.get(*cataloger) {
                let facts = extract(cataloger, &Claimed::new(name, mode, content));
                self.builder.add_facts(number, cataloger.name, &facts);
            }
        }
        Ok(())
    }

    fn no_room(&mut self, path: &str, size: u64) {
        let message = format!("`/{path}` was not inspected: it is longer than all temporary files may be");
        let gap = Gap::new(GapCode::SpoolBytes, message).at(format!("/{path}"));
        self.builder.gap(gap.limited(limits::SPOOL_BYTES, size));
    }
}

impl Sink for Again<'_> {
    fn entry(&mut self, entry: &tar::Entry<'_>, content: &mut impl BufRead) -> io::Result<()> {
        if entry.kind != FileKind::Regular || entry.refused.is_some() {
            return Ok(());
        }
        let wants = self.wants;
        let Some(want) = wants.get(entry.path) else { return Ok(()) };
        if entry.size <= limits::MEMORY_FILE_BYTES {
            let mut bytes = Vec::with_capacity(entry.size as usize);
            content.read_to_end(&mut bytes)?;
            return self.take(want, entry.mode, &bytes);
        }
        let Some(spooling) = self.tools.spool.open(entry.size) else {
            self.no_room(entry.path, entry.size);
            return Ok(());
        };
        let mut spooling = spooling?;
        loop {
            let part = content.fill_buf()?;
            if part.is_empty() {
                break;
            }
            spooling.write(part)?;
            let count = part.len();
            content.consume(count);
        }
        let held = spooling.finish();
        self.take(want, entry.mode, held.as_read_at())
    }

    /// The first walk told of it already.
    fn gap(&mut self, _: Gap) {}
}

/// Takes the wanted files out of a folder.
pub(crate) fn in_directory(directory: &Directory, tools: &Tools, wants: &LayerWants) -> Result<LayerFacts, Damaged> {
    let mut again = Again::new(tools, wants);
    for (path, want) in wants {
        let read = directory.open_file(path).and_then(|(file, _)| {
            let metadata = file.metadata()?;
            let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o7777;
            again.take(want, mode, &(file, metadata.len()))
        });
        if let Err(error) = read {
            let message = format!("`{path}` cannot be read: {error}");
            again.builder.gap(Gap::new(GapCode::FileUnreadable, message).at(format!("/{path}")));
        }
    }
    again.builder.finish()
}
