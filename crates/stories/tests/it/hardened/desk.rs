//! The program and what was known before: what decides beside the image and the policy.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use stopgate_testkit::Stopgate;
use stopgate_testkit::hardened::{Hardened, Written};

use super::properties::{Past, Row};

/// The image was evaluated for the first time on the day after it was built, and is looked at on the next.
const BEFORE: &str = "2026-03-02T12:00:00Z";
pub(crate) const NOW: &str = "2026-03-03T12:00:00Z";

/// What a site says of itself: only what a pack leaves empty, or what names its own distribution.
pub(crate) fn site(base_digest: &str) -> [(&'static str, &str); 14] {
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

/// The program with what all evaluations share.
pub(crate) struct Desk {
    pub(crate) stopgate: Stopgate,
    /// There is one place for built data.
    data: Mutex<()>,
}

impl Desk {
    pub(crate) fn new() -> Result<Self> {
        let desk = Self { stopgate: Stopgate::new()?, data: Mutex::default() };
        std::fs::create_dir(desk.folder("first"))?;
        Hardened::default().write(&desk.folder("first"))?;
        desk.remember(Subject::image("first"), BEFORE, "before.json", None)?;
        Ok(desk)
    }

    /// Waits until nobody else decides with built data.
    pub(crate) fn turn(&self, past: Past) -> Option<MutexGuard<'_, ()>> {
        matches!(past, Past::DataOf(_)).then(|| self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.stopgate.home().join(name)
    }

    /// Keeps the verdict of a day for the days after.
    fn remember(&self, subject: Subject<'_>, day: &str, file: &str, baseline: Option<&str>) -> Result<()> {
        let before = baseline.map_or_else(String::new, |before| format!(" --baseline check:{before}"));
        let Subject { folder, name } = subject;
        let words = format!("check {folder}/{name} --as-of {day} -q -o json={file} --advisories {folder}/osv{before}");
        let run = self.stopgate.run(words.split(' '))?;
        ensure!(self.folder(file).is_file(), "{}", run.stderr);
        Ok(())
    }

    /// What is known beside an artifact, as flags.
    pub(crate) fn past(&self, subject: Subject<'_>, past: Past) -> Result<String> {
        let folder = subject.folder;
        let advisories = format!("--advisories {folder}/osv");
        let own = format!("{folder}/before.json");
        Ok(match past {
            Past::DayBefore => format!("{advisories} --baseline check:before.json"),
            Past::Evaluated(day) => {
                self.remember(subject, day, &own, None)?;
                format!("{advisories} --baseline check:{own}")
            }
            Past::Known(day) => {
                let first = format!("{folder}/first.json");
                self.remember(subject, day, &first, None)?;
                self.remember(subject, BEFORE, &own, Some(&first))?;
                format!("{advisories} --baseline check:{own}")
            }
            Past::DataOf(day) => {
                let words = format!("db build {folder}/osv --as-of {day} -q");
                let run = self.stopgate.run(words.split(' '))?;
                ensure!(run.code == 0, "{}", run.stderr);
                "--baseline check:before.json".to_owned()
            }
            Past::Image => format!("{advisories} --baseline first/image.tar"),
        })
    }

    /// The words after `check` or `evidence`, without the pack's own.
    pub(crate) fn given(&self, folder: &str, row: &Row) -> Result<Given> {
        let mut image = Hardened::default();
        (row.breaks)(&mut image);
        std::fs::create_dir(self.folder(folder))?;
        let Written { base_digest, flags } = image.write(&self.folder(folder))?;
        let past = self.past(Subject::image(folder), row.past)?;
        let flags: Vec<String> = flags.iter().map(|(flag, name)| format!("{flag} {folder}/{name}")).collect();
        let words = format!(
            "{folder}/image.tar --base {folder}/base.tar --as-of {NOW} --content-search DEBUG=debug=1 {past} {}",
            flags.join(" "),
        );
        Ok(Given { folder: folder.to_owned(), words, base_digest, site: row.site })
    }
}

/// What is looked at: a name in a folder, with its advisories beside it.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) folder: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Subject<'a> {
    const fn image(folder: &'a str) -> Self {
        Self { folder, name: "image.tar" }
    }
}

/// An image with its documents.
pub(crate) struct Given {
    pub(crate) folder: String,
    pub(crate) words: String,
    pub(crate) base_digest: String,
    /// What the site says otherwise.
    pub(crate) site: &'static [(&'static str, &'static str)],
}
