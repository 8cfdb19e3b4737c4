//! The words of `-o`.

use super::failure::Failure;

/// How a command is to answer. A command that has no such answer gives its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// The body with keys in camel case.
    Json,
    /// The body as received.
    JsonRaw,
    /// The shape of older clients, which some readers still expect.
    JsonLegacy,
    /// Identifiers alone, one per line.
    Id,
    /// A row per finding.
    Csv,
    /// A kind of SBOM.
    Sbom(SbomFormat),
}

/// Kinds of SBOM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SbomFormat {
    /// Syft JSON.
    Syft,
    /// CycloneDX in JSON.
    CycloneDxJson,
    /// CycloneDX in XML.
    CycloneDxXml,
    /// SPDX in JSON.
    SpdxJson,
    /// SPDX as tags and values.
    SpdxTagValue,
    /// A table.
    Table,
}

const WORDS: [(&str, Format); 12] = [
    ("text", Format::Text),
    ("table", Format::Text),
    ("json", Format::Json),
    ("json-raw", Format::JsonRaw),
    ("json-legacy", Format::JsonLegacy),
    ("id", Format::Id),
    ("csv", Format::Csv),
    ("syft-json", Format::Sbom(SbomFormat::Syft)),
    ("cyclonedx-json", Format::Sbom(SbomFormat::CycloneDxJson)),
    ("cyclonedx-xml", Format::Sbom(SbomFormat::CycloneDxXml)),
    ("spdx-json", Format::Sbom(SbomFormat::SpdxJson)),
    ("spdx-tag-value", Format::Sbom(SbomFormat::SpdxTagValue)),
];

impl Format {
    /// Reads a word of `-o`.
    pub(super) fn parse(word: &str) -> Result<Self, Failure> {
        let known = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim()));
        known.map(|(_, format)| *format).ok_or_else(|| {
            let words: Vec<&str> = WORDS.iter().map(|(name, _)| *name).collect();
            Failure::new(format!("there is no output format `{word}`: expected one of {}", words.join(", ")))
        })
    }
}
