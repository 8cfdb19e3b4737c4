//! The documents about the image: malware scan, STIG evaluation, signed in-toto statements in DSSE envelopes.

use std::path::Path;

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use stopgate_archive::write::Built;

use super::{Flag, Hardened};

/// Who signs. The keys are made from constant seeds, since they protect nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// Who releases the image.
    Release,
    /// The build service.
    Builder,
    /// Who makes the base image.
    Vendor,
    /// Somebody whose key no trust document has.
    Stranger,
}

/// What is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// A signature of the image.
    Image(Signer),
    /// A signature of the base image.
    Base(Signer),
    /// A SLSA provenance of the image.
    Provenance(Signer),
}

pub(super) fn all() -> Vec<Paper> {
    vec![Paper::Image(Signer::Release), Paper::Provenance(Signer::Builder), Paper::Base(Signer::Vendor)]
}

const PAYLOAD: &str = "application/vnd.in-toto+json";
/// SubjectPublicKeyInfo of Ed25519 (RFC 8410) up to the key.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl Signer {
    const TRUSTED: [Self; 3] = [Self::Release, Self::Builder, Self::Vendor];

    /// Name in the trust document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Builder => "builder",
            Self::Vendor => "vendor",
            Self::Stranger => "stranger",
        }
    }

    fn key(self) -> Result<Ed25519KeyPair> {
        let seed = [self as u8 + 1; 32];
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| anyhow!("the seed is no key: {error}"))
    }

    fn trusted(self) -> Result<Value> {
        let der = [SPKI.as_slice(), self.key()?.public_key().as_ref()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der));
        Ok(json!({"name": self.name(), "public_key": pem}))
    }

    fn envelope(self, statement: &Value) -> Result<String> {
        let payload = statement.to_string();
        let message = format!("DSSEv1 {} {PAYLOAD} {} {payload}", PAYLOAD.len(), payload.len());
        let signature = BASE64_STANDARD.encode(self.key()?.sign(message.as_bytes()));
        let payload = BASE64_STANDARD.encode(payload);
        Ok(json!({"payloadType": PAYLOAD, "payload": payload, "signatures": [{"sig": signature}]}).to_string())
    }
}

impl Paper {
    fn envelope(self, base: &Built, image: &Built) -> Result<String> {
        let (signer, subject, kind) = match self {
            Self::Image(signer) => (signer, image, "https://sigstore.dev/cosign/sign/v1"),
            Self::Base(signer) => (signer, base, "https://sigstore.dev/cosign/sign/v1"),
            Self::Provenance(signer) => (signer, image, "https://slsa.dev/provenance/v1"),
        };
        let predicate = json!({
            "buildDefinition": {"externalParameters": {"source": "git+https://git.example.org/acme/server@refs/tags/1.0.0"}},
            "runDetails": {"builder": {"id": "https://ci.example.org/hosted"}},
        });
        signer.envelope(&json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "image", "digest": {"sha256": subject.manifest.digest.hex()}}],
            "predicateType": kind,
            "predicate": if matches!(self, Self::Provenance(_)) { predicate } else { json!({}) },
        }))
    }
}

impl Hardened {
    /// Writes the documents that there are, and gives their flags.
    pub(super) fn write_papers(&self, folder: &Path, base: &Built, image: &Built) -> Result<Vec<Flag>> {
        let mut flags = Vec::new();
        let mut write = |flag: &'static str, name: &'static str, text: String| {
            flags.push((flag, name));
            std::fs::write(folder.join(name), text)
        };
        if let Some(found) = &self.malware {
            let findings: Vec<Value> =
                found.iter().map(|(path, signature)| json!({"path": path, "signature": signature})).collect();
            let scan = json!({"scanner": "clamav", "findings": findings, "metadata": {"db_version": {"daily": 27000}}});
            write("--malware", "malware.json", scan.to_string())?;
        }
        if let Some(controls) = &self.stig {
            write("--stig", "stig.json", self.evaluation(controls).to_string())?;
        }
        if !self.papers.is_empty() {
            let envelopes: Vec<String> =
                self.papers.iter().map(|paper| paper.envelope(base, image)).collect::<Result<_>>()?;
            let keys: Vec<Value> = Signer::TRUSTED.iter().map(|signer| signer.trusted()).collect::<Result<_>>()?;
            write("--attestation", "attestations.jsonl", envelopes.join("\n"))?;
            write("--trust", "trust.json", json!({"schema": "stopgate-trust/1", "keys": keys}).to_string())?;
        }
        Ok(flags)
    }

    fn evaluation(&self, controls: &[(f64, &str)]) -> Value {
        let control = |(at, (impact, status)): (usize, &(f64, &str))| {
            json!({"id": format!("SV-{at}"), "title": "a setting", "impact": impact,
                   "results": [{"status": status, "start_time": self.stig_time}]})
        };
        let controls: Vec<Value> = controls.iter().enumerate().map(control).collect();
        json!({"platform": {"name": "debian", "release": "12"}, "version": "5.22", "statistics": {},
               "profiles": [{"name": "debian-12-stig", "controls": controls}]})
    }
}
