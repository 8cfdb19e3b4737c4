//! Own advisories in OSV form, compiled like any other data.

mod advisory;
mod constraint;
mod defaults;

use std::path::Path;

use sha2::{Digest as _, Sha256};
use stopgate_formats::osv::Advisory;
use stopgate_model::{DataIdentity, Digest};

use crate::build::{BuildIdentity, Builder, Built};
use crate::database::Database;
use crate::import::{ImportError, install, lock};

/// One OSV document: its name for messages, and its bytes.
pub type OsvDocument = (String, Vec<u8>);

/// Compiles OSV documents into the store and makes them current. `built` is RFC 3339.
///
/// A document that cannot be read is an error: who writes advisories wants to know. The result depends on the
/// documents' contents alone, not on their order or names.
pub fn build(
    documents: impl Iterator<Item = OsvDocument>,
    store: &Path,
    built: &str,
    origin: &str,
) -> Result<DataIdentity, ImportError> {
    let compiled = compile(documents, built, origin)?;
    install(&compiled, &lock(store)?)?;
    Ok(compiled.identity)
}

impl Database {
    /// Compiles OSV documents in memory, without a store. `built` is RFC 3339.
    pub fn from_osv(
        documents: impl Iterator<Item = OsvDocument>,
        built: &str,
        origin: &str,
    ) -> Result<Self, ImportError> {
        let compiled = compile(documents, built, origin)?;
        Ok(Self::from_bytes(compiled.index, compiled.details)?)
    }
}

fn compile(documents: impl Iterator<Item = OsvDocument>, built: &str, origin: &str) -> Result<Built, ImportError> {
    let time: jiff::Timestamp = built.parse().map_err(|_| ImportError::Time(built.to_owned()))?;
    let mut read = Vec::new();
    for (name, bytes) in documents {
        let advisory = Advisory::read(&bytes).map_err(|source| ImportError::Advisory { name: name.clone(), source })?;
        read.push((<[u8; 32]>::from(Sha256::digest(&bytes)), name, advisory));
    }
    read.sort_by(|(a_hash, _, a), (b_hash, _, b)| a.id.cmp(&b.id).then(a_hash.cmp(b_hash)));
    // The same document twice says nothing new.
    read.dedup_by(|(a, ..), (b, ..)| a == b);
    let mut hash = Sha256::new();
    let mut builder = Builder::default();
    let mut epss_date = String::new();
    for (document, name, advisory) in &read {
        hash.update(document);
        advisory::add(&mut builder, advisory)
            .map_err(|what| ImportError::AdvisoryValue { name: name.clone(), what })?;
        if let Some(epss) = &advisory.own.epss {
            epss_date = epss_date.max(epss.date.clone());
        }
    }
    let aliases = defaults::aliases(&builder);
    let identity = DataIdentity {
        built: time.to_string(),
        digest: Digest::sha256(&hash.finalize().into()),
        schema: "osv".to_owned(),
        origin: origin.to_owned(),
        providers: Vec::new(),
    };
    let about = BuildIdentity { identity, epss_date, aliases, dictionary: Vec::new() };
    builder.finish(about).map_err(|_| ImportError::Database(crate::GrypeError::TooLarge))
}
