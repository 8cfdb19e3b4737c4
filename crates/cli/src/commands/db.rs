//! `stopgate db`: where vulnerability data comes from, and which is in use.

use std::path::{Path, PathBuf};

use serde_json::json;
use stopgate_model::DataIdentity;
use stopgate_vulndb::{ImportOptions, ImportSource};

use crate::arguments::{Db, Global};
use crate::failure::{self, Failure};
use crate::output::to_stdout;
use crate::places::Cache;
use crate::progress::Progress;
use crate::{clock, download, sources};

pub(crate) fn run(global: &Global, command: &Db) -> Result<u8, Failure> {
    let store = Cache::find()?.data();
    let progress = Progress::new(global);
    match command {
        Db::Import { from, force } => {
            progress.step(&format!("importing {}", download::shown(from)));
            let identity = import(global, from, *force, &store)?;
            progress.finish();
            say(global, &format!("imported data built {}", identity.built));
        }
        Db::Update { url, force } => {
            progress.step(&format!("asking {}", download::shown(url)));
            let done = update(global, url, *force, &store)?;
            progress.finish();
            say(global, &done);
        }
        Db::Build { from, as_of } => {
            progress.step("building");
            let built = clock::now(as_of.as_deref())?;
            let documents = sources::osv_documents(from)?;
            let origin = from.display().to_string();
            let identity = stopgate_vulndb::build(documents.into_iter(), &store, &built.to_string(), &origin)
                .map_err(|error| Failure::of(&error))?;
            progress.finish();
            say(global, &format!("built data of {} vulnerabilities", vulnerabilities(&identity)));
        }
        Db::Status { output } => return status(output),
    }
    Ok(0)
}

fn vulnerabilities(identity: &DataIdentity) -> u64 {
    identity.providers.iter().map(|provider| provider.vulnerabilities).sum()
}

fn import(global: &Global, from: &str, force: bool, store: &Path) -> Result<DataIdentity, Failure> {
    if from.starts_with("http://") || from.starts_with("https://") {
        return fetch(global, from, force, store);
    }
    let path = PathBuf::from(from);
    let is_listing = path.is_dir() || path.extension().is_some_and(|extension| extension == "json");
    let source = if is_listing { ImportSource::Listing(path) } else { ImportSource::File(path) };
    let options = ImportOptions { force, ..ImportOptions::default() };
    stopgate_vulndb::import(&source, store, &options).map_err(|error| refused(&error))
}

/// Imports from an address: a listing (`….json`) or an archive.
fn fetch(global: &Global, url: &str, force: bool, store: &Path) -> Result<DataIdentity, Failure> {
    let archive = if is_listing(url) {
        download::listing(global, url)?
    } else {
        download::Archive { url: url.to_owned(), checksum: None, built: None }
    };
    let file = download::archive(global, &archive, store)?;
    let options =
        ImportOptions { force, origin: download::without_credentials(&archive.url), checksum: archive.checksum };
    stopgate_vulndb::import(&ImportSource::File(file.path().to_owned()), store, &options)
        .map_err(|error| refused(&error))
}

/// Whether an address is a listing rather than an archive.
fn is_listing(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn update(global: &Global, url: &str, force: bool, store: &Path) -> Result<String, Failure> {
    let listing = download::listing(global, url)?;
    if let (Some(current), Some(offered), false) = (sources::database()?, &listing.built, force) {
        let ours = &current.identity().built;
        if let (Ok(ours), Ok(offered)) = (ours.parse::<jiff::Timestamp>(), offered.parse::<jiff::Timestamp>())
            && ours >= offered
        {
            return Ok(format!("data built {ours} is the newest there is"));
        }
    }
    let identity = fetch(global, url, force, store)?;
    Ok(format!("imported data built {}", identity.built))
}

fn refused(error: &stopgate_vulndb::ImportError) -> Failure {
    Failure::of(error)
}

fn status(output: &str) -> Result<u8, Failure> {
    let database = sources::database()?.ok_or_else(sources::no_data)?;
    let identity = database.identity();
    match output {
        "json" => to_stdout(|out| writeln!(out, "{}", json_status(identity)))?,
        "text" => to_stdout(|out| text_status(identity, out))?,
        other => return Err(Failure::new(format!("there is no output format `{other}`: expected one of text, json"))),
    }
    Ok(0)
}

fn json_status(identity: &DataIdentity) -> serde_json::Value {
    let providers: Vec<_> = identity
        .providers
        .iter()
        .map(|row| {
            json!({"provider": row.provider, "captured": row.captured, "vulnerabilities": row.vulnerabilities,
                   "affected": row.affected, "unaffected": row.unaffected})
        })
        .collect();
    json!({"built": identity.built, "digest": identity.digest.to_string(), "schema": identity.schema,
           "origin": identity.origin, "providers": providers})
}

fn text_status(identity: &DataIdentity, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    writeln!(out, "Built:   {}", identity.built)?;
    writeln!(out, "Schema:  {}", identity.schema)?;
    writeln!(out, "Digest:  {}", identity.digest)?;
    writeln!(out, "Origin:  {}", identity.origin)?;
    writeln!(out, "\n{:24} {:>15} {:>10} {:>10}  CAPTURED", "PROVIDER", "VULNERABILITIES", "AFFECTED", "UNAFFECTED")?;
    for row in &identity.providers {
        let (name, captured) = (&row.provider, &row.captured);
        writeln!(out, "{name:24} {:>15} {:>10} {:>10}  {captured}", row.vulnerabilities, row.affected, row.unaffected)?;
    }
    Ok(())
}

fn say(global: &Global, text: &str) {
    if !global.quiet {
        failure::say(&failure::printable(text));
    }
}
