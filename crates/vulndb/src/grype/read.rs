//! From an open Grype database to a build.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::Connection;
use stopgate_model::{DataIdentity, Digest};

use super::blobs::{decode_all, sample};
use super::json::{self, VulnerabilityBlob};
use super::sqlite::{GrypeError, number, open, scan, text};
use super::tables::{self, Handle, Metadata, VulnerabilityHandle};
use crate::RecordStatus;
use crate::build::{BuildIdentity, Builder, Built, NewVulnerability, StatementData};
use crate::file::{Compressor, DetailsText, encode_text, train_dictionary};
use crate::meta::Aliases;
use crate::scope::{Scope, ScopeKind};

/// Records from which the compression dictionary is learned.
const SAMPLES: usize = 3000;

/// Blobs that are held decoded at a time.
const BATCH: usize = 1 << 16;

/// Handle tables: name, column of the subject, first schema that has it, about CPEs, unaffected.
const HANDLE_TABLES: [(&str, &str, [i64; 3], bool, bool); 4] = [
    ("affected_package_handles", "package_id", [6, 0, 0], false, false),
    ("unaffected_package_handles", "package_id", [6, 1, 1], false, true),
    ("affected_cpe_handles", "cpe_id", [6, 0, 0], true, false),
    ("unaffected_cpe_handles", "cpe_id", [6, 1, 1], true, true),
];

/// A database that was read, before it is known which one it is.
pub(crate) struct Loaded {
    builder: Builder,
    metadata: Metadata,
    epss_date: String,
    aliases: Aliases,
    dictionary: Vec<u8>,
}

/// Reads a database file.
pub(crate) fn read(path: &Path) -> Result<Loaded, GrypeError> {
    let connection = open(path)?;
    let metadata = tables::metadata(&connection)?;
    let mut reading = Reading { path, connection, metadata, builder: Builder::default(), numbers: HashMap::new() };
    let (aliases, missing) = tables::aliases(&reading.connection)?;
    for table in missing {
        reading.missing(table);
    }
    let dictionary = reading.records()?;
    reading.rows()?;
    reading.aliases_of_records()?;
    let epss_date = reading.side_tables()?;
    Ok(Loaded { builder: reading.builder, metadata: reading.metadata, epss_date, aliases, dictionary })
}

impl Loaded {
    /// The build, for a database of this digest and origin.
    pub(crate) fn compile(self, digest: Digest, origin: &str) -> Result<Built, GrypeError> {
        let identity = DataIdentity {
            built: self.metadata.built.to_string(),
            digest,
            schema: self.metadata.schema(),
            origin: origin.to_owned(),
            providers: Vec::new(),
        };
        let about =
            BuildIdentity { identity, epss_date: self.epss_date, aliases: self.aliases, dictionary: self.dictionary };
        self.builder.finish(about).map_err(|_| GrypeError::TooLarge)
    }
}

struct Reading<'p> {
    path: &'p Path,
    connection: Connection,
    metadata: Metadata,
    builder: Builder,
    /// Record numbers by handle id.
    numbers: HashMap<i64, u32>,
}

impl Reading<'_> {
    fn missing(&mut self, table: &str) {
        self.builder.unread("tables of the database", 1, &format!("table `{table}` is missing"));
    }

    /// Vulnerability records; the answer is the dictionary that compresses their details.
    fn records(&mut self) -> Result<Vec<u8>, GrypeError> {
        let known = tables::providers(&self.connection)?;
        let mut providers: Vec<String> = known.iter().map(|(id, _)| id.clone()).collect();
        let handles = tables::vulnerability_handles(&self.connection, &mut providers)?;
        let numbers: Vec<u16> = providers
            .iter()
            .enumerate()
            .map(|(place, id)| {
                let captured = known.get(place).map_or("", |(_, captured)| captured);
                self.builder.provider(id, captured)
            })
            .collect();
        let mut ids: Vec<i64> = handles.iter().filter_map(|handle| handle.blob).collect();
        ids.sort_unstable();
        ids.dedup();
        let samples: Vec<Vec<u8>> = sample(self.path, &ids, SAMPLES)?
            .iter()
            .filter_map(|bytes| json::vulnerability(bytes).ok())
            .map(|blob| encode_text(&blob.details))
            .collect();
        let dictionary = train_dictionary(&samples);
        let empty = Compressor::new(&dictionary).compress(&encode_text(&DetailsText::default()));
        let unread = (VulnerabilityBlob::default(), empty);
        for batch in handles.chunks(BATCH) {
            self.records_of(batch, &numbers, &dictionary, &unread)?;
        }
        Ok(dictionary)
    }

    fn records_of(
        &mut self,
        handles: &[VulnerabilityHandle],
        providers: &[u16],
        dictionary: &[u8],
        unread: &(VulnerabilityBlob, Vec<u8>),
    ) -> Result<(), GrypeError> {
        let mut ids: Vec<i64> = handles.iter().filter_map(|handle| handle.blob).collect();
        ids.sort_unstable();
        ids.dedup();
        let decode = |compressor: &mut Compressor<'_>, bytes: &[u8]| {
            let mut blob = json::vulnerability(bytes).map_err(|error| error.to_string())?;
            blob.details.aliases = blob.aliases.len();
            let record = compressor.compress(&encode_text(&std::mem::take(&mut blob.details)));
            Ok::<_, String>((blob, record))
        };
        let blobs = decode_all(self.path, &ids, || Compressor::new(dictionary), decode)?;
        for handle in handles {
            let place = handle.blob.and_then(|blob| ids.binary_search(&blob).ok());
            let blob = place.and_then(|place| blobs.get(place)?.as_ref());
            let provider = providers.get(usize::from(handle.provider)).copied().unwrap_or(0);
            let why = match blob {
                Some(Ok(blob)) => {
                    self.record(handle, provider, blob);
                    continue;
                }
                Some(Err(error)) => error.as_str(),
                None => "it has no text",
            };
            // Its rows still match; only what is shown of it is missing.
            self.builder.unread("records of vulnerabilities", 1, &format!("`{}`: {why}", handle.name));
            self.record(handle, provider, unread);
        }
        Ok(())
    }

    fn record(&mut self, handle: &VulnerabilityHandle, provider: u16, (blob, details): &(VulnerabilityBlob, Vec<u8>)) {
        let status = match handle.status.trim().to_ascii_lowercase().as_str() {
            _ if handle.withdrawn => RecordStatus::Rejected,
            "" | "active" => RecordStatus::Active,
            "analyzing" => RecordStatus::Analyzing,
            "rejected" => RecordStatus::Rejected,
            "disputed" => RecordStatus::Disputed,
            other => {
                self.builder.unread("states of vulnerabilities", 1, &format!("`{other}` of `{}`", handle.name));
                RecordStatus::Active
            }
        };
        self.builder.unread("severities", blob.bad_severities, &handle.name);
        self.builder.unread("CVSS vectors", blob.bad_vectors, &handle.name);
        let record = self.builder.vulnerability(&NewVulnerability {
            name: &handle.name,
            provider,
            status,
            severity: blob.severity,
            aliases: &blob.aliases,
            published: handle.published,
            modified: handle.modified,
            details,
        });
        if !blob.id.is_empty() && !blob.id.eq_ignore_ascii_case(&handle.name) {
            let id = self.builder.id(&blob.id);
            self.builder.more_ids(record, [id]);
        }
        self.numbers.insert(handle.id, record);
    }

    /// Rows of all four handle tables.
    fn rows(&mut self) -> Result<(), GrypeError> {
        let subjects = Subjects::read(&self.connection, &mut self.builder)?;
        let mut loaded = Vec::new();
        for (table, subject, since, by_cpe, unaffected) in HANDLE_TABLES {
            match tables::handles(&self.connection, table, subject)? {
                Some(handles) => loaded.push((handles, by_cpe, unaffected)),
                None if since == [6, 0, 0] => return Err(GrypeError::Missing(format!("table `{table}`"))),
                None if self.metadata.version >= since => self.missing(table),
                None => {}
            }
        }
        let mut ids: Vec<i64> =
            loaded.iter().flat_map(|(handles, ..)| handles.iter().filter_map(|handle| handle.blob)).collect();
        ids.sort_unstable();
        ids.dedup();
        let decode = |(): &mut (), bytes: &[u8]| json::package(bytes).map_err(|error| error.to_string());
        let mut statements = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            statements.extend(self.statements(decode_all(self.path, batch, || (), decode)?));
        }
        let keys = Keys::default();
        let mut placing = Placing { subjects: &subjects, ids: &ids, statements: &statements, keys };
        for (handles, by_cpe, unaffected) in &loaded {
            for handle in handles {
                let placed = if *by_cpe {
                    self.place_cpe(&placing, handle, *unaffected)
                } else {
                    self.place_package(&mut placing, handle, *unaffected)
                };
                if let Err(why) = placed {
                    let record = self.numbers.get(&handle.vulnerability);
                    let name = record.map_or("an unknown record", |record| self.builder.name_of(*record)).to_owned();
                    self.builder.unread("rows about packages", 1, &format!("one of `{name}`: {why}"));
                }
            }
        }
        Ok(())
    }

    /// Statement numbers by place of their blob.
    fn statements(&mut self, blobs: Vec<Option<Result<(StatementData, u64), String>>>) -> Vec<Result<u32, String>> {
        blobs
            .into_iter()
            .map(|blob| {
                let (data, odd) = blob.unwrap_or_else(|| Err("its text is missing".to_owned()))?;
                let first = data.ranges.first().map(|range| range.constraint.clone()).unwrap_or_default();
                self.builder.unread("fixes of rows", odd, &first);
                Ok(self.builder.statement(&data))
            })
            .collect()
    }

    fn place_package(&mut self, placing: &mut Placing<'_>, handle: &Handle, unaffected: bool) -> Result<(), String> {
        let (vulnerability, statement) = self.parts(placing, handle)?;
        let package = handle.subject.ok_or("a row names no package")?;
        let (ecosystem, name) = placing.subjects.packages.get(&package).ok_or("a row's package is missing")?;
        let key = if let Some(&key) = placing.keys.get(&(handle.os, package)) {
            key
        } else {
            let scope = match handle.os {
                Some(os) => *placing.subjects.releases.get(&os).ok_or("a row's operating system is missing")?,
                None => *ecosystem,
            };
            self.builder.release_has(scope, *ecosystem);
            let key = self.builder.key(scope, name);
            placing.keys.insert((handle.os, package), key);
            key
        };
        self.builder.row(key, vulnerability, statement, unaffected);
        if handle.os.is_none() {
            for cpe in placing.subjects.package_cpes.get(&package).into_iter().flatten() {
                if let Some((cpe, key)) = placing.subjects.cpes.get(cpe) {
                    self.builder.cpe_copy(*key, *cpe, vulnerability, statement, unaffected);
                }
            }
        }
        Ok(())
    }

    fn place_cpe(&mut self, placing: &Placing<'_>, handle: &Handle, unaffected: bool) -> Result<(), String> {
        let (vulnerability, statement) = self.parts(placing, handle)?;
        let cpe = handle.subject.and_then(|cpe| placing.subjects.cpes.get(&cpe));
        let (cpe, key) = cpe.ok_or("a row's CPE is missing")?;
        self.builder.cpe_row(*key, *cpe, vulnerability, statement, unaffected);
        Ok(())
    }

    fn parts(&self, placing: &Placing<'_>, handle: &Handle) -> Result<(u32, u32), String> {
        let vulnerability = *self.numbers.get(&handle.vulnerability).ok_or("a row's vulnerability is missing")?;
        let place = handle.blob.and_then(|blob| placing.ids.binary_search(&blob).ok());
        let statement = place.and_then(|place| placing.statements.get(place)).ok_or("a row has no text")?;
        Ok((vulnerability, statement.clone()?))
    }

    /// The alias table, beyond what the records say themselves.
    fn aliases_of_records(&mut self) -> Result<(), GrypeError> {
        let mut aliases: HashMap<u32, Vec<u32>> = HashMap::new();
        let builder = &mut self.builder;
        let there = scan(&self.connection, "vulnerability_aliases", &["name", "alias"], &[], |row| {
            let (name, alias) = (builder.id(text(row, 0)), builder.id(text(row, 1)));
            aliases.entry(name).or_default().push(alias);
            Ok(())
        })?;
        if !there && self.metadata.version >= [6, 1, 8] {
            self.missing("vulnerability_aliases");
        }
        self.builder.add_aliases(&aliases);
        Ok(())
    }

    /// Exploited, predicted, weaknesses; the answer is the date of the predictions.
    fn side_tables(&mut self) -> Result<String, GrypeError> {
        let mut kev_ids: Vec<(i64, String)> = Vec::new();
        let kev = scan(&self.connection, "known_exploited_vulnerability_handles", &["cve", "blob_id"], &[], |row| {
            kev_ids.push((number(row, 1).unwrap_or(-1), text(row, 0).to_owned()));
            Ok(())
        })?;
        kev_ids.sort();
        let mut ids: Vec<i64> = kev_ids.iter().map(|(id, _)| *id).collect();
        ids.dedup();
        let blobs =
            decode_all(self.path, &ids, || (), |(), bytes| json::kev(bytes).map_err(|error| error.to_string()))?;
        for (id, cve) in kev_ids {
            let blob = ids.binary_search(&id).ok().and_then(|place| blobs.get(place)?.as_ref());
            if let Some(Ok(kev)) = blob {
                self.builder.kev(&stopgate_model::Kev { cve, ..kev.clone() });
            } else {
                // That it is exploited is known all the same.
                self.builder.unread("known exploited vulnerabilities", 1, &cve);
                self.builder.kev(&stopgate_model::Kev { cve, ..stopgate_model::Kev::default() });
            }
        }
        let builder = &mut self.builder;
        let epss = scan(&self.connection, "epss_handles", &["cve", "epss", "percentile"], &[], |row| {
            builder.epss(text(row, 0), row.get(1)?, row.get(2)?);
            Ok(())
        })?;
        let cwes = scan(&self.connection, "cwe_handles", &["cve", "cwe"], &[], |row| {
            builder.cwe(text(row, 0), text(row, 1));
            Ok(())
        })?;
        let mut date = String::new();
        scan(&self.connection, "epss_metadata", &["date"], &[], |row| {
            date = text(row, 0).chars().take(10).collect();
            Ok(())
        })?;
        let tables = [
            (kev, "known_exploited_vulnerability_handles", [6, 0, 1]),
            (epss, "epss_handles", [6, 0, 2]),
            (cwes, "cwe_handles", [6, 1, 2]),
        ];
        for (there, table, since) in tables {
            if !there && self.metadata.version >= since {
                self.missing(table);
            }
        }
        Ok(date)
    }
}

/// Keys by operating system and package.
type Keys = HashMap<(Option<i64>, i64), u32>;

struct Placing<'r> {
    subjects: &'r Subjects,
    /// Blob ids, sorted.
    ids: &'r [i64],
    statements: &'r [Result<u32, String>],
    keys: Keys,
}

/// What rows are about.
struct Subjects {
    /// Scope of the ecosystem and name, by id.
    packages: HashMap<i64, (u32, String)>,
    /// Scopes by id.
    releases: HashMap<i64, u32>,
    /// CPE number and key of its product, by id.
    cpes: HashMap<i64, (u32, u32)>,
    /// CPEs of packages.
    package_cpes: HashMap<i64, Vec<i64>>,
}

impl Subjects {
    fn read(connection: &Connection, builder: &mut Builder) -> Result<Self, GrypeError> {
        let mut releases = HashMap::new();
        for (id, release) in tables::operating_systems(connection)? {
            releases.insert(id, builder.scope(Scope::new(ScopeKind::Os(release))));
        }
        let mut ecosystems: HashMap<String, u32> = HashMap::new();
        let mut packages = HashMap::new();
        let there = scan(connection, "packages", &["id", "ecosystem", "name"], &[], |row| {
            let ecosystem = text(row, 1);
            let folded = ecosystem.to_ascii_lowercase();
            let scope = *ecosystems
                .entry(folded)
                .or_insert_with(|| builder.scope(Scope::new(ScopeKind::Ecosystem(ecosystem.to_owned()))));
            packages.insert(number(row, 0).unwrap_or(0), (scope, text(row, 2).to_owned()));
            Ok(())
        })?;
        if !there {
            return Err(GrypeError::Missing("table `packages`".into()));
        }
        let mut cpes = HashMap::new();
        let required = ["id", "part", "vendor", "product"];
        let optional = ["edition", "language", "software_edition", "target_hardware", "target_software", "other"];
        let there = scan(connection, "cpes", &required, &optional, |row| {
            let attributes = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(|column| text(row, column));
            cpes.insert(number(row, 0).unwrap_or(0), builder.cpe(attributes));
            Ok(())
        })?;
        if !there {
            return Err(GrypeError::Missing("table `cpes`".into()));
        }
        let mut package_cpes: HashMap<i64, Vec<i64>> = HashMap::new();
        scan(connection, "package_cpes", &["cpe_id", "package_id"], &[], |row| {
            if let Some((cpe, package)) = number(row, 0).zip(number(row, 1)) {
                package_cpes.entry(package).or_default().push(cpe);
            }
            Ok(())
        })?;
        Ok(Self { packages, releases, cpes, package_cpes })
    }
}
