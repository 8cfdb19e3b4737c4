//! An analysed image or source: what it is, what it holds, and what could not be read. Immutable.

use crate::{
    ConfigHit, Digest, Distro, Dockerfile, Documents, FileIndex, Gap, ImageConfig, ImageReference, Package, PackageId,
    Relationship, SearchHit,
};

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LayerInfo {
    /// Digest of the uncompressed tar archive.
    pub diff_id: Digest,
    /// Digest of the blob as stored; `None` when only the tar archive exists.
    pub digest: Option<Digest>,
    /// Media type as declared.
    pub media_type: String,
    /// Uncompressed size of the regular files in it, bytes, as syft counts a layer.
    pub size: u64,
}

/// What is known of an image as such.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageSource {
    /// The reference under which it is evaluated.
    pub reference: ImageReference,
    /// Tags, as written in the archive or asked for.
    pub tags: Vec<String>,
    /// `repository@digest` names.
    pub repo_digests: Vec<String>,
    /// Digest of the configuration.
    pub image_id: Digest,
    /// Digest of the manifest's exact bytes.
    pub manifest_digest: Digest,
    /// Whether the manifest was made by us, as for a docker archive, and so is known to no registry.
    pub manifest_is_local: bool,
    /// Media type of the manifest.
    pub media_type: String,
    /// Sum of the layers' sizes, bytes.
    pub size: u64,
    /// Layers, lowest first.
    pub layers: Vec<LayerInfo>,
    /// The manifest's exact bytes.
    pub manifest: Vec<u8>,
    /// The configuration's exact bytes.
    pub config: Vec<u8>,
    /// Architecture as in the configuration.
    pub architecture: String,
    /// Variant as in the configuration.
    pub variant: String,
    /// Operating system as in the configuration.
    pub os: String,
    /// Annotations of the manifest, sorted by name.
    pub annotations: Vec<(String, String)>,
}

/// What kind of source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// A container image.
    Image(Box<ImageSource>),
    /// A folder, by the path as given.
    Directory {
        /// Path as given.
        path: String,
    },
    /// One file.
    File {
        /// Path as given.
        path: String,
        /// Digests of its content.
        digests: Vec<Digest>,
    },
    /// What an SBOM describes when it is none of these: raw JSON of its `source.metadata`.
    Other {
        /// The document's `source.type`.
        type_name: String,
        /// Compact JSON.
        json: String,
    },
}

/// What was analysed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceDescription {
    /// Identity: for an image its chain id (from the diffIDs) as 64 hexadecimal digits, else a digest
    /// of name and content.
    pub id: String,
    /// Name: repository, folder or file as given.
    pub name: String,
    /// Version: manifest digest of an image; else empty.
    pub version: String,
    /// What the user typed.
    pub user_input: String,
    /// Kind, with what is known of it.
    pub kind: SourceKind,
}

impl SourceDescription {
    /// The image, when it is one.
    pub fn image(&self) -> Option<&ImageSource> {
        match &self.kind {
            SourceKind::Image(image) => Some(image),
            _ => None,
        }
    }
}

/// The content of a file that policies read (`/etc/passwd`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RetrievedFile {
    /// Path from the root.
    pub path: String,
    /// DiffID of the layer that holds it.
    pub layer: Option<Digest>,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Who analysed: part of every verdict.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Analyzer {
    /// `stopgate`, or the descriptor's name in an input document.
    pub name: String,
    /// Version.
    pub version: String,
}

/// What an SBOM says of itself, when an artifact was read from one. Empty fields are absent ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SbomHead {
    /// Persons and organisations that wrote it.
    pub authors: Vec<String>,
    /// When, as written.
    pub created: String,
    /// At which points of the life of the software it was made: `build`, `post-build` or words of its own.
    pub contexts: Vec<String>,
    /// The packages whose supplier it names, sorted.
    pub supplied: Vec<PackageId>,
}

/// An analysed image or source. Where a field is an `Option`, `None` means never collected, which is
/// not the same as empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// What was analysed.
    pub source: SourceDescription,
    /// Image configuration; `None` for anything but an image.
    pub config: Option<ImageConfig>,
    /// Distribution; `None` when there is none or it is unknown (then there is a gap).
    pub distro: Option<Distro>,
    /// Packages, sorted by name, version, type, id.
    pub packages: Vec<Package>,
    /// Edges, sorted.
    pub relationships: Vec<Relationship>,
    /// The squashed file tree.
    pub files: Option<FileIndex>,
    /// Dockerfile, given or guessed.
    pub dockerfile: Option<Dockerfile>,
    /// Secret hits, sorted by path and name.
    pub secrets: Option<Vec<SearchHit>>,
    /// Secret hits in files that a later layer deletes or replaces, sorted by path, layer and name. They are still in
    /// the image.
    pub hidden_secrets: Option<Vec<SearchHit>>,
    /// Secret hits in the image configuration, sorted.
    pub config_secrets: Option<Vec<ConfigHit>>,
    /// Hits of the search for what the site looks for, sorted by path and name.
    pub content: Option<Vec<SearchHit>>,
    /// Retrieved files, sorted by path.
    pub retrieved: Option<Vec<RetrievedFile>>,
    /// What others found out about it.
    pub documents: Documents,
    /// What could not be read, sorted.
    pub gaps: Vec<Gap>,
    /// Who analysed.
    pub analyzer: Analyzer,
    /// What the SBOM says of itself that it was read from; `None` for what was analysed.
    pub sbom: Option<SbomHead>,
}
