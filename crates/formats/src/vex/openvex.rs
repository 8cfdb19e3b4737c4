//! OpenVEX 0.2 (<https://github.com/openvex/spec>).

use std::borrow::Cow;

use serde::Deserialize;
use stopgate_model::{VexJustification, VexStatement, VexStatus};

use super::{Statements, hash};
use crate::FormatError;
use crate::strict::{Elements, Fields, Strict};

const OPENVEX: Strict = Strict { format: "OpenVEX" };
const NAMESPACE: &str = "https://openvex.dev/ns";
/// Most hashes of one component.
const HASHES: usize = 64;

#[derive(Deserialize)]
struct Document<'a> {
    timestamp: Option<String>,
    #[serde(borrow)]
    statements: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    vulnerability: Vulnerability<'a>,
    timestamp: Option<String>,
    last_updated: Option<String>,
    #[serde(borrow)]
    products: Option<Elements<'a>>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    action_statement: Option<String>,
    status_notes: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    name: String,
    #[serde(borrow)]
    aliases: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(rename = "@id")]
    id: Option<String>,
    identifiers: Option<Identifiers>,
    #[serde(borrow)]
    hashes: Option<Fields<'a, HASHES>>,
    #[serde(borrow)]
    subcomponents: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Identifiers {
    purl: Option<String>,
    cpe22: Option<String>,
    cpe23: Option<String>,
}

pub(super) fn read(text: &str, context: &str, document: &str) -> Result<Vec<VexStatement>, FormatError> {
    let Some(version) = context.strip_prefix(NAMESPACE) else {
        return Err(FormatError::Unknown { expected: super::EXPECTED });
    };
    if version != "/v0.2" && !version.starts_with("/v0.2.") {
        return Err(FormatError::version(OPENVEX.format, version.trim_start_matches('/'), "v0.2"));
    }
    let raw: Document<'_> = OPENVEX.document(text)?;
    let time = OPENVEX.time("timestamp", raw.timestamp)?;
    let mut statements = Statements::new(OPENVEX);
    OPENVEX.objects(("statement", "statements"), raw.statements, |raw: Entry<'_>| {
        add(&mut statements, raw, time.as_deref(), document)
    })?;
    Ok(statements.list)
}

fn add(statements: &mut Statements, raw: Entry<'_>, issued: Option<&str>, document: &str) -> Result<(), FormatError> {
    let status = VexStatus::parse(&raw.status).ok_or_else(|| unknown("status", &raw.status))?;
    let justification = raw
        .justification
        .filter(|word| !word.is_empty())
        .map(|word| VexJustification::parse(&word).ok_or_else(|| unknown("justification", &word)));
    let updated = OPENVEX.time("last_updated", raw.last_updated)?;
    let time = updated.or(OPENVEX.time("timestamp", raw.timestamp)?);
    let texts = [raw.impact_statement, raw.action_statement, raw.status_notes];
    let aliases = OPENVEX.texts("aliases", raw.vulnerability.aliases)?;
    let whole = VexStatement {
        vulnerability: raw.vulnerability.name,
        aliases: aliases.into_iter().map(Cow::into_owned).collect(),
        products: Vec::new(),
        subcomponents: Vec::new(),
        status,
        justification: justification.transpose()?,
        statement: texts.into_iter().flatten().find(|text| !text.is_empty()).unwrap_or_default(),
        document: document.to_owned(),
        timestamp: time.or(issued.map(str::to_owned)).unwrap_or_default(),
    };
    let products = OPENVEX.objects(("product", "products"), raw.products, product)?;
    let any = products.is_empty();
    let mut plain = Vec::new();
    for (products, subcomponents) in products {
        if subcomponents.is_empty() {
            plain.extend(products);
        } else {
            statements.push(VexStatement { products, subcomponents, ..whole.clone() })?;
        }
    }
    if any || !plain.is_empty() { statements.push(VexStatement { products: plain, ..whole }) } else { Ok(()) }
}

fn unknown(field: &str, word: &str) -> FormatError {
    let shown: String = word.chars().take(100).collect();
    OPENVEX.invalid(format!("the {field} `{shown}` of a statement is unknown"))
}

/// The names of a product and of the components in it that a statement is about.
fn product(raw: Component<'_>) -> Result<(Vec<String>, Vec<String>), FormatError> {
    let (names, subcomponents) = names(raw)?;
    let parts = OPENVEX.objects(("subcomponent", "subcomponents"), subcomponents, |raw| Ok(self::names(raw)?.0))?;
    Ok((names, parts.into_iter().flatten().collect()))
}

fn names(raw: Component<'_>) -> Result<(Vec<String>, Option<Elements<'_>>), FormatError> {
    let identifiers = raw.identifiers.unwrap_or(Identifiers { purl: None, cpe22: None, cpe23: None });
    let mut names: Vec<String> = Vec::new();
    names.extend([raw.id, identifiers.purl, identifiers.cpe22, identifiers.cpe23].into_iter().flatten());
    for (algorithm, hex) in raw.hashes.map(|Fields(hashes)| hashes).unwrap_or_default() {
        let hex: String = serde_json::from_str(hex.get()).map_err(|_| OPENVEX.invalid("a hash is no text"))?;
        names.push(hash(&algorithm, &hex));
    }
    names.retain(|name| !name.is_empty());
    names.dedup();
    if names.is_empty() {
        return Err(OPENVEX.invalid("a product or subcomponent has no `@id`, identifier or hash"));
    }
    Ok((names, raw.subcomponents))
}
