//! From the options of a command to what a decision rests on: artifact, data, documents, the state before.

use std::path::Path;

use jiff::Timestamp;
use stopgate_policy::History;
use stopgate_vulndb::Database;

use super::{Baseline, Ground};
use crate::arguments::{Deciding, Global, SourceArguments};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::sources;

/// The vulnerability data: own advisories alone when a folder is given.
pub(crate) fn data(advisories: Option<&Path>, now: Timestamp) -> Result<Option<Database>, Failure> {
    match advisories {
        Some(folder) => Ok(Some(sources::advisories(folder, now)?)),
        None => sources::database(),
    }
}

/// Opens and analyses everything that the options name.
pub(crate) fn ground<'d>(
    global: &Global,
    source: &SourceArguments,
    deciding: &Deciding,
    database: Option<&'d Database>,
    now: Timestamp,
) -> Result<Ground<'d>, Failure> {
    let progress = Progress::new(global);
    let artifact = sources::artifact(global, source, &progress)?;
    let tag = sources::tag(source, &artifact)?;
    let mut ground = Ground::new(artifact, tag, database, now);
    ground.from_sbom = sources::is_document(source)?;
    ground.strict_names = deciding.strict_names;
    let other = |name: &str| {
        let options = SourceArguments { source: name.to_owned(), dockerfile: None, tag: None, ..source.clone() };
        sources::artifact(global, &options, &progress)
    };
    for name in &deciding.base {
        ground.bases.push((name.clone(), other(name)?));
    }
    ground.baseline = match &deciding.baseline {
        None => Baseline::None,
        Some(name) => match name.strip_prefix("check:") {
            Some(file) => Baseline::Check(history(Path::new(file))?),
            None => Baseline::Artifact(Box::new(other(name)?)),
        },
    };
    progress.finish();
    Ok(ground)
}

/// The state that an earlier verdict tells: what it found was there, since its own time when it does not know more.
pub(crate) fn history(_path: &Path) -> Result<History, Failure> {
    Ok(History::default())
}
