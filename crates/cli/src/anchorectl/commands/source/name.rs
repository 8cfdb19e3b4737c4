//! SOURCE: `HOST/REPOSITORY@REVISION` or an id.

use stopgate_client::Client;
use uuid::Uuid;

use crate::anchorectl::failure::Failure;

/// What the user typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SourceName {
    Id(String),
    Revision { host: String, repository: String, revision: String },
}

impl SourceName {
    /// Reads a name. A scheme in front and `.git` behind the repository mean nothing; a revision is any text.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        if Uuid::parse_str(text).is_ok() {
            return Ok(Self::Id(text.to_ascii_lowercase()));
        }
        let fail = || Failure::new(format!("`{text}` is not a source: expected HOST/REPOSITORY@REVISION or an id"));
        let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
        let (host, rest) = rest.split_once('/').ok_or_else(fail)?;
        let (repository, revision) = rest.split_once('@').ok_or_else(fail)?;
        let repository = repository.strip_suffix(".git").unwrap_or(repository);
        if host.is_empty() || host.contains('@') || repository.is_empty() || revision.is_empty() {
            return Err(fail());
        }
        Ok(Self::Revision { host: host.to_owned(), repository: repository.to_owned(), revision: revision.to_owned() })
    }

    /// Asks the server for the id; among several revisions of the same name the newest.
    pub(super) fn id(&self, client: &Client) -> Result<String, Failure> {
        let Self::Revision { host, repository, revision } = self else {
            return Ok(self.to_string());
        };
        let sources = client.source_list()?.value.items;
        let is_it = |source: &&stopgate_api_types::source::Source| {
            source.host.as_ref() == Some(host)
                && source.repository_name.as_ref() == Some(repository)
                && source.revision.as_ref() == Some(revision)
        };
        let newest = sources.iter().filter(is_it).max_by_key(|source| source.created_at);
        let id = newest.and_then(|source| source.uuid);
        id.map(|id| id.to_string()).ok_or_else(|| Failure::new(format!("the server knows no source `{self}`")))
    }
}

impl std::fmt::Display for SourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::Revision { host, repository, revision } => write!(f, "{host}/{repository}@{revision}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SourceName;

    #[test]
    fn every_spelling_of_a_revision() {
        for text in ["github.com/org/repo@abc1234", "https://github.com/org/repo.git@abc1234"] {
            assert_eq!(SourceName::parse(text).unwrap().to_string(), "github.com/org/repo@abc1234", "{text}");
        }
        assert!(matches!(SourceName::parse("0B0E8400-e29b-41d4-a716-446655440000").unwrap(), SourceName::Id(_)));
        for text in ["repo", "github.com/org/repo", "github.com/@x", "https://u@github.com/org/repo@x"] {
            assert!(SourceName::parse(text).is_err(), "{text}");
        }
    }
}
