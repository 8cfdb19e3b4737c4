//! Keys that a site trusts: `stopgate-trust/1` (`{schema, keys: [{name, public_key}]}`, closed), or a plain PEM file,
//! whose keys have the name of the file.
//!
//! A public key is a SubjectPublicKeyInfo (RFC 5280, 4.1) in PEM (RFC 7468): ECDSA on P-256, Ed25519, or RSA from 2048
//! bits on.

mod der;
mod key;
mod pem;

use serde::Deserialize;

use self::key::PublicKey;
use crate::FormatError;
use crate::strict::Strict;

const TRUST: Strict = Strict { format: "trust" };
/// The schema that documents declare.
pub const SCHEMA: &str = "stopgate-trust/1";
/// Most keys: each is tried with each signature.
const KEYS: usize = 256;

/// Keys whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    keys: Vec<(String, PublicKey)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    keys: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    public_key: String,
}

impl Trust {
    /// Reads a document, or a PEM file called `file`.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, FormatError> {
        let text = TRUST.text(bytes)?;
        let keys = if text.trim_start().starts_with('{') { listed(text)? } else { plain(text, file)? };
        if keys.len() > KEYS {
            return Err(TRUST.invalid(format!("it has {} keys, the limit is {KEYS}", keys.len())));
        }
        Ok(Self { keys })
    }

    /// Adds the keys of another document.
    pub fn extend(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// Names of the keys, in the order of the documents.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| name.as_str())
    }

    /// Names of the keys with which the signature of a message verifies.
    pub(crate) fn signers<'t>(&'t self, message: &'t [u8], signature: &'t [u8]) -> impl Iterator<Item = &'t str> {
        self.keys.iter().filter(|(_, key)| key.verifies(message, signature)).map(|(name, _)| name.as_str())
    }
}

fn listed(text: &str) -> Result<Vec<(String, PublicKey)>, FormatError> {
    let document: Document = TRUST.document(text)?;
    if document.schema != SCHEMA {
        return Err(FormatError::version(TRUST.format, &document.schema, SCHEMA));
    }
    if document.keys.is_empty() {
        return Err(TRUST.invalid("it has no keys"));
    }
    let mut keys = Vec::new();
    for key in document.keys {
        if key.name.trim().is_empty() {
            return Err(TRUST.invalid("a key has no name"));
        }
        let wrong = |reason: String| TRUST.invalid(format!("the public key of `{}` {reason}", key.name));
        let blocks = pem::public_keys(&key.public_key).map_err(wrong)?;
        let [block] = blocks.as_slice() else {
            return Err(wrong(format!("holds {} keys: expected one", blocks.len())));
        };
        keys.push((key.name.clone(), PublicKey::read(block).map_err(wrong)?));
    }
    Ok(keys)
}

fn plain(text: &str, file: &str) -> Result<Vec<(String, PublicKey)>, FormatError> {
    let wrong = |reason: String| TRUST.invalid(format!("the file {reason}"));
    let blocks = pem::public_keys(text).map_err(wrong)?;
    if blocks.is_empty() {
        return Err(wrong(format!("is neither `{SCHEMA}` nor a public key in PEM")));
    }
    let key = |block: &Vec<u8>| {
        let key = PublicKey::read(block).map_err(|reason| wrong(format!("has a key that {reason}")))?;
        Ok((file.to_owned(), key))
    };
    blocks.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::Trust;

    const P256: &str = include_str!("../dsse/testdata/p256.pem");
    const ED25519: &str = include_str!("../dsse/testdata/ed25519.pem");
    const RSA: &str = include_str!("../dsse/testdata/rsa.pem");
    const SMALL: &str = include_str!("../dsse/testdata/rsa-1024.pem");
    const P384: &str = include_str!("../dsse/testdata/p384.pem");

    fn document(name: &str, key: &str) -> String {
        serde_json::json!({"schema": "stopgate-trust/1", "keys": [{"name": name, "public_key": key}]}).to_string()
    }

    fn names(text: &str) -> Vec<String> {
        Trust::read(text.as_bytes(), "release.pem").unwrap().names().map(str::to_owned).collect()
    }

    #[test]
    fn keys_have_the_name_of_the_document_or_of_the_file() {
        for key in [P256, ED25519, RSA] {
            assert_eq!(names(&document("release", key)), ["release"]);
            assert_eq!(names(key), ["release.pem"]);
        }
        assert_eq!(names(&format!("the old key\n{P256}\nand the new one\r\n{RSA}")), ["release.pem"; 2]);
        let mut both = Trust::read(P256.as_bytes(), "a").unwrap();
        both.extend(Trust::read(RSA.as_bytes(), "b").unwrap());
        assert_eq!(both.names().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_reason() {
        let cases = [
            (document("a", SMALL), "the public key of `a` has 1024 bits: expected 2048 to 8192"),
            (document("a", P384), "is on another curve than P-256"),
            (document("a", "x"), "holds 0 keys: expected one"),
            (document("a", &format!("{P256}{P256}")), "holds 2 keys: expected one"),
            (document(" ", P256), "a key has no name"),
            (P256.replace("PUBLIC KEY", "PRIVATE KEY"), "holds a `PRIVATE KEY`: expected a `PUBLIC KEY`"),
            (P256.replace("-----END", "----END"), "holds a `PUBLIC KEY` that does not end"),
            (P256.replace('M', "*"), "holds a `PUBLIC KEY` that is not base64"),
            (P256.replacen("MFk", "MFg", 1), "has a key that is not a SubjectPublicKeyInfo"),
            (r#"{"schema": "stopgate-trust/1", "keys": []}"#.into(), "it has no keys"),
            (r#"{"schema": "stopgate-trust/2", "keys": []}"#.into(), "version `stopgate-trust/2`"),
            (r#"{"schema": "stopgate-trust/1", "keys": [], "key": 1}"#.into(), "unknown field `key`"),
            (r#"{"schema": "stopgate-trust/1", "keys": [], "keys": []}"#.into(), "duplicate field"),
            (String::new(), "neither `stopgate-trust/1` nor a public key in PEM"),
        ];
        for (text, expected) in cases {
            let error = Trust::read(text.as_bytes(), "x").unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn damaged_keys_are_errors_or_keys_that_verify_nothing() {
        arbtest::arbtest(|u| {
            let mut bytes = u.choose(&[P256, ED25519, RSA])?.as_bytes().to_vec();
            let at = u.choose_index(bytes.len())?;
            bytes[at] = u.arbitrary()?;
            if let Ok(trust) = Trust::read(&bytes, "x") {
                assert_eq!(trust.signers(b"message", &[7; 64]).count(), 0);
            }
            Ok(())
        });
    }
}
