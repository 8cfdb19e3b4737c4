//! Analysing on this machine, and the parts of an import that come of it.

use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use stopgate_analyzer::{CacheDir, ContentSearch};
use stopgate_api_types::import::{
    ImageImportContentSearch, ImageImportContentSearchList, ImageImportFileContent, ImageImportFileContentList,
    ImportContentSearchElement,
};
use stopgate_api_types::sbom::ImportPackageLocation;
use stopgate_client::ImportPart;
use stopgate_formats::{analysis, syft_json};
use stopgate_model::{Artifact, Digest, RetrievedFile, SearchHit};

use super::failure::Failure;
use super::session::Session;
use super::settings::Settings;
use crate::arguments::SourceArguments;
use crate::places::{Cache, LAYER_CACHE_BYTES};
use crate::sources::{self, Analysed, Demands};

const JSON: &str = "application/json";

/// What goes into an import.
pub(super) struct Parts {
    /// Digest of the manifest.
    pub(super) digest: String,
    /// Digest of the index that it was picked from.
    pub(super) parent_digest: Option<String>,
    /// Id of the image, hexadecimal.
    pub(super) image_id: Option<String>,
    /// Each part with its media type, in the order in which they go up.
    pub(super) uploads: Vec<(ImportPart, String, Bytes)>,
    /// The analysis document.
    pub(super) analysis: Option<Bytes>,
}

/// Where a process keeps what it knows of layers.
pub(super) fn layer_cache() -> Option<CacheDir> {
    let path = Cache::find().ok()?.root().join("layers");
    Some(CacheDir { path, max_bytes: LAYER_CACHE_BYTES })
}

/// What is looked for beside packages, from the configuration file.
#[derive(Debug, Default)]
struct Searches {
    secrets: Section,
    content: Section,
    files: Section,
}

/// One section of the configuration file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Section {
    cataloger: Switch,
    additional_patterns: std::collections::BTreeMap<String, String>,
    exclude_pattern_names: Vec<String>,
    patterns: std::collections::BTreeMap<String, String>,
    globs: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Switch {
    enabled: Option<bool>,
}

impl Searches {
    fn of(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            secrets: section(settings, "secret-search")?,
            content: section(settings, "content-search")?,
            files: section(settings, "file-contents")?,
        })
    }

    /// Everything that is looked for in files, as `NAME=regex`.
    fn expressions(&self) -> Vec<String> {
        let content = if self.content.cataloger.enabled == Some(false) { None } else { Some(&self.content.patterns) };
        let all = self.secrets.additional_patterns.iter().chain(content.into_iter().flatten());
        all.map(|(name, pattern)| format!("{name}={pattern}")).collect()
    }

    /// What the configuration asks for and this analysis does not do: it must not look done.
    fn unsupported(&self, settings: &Settings) -> Result<Vec<&'static str>, Failure> {
        let mut parts = Vec::new();
        if settings.flag("ANCHORECTL_HINTS_ENABLED")? || settings.flag("ANCHORECTL_ANALYZER_ENABLE_HINTS")? {
            parts.push("content hints are not read by a local analysis");
        }
        if self.files.globs.iter().any(|path| is_pattern(path)) {
            parts.push("`file-contents.globs` with `*`, `?`, `[` or `{` are not looked for, only whole paths");
        }
        Ok(parts)
    }

    fn is_secret(&self, name: &str) -> bool {
        self.secrets.additional_patterns.contains_key(name)
    }
}

fn section(settings: &Settings, name: &str) -> Result<Section, Failure> {
    let Some(value) = settings.section(name).filter(|value| !value.is_null()) else { return Ok(Section::default()) };
    Section::deserialize(value)
        .map_err(|error| Failure::new(format!("the section `{name}` of the configuration cannot be read: {error}")))
}

/// What to analyse.
pub(super) struct Local<'a> {
    /// SCHEME:PATH, PATH or REFERENCE.
    pub(super) source: &'a str,
    pub(super) platform: Option<&'a str>,
    pub(super) dockerfile: Option<PathBuf>,
}

/// Analyses an image.
pub(super) fn image(session: &mut Session, local: &Local<'_>) -> Result<Analysed, Failure> {
    let searches = Searches::of(&session.settings)?;
    for what in searches.unsupported(&session.settings)? {
        session.warn(what);
    }
    let expressions = searches.expressions();
    let content_search = if expressions.is_empty() {
        None
    } else {
        Some(ContentSearch::new(&expressions).map_err(|error| Failure::new(error.to_string()))?)
    };
    let demands = Demands { retrieve: plain_paths(&searches.files), verify: true, content_search, scanner: None };
    let options = SourceArguments {
        platform: local.platform.map(str::to_owned),
        dockerfile: local.dockerfile.clone(),
        insecure_skip_tls_verify: session.settings.flag("ANCHORECTL_HTTP_TLS_INSECURE")?,
        ..SourceArguments::of(local.source.to_owned())
    };
    let line = session.live(&format!("Analyzing {}", local.source));
    let analysed = sources::cached_in(&session.local(), &options, &line, demands, session.io.layers.clone());
    line.finish();
    let mut analysed = analysed?;
    sort_hits(&mut analysed.artifact, &searches);
    Ok(analysed)
}

/// Paths to retrieve. A pattern cannot be looked for, only a path.
fn plain_paths(files: &Section) -> Vec<String> {
    if files.cataloger.enabled == Some(false) {
        return Vec::new();
    }
    files.globs.iter().filter(|path| !is_pattern(path)).map(|path| path.trim_start_matches('/').to_owned()).collect()
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// Patterns that the site adds to the secret search are found by the content search.
fn sort_hits(artifact: &mut Artifact, searches: &Searches) {
    if searches.secrets.cataloger.enabled == Some(false) {
        artifact.secrets = None;
        return;
    }
    let (added, content): (Vec<SearchHit>, Vec<SearchHit>) =
        artifact.content.take().unwrap_or_default().into_iter().partition(|hit| searches.is_secret(&hit.name));
    if !searches.content.patterns.is_empty() {
        artifact.content = Some(content);
    }
    if let Some(secrets) = &mut artifact.secrets {
        secrets.retain(|hit| !searches.secrets.exclude_pattern_names.contains(&hit.name));
        secrets.extend(added);
        secrets.sort();
    }
}

impl Parts {
    /// The parts of what was analysed here.
    pub(super) fn of_analysis(analysed: &Analysed, dockerfile: Option<&[u8]>) -> Result<Self, Failure> {
        let artifact = &analysed.artifact;
        let Some(image) = artifact.source.image() else {
            return Err(Failure::new(format!("`{}` is no image", artifact.source.user_input)));
        };
        let packages = written(|out| syft_json::write(artifact, out))?;
        let mut parts = vec![
            (ImportPart::Packages, JSON.to_owned(), packages),
            (ImportPart::Manifest, image.media_type.clone(), Bytes::from(image.manifest.clone())),
            (ImportPart::ImageConfig, JSON.to_owned(), Bytes::from(image.config.clone())),
        ];
        if let Some(index) = &analysed.parent {
            parts.insert(2, (ImportPart::ParentManifest, media_type_of(index), Bytes::copy_from_slice(index)));
        }
        if let Some(dockerfile) = dockerfile {
            parts.push((ImportPart::Dockerfile, "text/plain".to_owned(), Bytes::from(dockerfile.to_vec())));
        }
        if let Some(hits) = &artifact.secrets {
            parts.push((ImportPart::SecretSearches, JSON.to_owned(), json(&hits_list(hits))?));
        }
        if let Some(hits) = &artifact.content {
            parts.push((ImportPart::ContentSearches, JSON.to_owned(), json(&hits_list(hits))?));
        }
        if let Some(files) = artifact.retrieved.as_ref().filter(|files| !files.is_empty()) {
            parts.push((ImportPart::FileContents, JSON.to_owned(), json(&files_list(files))?));
        }
        Ok(Self {
            digest: image.manifest_digest.to_string(),
            parent_digest: analysed.parent.as_deref().map(|index| stopgate_archive::digest_of(index).to_string()),
            image_id: Some(image.image_id.hex().to_owned()),
            uploads: parts,
            analysis: Some(written(|out| analysis::write(artifact, out))?),
        })
    }

    /// The parts that a Syft document holds: it is sent as it is, with the manifest and configuration in it.
    pub(super) fn of_sbom(bytes: Vec<u8>, dockerfile: Option<&[u8]>) -> Result<Self, Failure> {
        let fail = |what: &str| Failure::new(format!("the SBOM cannot be imported: {what}"));
        let document: Value =
            serde_json::from_slice(&bytes).map_err(|error| fail(&format!("it is not Syft JSON: {error}")))?;
        // Older documents have `target`, newer ones `metadata`.
        let source = document.get("source").ok_or_else(|| fail("it has no `source`: expected Syft JSON"))?;
        let image = ["metadata", "target"].iter().filter_map(|key| source.get(*key)).find(|value| value.is_object());
        let image = image.ok_or_else(|| fail("its source is no image"))?;
        let field = |name: &str| image.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let decoded = |name: &str| {
            let text =
                field(name).ok_or_else(|| fail(&format!("its source has no `{name}`: it was not made of an image")))?;
            STANDARD.decode(text).map_err(|_| fail(&format!("`{name}` of its source is not base64")))
        };
        let digest = field("manifestDigest").ok_or_else(|| fail("its source has no `manifestDigest`"))?;
        let media_type = field("mediaType").unwrap_or("application/vnd.docker.distribution.manifest.v2+json");
        let mut parts = vec![
            (ImportPart::Manifest, media_type.to_owned(), Bytes::from(decoded("manifest")?)),
            (ImportPart::ImageConfig, JSON.to_owned(), Bytes::from(decoded("config")?)),
        ];
        let image_id = field("imageID").map(|id| id.trim_start_matches("sha256:").to_owned());
        let digest = digest.to_owned();
        parts.insert(0, (ImportPart::Packages, JSON.to_owned(), Bytes::from(bytes)));
        if let Some(dockerfile) = dockerfile {
            parts.push((ImportPart::Dockerfile, "text/plain".to_owned(), Bytes::from(dockerfile.to_vec())));
        }
        Ok(Self { digest, parent_digest: None, image_id, uploads: parts, analysis: None })
    }
}

/// What an index says that it is.
fn media_type_of(index: &[u8]) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        media_type: Option<String>,
    }
    let said = serde_json::from_slice::<Head>(index).ok().and_then(|head| head.media_type);
    said.unwrap_or_else(|| "application/vnd.oci.image.index.v1+json".to_owned())
}

fn written(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<Bytes, Failure> {
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(|error| Failure::new(format!("the analysis cannot be written: {error}")))?;
    Ok(bytes.into())
}

fn json(value: &impl serde::Serialize) -> Result<Bytes, Failure> {
    serde_json::to_vec(value)
        .map(Into::into)
        .map_err(|error| Failure::new(format!("a part cannot be written: {error}")))
}

fn location(path: &str, layer: Option<&Digest>) -> ImportPackageLocation {
    ImportPackageLocation {
        path: format!("/{}", path.trim_start_matches('/')),
        layer_id: layer.map(ToString::to_string),
    }
}

/// One entry per file. An analysis keeps the lines of its hits, neither offsets nor the matched text.
fn hits_list(hits: &[SearchHit]) -> ImageImportContentSearchList {
    let mut files: Vec<ImageImportContentSearch> = Vec::new();
    for hit in hits {
        let location = location(&hit.path, hit.layer.as_ref());
        let classification = if hit.name.is_empty() { &hit.pattern } else { &hit.name };
        let elements = hit.lines.iter().map(|line| ImportContentSearchElement {
            classification: classification.clone(),
            line_number: u64::from(*line),
            line_offset: 0,
            seek_position: 0,
            length: 0,
        });
        match files.last_mut().filter(|file| file.location == location) {
            Some(file) => file.content_searches.extend(elements),
            None => files.push(ImageImportContentSearch { location, content_searches: elements.collect() }),
        }
    }
    files.into()
}

fn files_list(files: &[RetrievedFile]) -> ImageImportFileContentList {
    let file = |file: &RetrievedFile| ImageImportFileContent {
        location: location(&file.path, file.layer.as_ref()),
        contents: STANDARD.encode(&file.content),
    };
    files.iter().map(file).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Parts;

    #[test]
    fn an_sbom_of_an_image_holds_all_that_an_import_needs() {
        let image = json!({
            "manifestDigest": "sha256:aa", "imageID": "sha256:bb", "tags": ["app:1"], "manifest": "e30=", "config": "e30=",
        });
        for key in ["metadata", "target"] {
            let sbom = json!({"artifacts": [], "source": {"type": "image", key: image}}).to_string();
            let parts = Parts::of_sbom(sbom.into_bytes(), Some(b"FROM x")).unwrap();
            assert_eq!((parts.digest.as_str(), parts.image_id.as_deref()), ("sha256:aa", Some("bb")), "{key}");
            let names: Vec<_> = parts.uploads.iter().map(|(part, ..)| part.path()).collect();
            assert_eq!(names, ["packages", "manifest", "image-config", "dockerfile"]);
        }
    }

    #[test]
    fn an_sbom_of_a_folder_is_refused() {
        for (sbom, said) in [
            (r#"{"source": {"type": "directory", "metadata": {"path": "."}}}"#, "no `manifestDigest`"),
            (r#"{"source": {"type": "directory", "target": "."}}"#, "its source is no image"),
            ("{}", "expected Syft JSON"),
            ("<bom/>", "it is not Syft JSON"),
        ] {
            let error = Parts::of_sbom(sbom.as_bytes().to_vec(), None).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
