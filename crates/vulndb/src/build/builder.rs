//! Takes records one by one and interns them.

use std::collections::HashMap;

use stopgate_model::{Kev, Severity};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::statement::{FixData, QualifierData, StatementData};
use crate::RecordStatus;
use crate::file::layout::{CPE_SCOPE, UNAFFECTED};
use crate::file::{Encoder, Interner, Lists, encode_kev};
use crate::names::{Folding, fold_case};
use crate::scope::{Scope, ScopeKind};

/// A vulnerability record.
#[derive(Debug, Default)]
pub(crate) struct NewVulnerability<'n> {
    pub(crate) name: &'n str,
    pub(crate) provider: u16,
    pub(crate) status: RecordStatus,
    pub(crate) severity: Severity,
    /// Aliases in their order, without `name`.
    pub(crate) aliases: &'n [String],
    /// Seconds since 1970; 0 when unknown.
    pub(crate) published: u32,
    pub(crate) modified: u32,
    /// The compressed record for the details file.
    pub(crate) details: &'n [u8],
}

#[derive(Debug, Clone, Copy)]
pub(super) struct VulnerabilityEntry {
    pub(super) name: u32,
    pub(super) ids: u32,
    pub(super) provider: u16,
    pub(super) severity: u8,
    pub(super) status: u8,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct KeyEntry {
    pub(super) scope: u32,
    pub(super) folded: u32,
    pub(super) name: u32,
    pub(super) rows: u32,
    pub(super) hash: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RowEntry {
    pub(super) key: u32,
    pub(super) vulnerability: u32,
    /// With [`UNAFFECTED`].
    pub(super) statement: u32,
    /// CPE number; meaningless for package rows.
    pub(super) cpe: u32,
}

/// Rows that one provider contributed so far.
#[derive(Debug, Clone, Default)]
pub(super) struct ProviderEntry {
    pub(super) name: String,
    pub(super) captured: String,
    pub(super) vulnerabilities: u64,
    pub(super) affected: u64,
    pub(super) unaffected: u64,
}

/// Something that could not be read, counted by kind.
#[derive(Debug, Clone)]
pub(crate) struct Unread {
    pub(crate) what: String,
    pub(crate) count: u64,
    pub(crate) first: String,
}

/// A build in the making.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pub(super) texts: Interner,
    /// Id texts in their first spelling, by number before sorting.
    pub(super) ids: Vec<u32>,
    /// Folded ids; texts that are not written.
    folded_ids: Interner,
    id_numbers: HashMap<u32, u32>,
    pub(super) id_lists: Lists,
    pub(super) providers: Vec<ProviderEntry>,
    pub(super) vulnerabilities: Vec<VulnerabilityEntry>,
    pub(super) scopes: Vec<Scope>,
    pub(super) keys: Vec<KeyEntry>,
    key_numbers: HashMap<(u32, u32), u32>,
    pub(super) rows: Vec<RowEntry>,
    pub(super) cpe_rows: Vec<RowEntry>,
    pub(super) statements: Vec<[u32; 4]>,
    statement_hashes: Vec<u64>,
    statement_numbers: HashMap<u128, u32>,
    pub(super) ranges: Vec<[u32; 2]>,
    pub(super) constraints: Vec<(u32, u8)>,
    constraint_numbers: HashMap<(u32, u8), u32>,
    pub(super) formats: Vec<u32>,
    pub(super) fixes: Vec<[u32; 5]>,
    fix_numbers: HashMap<[u32; 5], u32>,
    pub(super) lists: Lists,
    pub(super) cpes: Vec<[u32; 9]>,
    pub(super) records: Vec<u8>,
    pub(super) record_offsets: Vec<u64>,
    pub(super) dates: Vec<[u32; 2]>,
    pub(super) kev: Vec<(u32, Vec<u8>)>,
    pub(super) epss: Vec<(u32, u32, u32)>,
    pub(super) cwes: Vec<(u32, String)>,
    pub(super) unread: Vec<Unread>,
    /// CVEs of rows, beyond the ids that a record itself has.
    extra_ids: HashMap<u32, Vec<u32>>,
}

impl Builder {
    /// The number of a provider.
    pub(crate) fn provider(&mut self, name: &str, captured: &str) -> u16 {
        if let Some(number) = self.providers.iter().position(|provider| provider.name == name) {
            return number as u16;
        }
        let entry = ProviderEntry { name: name.into(), captured: captured.into(), ..ProviderEntry::default() };
        self.providers.push(entry);
        (self.providers.len() - 1).min(usize::from(u16::MAX)) as u16
    }

    /// The number of a new scope.
    pub(crate) fn scope(&mut self, scope: Scope) -> u32 {
        self.scopes.push(scope);
        (self.scopes.len() - 1) as u32
    }

    /// The number of a scope that is equal but for its counts, new or not.
    pub(crate) fn scope_of(&mut self, scope: Scope) -> u32 {
        match self.scopes.iter().position(|known| known.kind == scope.kind) {
            Some(number) => number as u32,
            None => self.scope(scope),
        }
    }

    /// Whether there are releases of a distribution.
    pub(crate) fn has_release_of(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| matches!(&scope.kind, ScopeKind::Os(release) if release.name == name))
    }

    /// The number of an id, in any case.
    pub(crate) fn id(&mut self, id: &str) -> u32 {
        let folded = self.folded_ids.intern(&fold_case(id));
        if let Some(&number) = self.id_numbers.get(&folded) {
            return number;
        }
        let number = self.ids.len() as u32;
        let text = self.texts.intern(id);
        self.ids.push(text);
        self.id_numbers.insert(folded, number);
        number
    }

    /// The number of an id if it is known.
    pub(crate) fn known_id(&mut self, id: &str) -> Option<u32> {
        let folded = self.folded_ids.intern(&fold_case(id));
        self.id_numbers.get(&folded).copied()
    }

    /// Adds a record; its number counts up from 0.
    pub(crate) fn vulnerability(&mut self, new: &NewVulnerability<'_>) -> u32 {
        let mut ids = vec![self.id(new.name)];
        for alias in new.aliases {
            ids.push(self.id(alias));
        }
        let name = self.texts.intern(new.name);
        self.vulnerabilities.push(VulnerabilityEntry {
            name,
            ids: self.id_lists.add(&ids),
            provider: new.provider,
            severity: new.severity as u8,
            status: new.status as u8,
        });
        if let Some(provider) = self.providers.get_mut(usize::from(new.provider)) {
            provider.vulnerabilities += 1;
        }
        self.record_offsets.push(self.records.len() as u64);
        self.records.extend_from_slice(new.details);
        self.dates.push([new.published, new.modified]);
        (self.vulnerabilities.len() - 1) as u32
    }

    /// Name of a record.
    pub(crate) fn name_of(&self, vulnerability: u32) -> &str {
        self.vulnerabilities.get(vulnerability as usize).map_or("", |record| self.texts.get(record.name))
    }

    /// Adds ids to a record beyond its aliases.
    pub(crate) fn more_ids(&mut self, vulnerability: u32, ids: impl IntoIterator<Item = u32>) {
        self.extra_ids.entry(vulnerability).or_default().extend(ids);
    }

    /// The number of a statement.
    pub(crate) fn statement(&mut self, data: &StatementData) -> u32 {
        let hash = hash_statement(data);
        if let Some(&number) = self.statement_numbers.get(&hash) {
            return number;
        }
        let first = self.ranges.len() as u32;
        for range in &data.ranges {
            let constraint = self.constraint(&range.format, &range.constraint);
            let fix = range.fix.as_ref().map_or(0, |fix| self.fix(fix) + 1);
            self.ranges.push([constraint, fix]);
        }
        let qualifiers = data.qualifiers.as_deref().map_or(0, |qualifiers| self.qualifiers(qualifiers));
        let cves: Vec<u32> = data.cves.iter().map(|cve| self.id(cve)).collect();
        let cves = self.id_lists.add(&cves);
        let number = self.statements.len() as u32;
        self.statements.push([first, data.ranges.len() as u32, qualifiers, cves]);
        self.statement_hashes.push(hash as u64);
        self.statement_numbers.insert(hash, number);
        number
    }

    /// Adds a row about a package.
    pub(crate) fn row(&mut self, key: u32, vulnerability: u32, statement: u32, unaffected: bool) {
        let row = self.new_row(key, vulnerability, statement, unaffected);
        self.count(vulnerability, unaffected);
        self.rows.push(row);
    }

    /// Adds a row about a CPE; `key` is that of its product.
    pub(crate) fn cpe_row(&mut self, key: u32, cpe: u32, vulnerability: u32, statement: u32, unaffected: bool) {
        let row = self.new_row(key, vulnerability, statement, unaffected);
        self.count(vulnerability, unaffected);
        self.cpe_rows.push(RowEntry { cpe, ..row });
    }

    /// Adds a row of a package that data also knows by CPE; it was counted as a package's row.
    pub(crate) fn cpe_copy(&mut self, key: u32, cpe: u32, vulnerability: u32, statement: u32, unaffected: bool) {
        let row = self.new_row(key, vulnerability, statement, unaffected);
        self.cpe_rows.push(RowEntry { cpe, ..row });
    }

    fn new_row(&mut self, key: u32, vulnerability: u32, statement: u32, unaffected: bool) -> RowEntry {
        let flag = if unaffected { UNAFFECTED } else { 0 };
        let hash = self.row_hash(vulnerability, statement, flag);
        let provider = self.vulnerabilities.get(vulnerability as usize).map_or(0, |record| record.provider);
        if let Some(key) = self.keys.get_mut(key as usize) {
            key.rows += 1;
            // A sum, so that the order of rows does not count.
            key.hash = key.hash.wrapping_add(hash);
            if let Some(scope) = self.scopes.get_mut(key.scope as usize) {
                scope.rows += 1;
                if !scope.providers.contains(&provider) {
                    scope.providers.push(provider);
                }
            }
        }
        RowEntry { key, vulnerability, statement: statement | flag, cpe: 0 }
    }

    fn row_hash(&self, vulnerability: u32, statement: u32, flag: u32) -> u64 {
        let statement = self.statement_hashes.get(statement as usize).copied().unwrap_or(0);
        let Some(record) = self.vulnerabilities.get(vulnerability as usize) else { return statement };
        let mut bytes = [0_u8; 16];
        let (left, right) = bytes.split_at_mut(8);
        left.copy_from_slice(&xxh3_64(self.texts.get(record.name).as_bytes()).to_le_bytes());
        right.copy_from_slice(&statement.to_le_bytes());
        let rest = u64::from(record.severity) | u64::from(record.status) << 8 | u64::from(flag);
        xxh3_64(&bytes) ^ rest.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn count(&mut self, vulnerability: u32, unaffected: bool) {
        let provider = self.vulnerabilities.get(vulnerability as usize).map(|record| record.provider);
        if let Some(entry) = provider.and_then(|number| self.providers.get_mut(usize::from(number))) {
            *(if unaffected { &mut entry.unaffected } else { &mut entry.affected }) += 1;
        }
    }

    /// Notes the package type of a release's packages.
    pub(crate) fn release_has(&mut self, release: u32, ecosystem: u32) {
        let name = match self.scopes.get(ecosystem as usize).map(|scope| &scope.kind) {
            Some(ScopeKind::Ecosystem(name)) => name.clone(),
            _ => return,
        };
        if let Some(scope) = self.scopes.get_mut(release as usize).filter(|scope| scope.ecosystem.is_empty()) {
            scope.ecosystem = name;
        }
    }

    /// The number of the key (scope, name).
    pub(crate) fn key(&mut self, scope: u32, name: &str) -> u32 {
        let folding = self.scopes.get(scope as usize).map_or(Folding::Case, Scope::folding);
        let folded = self.texts.intern(&folding.fold(name));
        if let Some(&number) = self.key_numbers.get(&(scope, folded)) {
            return number;
        }
        let number = self.keys.len() as u32;
        let name = self.texts.intern(name);
        self.keys.push(KeyEntry { scope, folded, name, rows: 0, hash: 0 });
        self.key_numbers.insert((scope, folded), number);
        number
    }

    /// The number of a CPE and the key of its product. Attributes in the order of [`crate::CpeAttributes`].
    pub(crate) fn cpe(&mut self, attributes: [&str; 9]) -> (u32, u32) {
        let product = self.key(CPE_SCOPE, attributes.get(2).copied().unwrap_or_default());
        self.cpes.push(attributes.map(|attribute| self.texts.intern(attribute)));
        ((self.cpes.len() - 1) as u32, product)
    }

    /// Adds an entry of the list of known exploited vulnerabilities.
    pub(crate) fn kev(&mut self, kev: &Kev) {
        let id = self.id(&kev.cve);
        self.kev.push((id, encode_kev(kev)));
    }

    /// Adds an exploit prediction; one for an id that no record has is dropped, since nothing could ask for it.
    pub(crate) fn epss(&mut self, cve: &str, score: f64, percentile: f64) {
        let billionths = |value: f64| (value.clamp(0.0, 1.0) * 1e9).round() as u32;
        if let Some(id) = self.known_id(cve) {
            self.epss.push((id, billionths(score), billionths(percentile)));
        }
    }

    /// Adds a weakness.
    pub(crate) fn cwe(&mut self, cve: &str, cwe: &str) {
        if let Some(id) = self.known_id(cve) {
            self.cwes.push((id, cwe.to_owned()));
        }
    }

    /// Adds aliases (id numbers by id number) to every record that has the id as its own.
    pub(crate) fn add_aliases(&mut self, aliases: &HashMap<u32, Vec<u32>>) {
        for (number, record) in self.vulnerabilities.iter().enumerate() {
            let own = self.id_lists.get(record.ids).first();
            if let Some(more) = own.and_then(|own| aliases.get(own)) {
                self.extra_ids.entry(number as u32).or_default().extend(more);
            }
        }
    }

    /// Counts something of the source that could not be read.
    pub(crate) fn unread(&mut self, what: &str, count: u64, first: &str) {
        if count == 0 {
            return;
        }
        match self.unread.iter_mut().find(|unread| unread.what == what) {
            Some(unread) => unread.count += count,
            None => self.unread.push(Unread { what: what.into(), count, first: first.chars().take(200).collect() }),
        }
    }

    /// Joins the CVEs of rows into the id lists of their records.
    pub(super) fn join_row_ids(&mut self) {
        let rows = self.rows.iter().chain(&self.cpe_rows);
        let mut extra = std::mem::take(&mut self.extra_ids);
        for row in rows {
            let statement = self.statements.get((row.statement & !UNAFFECTED) as usize);
            let cves = self.id_lists.get(statement.map_or(0, |statement| statement[3]));
            let record = self.vulnerabilities.get(row.vulnerability as usize);
            let own = self.id_lists.get(record.map_or(0, |record| record.ids));
            for cve in cves.iter().filter(|cve| !own.contains(cve)) {
                extra.entry(row.vulnerability).or_default().push(*cve);
            }
        }
        for (vulnerability, more) in extra {
            let Some(record) = self.vulnerabilities.get_mut(vulnerability as usize) else { continue };
            let mut ids = self.id_lists.get(record.ids).to_vec();
            for id in more {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            record.ids = self.id_lists.add(&ids);
        }
    }

    fn constraint(&mut self, format: &str, text: &str) -> u32 {
        let format_text = self.texts.intern(format);
        let known = self.formats.iter().position(|known| *known == format_text);
        let format = known.unwrap_or_else(|| {
            self.formats.push(format_text);
            self.formats.len() - 1
        });
        // A 256th format can only be nonsense, and what is no known format is compared as one that is unknown.
        let format = u8::try_from(format).unwrap_or(u8::MAX);
        let text = self.texts.intern(text);
        let next = self.constraints.len() as u32;
        let number = *self.constraint_numbers.entry((text, format)).or_insert(next);
        if number == next {
            self.constraints.push((text, format));
        }
        number
    }

    fn fix(&mut self, fix: &FixData) -> u32 {
        let mut advisories = Vec::with_capacity(fix.advisories.len() * 2);
        for (id, link) in &fix.advisories {
            advisories.push(self.texts.intern(id));
            advisories.push(self.texts.intern(link));
        }
        let advisories = self.lists.add(&advisories);
        let version = self.texts.intern(&fix.version);
        let kind = self.texts.intern(&fix.kind);
        let entry = [u32::from(fix.state), version, fix.date, kind, advisories];
        let next = self.fixes.len() as u32;
        let number = *self.fix_numbers.entry(entry).or_insert(next);
        if number == next {
            self.fixes.push(entry);
        }
        number
    }

    /// Flags, then what they announce, as one list.
    fn qualifiers(&mut self, data: &QualifierData) -> u32 {
        let mut words = vec![
            u32::from(data.rpm_modularity.is_some())
                | u32::from(data.architecture.is_some()) << 1
                | u32::from(data.rootio) << 2,
            self.texts.intern(data.rpm_modularity.as_deref().unwrap_or_default()),
            self.texts.intern(data.architecture.as_deref().unwrap_or_default()),
        ];
        words.push(data.platform_cpes.len() as u32);
        words.extend(data.platform_cpes.iter().map(|cpe| self.texts.intern(cpe)));
        words.push(data.go_imports.len() as u32);
        for (path, symbols) in &data.go_imports {
            words.push(self.texts.intern(path));
            words.push(symbols.len() as u32);
            words.extend(symbols.iter().map(|symbol| self.texts.intern(symbol)));
        }
        self.lists.add(&words)
    }
}

fn hash_statement(data: &StatementData) -> u128 {
    let mut out = Encoder::default();
    out.texts(data.cves.iter().map(String::as_str));
    out.number(data.ranges.len() as u64);
    for range in &data.ranges {
        out.text(&range.format);
        out.text(&range.constraint);
        out.number(u64::from(range.fix.is_some()));
        if let Some(fix) = &range.fix {
            out.number(u64::from(fix.state));
            out.text(&fix.version);
            out.number(u64::from(fix.date));
            out.text(&fix.kind);
            out.number(fix.advisories.len() as u64);
            for (id, link) in &fix.advisories {
                out.text(id);
                out.text(link);
            }
        }
    }
    if let Some(qualifiers) = &data.qualifiers {
        for text in [&qualifiers.rpm_modularity, &qualifiers.architecture] {
            out.number(u64::from(text.is_some()));
            out.text(text.as_deref().unwrap_or_default());
        }
        out.number(u64::from(qualifiers.rootio));
        out.texts(qualifiers.platform_cpes.iter().map(String::as_str));
        for (path, symbols) in &qualifiers.go_imports {
            out.text(path);
            out.texts(symbols.iter().map(String::as_str));
        }
    }
    xxh3_128(&out.finish())
}
