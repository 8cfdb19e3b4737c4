//! The program, the site, and what was known before: everything that decides beside the image.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};
use stopgate_testkit::Stopgate;
use stopgate_testkit::hardened::{Hardened, Written};

use super::properties::{Past, Row};
use super::{PACKS, controls, text};

/// The image was evaluated for the first time on the day after it was built, and is looked at on the next.
const BEFORE: &str = "2026-03-02T12:00:00Z";
const NOW: &str = "2026-03-03T12:00:00Z";

/// What a site says of itself: only what a pack leaves empty, or what names its own distribution.
fn site(base_digest: &str) -> [(&'static str, &str); 14] {
    [
        ("allowed_distros", "debian"),
        ("allowed_licenses", "MIT,Apache-2.0"),
        ("allowed_ports", "8080"),
        ("approved_base_digests", base_digest),
        ("approved_base_pattern", r"^(?:scratch|registry1\.dso\.mil/ironbank/\S+|\$\{BASE_REGISTRY\}/\S+)(?:\s.*)?$"),
        ("approved_base_tags", "registry1.dso.mil/ironbank/*"),
        ("content_search", "DEBUG"),
        ("denied_packages", "left-pad"),
        ("directive_clock", "bod-26-04"),
        ("directive_vulnerabilities", "CVE-2021-44228"),
        ("exposed", "no"),
        ("min_build_level", "2"),
        ("trusted_base_signers", "vendor"),
        ("trusted_signers", "release"),
    ]
}

/// State of each control.
pub(super) type States = BTreeMap<String, String>;

/// The program with what all evaluations share.
pub(super) struct Desk {
    pub(super) stopgate: Stopgate,
    /// Parameters of each pack, with their defaults.
    parameters: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// There is one place for built data.
    data: Mutex<()>,
}

impl Desk {
    pub(super) fn new() -> Result<Self> {
        let stopgate = Stopgate::new()?;
        let mut parameters = BTreeMap::new();
        for (_, pack) in PACKS {
            let shown = stopgate.run(["pack", "show", pack, "-o", "json"])?.json()?;
            let keys = shown["parameters"].as_array().context("parameters")?.iter();
            let known = keys.map(|key| (text(key, "key").to_owned(), text(key, "default").to_owned()));
            parameters.insert(pack, known.collect());
        }
        let desk = Self { stopgate, parameters, data: Mutex::default() };
        std::fs::create_dir(desk.folder("first"))?;
        Hardened::default().write(&desk.folder("first"))?;
        desk.remember("first", BEFORE, "before.json", None)?;
        Ok(desk)
    }

    /// Parameters that a pack leaves empty and that the site does not give.
    pub(super) fn empty(&self, pack: &str) -> Vec<&str> {
        let given = site("");
        let empty = self.parameters[pack].iter().filter(|(_, default)| default.is_empty());
        empty.map(|(key, _)| key.as_str()).filter(|key| given.iter().all(|(known, _)| known != key)).collect()
    }

    /// Waits until nobody else decides with built data.
    pub(super) fn turn(&self, row: &Row) -> Option<MutexGuard<'_, ()>> {
        matches!(row.past, Past::DataOf(_)).then(|| self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.stopgate.home().join(name)
    }

    /// Keeps the verdict of a day for the days after.
    fn remember(&self, folder: &str, day: &str, file: &str, baseline: Option<&str>) -> Result<()> {
        let before = baseline.map_or_else(String::new, |before| format!(" --baseline check:{before}"));
        let words =
            format!("check {folder}/image.tar --as-of {day} -q -o json={file} --advisories {folder}/osv{before}");
        let run = self.stopgate.run(words.split(' '))?;
        ensure!(self.folder(file).is_file(), "{}", run.stderr);
        Ok(())
    }

    /// What is known beside the image, as flags.
    fn past(&self, folder: &str, past: Past) -> Result<String> {
        let advisories = format!("--advisories {folder}/osv");
        let own = format!("{folder}/before.json");
        Ok(match past {
            Past::DayBefore => format!("{advisories} --baseline check:before.json"),
            Past::Evaluated(day) => {
                self.remember(folder, day, &own, None)?;
                format!("{advisories} --baseline check:{own}")
            }
            Past::Known(day) => {
                let first = format!("{folder}/first.json");
                self.remember(folder, day, &first, None)?;
                self.remember(folder, BEFORE, &own, Some(&first))?;
                format!("{advisories} --baseline check:{own}")
            }
            Past::DataOf(day) => {
                let words = format!("db build {folder}/osv --as-of {day} -q");
                let run = self.stopgate.run(words.split(' '))?;
                ensure!(run.code == 0, "{}", run.stderr);
                "--baseline check:before.json".to_owned()
            }
        })
    }

    /// The words after `check` or `evidence`, without the pack's own.
    pub(super) fn given(&self, folder: &str, row: &Row) -> Result<Given> {
        let mut image = Hardened::default();
        (row.breaks)(&mut image);
        std::fs::create_dir(self.folder(folder))?;
        let Written { base_digest, flags } = image.write(&self.folder(folder))?;
        let past = self.past(folder, row.past)?;
        let flags: Vec<String> = flags.iter().map(|(flag, name)| format!("{flag} {folder}/{name}")).collect();
        let words = format!(
            "{folder}/image.tar --base {folder}/base.tar --as-of {NOW} --content-search DEBUG=debug=1 {past} -q -o json {}",
            flags.join(" "),
        );
        Ok(Given { folder: folder.to_owned(), words, base_digest, site: row.site })
    }

    pub(super) fn states(&self, pack: &str, given: &Given) -> Result<States> {
        let report = self.evidence(pack, given)?;
        let state = |control: &Value| (text(control, "id").to_owned(), text(control, "state").to_owned());
        Ok(controls(&report)?.iter().map(state).collect())
    }

    pub(super) fn evidence(&self, pack: &str, given: &Given) -> Result<Value> {
        self.stopgate.run(self.words("evidence", pack, given)?.split(' '))?.json()
    }

    pub(super) fn words(&self, command: &str, pack: &str, given: &Given) -> Result<String> {
        let known = &self.parameters[pack];
        let site = site(&given.base_digest);
        let of_pack: Map<String, Value> = site
            .iter()
            .chain(given.site)
            .filter(|(key, _)| known.contains_key(*key))
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        let (folder, words) = (&given.folder, &given.words);
        std::fs::write(self.folder(&format!("{folder}/{pack}.json")), Value::from(of_pack).to_string())?;
        // Iron Bank wants the base by three arguments, the others want it pinned: no one line is both.
        let dockerfile = if pack == "dod-ironbank" { "Dockerfile.arguments" } else { "Dockerfile" };
        Ok(format!("{command} {words} --pack {pack} --params {folder}/{pack}.json --dockerfile {folder}/{dockerfile}"))
    }
}

/// An image with its documents.
pub(super) struct Given {
    folder: String,
    words: String,
    base_digest: String,
    site: &'static [(&'static str, &'static str)],
}
