//! A public key, and what it verifies.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::der::{BIT_STRING, Der, INTEGER, OID, SEQUENCE};

const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// The curve as the parameters of the algorithm have it.
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const EDWARDS: &[u8] = &[0x2b, 0x65, 0x70];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const NULL: &[u8] = &[0x05, 0x00];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ecdsa,
    Ed25519,
    Rsa,
}

/// A public key of a kind that is verified here.
#[derive(Debug, Clone)]
pub(super) struct PublicKey {
    kind: Kind,
    /// The subject public key: a point, 32 bytes or an RSAPublicKey.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo; the error goes on after "the key".
    pub(super) fn read(der: &[u8]) -> Result<Self, String> {
        let (algorithm, parameters, bytes) = parts(der).ok_or("is not a SubjectPublicKeyInfo in DER")?;
        let kind = match algorithm {
            EC => ecdsa(parameters, bytes)?,
            EDWARDS if parameters.is_empty() && bytes.len() == 32 => Kind::Ed25519,
            RSA => rsa(parameters, bytes)?,
            _ => return Err("is of another kind than ECDSA P-256, Ed25519 and RSA".to_owned()),
        };
        Ok(Self { kind, bytes: bytes.to_vec() })
    }

    /// Whether a signature of a message is by this key. RSA signatures may be PKCS #1 v1.5 or PSS.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithms: &[&'static dyn VerificationAlgorithm] = match self.kind {
            Kind::Ecdsa => &[&ECDSA_P256_SHA256_ASN1],
            Kind::Ed25519 => &[&ED25519],
            Kind::Rsa => &[&RSA_PKCS1_2048_8192_SHA256, &RSA_PSS_2048_8192_SHA256],
        };
        let by = |algorithm: &&'static dyn VerificationAlgorithm| {
            UnparsedPublicKey::new(*algorithm, &self.bytes).verify(message, signature).is_ok()
        };
        algorithms.iter().any(by)
    }
}

/// Algorithm, its parameters, and the key.
fn parts(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut info = Der(Der::only(der, SEQUENCE)?);
    let mut algorithm = Der(info.take(SEQUENCE)?);
    let oid = algorithm.take(OID)?;
    let bits = info.take(BIT_STRING)?;
    let (&unused, key) = bits.split_first()?;
    (unused == 0 && info.0.is_empty()).then_some((oid, algorithm.0, key))
}

fn ecdsa(parameters: &[u8], point: &[u8]) -> Result<Kind, String> {
    if parameters != P256 {
        return Err("is on another curve than P-256".to_owned());
    }
    if point.len() != 65 || point.first() != Some(&4) {
        return Err("is a compressed point: expected an uncompressed one".to_owned());
    }
    Ok(Kind::Ecdsa)
}

fn rsa(parameters: &[u8], key: &[u8]) -> Result<Kind, String> {
    let numbers = || {
        let mut numbers = Der(Der::only(key, SEQUENCE)?);
        let modulus = numbers.take(INTEGER)?;
        numbers.take(INTEGER)?;
        (parameters == NULL && numbers.0.is_empty()).then_some(modulus)
    };
    let modulus = numbers().ok_or("is not an RSAPublicKey in DER")?;
    // A positive number with its highest bit set has a zero in front.
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(format!("has {bits} bits: expected 2048 to 8192"));
    }
    Ok(Kind::Rsa)
}
