//! SBOMs of any format that is read, told by content: syft-json, CycloneDX JSON, SPDX 2 JSON, and our own
//! analysis document. Also inside what GitHub's API (`sbom`) or an in-toto statement (`predicate`) puts around one.

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::Artifact;

use crate::error::bounded;
use crate::{FormatError, analysis, cyclonedx, spdx, syft_json};

const EXPECTED: &str = "an SBOM in syft-json, CycloneDX JSON or SPDX 2 JSON";

/// The fields by which formats are told.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    artifacts: Option<&'a RawValue>,
    #[serde(borrow, rename = "bomFormat")]
    bom_format: Option<&'a RawValue>,
    #[serde(borrow, rename = "spdxVersion")]
    spdx_version: Option<&'a RawValue>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    sbom: Option<&'a RawValue>,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

/// Tells the format of an SBOM and reads it.
pub fn detect_and_read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    if analysis::is_compressed(bytes) {
        return analysis::read(bytes);
    }
    let text = bounded("SBOM", bytes)?;
    if !text.trim_start().starts_with('{') {
        return Err(FormatError::Unknown { expected: EXPECTED });
    }
    let head = head(text)?;
    match (head.sbom, head.predicate) {
        (Some(inner), _) | (None, Some(inner)) if !head.is_known() => {
            let text = inner.get();
            let head = if text.starts_with('{') { self::head(text)? } else { head };
            read(&head, text)
        }
        _ => read(&head, text),
    }
}

fn head(text: &str) -> Result<Head<'_>, FormatError> {
    serde_json::from_str(text).map_err(|source| FormatError::Json { format: "SBOM", source })
}

impl Head<'_> {
    const fn is_known(&self) -> bool {
        self.artifacts.is_some() || self.bom_format.is_some() || self.spdx_version.is_some()
    }
}

fn read(head: &Head<'_>, text: &str) -> Result<Artifact, FormatError> {
    match head {
        Head { artifacts: Some(_), .. } => syft_json::read_text(text),
        Head { bom_format: Some(_), .. } => cyclonedx::read_text(text),
        Head { spdx_version: Some(_), .. } => spdx::read_text(text),
        Head { schema: Some(schema), .. } if schema.get().starts_with("\"stopgate-analysis/") => {
            analysis::read(text.as_bytes())
        }
        _ => Err(FormatError::Unknown { expected: EXPECTED }),
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Artifact, GapCode, RelationshipKind};

    use super::detect_and_read;

    const TRIVY: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","serialNumber":"urn:uuid:1","metadata":{
        "tools":{"components":[{"name":"trivy","version":"0.50"}]},
        "component":{"bom-ref":"root","type":"container","name":"debian:12"}},
        "components":[{"bom-ref":"os","type":"operating-system","name":"debian","version":"12.5"},
        {"bom-ref":"a","type":"library","name":"libc6","version":"2.36-9","purl":"pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12.5",
         "licenses":[{"license":{"name":"LGPL"}},{"license":{"id":"MIT"}}],"hashes":[{"alg":"SHA-1","content":"zz"}],
         "properties":[{"name":"aquasecurity:trivy:SrcName","value":"glibc"},{"name":"aquasecurity:trivy:SrcVersion","value":"2.36"},
         {"name":"aquasecurity:trivy:SrcRelease","value":"9"}]},
        {"bom-ref":"b","type":"library","group":"@types","name":"node","version":"1","purl":"pkg:npm/%40types/node@1","components":[
          {"bom-ref":"c","type":"library","name":"inner","version":"2"}]},
        {"type":"file","name":"/x"},{"type":"library"},7],
        "dependencies":[{"ref":"root","dependsOn":["a"]},{"ref":"b","dependsOn":["a","none"]}],
        "compositions":[{"aggregate":"incomplete"}]}"#;

    const GITHUB: &str = r#"{"sbom":{"spdxVersion":"SPDX-2.3","name":"com.github.o/r","creationInfo":{"creators":["Tool: gh-1.2"]},
        "packages":[{"SPDXID":"SPDXRef-r","name":"com.github.o/r","versionInfo":"main",
          "externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:github/o/r@main"}]},
         {"SPDXID":"SPDXRef-1","name":"lodash","versionInfo":"4.17.0","licenseConcluded":"MIT","licenseDeclared":"NOASSERTION",
          "externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/lodash@4.17.0"}]},
         {"SPDXID":"SPDXRef-2","name":"x","licenseDeclared":"LicenseRef-1","sourceInfo":"acquired package info from: /a/b, /c"}],
        "hasExtractedLicensingInfos":[{"licenseId":"LicenseRef-1","extractedText":"do as you like"}],
        "relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relatedSpdxElement":"SPDXRef-r","relationshipType":"DESCRIBES"},
         {"spdxElementId":"SPDXRef-2","relatedSpdxElement":"SPDXRef-1","relationshipType":"DEPENDS_ON"}]}}"#;

    fn names(artifact: &Artifact) -> Vec<(&str, &str)> {
        artifact.packages.iter().map(|package| (package.name.as_str(), package.package_type.id())).collect()
    }

    #[test]
    fn cyclonedx_of_other_tools_is_read() {
        let artifact = detect_and_read(TRIVY.as_bytes()).unwrap();
        assert_eq!(names(&artifact), [("@types/node", "npm"), ("inner", "UnknownPackage"), ("libc6", "deb")]);
        let libc = &artifact.packages[2];
        assert_eq!(libc.upstreams[0].name, "glibc");
        assert_eq!(libc.upstreams[0].version.as_deref(), Some("2.36-9"));
        assert_eq!(libc.licenses[1].spdx, "MIT");
        assert_eq!(artifact.distro.as_ref().unwrap().version_id, "12.5");
        assert_eq!(artifact.relationships.len(), 1);
        assert_eq!(artifact.analyzer.name, "trivy");
        // No name, no object, not complete.
        assert_eq!(artifact.gaps.len(), 3, "{:#?}", artifact.gaps);
        assert!(artifact.gaps.iter().all(|gap| gap.code == GapCode::SbomElementUnreadable));
    }

    #[test]
    fn spdx_of_other_tools_is_read_inside_an_envelope() {
        let artifact = detect_and_read(GITHUB.as_bytes()).unwrap();
        assert_eq!(names(&artifact), [("lodash", "npm"), ("x", "UnknownPackage")]);
        assert_eq!(artifact.source.name, "com.github.o/r");
        assert_eq!(artifact.packages[1].licenses[0].value, "do as you like");
        assert_eq!(artifact.packages[1].locations.len(), 2);
        assert_eq!(artifact.relationships[0].kind, RelationshipKind::DependencyOf);
        assert_eq!(artifact.gaps, []);
    }

    #[test]
    fn what_is_not_read_is_named() {
        for (document, expected) in [
            ("<bom/>", "no known format"),
            ("{}", "no known format"),
            (r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#, "no known format"),
            (r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#, "version `2.0`"),
            (r#"{"spdxVersion":"SPDX-1.2"}"#, "version `SPDX-1.2`"),
            (r#"{"schema":"stopgate-analysis/9"}"#, "version `stopgate-analysis/9`"),
        ] {
            let error = detect_and_read(document.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{document}: {error}");
        }
    }

    #[test]
    fn what_a_document_says_of_itself_is_kept() {
        const CYCLONEDX: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {
            "timestamp": "2026-01-02T03:04:05Z", "authors": [{"name": "Ann"}, {"email": "x@example.org"}],
            "manufacturer": {"name": "Acme"}, "lifecycles": [{"phase": "build"}, {"name": "nightly"}]}, "components": [
            {"bom-ref": "a", "type": "library", "name": "a", "version": "1", "supplier": {"name": "Acme"}},
            {"bom-ref": "b", "type": "library", "name": "b", "version": "1", "publisher": "", "author": 7},
            {"bom-ref": "c", "type": "library", "name": "c", "version": "1", "publisher": "Someone"}]}"#;
        const SPDX: &str = r#"{"spdxVersion": "SPDX-2.3", "name": "x", "creationInfo": {"created": "2026-01-02T03:04:05Z",
            "creators": ["Tool: t-1", "Organization: Acme", "Person: Ann"], "comment": "after the build"}, "packages": [
            {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "supplier": "Organization: Acme"},
            {"SPDXID": "SPDXRef-b", "name": "b", "versionInfo": "1", "supplier": "NOASSERTION"}]}"#;
        let said = |text: &str| {
            let artifact = detect_and_read(text.as_bytes()).unwrap();
            let head = artifact.sbom.unwrap();
            let named = |id| artifact.packages.iter().find(|package| package.id == id).unwrap().name.clone();
            let mut supplied: Vec<String> = head.supplied.into_iter().map(named).collect();
            supplied.sort();
            (head.authors, head.created, head.contexts, supplied)
        };
        let (authors, created, contexts, supplied) = said(CYCLONEDX);
        assert_eq!((authors, created.as_str()), (vec!["Ann".to_owned(), "Acme".to_owned()], "2026-01-02T03:04:05Z"));
        assert_eq!(
            (contexts, supplied),
            (vec!["build".to_owned(), "nightly".to_owned()], vec!["a".to_owned(), "c".to_owned()])
        );
        let (authors, created, contexts, supplied) = said(SPDX);
        assert_eq!((authors.len(), created.as_str()), (2, "2026-01-02T03:04:05Z"));
        assert_eq!((contexts, supplied), (vec!["after the build".to_owned()], vec!["a".to_owned()]));
    }
}
