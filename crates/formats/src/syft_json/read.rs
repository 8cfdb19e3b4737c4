//! Reads the document: today's schema and all that came before it.
//!
//! Broken elements are gaps. A document of a newer model is read as far as it can be, with a gap that says so.
//! `files` becomes the file tree only when the document says that it lists every file; a partial list
//! would make policies believe that the other files are not there.

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Analyzer, Artifact, Cpe, Details, Digest, Distro, Documents, Element, EvidenceKind, License, LicenseKind, Location,
    Package, PackageType, Relationship, RelationshipKind, SbomHead,
};

use super::read_source;
use super::{metadata, read_files};
use crate::FormatError;
use crate::elements::{self, Broken, Ids, Others, Packages};
use crate::error::bounded;

pub(super) const FORMAT: &str = "syft-json";
const MODEL: u32 = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow)]
    artifacts: Option<Packages<'a>>,
    #[serde(borrow)]
    artifact_relationships: Option<Others<'a>>,
    #[serde(borrow)]
    files: Option<Others<'a>>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    distro: Option<&'a RawValue>,
    #[serde(borrow)]
    descriptor: Option<&'a RawValue>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Descriptor<'a> {
    pub(super) name: Option<String>,
    version: Option<String>,
    #[serde(borrow)]
    pub(super) configuration: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Schema {
    version: Option<String>,
}

/// Reads an artifact from syft-json.
pub fn read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    read_text(bounded(FORMAT, bytes)?)
}

/// Reads a text whose size and depth are within limits.
pub(crate) fn read_text(text: &str) -> Result<Artifact, FormatError> {
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|source| FormatError::Json { format: FORMAT, source })?;
    let Some(artifacts) = document.artifacts else {
        return Err(FormatError::invalid(FORMAT, "it has no `artifacts`: expected a list of packages"));
    };
    let mut broken = Broken::default();
    let descriptor: Descriptor<'_> =
        document.descriptor.and_then(|raw| broken.object("descriptor", 0, raw)).unwrap_or_default();
    let schema: Schema = document.schema.and_then(|raw| broken.object("schema", 0, raw)).unwrap_or_default();
    let schema = schema.version.unwrap_or_default();
    if schema.split('.').next().and_then(|model| model.parse::<u32>().ok()).is_some_and(|model| model > MODEL) {
        broken.add(format!("the document has the newer schema {schema}: parts that {MODEL} does not know are missing"));
    }
    let source = read_source::read(document.source, &mut broken);
    let mut ids = Ids::default();
    let artifacts = broken.packages(Some(artifacts));
    let mut packages: Vec<Package> =
        artifacts.into_iter().enumerate().filter_map(|(at, raw)| package(raw, at, &mut ids, &mut broken)).collect();
    let edges = broken.others("relationships", document.artifact_relationships);
    let mut relationships: Vec<_> = edges
        .into_iter()
        .enumerate()
        .filter_map(|(at, raw)| relationship(raw, at, &ids, &source.id, &mut broken))
        .collect();
    let listed = broken.others("files", document.files);
    let old_modes = schema == "1.0.0" && descriptor.name.as_deref() == Some("anchorectl");
    let files = read_files::read(listed, &descriptor, old_modes, &source, &mut broken);
    let distro = document.distro.and_then(|raw| distro(raw, &mut broken)).or_else(|| elements::distro_of(&packages));
    if let Some(gap) = elements::distro_gap(&packages, distro.as_ref()) {
        broken.gap(gap);
    }
    elements::sort(&mut packages, &mut relationships);
    Ok(Artifact {
        source,
        config: None,
        distro,
        packages,
        relationships,
        files,
        dockerfile: None,
        secrets: None,
        hidden_secrets: None,
        config_secrets: None,
        content: None,
        retrieved: None,
        documents: Documents::default(),
        gaps: broken.finish(),
        sbom: Some(SbomHead::default()),
        analyzer: Analyzer {
            name: descriptor.name.unwrap_or_default(),
            version: descriptor.version.unwrap_or_default(),
        },
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPackage<'a> {
    id: Option<String>,
    name: Option<String>,
    version: Option<String>,
    #[serde(rename = "type")]
    package_type: Option<String>,
    found_by: Option<String>,
    #[serde(borrow)]
    locations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    licenses: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    cpes: Option<Vec<&'a RawValue>>,
    purl: Option<String>,
    metadata_type: Option<String>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

fn package(raw: &RawValue, at: usize, ids: &mut Ids, broken: &mut Broken) -> Option<Package> {
    let raw: RawPackage<'_> = broken.object("package", at, raw)?;
    let type_name = raw.package_type.unwrap_or_default();
    let mut package =
        Package::new(PackageType::named(&type_name), raw.name.unwrap_or_default(), raw.version.unwrap_or_default());
    package.purl = raw.purl.unwrap_or_default();
    package.found_by = raw.found_by.unwrap_or_default();
    package.locations =
        raw.locations.unwrap_or_default().into_iter().filter_map(|raw| location(raw, at, broken)).collect();
    package.locations.sort_by_key(|location| location.evidence);
    package.licenses =
        raw.licenses.unwrap_or_default().into_iter().filter_map(|raw| license(raw, at, broken)).collect();
    package.cpes = raw.cpes.unwrap_or_default().into_iter().filter_map(|raw| cpe(raw, at, broken)).collect();
    let type_name = raw.metadata_type.unwrap_or_default();
    let type_name = metadata::current_name(&type_name, &package.locations);
    if let Some(raw) = raw.metadata {
        metadata::fill(&mut package, type_name, raw);
        package.details = Some(Details { type_name: type_name.to_owned(), json: raw.get().to_owned() });
    }
    elements::fill_from_purl(&mut package);
    if package.package_type.id().is_empty() {
        package.package_type = PackageType::UNKNOWN;
    }
    if package.name.is_empty() {
        broken.add(format!("package {at} of the document has no name"));
        return None;
    }
    let id = raw.id.unwrap_or_default();
    package.id = ids.assign(&id, &id, &package);
    Some(package)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLocation {
    path: Option<String>,
    #[serde(rename = "layerID")]
    layer_id: Option<String>,
    access_path: Option<String>,
    // Named so before schema 15.
    virtual_path: Option<String>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    evidence: Option<String>,
}

fn location(raw: &RawValue, at: usize, broken: &mut Broken) -> Option<Location> {
    let raw: RawLocation = broken.object("a location of package", at, raw)?;
    let path = rooted(raw.path.filter(|path| !path.is_empty())?);
    let layer = raw.layer_id.filter(|layer| !layer.is_empty()).and_then(|layer| match Digest::parse(&layer) {
        Ok(layer) => Some(layer),
        Err(error) => {
            broken.add(format!("the layer of a location of package {at} of the document is unknown: {error}"));
            None
        }
    });
    let access_path = raw.access_path.or(raw.virtual_path).filter(|path| !path.is_empty()).map(rooted);
    let evidence = match raw.annotations.and_then(|annotations| annotations.evidence).as_deref() {
        Some("primary") => EvidenceKind::Primary,
        // syft: whatever is not said to prove the package adds to it.
        _ => EvidenceKind::Supporting,
    };
    Some(Location { access_path: access_path.unwrap_or_else(|| path.clone()), path, layer, evidence })
}

// Documents of directories before schema 11 have paths relative to the root.
pub(super) fn rooted(path: String) -> String {
    if path.starts_with('/') { path } else { format!("/{path}") }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLicense<'a> {
    value: Option<String>,
    spdx_expression: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    urls: Option<Vec<String>>,
    #[serde(borrow)]
    locations: Option<Vec<&'a RawValue>>,
}

fn license(raw: &RawValue, at: usize, broken: &mut Broken) -> Option<License> {
    if raw.get().starts_with('"') {
        let value: String = broken.any("a licence of package", at, raw)?;
        let spdx = if spdx::Expression::parse(&value).is_ok() { value.clone() } else { String::new() };
        return Some(License { value, spdx, kind: LicenseKind::Declared, urls: Vec::new(), locations: Vec::new() });
    }
    let raw: RawLicense<'_> = broken.object("a licence of package", at, raw)?;
    Some(License {
        value: raw.value.unwrap_or_default(),
        spdx: raw.spdx_expression.unwrap_or_default(),
        kind: if raw.kind.as_deref() == Some("concluded") { LicenseKind::Concluded } else { LicenseKind::Declared },
        urls: raw.urls.unwrap_or_default(),
        locations: raw.locations.unwrap_or_default().into_iter().filter_map(|raw| location(raw, at, broken)).collect(),
    })
}

#[derive(Deserialize)]
struct RawCpe {
    cpe: String,
    source: Option<String>,
}

fn cpe(raw: &RawValue, at: usize, broken: &mut Broken) -> Option<Cpe> {
    if raw.get().starts_with('"') {
        return broken.any("a CPE of package", at, raw).map(|text| Cpe { text, source: String::new() });
    }
    let raw: RawCpe = broken.object("a CPE of package", at, raw)?;
    Some(Cpe { text: raw.cpe, source: raw.source.unwrap_or_default() })
}

#[derive(Deserialize)]
struct RawRelationship {
    parent: String,
    child: String,
    #[serde(rename = "type")]
    kind: String,
    metadata: Option<RelationshipMetadata>,
}

#[derive(Deserialize)]
struct RelationshipMetadata {
    files: Option<Vec<String>>,
}

fn relationship(raw: &RawValue, at: usize, ids: &Ids, source: &str, broken: &mut Broken) -> Option<Relationship> {
    let raw: RawRelationship = broken.object("relationship", at, raw)?;
    let child_is_file = ids.get(&raw.child).is_none();
    let kind = match raw.kind.as_str() {
        // These follow from the packages themselves.
        "evident-by" => return None,
        "contains" if child_is_file || raw.parent == source => return None,
        "ownership-by-file-overlap" => {
            let mut files = raw.metadata.and_then(|metadata| metadata.files).unwrap_or_default();
            files.sort_unstable();
            RelationshipKind::OwnershipByFileOverlap(files)
        }
        // As syft does: build-dependency-of and the like say so too.
        name if name.contains("dependency-of") => RelationshipKind::DependencyOf,
        name => RelationshipKind::Other(name.to_owned()),
    };
    let element = |id: &str| if id == source { Element::Source } else { ids.element(id) };
    Some(Relationship { from: element(&raw.parent), to: element(&raw.child), kind })
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct RawDistro<'a> {
    pretty_name: Option<String>,
    name: Option<String>,
    id: Option<String>,
    #[serde(borrow)]
    id_like: Option<&'a RawValue>,
    version: Option<String>,
    #[serde(rename = "versionID")]
    version_id: Option<String>,
    version_codename: Option<String>,
    #[serde(rename = "buildID")]
    build_id: Option<String>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    image_version: Option<String>,
    variant: Option<String>,
    #[serde(rename = "variantID")]
    variant_id: Option<String>,
    #[serde(rename = "homeURL")]
    home_url: Option<String>,
    #[serde(rename = "supportURL")]
    support_url: Option<String>,
    #[serde(rename = "bugReportURL")]
    bug_report_url: Option<String>,
    #[serde(rename = "privacyPolicyURL")]
    privacy_policy_url: Option<String>,
    cpe_name: Option<String>,
    support_end: Option<String>,
    extended_support: Option<bool>,
}

fn distro(raw: &RawValue, broken: &mut Broken) -> Option<Distro> {
    if raw.get() == "null" {
        return None;
    }
    let raw: RawDistro<'_> = broken.object("distribution", 0, raw)?;
    let id_like = raw.id_like.map(|raw| {
        serde_json::from_str::<Vec<String>>(raw.get())
            .or_else(|_| serde_json::from_str::<String>(raw.get()).map(|text| split(&text)))
            .unwrap_or_default()
    });
    let mut distro = Distro {
        id: raw.id.unwrap_or_default(),
        id_like: id_like.unwrap_or_default(),
        name: raw.name.unwrap_or_default(),
        pretty_name: raw.pretty_name.unwrap_or_default(),
        version: raw.version.unwrap_or_default(),
        version_id: raw.version_id.unwrap_or_default(),
        version_codename: raw.version_codename.unwrap_or_default(),
        build_id: raw.build_id.unwrap_or_default(),
        image_id: raw.image_id.unwrap_or_default(),
        image_version: raw.image_version.unwrap_or_default(),
        variant: raw.variant.unwrap_or_default(),
        variant_id: raw.variant_id.unwrap_or_default(),
        home_url: raw.home_url.unwrap_or_default(),
        support_url: raw.support_url.unwrap_or_default(),
        bug_report_url: raw.bug_report_url.unwrap_or_default(),
        privacy_policy_url: raw.privacy_policy_url.unwrap_or_default(),
        cpe_name: raw.cpe_name.unwrap_or_default(),
        support_end: raw.support_end.unwrap_or_default(),
        extended_support: raw.extended_support.unwrap_or_default(),
    };
    if distro == Distro::default() {
        return None;
    }
    // Before schema 2 `name` was the id and `version` the version id.
    if distro.id.is_empty() && !distro.name.contains(' ') {
        distro.id = distro.name.to_ascii_lowercase();
        if distro.version_id.is_empty() {
            distro.version_id.clone_from(&distro.version);
        }
    }
    Some(distro)
}

fn split(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use stopgate_model::{
        Artifact, Element, GapCode, PackageType, Relationship, RelationshipKind, SourceKind, Upstream,
    };

    use super::read;
    use crate::FormatError;

    fn artifact(json: &str) -> Artifact {
        read(json.as_bytes()).unwrap()
    }

    fn one(package: &str) -> stopgate_model::Package {
        let artifact = artifact(&format!(r#"{{"artifacts":[{package}],"distro":{{"id":"x"}}}}"#));
        assert_eq!(artifact.gaps, []);
        artifact.packages.into_iter().next().unwrap()
    }

    #[test]
    fn schema_1_is_read() {
        let artifact = artifact(
            r#"{"artifacts":[{"name":"musl","version":"1.2","type":"apk","foundBy":"apkdb-cataloger",
            "locations":[{"path":"lib/apk/db/installed","layerID":"bad"}],"licenses":["MIT","odd words"],
            "cpes":["cpe:2.3:a:musl:musl:1.2:*:*:*:*:*:*:*"],"metadataType":"ApkMetadata",
            "metadata":{"package":"musl","originPackage":"musl-src","files":[{"path":"/lib/ld.so"}]}}],
            "source":{"type":"directory","target":"/srv"},"distro":{"name":"alpine","version":"3.12","idLike":"x y"},
            "descriptor":{"name":"syft","version":"0.1"},"schema":{"version":"1.0.0"}}"#,
        );
        let package = &artifact.packages[0];
        assert_eq!(package.locations[0].path, "/lib/apk/db/installed");
        assert_eq!((package.licenses[0].spdx.as_str(), package.licenses[1].spdx.as_str()), ("MIT", ""));
        assert_eq!(package.upstreams, [Upstream { name: "musl-src".into(), version: None }]);
        assert_eq!((package.files[0].path.as_str(), package.files[0].mode), ("/lib/ld.so", Some(0o644)));
        assert_eq!(package.details.as_ref().unwrap().type_name, "apk-db-entry");
        let distro = artifact.distro.unwrap();
        assert_eq!((distro.id.as_str(), distro.version_id.as_str()), ("alpine", "3.12"));
        assert_eq!(distro.id_like, ["x", "y"]);
        assert_eq!(artifact.source.kind, SourceKind::Directory { path: "/srv".into() });
        assert_eq!(artifact.gaps[0].code, GapCode::SbomElementUnreadable, "the layer that is none");
    }

    #[test]
    fn typed_fields_come_from_metadata_then_from_the_package_url() {
        let rpm =
            one(r#"{"name":"bash","version":"0:4.4-1.el8","type":"rpm","metadataType":"rpm-db-entry","metadata":{
            "epoch":0,"architecture":"x86_64","sourceRpm":"bash-src-4.4-1.el8.src.rpm","modularityLabel":"",
            "files":[{"path":"/etc","mode":16877},{"path":"/etc/x","mode":33188,"size":3,"flags":"cn",
            "digest":{"algorithm":"sha256","value":"zz"}}]}}"#);
        assert_eq!((rpm.epoch, rpm.arch.as_deref(), rpm.modularity.as_deref()), (Some(0), Some("x86_64"), Some("")));
        assert_eq!(rpm.upstreams[0].version.as_deref(), Some("4.4-1.el8"));
        assert_eq!(rpm.files.len(), 1, "folders are not owned files");
        assert!(rpm.files[0].config && rpm.files[0].mode == Some(0o644) && rpm.files[0].size == Some(3));
        let bare = one(
            r#"{"name":"","version":"","type":"","purl":"pkg:rpm/redhat/bash@4.4-1?arch=x86_64&epoch=1&rpmmod=a:1&upstream=b-2-3.src.rpm"}"#,
        );
        assert_eq!((bare.name.as_str(), bare.version.as_str(), bare.epoch), ("bash", "1:4.4-1", Some(1)));
        assert_eq!((bare.package_type, bare.modularity.as_deref()), (PackageType::RPM, Some("a:1")));
        assert_eq!(bare.upstreams, [Upstream { name: "b".into(), version: Some("2-3".into()) }]);
        let deb = one(r#"{"name":"libc6","version":"1:2.36","type":"deb","metadataType":"dpkg-db-entry",
            "metadata":{"source":"glibc (2.35)","architecture":"amd64","files":null}}"#);
        assert_eq!(deb.upstreams, [Upstream { name: "glibc".into(), version: Some("2.35".into()) }]);
        assert_eq!(deb.epoch, Some(1));
        let python = one(r#"{"name":"x","version":"1","type":"python","metadataType":"python-package","metadata":{
            "sitePackagesRootPath":"/usr/lib/py","files":[{"path":"../../bin/x","size":"7","digest":
            {"algorithm":"sha256","value":"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"}}]}}"#);
        assert_eq!((python.files[0].path.as_str(), python.files[0].size), ("/usr/bin/x", Some(7)));
        assert!(python.files[0].digest.as_ref().unwrap().hex().starts_with("ba7816bf"));
    }

    #[test]
    fn unknown_metadata_is_kept_as_it_is() {
        let package =
            one(r#"{"name":"x","version":"1","type":"new-kind","metadataType":"new-entry","metadata":{"a": [1]}}"#);
        let details = package.details.unwrap();
        assert_eq!((details.type_name.as_str(), details.json.as_str()), ("new-entry", r#"{"a": [1]}"#));
        assert_eq!(package.package_type.id(), "new-kind");
    }

    #[test]
    fn broken_elements_are_gaps_and_the_rest_is_read() {
        let artifact = artifact(
            r#"{"artifacts":[{"name":7},{"version":"1","type":"npm"},null,{"name":"ok","version":"1","type":"npm",
            "licenses":[3,{"value":"MIT"}],"cpes":[{}]}],"artifactRelationships":[{"parent":1}],
            "source":[],"schema":{"version":"99.0.0"}}"#,
        );
        assert_eq!(artifact.packages.len(), 1);
        assert_eq!(artifact.packages[0].licenses.len(), 1);
        assert_eq!(artifact.gaps.len(), 8, "{:#?}", artifact.gaps);
    }

    #[test]
    fn a_document_that_is_none_is_an_error() {
        for (json, expected) in [
            ("", "EOF while parsing"),
            ("[]", "expected an object"),
            ("{}", "it has no `artifacts`"),
            (r#"{"artifacts":3}"#, "invalid type"),
        ] {
            let error = read(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
        let deep = format!(r#"{{"artifacts":[],"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        assert!(matches!(read(deep.as_bytes()), Err(FormatError::TooDeep { .. })));
    }

    #[test]
    fn equal_ids_stay_two_packages_and_edges_lead_to_the_first() {
        let artifact = artifact(
            r#"{"artifacts":[{"id":"00000000000000aa","name":"a","version":"1","type":"npm"},
            {"id":"00000000000000aa","name":"b","version":"1","type":"npm"},{"id":"own","name":"c","version":"1","type":"npm"}],
            "artifactRelationships":[{"parent":"00000000000000aa","child":"own","type":"dependency-of"},
            {"parent":"src","child":"own","type":"contains"},{"parent":"own","child":"file1","type":"evident-by"},
            {"parent":"own","child":"else","type":"described-by"}],"source":{"id":"src","type":"directory","metadata":{"path":"."}}}"#,
        );
        let ids: Vec<_> = artifact.packages.iter().map(|package| package.id).collect();
        assert_eq!(ids[0].0, 0xaa);
        assert!(ids[1] != ids[0] && ids[2] != ids[1]);
        let expected = [
            Relationship {
                from: Element::Package(ids[0]),
                to: Element::Package(ids[2]),
                kind: RelationshipKind::DependencyOf,
            },
            Relationship {
                from: Element::Package(ids[2]),
                to: Element::Foreign("else".into()),
                kind: RelationshipKind::Other("described-by".into()),
            },
        ];
        assert!(expected.iter().all(|edge| artifact.relationships.contains(edge)));
        assert_eq!(artifact.relationships.len(), 2);
    }

    #[test]
    fn a_partial_list_of_files_is_no_tree_and_a_whole_one_is() {
        let files = r#"[{"id":"1","location":{"path":"/bin/su","layerID":""},"metadata":{"mode":40000755,"type":"RegularFile",
            "userID":0,"groupID":0,"mimeType":"","size":5},"digests":[{"algorithm":"sha256","value":"00"}]},
            {"id":"2","location":{"path":"/l"},"metadata":{"mode":1000000777,"type":"SymbolicLink","linkDestination":"bin"}},
            {"id":"3","location":{"path":"/x"},"unknowns":["java: cannot be read","limits: x"]}]"#;
        let partial = artifact(&format!(r#"{{"artifacts":[],"files":{files}}}"#));
        assert_eq!((partial.files, partial.gaps.len()), (None, 2));
        let whole = artifact(&format!(
            r#"{{"artifacts":[],"files":{files},"descriptor":{{"name":"syft","configuration":{{"files":{{"selection":"all"}}}}}}}}"#
        ));
        let tree = whole.files.unwrap();
        assert_eq!(tree.get("/bin/su").unwrap().mode, 0o4755);
        assert_eq!((tree.get("/l").unwrap().link, tree.get("/l").unwrap().mode), (Some("bin"), 0o777));
        let old = artifact(
            r#"{"artifacts":[],"files":[{"location":{"path":"/x"},"metadata":{"mode":493,"type":"RegularFile"}}],
            "descriptor":{"name":"anchorectl","configuration":{"file":{"metadata":{"selection":"all"}}}},"schema":{"version":"1.0.0"}}"#,
        );
        assert_eq!(old.files.unwrap().get("/x").unwrap().mode, 0o755);
    }
}
