//! An artifact under construction: what a witness is made of before it is one.
//!
//! A draft begins with every input collected and nothing in it, so that no rule lacks what it reads. Things are put
//! in one by one, and a draft can be evaluated at any time.

mod advisory;
mod build;
pub(super) mod cvss;
mod inputs;

use std::collections::BTreeMap;

use jiff::Timestamp;
use stopgate_model::{DockerfileMode, PackageType, Severity};

pub(super) use build::Built;
pub(super) use inputs::{Input, Inputs};

use super::regions::Place;
use crate::trigger::ArtifactType;
use cvss::Vector;

/// An artifact under construction.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) kind: ArtifactType,
    pub(super) place: Place,
    pub(super) strict_names: bool,
    pub(super) now: Timestamp,
    pub(super) user: String,
    /// As `port/protocol`.
    pub(super) ports: Vec<String>,
    pub(super) entrypoint: Vec<String>,
    /// A shell command.
    pub(super) healthcheck: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    /// Id and version.
    pub(super) distro: Option<(String, String)>,
    pub(super) id_like: Vec<String>,
    pub(super) architecture: String,
    pub(super) os: String,
    pub(super) size: u64,
    pub(super) layers: u64,
    /// Keyword and text of its lines.
    pub(super) dockerfile: Option<(DockerfileMode, Vec<(String, String)>)>,
    pub(super) files: BTreeMap<String, File>,
    pub(super) packages: Vec<Parcel>,
    /// Path and name of the pattern.
    pub(super) secrets: Option<Vec<(String, String)>>,
    pub(super) retrieved: BTreeMap<String, String>,
    pub(super) inputs: Inputs,
    /// Days since its findings were first seen; `None`: they are new.
    pub(super) findings_seen: Option<i64>,
    /// Days since the vulnerability data was built.
    pub(super) data_age: i64,
    /// Whether data for the distribution is wanted.
    pub(super) distro_data: bool,
}

/// A file of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct File {
    pub(super) mode: u32,
    pub(super) sha256: Option<[u8; 32]>,
}

impl Default for File {
    fn default() -> Self {
        Self { mode: 0o644, sha256: Some([0xab; 32]) }
    }
}

/// What kind of package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of the distribution, in its own format.
    Os,
    /// Of this type.
    Named(String),
}

/// A package.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) path: String,
    pub(super) licenses: Vec<String>,
    pub(super) weaknesses: Vec<Weakness>,
}

impl Parcel {
    pub(super) fn new(kind: Kind, name: impl Into<String>, version: impl Into<String>) -> Self {
        let name = name.into();
        let path = match &kind {
            Kind::Os => String::new(),
            Kind::Named(id) if id == "npm" => format!("/app/node_modules/{name}/package.json"),
            Kind::Named(_) => format!("/app/{name}"),
        };
        Self { kind, name, version: version.into(), path, licenses: Vec::new(), weaknesses: Vec::new() }
    }
}

/// What is known of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    Open,
    Never,
    /// Nobody says.
    Unknown,
    /// Days since the fix was seen, when that is known.
    Fixed(Option<i64>),
}

/// A vulnerability of a package.
#[derive(Debug, Clone)]
pub(super) struct Weakness {
    pub(super) id: String,
    pub(super) severity: Severity,
    pub(super) repair: Repair,
    pub(super) nvd: Option<Vector>,
    pub(super) vendor: Option<Vector>,
    /// Score and percentile.
    pub(super) epss: Option<(f64, f64)>,
    pub(super) exploited: bool,
    /// Days since the match was first seen; `None`: now.
    pub(super) seen: Option<i64>,
    /// Whether the base image has the same match.
    pub(super) inherited: bool,
}

impl Weakness {
    pub(super) fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            severity: Severity::Critical,
            repair: Repair::Open,
            nvd: None,
            vendor: None,
            epss: None,
            exploited: false,
            seen: None,
            inherited: false,
        }
    }
}

impl Draft {
    /// An artifact with everything collected and nothing in it.
    pub(super) fn new(kind: ArtifactType, place: Place, now: Timestamp, strict_names: bool) -> Self {
        let image = kind == ArtifactType::Image;
        Self {
            kind,
            place,
            strict_names,
            now,
            user: "10001".to_owned(),
            ports: Vec::new(),
            entrypoint: Vec::new(),
            healthcheck: None,
            labels: BTreeMap::new(),
            distro: image.then(|| ("debian".to_owned(), "12".to_owned())),
            id_like: Vec::new(),
            architecture: "amd64".to_owned(),
            os: "linux".to_owned(),
            size: 1 << 20,
            layers: 1,
            dockerfile: image.then(|| (DockerfileMode::Actual, Vec::new())),
            files: BTreeMap::new(),
            packages: Vec::new(),
            secrets: Some(Vec::new()),
            retrieved: BTreeMap::new(),
            inputs: Inputs::collected(image),
            findings_seen: None,
            data_age: 0,
            distro_data: true,
        }
    }

    /// The type of the packages of its distribution.
    pub(super) fn os_type(&self) -> PackageType {
        advisory::distribution(self).map_or(PackageType::DEB, |(_, kind)| kind)
    }

    /// Adds a line to the Dockerfile.
    pub(super) fn line(&mut self, keyword: &str, text: &str) -> bool {
        match &mut self.dockerfile {
            Some((_, lines)) => {
                lines.push((keyword.to_owned(), text.to_owned()));
                true
            }
            None => false,
        }
    }

    /// Puts a file into the tree. Its content is kept, so that no rule about it lacks an input.
    pub(super) fn file(&mut self, path: &str, file: File) {
        self.files.insert(path.to_owned(), file);
        self.retrieved.entry(path.to_owned()).or_insert_with(|| "x\n".to_owned());
    }

    /// Adds an account to `/etc/passwd`, which must not be there twice.
    pub(super) fn account(&mut self, line: &str) {
        let file = self.retrieved.entry("/etc/passwd".to_owned()).or_default();
        file.push_str(line);
        file.push('\n');
    }
}
