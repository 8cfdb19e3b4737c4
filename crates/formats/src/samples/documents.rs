//! What others found out about an artifact, for tests.

use arbtest::arbitrary::{Result, Unstructured};
use stopgate_model::{
    Attestation, Documents, MalwareFinding, MalwareScan, SkippedFile, StigControl, StigEvaluation, StigStatus,
};

use super::{digest, many, maybe, text};

/// Any documents about an artifact.
pub(super) fn documents(u: &mut Unstructured<'_>) -> Result<Documents> {
    Ok(Documents {
        malware: maybe(u, |u| many(u, malware))?,
        stig: maybe(u, |u| many(u, stig))?,
        attestations: maybe(u, |u| many(u, attestation))?,
    })
}

fn malware(u: &mut Unstructured<'_>) -> Result<MalwareScan> {
    Ok(MalwareScan {
        scanner: text(u)?,
        findings: many(u, |u| Ok(MalwareFinding { path: text(u)?, signature: text(u)? }))?,
        skipped: many(u, |u| Ok(SkippedFile { path: text(u)?, reason: text(u)? }))?,
        database: text(u)?,
        scanned_at: text(u)?,
    })
}

fn stig(u: &mut Unstructured<'_>) -> Result<StigEvaluation> {
    let statuses = ["passed", "failed", "not_reviewed", "not_applicable", "error"];
    let control = |u: &mut Unstructured<'_>| {
        let impact = f64::from(u.arbitrary::<u32>()?) / f64::from(u32::MAX);
        let status = StigStatus::parse(u.choose(&statuses)?).unwrap();
        Ok(StigControl { id: text(u)?, title: text(u)?, impact, status })
    };
    Ok(StigEvaluation { profile: text(u)?, evaluated_at: text(u)?, controls: many(u, control)? })
}

fn attestation(u: &mut Unstructured<'_>) -> Result<Attestation> {
    Ok(Attestation {
        predicate_type: text(u)?,
        subjects: many(u, digest)?,
        signers: many(u, text)?,
        builder: maybe(u, text)?,
        source: maybe(u, text)?,
        document: text(u)?,
    })
}
