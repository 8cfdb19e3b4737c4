//! Documents that others wrote about the artifact: VEX, malware scans, STIG evaluations, attestations.

use std::path::{Path, PathBuf};

use stopgate_formats::{FormatError, check_json, dsse, hdf, malware, trust};
use stopgate_model::{Artifact, VexStatement, limits};
use stopgate_policy::History;

use crate::arguments::{DocumentArguments, Global};
use crate::clamd::Clamd;
use crate::failure::Failure;
use crate::sources;

/// Reads VEX documents, in the order in which they were given.
pub(crate) fn vex(paths: &[PathBuf]) -> Result<Vec<VexStatement>, Failure> {
    each(paths, stopgate_formats::vex::read)
}

/// Puts what the documents say to the artifact. What its own analysis document says already stays.
pub(crate) fn add(artifact: &mut Artifact, options: &DocumentArguments) -> Result<(), Failure> {
    let scans: Vec<PathBuf> =
        options.malware.iter().filter(|name| !name.starts_with(SCAN_NOW)).map(PathBuf::from).collect();
    let documents = &mut artifact.documents;
    if !scans.is_empty() {
        documents.malware.get_or_insert_default().extend(each(&scans, malware::read)?);
    }
    if !options.stig.is_empty() {
        documents.stig.get_or_insert_default().extend(each(&options.stig, |bytes, _| hdf::read(bytes))?);
    }
    if !options.attestation.is_empty() {
        let keys = trusted(&options.trust)?;
        let read = |bytes: &[u8], name: &str| dsse::read(bytes, name, &keys);
        documents.attestations.get_or_insert_default().extend(each(&options.attestation, read)?);
    }
    Ok(())
}

/// `--malware clamd:SOCKET` scans instead of reading a result.
const SCAN_NOW: &str = "clamd:";

/// The scanner that is to look at the artifact now.
pub(crate) fn clamd(options: &DocumentArguments, global: &Global) -> Result<Option<Clamd>, Failure> {
    let mut named = options.malware.iter().filter(|name| name.starts_with(SCAN_NOW));
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(name), None) => Clamd::named(name, global.offline).map(Some),
        (Some(_), Some(second)) => Err(Failure::new(format!("`--malware {second}` is a second scanner: expected one"))),
    }
}

fn trusted(paths: &[PathBuf]) -> Result<trust::Trust, Failure> {
    let mut all = trust::Trust::default();
    for path in paths {
        let (bytes, name) = (sources::read_file(path, limits::CONFIG_BYTES)?, path.display().to_string());
        all.extend(trust::Trust::read(&bytes, &name).map_err(|error| unreadable(path, &error))?);
    }
    Ok(all)
}

fn each<T>(paths: &[PathBuf], read: impl Fn(&[u8], &str) -> Result<Vec<T>, FormatError>) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let bytes = sources::read_file(path, limits::SBOM_BYTES)?;
        all.extend(read(&bytes, &path.display().to_string()).map_err(|error| unreadable(path, &error))?);
    }
    Ok(all)
}

fn unreadable(path: &Path, error: &FormatError) -> Failure {
    Failure::new(format!("cannot read `{}`: {error}", path.display()))
}

/// The state that an earlier verdict tells: what it found was there, since its own time when it does not know more.
pub(crate) fn history(path: &Path) -> Result<History, Failure> {
    let bytes = sources::read_file(path, limits::SBOM_BYTES)?;
    let told = check_json::read_history(&bytes).map_err(|error| unreadable(path, &error))?;
    let since = |text: Option<&String>| text.unwrap_or(&told.evaluated_at).parse().ok();
    let Some(matches) = &told.matches else {
        return Err(Failure::new(format!("`{}` was made without vulnerability data", path.display()))
            .help("take a verdict that was, else every match would count as new"));
    };
    Ok(History {
        evaluated_at: told.evaluated_at.parse().ok(),
        in_repository: None,
        findings: told.findings.iter().map(|(id, first_seen)| (id.clone(), since(first_seen.as_ref()))).collect(),
        first_seen: matches
            .iter()
            .map(|seen| ((seen.vulnerability.clone(), seen.purl.clone()), since(seen.first_seen.as_ref())))
            .collect(),
    })
}
