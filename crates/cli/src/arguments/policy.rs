//! Arguments of `stopgate policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A policy file with its side-car.
#[derive(Debug, Clone, Args)]
pub(crate) struct PolicyFile {
    /// Policy document, JSON or YAML; a pack by its id
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// Side-car of the policy (default: NAME.ext.json or .yaml beside it)
    #[arg(long, value_name = "FILE")]
    pub(crate) ext: Option<PathBuf>,
    /// Value of a parameter, repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) param: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Whether a policy is valid, and every error with its place
    Validate {
        #[command(flatten)]
        policy: PolicyFile,
        /// text or json
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// What a valid policy says and may not mean
    Lint {
        #[command(flatten)]
        policy: PolicyFile,
        /// Exit with 1 when there are warnings
        #[arg(long)]
        strict: bool,
        /// Look at expiry as of this time (RFC 3339)
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// text or json
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// Write a policy as a v2 document, with a report of what changed
    Convert {
        #[command(flatten)]
        policy: PolicyFile,
        /// Leave out comments in JSON, and make a policy of a rule set or allowlist alone
        #[arg(long)]
        lenient: bool,
        /// `anchore`: put exceptions into allowlists as far as these can express them
        #[arg(long, value_name = "SYSTEM")]
        to: Option<String>,
        /// json or yaml
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// Whether a changed policy is stricter or looser, with a case that shows it
    Diff {
        /// The policy before
        #[arg(value_name = "OLD")]
        old: String,
        /// The policy after
        #[arg(value_name = "NEW")]
        new: String,
        /// Side-car of OLD
        #[arg(long, value_name = "FILE")]
        old_ext: Option<PathBuf>,
        /// Side-car of NEW
        #[arg(long, value_name = "FILE")]
        new_ext: Option<PathBuf>,
        /// Value of a parameter of both, repeatable
        #[arg(long, value_name = "KEY=VALUE")]
        param: Vec<String>,
        /// Compare from this time on (RFC 3339)
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// Write the cases that show the difference to this folder
        #[arg(long, value_name = "DIR")]
        witness: Option<PathBuf>,
        /// text or json
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// Run the test cases of a policy
    Test {
        /// Folders with cases: each has a `case.yaml`, or folders that have one
        #[arg(value_name = "DIR", required = true)]
        cases: Vec<PathBuf>,
        /// Policy to use instead of the one that the cases name
        #[arg(short, long, value_name = "PACK|FILE")]
        policy: Option<String>,
        /// Say which rules no case makes fire, and fail when there are any
        #[arg(long)]
        coverage: bool,
        /// text, json or junit
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// JSON Schema of policies, for editors
    Schema {
        /// The schema of the side-car instead
        #[arg(long)]
        ext: bool,
        /// FILE to write to instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What a draft would change for artifacts that were analysed before
    Simulate {
        #[command(flatten)]
        policy: PolicyFile,
        /// The policy in use now
        #[arg(long, value_name = "PACK|FILE", default_value = "cis-docker")]
        against: String,
        /// Side-car of the policy in use now
        #[arg(long, value_name = "FILE")]
        against_ext: Option<PathBuf>,
        /// Folder of analysis documents (`*.json`, `*.json.zst`)
        #[arg(long = "artifacts", value_name = "DIR")]
        artifacts: PathBuf,
        /// Use only the advisories of this folder (OSV documents)
        #[arg(long, value_name = "DIR")]
        advisories: Option<PathBuf>,
        /// Evaluate as of this time (RFC 3339)
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// text or json
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// What a policy asks for, in words
    Explain {
        #[command(flatten)]
        policy: PolicyFile,
        /// Only this rule
        #[arg(long, value_name = "ID")]
        rule: Option<String>,
    },
}
