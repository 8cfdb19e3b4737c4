//! `stopgate-controls/1`: the whole report, with the findings of each control.

use std::io::{self, Write};

use stopgate_model::{ControlReport, ControlResult, Finding, Remediation};

use super::{counts, findings, subject};
use crate::json::JsonWriter;

/// The schema that documents declare.
const SCHEMA: &str = "stopgate-controls/1";

/// Writes the report.
pub fn write(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (check, pack) = (&report.check, report.pack);
    let (name, digest) = subject(report);
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.text_field("schema", SCHEMA);
        w.key("pack").object(|w| {
            w.text_field("id", &pack.id);
            w.text_field("title", &pack.title);
            w.text_field("version", &pack.version);
        });
        w.key("framework").object(|w| {
            w.text_field("id", &pack.framework);
            w.text_field("name", &pack.framework_name);
            w.text_field("version", &pack.framework_version);
            w.text_field("publisher", &pack.publisher);
        });
        w.key("artifact").object(|w| {
            w.text_field("name", &name);
            w.text_field("digest", &digest);
        });
        w.text_field("evaluation_time", &check.evaluation.evaluated_at);
        w.text_field("decision", check.verdict.decision.name());
        w.key("policy").object(|w| {
            w.text_field("id", &check.policy.id);
            w.key("digest").shown(&check.policy.digest);
        });
        match check.data {
            Some(data) => w.key("data").object(|w| {
                w.text_field("built", &data.built);
                w.key("digest").shown(&data.digest);
            }),
            None => w.key("data").null(),
        }
        w.key("engine").object(|w| {
            w.text_field("name", &check.evaluation.engine.name);
            w.text_field("version", &check.evaluation.engine.version);
        });
        w.key("summary").object(|w| {
            for (state, count) in counts(report.controls) {
                w.key(state.name()).number(count as u64);
            }
        });
        w.key("controls").list(report.controls, |w, control| w.object(|w| fields(w, report, control)));
    });
    w.newline();
    w.finish().map(drop)
}

fn fields(w: &mut JsonWriter<'_>, report: &ControlReport<'_>, control: &ControlResult) {
    w.text_field("id", &control.id);
    w.text_field("title", &control.title);
    w.text_field("class", control.class.name());
    w.text_field("state", control.state.name());
    w.text_field("reason", &control.reason);
    w.key("stops").number(control.stops as u64);
    w.key("warnings").number(control.warnings as u64);
    w.key("accepted").number(control.accepted as u64);
    w.text_field("not_assessed", &control.not_assessed);
    w.texts_field("rule_ids", &control.rule_ids);
    w.key("findings").list(findings(report, control), |w, finding| w.object(|w| finding_fields(w, finding)));
}

fn finding_fields(w: &mut JsonWriter<'_>, finding: &Finding) {
    w.text_field("rule_id", &finding.rule_id);
    w.text_field("trigger_id", &finding.trigger_id);
    w.text_field("fingerprint", &finding.fingerprint);
    w.text_field("action", finding.action.name());
    w.text_field("rule_action", finding.rule_action.name());
    w.text_field("message", &finding.message);
    w.key("accepted").boolean(finding.allowlist.is_some());
    w.text_field("recommendation", &finding.recommendation);
    w.text_field("remediation", &finding.remediation.as_ref().map(Remediation::sentence).unwrap_or_default());
    match &finding.due {
        Some(due) => w.text_field("due", due),
        None => w.key("due").null(),
    }
}
