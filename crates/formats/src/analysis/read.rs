//! Reads the document, compressed or not.

use std::borrow::Cow;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use stopgate_model::{Analyzer, Artifact, Digest, RetrievedFile, limits};

use super::documents::DocumentsRow;
use super::files::Tree;
use super::packages::{self, layer};
use super::parts::{ConfigHitRow, ConfigRow, DistroRow, DockerfileRow, GapRow, RelationshipRow, SbomRow, SearchRow};
use super::source::SourceRow;
use super::{FORMAT, SCHEMA};
use crate::FormatError;
use crate::error::bounded;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A value that the format does not have.
pub(super) struct Invalid(String);

pub(super) fn invalid(what: &str, value: &str) -> Invalid {
    Invalid(format!("`{}` is no {what} that is known", value.chars().take(100).collect::<String>()))
}

pub(super) fn digest(text: &str) -> Result<Digest, Invalid> {
    Digest::parse(text).map_err(|error| Invalid(error.to_string()))
}

pub(super) fn bytes(text: &str) -> Result<Vec<u8>, Invalid> {
    STANDARD.decode(text).map_err(|error| Invalid(format!("content is not base64: {error}")))
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    schema: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "schema")]
    _schema: String,
    analyzer: AnalyzerRow,
    config: Option<ConfigRow>,
    distro: Option<DistroRow>,
    dockerfile: Option<DockerfileRow>,
    documents: Option<DocumentsRow>,
    files: Option<Tree>,
    gaps: Vec<GapRow>,
    packages: Vec<packages::Row>,
    relationships: Vec<RelationshipRow>,
    retrieved: Option<Vec<RetrievedRow>>,
    config_secrets: Option<Vec<ConfigHitRow>>,
    content: Option<Vec<SearchRow>>,
    hidden_secrets: Option<Vec<SearchRow>>,
    secrets: Option<Vec<SearchRow>>,
    sbom: Option<SbomRow>,
    source: SourceRow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnalyzerRow {
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetrievedRow {
    content: String,
    layer: Option<String>,
    path: String,
}

/// Whether bytes begin as a compressed document does.
pub fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(&ZSTD_MAGIC)
}

/// Reads the whole artifact from JSON, compressed with zstd or plain.
pub fn read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    let plain = if is_compressed(bytes) { Cow::Owned(decompress(bytes)?) } else { Cow::Borrowed(bytes) };
    let text = bounded(FORMAT, &plain)?;
    let json = |source| FormatError::Json { format: FORMAT, source };
    let head: Head<'_> = serde_json::from_str(text).map_err(json)?;
    match head.schema.as_deref() {
        Some(SCHEMA) => {}
        Some(other) => return Err(FormatError::version(FORMAT, other, SCHEMA)),
        None => return Err(FormatError::Unknown { expected: SCHEMA }),
    }
    let document: Document = serde_json::from_str(text).map_err(json)?;
    document.artifact().map_err(|Invalid(reason)| FormatError::invalid(FORMAT, reason))
}

fn decompress(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
    let failed = |source| FormatError::Decompress { format: FORMAT, source };
    let mut decoder = zstd::Decoder::with_buffer(bytes).map_err(failed)?;
    decoder.window_log_max(limits::DECODER_WINDOW_BYTES.ilog2()).map_err(failed)?;
    let mut plain = Vec::new();
    decoder.take(limits::SBOM_BYTES + 1).read_to_end(&mut plain).map_err(failed)?;
    Ok(plain)
}

impl Document {
    fn artifact(self) -> Result<Artifact, Invalid> {
        if self.packages.len() as u64 > limits::SBOM_PACKAGES {
            return Err(Invalid(format!("it has more than {} packages", limits::SBOM_PACKAGES)));
        }
        Ok(Artifact {
            source: self.source.source()?,
            config: self.config.map(Into::into),
            distro: self.distro.map(Into::into),
            packages: all(self.packages, packages::Row::package)?,
            relationships: all(self.relationships, RelationshipRow::relationship)?,
            files: self.files.map(|tree| tree.0),
            dockerfile: self.dockerfile.map(DockerfileRow::dockerfile).transpose()?,
            secrets: self.secrets.map(|hits| all(hits, SearchRow::hit)).transpose()?,
            hidden_secrets: self.hidden_secrets.map(|hits| all(hits, SearchRow::hit)).transpose()?,
            config_secrets: self.config_secrets.map(|hits| all(hits, ConfigHitRow::hit)).transpose()?,
            content: self.content.map(|hits| all(hits, SearchRow::hit)).transpose()?,
            documents: self.documents.map(DocumentsRow::documents).transpose()?.unwrap_or_default(),
            retrieved: self.retrieved.map(|files| all(files, RetrievedRow::file)).transpose()?,
            gaps: all(self.gaps, GapRow::gap)?,
            analyzer: Analyzer { name: self.analyzer.name, version: self.analyzer.version },
            sbom: self.sbom.map(SbomRow::head).transpose()?,
        })
    }
}

pub(super) fn all<T, U>(rows: Vec<T>, each: impl Fn(T) -> Result<U, Invalid>) -> Result<Vec<U>, Invalid> {
    rows.into_iter().map(each).collect()
}

impl RetrievedRow {
    fn file(self) -> Result<RetrievedFile, Invalid> {
        Ok(RetrievedFile { path: self.path, layer: layer(self.layer.as_deref())?, content: bytes(&self.content)? })
    }
}
