//! SLSA provenance, v1 and v0.2: who built, and from which source.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::DSSE;
use crate::FormatError;
use crate::strict::{Elements, Fields};

const SLSA: &str = "https://slsa.dev/provenance/";
/// Most digests of one dependency.
const DIGESTS: usize = 32;

/// What a provenance says; nothing when the predicate is none.
#[derive(Default)]
pub(super) struct Provenance {
    pub(super) builder: Option<String>,
    /// A URI with its revision behind `@`.
    pub(super) source: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V1<'a> {
    #[serde(borrow)]
    build_definition: Option<BuildDefinition<'a>>,
    run_details: Option<RunDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition<'a> {
    #[serde(borrow)]
    external_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    resolved_dependencies: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Option<Builder>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

/// Of the parameters, whose shape is the builder's own, the places where known builders name the source.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct External<'a> {
    /// GitHub's workflows.
    #[serde(borrow)]
    workflow: Option<&'a RawValue>,
    /// The container generators of slsa-framework.
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    /// Google Cloud Build.
    #[serde(borrow)]
    source_to_build: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Repository {
    repository: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

/// A resource descriptor, or a material of v0.2.
#[derive(Deserialize)]
struct Resource<'a> {
    uri: Option<String>,
    #[serde(borrow)]
    digest: Option<Fields<'a, DIGESTS>>,
}

#[derive(Deserialize)]
struct V02<'a> {
    builder: Option<Builder>,
    #[serde(borrow)]
    invocation: Option<Invocation<'a>>,
    #[serde(borrow)]
    materials: Option<Elements<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    #[serde(borrow)]
    config_source: Option<Resource<'a>>,
}

/// A source with its commit, when that is known.
struct Source {
    uri: String,
    commit: Option<String>,
}

/// Reads the predicate of a provenance; any other is left alone.
pub(super) fn read(predicate_type: &str, predicate: Option<&RawValue>) -> Result<Provenance, FormatError> {
    let version = predicate_type.strip_prefix(SLSA).unwrap_or_default();
    match (version, predicate) {
        (_, Some(raw)) if version == "v1" || version.starts_with("v1.") => v1(DSSE.object("the provenance", raw)?),
        ("v0.2", Some(raw)) => v02(DSSE.object("the provenance", raw)?),
        _ => Ok(Provenance::default()),
    }
}

fn v1(raw: V1<'_>) -> Result<Provenance, FormatError> {
    let builder = raw.run_details.and_then(|run| run.builder).and_then(|builder| builder.id);
    let Some(definition) = raw.build_definition else { return Ok(Provenance { builder, source: None }) };
    let named = definition.external_parameters.and_then(named_source);
    let resolved = sources(definition.resolved_dependencies)?;
    let source = match named {
        // What the builder resolved tells the commit as well.
        Some(named) => resolved.into_iter().find(|one| same_place(&one.uri, &named.uri)).or(Some(named)),
        None => resolved.into_iter().find(|one| one.commit.is_some()),
    };
    Ok(Provenance { builder, source: source.map(Source::text) })
}

fn v02(raw: V02<'_>) -> Result<Provenance, FormatError> {
    let builder = raw.builder.and_then(|builder| builder.id);
    let named = raw.invocation.and_then(|invocation| invocation.config_source).and_then(source);
    let materials = sources(raw.materials)?;
    let source = named.or_else(|| materials.into_iter().find(|one| one.commit.is_some()));
    Ok(Provenance { builder, source: source.map(Source::text) })
}

fn named_source(raw: &RawValue) -> Option<Source> {
    let external: External<'_> = lenient(raw)?;
    let repository = |raw: &RawValue| {
        let Repository { repository, reference } = lenient(raw)?;
        let uri = reference.map_or_else(|| repository.clone(), |reference| format!("{repository}@{reference}"));
        Some(Source { uri, commit: None })
    };
    let described = |raw: &RawValue| match lenient::<String>(raw) {
        Some(uri) => Some(Source { uri, commit: None }),
        None => source(lenient(raw)?),
    };
    external
        .workflow
        .and_then(repository)
        .or_else(|| external.source.and_then(described))
        .or_else(|| external.source_to_build.and_then(repository))
}

/// A value of a shape that we know; builders may use others.
fn lenient<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn sources(list: Option<Elements<'_>>) -> Result<Vec<Source>, FormatError> {
    let sources = DSSE.objects(("dependency", "dependencies"), list, |resource| Ok(source(resource)))?;
    Ok(sources.into_iter().flatten().collect())
}

fn source(resource: Resource<'_>) -> Option<Source> {
    let uri = resource.uri.filter(|uri| !uri.is_empty())?;
    let Fields(digests) = resource.digest.unwrap_or(Fields(Vec::new()));
    let commit = |name: &str| {
        let (_, raw) = digests.iter().find(|(known, _)| known == name)?;
        lenient::<Cow<'_, str>>(raw).map(Cow::into_owned).filter(|commit| !commit.is_empty())
    };
    let commit = commit("gitCommit").or_else(|| commit("sha1"));
    Some(Source { uri, commit })
}

/// Whether two URIs name the same repository, whatever their revisions.
fn same_place(one: &str, other: &str) -> bool {
    place(one) == place(other)
}

fn place(uri: &str) -> &str {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let scheme = uri.find("://").map_or(0, |at| at + 3);
    // An `@` in front of a path belongs to a user.
    let path = uri.get(scheme..).and_then(|rest| rest.find('/')).map_or(uri.len(), |at| scheme + at);
    let end = uri.get(path..).and_then(|rest| rest.find('@')).map_or(uri.len(), |at| path + at);
    let uri = uri.get(..end).unwrap_or(uri);
    uri.strip_suffix(".git").unwrap_or(uri)
}

impl Source {
    /// The URI, and the commit behind it where it does not name that already.
    fn text(self) -> String {
        match self.commit {
            Some(commit) if !self.uri.contains(&commit) => format!("{}@{commit}", self.uri),
            _ => self.uri,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::read;

    fn said(version: &str, predicate: &str) -> (Option<String>, Option<String>) {
        let raw: &RawValue = serde_json::from_str(predicate).unwrap();
        let provenance = read(&format!("https://slsa.dev/provenance/{version}"), Some(raw)).unwrap();
        (provenance.builder, provenance.source)
    }

    #[test]
    fn the_source_is_what_was_asked_for_with_the_commit_that_was_used() {
        const DEPENDENCIES: &str = r#""resolvedDependencies": [{"uri": "https://other.example/x", "digest": {"sha1": "00"}},
            {"uri": "git+https://git.example/a/b.git@refs/heads/main", "digest": {"gitCommit": "c0"}}, {}]"#;
        let cases = [
            (
                r#"{"workflow": {"repository": "https://git.example/a/b", "ref": "refs/heads/main"}}"#,
                "git+https://git.example/a/b.git@refs/heads/main@c0",
            ),
            (
                r#"{"source": {"uri": "git+https://git.example/a/b@refs/tags/v1"}}"#,
                "git+https://git.example/a/b.git@refs/heads/main@c0",
            ),
            (r#"{"source": "git+https://git.example/c@refs/heads/main"}"#, "git+https://git.example/c@refs/heads/main"),
            (
                r#"{"source": {"uri": "git+https://git.example/c", "digest": {"sha1": "c1"}}}"#,
                "git+https://git.example/c@c1",
            ),
            (r#"{"sourceToBuild": {"repository": "https://git.example/d"}}"#, "https://git.example/d"),
            (r#"{"workflow": 7, "source": []}"#, "https://other.example/x@00"),
            ("null", "https://other.example/x@00"),
        ];
        for (parameters, expected) in cases {
            let predicate = format!(r#"{{"buildDefinition": {{"externalParameters": {parameters}, {DEPENDENCIES}}}}}"#);
            assert_eq!(said("v1", &predicate), (None, Some(expected.to_owned())), "{parameters}");
        }
    }

    #[test]
    fn version_0_2_names_its_configuration_or_else_its_materials() {
        let configured = r#"{"builder": {"id": "b"}, "invocation": {"configSource":
            {"uri": "git+https://git.example/a@refs/heads/x", "digest": {"sha1": "c0"}}}, "materials": [{"uri": "y"}]}"#;
        let expected = Some("git+https://git.example/a@refs/heads/x@c0".to_owned());
        assert_eq!(said("v0.2", configured), (Some("b".to_owned()), expected));
        let materials = r#"{"materials": [{"uri": "pkg:docker/x", "digest": {"sha256": "1"}},
            {"uri": "git+https://git.example/a@c0", "digest": {"sha1": "c0"}}]}"#;
        assert_eq!(said("v0.2", materials), (None, Some("git+https://git.example/a@c0".to_owned())));
        assert_eq!(said("v0.1", configured), (None, None));
        assert_eq!(said("v1", "{}"), (None, None));
    }
}
