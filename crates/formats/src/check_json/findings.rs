//! Findings: Anchore's fields, and ours beyond them.

use stopgate_model::{DueDate, Evidence, ExceptionMatch, Finding, Remediation};

use crate::json::JsonWriter;

/// Anchore's `PolicyEvaluationFinding`, exactly.
pub(super) fn fields(w: &mut JsonWriter<'_>, finding: &Finding) {
    w.text_field("trigger_id", &finding.trigger_id);
    w.text_field("gate", &finding.gate);
    w.text_field("trigger", &finding.trigger);
    w.text_field("message", &finding.message);
    w.text_field("action", finding.action.name());
    w.text_field("policy_id", &finding.rule_set_id);
    w.text_field("rule_id", &finding.rule_id);
    w.text_field("recommendation", &finding.recommendation);
    w.key("allowlisted").boolean(finding.allowlist.is_some());
    match &finding.allowlist {
        Some(allowlist) => w.key("allowlist_match").object(|w| {
            w.text_field("id", &allowlist.id);
            w.text_field("name", &allowlist.name);
            w.text_field("matched_rule_id", &allowlist.item_id);
        }),
        None => w.key("allowlist_match").null(),
    }
    match finding.inherited_from_base {
        Some(inherited) => w.key("inherited_from_base").boolean(inherited),
        None => w.key("inherited_from_base").null(),
    }
}

/// Anchore's fields, and ours.
pub(super) fn extended(w: &mut JsonWriter<'_>, finding: &Finding) {
    fields(w, finding);
    w.texts_unless_empty("legacy_ids", &finding.legacy_ids);
    w.text_field("fingerprint", &finding.fingerprint);
    match finding.is_new {
        Some(is_new) => w.key("is_new").boolean(is_new),
        None => w.key("is_new").null(),
    }
    optional_text(w, "first_seen", finding.first_seen.as_deref());
    optional_text(w, "due", finding.due.as_deref());
    w.text_field("rule_action", finding.rule_action.name());
    w.text_field("rule_set_name", &finding.rule_set_name);
    match finding.severity {
        Some(severity) => w.key("severity").shown(severity),
        None => w.key("severity").null(),
    }
    w.texts_field("controls", &finding.controls);
    w.key("evidence").list(&finding.evidence, |w, item| w.object(|w| evidence(w, item)));
    match &finding.remediation {
        Some(remediation) => w.key("remediation").object(|w| remediation_fields(w, remediation)),
        None => w.key("remediation").null(),
    }
    w.key("explain").list(&finding.explain, |w, condition| {
        w.object(|w| {
            w.text_field("condition", &condition.condition);
            w.text_field("actual", &condition.actual);
        });
    });
    match (&finding.exception, &finding.allowlist) {
        (Some(exception), _) => w.key("exception").object(|w| exception_fields(w, exception)),
        (None, Some(allowlist)) => w.key("exception").object(|w| {
            w.text_field("id", &allowlist.item_id);
            optional_text(w, "via", allowlist.via);
            optional_text(w, "expires_on", allowlist.expires_on.as_deref());
        }),
        (None, None) => {}
    }
}

fn exception_fields(w: &mut JsonWriter<'_>, exception: &ExceptionMatch) {
    w.text_field("id", &exception.id);
    w.text_field("reason", &exception.reason);
    w.text_field("justification", &exception.justification);
    w.text_field("owner", &exception.owner);
    w.text_field("approver", &exception.approver);
    w.text_field("ticket", &exception.ticket);
    w.text_field("expires", &exception.expires);
}

fn evidence(w: &mut JsonWriter<'_>, evidence: &Evidence) {
    match evidence {
        Evidence::Package { id, name, version, package_type, purl, path, layer } => {
            w.text_field("kind", "package");
            w.key("id").shown(id);
            w.text_field("name", name);
            w.text_field("version", version);
            w.text_field("type", package_type);
            w.text_field("purl", purl);
            optional_text(w, "path", path.as_deref());
            optional_text(w, "layer", layer.as_ref().map(ToString::to_string).as_deref());
        }
        Evidence::Vulnerability { id, aliases, severity, fixed_in, fix_state, link, known_exploited } => {
            w.text_field("kind", "vulnerability");
            w.text_field("id", id);
            w.texts_field("aliases", aliases);
            w.key("severity").shown(severity);
            w.texts_field("fixed_in", fixed_in);
            w.text_field("fix_state", fix_state);
            w.text_field("link", link);
            w.key("known_exploited").boolean(*known_exploited);
        }
        Evidence::File { path, mode, layer, lines } => {
            w.text_field("kind", "file");
            w.text_field("path", path);
            optional_text(w, "mode", mode.map(|mode| format!("{mode:04o}")).as_deref());
            optional_text(w, "layer", layer.as_ref().map(ToString::to_string).as_deref());
            w.key("lines").list(lines, |w, line| w.number(*line));
        }
        Evidence::DockerfileLine { line, text, actual } => {
            w.text_field("kind", "dockerfile_line");
            w.key("line").number(*line);
            w.text_field("text", text);
            w.key("actual").boolean(*actual);
        }
        Evidence::Config { field, value } => {
            w.text_field("kind", "config");
            w.text_field("field", field);
            w.text_field("value", value);
        }
        Evidence::Data { text } => {
            w.text_field("kind", "data");
            w.text_field("text", text);
        }
        Evidence::Due(due) => due_date(w, due),
    }
}

fn due_date(w: &mut JsonWriter<'_>, due: &DueDate) {
    w.text_field("kind", "due");
    w.text_field("clock", &due.clock);
    w.key("row").list(&due.row, |w, (name, value)| {
        w.object(|w| {
            w.text_field("name", name);
            w.text_field("value", value);
        });
    });
    w.texts_field("assumed", &due.assumed);
    optional_text(w, "start", due.start.as_deref());
    w.text_field("start_basis", &due.start_basis);
    match due.hours {
        Some(hours) => w.key("days").float(f64::from(hours) / 24.0),
        None => w.key("days").null(),
    }
    optional_text(w, "due_at", due.due_at.as_deref());
    w.text_field("force", &due.force);
    match due.triage {
        Some(triage) => w.key("triage").boolean(triage),
        None => w.key("triage").null(),
    }
    w.key("overdue").boolean(due.overdue);
    w.text_field("source", &due.source);
}

fn remediation_fields(w: &mut JsonWriter<'_>, remediation: &Remediation) {
    match remediation {
        Remediation::UpgradePackage { name, from, to, command } => {
            w.text_field("kind", "upgrade_package");
            w.text_field("name", name);
            w.text_field("from", from);
            w.text_field("to", to);
            optional_text(w, "command", command.as_deref());
        }
        Remediation::NoFix { name, state } => {
            w.text_field("kind", "no_fix");
            w.text_field("name", name);
            w.text_field("state", state);
        }
        Remediation::RemovePackage { name } => {
            w.text_field("kind", "remove_package");
            w.text_field("name", name);
        }
        Remediation::RemoveFile { path, revoke } => {
            w.text_field("kind", "remove_file");
            w.text_field("path", path);
            w.key("revoke").boolean(*revoke);
        }
        Remediation::ChangeMode { path, from, to } => {
            w.text_field("kind", "change_mode");
            w.text_field("path", path);
            w.key("from").shown(format_args!("{from:04o}"));
            w.key("to").shown(format_args!("{to:04o}"));
        }
        Remediation::Dockerfile { line, instruction } => {
            w.text_field("kind", "dockerfile");
            match line {
                Some(line) => w.key("line").number(*line),
                None => w.key("line").null(),
            }
            w.text_field("instruction", instruction);
        }
        Remediation::Provide { what } => {
            w.text_field("kind", "provide");
            w.text_field("what", what);
        }
        Remediation::Advice { text } => {
            w.text_field("kind", "advice");
            w.text_field("text", text);
        }
    }
    w.text_field("message", &remediation.sentence());
}

pub(super) fn optional_text(w: &mut JsonWriter<'_>, name: &'static str, text: Option<&str>) {
    match text {
        Some(text) => w.text_field(name, text),
        None => w.key(name).null(),
    }
}
