//! What others found out: malware scans, STIG evaluations, attestations.

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Attestation, Documents, MalwareFinding, MalwareScan, SkippedFile, StigControl, StigEvaluation, StigStatus,
};

use super::read::{Invalid, all, digest, invalid};
use crate::json::JsonWriter;

pub(super) fn write(w: &mut JsonWriter<'_>, documents: &Documents) {
    if let Some(attestations) = &documents.attestations {
        w.key("attestations").list(attestations, |w, one| w.object(|w| attestation(w, one)));
    }
    if let Some(scans) = &documents.malware {
        w.key("malware").list(scans, |w, scan| w.object(|w| malware(w, scan)));
    }
    if let Some(evaluations) = &documents.stig {
        w.key("stig").list(evaluations, |w, evaluation| w.object(|w| stig(w, evaluation)));
    }
}

fn attestation(w: &mut JsonWriter<'_>, attestation: &Attestation) {
    if let Some(builder) = &attestation.builder {
        w.text_field("builder", builder);
    }
    w.text_field("document", &attestation.document);
    w.text_field("predicate_type", &attestation.predicate_type);
    w.texts_field("signers", &attestation.signers);
    if let Some(source) = &attestation.source {
        w.text_field("source", source);
    }
    w.key("subjects").list(&attestation.subjects, JsonWriter::digest);
}

fn malware(w: &mut JsonWriter<'_>, scan: &MalwareScan) {
    w.text_field("database", &scan.database);
    w.key("findings").list(&scan.findings, |w, finding| {
        w.object(|w| {
            w.text_field("path", &finding.path);
            w.text_field("signature", &finding.signature);
        });
    });
    w.text_field("scanned_at", &scan.scanned_at);
    w.text_field("scanner", &scan.scanner);
    w.key("skipped").list(&scan.skipped, |w, file| {
        w.object(|w| {
            w.text_field("path", &file.path);
            w.text_field("reason", &file.reason);
        });
    });
}

fn stig(w: &mut JsonWriter<'_>, evaluation: &StigEvaluation) {
    w.key("controls").list(&evaluation.controls, |w, control| {
        w.object(|w| {
            w.text_field("id", &control.id);
            w.key("impact").float(control.impact);
            w.text_field("status", control.status.name());
            w.text_field("title", &control.title);
        });
    });
    w.text_field("evaluated_at", &evaluation.evaluated_at);
    w.text_field("profile", &evaluation.profile);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsRow {
    attestations: Option<Vec<AttestationRow>>,
    malware: Option<Vec<MalwareRow>>,
    stig: Option<Vec<StigRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttestationRow {
    builder: Option<String>,
    document: String,
    predicate_type: String,
    signers: Vec<String>,
    source: Option<String>,
    subjects: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MalwareRow {
    database: String,
    findings: Vec<FindingRow>,
    scanned_at: String,
    scanner: String,
    skipped: Vec<SkippedRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingRow {
    path: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SkippedRow {
    path: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StigRow {
    controls: Vec<ControlRow>,
    evaluated_at: String,
    profile: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlRow {
    id: String,
    // serde_json reads fractions to the last bit only nearly.
    impact: Box<RawValue>,
    status: String,
    title: String,
}

impl DocumentsRow {
    pub(super) fn documents(self) -> Result<Documents, Invalid> {
        Ok(Documents {
            malware: self.malware.map(|scans| all(scans, |scan| Ok(scan.scan()))).transpose()?,
            stig: self.stig.map(|evaluations| all(evaluations, StigRow::evaluation)).transpose()?,
            attestations: self.attestations.map(|rows| all(rows, AttestationRow::attestation)).transpose()?,
        })
    }
}

impl AttestationRow {
    fn attestation(self) -> Result<Attestation, Invalid> {
        Ok(Attestation {
            predicate_type: self.predicate_type,
            subjects: all(self.subjects, |text| digest(&text))?,
            signers: self.signers,
            builder: self.builder,
            source: self.source,
            document: self.document,
        })
    }
}

impl MalwareRow {
    fn scan(self) -> MalwareScan {
        let finding = |row: FindingRow| MalwareFinding { path: row.path, signature: row.signature };
        let skipped = |row: SkippedRow| SkippedFile { path: row.path, reason: row.reason };
        MalwareScan {
            scanner: self.scanner,
            findings: self.findings.into_iter().map(finding).collect(),
            skipped: self.skipped.into_iter().map(skipped).collect(),
            database: self.database,
            scanned_at: self.scanned_at,
        }
    }
}

impl StigRow {
    fn evaluation(self) -> Result<StigEvaluation, Invalid> {
        let controls = all(self.controls, ControlRow::control)?;
        Ok(StigEvaluation { profile: self.profile, evaluated_at: self.evaluated_at, controls })
    }
}

impl ControlRow {
    fn control(self) -> Result<StigControl, Invalid> {
        let status = StigStatus::parse(&self.status).ok_or_else(|| invalid("status of a control", &self.status))?;
        let impact = self.impact.get().parse::<f64>().ok().filter(|impact| impact.is_finite());
        let impact = impact.ok_or_else(|| invalid("impact of a control", self.impact.get()))?;
        Ok(StigControl { id: self.id, title: self.title, impact, status })
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Documents, StigStatus};

    use super::DocumentsRow;

    fn read(text: &str) -> Result<Documents, String> {
        let row: DocumentsRow = serde_json::from_str(text).map_err(|error| error.to_string())?;
        row.documents().map_err(|_| "invalid".to_owned())
    }

    #[test]
    fn what_was_never_given_is_not_an_empty_list() {
        assert_eq!(read("{}").unwrap(), Documents::default());
        let empty = read(r#"{"malware": [], "stig": [], "attestations": []}"#).unwrap();
        assert_eq!((empty.malware, empty.stig, empty.attestations), (Some(vec![]), Some(vec![]), Some(vec![])));
    }

    #[test]
    fn fractions_are_read_to_the_last_bit_and_nothing_unknown_passes() {
        let control = |impact: &str, status: &str| {
            format!(
                r#"{{"stig": [{{"profile": "", "evaluated_at": "", "controls":
                [{{"id": "", "impact": {impact}, "status": "{status}", "title": ""}}]}}]}}"#
            )
        };
        let stig = read(&control("0.6999999999999999999", "failed")).unwrap().stig.unwrap();
        assert!(stig[0].controls[0].impact.to_bits() == 0.7_f64.to_bits());
        assert_eq!(stig[0].controls[0].status, StigStatus::Failed);
        for text in [
            control("1e999", "failed"),
            control("null", "failed"),
            control("0.5", "fine"),
            r#"{"vex": []}"#.to_owned(),
            r#"{"malware": [{"scanner": "x"}]}"#.to_owned(),
        ] {
            assert!(read(&text).is_err(), "{text}");
        }
    }
}
