//! The parts of an import: what each must be, and what is read from it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use stopgate_model::{Digest, RetrievedFile, SearchHit, limits};

use crate::ServiceError;
use crate::error::with_causes;

macro_rules! parts {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// A kind of part.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Part { $($(#[doc = $doc])+ $variant),+ }

        impl Part {
            /// Its name in addresses.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

parts! {
    /// An SBOM.
    Packages = "packages",
    /// An SBOM with everything else in it.
    Sbom = "sbom",
    /// The manifest of the image.
    Manifest = "manifest",
    /// The index that the image was chosen from.
    ParentManifest = "parent-manifest",
    /// The configuration of the image.
    ImageConfig = "image-config",
    /// The Dockerfile, as text.
    Dockerfile = "dockerfile",
    /// Hits of the search for secrets.
    SecretSearches = "secret-searches",
    /// Hits of the search for what a site looks for.
    ContentSearches = "content-searches",
    /// Files that policies read.
    FileContents = "file-contents",
    /// The whole analysis, `stopgate-analysis/1`.
    Analysis = "analysis",
}

/// Reads JSON of a part; what is wrong with it is the asker's fault.
fn json<T: DeserializeOwned>(part: Part, bytes: &[u8]) -> Result<T, ServiceError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ServiceError::invalid(format!("the part `{}` is not what is expected: {error}", part.name())))
}

impl Part {
    /// Refuses what could not be read later.
    pub(crate) fn check(self, bytes: &[u8]) -> Result<(), ServiceError> {
        let refused = |why: &dyn std::fmt::Display| {
            ServiceError::invalid(format!("the part `{}` cannot be read: {why}", self.name()))
        };
        match self {
            Self::Packages | Self::Sbom => {
                if stopgate_formats::analysis::is_compressed(bytes) {
                    return Err(refused(&"it is compressed; expected an SBOM as JSON"));
                }
                stopgate_formats::sbom::detect_and_read(bytes).map(drop).map_err(|error| refused(&with_causes(&error)))
            }
            Self::Analysis => {
                stopgate_formats::analysis::read(bytes).map(drop).map_err(|error| refused(&with_causes(&error)))
            }
            Self::Manifest | Self::ParentManifest | Self::ImageConfig => {
                json::<Map<String, Value>>(self, bytes).map(drop)
            }
            Self::Dockerfile if bytes.len() as u64 > limits::METADATA_BYTES => Err(refused(&"it is too large")),
            Self::Dockerfile => std::str::from_utf8(bytes).map(drop).map_err(|_| refused(&"it is not UTF-8")),
            Self::SecretSearches | Self::ContentSearches => json::<Vec<FoundElsewhere>>(self, bytes).map(drop),
            Self::FileContents => retrieved_of(json(self, bytes)?).map(drop),
        }
    }

    pub(super) fn hits(self, bytes: &[u8]) -> Result<Vec<SearchHit>, ServiceError> {
        json(self, bytes).map(hits_of)
    }

    pub(super) fn files(self, bytes: &[u8]) -> Result<Vec<RetrievedFile>, ServiceError> {
        retrieved_of(json(self, bytes)?)
    }
}

/// A file in a layer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Place {
    path: String,
    #[serde(default, rename = "layerID")]
    layer: Option<String>,
}

impl Place {
    fn layer(&self) -> Option<Digest> {
        self.layer.as_deref().and_then(|text| Digest::parse(text).ok())
    }

    fn path(&self) -> String {
        if self.path.starts_with('/') { self.path.clone() } else { format!("/{}", self.path) }
    }
}

/// Hits in one file, as another analyser tells them.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FoundElsewhere {
    location: Place,
    content_searches: Vec<Hit>,
}

#[derive(Debug, Clone, Deserialize)]
struct Hit {
    classification: String,
    line_number: u32,
}

/// A kept file, as another analyser tells it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KeptElsewhere {
    location: Place,
    contents: String,
}

/// Hits as our own search tells them: one for each file and expression. The text of an expression is known for the
/// searches that every analyser does.
pub(crate) fn hits_of(found: Vec<FoundElsewhere>) -> Vec<SearchHit> {
    let mut all: BTreeMap<(String, String, Option<Digest>), Vec<u32>> = BTreeMap::new();
    for file in found {
        for hit in &file.content_searches {
            let key = (file.location.path(), hit.classification.clone(), file.location.layer());
            all.entry(key).or_default().push(hit.line_number);
        }
    }
    let hit = |((path, name, layer), mut lines): ((String, String, Option<Digest>), Vec<u32>)| {
        lines.sort_unstable();
        lines.dedup();
        let known = stopgate_analyzer::SECRET_PATTERNS.iter().find(|pattern| pattern.name == name);
        let pattern = known.map_or_else(String::new, |pattern| pattern.text.to_owned());
        SearchHit { path, layer, name, pattern, lines }
    };
    all.into_iter().map(hit).collect()
}

/// Kept files, decoded, in the order of their paths.
pub(crate) fn retrieved_of(found: Vec<KeptElsewhere>) -> Result<Vec<RetrievedFile>, ServiceError> {
    let mut all = BTreeMap::new();
    for file in found {
        let path = file.location.path();
        let content = STANDARD.decode(file.contents.trim());
        let content = content.map_err(|_| {
            ServiceError::invalid(format!("the content of `{path}` is no base64: expected the file's bytes so"))
        })?;
        let layer = file.location.layer();
        all.insert(path.clone(), RetrievedFile { path, layer, content });
    }
    Ok(all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Part, hits_of};

    #[test]
    fn hits_of_one_file_and_expression_are_one() {
        let found = json!([
            {"location": {"path": "a/b", "layerID": format!("sha256:{}", "a".repeat(64))}, "content_searches": [
                {"classification": "PRIV_KEY", "line_number": 3, "line_offset": 0, "seek_position": 0, "length": 1},
                {"classification": "PRIV_KEY", "line_number": 1, "line_offset": 0, "seek_position": 0, "length": 1},
                {"classification": "own", "line_number": 1, "line_offset": 0, "seek_position": 0, "length": 1}]},
        ]);
        let hits = hits_of(serde_json::from_value(found).unwrap());
        let told: Vec<_> = hits.iter().map(|hit| (hit.path.as_str(), hit.name.as_str(), hit.lines.clone())).collect();
        assert_eq!(told, [("/a/b", "PRIV_KEY", vec![1, 3]), ("/a/b", "own", vec![1])]);
        assert!(!hits[0].pattern.is_empty() && hits[1].pattern.is_empty());
        assert!(hits[0].layer.is_some());
    }

    #[test]
    fn what_is_no_such_part_is_refused() {
        for (part, bytes) in [
            (Part::Packages, &b"{}"[..]),
            (Part::Packages, b"{\"artifacts\":[]"),
            (Part::Manifest, b"[]"),
            (Part::ImageConfig, b"{\"a\":1"),
            (Part::Dockerfile, b"\xff"),
            (Part::SecretSearches, b"[{\"location\":{}}]"),
            (Part::FileContents, b"[{\"location\":{\"path\":\"/a\"},\"contents\":\"?\"}]"),
            (Part::Analysis, b"{}"),
        ] {
            assert!(part.check(bytes).is_err(), "{part:?}");
        }
        assert!(Part::Dockerfile.check(b"FROM a").is_ok());
        assert!(Part::SecretSearches.check(b"[]").is_ok());
    }
}
