//! `artifact`: the package of a match, with the few details that grype keeps.

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{License, Package};

use crate::json::JsonWriter;
use crate::syft_json::locations_field;

pub(super) fn fields(w: &mut JsonWriter<'_>, package: &Package) {
    w.key("id").shown(package.id);
    w.text_field("name", &package.name);
    w.text_field("version", &package.version);
    w.text_field("type", package.package_type.id());
    locations_field(w, "locations", &package.locations);
    w.text_field("language", package.package_type.language());
    w.texts_field("licenses", package.licenses.iter().map(license_text));
    w.texts_field("cpes", package.cpes.iter().map(|cpe| &cpe.text));
    w.text_field("purl", &package.purl);
    w.key("upstreams").list(&package.upstreams, |w, upstream| {
        w.object(|w| {
            w.text_field("name", &upstream.name);
            w.text_unless_empty("version", upstream.version.as_deref().unwrap_or_default());
        });
    });
    metadata(w, package);
}

fn license_text(license: &License) -> &str {
    if license.spdx.is_empty() { &license.value } else { &license.spdx }
}

fn metadata(w: &mut JsonWriter<'_>, package: &Package) {
    let details = package.details.as_ref();
    match package.package_type.id() {
        "rpm" => {
            w.text_field("metadataType", "RpmMetadata");
            w.key("metadata").object(|w| {
                match package.epoch {
                    Some(epoch) => w.key("epoch").number(epoch),
                    None => w.key("epoch").null(),
                }
                match &package.modularity {
                    Some(label) => w.text_field("modularityLabel", label),
                    None => w.key("modularityLabel").null(),
                }
                w.text_field("architecture", package.arch.as_deref().unwrap_or_default());
            });
        }
        "java-archive" | "jenkins-plugin" => {
            let java: Java = details.and_then(|details| serde_json::from_str(&details.json).ok()).unwrap_or_default();
            let (group, name) = java.pom_properties.map(|pom| (pom.group_id, pom.artifact_id)).unwrap_or_default();
            w.text_field("metadataType", "JavaMetadata");
            w.key("metadata").object(|w| {
                w.text_field("virtualPath", &java.virtual_path);
                w.text_field("pomArtifactID", &name);
                w.text_field("pomGroupID", &group);
                w.text_field("manifestName", "");
                w.key("archiveDigests").list(&package.digests, |w, digest| {
                    w.object(|w| {
                        w.text_field("algorithm", digest.algorithm().name());
                        w.text_field("value", digest.hex());
                    });
                });
            });
        }
        "go-module" => {
            let Some(go) = details.and_then(|details| serde_json::from_str::<Go<'_>>(&details.json).ok()) else {
                return;
            };
            w.text_field("metadataType", "GolangBinMetadata");
            w.key("metadata").object(|w| {
                let parts = [
                    ("goBuildSettings", go.build_settings),
                    ("goCompiledVersion", go.compiled_version),
                    ("architecture", go.architecture),
                    ("h1Digest", go.h1_digest),
                    ("mainModule", go.main_module),
                ];
                for (name, part) in parts {
                    if let Some(part) = part {
                        w.key(name).raw(part.get());
                    }
                }
            });
        }
        _ => {}
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Java {
    virtual_path: String,
    pom_properties: Option<Pom>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Pom {
    group_id: String,
    artifact_id: String,
}

#[derive(Deserialize)]
struct Go<'a> {
    #[serde(borrow, rename = "goBuildSettings")]
    build_settings: Option<&'a RawValue>,
    #[serde(borrow, rename = "goCompiledVersion")]
    compiled_version: Option<&'a RawValue>,
    #[serde(borrow)]
    architecture: Option<&'a RawValue>,
    #[serde(borrow, rename = "h1Digest")]
    h1_digest: Option<&'a RawValue>,
    #[serde(borrow, rename = "mainModule")]
    main_module: Option<&'a RawValue>,
}
