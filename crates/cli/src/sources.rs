//! From the words of the user to the inputs of a command: artifact, reference, vulnerability data.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use stopgate_analyzer::{AnalyzeOptions, CacheDir, ContentSearch, MalwareScanner, NamedFile, analyze};
use stopgate_formats::analysis;
use stopgate_matcher::{MatchOptions, find_matches};
use stopgate_model::{Artifact, Gap, GapClass, ImageReference, MatchReport, limits};
use stopgate_source::{Credentials, Opened, Platform, Scheme, SourceOptions, SourceSpec};
use stopgate_vulndb::{Database, OsvDocument};

use crate::arguments::{Global, SourceArguments};
use crate::failure::{Failure, printable, say};
use crate::places::{Cache, LAYER_CACHE_BYTES};
use crate::progress::Progress;

/// What an analysis is to look for beside what it always looks for.
#[derive(Default)]
pub(crate) struct Demands<'a> {
    /// Paths of files whose content a policy reads.
    pub(crate) retrieve: Vec<String>,
    /// Whether the files of package databases are compared with what these record.
    pub(crate) verify: bool,
    /// What the site looks for in files.
    pub(crate) content_search: Option<ContentSearch>,
    /// Who looks for malware.
    pub(crate) scanner: Option<&'a dyn MalwareScanner>,
}

/// Opens and analyses a source, with the facts of known layers from the cache when there is a place for one.
pub(crate) fn artifact(global: &Global, options: &SourceArguments, progress: &Progress) -> Result<Artifact, Failure> {
    demanded(global, options, progress, Demands::default())
}

/// The same, for a policy that reads more than an analysis always collects.
pub(crate) fn demanded(
    global: &Global,
    options: &SourceArguments,
    progress: &Progress,
    demands: Demands<'_>,
) -> Result<Artifact, Failure> {
    let path = Cache::find().ok().map(|cache| cache.root().join("layers"));
    let cache = path.map(|path| CacheDir { path, max_bytes: LAYER_CACHE_BYTES });
    Ok(cached_in(global, options, progress, demands, cache)?.artifact)
}

/// An artifact and what its source knows beyond it.
pub(crate) struct Analysed {
    pub(crate) artifact: Artifact,
    /// The index that the image was picked from.
    pub(crate) parent: Option<Arc<[u8]>>,
}

/// The same with a given place for the facts of layers.
pub(crate) fn cached_in(
    global: &Global,
    options: &SourceArguments,
    progress: &Progress,
    demands: Demands<'_>,
    cache: Option<CacheDir>,
) -> Result<Analysed, Failure> {
    read(global, options, progress, &analyzing(options, demands, cache)?)
}

fn analyzing<'a>(
    options: &SourceArguments,
    demands: Demands<'a>,
    cache: Option<CacheDir>,
) -> Result<AnalyzeOptions<'a>, Failure> {
    let dockerfile = match &options.dockerfile {
        Some(path) => {
            Some(NamedFile { name: path.display().to_string(), content: read_file(path, limits::METADATA_BYTES)? })
        }
        None => None,
    };
    Ok(AnalyzeOptions {
        cache,
        dockerfile,
        user_input: options.source.clone(),
        retrieve: demands.retrieve,
        verify: demands.verify,
        content_search: demands.content_search,
        scanner: demands.scanner,
        ..AnalyzeOptions::default()
    })
}

/// Opens and analyses a source without reading or writing the cache.
pub(crate) fn uncached(global: &Global, options: &SourceArguments, progress: &Progress) -> Result<Artifact, Failure> {
    Ok(read(global, options, progress, &analyzing(options, Demands::default(), None)?)?.artifact)
}

/// Whether the source is a document about an artifact rather than the artifact.
pub(crate) fn is_document(options: &SourceArguments) -> Result<bool, Failure> {
    let spec = SourceSpec::parse(&options.source).map_err(|error| Failure::of(&error))?;
    Ok(spec.scheme == Some(Scheme::Sbom))
}

fn read(
    global: &Global,
    options: &SourceArguments,
    progress: &Progress,
    analyzing: &AnalyzeOptions<'_>,
) -> Result<Analysed, Failure> {
    let spec = SourceSpec::parse(&options.source).map_err(|error| Failure::of(&error))?;
    progress.step(&format!("opening {}", options.source));
    let opened =
        stopgate_source::open(&spec, &source_options(global, options)?).map_err(|error| Failure::of(&error))?;
    let artifact = match &opened {
        Opened::Sbom(_) | Opened::Analysis(_) if analyzing.scanner.is_some() => Err(Failure::new(format!(
            "`{}` holds no files that could be scanned for malware: expected an image, a folder or a file",
            options.source
        ))),
        Opened::Sbom(bytes) => document(stopgate_formats::sbom::detect_and_read(bytes), analyzing),
        Opened::Analysis(bytes) => document(analysis::read(bytes), analyzing),
        Opened::Image(_) | Opened::Directory(_) | Opened::File(_) => {
            progress.step(&format!("analysing {}", options.source));
            analyze(&opened, analyzing).map_err(|error| Failure::of(&error))
        }
    }?;
    let parent = if let Opened::Image(image) = opened { image.parent } else { None };
    Ok(Analysed { artifact, parent })
}

fn document(
    read: Result<Artifact, stopgate_formats::FormatError>,
    options: &AnalyzeOptions<'_>,
) -> Result<Artifact, Failure> {
    let mut artifact = read.map_err(|error| Failure::of(&error))?;
    options.user_input.clone_into(&mut artifact.source.user_input);
    stopgate_analyzer::complete(&mut artifact, options);
    Ok(artifact)
}

fn source_options(global: &Global, options: &SourceArguments) -> Result<SourceOptions, Failure> {
    let platform = match &options.platform {
        Some(text) => Some(Platform::parse(text).ok_or_else(|| {
            Failure::new(format!("`{text}` is not a platform: expected OS/ARCH[/VARIANT], for example `linux/arm64`"))
        })?),
        None => None,
    };
    Ok(SourceOptions {
        platform,
        plain_http: options.plain_http,
        insecure_skip_tls_verify: options.insecure_skip_tls_verify,
        ca_file: global.ca_file.clone(),
        credentials: credentials(),
        docker_config: docker_config(),
        offline: global.offline,
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `STOPGATE_REGISTRY_TOKEN`, else `STOPGATE_REGISTRY_USERNAME` and `_PASSWORD`.
fn credentials() -> Option<Credentials> {
    if let Some(token) = variable("STOPGATE_REGISTRY_TOKEN") {
        return Some(Credentials::Token(token.into()));
    }
    let username = variable("STOPGATE_REGISTRY_USERNAME")?;
    Some(Credentials::Basic { username, password: variable("STOPGATE_REGISTRY_PASSWORD")?.into() })
}

/// `$DOCKER_CONFIG`, else `~/.docker`.
fn docker_config() -> Option<PathBuf> {
    variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(PathBuf::from(variable("HOME")?).join(".docker")))
}

/// The reference under which the policy sees the artifact.
pub(crate) fn tag(options: &SourceArguments, artifact: &Artifact) -> Result<ImageReference, Failure> {
    match (&options.tag, artifact.source.image()) {
        (Some(tag), _) => ImageReference::parse(tag).map_err(|error| Failure::of(&error)),
        (None, Some(image)) => Ok(image.reference.clone()),
        (None, None) => Ok(ImageReference::bare()),
    }
}

/// The data in use; `None` when there never was any, or no place for it.
pub(crate) fn database() -> Result<Option<Database>, Failure> {
    let Ok(cache) = Cache::find() else { return Ok(None) };
    Database::open(&cache.data()).map_err(|error| Failure::of(&error))
}

/// What to do when there is no data.
pub(crate) fn no_data() -> Failure {
    Failure::new("there is no vulnerability data")
        .help("`stopgate db update` fetches the public data, `stopgate db import FILE` takes an archive")
}

/// Matches an artifact against data.
pub(crate) fn matches(artifact: &Artifact, database: &Database) -> MatchReport {
    find_matches(artifact, database, &MatchOptions::default())
}

/// Own advisories, as data of their own.
pub(crate) fn advisories(folder: &Path, now: Timestamp) -> Result<Database, Failure> {
    let documents = osv_documents(folder)?;
    let scratch =
        tempfile::tempdir().map_err(|error| Failure::new(format!("there is no temporary folder: {error}")))?;
    let built = built(folder)?.unwrap_or(now);
    // The folder is a matter of this machine; the digest of the data tells one from another.
    stopgate_vulndb::build(documents.into_iter(), scratch.path(), &built.to_string(), "own advisories")
        .map_err(|error| Failure::of(&error))?;
    // The map of an open file outlives its name.
    Database::open(scratch.path())
        .map_err(|error| Failure::of(&error))?
        .ok_or_else(|| Failure::new("the data of own advisories is not where it was written"))
}

/// The OSV documents of a folder, sorted by name. A folder without any is valid: it holds no vulnerability.
pub(crate) fn osv_documents(folder: &Path) -> Result<Vec<OsvDocument>, Failure> {
    let fail = |error: &std::io::Error| Failure::new(format!("cannot read the folder `{}`: {error}", folder.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| fail(&error))? {
        let path = entry.map_err(|error| fail(&error))?.path();
        let is_data = path.file_name().is_some_and(|name| name == DATA_FILE);
        if !is_data && path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.display().to_string(), read_file(&path, limits::METADATA_BYTES)?))).collect()
}

/// What may stand beside own advisories: when the data counts as built, for cases about its age.
pub(crate) const DATA_FILE: &str = "stopgate-data.json";
/// The schema of that file.
pub(crate) const DATA_SCHEMA: &str = "stopgate-data/1";

/// When own advisories count as built; `None`: now.
fn built(folder: &Path) -> Result<Option<Timestamp>, Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Data {
        schema: String,
        built: Timestamp,
    }
    let path = folder.join(DATA_FILE);
    if !path.exists() {
        return Ok(None);
    }
    let data: Result<Data, _> = serde_json::from_slice(&read_file(&path, limits::METADATA_BYTES)?);
    match data {
        Ok(data) if data.schema == DATA_SCHEMA => Ok(Some(data.built)),
        Ok(_) => Err(Failure::new(format!("`{}` is not of schema `{DATA_SCHEMA}`", path.display()))),
        Err(error) => Err(Failure::new(format!("`{}` cannot be read: {error}", path.display()))
            .help("expected `schema` and `built`, a time as 2026-01-31T00:00:00Z")),
    }
}

/// Reads a file of at most `limit` bytes.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let fail = |what: &dyn std::fmt::Display| Failure::new(format!("cannot read `{}`: {what}", path.display()));
    let file = stopgate_source::open_readable(path).map_err(|error| fail(&error))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| fail(&error))?;
    if bytes.len() as u64 > limit {
        return Err(fail(&format!("it is longer than {limit} bytes")));
    }
    Ok(bytes)
}

/// Says on standard error that something could not be seen; with `-q` only what can change a verdict.
pub(crate) fn say_gaps(global: &Global, gaps: &[Gap]) {
    let said: Vec<&Gap> = gaps.iter().filter(|gap| !global.quiet || gap.class > GapClass::Note).collect();
    let shown = if global.verbose > 0 { said.len() } else { 5 };
    for gap in said.iter().take(shown) {
        let path = gap.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        let text = format!("{} {}{path}: {}", gap.class.name(), gap.code, gap.message);
        let word = global.paint_stderr("gap", anstyle::AnsiColor::Yellow);
        say(&format!("{word}: {}", printable(&text)));
    }
    if said.len() > shown {
        say(&format!("and {} gaps more; -v shows all", said.len() - shown));
    }
}
