//! Reads the document, of any version 1.x: packages with what syft's and Trivy's properties say of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Analyzer, Artifact, Cpe, Digest, DigestAlgorithm, Distro, Documents, EvidenceKind, Gap, GapCode, License,
    LicenseKind, Location, Package, PackageId, PackageType, Purl, Relationship, SbomHead, SourceDescription,
    SourceKind, Upstream, limits,
};

use crate::FormatError;
use crate::elements::{self, Broken, Ids, Others, Packages};
use crate::error::bounded;

const FORMAT: &str = "CycloneDX";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spec_version: Option<String>,
    serial_number: Option<String>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    components: Option<Packages<'a>>,
    #[serde(borrow)]
    dependencies: Option<Others<'a>>,
    #[serde(borrow)]
    compositions: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    component: Option<&'a RawValue>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    authors: Option<&'a RawValue>,
    #[serde(borrow)]
    manufacturer: Option<&'a RawValue>,
    #[serde(borrow)]
    manufacture: Option<&'a RawValue>,
    #[serde(borrow)]
    supplier: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    lifecycles: Option<&'a RawValue>,
    properties: Option<Vec<Property>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct Component<'a> {
    bom_ref: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    group: Option<String>,
    name: Option<String>,
    version: Option<String>,
    description: Option<String>,
    purl: Option<String>,
    cpe: Option<String>,
    #[serde(borrow)]
    supplier: Option<&'a RawValue>,
    #[serde(borrow)]
    manufacturer: Option<&'a RawValue>,
    #[serde(borrow)]
    publisher: Option<&'a RawValue>,
    #[serde(borrow)]
    author: Option<&'a RawValue>,
    #[serde(borrow)]
    licenses: Option<&'a RawValue>,
    #[serde(borrow)]
    hashes: Option<&'a RawValue>,
    #[serde(borrow)]
    evidence: Option<&'a RawValue>,
    properties: Option<Vec<Property>>,
    #[serde(borrow)]
    components: Option<Packages<'a>>,
}

#[derive(Deserialize)]
struct Property {
    name: Option<String>,
    value: Option<String>,
}

/// Reads an artifact from CycloneDX JSON.
pub fn read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    read_text(bounded(FORMAT, bytes)?)
}

/// Reads a text whose size and depth are within limits.
pub(crate) fn read_text(text: &str) -> Result<Artifact, FormatError> {
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|source| FormatError::Json { format: FORMAT, source })?;
    let version = document.spec_version.unwrap_or_default();
    if !version.starts_with("1.") {
        return Err(FormatError::version(FORMAT, &version, "1.2 to 1.7"));
    }
    let mut broken = Broken::default();
    let metadata: Metadata<'_> =
        document.metadata.and_then(|raw| broken.object("metadata", 0, raw)).unwrap_or_default();
    for property in metadata.properties.iter().flatten() {
        if property.name.as_deref() == Some("stopgate:gap") {
            broken.gap(property.value.as_deref().and_then(elements::named_gap).unwrap_or_else(|| {
                Gap::new(GapCode::SbomElementUnreadable, "a gap of the document is of an unknown kind")
            }));
        }
    }
    let head = head(&metadata);
    let (source, root) = source(metadata.component, document.serial_number, &mut broken);
    let mut reader =
        Reader { broken, ids: Ids::default(), packages: Vec::new(), supplied: Vec::new(), distro: None, position: 0 };
    reader.components(document.components);
    let Reader { mut broken, ids, mut packages, mut supplied, distro, .. } = reader;
    supplied.sort_unstable();
    let rows = broken.others("dependencies", document.dependencies);
    let mut relationships = dependencies(rows, &ids, &root, &mut broken);
    if let Some(gap) = incomplete(document.compositions) {
        broken.gap(gap);
    }
    let distro = distro.or_else(|| elements::distro_of(&packages));
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
        files: None,
        dockerfile: None,
        secrets: None,
        hidden_secrets: None,
        config_secrets: None,
        content: None,
        retrieved: None,
        documents: Documents::default(),
        gaps: broken.finish(),
        analyzer: metadata.tools.map_or_else(unknown, analyzer),
        sbom: Some(SbomHead { supplied, ..head }),
    })
}

/// Who made the document, when, and at which point of the software's life.
fn head(metadata: &Metadata<'_>) -> SbomHead {
    let named = |raw: &RawValue| serde_json::from_str::<Named>(raw.get()).ok()?.name.filter(|name| !name.is_empty());
    let list = |raw: Option<&RawValue>| {
        let all = raw.and_then(|raw| serde_json::from_str::<Vec<Named>>(raw.get()).ok()).unwrap_or_default();
        all.into_iter().filter_map(|one| one.phase.or(one.name)).filter(|text| !text.is_empty())
    };
    let single = [metadata.manufacturer, metadata.manufacture, metadata.supplier];
    SbomHead {
        authors: list(metadata.authors).chain(single.into_iter().flatten().filter_map(named)).collect(),
        created: metadata.timestamp.and_then(text).unwrap_or_default(),
        contexts: list(metadata.lifecycles).collect(),
        supplied: Vec::new(),
    }
}

/// A text; anything else is none.
fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// A person, an organisation, or a phase of the software's life.
#[derive(Deserialize)]
struct Named {
    name: Option<String>,
    phase: Option<String>,
}

impl Component<'_> {
    /// Whether somebody is named who supplies it.
    fn is_supplied(&self) -> bool {
        let is_text = |text: String| !text.trim().is_empty();
        let named =
            |raw: &RawValue| serde_json::from_str::<Named>(raw.get()).is_ok_and(|one| one.name.is_some_and(is_text));
        let texts = [self.publisher, self.author].into_iter().flatten().filter_map(text);
        [self.supplier, self.manufacturer].into_iter().flatten().any(named) || texts.into_iter().any(is_text)
    }
}

const fn unknown() -> Analyzer {
    Analyzer { name: String::new(), version: String::new() }
}

/// Tools are a list before 1.5, then an object with components.
fn analyzer(raw: &RawValue) -> Analyzer {
    #[derive(Deserialize, Default)]
    struct Tool {
        name: Option<String>,
        version: Option<String>,
    }
    #[derive(Deserialize)]
    struct Tools {
        components: Vec<Tool>,
    }
    let tools = serde_json::from_str::<Vec<Tool>>(raw.get())
        .or_else(|_| serde_json::from_str::<Tools>(raw.get()).map(|tools| tools.components))
        .unwrap_or_default();
    let tool = tools.into_iter().next().unwrap_or_default();
    Analyzer { name: tool.name.unwrap_or_default(), version: tool.version.unwrap_or_default() }
}

/// What the document describes, and how it refers to that.
fn source(raw: Option<&RawValue>, serial: Option<String>, broken: &mut Broken) -> (SourceDescription, String) {
    let component: Component<'_> = raw.and_then(|raw| broken.object("the root component", 0, raw)).unwrap_or_default();
    let root = component.bom_ref.unwrap_or_default();
    let name = component.name.unwrap_or_default();
    let source = SourceDescription {
        id: if root.is_empty() { serial.unwrap_or_else(|| name.clone()) } else { root.clone() },
        user_input: name.clone(),
        name,
        version: component.version.unwrap_or_default(),
        kind: SourceKind::Other {
            type_name: component.kind.unwrap_or_default(),
            json: raw.map(|raw| raw.get().to_owned()).unwrap_or_default(),
        },
    };
    (source, root)
}

fn incomplete(raw: Option<&RawValue>) -> Option<Gap> {
    #[derive(Deserialize)]
    struct Composition {
        aggregate: Option<String>,
    }
    let compositions: Vec<Composition> = serde_json::from_str(raw?.get()).ok()?;
    let said = compositions.iter().filter_map(|composition| composition.aggregate.as_deref());
    let mut said = said.filter(|aggregate| aggregate.starts_with("incomplete"));
    said.next().map(|aggregate| {
        Gap::new(GapCode::SbomElementUnreadable, format!("the document says that it is not complete: `{aggregate}`"))
    })
}

fn dependencies(rows: Vec<&RawValue>, ids: &Ids, root: &str, broken: &mut Broken) -> Vec<Relationship> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        #[serde(rename = "ref")]
        reference: String,
        depends_on: Option<Vec<String>>,
    }
    let mut edges = Vec::new();
    for (at, raw) in rows.into_iter().enumerate() {
        let Some(row) = broken.object::<Row>("dependency", at, raw) else { continue };
        // What the root needs follows from the rest.
        if row.reference != root {
            let needs = row.depends_on.unwrap_or_default();
            edges.extend(needs.iter().filter_map(|need| elements::dependency(ids, need, &row.reference)));
        }
    }
    edges
}

struct Reader {
    broken: Broken,
    ids: Ids,
    packages: Vec<Package>,
    /// Those whose supplier is named.
    supplied: Vec<PackageId>,
    distro: Option<Distro>,
    position: usize,
}

impl Reader {
    fn components(&mut self, rows: Option<Packages<'_>>) {
        for raw in self.broken.packages(rows) {
            let at = self.position;
            self.position += 1;
            let Some(component) = self.broken.object::<Component<'_>>("component", at, raw) else { continue };
            match component.kind.as_deref().unwrap_or_default() {
                "file" | "data" | "cryptographic-asset" => {}
                "operating-system" => self.distro = self.distro.take().or_else(|| distro(&component)),
                _ => self.package(&component, at),
            }
            // Components inside components are as deep as JSON itself may be.
            self.components(component.components);
        }
    }

    fn package(&mut self, component: &Component<'_>, at: usize) {
        // Lists inside lists are bounded together.
        if self.packages.len() as u64 >= limits::SBOM_PACKAGES {
            let message = "the document has more packages than the limit: the rest was not read";
            self.broken.gap(Gap::new(GapCode::SbomPackages, message).limited(limits::SBOM_PACKAGES, at as u64 + 1));
            return;
        }
        let mut package = package(component, at, &mut self.broken);
        if package.name.is_empty() {
            self.broken.add(format!("component {at} of the document has no name"));
            return;
        }
        let reference = component.bom_ref.as_deref().unwrap_or_default();
        let hint = reference.split_once("package-id=").map_or(reference, |(_, rest)| rest.get(..16).unwrap_or(rest));
        package.id = self.ids.assign(reference, hint, &package);
        if component.is_supplied() {
            self.supplied.push(package.id);
        }
        self.packages.push(package);
    }
}

fn package(component: &Component<'_>, at: usize, broken: &mut Broken) -> Package {
    let property = |name: &str| {
        let mut all = component.properties.iter().flatten();
        all.find(|property| property.name.as_deref() == Some(name)).and_then(|property| property.value.as_deref())
    };
    let purl = component.purl.as_deref().or_else(|| property("stopgate:purl")).unwrap_or_default();
    let parsed = Purl::parse(purl).ok();
    let written = component.name.clone().unwrap_or_default();
    let own_type = property("syft:package:type");
    let name = match (&parsed, component.group.as_deref().filter(|group| !group.is_empty())) {
        // syft's names are those that matching knows.
        _ if own_type.is_some() => written,
        (Some(purl), _) => elements::name_of(purl),
        (None, Some(group)) => format!("{group}/{written}"),
        (None, None) => written,
    };
    let package_type = match (own_type, &parsed) {
        (Some(name), _) => PackageType::named(name),
        (None, Some(purl)) => elements::type_of(purl),
        (None, None) => PackageType::UNKNOWN,
    };
    let mut package = Package::new(package_type, name, component.version.clone().unwrap_or_default());
    purl.clone_into(&mut package.purl);
    property("syft:package:foundBy").unwrap_or_default().clone_into(&mut package.found_by);
    package.modularity = property("syft:metadata:modularityLabel").map(str::to_owned);
    package.cpes.extend(component.cpe.iter().map(|text| Cpe { text: text.clone(), source: String::new() }));
    for property in component.properties.iter().flatten() {
        if let (Some("syft:cpe23"), Some(text)) = (property.name.as_deref(), &property.value) {
            package.cpes.push(Cpe { text: text.clone(), source: String::new() });
        }
    }
    package.licenses = component.licenses.map(|raw| licenses(raw, at, broken)).unwrap_or_default();
    package.digests = component.hashes.map(digests).unwrap_or_default();
    package.locations = locations(component.properties.as_deref().unwrap_or_default(), &property, component.evidence);
    package.upstreams.extend(upstream(&package, &property));
    elements::fill_from_purl(&mut package);
    package
}

/// The source package, as syft's metadata properties or Trivy's say.
fn upstream<'a>(package: &Package, property: &impl Fn(&str) -> Option<&'a str>) -> Option<Upstream> {
    let given = |name: &str| property(name).filter(|text| !text.is_empty());
    if package.package_type == PackageType::RPM
        && let Some(file) = given("syft:metadata:sourceRpm")
    {
        return elements::source_rpm(&package.name, file);
    }
    if let Some(name) = given("syft:metadata:source").or_else(|| given("syft:metadata:originPackage")) {
        let version = given("syft:metadata:sourceVersion").map(str::to_owned);
        return Some(Upstream { name: name.to_owned(), version });
    }
    let name = given("aquasecurity:trivy:SrcName")?.to_owned();
    let version = given("aquasecurity:trivy:SrcVersion").map(|version| {
        let epoch = given("aquasecurity:trivy:SrcEpoch").map(|epoch| format!("{epoch}:")).unwrap_or_default();
        let release = given("aquasecurity:trivy:SrcRelease").map(|release| format!("-{release}")).unwrap_or_default();
        format!("{epoch}{version}{release}")
    });
    Some(Upstream { name, version })
}

/// The places that syft numbers from zero: `syft:location:0:path`, `syft:location:0:layerID`.
fn syft_locations(properties: &[Property]) -> Vec<(String, Option<Digest>)> {
    let mut places: BTreeMap<usize, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for property in properties {
        let (Some(name), Some(value)) = (&property.name, &property.value) else { continue };
        let numbered = name.strip_prefix("syft:location:").and_then(|rest| rest.split_once(':'));
        let Some((number, part)) = numbered.and_then(|(number, part)| Some((number.parse().ok()?, part))) else {
            continue;
        };
        let (path, layer) = places.entry(number).or_default();
        match part {
            "path" => _ = path.get_or_insert(value),
            "layerID" => _ = layer.get_or_insert(value),
            _ => {}
        }
    }
    let in_a_row = places.into_iter().zip(0..).map_while(|((number, (path, layer)), place)| {
        let path = path.filter(|_| number == place)?;
        Some((path.to_owned(), layer.and_then(|layer| Digest::parse(layer).ok())))
    });
    in_a_row.collect()
}

fn locations<'a>(
    properties: &[Property],
    property: &impl Fn(&str) -> Option<&'a str>,
    evidence: Option<&RawValue>,
) -> Vec<Location> {
    #[derive(Deserialize)]
    struct Evidence {
        occurrences: Option<Vec<Occurrence>>,
    }
    #[derive(Deserialize)]
    struct Occurrence {
        location: Option<String>,
    }
    let mut found = syft_locations(properties);
    if let Some(path) = property("aquasecurity:trivy:FilePath") {
        let layer = property("aquasecurity:trivy:LayerDiffID").and_then(|layer| Digest::parse(layer).ok());
        found.push((path.to_owned(), layer));
    }
    if found.is_empty() {
        let evidence = evidence.and_then(|raw| serde_json::from_str::<Evidence>(raw.get()).ok());
        let occurrences = evidence.and_then(|evidence| evidence.occurrences).unwrap_or_default();
        found.extend(occurrences.into_iter().filter_map(|occurrence| Some((occurrence.location?, None))));
    }
    let place = |(at, (path, layer)): (usize, (String, Option<Digest>))| {
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        // The format has no word for it; syft writes the file that proves a package first.
        let evidence = if at == 0 { EvidenceKind::Primary } else { EvidenceKind::Supporting };
        Location { access_path: path.clone(), path, layer, evidence }
    };
    found.into_iter().enumerate().map(place).collect()
}

fn licenses(raw: &RawValue, at: usize, broken: &mut Broken) -> Vec<License> {
    #[derive(Deserialize)]
    struct Choice {
        license: Option<Named>,
        expression: Option<String>,
    }
    #[derive(Deserialize)]
    struct Named {
        id: Option<String>,
        name: Option<String>,
        url: Option<String>,
    }
    let choices: Vec<Choice> = broken.any("the licences of component", at, raw).unwrap_or_default();
    let license = |choice: Choice| {
        let (value, spdx, url) = match (choice.license, choice.expression) {
            (_, Some(expression)) => (expression.clone(), expression, None),
            (Some(Named { id: Some(id), url, .. }), None) => (id.clone(), id, url),
            (Some(Named { name: Some(name), url, .. }), None) => (name, String::new(), url),
            _ => return None,
        };
        let urls = url.into_iter().collect();
        Some(License { value, spdx, kind: LicenseKind::Declared, urls, locations: Vec::new() })
    };
    choices.into_iter().filter_map(license).collect()
}

fn digests(raw: &RawValue) -> Vec<Digest> {
    #[derive(Deserialize)]
    struct Hash {
        alg: String,
        content: String,
    }
    let hashes: Vec<Hash> = serde_json::from_str(raw.get()).unwrap_or_default();
    let digest = |hash: Hash| Digest::new(DigestAlgorithm::parse(&hash.alg)?, &hash.content);
    hashes.into_iter().filter_map(digest).collect()
}

fn distro(component: &Component<'_>) -> Option<Distro> {
    let mut distro = Distro {
        id: component.name.as_deref()?.to_ascii_lowercase(),
        version_id: component.version.clone().unwrap_or_default(),
        pretty_name: component.description.clone().unwrap_or_default(),
        ..Distro::default()
    };
    for property in component.properties.iter().flatten() {
        let (Some(name), Some(value)) = (property.name.as_deref(), property.value.clone()) else { continue };
        match name.strip_prefix("syft:distro:").unwrap_or_default() {
            "id" => distro.id = value,
            "versionID" => distro.version_id = value,
            "prettyName" => distro.pretty_name = value,
            "versionCodename" => distro.version_codename = value,
            "extendedSupport" => distro.extended_support = value == "true",
            name if name.starts_with("idLike:") => distro.id_like.push(value),
            _ => {}
        }
    }
    (!distro.id.is_empty()).then_some(distro)
}
