//! Writes statements about one artifact, as OpenVEX 0.2 and as CycloneDX 1.6 in JSON.

use serde_json::{Map, Value, json};
use stopgate_model::{VexJustification, VexStatement, VexStatus};

/// A document about one artifact.
#[derive(Debug, Clone, Copy)]
pub struct VexDocument<'a> {
    /// A UUID.
    pub id: &'a str,
    /// Who says it.
    pub author: &'a str,
    /// When it was written, RFC 3339.
    pub timestamp: &'a str,
    /// Package URL of the artifact.
    pub product: &'a str,
    /// Its digest, `sha256:...`.
    pub digest: &'a str,
    /// What is said: products are package URLs of parts of the artifact, none means all of it.
    pub statements: &'a [VexStatement],
}

/// As an OpenVEX document.
pub fn openvex(document: &VexDocument<'_>) -> Value {
    let statements = document.statements.iter().map(|statement| {
        let mut product = json!({"@id": document.product});
        if let (Some(members), Some(hex)) = (product.as_object_mut(), document.digest.strip_prefix("sha256:")) {
            members.insert("hashes".to_owned(), json!({"sha-256": hex}));
            if !statement.products.is_empty() {
                let parts: Vec<Value> = statement.products.iter().map(|purl| json!({"@id": purl})).collect();
                members.insert("subcomponents".to_owned(), parts.into());
            }
        }
        let mut all = Map::new();
        all.insert("vulnerability".to_owned(), json!({"name": statement.vulnerability}));
        all.insert("timestamp".to_owned(), statement.timestamp.as_str().into());
        all.insert("products".to_owned(), json!([product]));
        all.insert("status".to_owned(), statement.status.name().into());
        // `fix_not_planned` is no justification of OpenVEX.
        let justification = statement.justification.filter(|word| *word != VexJustification::FixNotPlanned);
        if let Some(justification) = justification.filter(|_| statement.status == VexStatus::NotAffected) {
            all.insert("justification".to_owned(), justification.name().into());
        }
        let field = match statement.status {
            VexStatus::NotAffected => "impact_statement",
            VexStatus::Affected => "action_statement",
            _ => "status_notes",
        };
        // The format demands a reason in these two cases.
        let reason = match (statement.statement.as_str(), statement.status) {
            ("", VexStatus::NotAffected) if justification.is_none() => "no reason was given",
            ("", VexStatus::Affected) => "no action was given",
            (text, _) => text,
        };
        if !reason.is_empty() {
            all.insert(field.to_owned(), reason.into());
        }
        Value::Object(all)
    });
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://openvex.dev/docs/public/vex-{}", document.id),
        "author": document.author,
        "timestamp": document.timestamp,
        "version": 1,
        "statements": statements.collect::<Vec<_>>(),
    })
}

const fn state(status: VexStatus) -> &'static str {
    match status {
        VexStatus::NotAffected => "not_affected",
        VexStatus::Affected => "exploitable",
        VexStatus::Fixed => "resolved",
        VexStatus::UnderInvestigation => "in_triage",
    }
}

const fn justification(word: VexJustification) -> Option<&'static str> {
    match word {
        VexJustification::ComponentNotPresent | VexJustification::VulnerableCodeNotPresent => Some("code_not_present"),
        VexJustification::VulnerableCodeNotInExecutePath => Some("code_not_reachable"),
        VexJustification::VulnerableCodeCannotBeControlledByAdversary => Some("requires_environment"),
        VexJustification::InlineMitigationsAlreadyExist => Some("protected_by_mitigating_control"),
        VexJustification::FixNotPlanned => None,
    }
}

/// As a CycloneDX document.
pub fn cyclonedx(document: &VexDocument<'_>) -> Value {
    let mut parts: Vec<&String> = document.statements.iter().flat_map(|statement| &statement.products).collect();
    parts.sort();
    parts.dedup();
    let components: Vec<Value> = parts
        .iter()
        .map(|purl| json!({"type": "library", "bom-ref": purl, "name": name(purl), "purl": purl}))
        .collect();
    let vulnerabilities = document.statements.iter().map(|statement| {
        let mut analysis = json!({"state": state(statement.status), "lastUpdated": statement.timestamp});
        if let Some(members) = analysis.as_object_mut() {
            if let Some(word) = statement.justification.and_then(justification) {
                members.insert("justification".to_owned(), word.into());
            }
            if statement.justification == Some(VexJustification::FixNotPlanned) {
                members.insert("response".to_owned(), json!(["will_not_fix"]));
            }
            if !statement.statement.is_empty() {
                members.insert("detail".to_owned(), statement.statement.as_str().into());
            }
        }
        let affects: Vec<Value> = if statement.products.is_empty() {
            vec![json!({"ref": document.product})]
        } else {
            statement.products.iter().map(|purl| json!({"ref": purl})).collect()
        };
        json!({"id": statement.vulnerability, "updated": statement.timestamp, "analysis": analysis, "affects": affects})
    });
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", document.id),
        "version": 1,
        "metadata": {
            "timestamp": document.timestamp,
            "authors": [{"name": document.author}],
            "component": {
                "type": "container", "bom-ref": document.product, "name": name(document.product),
                "version": document.digest, "purl": document.product,
            },
        },
        "components": components,
        "vulnerabilities": vulnerabilities.collect::<Vec<_>>(),
    })
}

/// The last part of a package URL's name.
fn name(purl: &str) -> &str {
    let end = purl.find(['?', '#']).unwrap_or(purl.len());
    let path = purl.get(..end).unwrap_or(purl);
    let path = path.rsplit('/').next().unwrap_or(path);
    path.split('@').next().filter(|name| !name.is_empty()).unwrap_or("artifact")
}

#[cfg(test)]
mod tests {
    use stopgate_model::{VexJustification, VexStatement, VexStatus};

    use super::{VexDocument, cyclonedx, openvex};

    const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";
    const PRODUCT: &str = "pkg:oci/cart@sha256%3A00000000000000000000000000000000000000000000000000000000000000aa";

    fn statement(id: &str, products: &[&str], status: VexStatus) -> VexStatement {
        VexStatement {
            vulnerability: id.to_owned(),
            aliases: Vec::new(),
            products: products.iter().map(|product| (*product).to_owned()).collect(),
            subcomponents: Vec::new(),
            status,
            justification: (status == VexStatus::NotAffected)
                .then_some(VexJustification::VulnerableCodeNotInExecutePath),
            statement: "looked at it".to_owned(),
            document: "d".to_owned(),
            timestamp: "2024-03-01T00:00:00Z".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let statements = [
            statement("CVE-2024-1", &["pkg:npm/leftpad@1.0.0"], VexStatus::NotAffected),
            statement("CVE-2024-2", &[], VexStatus::Affected),
            statement("CVE-2024-3", &["pkg:npm/leftpad@1.0.0"], VexStatus::Fixed),
            statement("CVE-2024-4", &[], VexStatus::UnderInvestigation),
        ];
        let document = VexDocument {
            id: "5b1c9c5e-0001-4a6e-9d2f-000000000001",
            author: "team",
            timestamp: "2024-03-02T00:00:00Z",
            product: PRODUCT,
            digest: DIGEST,
            statements: &statements,
        };
        for written in [openvex(&document), cyclonedx(&document)] {
            let read = super::super::read(written.to_string().as_bytes(), "d").unwrap();
            assert_eq!(read.len(), statements.len(), "{written:#}");
            for (read, own) in read.iter().zip(&statements) {
                let facts =
                    |s: &VexStatement| (s.vulnerability.clone(), s.status, s.justification, s.statement.clone());
                assert_eq!(facts(read), facts(own));
                assert_eq!(read.timestamp, own.timestamp);
                assert_eq!(read.subcomponents, own.products, "{written:#}");
                assert!(read.products.iter().any(|product| product == PRODUCT), "{written:#}");
            }
        }
    }
}
