//! Image references as people and pipelines write them: `host[:port]/repository[:tag][@digest]`.
//!
//! Parsing follows the Anchore engine (policy-compatible): no `library/` is added.

use std::fmt;

use crate::Digest;

/// Where an image lives. `registry` and `repository` are never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageReference {
    /// Host with optional port, `docker.io` when none is written; `*` for a bare archive.
    pub registry: String,
    /// Path below the registry, as written.
    pub repository: String,
    /// Tag; `latest` when neither tag nor digest is written, `None` when only a digest is.
    pub tag: Option<String>,
    /// Manifest digest, when written.
    pub digest: Option<Digest>,
}

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an image reference: {reason}; expected `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`")]
pub struct ReferenceError {
    /// The text without what may be a password, cut to 300 characters.
    pub text: String,
    /// What is wrong, one clause.
    pub reason: &'static str,
}

impl ImageReference {
    /// The reference of an archive or directory without a name: only `*` matches its parts.
    pub fn bare() -> Self {
        Self { registry: "*".to_owned(), repository: "*".to_owned(), tag: Some("*".to_owned()), digest: None }
    }

    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let error = |reason| ReferenceError { text: without_user(text).chars().take(300).collect(), reason };
        if text == "*/*:*" {
            return Ok(Self::bare());
        }
        if text.is_empty() || text.len() > 4096 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(error("it is empty, too long or holds blanks"));
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (
                name,
                Some(
                    Digest::parse(digest)
                        .map_err(|_| error("the digest is not `sha256:` and 64 hexadecimal digits"))?,
                ),
            ),
            None => (text, None),
        };
        let name = name.strip_prefix("dockerhub/").unwrap_or(name);
        let (registry, rest) = match name.split_once('/') {
            Some((host, rest)) if is_registry(host) => (host, rest),
            _ => ("docker.io", name),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (rest, None),
        };
        if repository.is_empty()
            || repository.starts_with('/')
            || repository.ends_with('/')
            || repository.contains("//")
        {
            return Err(error("the repository is empty"));
        }
        if repository.split('/').any(|part| part == "." || part == "..") {
            return Err(error("the repository has a part `.` or `..`"));
        }
        if tag.is_some_and(|tag| tag.is_empty() || tag.len() > 128) {
            return Err(error("the tag is empty or longer than 128 characters"));
        }
        let tag = match (tag, &digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Self { registry: registry.to_owned(), repository: repository.to_owned(), tag, digest })
    }

    /// `registry/repository:tag`, the form in which policies and reports name a tag.
    pub fn full_tag(&self) -> String {
        format!("{}/{}:{}", self.registry, self.repository, self.tag.as_deref().unwrap_or("latest"))
    }
}

/// A text that is no reference may be an address with a user and a password in front of its last `@`.
fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((before, after)) if before.contains(':') && Digest::parse(after).is_err() => {
            let scheme = before.find("://").map_or("", |end| before.get(..end + 3).unwrap_or_default());
            format!("{scheme}***@{after}")
        }
        _ => text.to_owned(),
    }
}

/// COMPAT: the engine takes the first part as a host when it has a dot or a port or is a local name.
fn is_registry(part: &str) -> bool {
    part.contains([':', '.']) || matches!(part, "localhost" | "localbuild" | "*")
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ImageReference;

    #[test]
    fn splits_as_the_engine_does() {
        for (text, registry, repository, tag) in [
            ("nginx", "docker.io", "nginx", "latest"),
            ("library/nginx:1.2", "docker.io", "library/nginx", "1.2"),
            ("localhost:5000/a/b:v", "localhost:5000", "a/b", "v"),
            ("gcr.io/x", "gcr.io", "x", "latest"),
            ("dockerhub/nginx:1", "docker.io", "nginx", "1"),
            ("*/*:*", "*", "*", "*"),
        ] {
            let reference = ImageReference::parse(text).unwrap();
            assert_eq!((reference.registry.as_str(), reference.repository.as_str()), (registry, repository), "{text}");
            assert_eq!(reference.tag.as_deref(), Some(tag), "{text}");
        }
    }

    #[test]
    fn keeps_a_digest_and_adds_no_tag_to_it() {
        let text = format!("quay.io/a/b@sha256:{}", "0".repeat(64));
        let reference = ImageReference::parse(&text).unwrap();
        assert_eq!((reference.tag.as_deref(), reference.to_string()), (None, text));
    }

    #[test]
    fn a_password_is_not_repeated() {
        for (text, shown) in [
            ("me:secret@host/a:1", "***@host/a:1"),
            ("https://me:secret@host/a", "https://***@host/a"),
            ("me:sec@ret@host/a", "***@host/a"),
            ("a@sha256:12", "a@sha256:12"),
        ] {
            assert_eq!(ImageReference::parse(text).unwrap_err().text, shown);
        }
    }

    #[test]
    fn refuses_what_names_nothing() {
        for text in ["", " ", "a b", "host.io/", "a@sha256:12", "a:", "x/../y", "quay.io//x"] {
            assert!(ImageReference::parse(text).is_err(), "{text}");
        }
    }
}
