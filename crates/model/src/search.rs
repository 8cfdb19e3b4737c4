//! Hits of searches in file contents: for secrets, and for what a site looks for. Values are never kept.

use crate::Digest;

/// The names of the searches for secrets that every analysis does.
pub const SECRET_SEARCHES: [&str; 5] = ["AWS_ACCESS_KEY", "AWS_SECRET_KEY", "PRIV_KEY", "DOCKER_AUTH", "API_KEY"];

/// Lines of one file that match one pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SearchHit {
    /// Path from the root.
    pub path: String,
    /// DiffID of the layer that holds the file.
    pub layer: Option<Digest>,
    /// Name of the pattern, for example `AWS_ACCESS_KEY`; empty when a site looks for an expression without one.
    pub name: String,
    /// The pattern's text: part of Anchore's trigger ids.
    pub pattern: String,
    /// Line numbers, from 1.
    pub lines: Vec<u32>,
}

/// Where a text of the image configuration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConfigPlace {
    /// The commands and comments of the history.
    History,
    /// The environment.
    Env,
    /// The labels.
    Labels,
}

impl ConfigPlace {
    const ALL: [Self; 3] = [Self::History, Self::Env, Self::Labels];

    /// Name in documents and rules.
    pub const fn name(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Env => "env",
            Self::Labels => "labels",
        }
    }

    /// The place of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.name() == name)
    }
}

/// A text of the image configuration that matches a pattern of the secret search.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigHit {
    /// Where.
    pub place: ConfigPlace,
    /// Which of them: number of the history entry from 1, name of the variable or label, else its number.
    pub field: String,
    /// Name of the pattern, for example `AWS_ACCESS_KEY`.
    pub name: String,
}
