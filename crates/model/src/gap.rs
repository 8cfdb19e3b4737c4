//! Gaps: what an analysis could not read, named, so that unknown is never clean.

use std::fmt;

use crate::Digest;

/// How much a gap weighs for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GapClass {
    /// Worth knowing; the verdict does not rest on it.
    Note,
    /// Some content is missing from the result; the rest stands.
    Partial,
    /// Content that the verdict rests on could not be read.
    Undecidable,
}

impl GapClass {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Partial => "partial",
            Self::Undecidable => "undecidable",
        }
    }

    /// The class of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Note, Self::Partial, Self::Undecidable].into_iter().find(|class| class.name() == name)
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $class:ident;)+) => {
        /// What kind of gap. The name is stable: policies refer to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum GapCode { $($(#[doc = $doc])+ $variant),+ }

        impl GapCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Name in documents and policies.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
            /// The class of a gap of this kind unless its finder knows better.
            pub const fn class(self) -> GapClass { match self { $(Self::$variant => GapClass::$class),+ } }
            /// What it means, one sentence.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => concat!($($doc),+)),+ } }
        }
    };
}

codes! {
    /// A layer is longer than the limit; the rest was not read.
    LayerBytes = "layer_bytes", Undecidable;
    /// The layers together are longer than the limit; the rest was not read.
    ImageBytes = "image_bytes", Undecidable;
    /// The image has more entries than the limit; the rest was not read.
    ImageEntries = "image_entries", Undecidable;
    /// A layer could not be read as a tar archive to its end.
    LayerUnreadable = "layer_unreadable", Undecidable;
    /// Other readers of a layer's archive may see other files than we do.
    LayerAmbiguous = "layer_ambiguous", Note;
    /// More was found in an image than is kept; packages may be missing.
    FactsBytes = "facts_bytes", Undecidable;
    /// Packages have more CPEs than is kept; some have none and are not searched for by CPE.
    CpeBytes = "cpe_bytes", Partial;
    /// A layer is not distributed with the image.
    LayerForeign = "layer_foreign", Undecidable;
    /// A layer is no file system archive.
    LayerNotFilesystem = "layer_not_filesystem", Partial;
    /// A path is longer or deeper than the limit, or not valid; the entry was left out.
    PathRefused = "path_refused", Partial;
    /// A chain of links is longer than the limit or closes on itself.
    LinkLoop = "link_loop", Note;
    /// A hard link points at nothing.
    LinkDangling = "link_dangling", Note;
    /// A package database could not be read; packages may be missing.
    DatabaseUnreadable = "database_unreadable", Undecidable;
    /// A record of a package database could not be read.
    RecordUnreadable = "record_unreadable", Partial;
    /// A file that names packages could not be read.
    MetadataUnreadable = "metadata_unreadable", Partial;
    /// A file that names packages is longer than the limit.
    MetadataBytes = "metadata_bytes", Partial;
    /// Archives lie deeper in each other than the limit.
    NestingDepth = "nesting_depth", Partial;
    /// Archives inside one file inflate to more than the limit.
    NestedBytes = "nested_bytes", Partial;
    /// Archives inside one file have more entries than the limit.
    NestedEntries = "nested_entries", Partial;
    /// An archive inside the artifact could not be read.
    ArchiveUnreadable = "archive_unreadable", Partial;
    /// An executable is longer than the limit and was not inspected.
    ExecutableBytes = "executable_bytes", Partial;
    /// An executable could not be inspected.
    ExecutableUnreadable = "executable_unreadable", Partial;
    /// Temporary files reached their limit; a large file was not inspected.
    SpoolBytes = "spool_bytes", Partial;
    /// A file or folder of the source could not be opened.
    FileUnreadable = "file_unreadable", Partial;
    /// Files were too large to be searched for secrets.
    SecretFilesSkipped = "secret_files_skipped", Note;
    /// Files were too large, or no text, and the site's content searches did not look into them.
    ContentFilesSkipped = "content_files_skipped", Note;
    /// Files were not scanned for malware, or findings were left out.
    MalwareFilesSkipped = "malware_files_skipped", Partial;
    /// A file whose content a policy reads is longer than the limit.
    RetrievedFileBytes = "retrieved_file_bytes", Partial;
    /// A policy reads more files than are kept for it.
    RetrievedFiles = "retrieved_files", Partial;
    /// The image configuration has parts that could not be read.
    ConfigUnreadable = "config_unreadable", Undecidable;
    /// The Dockerfile could not be read to its end.
    DockerfileUnreadable = "dockerfile_unreadable", Partial;
    /// The distribution could not be told; packages of the operating system match nothing.
    DistroUnknown = "distro_unknown", Partial;
    /// There is no vulnerability data for the distribution.
    DistroWithoutData = "distro_without_data", Partial;
    /// An input SBOM has elements that could not be read.
    SbomElementUnreadable = "sbom_element_unreadable", Partial;
    /// An input SBOM has more packages than the limit.
    SbomPackages = "sbom_packages", Undecidable;
    /// A version could not be compared with the vulnerability data's.
    VersionUncomparable = "version_uncomparable", Note;
    /// A record of the vulnerability data could not be read.
    DataRecordUnreadable = "data_record_unreadable", Partial;
    /// A plug-in failed in a way that it should not; its part is missing.
    InternalFault = "internal_fault", Undecidable;
}

impl GapCode {
    /// The code of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl fmt::Display for GapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that could not be read, parsed or decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gap {
    /// What kind.
    pub code: GapCode,
    /// How much it weighs.
    pub class: GapClass,
    /// Path in the artifact, from its root.
    pub path: Option<String>,
    /// DiffID of the layer.
    pub layer: Option<Digest>,
    /// The limit that was reached, in its unit.
    pub limit: Option<u64>,
    /// What was seen instead: a size, or a count of skipped things.
    pub seen: Option<u64>,
    /// One sentence, lower case, no full stop: what, and what was expected.
    pub message: String,
}

impl Gap {
    /// A gap of this kind with its default class.
    pub fn new(code: GapCode, message: impl Into<String>) -> Self {
        let class = code.class();
        Self { code, class, path: None, layer: None, limit: None, seen: None, message: message.into() }
    }

    /// The same gap at a path.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same gap in a layer.
    #[must_use]
    pub fn in_layer(mut self, layer: Digest) -> Self {
        self.layer = Some(layer);
        self
    }

    /// The same gap with the limit that was reached and what was seen.
    #[must_use]
    pub const fn limited(mut self, limit: u64, seen: u64) -> Self {
        self.limit = Some(limit);
        self.seen = Some(seen);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::GapCode;

    #[test]
    fn names_are_unique_and_read_back() {
        for code in GapCode::ALL {
            assert_eq!(GapCode::parse(code.name()), Some(*code));
            assert!(code.meaning().trim().ends_with('.'));
        }
    }
}
