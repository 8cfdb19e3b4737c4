//! One package of the document: the typed fields that matching and policy read come from its metadata, else from
//! the qualifiers of its package URL.

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Cpe, Details, Digest, DigestAlgorithm, EvidenceKind, License, LicenseKind, Location, OwnedFile, Package, PackageId,
    PackageType, Purl, Upstream,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(default)]
    id: String,
    name: String,
    #[serde(default)]
    version: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    found_by: String,
    #[serde(default)]
    locations: Option<Vec<Place>>,
    #[serde(default)]
    licenses: Option<Vec<LicenseRow>>,
    #[serde(default)]
    cpes: Option<Vec<CpeRow>>,
    #[serde(default)]
    purl: String,
    #[serde(default)]
    metadata_type: String,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    path: String,
    #[serde(default, rename = "layerID")]
    layer: String,
    #[serde(default)]
    access_path: String,
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(default)]
    evidence: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LicenseRow {
    Plain(String),
    #[serde(rename_all = "camelCase")]
    Full {
        #[serde(default)]
        value: String,
        #[serde(default)]
        spdx_expression: String,
        #[serde(default, rename = "type")]
        kind: String,
        #[serde(default)]
        urls: Option<Vec<String>>,
        #[serde(default)]
        locations: Option<Vec<Place>>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CpeRow {
    Plain(String),
    Full {
        cpe: String,
        #[serde(default)]
        source: String,
    },
}

/// What of all kinds of metadata becomes a typed field.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Known {
    source: serde_json::Value,
    source_version: Option<String>,
    source_rpm: Option<String>,
    origin_package: Option<String>,
    epoch: Option<u32>,
    architecture: Option<String>,
    modularity_label: Option<String>,
    digest: Option<Vec<RawDigest>>,
    files: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
struct RawDigest {
    #[serde(default)]
    algorithm: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawFile {
    path: String,
    digest: Option<RawDigest>,
    #[serde(rename = "isConfigFile")]
    config: bool,
    mode: Option<u32>,
    size: Option<serde_json::Number>,
}

/// Reads a package; the text is the id that the document gave it.
pub(super) fn read(raw: &RawValue, position: usize) -> Result<(Package, String), serde_json::Error> {
    let row: Row<'_> = serde_json::from_str(raw.get())?;
    let mut package = Package::new(PackageType::named(&row.kind), row.name, row.version);
    package.id = id(&row.id, raw, position);
    package.found_by = row.found_by;
    package.locations = places(row.locations);
    package.licenses = row.licenses.unwrap_or_default().into_iter().map(license).collect();
    package.cpes = row.cpes.unwrap_or_default().into_iter().map(cpe).collect();
    package.purl = row.purl;
    if let Some(metadata) = row.metadata {
        package.details = Some(Details { type_name: row.metadata_type, json: metadata.get().to_owned() });
        // Metadata of an unknown kind may have fields of these names with other meanings.
        let known: Known = serde_json::from_str(metadata.get()).unwrap_or_default();
        take_known(&mut package, known);
    }
    take_purl(&mut package);
    Ok((package, row.id))
}

/// syft's ids are 16 hexadecimal digits; of any other id a hash is taken.
fn id(text: &str, raw: &RawValue, position: usize) -> PackageId {
    if text.len() == 16 {
        if let Ok(number) = u64::from_str_radix(text, 16) {
            return PackageId(number);
        }
    }
    let text = if text.is_empty() { format!("{position} {}", raw.get()) } else { text.to_owned() };
    PackageId(super::files::id(&text, None))
}

fn places(rows: Option<Vec<Place>>) -> Vec<Location> {
    let rows = rows.unwrap_or_default().into_iter();
    rows.map(|place| {
        let supporting = place.annotations.is_some_and(|annotations| annotations.evidence == "supporting");
        let access_path = if place.access_path.is_empty() { place.path.clone() } else { place.access_path };
        Location {
            path: place.path,
            access_path,
            layer: Digest::parse(&place.layer).ok(),
            evidence: if supporting { EvidenceKind::Supporting } else { EvidenceKind::Primary },
        }
    })
    .collect()
}

fn license(row: LicenseRow) -> License {
    match row {
        LicenseRow::Plain(value) => {
            License { value, spdx: String::new(), kind: LicenseKind::Declared, urls: Vec::new(), locations: Vec::new() }
        }
        LicenseRow::Full { value, spdx_expression, kind, urls, locations } => License {
            value,
            spdx: spdx_expression,
            kind: if kind == "concluded" { LicenseKind::Concluded } else { LicenseKind::Declared },
            urls: urls.unwrap_or_default(),
            locations: places(locations),
        },
    }
}

fn cpe(row: CpeRow) -> Cpe {
    match row {
        CpeRow::Plain(text) => Cpe { text, source: String::new() },
        CpeRow::Full { cpe, source } => Cpe { text: cpe, source },
    }
}

fn take_known(package: &mut Package, known: Known) {
    let upstream = match package.package_type.id() {
        "deb" => known.source.as_str().filter(|name| !name.is_empty()).map(|name| Upstream {
            name: name.to_owned(),
            version: known.source_version.clone().filter(|version| !version.is_empty()),
        }),
        "apk" => known.origin_package.filter(|name| !name.is_empty() && *name != package.name).map(plain_upstream),
        "rpm" => known.source_rpm.as_deref().and_then(source_rpm),
        _ => None,
    };
    package.upstreams.extend(upstream);
    package.epoch = known.epoch;
    package.arch = known.architecture.filter(|arch| !arch.is_empty());
    package.modularity = known.modularity_label;
    if package.package_type == PackageType::RPM && package.modularity.is_none() {
        package.modularity = Some(String::new());
    }
    package.digests = known.digest.unwrap_or_default().iter().filter_map(digest).collect();
    package.files = known.files.map(owned_files).unwrap_or_default();
}

const fn plain_upstream(name: String) -> Upstream {
    Upstream { name, version: None }
}

fn digest(raw: &RawDigest) -> Option<Digest> {
    Digest::new(DigestAlgorithm::parse(&raw.algorithm)?, &raw.value)
}

/// `name-version-release.src.rpm`.
fn source_rpm(file: &str) -> Option<Upstream> {
    let stem = file.strip_suffix(".rpm")?;
    let (stem, _arch) = stem.rsplit_once('.')?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(Upstream { name: name.to_owned(), version: Some(format!("{version}-{release}")) })
}

/// Files as objects with a path, or as plain paths; what is neither is not a file.
fn owned_files(files: serde_json::Value) -> Vec<OwnedFile> {
    let serde_json::Value::Array(rows) = files else { return Vec::new() };
    let file = |row: serde_json::Value| {
        let raw = match row {
            serde_json::Value::String(path) => RawFile { path, ..RawFile::default() },
            row => serde_json::from_value::<RawFile>(row).ok()?,
        };
        (!raw.path.is_empty()).then(|| OwnedFile {
            digest: raw.digest.as_ref().and_then(digest),
            mode: raw.mode.map(|mode| mode & 0o7777),
            size: raw.size.and_then(|size| size.as_u64()),
            config: raw.config,
            path: raw.path,
        })
    };
    rows.into_iter().filter_map(file).collect()
}

/// What other tools' documents say only in the package URL.
fn take_purl(package: &mut Package) {
    let Ok(purl) = Purl::parse(&package.purl) else { return };
    if package.upstreams.is_empty() && package.package_type.is_os() {
        let upstreams = purl.qualifiers.iter().filter(|(key, _)| key == "upstream");
        package.upstreams = upstreams.filter_map(|(_, value)| upstream(value, &package.package_type)).collect();
    }
    if package.epoch.is_none() && package.package_type == PackageType::RPM {
        package.epoch = purl.qualifier("epoch").and_then(|epoch| epoch.parse().ok());
    }
    if package.arch.is_none() {
        package.arch = purl.qualifier("arch").map(str::to_owned);
    }
}

fn upstream(value: &str, package_type: &PackageType) -> Option<Upstream> {
    if *package_type == PackageType::RPM {
        return source_rpm(value).or_else(|| Some(plain_upstream(value.to_owned())));
    }
    match value.split_once('@') {
        Some((name, version)) => Some(Upstream { name: name.to_owned(), version: Some(version.to_owned()) }),
        None => (!value.is_empty()).then(|| plain_upstream(value.to_owned())),
    }
}
