//! VEX: what suppliers say about vulnerabilities in their products. OpenVEX 0.2, CSAF 2 and CycloneDX (JSON), told by
//! content.
//!
//! Products are kept as texts (package URLs, `sha256:…`, names); which of them an artifact is, matching decides. A product
//! that has none of these keeps another name, which matches nothing: it must never become "any product".

mod csaf;
mod cyclonedx;
mod openvex;
mod write;

pub use write::{VexDocument, cyclonedx as write_cyclonedx, openvex as write_openvex};

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{Digest, DigestAlgorithm, VexStatement, limits};

use crate::FormatError;
use crate::strict::Strict;

const VEX: Strict = Strict { format: "VEX" };
const EXPECTED: &str = "OpenVEX 0.2, CSAF 2 or CycloneDX JSON";

/// The fields by which formats are told.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "@context")]
    context: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "bomFormat")]
    bom_format: Option<&'a RawValue>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
}

/// Reads the statements of a document called `document`, in its order.
pub fn read(bytes: &[u8], document: &str) -> Result<Vec<VexStatement>, FormatError> {
    let text = VEX.text(bytes)?;
    if !text.trim_start().starts_with('{') {
        return Err(FormatError::Unknown { expected: EXPECTED });
    }
    match VEX.document::<Head<'_>>(text)? {
        Head { context: Some(context), .. } => openvex::read(text, &context, document),
        Head { bom_format: Some(_), .. } => cyclonedx::read(text, document),
        Head { document: Some(_), .. } => csaf::read(text, document),
        _ => Err(FormatError::Unknown { expected: EXPECTED }),
    }
}

/// Statements, as many as the limits allow. What many of them share is copied to each, so that a small document could
/// ask for more memory than there is: the copies are counted.
struct Statements {
    format: Strict,
    list: Vec<VexStatement>,
    bytes: u64,
}

/// What a text costs beside its bytes.
const TEXT: usize = 48;

impl Statements {
    const fn new(format: Strict) -> Self {
        Self { format, list: Vec::new(), bytes: 0 }
    }

    /// A copy of a text that statements share.
    fn copy(&mut self, text: &str) -> Result<String, FormatError> {
        self.count(text.len() + TEXT)?;
        Ok(text.to_owned())
    }

    fn copies(&mut self, texts: &[String]) -> Result<Vec<String>, FormatError> {
        texts.iter().map(|text| self.copy(text)).collect()
    }

    fn push(&mut self, statement: VexStatement) -> Result<(), FormatError> {
        let aliases: usize = statement.aliases.iter().map(|alias| alias.len() + TEXT).sum();
        self.count(statement.statement.len() + statement.vulnerability.len() + aliases)?;
        let limit = limits::DOCUMENT_ENTRIES;
        if self.list.len() as u64 >= limit {
            return Err(self.format.invalid(format!("it has more than {limit} statements")));
        }
        self.list.push(statement);
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), FormatError> {
        self.bytes += bytes as u64;
        if self.bytes > limits::SBOM_BYTES {
            let limit = limits::SBOM_BYTES;
            return Err(self.format.invalid(format!("its statements are longer than {limit} bytes together")));
        }
        Ok(())
    }
}

/// A hash as products are named by it; one of an algorithm that identifies nothing here keeps its own form.
fn hash(algorithm: &str, hex: &str) -> String {
    let digest = DigestAlgorithm::parse(algorithm).and_then(|algorithm| Digest::new(algorithm, hex));
    digest.map_or_else(|| format!("{algorithm}:{hex}"), |digest| digest.to_string())
}

#[cfg(test)]
mod tests;
