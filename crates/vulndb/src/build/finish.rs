//! Lays a build out as its two files.

use stopgate_model::DataIdentity;
use xxhash_rust::xxh3::xxh3_64;

use super::builder::{Builder, RowEntry};
use crate::file::layout::{CPE_SCOPE, CWE_TEXT};
use crate::file::{Interner, Kind, Section, write_container};
use crate::index::key_hash;
use crate::meta::{Aliases, Meta};
use crate::names::fold_case;
use crate::scope::encode_scopes;

/// What the builder does not know of itself.
#[derive(Debug, Clone)]
pub(crate) struct BuildIdentity {
    pub(crate) identity: DataIdentity,
    pub(crate) epss_date: String,
    pub(crate) aliases: Aliases,
    pub(crate) dictionary: Vec<u8>,
}

/// The two files of a build.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    pub(crate) identity: DataIdentity,
    pub(crate) index: Vec<u8>,
    pub(crate) details: Vec<u8>,
    pub(crate) signals: Signals,
}

/// How many entries the tables have that belong to no provider's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signals {
    pub(crate) kev: usize,
    pub(crate) epss: usize,
    pub(crate) cwes: usize,
}

/// More data than the files' 32-bit numbers can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Builder {
    /// The files.
    pub(crate) fn finish(mut self, about: BuildIdentity) -> Result<Built, TooLarge> {
        self.check_size()?;
        self.join_row_ids();
        self.sort_ids();
        let identity = DataIdentity { providers: self.provider_rows(), ..about.identity };
        let stamp = xxh3_64(format!("{} {} {}", identity.digest, identity.built, identity.origin).as_bytes());
        let details = self.details(&about.dictionary, stamp);
        let meta = Meta {
            identity: identity.clone(),
            provider_names: self.providers.iter().map(|provider| provider.name.clone()).collect(),
            epss_date: about.epss_date,
            aliases: about.aliases,
            unread: std::mem::take(&mut self.unread),
        };
        let index = self.index(&meta, stamp);
        let signals = Signals { kev: self.kev.len(), epss: self.epss.len(), cwes: self.cwes.len() };
        Ok(Built { identity, index, details, signals })
    }

    fn check_size(&self) -> Result<(), TooLarge> {
        const LIMIT: usize = (u32::MAX >> 1) as usize;
        let counts = [
            self.texts.bytes().len(),
            self.records.len() / 2,
            self.id_lists.len(),
            self.lists.len(),
            self.vulnerabilities.len(),
            self.statements.len(),
            self.ranges.len(),
            self.rows.len(),
            self.cpe_rows.len(),
            self.providers.len() << 15,
        ];
        if counts.iter().all(|count| *count < LIMIT) { Ok(()) } else { Err(TooLarge) }
    }

    /// Renumbers the ids in the order of their folded texts.
    fn sort_ids(&mut self) {
        let mut order: Vec<u32> = (0..self.ids.len() as u32).collect();
        let folded: Vec<String> = self.ids.iter().map(|text| fold_case(self.texts.get(*text)).into_owned()).collect();
        order.sort_unstable_by(|a, b| folded.get(*a as usize).cmp(&folded.get(*b as usize)));
        let mut numbers = vec![0_u32; order.len()];
        for (new, old) in order.iter().enumerate() {
            if let Some(place) = numbers.get_mut(*old as usize) {
                *place = new as u32;
            }
        }
        let renumbered = |old: u32| numbers.get(old as usize).copied().unwrap_or(0);
        self.id_lists.map(renumbered);
        for (id, _) in &mut self.kev {
            *id = renumbered(*id);
        }
        for (id, ..) in &mut self.epss {
            *id = renumbered(*id);
        }
        for (id, _) in &mut self.cwes {
            *id = renumbered(*id);
        }
        self.ids = order.iter().filter_map(|old| self.ids.get(*old as usize).copied()).collect();
    }

    fn provider_rows(&self) -> Vec<stopgate_model::ProviderRows> {
        let mut rows: Vec<_> = self
            .providers
            .iter()
            .map(|entry| stopgate_model::ProviderRows {
                provider: entry.name.clone(),
                captured: entry.captured.clone(),
                vulnerabilities: entry.vulnerabilities,
                affected: entry.affected,
                unaffected: entry.unaffected,
            })
            .collect();
        rows.sort();
        rows
    }

    fn index(&mut self, meta: &Meta, stamp: u64) -> Vec<u8> {
        let vulnerabilities = self.vulnerability_bytes();
        let (ids, members) = self.id_bytes();
        let (keys, slots, hashes) = self.key_bytes(stamp);
        let rows = grouped(&self.rows, self.keys.len(), false);
        let cpe_rows = grouped(&self.cpe_rows, self.keys.len(), true);
        let statements = words(self.statements.as_flattened());
        let ranges = words(self.ranges.as_flattened());
        let constraints = self.constraint_bytes();
        let formats = words(&self.formats);
        let fixes = self.fix_bytes();
        let cpes = words(self.cpes.as_flattened());
        let (id_lists, lists) = (self.id_lists.bytes(), self.lists.bytes());
        let (meta, scopes) = (meta.encode(), encode_scopes(&self.scopes));
        let sections: [(Section, &[u8]); 19] = [
            (Section::Meta, &meta),
            (Section::Scopes, &scopes),
            (Section::KeySlots, &slots),
            (Section::Keys, &keys),
            (Section::Rows, &rows),
            (Section::CpeRows, &cpe_rows),
            (Section::Statements, &statements),
            (Section::Ranges, &ranges),
            (Section::Constraints, &constraints),
            (Section::Formats, &formats),
            (Section::Vulnerabilities, &vulnerabilities),
            (Section::IdLists, &id_lists),
            (Section::Ids, &ids),
            (Section::IdMembers, &members),
            (Section::Fixes, &fixes),
            (Section::Lists, &lists),
            (Section::Cpes, &cpes),
            (Section::Texts, self.texts.bytes()),
            (Section::KeyHashes, &hashes),
        ];
        container(Kind::Index, stamp, &sections)
    }

    fn vulnerability_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.vulnerabilities.len() * 12);
        for entry in &self.vulnerabilities {
            out.extend_from_slice(&entry.name.to_le_bytes());
            out.extend_from_slice(&entry.ids.to_le_bytes());
            out.extend_from_slice(&entry.provider.to_le_bytes());
            out.push(entry.severity);
            out.push(entry.status);
        }
        out
    }

    /// Ids with the records that have them, grouped by counting.
    fn id_bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let mut starts = vec![0_u32; self.ids.len() + 1];
        let lists = || self.vulnerabilities.iter().map(|entry| self.id_lists.get(entry.ids));
        for id in lists().flatten() {
            if let Some(start) = starts.get_mut(*id as usize + 1) {
                *start += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut members = vec![0_u32; total as usize];
        let mut next = starts.clone();
        for (number, list) in lists().enumerate() {
            for id in list {
                let Some(place) = next.get_mut(*id as usize) else { continue };
                if let Some(member) = members.get_mut(*place as usize) {
                    *member = number as u32;
                }
                *place += 1;
            }
        }
        let ids: Vec<u32> = self.ids.iter().zip(&starts).flat_map(|(text, start)| [*text, *start]).collect();
        (words(&ids), words(&members))
    }

    fn key_bytes(&self, stamp: u64) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut slots = vec![0_u32; (self.keys.len() * 2).next_power_of_two().max(2)];
        let mask = slots.len() - 1;
        let (mut package_rows, mut cpe_rows) = (0, 0);
        let mut keys = Vec::with_capacity(self.keys.len() * 5);
        let mut hashes = Vec::with_capacity(self.keys.len() * 8);
        for (number, key) in self.keys.iter().enumerate() {
            let start = if key.scope == CPE_SCOPE { &mut cpe_rows } else { &mut package_rows };
            keys.extend_from_slice(&[key.scope, key.folded, key.name, *start, key.rows]);
            *start += key.rows;
            hashes.extend_from_slice(&key.hash.to_le_bytes());
            let mut slot = key_hash(stamp, key.scope, self.texts.get(key.folded)) as usize & mask;
            while slots.get(slot).is_some_and(|place| *place != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(place) = slots.get_mut(slot) {
                *place = number as u32 + 1;
            }
        }
        (words(&keys), words(&slots), hashes)
    }

    fn constraint_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.constraints.len() * 5);
        for (text, format) in &self.constraints {
            out.extend_from_slice(&text.to_le_bytes());
            out.push(*format);
        }
        out
    }

    fn fix_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.fixes.len() * 17);
        for [state, rest @ ..] in &self.fixes {
            out.push(*state as u8);
            for word in rest {
                out.extend_from_slice(&word.to_le_bytes());
            }
        }
        out
    }

    fn details(&mut self, dictionary: &[u8], stamp: u64) -> Vec<u8> {
        let mut offsets: Vec<u32> = self.record_offsets.iter().map(|offset| *offset as u32).collect();
        // Taken, so that they are not held twice while the index is laid out.
        let records = std::mem::take(&mut self.records);
        offsets.push(records.len() as u32);
        let (offsets, dates) = (words(&offsets), words(self.dates.as_flattened()));
        self.kev.sort_by_key(|(id, _)| *id);
        let (mut kev_index, mut kev) = (Vec::new(), Vec::new());
        for (id, record) in &self.kev {
            kev_index.extend_from_slice(&[*id, kev.len() as u32]);
            kev.extend_from_slice(record);
        }
        self.epss.sort_by_key(|(id, ..)| *id);
        let epss: Vec<u32> = self.epss.iter().flat_map(|(id, score, percentile)| [*id, *score, *percentile]).collect();
        self.cwes.sort_by_key(|(id, _)| *id);
        self.cwes.dedup();
        let mut texts = Interner::default();
        let cwes: Vec<u32> = self.cwes.iter().flat_map(|(id, cwe)| [*id, cwe_word(cwe, &mut texts)]).collect();
        let (kev_index, epss, cwes) = (words(&kev_index), words(&epss), words(&cwes));
        let sections: [(Section, &[u8]); 9] = [
            (Section::RecordOffsets, &offsets),
            (Section::Dictionary, dictionary),
            (Section::Records, &records),
            (Section::Dates, &dates),
            (Section::KevIndex, &kev_index),
            (Section::Kev, &kev),
            (Section::Epss, &epss),
            (Section::Cwes, &cwes),
            (Section::Texts, texts.bytes()),
        ];
        container(Kind::Details, stamp, &sections)
    }
}

fn cwe_word(cwe: &str, texts: &mut Interner) -> u32 {
    let number = cwe.strip_prefix("CWE-").and_then(|number| number.parse::<u32>().ok());
    match number {
        Some(number) if number < CWE_TEXT && format!("CWE-{number}") == cwe => number,
        _ => texts.intern(cwe) | CWE_TEXT,
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn container(kind: Kind, stamp: u64, sections: &[(Section, &[u8])]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sections.iter().map(|(_, bytes)| bytes.len() + 32).sum());
    // Writing to memory does not fail.
    let _ = write_container(&mut out, kind, stamp, sections);
    out
}

/// Rows in the order of their keys; rows of one key keep their order.
fn grouped(rows: &[RowEntry], keys: usize, with_cpe: bool) -> Vec<u8> {
    let mut starts = vec![0_usize; keys + 1];
    for row in rows {
        if let Some(start) = starts.get_mut(row.key as usize + 1) {
            *start += 1;
        }
    }
    let mut total = 0;
    for start in &mut starts {
        total += *start;
        *start = total;
    }
    let size = if with_cpe { 12 } else { 8 };
    let mut out = vec![0_u8; total * size];
    for row in rows {
        let Some(place) = starts.get_mut(row.key as usize) else { continue };
        let at = *place * size;
        *place += 1;
        for (word, part) in [row.vulnerability, row.statement, row.cpe].iter().zip(0..size / 4) {
            if let Some(bytes) = out.get_mut(at + part * 4..at + part * 4 + 4) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
        }
    }
    out
}
