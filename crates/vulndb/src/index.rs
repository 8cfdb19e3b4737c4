//! Reading the index file. Every access checks its bounds; one that falls outside is counted and answers with nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use stopgate_model::Severity;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::RecordStatus;
use crate::file::interner::text_at;
use crate::file::layout::{
    CONSTRAINT, CPE, CPE_ROW, CPE_SCOPE, FIX, ID, KEY, RANGE, ROW, STATEMENT, UNAFFECTED, VULNERABILITY,
};
use crate::file::{Container, Section, read_u16, read_u32};
use crate::meta::Meta;
use crate::names::fold_case;
use crate::scope::{Scope, decode_scopes};

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    container: Container,
    pub(crate) meta: Meta,
    pub(crate) scopes: Vec<Scope>,
    faults: AtomicU64,
}

/// A record of [`Section::Vulnerabilities`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct VulnerabilityRecord<'d> {
    pub(crate) name: &'d str,
    pub(crate) ids: u32,
    pub(crate) provider: u16,
    pub(crate) severity: Severity,
    pub(crate) status: RecordStatus,
}

/// A record of [`Section::Keys`], without scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'d> {
    pub(crate) scope: u32,
    pub(crate) name: &'d str,
    pub(crate) first: u32,
    pub(crate) rows: u32,
}

/// A record of [`Section::Rows`] or [`Section::CpeRows`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowRecord {
    pub(crate) vulnerability: u32,
    pub(crate) statement: u32,
    pub(crate) unaffected: bool,
    pub(crate) cpe: Option<u32>,
}

/// A record of [`Section::Statements`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StatementRecord {
    pub(crate) first_range: u32,
    pub(crate) ranges: u32,
    pub(crate) qualifiers: u32,
    pub(crate) cves: u32,
}

/// A record of [`Section::Fixes`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct FixRecord<'d> {
    pub(crate) state: u8,
    pub(crate) version: &'d str,
    pub(crate) date: u32,
    pub(crate) kind: &'d str,
    pub(crate) advisories: u32,
}

impl Index {
    /// Checks what is read at once: meta, scopes, and that tables hold whole records.
    pub(crate) fn open(container: Container) -> Result<Self, String> {
        let meta = Meta::decode(container.section(Section::Meta)).ok_or("its description cannot be read")?;
        let scopes = decode_scopes(container.section(Section::Scopes)).ok_or("its scopes cannot be read")?;
        let tables = [
            (Section::Vulnerabilities, VULNERABILITY),
            (Section::Ids, ID),
            (Section::Keys, KEY),
            (Section::Rows, ROW),
            (Section::CpeRows, CPE_ROW),
            (Section::Statements, STATEMENT),
            (Section::Ranges, RANGE),
            (Section::Constraints, CONSTRAINT),
            (Section::Fixes, FIX),
            (Section::Cpes, CPE),
            (Section::KeyHashes, 8),
        ];
        for (section, size) in tables {
            if !container.section(section).len().is_multiple_of(size) {
                return Err(format!("section {} is not made of whole records", section as u32));
            }
        }
        let slots = container.section(Section::KeySlots).len() / 4;
        if !slots.is_power_of_two() || slots <= container.section(Section::Keys).len() / KEY {
            return Err("its table of names has the wrong size".to_owned());
        }
        Ok(Self { container, meta, scopes, faults: AtomicU64::new(0) })
    }

    /// How many accesses fell outside so far: more than none means that the file is damaged.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Counts a `None`.
    pub(crate) fn checked<T>(&self, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
        value
    }

    pub(crate) fn stamp(&self) -> u64 {
        self.container.stamp()
    }

    fn word(&self, section: Section, record: u32, size: usize, offset: usize) -> Option<u32> {
        read_u32(self.container.section(section), (record as usize).checked_mul(size)?.checked_add(offset)?)
    }

    /// Text at an offset; empty when the offset is wrong.
    pub(crate) fn text(&self, offset: u32) -> &str {
        self.checked(text_at(self.container.section(Section::Texts), offset)).unwrap_or_default()
    }

    pub(crate) fn vulnerabilities(&self) -> u32 {
        (self.container.section(Section::Vulnerabilities).len() / VULNERABILITY) as u32
    }

    /// `None` when the number is not of this build.
    pub(crate) fn vulnerability(&self, number: u32) -> Option<VulnerabilityRecord<'_>> {
        let table = self.container.section(Section::Vulnerabilities);
        let at = (number as usize).checked_mul(VULNERABILITY)?;
        let severity = table.get(at.checked_add(10)?).copied()?;
        let status = table.get(at.checked_add(11)?).copied()?;
        Some(VulnerabilityRecord {
            name: self.text(read_u32(table, at)?),
            ids: read_u32(table, at + 4)?,
            provider: read_u16(table, at + 8)?,
            severity: self.checked(Severity::ALL.get(usize::from(severity)).copied()).unwrap_or_default(),
            status: self.checked(RecordStatus::from_number(status)).unwrap_or_default(),
        })
    }

    /// Name of a provider.
    pub(crate) fn provider(&self, number: u16) -> &str {
        self.checked(self.meta.provider_names.get(usize::from(number))).map_or("", String::as_str)
    }

    /// Number of the key (scope, folded name).
    pub(crate) fn find_key(&self, scope: u32, folded: &str) -> Option<Key<'_>> {
        let slots = self.container.section(Section::KeySlots);
        let mask = (slots.len() / 4).checked_sub(1)?;
        let mut slot = key_hash(self.stamp(), scope, folded) as usize & mask;
        for _ in 0..=mask {
            let number = self.checked(read_u32(slots, slot * 4))?.checked_sub(1)?;
            if self.word(Section::Keys, number, KEY, 0) == Some(scope) {
                let text = self.checked(self.word(Section::Keys, number, KEY, 4))?;
                if self.text(text) == folded {
                    return self.key(number);
                }
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    pub(crate) fn keys(&self) -> u32 {
        (self.container.section(Section::Keys).len() / KEY) as u32
    }

    pub(crate) fn key(&self, number: u32) -> Option<Key<'_>> {
        let word = |offset| self.word(Section::Keys, number, KEY, offset);
        Some(Key { scope: word(0)?, name: self.text(word(8)?), first: word(12)?, rows: word(16)? })
    }

    /// Folded name and content hash of a key.
    pub(crate) fn key_content(&self, number: u32) -> Option<(&str, u64)> {
        let folded = self.text(self.word(Section::Keys, number, KEY, 4)?);
        let hashes = self.container.section(Section::KeyHashes);
        Some((folded, crate::file::read_u64(hashes, (number as usize).checked_mul(8)?)?))
    }

    /// A row of a key.
    pub(crate) fn row(&self, scope: u32, row: u32) -> Option<RowRecord> {
        let by_cpe = scope == CPE_SCOPE;
        let (section, size) = if by_cpe { (Section::CpeRows, CPE_ROW) } else { (Section::Rows, ROW) };
        self.checked((|| {
            let statement = self.word(section, row, size, 4)?;
            Some(RowRecord {
                vulnerability: self.word(section, row, size, 0)?,
                statement: statement & !UNAFFECTED,
                unaffected: statement & UNAFFECTED != 0,
                cpe: if by_cpe { Some(self.word(section, row, size, 8)?) } else { None },
            })
        })())
    }

    /// A statement. One that is not there answers as a statement whose only range is unreadable, never as "all
    /// versions".
    pub(crate) fn statement(&self, number: u32) -> Option<StatementRecord> {
        let word = |offset| self.word(Section::Statements, number, STATEMENT, offset);
        self.checked((|| {
            Some(StatementRecord { first_range: word(0)?, ranges: word(4)?, qualifiers: word(8)?, cves: word(12)? })
        })())
    }

    /// Constraint number and fix number of a range.
    pub(crate) fn range(&self, number: u32) -> Option<(u32, Option<u32>)> {
        let word = |offset| self.word(Section::Ranges, number, RANGE, offset);
        self.checked((|| Some((word(0)?, word(4)?.checked_sub(1))))())
    }

    /// Text and format of a constraint.
    pub(crate) fn constraint(&self, number: u32) -> Option<(&str, &str)> {
        self.checked((|| {
            let table = self.container.section(Section::Constraints);
            let at = (number as usize).checked_mul(CONSTRAINT)?;
            let format = table.get(at.checked_add(4)?).copied()?;
            let format = self.word(Section::Formats, u32::from(format), 4, 0).unwrap_or(0);
            Some((self.text(read_u32(table, at)?), self.text(format)))
        })())
    }

    pub(crate) fn fix(&self, number: u32) -> Option<FixRecord<'_>> {
        self.checked((|| {
            let table = self.container.section(Section::Fixes);
            let at = (number as usize).checked_mul(FIX)?;
            let word = |offset| read_u32(table, at.checked_add(offset)?);
            Some(FixRecord {
                state: table.get(at).copied()?,
                version: self.text(word(1)?),
                date: word(5)?,
                kind: self.text(word(9)?),
                advisories: word(13)?,
            })
        })())
    }

    /// The nine attributes of a CPE.
    pub(crate) fn cpe(&self, number: u32) -> Option<[&str; 9]> {
        let mut attributes = [""; 9];
        for (place, attribute) in attributes.iter_mut().enumerate() {
            *attribute = self.text(self.checked(self.word(Section::Cpes, number, CPE, place * 4))?);
        }
        Some(attributes)
    }

    /// A list of [`Section::Lists`].
    pub(crate) fn list(&self, offset: u32) -> impl Iterator<Item = u32> + use<'_> {
        self.words(Section::Lists, offset)
    }

    /// A list of id numbers.
    pub(crate) fn id_list(&self, offset: u32) -> impl Iterator<Item = u32> + use<'_> {
        self.words(Section::IdLists, offset)
    }

    fn words(&self, section: Section, offset: u32) -> impl Iterator<Item = u32> + use<'_> {
        let all = self.container.section(section);
        let start = (offset as usize).saturating_mul(4).saturating_add(4);
        let members = self
            .checked(read_u32(all, start - 4))
            .and_then(|count| self.checked(all.get(start..start.checked_add((count as usize).checked_mul(4)?)?)))
            .unwrap_or_default();
        members.chunks_exact(4).map(|word| read_u32(word, 0).unwrap_or(0))
    }

    pub(crate) fn ids(&self) -> u32 {
        (self.container.section(Section::Ids).len() / ID) as u32
    }

    /// Text of an id.
    pub(crate) fn id_text(&self, id: u32) -> &str {
        self.checked(self.word(Section::Ids, id, ID, 0)).map_or("", |text| self.text(text))
    }

    /// Number of an id in any case.
    pub(crate) fn find_id(&self, id: &str) -> Option<u32> {
        let folded = fold_case(id);
        let (mut low, mut high) = (0, self.ids());
        while low < high {
            let middle = low.midpoint(high);
            let text = self.id_text(middle).bytes().map(|b| b.to_ascii_lowercase());
            match text.cmp(folded.bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Records that have an id, in their order.
    pub(crate) fn members(&self, id: u32) -> impl Iterator<Item = u32> + use<'_> {
        let all = self.container.section(Section::IdMembers);
        let start = self.word(Section::Ids, id, ID, 4).map_or(usize::MAX, |start| start as usize);
        let next = id.checked_add(1).and_then(|next| self.word(Section::Ids, next, ID, 4));
        let end = next.map_or(all.len() / 4, |end| end as usize);
        let bytes = start.checked_mul(4).zip(end.checked_mul(4)).and_then(|(start, end)| all.get(start..end));
        self.checked(bytes).unwrap_or_default().chunks_exact(4).map(|word| read_u32(word, 0).unwrap_or(0))
    }
}

/// Hash of a key. The seed is the build's stamp, so that names cannot be chosen to collide.
pub(crate) fn key_hash(seed: u64, scope: u32, folded: &str) -> u64 {
    xxh3_64_with_seed(folded.as_bytes(), seed ^ u64::from(scope).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
