//! Packages.

use serde::Deserialize;
use stopgate_model::{
    Confidence, Cpe, Details, Digest, EvidenceKind, License, LicenseKind, Location, OwnedFile, Package, PackageId,
    PackageType, Upstream,
};

use super::read::{Invalid, digest, invalid};
use super::write::digest_field;
use crate::json::JsonWriter;

pub(super) fn write(w: &mut JsonWriter<'_>, package: &Package) {
    optional_text(w, "arch", package.arch.as_deref());
    if package.confidence == Confidence::Low {
        w.text_field("confidence", "low");
    }
    if !package.cpes.is_empty() {
        w.key("cpes").list(&package.cpes, |w, cpe| {
            w.object(|w| {
                w.text_unless_empty("source", &cpe.source);
                w.text_field("text", &cpe.text);
            });
        });
    }
    if let Some(details) = &package.details {
        w.key("details").object(|w| {
            w.text_field("json", &details.json);
            w.text_field("type", &details.type_name);
        });
    }
    if !package.digests.is_empty() {
        w.key("digests").list(&package.digests, JsonWriter::digest);
    }
    if let Some(epoch) = package.epoch {
        w.key("epoch").number(epoch);
    }
    if !package.files.is_empty() {
        w.key("files").list(&package.files, |w, file| w.object(|w| owned(w, file)));
    }
    w.text_unless_empty("found_by", &package.found_by);
    w.key("id").id(package.id.0);
    if !package.licenses.is_empty() {
        w.key("licenses").list(&package.licenses, |w, license| w.object(|w| license_fields(w, license)));
    }
    locations(w, &package.locations);
    optional_text(w, "modularity", package.modularity.as_deref());
    w.text_field("name", &package.name);
    w.text_unless_empty("purl", &package.purl);
    w.text_field("type", package.package_type.id());
    if !package.upstreams.is_empty() {
        w.key("upstreams").list(&package.upstreams, |w, upstream| {
            w.object(|w| {
                w.text_field("name", &upstream.name);
                optional_text(w, "version", upstream.version.as_deref());
            });
        });
    }
    w.text_unless_empty("version", &package.version);
}

fn owned(w: &mut JsonWriter<'_>, file: &OwnedFile) {
    if file.config {
        w.key("config").boolean(true);
    }
    digest_field(w, "digest", file.digest.as_ref());
    if let Some(mode) = file.mode {
        w.key("mode").number(mode);
    }
    w.text_field("path", &file.path);
    if let Some(size) = file.size {
        w.key("size").number(size);
    }
}

fn license_fields(w: &mut JsonWriter<'_>, license: &License) {
    if license.kind == LicenseKind::Concluded {
        w.text_field("kind", "concluded");
    }
    locations(w, &license.locations);
    w.text_unless_empty("spdx", &license.spdx);
    w.texts_unless_empty("urls", &license.urls);
    w.text_field("value", &license.value);
}

fn locations(w: &mut JsonWriter<'_>, locations: &[Location]) {
    if locations.is_empty() {
        return;
    }
    w.key("locations").list(locations, |w, location| {
        w.object(|w| {
            if location.access_path != location.path {
                w.text_field("access_path", &location.access_path);
            }
            if location.evidence == EvidenceKind::Supporting {
                w.text_field("evidence", "supporting");
            }
            digest_field(w, "layer", location.layer.as_ref());
            w.text_field("path", &location.path);
        });
    });
}

fn optional_text(w: &mut JsonWriter<'_>, name: &'static str, text: Option<&str>) {
    if let Some(text) = text {
        w.text_field(name, text);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    arch: Option<String>,
    confidence: Option<String>,
    #[serde(default)]
    cpes: Vec<CpeRow>,
    details: Option<DetailsRow>,
    #[serde(default)]
    digests: Vec<String>,
    epoch: Option<u32>,
    #[serde(default)]
    files: Vec<FileRow>,
    #[serde(default)]
    found_by: String,
    id: String,
    #[serde(default)]
    licenses: Vec<LicenseRow>,
    #[serde(default)]
    locations: Vec<LocationRow>,
    modularity: Option<String>,
    name: String,
    #[serde(default)]
    purl: String,
    #[serde(rename = "type")]
    package_type: String,
    #[serde(default)]
    upstreams: Vec<UpstreamRow>,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CpeRow {
    #[serde(default)]
    source: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailsRow {
    json: String,
    #[serde(rename = "type")]
    type_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    #[serde(default)]
    config: bool,
    digest: Option<String>,
    mode: Option<u32>,
    path: String,
    size: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LicenseRow {
    kind: Option<String>,
    #[serde(default)]
    locations: Vec<LocationRow>,
    #[serde(default)]
    spdx: String,
    #[serde(default)]
    urls: Vec<String>,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LocationRow {
    access_path: Option<String>,
    evidence: Option<String>,
    layer: Option<String>,
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamRow {
    name: String,
    version: Option<String>,
}

impl Row {
    pub(super) fn package(self) -> Result<Package, Invalid> {
        Ok(Package {
            id: id(&self.id)?,
            name: self.name,
            version: self.version,
            package_type: PackageType::named(&self.package_type),
            epoch: self.epoch,
            arch: self.arch,
            purl: self.purl,
            cpes: self.cpes.into_iter().map(|cpe| Cpe { text: cpe.text, source: cpe.source }).collect(),
            licenses: self.licenses.into_iter().map(LicenseRow::license).collect::<Result<_, _>>()?,
            upstreams: self
                .upstreams
                .into_iter()
                .map(|row| Upstream { name: row.name, version: row.version })
                .collect(),
            modularity: self.modularity,
            digests: self.digests.iter().map(|text| digest(text)).collect::<Result<_, _>>()?,
            locations: places(self.locations)?,
            found_by: self.found_by,
            confidence: match self.confidence.as_deref() {
                None => Confidence::High,
                Some("low") => Confidence::Low,
                Some(other) => return Err(invalid("confidence", other)),
            },
            files: self.files.into_iter().map(FileRow::file).collect::<Result<_, _>>()?,
            details: self.details.map(|details| Details { type_name: details.type_name, json: details.json }),
        })
    }
}

pub(super) fn id(text: &str) -> Result<PackageId, Invalid> {
    u64::from_str_radix(text, 16).map(PackageId).map_err(|_| invalid("package id", text))
}

impl FileRow {
    fn file(self) -> Result<OwnedFile, Invalid> {
        Ok(OwnedFile {
            path: self.path,
            digest: self.digest.as_deref().map(digest).transpose()?,
            mode: self.mode,
            size: self.size,
            config: self.config,
        })
    }
}

impl LicenseRow {
    fn license(self) -> Result<License, Invalid> {
        Ok(License {
            value: self.value,
            spdx: self.spdx,
            kind: match self.kind.as_deref() {
                None => LicenseKind::Declared,
                Some("concluded") => LicenseKind::Concluded,
                Some(other) => return Err(invalid("kind of licence", other)),
            },
            urls: self.urls,
            locations: places(self.locations)?,
        })
    }
}

fn places(rows: Vec<LocationRow>) -> Result<Vec<Location>, Invalid> {
    rows.into_iter()
        .map(|row| {
            Ok(Location {
                access_path: row.access_path.unwrap_or_else(|| row.path.clone()),
                path: row.path,
                layer: layer(row.layer.as_deref())?,
                evidence: match row.evidence.as_deref() {
                    None => EvidenceKind::Primary,
                    Some("supporting") => EvidenceKind::Supporting,
                    Some(other) => return Err(invalid("evidence", other)),
                },
            })
        })
        .collect()
}

pub(super) fn layer(text: Option<&str>) -> Result<Option<Digest>, Invalid> {
    text.map(digest).transpose()
}
