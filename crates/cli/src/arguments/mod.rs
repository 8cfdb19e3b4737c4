//! The arguments of every command.

mod deciding;
mod pack;
mod policy;
mod server;

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use deciding::{Check, Deciding, DocumentArguments, Evidence, Explain, PolicyArguments};
pub(crate) use pack::{PackChoice, PackCommand};
pub(crate) use policy::{PolicyCommand, PolicyFile};
pub use server::{Installation, Process, Serve, Work};

/// Decides whether software may pass: SBOM, vulnerabilities, policy, verdict.
///
/// SOURCE is an image, archive, folder, file or SBOM: docker-archive:PATH, oci-archive:PATH, oci-dir:PATH, dir:PATH,
/// file:PATH, registry:REFERENCE, sbom:PATH, analysis:PATH. Without a scheme an existing path is recognised by its
/// content, anything else is a reference in a registry; `-` reads an SBOM from standard input.
#[derive(Debug, Parser)]
#[command(name = "stopgate", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print the result only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more (repeat for more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub(crate) color: When,
    /// How to show progress
    #[arg(long, global = true, value_enum, default_value_t = ProgressMode::Auto)]
    pub(crate) progress: ProgressMode,
    /// Never touch the network
    #[arg(long, global = true, env = "STOPGATE_OFFLINE")]
    pub(crate) offline: bool,
    /// Certificates to trust beside the system's (PEM)
    #[arg(long, global = true, value_name = "FILE", env = "STOPGATE_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// A live line on a terminal, nothing elsewhere
    Auto,
    /// One line per step
    Plain,
    /// Nothing
    None,
}

impl Global {
    fn colours(&self, terminal: bool) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => !set("NO_COLOR") && (terminal || set("CLICOLOR_FORCE")),
        }
    }

    /// Whether standard output takes colours.
    pub(crate) fn colours_stdout(&self) -> bool {
        self.colours(std::io::stdout().is_terminal())
    }

    /// A word for standard error, coloured where that is wanted.
    pub(crate) fn paint_stderr(&self, word: &str, colour: anstyle::AnsiColor) -> String {
        if !self.colours(std::io::stderr().is_terminal()) {
            return word.to_owned();
        }
        let style = anstyle::Style::new().bold().fg_color(Some(colour.into()));
        format!("{style}{word}{style:#}")
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Decide whether SOURCE may pass: exit code 0 yes, 1 no, 2 could not decide
    Check(Check),
    /// List what SOURCE is made of
    Sbom(Sbom),
    /// List the known vulnerabilities of SOURCE
    Vulns(Vulns),
    /// Why a finding or vulnerability fired, or why it did not
    Explain(Explain),
    /// Write what an auditor takes away: the states of a framework's controls with all that they rest on
    Evidence(Evidence),
    /// Write policies: validate, lint, convert, diff, test, schema, simulate, explain
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Packs of frameworks: list, show, render, diff
    #[command(subcommand)]
    Pack(PackCommand),
    /// Vulnerability data: import, build, status
    #[command(subcommand)]
    Db(Db),
    /// Run a server: API, jobs and everything that it keeps
    Serve(Serve),
    /// Work on the jobs of an installation
    Work(Work),
    /// Bring the tables of an installation to the shape of this version
    Migrate(Installation),
    /// Check a clean and a bad image against data that the program carries
    Demo(Demo),
    /// Print every limit of the analysis
    Limits,
    /// Compare versions as the matcher does
    #[command(subcommand)]
    Debug(Debug),
    /// Print a completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// A source and how to reach it.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceArguments {
    /// What to look at: SCHEME:PATH, PATH, REFERENCE or -
    #[arg(value_name = "SOURCE")]
    pub(crate) source: String,
    /// Which image of an index: OS/ARCH[/VARIANT]
    #[arg(long, value_name = "OS/ARCH", env = "STOPGATE_PLATFORM")]
    pub(crate) platform: Option<String>,
    /// Speak HTTP with the registry (loopback registries need no flag)
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// Do not verify the registry's certificate
    #[arg(long)]
    pub(crate) insecure_skip_tls_verify: bool,
    /// The image's Dockerfile
    #[arg(long, value_name = "FILE")]
    pub(crate) dockerfile: Option<PathBuf>,
    /// The reference under which to evaluate, instead of the archive's own
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) tag: Option<String>,
}

impl SourceArguments {
    /// A source without any option.
    pub(crate) const fn of(source: String) -> Self {
        Self { source, platform: None, plain_http: false, insecure_skip_tls_verify: false, dockerfile: None, tag: None }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Sbom {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// FORMAT[=FILE], repeatable: syft-json, cyclonedx-json, cyclonedx-xml, spdx-json, spdx-tag-value, analysis, table
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    pub(crate) output: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Vulns {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// FORMAT[=FILE], repeatable: table, json, sarif
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    pub(crate) output: Vec<String>,
    /// Only what has a fix
    #[arg(long)]
    pub(crate) only_fixed: bool,
    /// Exit with 1 at this severity or above
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(crate) fail_on: Option<stopgate_model::Severity>,
}

fn severity(word: &str) -> Result<stopgate_model::Severity, String> {
    stopgate_model::Severity::parse(word)
        .ok_or_else(|| "expected one of unknown, negligible, low, medium, high, critical".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Import a Grype DB v6: an archive, a SQLite file, a folder with latest.json, or an address
    Import {
        /// FILE, DIR or URL
        #[arg(value_name = "FILE|DIR|URL")]
        from: String,
        /// Accept an older build, or one that lost a provider's rows
        #[arg(long)]
        force: bool,
    },
    /// Fetch the newest public data, when it is newer than ours
    Update {
        /// Where latest.json lies
        #[arg(
            long,
            value_name = "URL",
            env = "STOPGATE_DB_URL",
            default_value = "https://grype.anchore.io/databases/v6/latest.json"
        )]
        url: String,
        /// Accept an older build, or one that lost a provider's rows
        #[arg(long)]
        force: bool,
    },
    /// Build data from a folder of OSV documents
    Build {
        /// Folder of `*.json`
        #[arg(value_name = "DIR")]
        from: PathBuf,
        /// Build time to write down (RFC 3339); default: now
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
    },
    /// Which data is in use
    Status {
        /// text or json
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Check both images, print both verdicts and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Keep the two images in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Debug {
    /// Time of one evaluation in this process: {"rules","findings","min_us","median_us"}
    Evaluate {
        #[command(flatten)]
        source: SourceArguments,
        #[command(flatten)]
        deciding: Box<Deciding>,
        /// How often to evaluate
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        runs: u32,
    },
    /// Order of two versions: {"order": -1|0|1}
    Compare {
        /// Read JSON lines {"format","left","right"} from standard input
        #[arg(long)]
        batch: bool,
        /// FORMAT A B
        #[arg(num_args = 0..=3, required_unless_present = "batch", allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Whether a version lies in a range: {"satisfied": true|false}
    Satisfies {
        /// Read JSON lines {"format","version","constraint"} from standard input
        #[arg(long)]
        batch: bool,
        /// FORMAT VERSION CONSTRAINT
        #[arg(num_args = 0..=3, required_unless_present = "batch", allow_hyphen_values = true)]
        words: Vec<String>,
    },
}
