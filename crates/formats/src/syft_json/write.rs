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
