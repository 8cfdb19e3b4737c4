//! What a rule reads, and whether it is there. The engine asks before it calls a trigger, so that no
//! trigger can take missing data for a clean result.

use stopgate_model::SECRET_SEARCHES;

/// An input of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// Matches against vulnerability data.
    Vulnerabilities,
    /// A Dockerfile, given or guessed from the image's history.
    Dockerfile,
    /// A Dockerfile that the user gave.
    ActualDockerfile,
    /// The image configuration, else a Dockerfile.
    ConfigOrDockerfile,
    /// The image configuration.
    Config,
    /// The distribution.
    Distro,
    /// The file tree.
    Files,
    /// The content of one file.
    RetrievedFile(String),
    /// The secret search.
    Secrets,
    /// The secret search in what later layers hide.
    HiddenSecrets,
    /// The secret search in the image configuration.
    ConfigSecrets,
    /// The search of file contents.
    ContentSearch,
    /// A malware scan.
    Malware,
    /// When a match was first seen.
    FirstSeen,
    /// The previous state, which tells what is new.
    Baseline,
    /// The base image.
    Base,
    /// When the artifact was evaluated last.
    LastEvaluation,
    /// What the site knows of a vulnerability.
    Assessment,
    /// Known ancestors of the image.
    Ancestry,
    /// The image that the tag named before.
    PreviousImage,
    /// STIG evaluations.
    Stig,
    /// Attestations about the artifact.
    Attestations,
    /// The source trees that the image was built from.
    Sources,
    /// What package databases say of the files that they own.
    PackageFiles,
    /// Digests of those files, of the kinds that the databases record.
    PackageDigests,
    /// When the image was made.
    CreationTime,
    /// The capabilities of files.
    FileCapabilities,
    /// Until when this release of a distribution or runtime is supported.
    SupportPeriod(String),
    /// A search for secrets of this name.
    SecretSearch(String),
}

/// Whether an input is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    Present,
    /// It was looked for and nothing was found: the rule runs.
    Empty,
    /// It was never collected or is not available.
    Missing,
}

impl Need {
    /// Stable name, for [`stopgate_model::MissingInput`].
    pub fn name(&self) -> String {
        match self {
            Self::Vulnerabilities => "vulnerability_data".to_owned(),
            Self::Dockerfile => "dockerfile".to_owned(),
            Self::ActualDockerfile => "actual_dockerfile".to_owned(),
            Self::ConfigOrDockerfile | Self::Config => "image_config".to_owned(),
            Self::Distro => "distro".to_owned(),
            Self::Files => "file_list".to_owned(),
            Self::RetrievedFile(path) => format!("retrieved_file:{path}"),
            Self::Secrets => "secret_scan".to_owned(),
            Self::HiddenSecrets => "hidden_secret_scan".to_owned(),
            Self::ConfigSecrets => "config_secret_scan".to_owned(),
            Self::ContentSearch => "content_search".to_owned(),
            Self::Malware => "malware_scan".to_owned(),
            Self::FirstSeen => "first_seen".to_owned(),
            Self::Baseline => "baseline".to_owned(),
            Self::Base => "base_image".to_owned(),
            Self::LastEvaluation => "last_evaluation".to_owned(),
            Self::Assessment => "assessment".to_owned(),
            Self::Ancestry => "ancestry".to_owned(),
            Self::PreviousImage => "previous_image".to_owned(),
            Self::Stig => "stig_evaluation".to_owned(),
            Self::Attestations => "attestations".to_owned(),
            Self::Sources => "sources".to_owned(),
            Self::PackageFiles => "package_files".to_owned(),
            Self::PackageDigests => "package_digests".to_owned(),
            Self::CreationTime => "creation_time".to_owned(),
            Self::FileCapabilities => "file_capabilities".to_owned(),
            Self::SupportPeriod(release) => format!("support_period:{release}"),
            Self::SecretSearch(name) => format!("secret_search:{name}"),
        }
    }

    /// One clause: what is missing and how to provide it.
    pub fn missing(&self) -> String {
        match self {
            Self::Vulnerabilities => {
                "there is no vulnerability data: provide it with `stopgate db update` or `stopgate db import`"
                    .to_owned()
            }
            Self::Dockerfile => {
                "there is neither a Dockerfile nor an image history: provide `--dockerfile FILE`".to_owned()
            }
            Self::ActualDockerfile => "no Dockerfile was given: provide `--dockerfile FILE`".to_owned(),
            Self::ConfigOrDockerfile | Self::Config => {
                "there is no image configuration: check the image rather than its SBOM".to_owned()
            }
            Self::Distro => "the distribution could not be told: see the gaps".to_owned(),
            Self::Files => "there is no file list: check the image or folder rather than its SBOM".to_owned(),
            Self::RetrievedFile(path) => {
                format!("the content of `{path}` was not collected: check the image rather than its SBOM")
            }
            Self::Secrets => "there was no secret search: check the image or folder rather than its SBOM".to_owned(),
            Self::HiddenSecrets => {
                "there was no secret search in what later layers hide: check the image rather than its SBOM".to_owned()
            }
            Self::ConfigSecrets => {
                "there was no secret search in the image configuration: check the image rather than its SBOM".to_owned()
            }
            Self::ContentSearch => "file contents were not searched: configure the search of the analysis".to_owned(),
            Self::Malware => "there was no malware scan: provide its result with `--malware FILE`".to_owned(),
            Self::FirstSeen => {
                "it is not known when the matches were first seen: provide `--baseline`, or evaluate on a server"
                    .to_owned()
            }
            Self::Baseline => {
                "it is not known what was there before: provide `--baseline SOURCE` or `--baseline check:FILE`"
                    .to_owned()
            }
            Self::Base => "the base image is not known: provide `--base SOURCE`".to_owned(),
            Self::LastEvaluation => {
                "it is not known when the artifact was evaluated last: provide `--baseline check:FILE`".to_owned()
            }
            Self::Assessment => {
                "what the due date rests on is not known of some vulnerabilities: state it in the side-car's \
                 `assessments`, or in the rule"
                    .to_owned()
            }
            Self::Ancestry => "no ancestor of the image is known: provide `--base SOURCE`".to_owned(),
            Self::PreviousImage => {
                "the image that the tag named before is not known: provide `--baseline SOURCE`".to_owned()
            }
            Self::Stig => "there is no STIG evaluation: provide its result with `--stig FILE`".to_owned(),
            Self::Attestations => "there is no attestation: provide it with `--attestation FILE`".to_owned(),
            Self::Sources => "no source tree of the image is known: evaluate on a server that relates them".to_owned(),
            Self::PackageFiles => {
                "no package database says which files it owns: check the image rather than its SBOM".to_owned()
            }
            Self::PackageDigests => {
                "the files of packages were not hashed as their database records it: check the image itself".to_owned()
            }
            Self::CreationTime => {
                "it is not known when the image was made: its configuration has no date, or a fixed one".to_owned()
            }
            Self::FileCapabilities => {
                "the capabilities of files were not collected: check the image rather than its SBOM".to_owned()
            }
            Self::SupportPeriod(release) => format!("it is not known until when `{release}` is supported"),
            Self::SecretSearch(name) => {
                format!("no search for secrets is called `{name}`: name one of {}", SECRET_SEARCHES.join(", "))
            }
        }
    }

    /// Whether an absence trigger for `self` decides when `other` is missing.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dockerfile, Self::ActualDockerfile) | (Self::Ancestry, Self::Base) => true,
            _ => self == other,
        }
    }
}
