//! `stopgate-check/1`: a verdict with all that it rests on, as `stopgate check -o json` prints it.
//!
//! `evaluation` is a `PolicyEvaluationResult` of Anchore's v2 API with nothing added; what that closed
//! shape cannot hold stands in `findings` and `gaps`. An undecided evaluation is a `fail` with `stop` there.

mod evaluation;
mod findings;
mod history;
mod plan;

use std::io::{self, Write};

use stopgate_model::{Artifact, CheckReport, DataIdentity, ExceptionReport, Gap, MatchSeen, MissingInput, SourceKind};

use self::findings::optional_text;
use crate::json::JsonWriter;

pub use history::{CheckHistory, read_history};

/// The schema that documents declare.
pub const SCHEMA: &str = "stopgate-check/1";

/// Writes a verdict.
pub fn write(report: &CheckReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.text_field("schema", SCHEMA);
        w.key("verdict").object(|w| {
            w.text_field("decision", report.verdict.decision.name());
            w.key("exit_code").number(report.verdict.exit_code);
            w.key("missing").list(&report.evaluation.missing, missing);
        });
        w.key("artifact").object(|w| artifact(w, report.artifact, &report.evaluation.evaluated_tag));
        w.key("policy").object(|w| {
            w.text_field("id", &report.policy.id);
            w.text_field("name", &report.policy.name);
            w.key("digest").shown(&report.policy.digest);
        });
        match report.data {
            Some(identity) => w.key("data").object(|w| data(w, identity)),
            None => w.key("data").null(),
        }
        w.key("engine").object(|w| {
            w.text_field("name", &report.evaluation.engine.name);
            w.text_field("version", &report.evaluation.engine.version);
            w.text_field("semantics", &report.evaluation.engine.semantics);
        });
        w.key("evaluation").object(|w| evaluation::fields(w, report));
        w.key("findings").list(&report.evaluation.findings, |w, finding| w.object(|w| findings::extended(w, finding)));
        w.key("gaps").list(report.gaps, gap);
        w.key("exceptions").list(&report.evaluation.exceptions, exception);
        match report.first_seen {
            Some(matches) => w.key("matches").list(matches, match_seen),
            None => w.key("matches").null(),
        }
        if let Some(fix_plan) = report.plan {
            w.key("fix_plan").object(|w| plan::write_plan(w, fix_plan));
        }
    });
    w.newline();
    w.finish().map(drop)
}

fn exception(w: &mut JsonWriter<'_>, exception: &ExceptionReport) {
    w.object(|w| {
        w.text_field("id", &exception.id);
        w.key("matched").number(exception.matched);
        w.text_field("expires", &exception.expires);
        w.text_field("owner", &exception.owner);
        w.texts_field("notes", exception.notes.iter().map(|note| note.name()));
    });
}

fn match_seen(w: &mut JsonWriter<'_>, matched: &MatchSeen) {
    w.object(|w| {
        w.text_field("vulnerability", &matched.vulnerability);
        w.text_field("purl", &matched.purl);
        optional_text(w, "first_seen", matched.first_seen.as_deref());
    });
}

fn missing(w: &mut JsonWriter<'_>, missing: &MissingInput) {
    w.object(|w| {
        w.text_field("input", &missing.input);
        w.text_field("details", &missing.details);
        w.texts_field("rule_ids", &missing.rule_ids);
    });
}

fn artifact(w: &mut JsonWriter<'_>, artifact: &Artifact, tag: &str) {
    let source = &artifact.source;
    w.text_field(
        "type",
        match &source.kind {
            SourceKind::Image(_) => "image",
            SourceKind::Directory { .. } => "directory",
            SourceKind::File { .. } => "file",
            SourceKind::Other { type_name, .. } => type_name,
        },
    );
    w.text_field("id", &source.id);
    w.text_field("name", &source.name);
    w.text_field("version", &source.version);
    w.text_field("user_input", &source.user_input);
    w.text_field("tag", tag);
    if let Some(image) = source.image() {
        w.key("digest").shown(&image.manifest_digest);
        w.key("image_id").shown(&image.image_id);
        w.texts_field("repo_digests", &image.repo_digests);
        w.text_field("os", &image.os);
        w.text_field("architecture", &image.architecture);
        w.text_unless_empty("variant", &image.variant);
        w.key("size").number(image.size);
        w.key("layers").list(&image.layers, |w, layer| w.shown(&layer.diff_id));
    }
    match &artifact.distro {
        Some(distro) => w.key("distro").object(|w| {
            w.text_field("id", &distro.id);
            w.text_field("version", &distro.version_id);
            w.text_field("name", &distro.pretty_name);
        }),
        None => w.key("distro").null(),
    }
    w.key("package_count").number(artifact.packages.len() as u64);
    w.key("analyzer").object(|w| {
        w.text_field("name", &artifact.analyzer.name);
        w.text_field("version", &artifact.analyzer.version);
    });
}

fn data(w: &mut JsonWriter<'_>, data: &DataIdentity) {
    w.text_field("built", &data.built);
    w.key("digest").shown(&data.digest);
    w.text_field("schema", &data.schema);
    w.text_field("origin", &data.origin);
    w.key("providers").list(&data.providers, |w, provider| {
        w.object(|w| {
            w.text_field("provider", &provider.provider);
            w.text_field("captured", &provider.captured);
            w.key("vulnerabilities").number(provider.vulnerabilities);
            w.key("affected").number(provider.affected);
            w.key("unaffected").number(provider.unaffected);
        });
    });
}

fn gap(w: &mut JsonWriter<'_>, gap: &Gap) {
    w.object(|w| {
        w.text_field("code", gap.code.name());
        w.text_field("class", gap.class.name());
        match &gap.path {
            Some(path) => w.text_field("path", path),
            None => w.key("path").null(),
        }
        match &gap.layer {
            Some(layer) => w.key("layer").shown(layer),
            None => w.key("layer").null(),
        }
        for (name, value) in [("limit", gap.limit), ("seen", gap.seen)] {
            match value {
                Some(value) => w.key(name).number(value),
                None => w.key(name).null(),
            }
        }
        w.text_field("message", &gap.message);
    });
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use stopgate_model::{
        Action, AllowlistMatch, Decision, ExceptionMatch, ExceptionNote, ExceptionReport, MappingMatch, MatchSeen,
        Problem, ProblemKind, ProblemSeverity,
    };

    use super::write;
    use crate::samples;

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    fn document(change: impl FnOnce(&mut samples::Check)) -> Value {
        let mut check = samples::hostile_check("x");
        change(&mut check);
        let mut out = Vec::new();
        write(&check.report(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn the_evaluation_has_exactly_the_fields_of_the_closed_shape() {
        let document = document(|check| {
            check.evaluation.mapping =
                Some(MappingMatch { id: "m".into(), name: "m".into(), json: r#"{"id":"m"}"#.into() });
            check.evaluation.problems = vec![Problem {
                severity: ProblemSeverity::Warn,
                kind: ProblemKind::DeprecationWarning,
                rule_id: None,
                details: "old".into(),
            }];
        });
        assert_eq!(
            keys(&document),
            [
                "schema",
                "verdict",
                "artifact",
                "policy",
                "data",
                "engine",
                "evaluation",
                "findings",
                "gaps",
                "exceptions",
                "matches",
            ]
        );
        let evaluation = &document["evaluation"];
        assert_eq!(
            keys(evaluation),
            [
                "evaluation_time",
                "status",
                "final_action",
                "final_action_reason",
                "image_allowlisted",
                "matched_allowlisted_images_rule",
                "image_denylisted",
                "matched_denylisted_images_rule",
                "image_mapped_to_rule",
                "matched_mapping_rule",
                "number_of_findings",
                "comparison_image_digest",
                "evaluation_problems",
                "details",
            ]
        );
        assert_eq!(keys(&evaluation["details"]), ["policy", "policy_action", "findings", "remediations"]);
        assert_eq!(
            keys(&evaluation["details"]["findings"][0]),
            [
                "trigger_id",
                "gate",
                "trigger",
                "message",
                "action",
                "policy_id",
                "rule_id",
                "recommendation",
                "allowlisted",
                "allowlist_match",
                "inherited_from_base",
            ]
        );
        assert_eq!(keys(&evaluation["evaluation_problems"][0]), ["severity", "problem_type", "details"]);
        assert_eq!(evaluation["details"]["policy"]["id"], "p");
        assert_eq!(evaluation["matched_mapping_rule"]["id"], "m");
    }

    #[test]
    fn undecided_is_a_stop_in_the_closed_shape() {
        let document = document(|check| {
            check.evaluation.decision = Decision::Undecided;
            check.evaluation.final_action = Action::Go;
        });
        assert_eq!(document["verdict"]["decision"], "undecided");
        assert_eq!(document["verdict"]["exit_code"], 2);
        assert_eq!(document["evaluation"]["status"], "fail");
        assert_eq!(document["evaluation"]["final_action"], "stop");
    }

    #[test]
    fn exceptions_and_previous_states_are_told() {
        let document = document(|check| {
            let finding = &mut check.evaluation.findings[0];
            finding.is_new = Some(false);
            finding.first_seen = Some("2025-01-01T00:00:00Z".into());
            finding.exception = Some(ExceptionMatch {
                id: "e1".into(),
                reason: "no other way".into(),
                justification: "inline_mitigations_already_exist".into(),
                owner: "team".into(),
                approver: String::new(),
                ticket: "T-1".into(),
                expires: "2027-01-01T00:00:00Z".into(),
            });
            check.evaluation.exceptions = vec![ExceptionReport {
                id: "e1".into(),
                matched: 1,
                expires: "2027-01-01T00:00:00Z".into(),
                owner: "team".into(),
                notes: vec![ExceptionNote::TooBroad],
            }];
            let (vulnerability, purl) = ("CVE-1".into(), "pkg:npm/a@1".into());
            check.matches = Some(vec![MatchSeen { vulnerability, purl, first_seen: None }]);
        });
        let finding = &document["findings"][0];
        assert_eq!((&finding["is_new"], &finding["due"]), (&Value::Bool(false), &Value::Null));
        assert_eq!(finding["first_seen"], "2025-01-01T00:00:00Z");
        let fields = ["id", "reason", "justification", "owner", "approver", "ticket", "expires"];
        assert_eq!(keys(&finding["exception"]), fields);
        assert_eq!(finding["exception"]["reason"], "no other way");
        let exception = serde_json::json!({"id": "e1", "matched": 1, "expires": "2027-01-01T00:00:00Z", "owner": "team",
            "notes": ["too_broad"]});
        assert_eq!(document["exceptions"], serde_json::json!([exception]));
        let matched = serde_json::json!({"vulnerability": "CVE-1", "purl": "pkg:npm/a@1", "first_seen": null});
        assert_eq!(document["matches"], serde_json::json!([matched]));
    }

    #[test]
    fn findings_say_more_than_the_closed_shape() {
        let document = document(|check| {
            check.evaluation.findings[0].allowlist = Some(AllowlistMatch {
                id: "a".into(),
                name: "A".into(),
                item_id: "i".into(),
                via: Some("legacy_id"),
                expires_on: Some("2030-01-01T00:00:00Z".into()),
            });
        });
        let finding = &document["findings"][0];
        assert_eq!(finding["allowlisted"], true);
        assert_eq!(finding["allowlist_match"]["matched_rule_id"], "i");
        assert_eq!(finding["exception"]["via"], "legacy_id");
        assert_eq!(finding["evidence"][0]["kind"], "file");
        assert_eq!(finding["evidence"][0]["lines"][0], 3);
        assert_eq!(finding["remediation"]["kind"], "advice");
        assert_eq!(document["evaluation"]["details"]["remediations"][0]["trigger_ids"][0], "x");
    }
}
