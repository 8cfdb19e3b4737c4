//! What a scan says of the files of a tree: findings, and what was left out.

use stopgate_inspectors::MalwareScanner;
use stopgate_model::{Gap, GapCode, MalwareFinding, MalwareScan, SkippedFile, limits};

use super::Verdict;

/// Findings and omissions, as far as they are told.
#[derive(Debug, Default)]
pub(super) struct Told {
    findings: Vec<MalwareFinding>,
    skipped: Vec<SkippedFile>,
    skipped_count: u64,
    /// Findings beyond the limit.
    cut: u64,
}

impl Told {
    pub(super) fn add(&mut self, path: &str, verdict: &Verdict) {
        match verdict {
            Err(reason) => self.skip(path, reason),
            Ok(signatures) => {
                for signature in signatures {
                    if self.findings.len() as u64 >= limits::MALWARE_FILES {
                        self.cut += 1;
                        continue;
                    }
                    let (path, signature) = (path.to_owned(), signature.clone());
                    self.findings.push(MalwareFinding { path, signature });
                }
            }
        }
    }

    pub(super) fn skip(&mut self, path: &str, reason: &str) {
        self.skipped_count += 1;
        if (self.skipped.len() as u64) < limits::MALWARE_FILES {
            self.skipped.push(SkippedFile { path: path.to_owned(), reason: reason.to_owned() });
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.skipped_count += other.skipped_count - other.skipped.len() as u64;
        self.cut += other.cut;
        for SkippedFile { path, reason } in other.skipped {
            self.skip(&path, &reason);
        }
        for MalwareFinding { path, signature } in other.findings {
            self.add(&path, &Ok(vec![signature]));
        }
    }

    /// The document, and what is missing from it.
    pub(super) fn finish(mut self, scanner: &dyn MalwareScanner) -> (MalwareScan, Vec<Gap>) {
        let name = scanner.name().to_owned();
        self.findings.sort_unstable();
        self.findings.dedup();
        self.skipped.sort_unstable();
        let mut gaps = Vec::new();
        if self.skipped_count > 0 {
            let reason = self.skipped.first().map_or("", |file| file.reason.as_str());
            let message = format!("`{name}` did not scan {} files: {reason}", self.skipped_count);
            gaps.push(Gap { seen: Some(self.skipped_count), ..Gap::new(GapCode::MalwareFilesSkipped, message) });
        }
        if self.cut > 0 {
            let message = format!("`{name}` found more than is kept; {} findings were left out", self.cut);
            let limit = limits::MALWARE_FILES;
            gaps.push(Gap::new(GapCode::MalwareFilesSkipped, message).limited(limit, limit + self.cut));
        }
        let (findings, skipped, database) = (self.findings, self.skipped, scanner.database());
        (MalwareScan { scanner: name, findings, skipped, database, scanned_at: String::new() }, gaps)
    }
}
