//! Writes the document in one pass, field order as syft.

use std::io::{self, Write};

use stopgate_model::{Artifact, Distro, EvidenceKind, License, LicenseKind, Location, Package};

use super::files::Files;
use super::{SCHEMA_VERSION, files, relationships, source};
use crate::json::JsonWriter;

/// Writes an artifact as syft-json.
pub fn write(artifact: &Artifact, out: &mut dyn Write) -> io::Result<()> {
    let files = Files::of(artifact);
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.key("artifacts").list(&artifact.packages, package);
        relationships::write(w, artifact, &files);
        files::write(w, artifact, &files);
        source::write(w, artifact);
        w.key("distro").object(|w| {
            if let Some(distro) = &artifact.distro {
                distro_fields(w, distro);
            }
        });
        w.key("descriptor").object(|w| {
            w.text_field("name", &artifact.analyzer.name);
            w.text_field("version", &artifact.analyzer.version);
        });
        w.key("schema").object(|w| {
            w.text_field("version", SCHEMA_VERSION);
            w.key("url").shown(format_args!(
                "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-{SCHEMA_VERSION}.json"
            ));
        });
    });
    w.newline();
    w.finish().map(drop)
}

fn package(w: &mut JsonWriter<'_>, package: &Package) {
    w.object(|w| {
        w.key("id").id(package.id.0);
        w.text_field("name", &package.name);
        w.text_field("version", &package.version);
        w.text_field("type", package.package_type.id());
        w.text_field("foundBy", &package.found_by);
        locations_field(w, "locations", &package.locations);
        w.key("licenses").list(&package.licenses, license);
        w.text_field("language", package.package_type.language());
        w.key("cpes").list(&package.cpes, |w, cpe| {
            w.object(|w| {
                w.text_field("cpe", &cpe.text);
                w.text_unless_empty("source", &cpe.source);
            });
        });
        w.text_field("purl", &package.purl);
        if let Some(details) = &package.details {
            w.text_field("metadataType", &details.type_name);
            w.key("metadata").raw(&details.json);
        }
    });
}

fn license(w: &mut JsonWriter<'_>, license: &License) {
    w.object(|w| {
        w.text_field("value", &license.value);
        w.text_field("spdxExpression", &license.spdx);
        w.text_field(
            "type",
            match license.kind {
                LicenseKind::Declared => "declared",
                LicenseKind::Concluded => "concluded",
            },
        );
        w.texts_field("urls", &license.urls);
        w.key("locations").list(&license.locations, |w, place| {
            // syft says nothing of a licence's location unless it is what proves the package.
            location(w, place, place.evidence == EvidenceKind::Primary);
        });
    });
}

/// A list of locations, each with what it says of the package.
pub(crate) fn locations_field(w: &mut JsonWriter<'_>, name: &'static str, locations: &[Location]) {
    w.key(name).list(locations, |w, place| location(w, place, true));
}

fn location(w: &mut JsonWriter<'_>, location: &Location, annotate: bool) {
    w.object(|w| {
        w.text_field("path", &location.path);
        if let Some(layer) = &location.layer {
            w.key("layerID").digest(layer);
        }
        w.text_field("accessPath", &location.access_path);
        if annotate {
            w.key("annotations").object(|w| w.text_field("evidence", evidence_name(location.evidence)));
        }
    });
}

pub(super) const fn evidence_name(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Primary => "primary",
        EvidenceKind::Supporting => "supporting",
    }
}

fn distro_fields(w: &mut JsonWriter<'_>, distro: &Distro) {
    w.text_unless_empty("prettyName", &distro.pretty_name);
    w.text_unless_empty("name", &distro.name);
    w.text_unless_empty("id", &distro.id);
    w.texts_unless_empty("idLike", &distro.id_like);
    w.text_unless_empty("version", &distro.version);
    w.text_unless_empty("versionID", &distro.version_id);
    w.text_unless_empty("versionCodename", &distro.version_codename);
    w.text_unless_empty("buildID", &distro.build_id);
    w.text_unless_empty("imageID", &distro.image_id);
    w.text_unless_empty("imageVersion", &distro.image_version);
    w.text_unless_empty("variant", &distro.variant);
    w.text_unless_empty("variantID", &distro.variant_id);
    w.text_unless_empty("homeURL", &distro.home_url);
    w.text_unless_empty("supportURL", &distro.support_url);
    w.text_unless_empty("bugReportURL", &distro.bug_report_url);
    w.text_unless_empty("privacyPolicyURL", &distro.privacy_policy_url);
    w.text_unless_empty("cpeName", &distro.cpe_name);
    w.text_unless_empty("supportEnd", &distro.support_end);
    if distro.extended_support {
        w.key("extendedSupport").boolean(true);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use stopgate_model::{
        Details, Digest, EvidenceKind, FileEntry, FileIndexBuilder, FileKind, Gap, GapClass, GapCode, LayerInfo,
        Location, OwnedFile, Package, PackageId, PackageType, SourceKind,
    };

    use super::write;
    use crate::samples;

    fn entry<'a>(path: &'a str, kind: FileKind, link: Option<&'a str>) -> FileEntry<'a> {
        let sha256 = (kind == FileKind::Regular).then_some(&[0xab; 32]);
        FileEntry { path, kind, mode: 0o4755, uid: 1, gid: 2, size: 3, sha256, link, layer: 0 }
    }

    /// One package of an image in which `/bin` leads to `/usr/bin`.
    fn document() -> Value {
        let mut artifact = samples::hostile_check("x").artifact;
        let layer = Digest::sha256(&[1; 32]);
        let mut image = samples::image(&mut arbtest::arbitrary::Unstructured::new(&[])).unwrap();
        image.layers = vec![LayerInfo { diff_id: layer.clone(), digest: None, media_type: "m".into(), size: 9 }];
        image.config = br#"{"config":{"Labels":{"a":"b"}}}"#.to_vec();
        artifact.source.kind = SourceKind::Image(Box::new(image));
        artifact.source.id = "chain".into();
        artifact.config = None;
        let mut tree = FileIndexBuilder::default();
        for entry in [
            entry("/usr/bin/su", FileKind::Regular, None),
            entry("/usr/bin", FileKind::Directory, None),
            entry("/bin", FileKind::Symlink, Some("usr/bin")),
            entry("/db", FileKind::Regular, None),
        ] {
            tree.push(&entry);
        }
        artifact.files = Some(tree.finish());
        let mut package = Package::new(PackageType::DEB, "login", "1");
        package.id = PackageId(0x1f);
        package.locations = vec![Location {
            path: "/db".into(),
            access_path: "/link".into(),
            layer: Some(layer),
            evidence: EvidenceKind::Primary,
        }];
        let owned = |path: &str| OwnedFile { path: path.into(), digest: None, mode: None, size: None, config: false };
        package.files = vec![owned("/bin/su"), owned("/usr/bin"), owned("/gone")];
        package.details = Some(Details { type_name: "dpkg-db-entry".into(), json: r#"{"package":"login"}"#.into() });
        artifact.packages = vec![package];
        artifact.relationships.clear();
        artifact.gaps = vec![Gap { class: GapClass::Note, ..Gap::new(GapCode::LayerUnreadable, "cut short") }];
        let mut out = Vec::new();
        write(&artifact, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn fields_stand_in_syfts_order() {
        let document = document();
        let keys: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["artifacts", "artifactRelationships", "files", "source", "distro", "descriptor", "schema"]);
        let layer = format!("sha256:{}", "01".repeat(32));
        assert_eq!(
            document["artifacts"][0],
            json!({"id": "000000000000001f", "name": "login", "version": "1", "type": "deb", "foundBy": "",
                "locations": [{"path": "/db", "layerID": layer, "accessPath": "/link", "annotations": {"evidence": "primary"}}],
                "licenses": [], "language": "", "cpes": [], "purl": "",
                "metadataType": "dpkg-db-entry", "metadata": {"package": "login"}})
        );
        assert_eq!(document["source"]["metadata"]["labels"], json!({"a": "b"}));
        assert_eq!(document["schema"]["version"], "16.1.10");
    }

    #[test]
    fn owned_files_are_found_through_links_and_folders_are_not_files() {
        let document = document();
        let files = document["files"].as_array().unwrap();
        let paths: Vec<_> = files.iter().map(|file| file["location"]["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["/", "/db", "/usr/bin/su"]);
        assert_eq!(files[0]["unknowns"], json!(["layer_unreadable (note): cut short"]));
        let su = &files[2];
        assert_eq!(su["metadata"]["mode"], 40_000_755);
        assert_eq!(su["digests"], json!([{"algorithm": "sha256", "value": "ab".repeat(32)}]));
        assert_eq!(
            document["artifactRelationships"],
            json!([
                {"parent": "chain", "child": "000000000000001f", "type": "contains"},
                {"parent": "000000000000001f", "child": files[1]["id"], "type": "evident-by", "metadata": {"kind": "primary"}},
                {"parent": "000000000000001f", "child": su["id"], "type": "contains"},
            ])
            .as_array()
            .map(|edges| sorted(edges))
            .unwrap()
        );
    }

    // The order of the two edges depends on the ids of the files.
    fn sorted(edges: &[Value]) -> Value {
        let mut edges = edges.to_vec();
        edges[1..].sort_by_key(|edge| edge["child"].as_str().unwrap().to_owned());
        Value::Array(edges)
    }
}
