//! Packages: all that matching and policy read is typed; the rest is [`Details`].

use std::fmt;

use crate::{Details, Digest, License, PackageType};

/// Identity of a package inside one artifact: 16 hexadecimal digits, a structural hash of name,
/// version, type, locations, licences and details. Equal packages have equal ids.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct PackageId(pub u64);

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a location says about a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// The file that proves the package.
    Primary,
    /// A file that adds to what is known of it.
    Supporting,
}

/// A file that speaks of a package.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// Real path from the artifact's root, with a leading slash.
    pub path: String,
    /// Path by which it was found, when a link lies on the way; else equal to `path`.
    pub access_path: String,
    /// DiffID of the layer that holds the bytes; `None` outside images.
    pub layer: Option<Digest>,
    /// Primary or supporting.
    pub evidence: EvidenceKind,
}

/// A CPE 2.3 name and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cpe {
    /// Formatted string, `cpe:2.3:…`.
    pub text: String,
    /// `declared`, `nvd-cpe-dictionary`, `syft-generated`; empty when a document says nothing.
    pub source: String,
}

/// The source package that a binary package was built from (grype: upstream).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Upstream {
    /// Source package name.
    pub name: String,
    /// Source package version, when it differs from the binary's.
    pub version: Option<String>,
}

/// A file that a package database says belongs to a package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedFile {
    /// Path from the root, with a leading slash.
    pub path: String,
    /// Digest as recorded.
    pub digest: Option<Digest>,
    /// Mode as recorded, permission bits with set-id and sticky bits.
    pub mode: Option<u32>,
    /// Size as recorded, bytes.
    pub size: Option<u64>,
    /// Whether the record calls it a configuration file.
    pub config: bool,
}

/// How sure the reader is that the package is really there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Confidence {
    /// Guessed, for example from a file's name.
    Low,
    /// Read from the ecosystem's own record.
    #[default]
    High,
}

/// A package that an artifact holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Identity in the artifact; zero until assembly has set it.
    pub id: PackageId,
    /// Name as the ecosystem writes it. Never empty.
    pub name: String,
    /// Version as syft writes it, epoch and release included (`1:2.3-4`); empty when unknown.
    pub version: String,
    /// Type.
    pub package_type: PackageType,
    /// Epoch as recorded, for rpm and deb; `None` when the record has none.
    pub epoch: Option<u32>,
    /// Architecture as recorded.
    pub arch: Option<String>,
    /// Package URL; empty when the type has none.
    pub purl: String,
    /// CPE names, most specific first.
    pub cpes: Vec<Cpe>,
    /// Licences.
    pub licenses: Vec<License>,
    /// Source packages.
    pub upstreams: Vec<Upstream>,
    /// rpm module label (`nodejs:12:…`); `Some("")` = the record says none, `None` = unknown.
    pub modularity: Option<String>,
    /// Digests of the package itself (a jar's SHA-1).
    pub digests: Vec<Digest>,
    /// Files that speak of it, primary ones first.
    pub locations: Vec<Location>,
    /// Name of the cataloger.
    pub found_by: String,
    /// How sure the reader is.
    pub confidence: Confidence,
    /// Files that its database says it owns.
    pub files: Vec<OwnedFile>,
    /// All else the ecosystem knows.
    pub details: Option<Details>,
}

impl Package {
    /// A package with nothing but its name, version and type.
    pub fn new(package_type: PackageType, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            id: PackageId::default(),
            name: name.into(),
            version: version.into(),
            package_type,
            epoch: None,
            arch: None,
            purl: String::new(),
            cpes: Vec::new(),
            licenses: Vec::new(),
            upstreams: Vec::new(),
            modularity: None,
            digests: Vec::new(),
            locations: Vec::new(),
            found_by: String::new(),
            confidence: Confidence::High,
            files: Vec::new(),
            details: None,
        }
    }

    /// The file that proves the package: its first primary location, else its first.
    pub fn primary_location(&self) -> Option<&Location> {
        self.locations.iter().find(|location| location.evidence == EvidenceKind::Primary).or(self.locations.first())
    }
}
