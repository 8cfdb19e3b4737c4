//! Envelopes that OpenSSL signed (`testdata/README.md`), and what becomes of changed ones.

use base64::Engine as _;
use stopgate_model::Attestation;

use super::{STANDARD, read};
use crate::trust::Trust;

const P256: &str = include_str!("testdata/p256.dsse.json");
const ED25519: &str = include_str!("testdata/ed25519.dsse.json");
const PKCS1: &str = include_str!("testdata/rsa-pkcs1.dsse.json");
const PSS: &str = include_str!("testdata/rsa-pss.dsse.json");
const OLD: &str = include_str!("testdata/p256-v0.2.dsse.json");
const STATEMENT: &str = include_str!("testdata/provenance-v1.json");

fn trust(keys: &[&str]) -> Trust {
    let mut trust = Trust::default();
    for name in keys {
        let pem = match *name {
            "p256" => include_str!("testdata/p256.pem"),
            "ed25519" => include_str!("testdata/ed25519.pem"),
            "rsa" => include_str!("testdata/rsa.pem"),
            _ => include_str!("testdata/other.pem"),
        };
        trust.extend(Trust::read(pem.as_bytes(), name).unwrap());
    }
    trust
}

fn all() -> Trust {
    trust(&["other", "p256", "ed25519", "rsa"])
}

fn attestation(text: &str, trust: &Trust) -> Attestation {
    let mut read = read(text.as_bytes(), "a.json", trust).unwrap();
    assert_eq!(read.len(), 1);
    read.remove(0)
}

#[test]
fn each_kind_of_key_verifies_its_signature_and_no_other() {
    for (text, expected) in [(P256, "p256"), (ED25519, "ed25519"), (PKCS1, "rsa"), (PSS, "rsa"), (OLD, "p256")] {
        assert_eq!(attestation(text, &all()).signers, [expected]);
        let others = all().names().filter(|name| *name != expected).map(str::to_owned).collect::<Vec<_>>();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        assert_eq!(attestation(text, &trust(&others)).signers, [""; 0]);
        assert_eq!(attestation(text, &Trust::default()).signers, [""; 0]);
    }
}

#[test]
fn provenance_tells_subject_builder_and_source() {
    let new = attestation(P256, &all());
    assert_eq!(new.predicate_type, "https://slsa.dev/provenance/v1");
    assert_eq!(new.builder.as_deref(), Some("https://github.com/actions/runner/github-hosted"));
    let commit = "4015b57a143aec5156fd1444a017a32137a3fd0f";
    assert_eq!(new.source, Some(format!("git+https://github.com/acme/app@refs/heads/main@{commit}")));
    assert_eq!(new.subjects.len(), 1);
    assert_eq!(new.document, "a.json");
    let old = attestation(OLD, &all());
    assert_eq!(old.predicate_type, "https://slsa.dev/provenance/v0.2");
    assert!(old.builder.unwrap().ends_with("generator_container_slsa3.yml@refs/tags/v2.0.0"));
    assert_eq!(old.source, Some(format!("git+https://github.com/acme/app@refs/tags/v1.0.0@{commit}")));
    // The SHA-1 that stands there as well identifies nothing.
    assert_eq!(old.subjects, new.subjects);
}

/// The envelope with one field of it or of its payload changed.
fn changed(text: &str, from: &str, to: &str) -> String {
    let mut envelope: serde_json::Value = serde_json::from_str(text).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap().replace(from, to);
    envelope["payload"] = STANDARD.encode(payload).into();
    let text = envelope.to_string();
    text.replace(from, to)
}

#[test]
fn whatever_is_changed_nobody_vouches_for() {
    for text in [P256, ED25519, PKCS1, PSS] {
        for (from, to) in [
            ("refs/heads/main", "refs/heads/evil"),
            ("\"name\": \"ghcr.io/acme/app\"", "\"name\":  \"ghcr.io/acme/app\""),
            ("application/vnd.in-toto+json", "application/vnd.in-toto.provenance+json"),
        ] {
            let tampered = changed(text, from, to);
            assert_ne!(tampered.trim(), text.trim());
            assert_eq!(attestation(&tampered, &all()).signers, [""; 0], "{to}");
        }
    }
    // A signature of another payload.
    let mut swapped: serde_json::Value = serde_json::from_str(P256).unwrap();
    let old: serde_json::Value = serde_json::from_str(OLD).unwrap();
    swapped["signatures"] = old["signatures"].clone();
    assert_eq!(attestation(&swapped.to_string(), &all()).signers, [""; 0]);
}

#[test]
fn several_envelopes_bundles_and_bare_statements() {
    let lines = format!("{P256}\n{ED25519}{STATEMENT}");
    let read = read(lines.as_bytes(), "all.jsonl", &all()).unwrap();
    let signers: Vec<_> = read.iter().map(|one| one.signers.join(",")).collect();
    assert_eq!(signers, ["p256", "ed25519", ""]);
    assert!(read.iter().all(|one| one.subjects == read[0].subjects && one.source == read[0].source));
    for media_type in
        ["application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.dev.sigstore.bundle+json;version=0.1"]
    {
        let bundle = format!(
            r#"{{"mediaType": "{media_type}", "verificationMaterial": {{"certificate": {{"rawBytes": ""}}}},
            "dsseEnvelope": {P256}}}"#
        );
        assert_eq!(attestation(&bundle, &all()).signers, ["p256"]);
        assert_eq!(attestation(&bundle, &trust(&["rsa"])).signers, [""; 0]);
    }
}

#[test]
fn several_signatures_and_both_alphabets_of_base64() {
    let mut both: serde_json::Value = serde_json::from_str(PSS).unwrap();
    let other: serde_json::Value = serde_json::from_str(ED25519).unwrap();
    let mut signatures =
        vec![other["signatures"][0].clone(), serde_json::json!({"sig": "AAAA"}), other["signatures"][0].clone()];
    signatures.push(both["signatures"][0].clone());
    both["signatures"] = signatures.into();
    assert_eq!(attestation(&both.to_string(), &all()).signers, ["ed25519", "rsa"]);
    for field in ["payload", "sig"] {
        let place = if field == "sig" { &mut both["signatures"][3]["sig"] } else { &mut both["payload"] };
        let url_safe = place.as_str().unwrap().replace('+', "-").replace('/', "_").replace('=', "");
        *place = url_safe.into();
    }
    assert_eq!(attestation(&both.to_string(), &all()).signers, ["ed25519", "rsa"]);
}

#[test]
fn what_is_no_attestation_is_an_error() {
    let envelope = |payload_type: &str, payload: &str, signatures: &str| {
        let payload = STANDARD.encode(payload);
        format!(r#"{{"payloadType": "{payload_type}", "payload": "{payload}", "signatures": {signatures}}}"#)
    };
    let in_toto = |payload: &str| envelope("application/vnd.in-toto+json", payload, "[]");
    let statement = |subject: &str| {
        format!(r#"{{"_type": "https://in-toto.io/Statement/v1", "predicateType": "x", "subject": [{subject}]}}"#)
    };
    let many = vec![r#"{"sig": ""}"#; 17].join(",");
    let cases = [
        (String::new(), "it is empty"),
        ("[]".into(), "statement 0 is no object"),
        ("{}".into(), "is no DSSE envelope, Sigstore bundle or in-toto statement"),
        (envelope("text/plain", "{}", "[]"), "the payload is `text/plain`"),
        (in_toto("7"), "expected an object"),
        (in_toto("{}"), "missing field `_type`"),
        (
            in_toto(r#"{"_type": "https://in-toto.io/Statement/v2", "predicateType": "x"}"#),
            "version `https://in-toto.io",
        ),
        (in_toto(&"[".repeat(200)), "nested deeper"),
        (in_toto(&statement(r#"{"digest": {"sha256": "00"}}"#)), "the `sha256` of a subject is no digest"),
        (in_toto(&statement(r#"{"digest": {"sha256": 7}}"#)), "the `sha256` of a subject is no digest"),
        (in_toto(&statement("7")), "subject 0 is no object"),
        (envelope("application/vnd.in-toto+json", &statement(""), r#"[{"sig": "*"}]"#), "`sig` is not base64"),
        (envelope("application/vnd.in-toto+json", &statement(""), &format!("[{many}]")), "has 17 signatures"),
        (P256.replacen("\"payload\":\"", "\"payload\":\"*", 1), "`payload` is not base64"),
        (format!("{P256}x"), "expected value"),
        (P256.repeat(257), "more than 256 statements"),
        (
            r#"{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {}}"#.into(),
            "without `dsseEnvelope`",
        ),
    ];
    for (text, expected) in cases {
        let error = read(text.as_bytes(), "x", &all()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    // Without subjects and signatures it is about nothing, and nobody vouches for it.
    let empty = attestation(&in_toto(&statement("")), &all());
    assert_eq!((empty.subjects.len(), empty.signers.len()), (0, 0));
}
