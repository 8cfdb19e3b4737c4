//! Attestations: in-toto statements in DSSE envelopes, one or several as JSON lines, and who vouches for them.
//!
//! An envelope may stand alone or in a Sigstore bundle (`application/vnd.dev.sigstore.bundle…+json`). Signatures count
//! when they verify with a trusted key over DSSE's pre-authentication encoding of payload type and payload; the key id
//! of an envelope is a hint that anybody can write and is not read. Certificates of a bundle (keyless signing), its log
//! entries and times are not verified, so such a bundle has no signer. A statement without envelope has none either.

mod provenance;
mod statement;

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::Attestation;

use crate::FormatError;
use crate::strict::{Elements, Strict};
use crate::trust::Trust;

const DSSE: Strict = Strict { format: "attestation" };
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// Most statements of one document.
const STATEMENTS: usize = 256;
/// Most signatures of one envelope: each is tried with each key.
const SIGNATURES: usize = 16;

const PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, PADDING);

/// The fields by which the shapes are told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    payload_type: Option<&'a RawValue>,
    #[serde(borrow)]
    dsse_envelope: Option<&'a RawValue>,
    media_type: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_type")]
    statement_type: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    payload: Cow<'a, str>,
    payload_type: String,
    #[serde(borrow)]
    signatures: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Signature<'a> {
    sig: Cow<'a, str>,
}

/// Reads the statements of a document called `document`; their signers are the trusted keys that verify.
pub fn read(bytes: &[u8], document: &str, trust: &Trust) -> Result<Vec<Attestation>, FormatError> {
    let text = DSSE.text(bytes)?;
    let mut attestations = Vec::new();
    for (at, raw) in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().enumerate() {
        if at >= STATEMENTS {
            return Err(DSSE.invalid(format!("it has more than {STATEMENTS} statements")));
        }
        let raw = raw.map_err(|source| FormatError::Json { format: DSSE.format, source })?;
        attestations.push(one(&format!("statement {at}"), raw, document, trust)?);
    }
    if attestations.is_empty() {
        return Err(DSSE.invalid("it is empty: expected DSSE envelopes or an in-toto statement"));
    }
    Ok(attestations)
}

fn one(what: &str, raw: &RawValue, document: &str, trust: &Trust) -> Result<Attestation, FormatError> {
    let head: Head<'_> = DSSE.object(what, raw)?;
    match head {
        Head { dsse_envelope: Some(envelope), media_type: Some(media_type), .. } if media_type.starts_with(BUNDLE) => {
            signed(DSSE.object(what, envelope)?, document, trust)
        }
        Head { payload_type: Some(_), .. } => signed(DSSE.object(what, raw)?, document, trust),
        Head { statement_type: Some(_), .. } => statement::read(raw.get(), document),
        Head { media_type: Some(media_type), .. } if media_type.starts_with(BUNDLE) => {
            Err(DSSE.invalid(format!("{what} is a bundle without `dsseEnvelope`: it signs no statement")))
        }
        _ => Err(DSSE.invalid(format!("{what} is no DSSE envelope, Sigstore bundle or in-toto statement"))),
    }
}

fn signed(envelope: Envelope<'_>, document: &str, trust: &Trust) -> Result<Attestation, FormatError> {
    // `application/vnd.in-toto+json`, and `application/vnd.in-toto.NAME+json` for one kind of predicate.
    let payload_type = &envelope.payload_type;
    if !payload_type.starts_with("application/vnd.in-toto") || !payload_type.ends_with("+json") {
        let shown: String = payload_type.chars().take(100).collect();
        return Err(DSSE.invalid(format!("the payload is `{shown}`: expected `application/vnd.in-toto+json`")));
    }
    let payload = decoded("payload", &envelope.payload)?;
    let text = DSSE.text(&payload)?;
    let mut attestation = statement::read(text, document)?;
    let message = signed_bytes(payload_type, &payload);
    let signatures = DSSE.elements("signatures", envelope.signatures)?;
    if signatures.len() > SIGNATURES {
        return Err(DSSE.invalid(format!("an envelope has {} signatures, the limit is {SIGNATURES}", signatures.len())));
    }
    for raw in signatures {
        let signature: Signature<'_> = DSSE.object("a signature", raw)?;
        for signer in trust.signers(&message, &decoded("sig", &signature.sig)?) {
            if !attestation.signers.iter().any(|known| known == signer) {
                attestation.signers.push(signer.to_owned());
            }
        }
    }
    attestation.signers.sort_unstable();
    Ok(attestation)
}

/// Either alphabet, with or without padding, as verifiers must.
fn decoded(field: &str, text: &str) -> Result<Vec<u8>, FormatError> {
    let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
    decoded.map_err(|_| DSSE.invalid(format!("`{field}` is not base64")))
}

/// DSSE's pre-authentication encoding (protocol 1.0.2).
fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests;
