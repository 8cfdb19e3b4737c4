//! The one table of limits. Reaching one is a [`crate::Gap`] with its code, never silence.
//!
//! `stopgate limits` prints [`TABLE`]; the documentation is generated from it.

/// One limit: its name on the command line and in gaps, its value and unit, and what it bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Name in `snake_case`, stable.
    pub name: &'static str,
    /// Default value, in `unit`.
    pub value: u64,
    /// `bytes`, `entries`, `levels`, `layers` or `links`.
    pub unit: &'static str,
    /// What is bounded, one clause.
    pub bounds: &'static str,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident = $value:expr, $unit:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: u64 = $value;)+
        /// Every limit, in the order in which the way of the data meets it.
        pub const TABLE: &[Limit] = &[$(Limit {
            name: stringify!($name),
            value: $value,
            unit: $unit,
            bounds: concat!($($doc),+),
        }),+];
    };
}

limits! {
    /// Image manifest.
    MANIFEST_BYTES = 4 * MIB, "bytes";
    /// Image configuration.
    CONFIG_BYTES = 8 * MIB, "bytes";
    /// Nested image indexes.
    INDEX_DEPTH = 4, "levels";
    /// Members of one image index.
    INDEX_MEMBERS = 256, "entries";
    /// Layers of one image.
    LAYERS = 256, "layers";
    /// Compressed bytes of one image.
    IMAGE_COMPRESSED_BYTES = 16 * GIB, "bytes";
    /// Expanded bytes of one image.
    IMAGE_BYTES = 32 * GIB, "bytes";
    /// Expanded bytes of one layer.
    LAYER_BYTES = 16 * GIB, "bytes";
    /// Window that a decoder may ask for.
    DECODER_WINDOW_BYTES = 128 * MIB, "bytes";
    /// Entries of all layers of one image.
    IMAGE_ENTRIES = 4_000_000, "entries";
    /// Paths and link targets of all entries of one image together.
    IMAGE_PATH_BYTES = 256 * MIB, "bytes";
    /// Length of one path.
    PATH_BYTES = 4 * KIB, "bytes";
    /// Parts of one path.
    PATH_PARTS = 256, "entries";
    /// Symbolic links followed for one path.
    LINK_DEPTH = 100, "links";
    /// One PAX record.
    PAX_RECORD_BYTES = 64 * KIB, "bytes";
    /// All extended headers of one tar entry.
    TAR_HEADER_BYTES = MIB, "bytes";
    /// Archives inside archives.
    NESTING = 32, "levels";
    /// Bytes inflated from archives inside one file.
    NESTED_BYTES = 8 * GIB, "bytes";
    /// Entries of all archives inside one file.
    NESTED_ENTRIES = 500_000, "entries";
    /// One metadata file that a cataloger reads (lock file, package database).
    METADATA_BYTES = 256 * MIB, "bytes";
    /// Lines and list elements of one metadata file in text form.
    METADATA_ELEMENTS = 2_000_000, "entries";
    /// An executable whose sections are inspected.
    EXECUTABLE_BYTES = 512 * MIB, "bytes";
    /// A claimed file that is held in memory; larger ones go to an anonymous temporary file.
    MEMORY_FILE_BYTES = 16 * MIB, "bytes";
    /// What was found in the layers of one image, in its binary form.
    FACTS_BYTES = 256 * MIB, "bytes";
    /// CPEs of one artifact's packages, as text.
    CPE_BYTES = 256 * MIB, "bytes";
    /// Temporary files of one analysis together.
    SPOOL_BYTES = GIB, "bytes";
    /// A file in which secrets are searched.
    SECRET_FILE_BYTES = MIB, "bytes";
    /// A file in which a site's content searches look.
    CONTENT_FILE_BYTES = MIB, "bytes";
    /// Content searches of a site.
    CONTENT_SEARCHES = 1_000, "entries";
    /// A file whose content is kept for the policy (`/etc/passwd`).
    RETRIEVED_FILE_BYTES = 1000 * KIB, "bytes";
    /// Files whose content is kept for the policy.
    RETRIEVED_FILES = 1_000, "entries";
    /// Findings of one malware scan, and files that it left out, each.
    MALWARE_FILES = 100_000, "entries";
    /// Packages of one SBOM.
    SBOM_PACKAGES = 500_000, "entries";
    /// An SBOM or analysis document, decoded.
    SBOM_BYTES = 400 * MIB, "bytes";
    /// One list of a document about an artifact (malware scan, VEX, attestation).
    DOCUMENT_ENTRIES = 500_000, "entries";
    /// Nesting of a JSON document.
    JSON_DEPTH = 128, "levels";
    /// A database of vulnerability data, unpacked.
    VULNERABILITY_DATA_BYTES = 8 * GIB, "bytes";
    /// A policy document.
    POLICY_BYTES = 64 * MIB, "bytes";
    /// Rules of one policy.
    POLICY_RULES = 10_000, "entries";
    /// Findings of one rule.
    RULE_FINDINGS = 100_000, "entries";
    /// A compiled regular expression.
    REGEX_BYTES = MIB, "bytes";
    /// The text of a CEL expression.
    EXPRESSION_BYTES = 2 * KIB, "bytes";
    /// Brackets within brackets of a CEL expression.
    EXPRESSION_DEPTH = 16, "levels";
    /// Operators of a CEL expression.
    EXPRESSION_OPERATORS = 100, "entries";
    /// List elements that one run of a CEL expression may pass over.
    EXPRESSION_STEPS = 1_000_000, "entries";
    /// List elements that all runs of one rule's CEL expression may pass over.
    EXPRESSION_RULE_STEPS = 100_000_000, "entries";
    /// The list of all packages, as a CEL expression sees it.
    EXPRESSION_PACKAGES = 10_000, "entries";
    /// Another list of the whole artifact, as a CEL expression sees it.
    EXPRESSION_ARTIFACT_LIST = 1000, "entries";
    /// A list of one package or vulnerability, as a CEL expression sees it.
    EXPRESSION_LIST = 100, "entries";
    /// A text, as a CEL expression sees it.
    EXPRESSION_TEXT_BYTES = 16 * KIB, "bytes";
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn names_are_unique_and_explained() {
        let mut names: Vec<_> = TABLE.iter().map(|limit| limit.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        assert!(TABLE.iter().all(|limit| limit.value > 0 && limit.bounds.trim().ends_with('.')));
    }
}
