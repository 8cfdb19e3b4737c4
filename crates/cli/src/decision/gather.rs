//! From the options of a command to what a decision rests on: artifact, data, documents, the state before.

use std::path::Path;

use jiff::Timestamp;
use stopgate_analyzer::{ContentSearch, MalwareScanner};
use stopgate_policy::{Need, Policy};
use stopgate_vulndb::Database;

use super::{Baseline, Ground, Loaded, documents};
use crate::arguments::{Deciding, Global, SourceArguments};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::sources::{self, Demands};

/// The vulnerability data: own advisories alone when a folder is given.
pub(crate) fn data(advisories: Option<&Path>, now: Timestamp) -> Result<Option<Database>, Failure> {
    match advisories {
        Some(folder) => Ok(Some(sources::advisories(folder, now)?)),
        None => sources::database(),
    }
}

/// Opens and analyses everything that the options name. The analysis collects what the policy's rules read.
pub(crate) fn ground<'d>(
    global: &Global,
    source: &SourceArguments,
    deciding: &Deciding,
    loaded: &Loaded,
    database: Option<&'d Database>,
    now: Timestamp,
) -> Result<Ground<'d>, Failure> {
    let progress = Progress::new(global);
    let search = content_search(deciding)?;
    let demands = || Demands {
        retrieve: retrieved(&loaded.policy),
        verify: loaded.policy.needs().contains(&Need::PackageDigests),
        content_search: search.clone(),
        scanner: None,
    };
    let clamd = documents::clamd(&deciding.documents, global)?;
    let scanner = clamd.as_ref().map(|clamd| clamd as &dyn MalwareScanner);
    let mut artifact = sources::demanded(global, source, &progress, Demands { scanner, ..demands() })?;
    for scan in artifact.documents.malware.iter_mut().flatten().filter(|_| scanner.is_some()) {
        scan.scanned_at = now.to_string();
    }
    documents::add(&mut artifact, &deciding.documents)?;
    let tag = sources::tag(source, &artifact)?;
    let mut ground = Ground::new(artifact, tag, database, now);
    ground.from_sbom = sources::is_document(source)?;
    ground.strict_names = deciding.strict_names;
    ground.vex = documents::vex(&deciding.documents.vex)?;
    let other = |name: &str| {
        let options = SourceArguments { source: name.to_owned(), dockerfile: None, tag: None, ..source.clone() };
        sources::demanded(global, &options, &progress, demands())
    };
    for name in &deciding.base {
        ground.bases.push((name.clone(), other(name)?));
    }
    ground.baseline = match &deciding.baseline {
        None => Baseline::None,
        Some(name) => match name.strip_prefix("check:") {
            Some(file) => Baseline::Check(documents::history(Path::new(file))?),
            None => Baseline::Artifact(Box::new(other(name)?)),
        },
    };
    progress.finish();
    Ok(ground)
}

/// Paths of the files whose content the policy's rules read.
fn retrieved(policy: &Policy) -> Vec<String> {
    let paths = policy.needs().into_iter().filter_map(|need| match need {
        Need::RetrievedFile(path) => Some(path),
        _ => None,
    });
    paths.collect()
}

fn content_search(deciding: &Deciding) -> Result<Option<ContentSearch>, Failure> {
    match deciding.content_search.as_slice() {
        [] => Ok(None),
        entries => ContentSearch::new(entries).map(Some).map_err(|error| Failure::of(&error)),
    }
}
