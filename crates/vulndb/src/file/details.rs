//! The details file: what is shown of a record, and the tables that change daily (exploited, predicted, weaknesses).
//!
//! Each record is a zstd frame of its own over a dictionary that was trained on the build's records, so that one
//! record is read without its neighbours in a few microseconds.

use std::cell::RefCell;
use std::sync::OnceLock;

use stopgate_model::Kev;
use zstd::zstd_safe::{self, CCtx, CDict, DCtx, DDict};

use super::codec::{Decoder, Encoder};
use super::container::Container;
use super::interner::text_at;
use crate::build::Signals;

use super::layout::{CWE, CWE_TEXT, EPSS, KEV_INDEX, Section, read_u32};

/// Longest record that is read, decompressed.
const RECORD_BYTES: u64 = 32 << 20;
const DICTIONARY_BYTES: usize = 96 << 10;
const LEVEL: i32 = 4;

/// One CVSS score of a record. Scores are in tenths, computed when the build was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CvssEntry {
    pub(crate) rank: i64,
    pub(crate) source: String,
    pub(crate) version: String,
    pub(crate) vector: String,
    pub(crate) base: i64,
    pub(crate) exploitability: Option<i64>,
    pub(crate) impact: Option<i64>,
}

/// The text of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DetailsText {
    /// How many of the record's ids after its own are aliases.
    pub(crate) aliases: usize,
    pub(crate) description: String,
    /// The first is the record's own page.
    pub(crate) urls: Vec<String>,
    pub(crate) cvss: Vec<CvssEntry>,
}

pub(crate) fn encode_text(details: &DetailsText) -> Vec<u8> {
    let mut out = Encoder::default();
    out.number(details.aliases as u64);
    out.number(details.cvss.len() as u64);
    for entry in &details.cvss {
        out.signed(entry.rank);
        out.text(&entry.source);
        out.text(&entry.version);
        out.text(&entry.vector);
        out.signed(entry.base);
        for score in [entry.exploitability, entry.impact] {
            out.number(u64::from(score.is_some()));
            out.signed(score.unwrap_or(0));
        }
    }
    out.texts(details.urls.iter().map(String::as_str));
    out.text(&details.description);
    out.finish()
}

fn decode_text(bytes: &[u8]) -> Option<DetailsText> {
    let mut record = Decoder::new(bytes);
    let aliases = usize::try_from(record.number()?).ok()?;
    let cvss = (0..record.count()?).map(|_| decode_cvss(&mut record)).collect::<Option<_>>()?;
    Some(DetailsText { aliases, cvss, urls: record.strings()?, description: record.string()? })
}

fn decode_cvss(record: &mut Decoder<'_>) -> Option<CvssEntry> {
    let mut entry = CvssEntry {
        rank: record.signed()?,
        source: record.string()?,
        version: record.string()?,
        vector: record.string()?,
        base: record.signed()?,
        ..CvssEntry::default()
    };
    for score in [&mut entry.exploitability, &mut entry.impact] {
        let known = record.number()? != 0;
        let value = record.signed()?;
        *score = known.then_some(value);
    }
    Some(entry)
}

pub(crate) fn encode_kev(kev: &Kev) -> Vec<u8> {
    let mut out = Encoder::default();
    for text in kev_texts(kev) {
        out.text(text);
    }
    out.texts(kev.urls.iter().map(String::as_str));
    out.texts(kev.cwes.iter().map(String::as_str));
    out.finish()
}

const fn kev_texts(kev: &Kev) -> [&String; 8] {
    [
        &kev.cve,
        &kev.vendor_project,
        &kev.product,
        &kev.date_added,
        &kev.required_action,
        &kev.due_date,
        &kev.known_ransomware_campaign_use,
        &kev.notes,
    ]
}

pub(crate) fn decode_kev(bytes: &[u8]) -> Option<Kev> {
    let mut record = Decoder::new(bytes);
    Some(Kev {
        cve: record.string()?,
        vendor_project: record.string()?,
        product: record.string()?,
        date_added: record.string()?,
        required_action: record.string()?,
        due_date: record.string()?,
        known_ransomware_campaign_use: record.string()?,
        notes: record.string()?,
        urls: record.strings()?,
        cwes: record.strings()?,
    })
}

/// A dictionary for records like these; empty when there are too few to learn from.
pub(crate) fn train_dictionary(samples: &[Vec<u8>]) -> Vec<u8> {
    if samples.len() < 200 {
        return Vec::new();
    }
    // A failure to learn costs size, nothing else.
    zstd::dict::from_samples(samples, DICTIONARY_BYTES).unwrap_or_default()
}

/// Compresses records; one per thread.
pub(crate) struct Compressor<'d> {
    context: CCtx<'static>,
    dictionary: CDict<'d>,
}

impl<'d> Compressor<'d> {
    pub(crate) fn new(dictionary: &'d [u8]) -> Self {
        Self { context: CCtx::create(), dictionary: CDict::create(dictionary, LEVEL) }
    }

    /// The compressed record.
    pub(crate) fn compress(&mut self, record: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(zstd_safe::compress_bound(record.len()));
        // The destination holds the bound, so compression cannot fail; an empty frame would be seen when it is read.
        let _ = self.context.compress_using_cdict(&mut out, record, &self.dictionary);
        out.shrink_to_fit();
        out
    }
}

/// An open details file.
pub(crate) struct DetailsReader {
    container: Container,
    dictionary: OnceLock<Option<DDict<'static>>>,
}

impl std::fmt::Debug for DetailsReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DetailsReader").finish_non_exhaustive()
    }
}

thread_local! {
    static CONTEXT: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

impl DetailsReader {
    pub(crate) const fn new(container: Container) -> Self {
        Self { container, dictionary: OnceLock::new() }
    }

    /// The text of a record; `None` when it is damaged or not there.
    pub(crate) fn text(&self, number: u32) -> Option<DetailsText> {
        let offsets = self.container.section(Section::RecordOffsets);
        let at = (number as usize).checked_mul(4)?;
        let (start, end) = (read_u32(offsets, at)?, read_u32(offsets, at + 4)?);
        let frame = self.container.section(Section::Records).get(start as usize..end as usize)?;
        let length = zstd_safe::get_frame_content_size(frame).ok()??;
        if length > RECORD_BYTES {
            return None;
        }
        let mut record = Vec::with_capacity(usize::try_from(length).ok()?);
        self.decompress(frame, &mut record)?;
        decode_text(&record)
    }

    fn decompress(&self, frame: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let dictionary = self.dictionary.get_or_init(|| DDict::try_create(self.container.section(Section::Dictionary)));
        CONTEXT.with_borrow_mut(|context| {
            if context.is_none() {
                *context = DCtx::try_create();
            }
            context.as_mut()?.decompress_using_ddict(out, frame, dictionary.as_ref()?).ok()
        })?;
        Some(())
    }

    /// How many entries there are of what belongs to no provider's rows.
    pub(crate) fn signals(&self) -> Signals {
        let count = |section, size| self.container.section(section).len() / size;
        Signals {
            kev: count(Section::KevIndex, KEV_INDEX),
            epss: count(Section::Epss, EPSS),
            cwes: count(Section::Cwes, CWE),
        }
    }

    /// Publication and change, seconds since 1970; 0 when unknown.
    pub(crate) fn dates(&self, number: u32) -> (u32, u32) {
        let dates = self.container.section(Section::Dates);
        let at = (number as usize).saturating_mul(8);
        (read_u32(dates, at).unwrap_or(0), read_u32(dates, at.saturating_add(4)).unwrap_or(0))
    }

    /// Entries of the list of known exploited vulnerabilities for an id; `Err` when one is damaged.
    pub(crate) fn kev(&self, id: u32) -> Result<Vec<Kev>, ()> {
        let index = self.container.section(Section::KevIndex);
        let records = self.container.section(Section::Kev);
        entries(index, KEV_INDEX, id)
            .map(|at| {
                let offset = read_u32(index, at + 4)? as usize;
                decode_kev(records.get(offset..)?)
            })
            .collect::<Option<_>>()
            .ok_or(())
    }

    /// Whether an id is on the list of known exploited vulnerabilities.
    pub(crate) fn is_kev(&self, id: u32) -> bool {
        entries(self.container.section(Section::KevIndex), KEV_INDEX, id).next().is_some()
    }

    /// Exploit predictions of an id: probability and percentile.
    pub(crate) fn epss(&self, id: u32) -> impl Iterator<Item = (f64, f64)> + '_ {
        let table = self.container.section(Section::Epss);
        let billionths = |at| f64::from(read_u32(table, at).unwrap_or(0)) / 1e9;
        entries(table, EPSS, id).map(move |at| (billionths(at + 4), billionths(at + 8)))
    }

    /// Weaknesses of an id.
    pub(crate) fn cwes(&self, id: u32) -> impl Iterator<Item = String> + '_ {
        let table = self.container.section(Section::Cwes);
        entries(table, CWE, id).filter_map(move |at| {
            let word = read_u32(table, at + 4)?;
            if word & CWE_TEXT == 0 {
                return Some(format!("CWE-{word}"));
            }
            text_at(self.container.section(Section::Texts), word & !CWE_TEXT).map(str::to_owned)
        })
    }
}

/// Offsets of the records of a table, sorted by the id that they begin with, that have this id.
fn entries(table: &[u8], size: usize, id: u32) -> impl Iterator<Item = usize> + '_ {
    let key = move |record: usize| read_u32(table, record * size).unwrap_or(u32::MAX);
    let count = table.len() / size;
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if key(middle) < id { low = middle + 1 } else { high = middle }
    }
    (low..count).take_while(move |record| key(*record) == id).map(move |record| record * size)
}

#[cfg(test)]
mod tests {
    use super::{CvssEntry, DetailsText, decode_kev, decode_text, encode_kev, encode_text, entries};
    use stopgate_model::Kev;

    #[test]
    fn what_is_written_is_read() {
        let details = DetailsText {
            aliases: 2,
            description: "Reads past the end.".into(),
            urls: vec!["https://example.org/1".into()],
            cvss: vec![CvssEntry { rank: 1, base: 98, impact: Some(-2), vector: "v".into(), ..CvssEntry::default() }],
        };
        let bytes = encode_text(&details);
        assert_eq!(decode_text(&bytes), Some(details));
        for length in 0..bytes.len() {
            assert_eq!(decode_text(&bytes[..length]), None, "{length}");
        }
        let kev = Kev { cve: "CVE-1".into(), urls: vec!["u".into()], ..Kev::default() };
        assert_eq!(decode_kev(&encode_kev(&kev)), Some(kev));
    }

    #[test]
    fn entries_of_an_id_stand_together() {
        let table: Vec<u8> = [1_u32, 10, 3, 11, 3, 12, 9, 13].iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(entries(&table, 8, 3).collect::<Vec<_>>(), [8, 16]);
        assert_eq!(entries(&table, 8, 2).count(), 0);
        assert_eq!(entries(&table[..9], 8, 1).count(), 1);
        assert_eq!(entries(&[], 8, 1).count(), 0);
    }
}
