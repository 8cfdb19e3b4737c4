//! What one layer says, in the binary form in which it is cached and merged.
//!
//! A layer's facts stay encoded: its rows are read once, in order, while images are merged, and the
//! findings of a file are only decoded when the file is visible. So a warm run touches each byte once,
//! and three million rows cost tens of megabytes.

mod builder;
mod facts_codec;
mod order;
mod rows;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use builder::{EntryData, EntryKind, Found, LayerBuilder, Searched, below_a_link, encode_facts};
pub(crate) use facts_codec::{read_digest, read_facts};
pub(crate) use order::{compare, is_below};
pub(crate) use rows::{Content, Row, Rows};
pub(crate) use wire::{Damaged, Reader, Writer};

use stopgate_model::Gap;

/// Version of the binary form. Part of the cache's key.
pub(crate) const FORMAT: u32 = 4;

/// The facts of one layer.
#[derive(Debug, Clone)]
pub(crate) struct LayerFacts {
    plain: Vec<u8>,
    sections: [(usize, usize); SECTIONS],
    summary: Summary,
}

/// What is known of a layer as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Rows.
    pub(crate) rows: u64,
    /// Entries of the tar archive.
    pub(crate) entries: u64,
    /// Bytes of the tar archive.
    pub(crate) bytes: u64,
    /// Bytes of its regular files.
    pub(crate) file_bytes: u64,
    /// Whether a hard link points at a file of a lower layer.
    pub(crate) links_below: bool,
    /// What could not be read of the layer itself.
    pub(crate) gaps: Vec<Gap>,
}

/// Findings of one file that are kept with the layer, still encoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finding<'a> {
    /// The file's row.
    pub(crate) row: u32,
    /// What was found.
    pub(crate) what: FindingKind<'a>,
}

/// What was found in a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FindingKind<'a> {
    /// Facts of a cataloger, by its name.
    Facts { cataloger: &'a str, encoded: &'a [u8] },
    /// Lines that match a pattern of the secret search, by the pattern's name.
    Secret { pattern: &'a str, encoded_lines: &'a [u8] },
    /// Lines that match an entry of the content search, by the entry's position.
    Content { entry: u32, encoded_lines: &'a [u8] },
    /// The file's content, kept for policies.
    Retrieved { content: &'a [u8] },
    /// A digest of the content beside the SHA-256.
    Digest { encoded: &'a [u8] },
    /// The raw `security.capability` attribute of the file.
    Capability { raw: &'a [u8] },
}

const SECTIONS: usize = 9;
/// Positions of the sections: the columns of the rows, then findings, then the summary.
const KINDS: usize = 0;
const PATHS: usize = 1;
const OWNERS: usize = 2;
const SIZES: usize = 3;
const DIGESTS: usize = 4;
const LINKS: usize = 5;
const INODES: usize = 6;
const FINDINGS: usize = 7;
const SUMMARY: usize = 8;

impl LayerFacts {
    /// Opens the plain form. All but the rows is checked here; rows are checked as they are read.
    pub(crate) fn open(plain: Vec<u8>) -> Result<Self, Damaged> {
        let mut reader = Reader::new(&plain);
        let mut sections = [(0, 0); SECTIONS];
        for section in &mut sections {
            let taken = reader.slice()?;
            let end = plain.len() - reader.remaining();
            *section = (end - taken.len(), end);
        }
        if !reader.is_empty() {
            return Err(Damaged);
        }
        let mut facts = Self { plain, sections, summary: Summary::default() };
        facts.summary = Summary::read(facts.section(SUMMARY))?;
        if facts.section(KINDS).len() as u64 != facts.summary.rows {
            return Err(Damaged);
        }
        Ok(facts)
    }

    /// The bytes that [`LayerFacts::open`] reads.
    pub(crate) fn plain(&self) -> &[u8] {
        &self.plain
    }

    pub(crate) const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The rows, in the order of [`compare`].
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows::new(std::array::from_fn(|column| Reader::new(self.section(column))))
    }

    /// The findings, sorted by row.
    pub(crate) fn findings(&self) -> Findings<'_> {
        Findings { reader: Reader::new(self.section(FINDINGS)), row: 0 }
    }

    /// Shows the bytes that are the same whatever else an analysis was asked for: the rows, the facts of catalogers,
    /// the secrets and the capabilities.
    pub(crate) fn lasting(&self, mut show: impl FnMut(&[u8])) -> Result<(), Damaged> {
        for column in KINDS..FINDINGS {
            show(self.section(column));
        }
        let mut findings = self.findings();
        while let Some(Finding { row, what }) = findings.next()? {
            let (name, content) = match what {
                FindingKind::Facts { cataloger, encoded } => (cataloger, encoded),
                FindingKind::Secret { pattern, encoded_lines } => (pattern, encoded_lines),
                FindingKind::Capability { raw } => ("security.capability", raw),
                FindingKind::Content { .. } | FindingKind::Retrieved { .. } | FindingKind::Digest { .. } => continue,
            };
            show(&row.to_le_bytes());
            show(name.as_bytes());
            show(content);
        }
        Ok(())
    }

    /// Bytes of the findings, and of the paths and link targets in their short form.
    pub(crate) fn lengths(&self) -> (u64, u64) {
        let length = |number| self.section(number).len() as u64;
        (length(FINDINGS), length(PATHS) + length(LINKS))
    }

    fn section(&self, number: usize) -> &[u8] {
        self.sections.get(number).and_then(|(start, end)| self.plain.get(*start..*end)).unwrap_or_default()
    }
}

impl Summary {
    fn write(&self, w: &mut Writer) {
        let Self { rows, entries, bytes, file_bytes, links_below, gaps } = self;
        for number in [rows, entries, bytes, file_bytes] {
            w.number(*number);
        }
        w.byte(u8::from(*links_below));
        w.list(gaps, facts_codec::write_gap);
    }

    fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut r = Reader::new(bytes);
        let summary = Self {
            rows: r.number()?,
            entries: r.number()?,
            bytes: r.number()?,
            file_bytes: r.number()?,
            links_below: r.byte()? != 0,
            gaps: r.list(facts_codec::read_gap)?,
        };
        if r.is_empty() { Ok(summary) } else { Err(Damaged) }
    }
}

/// Reads findings in the order of their rows.
#[derive(Debug, Clone)]
pub(crate) struct Findings<'a> {
    reader: Reader<'a>,
    row: u32,
}

impl<'a> Findings<'a> {
    pub(crate) fn next(&mut self) -> Result<Option<Finding<'a>>, Damaged> {
        if self.reader.is_empty() {
            return Ok(None);
        }
        self.row = self.row.checked_add(self.reader.small()?).ok_or(Damaged)?;
        let what = match self.reader.byte()? {
            0 => FindingKind::Facts { cataloger: self.reader.text()?, encoded: self.reader.slice()? },
            1 => FindingKind::Secret { pattern: self.reader.text()?, encoded_lines: self.reader.slice()? },
            2 => FindingKind::Content { entry: self.reader.small()?, encoded_lines: self.reader.slice()? },
            3 => FindingKind::Retrieved { content: self.reader.slice()? },
            4 => FindingKind::Digest { encoded: self.reader.slice()? },
            5 => FindingKind::Capability { raw: self.reader.slice()? },
            _ => return Err(Damaged),
        };
        Ok(Some(Finding { row: self.row, what }))
    }
}
