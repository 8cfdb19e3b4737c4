//! CycloneDX: `vulnerabilities[].analysis`, in a document of its own or beside the components of a BOM.
//!
//! A vulnerability without an analysis says nothing. `affects` refers to components, by `bom-ref` or as a BOM-Link
//! (`urn:cdx:SERIAL/VERSION#REF`). When the BOM is about an image, its components are parts of that image; a BOM that
//! is about something else speaks of its components wherever they are.

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::IgnoredAny;
use stopgate_model::{Digest, Purl, VexJustification, VexStatement, VexStatus};

use super::Statements;
use crate::FormatError;
use crate::strict::{Elements, Strict};

const CYCLONEDX: Strict = Strict { format: "CycloneDX" };

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "specVersion")]
    spec_version: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    components: Option<Vec<Component>>,
    #[serde(borrow)]
    vulnerabilities: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    timestamp: Option<String>,
    #[serde(borrow)]
    component: Option<Root<'a>>,
}

#[derive(Deserialize)]
struct Root<'a> {
    #[serde(rename = "bom-ref")]
    bom_ref: Option<Cow<'a, str>>,
    #[serde(rename = "type")]
    kind: Option<Cow<'a, str>>,
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    components: Option<Vec<Component>>,
}

// `type` and `name` are what the format requires: without them, millions of empty components would cost no text.
#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "bom-ref")]
    bom_ref: Option<Box<str>>,
    purl: Option<Box<str>>,
    components: Option<Vec<Component>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    id: String,
    #[serde(borrow)]
    references: Option<Elements<'a>>,
    updated: Option<String>,
    #[serde(borrow)]
    analysis: Option<Analysis<'a>>,
    #[serde(borrow)]
    affects: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis<'a> {
    state: Option<Cow<'a, str>>,
    justification: Option<Cow<'a, str>>,
    detail: Option<String>,
    first_issued: Option<String>,
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Affects<'a> {
    #[serde(rename = "ref")]
    reference: Cow<'a, str>,
    #[serde(borrow)]
    versions: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct VersionRow<'a> {
    version: Option<Cow<'a, str>>,
    range: Option<Cow<'a, str>>,
    status: Option<Cow<'a, str>>,
}

/// What the BOM is about, and the package URLs of its components by their `bom-ref`.
#[derive(Default)]
struct Bom<'a> {
    root_ref: String,
    /// Names of the image; empty when it is about none.
    image: Vec<String>,
    purls: HashMap<&'a str, &'a str>,
}

/// What one vulnerability affects.
#[derive(Default)]
struct Targets {
    /// Everything that the BOM is about.
    whole: bool,
    /// Components of the analysis' own state.
    stated: Vec<String>,
    /// Versions that stand there as not affected.
    unaffected: Vec<String>,
}

pub(super) fn read(text: &str, document: &str) -> Result<Vec<VexStatement>, FormatError> {
    let mut raw: Document<'_> = CYCLONEDX.document(text)?;
    if !raw.spec_version.starts_with("1.") {
        return Err(FormatError::version(CYCLONEDX.format, &raw.spec_version, "1.4 to 1.7"));
    }
    let mut bom = Bom::default();
    let mut issued = None;
    let metadata = raw.metadata.take();
    let inner;
    if let Some(metadata) = metadata {
        issued = CYCLONEDX.time("timestamp", metadata.timestamp)?;
        if let Some(root) = metadata.component {
            bom.image = image(&root);
            bom.root_ref = root.bom_ref.unwrap_or_default().into_owned();
            inner = root.components.unwrap_or_default();
            bom.add(&inner);
        }
    }
    let components = raw.components.unwrap_or_default();
    bom.add(&components);
    let mut statements = Statements::new(CYCLONEDX);
    CYCLONEDX.objects(("vulnerability", "vulnerabilities"), raw.vulnerabilities, |raw: Vulnerability<'_>| {
        add(&mut statements, raw, &bom, issued.as_deref(), document)
    })?;
    Ok(statements.list)
}

/// What names the image that a BOM is about.
fn image(root: &Root<'_>) -> Vec<String> {
    let purl = root.purl.as_ref().filter(|purl| purl.starts_with("pkg:oci/") || purl.starts_with("pkg:docker/"));
    let mut names: Vec<String> = purl.cloned().into_iter().collect();
    if root.kind.as_deref() == Some("container") {
        let version = root.version.as_deref().unwrap_or_default();
        match (Digest::parse(version), &root.name) {
            (Ok(digest), _) => names.push(digest.to_string()),
            (Err(_), Some(name)) if names.is_empty() && version.is_empty() => names.push(name.clone()),
            (Err(_), Some(name)) if names.is_empty() => names.push(format!("{name}:{version}")),
            _ => {}
        }
    }
    names
}

impl<'a> Bom<'a> {
    fn add(&mut self, components: &'a [Component]) {
        for component in components {
            if let (Some(bom_ref), Some(purl)) = (&component.bom_ref, &component.purl) {
                self.purls.insert(bom_ref, purl);
            }
            self.add(component.components.as_deref().unwrap_or_default());
        }
    }

    /// The component of a reference: `None` for all that the BOM is about.
    fn component<'b>(&'b self, reference: &'b str) -> Option<Cow<'b, str>> {
        let bom_ref = match reference.strip_prefix("urn:cdx:") {
            Some(link) => link
                .split_once('#')
                .map_or(Cow::Borrowed(""), |(_, bom_ref)| percent_decode_str(bom_ref).decode_utf8_lossy()),
            None => Cow::Borrowed(reference),
        };
        if bom_ref == self.root_ref || bom_ref.is_empty() {
            return None;
        }
        Some(self.purls.get(&*bom_ref).map_or(bom_ref, |purl| Cow::Borrowed(*purl)))
    }
}

fn add(
    statements: &mut Statements,
    raw: Vulnerability<'_>,
    bom: &Bom<'_>,
    issued: Option<&str>,
    document: &str,
) -> Result<(), FormatError> {
    let Some(analysis) = raw.analysis else { return Ok(()) };
    let Some(state) = analysis.state else { return Ok(()) };
    let status = status(&state)?;
    let updated = CYCLONEDX.time("lastUpdated", analysis.last_updated)?;
    let first = CYCLONEDX.time("firstIssued", analysis.first_issued)?;
    let record = CYCLONEDX.time("updated", raw.updated)?;
    let aliases = CYCLONEDX.objects(("reference", "references"), raw.references, |one: Reference| Ok(one.id))?;
    let word = analysis.justification.filter(|word| !word.is_empty());
    let detail = analysis.detail.filter(|detail| !detail.is_empty());
    let statement = VexStatement {
        aliases: aliases.into_iter().flatten().filter(|alias| *alias != raw.id).collect(),
        vulnerability: raw.id,
        products: Vec::new(),
        subcomponents: Vec::new(),
        status,
        justification: word.as_deref().map(justification).transpose()?,
        // Our justifications are fewer than the format's.
        statement: detail.or_else(|| word.map(Cow::into_owned)).unwrap_or_default(),
        document: document.to_owned(),
        timestamp: updated.or(first).or(record).or(issued.map(str::to_owned)).unwrap_or_default(),
    };
    let targets = targets(statements, raw.affects, bom)?;
    if targets.whole {
        let products = statements.copies(&bom.image)?;
        statements.push(VexStatement { products, ..statement.clone() })?;
    }
    if !targets.stated.is_empty() {
        add_parts(statements, bom, targets.stated, statement.clone())?;
    }
    if !targets.unaffected.is_empty() {
        let statement = VexStatement { status: VexStatus::NotAffected, justification: None, ..statement };
        add_parts(statements, bom, targets.unaffected, statement)?;
    }
    Ok(())
}

/// The statement about components of the BOM's image, or wherever they are.
fn add_parts(
    statements: &mut Statements,
    bom: &Bom<'_>,
    components: Vec<String>,
    statement: VexStatement,
) -> Result<(), FormatError> {
    if bom.image.is_empty() {
        return statements.push(VexStatement { products: components, ..statement });
    }
    let products = statements.copies(&bom.image)?;
    statements.push(VexStatement { products, subcomponents: components, ..statement })
}

fn targets(statements: &mut Statements, affects: Option<Elements<'_>>, bom: &Bom<'_>) -> Result<Targets, FormatError> {
    let mut targets = Targets { whole: affects.is_none(), ..Targets::default() };
    CYCLONEDX.objects(("entry of `affects`", "entries of `affects`"), affects, |raw: Affects<'_>| {
        let Some(component) = bom.component(&raw.reference) else {
            targets.whole = true;
            return Ok(());
        };
        let versions = CYCLONEDX.objects(("version", "versions"), raw.versions, Ok)?;
        if versions.is_empty() {
            targets.stated.push(statements.copy(&component)?);
        }
        for version in &versions {
            // What a version makes of the component is as long as both together.
            statements.copy(&component)?;
            targets.version(&component, version)?;
        }
        Ok(())
    })?;
    Ok(targets)
}

impl Targets {
    fn version(&mut self, component: &str, raw: &VersionRow<'_>) -> Result<(), FormatError> {
        // A range stands in place of the version and so matches none: ranges are not read.
        let version = raw.version.as_deref().or(raw.range.as_deref());
        let Some(version) = version else {
            return Err(CYCLONEDX.invalid("a version has neither `version` nor `range`"));
        };
        let name = match Purl::parse(component) {
            Ok(purl) => Purl { version: version.to_owned(), ..purl }.to_string(),
            Err(_) => format!("{component}@{version}"),
        };
        match raw.status.as_deref() {
            None | Some("affected") => self.stated.push(name),
            Some("unaffected") => self.unaffected.push(name),
            Some("unknown") => {}
            Some(other) => return Err(unknown("status of a version", other)),
        }
        Ok(())
    }
}

fn status(state: &str) -> Result<VexStatus, FormatError> {
    Ok(match state {
        "not_affected" | "false_positive" => VexStatus::NotAffected,
        "resolved" | "resolved_with_pedigree" => VexStatus::Fixed,
        "exploitable" => VexStatus::Affected,
        "in_triage" => VexStatus::UnderInvestigation,
        other => return Err(unknown("state of an analysis", other)),
    })
}

/// The nearest of our justifications.
fn justification(word: &str) -> Result<VexJustification, FormatError> {
    Ok(match word {
        "code_not_present" => VexJustification::VulnerableCodeNotPresent,
        "code_not_reachable" => VexJustification::VulnerableCodeNotInExecutePath,
        "requires_configuration" | "requires_environment" => {
            VexJustification::VulnerableCodeCannotBeControlledByAdversary
        }
        "requires_dependency" => VexJustification::ComponentNotPresent,
        "protected_by_compiler"
        | "protected_at_runtime"
        | "protected_at_perimeter"
        | "protected_by_mitigating_control" => VexJustification::InlineMitigationsAlreadyExist,
        other => return Err(unknown("justification of an analysis", other)),
    })
}

fn unknown(what: &str, word: &str) -> FormatError {
    let shown: String = word.chars().take(100).collect();
    CYCLONEDX.invalid(format!("the {what} is `{shown}`, which is unknown"))
}
