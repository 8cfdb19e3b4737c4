//! in-toto statements, v1 and v0.1.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{Attestation, Digest, DigestAlgorithm};

use super::{DSSE, provenance};
use crate::FormatError;
use crate::strict::{Elements, Fields};

/// Most digests of one subject.
const DIGESTS: usize = 32;

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(rename = "_type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    subject: Option<Elements<'a>>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Subject<'a> {
    #[serde(borrow)]
    digest: Option<Fields<'a, DIGESTS>>,
}

/// Reads a statement; nobody vouches for it yet.
pub(super) fn read(text: &str, document: &str) -> Result<Attestation, FormatError> {
    let statement: Statement<'_> = DSSE.document(text)?;
    if !matches!(&*statement.kind, "https://in-toto.io/Statement/v1" | "https://in-toto.io/Statement/v0.1") {
        let expected = "`https://in-toto.io/Statement/v1` or `v0.1`";
        return Err(FormatError::version("in-toto statement", &statement.kind, expected));
    }
    let mut subjects = Vec::new();
    DSSE.objects(("subject", "subjects"), statement.subject, |subject: Subject<'_>| {
        let Fields(digests) = subject.digest.unwrap_or(Fields(Vec::new()));
        for (name, hex) in &digests {
            subjects.extend(digest(name, hex)?);
        }
        Ok(())
    })?;
    subjects.sort_unstable();
    subjects.dedup();
    let provenance = provenance::read(&statement.predicate_type, statement.predicate)?;
    Ok(Attestation {
        predicate_type: statement.predicate_type,
        subjects,
        signers: Vec::new(),
        builder: provenance.builder,
        source: provenance.source,
        document: document.to_owned(),
    })
}

/// A digest that identifies content; git objects and broken algorithms do not.
fn digest(name: &str, hex: &RawValue) -> Result<Option<Digest>, FormatError> {
    let Some(algorithm) = DigestAlgorithm::parse(name) else { return Ok(None) };
    if matches!(algorithm, DigestAlgorithm::Md5 | DigestAlgorithm::Sha1) {
        return Ok(None);
    }
    let text = serde_json::from_str::<Cow<'_, str>>(hex.get()).ok();
    let digest = text.and_then(|text| Digest::new(algorithm, &text));
    digest.map(Some).ok_or_else(|| DSSE.invalid(format!("the `{name}` of a subject is no digest")))
}
