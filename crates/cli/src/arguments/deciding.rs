//! Arguments of the commands that decide: the policy, the time, the data, the state before, documents.

use std::path::PathBuf;

use clap::Args;

use super::SourceArguments;

/// Which policy, with what beside it.
#[derive(Debug, Clone, Args)]
pub(crate) struct PolicyArguments {
    /// Pack or file: `cis-docker`, `policy.json`
    #[arg(
        short,
        long,
        visible_alias = "pack",
        value_name = "PACK|FILE",
        default_value = "cis-docker",
        env = "STOPGATE_POLICY"
    )]
    pub(crate) policy: String,
    /// Side-car of the policy: modes, parameters, exceptions (default: NAME.ext.json or .yaml beside it)
    #[arg(long, value_name = "FILE")]
    pub(crate) ext: Option<PathBuf>,
    /// Value of a parameter of the pack or policy, repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) param: Vec<String>,
    /// Values of parameters, as a JSON or YAML object
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
}

/// Documents that others wrote about the artifact.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DocumentArguments {
    /// VEX document (OpenVEX, CSAF, CycloneDX), repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) vex: Vec<PathBuf>,
    /// Result of a malware scan, or clamd:SOCKET to scan now, repeatable
    #[arg(long, value_name = "FILE|clamd:SOCKET")]
    pub(crate) malware: Vec<String>,
    /// Result of a STIG evaluation (HDF), repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) stig: Vec<PathBuf>,
    /// Attestation (DSSE envelope of an in-toto statement), repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) attestation: Vec<PathBuf>,
    /// Keys whose signatures count: a trust document or a PEM file, repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Vec<PathBuf>,
}

/// All that a decision depends on beside the artifact.
#[derive(Debug, Clone, Args)]
pub(crate) struct Deciding {
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
    #[command(flatten)]
    pub(crate) documents: DocumentArguments,
    /// Evaluate as of this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// Use only the advisories of this folder (OSV documents)
    #[arg(long, value_name = "DIR")]
    pub(crate) advisories: Option<PathBuf>,
    /// An image that this one was built from, repeatable
    #[arg(long, value_name = "SOURCE")]
    pub(crate) base: Vec<String>,
    /// The state before: the earlier artifact, or check:FILE with an earlier `-o json`
    #[arg(long, value_name = "SOURCE|check:FILE")]
    pub(crate) baseline: Option<String>,
    /// Search file contents: NAME=REGEX, repeatable
    #[arg(long, value_name = "NAME=REGEX")]
    pub(crate) content_search: Vec<String>,
    /// `docker.io/nginx` and `docker.io/library/nginx` are two names
    #[arg(long)]
    pub(crate) strict_names: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[command(flatten)]
    pub(crate) deciding: Deciding,
    /// Every finding, with evidence and conditions
    #[arg(long)]
    pub(crate) detail: bool,
    /// The fewest steps after which nothing stops any more
    #[arg(long)]
    pub(crate) fix_plan: bool,
    /// A newer base image that the fix plan may rebuild on, repeatable
    #[arg(long, value_name = "SOURCE", requires = "fix_plan")]
    pub(crate) base_candidate: Vec<String>,
    /// FORMAT[=FILE], repeatable: text, json, csv, sarif, junit, markdown
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    pub(crate) output: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Evidence {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[command(flatten)]
    pub(crate) deciding: Deciding,
    /// Folder for the evidence, empty or with earlier evidence
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// FORMAT[=FILE], repeatable: text, json, csv, html, sarif, junit, oscal
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    pub(crate) output: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Vulnerability id, trigger id, fingerprint or rule id
    #[arg(value_name = "FINDING-OR-CVE")]
    pub(crate) subject: String,
    /// What to look at: SCHEME:PATH, PATH, REFERENCE or -
    #[arg(long = "in", value_name = "SOURCE")]
    pub(crate) source: String,
    /// The image's Dockerfile
    #[arg(long, value_name = "FILE")]
    pub(crate) dockerfile: Option<PathBuf>,
    /// The reference under which to evaluate, instead of the archive's own
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) tag: Option<String>,
    #[command(flatten)]
    pub(crate) deciding: Deciding,
    /// text or json
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    pub(crate) output: Vec<String>,
}
