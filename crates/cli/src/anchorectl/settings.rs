//! Settings from the environment and the configuration file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::booleans::boolean;
use super::config;
use super::failure::Failure;

/// Between two questions whether an analysis is done.
const POLL: Duration = Duration::from_secs(5);

/// What is set, beside the command line.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    variables: BTreeMap<String, String>,
    folder: PathBuf,
    config: Option<config::Config>,
}

/// Names under which a variable is also known, lower in rank.
const SYNONYMS: [(&str, &str); 9] = [
    // COMPAT: a parameter of public build jobs that reaches the process under this name.
    ("ANCHORECTL_FORMAT", "ANCHORECTL_OUTPUT"),
    ("ANCHORECTL_SOURCE_APPLICATION", "ANCHORECTL_APPLICATION"),
    ("ANCHORECTL_SOURCE_AUTHOR", "ANCHORECTL_AUTHOR"),
    ("ANCHORECTL_SOURCE_BRANCH", "ANCHORECTL_BRANCH"),
    ("ANCHORECTL_SOURCE_FROM", "ANCHORECTL_FROM"),
    ("ANCHORECTL_SOURCE_GET", "ANCHORECTL_GET"),
    ("ANCHORECTL_SOURCE_WAIT", "ANCHORECTL_WAIT"),
    ("ANCHORECTL_SOURCE_WORKFLOW_NAME", "ANCHORECTL_WORKFLOW_NAME"),
    ("ANCHORECTL_SOURCE_WORKFLOW_TIMESTAMP", "ANCHORECTL_WORKFLOW_TIMESTAMP"),
];

impl Settings {
    /// The variables of this process. Those that are not Unicode cannot be ours.
    pub(super) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { variables, folder: PathBuf::from("."), config: None }
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)], folder: &Path) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { variables, folder: folder.to_owned(), config: None }
    }

    /// Reads the configuration file: the named one, which must exist, or the first of the search list.
    pub(super) fn read_config(&mut self, named: Option<&Path>) -> Result<(), Failure> {
        let variable = |name: &str| self.variable(name).map(PathBuf::from);
        self.config = config::find(named, &self.folder, variable("HOME"), variable("XDG_CONFIG_HOME"))?;
        Ok(())
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A setting and where it stands: the variable of this name, else the key of the configuration file that it is
    /// made from (`http.tls-insecure` is `ANCHORECTL_HTTP_TLS_INSECURE`). An empty one counts as absent.
    pub(super) fn find(&self, name: &str) -> Option<(String, String)> {
        let synonyms = SYNONYMS.iter().filter(|(first, _)| *first == name).map(|(_, second)| *second);
        for name in std::iter::once(name).chain(synonyms) {
            if let Some(value) = self.variable(name) {
                return Some((value.to_owned(), format!("the variable {name}")));
            }
        }
        let config = self.config.as_ref()?;
        let value = config.flat.get(name).filter(|value| !value.is_empty())?;
        Some((value.clone(), format!("{} of `{}`", config::key_of(name), config.path.display())))
    }

    /// A setting's value.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.find(name).map(|(value, _)| value)
    }

    /// A setting that is true or false; absent: false.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Failure> {
        match self.find(name) {
            None => Ok(false),
            Some((value, place)) => boolean(&value).ok_or_else(|| not_boolean(&place, &value)),
        }
    }

    /// A part of the configuration file, for settings that are more than a word.
    pub(super) fn section(&self, name: &str) -> Option<&Value> {
        self.config.as_ref()?.document.get(name)
    }

    /// Between two questions whether an analysis is done: `STOPGATE_POLL_MS`, else five seconds.
    pub(super) fn poll(&self) -> Duration {
        let set = self.variable("STOPGATE_POLL_MS").and_then(|text| text.parse().ok());
        set.map_or(POLL, Duration::from_millis)
    }
}

pub(super) fn not_boolean(place: &str, value: &str) -> Failure {
    Failure::new(format!("{place} is `{value}`: expected true or false"))
}
