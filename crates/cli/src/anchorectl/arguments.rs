//! The command tree. What belongs to one group of commands stands in its own file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::commands::{
    account, airgap, api_key, application, archive, correction, event, feed, image, inventory, policy, registry, repo,
    source, subscription, system, user, user_group,
};

/// Asks a v2 server: images, sources, policies, subscriptions and the rest.
///
/// ANCHORECTL_URL, ANCHORECTL_USERNAME, ANCHORECTL_PASSWORD and ANCHORECTL_ACCOUNT say where and as whom. Any failure
/// ends with exit code 1.
#[derive(Debug, Parser)]
#[command(name = "anchorectl", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// How to answer: text, json, json-raw, id, csv or a kind of SBOM; where a command lacks it, its text
    #[arg(short, long, global = true, value_name = "FORMAT", env = "ANCHORECTL_FORMAT")]
    pub(super) output: Option<String>,
    /// Leave out the lines about progress
    #[arg(short, long, global = true, env = "ANCHORECTL_QUIET")]
    pub(super) quiet: bool,
    /// Say more (repeat for more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// The configuration file, instead of the first of the usual places
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Certificates to trust beside the public ones (PEM)
    #[arg(long, global = true, value_name = "FILE", env = "ANCHORECTL_HTTP_CA_FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Images: add, check, vulnerabilities, get, list, sbom, content and more
    #[command(subcommand)]
    Image(Box<image::Image>),
    /// Source revisions
    #[command(subcommand)]
    Source(Box<source::Source>),
    /// Policies
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Subscriptions
    #[command(subcommand)]
    Subscription(subscription::Subscription),
    /// Watched repositories
    #[command(subcommand)]
    Repo(repo::Repo),
    /// Credentials of registries
    #[command(subcommand)]
    Registry(registry::Registry),
    /// Accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Users
    #[command(subcommand)]
    User(user::User),
    /// Groups of users
    #[command(subcommand)]
    Usergroup(user_group::UserGroup),
    /// Your own API keys
    #[command(subcommand)]
    Apikey(api_key::ApiKey),
    /// Applications, their versions and artifacts
    #[command(subcommand)]
    Application(application::Application),
    /// Corrections of what packages are
    #[command(subcommand)]
    Correction(correction::Correction),
    /// What was seen running
    #[command(subcommand)]
    Inventory(inventory::Inventory),
    /// Events
    #[command(subcommand)]
    Event(event::Event),
    /// Vulnerability data of the server
    #[command(subcommand)]
    Feed(feed::Feed),
    /// Vulnerability data of a server without network
    #[command(subcommand)]
    Airgap(airgap::Airgap),
    /// Archived analyses
    #[command(subcommand)]
    Archive(archive::Archive),
    /// The service itself
    #[command(subcommand)]
    System(system::System),
    /// Print the versions of this program and of what is in it
    Version,
    /// Print a completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Make an SBOM with the embedded scanner: the rest of the line is syft's
    // Taken out of the command line before it is parsed; it stands here for the help.
    Syft {
        /// SOURCE and options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// A document: its file, or standard input.
#[derive(Debug, Args)]
pub(super) struct InputFile {
    /// The document, `-` for standard input
    #[arg(short, long, value_name = "FILE|-", env = "ANCHORECTL_INPUT")]
    pub(super) input: Option<PathBuf>,
}
