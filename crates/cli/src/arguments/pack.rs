//! Arguments of `stopgate pack`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use stopgate_packs::Flavour;

/// Which triggers the policy of a pack may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlavourWord {
    /// Anchore's only: the document loads there
    Strict,
    /// Ours as well: what `check -p PACK` evaluates
    Extended,
}

impl From<FlavourWord> for Flavour {
    fn from(word: FlavourWord) -> Self {
        match word {
            FlavourWord::Strict => Self::Strict,
            FlavourWord::Extended => Self::Extended,
        }
    }
}

/// A pack, and how to render it.
#[derive(Debug, Clone, Args)]
pub(crate) struct PackChoice {
    /// Pack or variant of one: `cis-docker`, `nist-800-53-moderate`; or the file of a manifest
    #[arg(value_name = "PACK")]
    pub(crate) pack: String,
    /// Which triggers its policy may use
    #[arg(long, value_enum, default_value_t = FlavourWord::Extended)]
    pub(crate) flavour: FlavourWord,
    /// Value of a parameter, repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) param: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PackCommand {
    /// Every pack with its framework, its controls and how many of them an artifact can show
    List {
        /// text, markdown or json
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// What a pack demands, which rules show it, what to do, and what it cannot see
    Show {
        #[command(flatten)]
        choice: PackChoice,
        /// text, markdown or json
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
    /// Write the policy document of a pack
    Render {
        #[command(flatten)]
        choice: PackChoice,
        /// FILE to write to instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What two packs, variants, flavours or releases of a manifest differ in
    ///
    /// Whether the policy of one is stricter than the other's is told by `stopgate policy diff`.
    Diff {
        /// The one before: a pack or the file of a manifest
        #[arg(value_name = "OLD")]
        old: String,
        /// The one after
        #[arg(value_name = "NEW")]
        new: String,
        /// Flavour of the one before
        #[arg(long, value_enum, default_value_t = FlavourWord::Extended)]
        old_flavour: FlavourWord,
        /// Flavour of the one after
        #[arg(long, value_enum, default_value_t = FlavourWord::Extended)]
        new_flavour: FlavourWord,
        /// text, markdown or json
        #[arg(short, long, value_name = "FORMAT[=FILE]")]
        output: Vec<String>,
    },
}
