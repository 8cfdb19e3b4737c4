//! OSCAL assessment results 1.2.1 (NIST): the artifact is an inventory item, each fired rule an observation, each
//! assessed control a finding, what is not satisfied a risk.
//!
//! OSCAL knows two states. A control that was not assessed has no finding: it is named in the remarks of the reviewed
//! controls and in a property. Identifiers are UUIDs of version 5, so the same report gives the same document.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use stopgate_model::{ControlReport, ControlResult, ControlState, Finding, Remediation};
use uuid::Uuid;

use super::{findings, subject};
use crate::json::JsonWriter;

const VERSION: &str = "1.2.1";
const NAMESPACE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/ns/oscal");

/// Writes the report.
pub fn write(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document::of(report);
    let mut w = JsonWriter::new(out);
    w.object(|w| w.key("assessment-results").object(|w| document.fields(w)));
    w.newline();
    w.finish().map(drop)
}

struct Document<'a> {
    report: &'a ControlReport<'a>,
    /// Name of the run from which all identifiers are derived.
    run: String,
    name: String,
    digest: String,
    /// Findings by what identifies them, each once.
    observations: BTreeMap<(&'a str, &'a str), &'a Finding>,
}

impl<'a> Document<'a> {
    fn of(report: &'a ControlReport<'a>) -> Self {
        let (name, digest) = subject(report);
        let (check, pack) = (&report.check, report.pack);
        let data = check.data.map(|data| data.digest.to_string()).unwrap_or_default();
        let (policy, time) = (&check.policy.digest, &check.evaluation.evaluated_at);
        let run =
            [&pack.id, &pack.version, &name, &digest, &policy.to_string(), &data, time].map(String::as_str).join("|");
        let found = report.controls.iter().flat_map(|control| findings(report, control));
        let observations =
            found.map(|finding| ((finding.rule_id.as_str(), finding.trigger_id.as_str()), finding)).collect();
        Self { report, run, name, digest, observations }
    }

    fn id(&self, what: &str) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{NAMESPACE}|{}|{what}", self.run).as_bytes())
    }

    fn observation_id(&self, finding: &Finding) -> Uuid {
        self.id(&format!("observation|{}|{}", finding.rule_id, finding.trigger_id))
    }

    fn time(&self) -> &str {
        &self.report.check.evaluation.evaluated_at
    }

    fn fields(&self, w: &mut JsonWriter<'_>) {
        let pack = self.report.pack;
        w.key("uuid").shown(self.id("document"));
        w.key("metadata").object(|w| {
            w.text_field("title", &line(&format!("{} {} of {}", pack.title, pack.version, self.name)));
            w.text_field("last-modified", self.time());
            w.text_field("version", &line(&pack.version));
            w.text_field("oscal-version", VERSION);
        });
        w.key("import-ap").object(|w| w.text_field("href", &format!("#{}", self.id("plan"))));
        w.key("results").array(|w| w.object(|w| self.result(w)));
        // What the results import: there is no plan but the pack.
        w.key("back-matter").object(|w| {
            w.key("resources").array(|w| {
                w.object(|w| {
                    w.key("uuid").shown(self.id("plan"));
                    w.text_field("title", &line(&format!("{} {}", pack.id, pack.version)));
                    let (framework, version) = (&pack.framework_name, &pack.framework_version);
                    w.text_field(
                        "description",
                        &line(&format!("policy pack for {framework} {version} by {}", pack.publisher)),
                    );
                });
            });
        });
    }

    fn result(&self, w: &mut JsonWriter<'_>) {
        let (check, pack) = (&self.report.check, self.report.pack);
        w.key("uuid").shown(self.id("result"));
        w.text_field("title", &line(&format!("{} of {}", pack.id, self.name)));
        let controls = self.report.controls.len();
        w.text_field("description", &format!("{controls} controls, decided by the findings of the pack's rules"));
        w.text_field("start", self.time());
        w.text_field("end", self.time());
        w.key("props").array(|w| {
            property(w, "decision", check.verdict.decision.name());
            property(w, "policy-digest", &check.policy.digest.to_string());
            if let Some(data) = check.data {
                property(w, "data-built", &data.built);
                property(w, "data-digest", &data.digest.to_string());
            }
            for control in self.unassessed() {
                property(w, "not-assessed", &control.id);
            }
        });
        w.key("local-definitions").object(|w| self.definitions(w));
        w.key("reviewed-controls").object(|w| self.reviewed(w));
        if !self.observations.is_empty() {
            w.key("observations")
                .list(self.observations.values(), |w, finding| w.object(|w| self.observation(w, finding)));
        }
        let open = self.report.controls.iter().filter(|control| is_open(control.state)).collect::<Vec<_>>();
        if !open.is_empty() {
            w.key("risks").list(&open, |w, control| w.object(|w| self.risk(w, control)));
        }
        let assessed: Vec<_> = self.report.controls.iter().filter(|control| is_assessed(control.state)).collect();
        if !assessed.is_empty() {
            w.key("findings").array(|w| {
                for control in &assessed {
                    for target in targets(control) {
                        w.object(|w| self.finding(w, control, &target));
                    }
                }
            });
        }
    }

    fn unassessed(&self) -> impl Iterator<Item = &ControlResult> {
        self.report.controls.iter().filter(|control| !is_assessed(control.state))
    }

    fn definitions(&self, w: &mut JsonWriter<'_>) {
        let engine = &self.report.check.evaluation.engine;
        w.key("components").array(|w| {
            w.object(|w| {
                w.key("uuid").shown(self.id("tool"));
                w.text_field("type", "software");
                w.text_field("title", &line(&engine.name));
                w.text_field("description", &line(&format!("{} {}", engine.name, engine.version)));
                w.key("status").object(|w| w.text_field("state", "operational"));
            });
        });
        w.key("inventory-items").array(|w| {
            w.object(|w| {
                w.key("uuid").shown(self.id("artifact"));
                w.text_field("description", &line(&self.name));
                w.key("props").array(|w| {
                    plain_property(w, "asset-id", &self.digest);
                    plain_property(w, "software-name", &self.name);
                });
            });
        });
    }

    fn reviewed(&self, w: &mut JsonWriter<'_>) {
        let ids: BTreeSet<String> =
            self.report.controls.iter().filter(|control| is_assessed(control.state)).map(control_id).collect();
        w.key("control-selections").array(|w| {
            w.object(|w| {
                if ids.is_empty() {
                    w.text_field("description", "no control could be assessed");
                } else {
                    w.key("include-controls").list(&ids, |w, id| w.object(|w| w.text_field("control-id", id)));
                }
            });
        });
        let left: Vec<String> = self
            .unassessed()
            .map(|control| format!("- {}: {} ({})", control.id, control.state.name(), control.reason))
            .collect();
        if !left.is_empty() {
            w.text_field("remarks", &format!("Without finding:\n{}", left.join("\n")));
        }
    }

    fn observation(&self, w: &mut JsonWriter<'_>, finding: &Finding) {
        w.key("uuid").shown(self.observation_id(finding));
        w.text_field("description", &text(&finding.message));
        w.key("props").array(|w| {
            property(w, "rule-id", &finding.rule_id);
            property(w, "gate", &finding.gate);
            property(w, "trigger", &finding.trigger);
            property(w, "trigger-id", &finding.trigger_id);
            property(w, "action", finding.action.name());
            if let Some(allowlist) = &finding.allowlist {
                property(w, "accepted-by", &format!("{} {}", allowlist.id, allowlist.item_id));
            }
        });
        w.key("methods").array(|w| w.text("TEST"));
        w.key("types").array(|w| w.text("finding"));
        w.key("origins").array(|w| {
            w.object(|w| {
                w.key("actors").array(|w| {
                    w.object(|w| {
                        w.text_field("type", "tool");
                        w.key("actor-uuid").shown(self.id("tool"));
                    });
                });
            });
        });
        w.key("subjects").array(|w| {
            w.object(|w| {
                w.key("subject-uuid").shown(self.id("artifact"));
                w.text_field("type", "inventory-item");
            });
        });
        w.text_field("collected", self.time());
    }

    fn risk(&self, w: &mut JsonWriter<'_>, control: &ControlResult) {
        let found = findings(self.report, control);
        let title = line(&format!("{} {}", control.id, control.title));
        w.key("uuid").shown(self.id(&format!("risk|{}", control.id)));
        w.text_field("title", &title);
        w.text_field("description", &text(&control.reason));
        w.text_field("statement", &format!("{title} does not hold for the artifact"));
        let accepted = control.state == ControlState::Accepted;
        w.text_field("status", if accepted { "deviation-approved" } else { "open" });
        if let Some(due) = found.iter().filter_map(|finding| finding.due.as_ref()).min() {
            w.text_field("deadline", due);
        }
        let remedies: BTreeSet<String> = found.iter().filter_map(|finding| remedy(finding)).collect();
        if !remedies.is_empty() {
            w.key("remediations").list(&remedies, |w, what| {
                w.object(|w| {
                    w.key("uuid").shown(self.id(&format!("remediation|{}|{what}", control.id)));
                    w.text_field("lifecycle", "recommendation");
                    w.text_field("title", &line(what));
                    w.text_field("description", what);
                });
            });
        }
    }

    fn finding(&self, w: &mut JsonWriter<'_>, control: &ControlResult, target: &str) {
        let holds = !is_open(control.state);
        w.key("uuid").shown(self.id(&format!("finding|{}|{target}", control.id)));
        w.text_field("title", &line(&format!("{} {}", control.id, control.title)));
        let why = if control.reason.is_empty() { control.state.name() } else { &control.reason };
        w.text_field("description", &text(why));
        w.key("props").array(|w| property(w, "state", control.state.name()));
        w.key("target").object(|w| {
            w.text_field("type", "objective-id");
            w.text_field("target-id", target);
            w.key("status").object(|w| {
                w.text_field("state", if holds { "satisfied" } else { "not-satisfied" });
                w.text_field("reason", if holds { "pass" } else { "fail" });
                if !control.not_assessed.is_empty() {
                    w.text_field("remarks", &format!("Not assessed: {}", control.not_assessed));
                }
            });
        });
        let found = findings(self.report, control);
        if !found.is_empty() {
            w.key("related-observations").list(&found, |w, finding| {
                w.object(|w| w.key("observation-uuid").shown(self.observation_id(finding)));
            });
        }
        if !holds {
            w.key("related-risks").array(|w| {
                w.object(|w| w.key("risk-uuid").shown(self.id(&format!("risk|{}", control.id))));
            });
        }
    }
}

/// Whether a control has a finding; what does not apply or failed has none.
const fn is_assessed(state: ControlState) -> bool {
    match state {
        ControlState::Satisfied
        | ControlState::SatisfiedInPart
        | ControlState::InherentlyMet
        | ControlState::NotSatisfied
        | ControlState::Accepted => true,
        ControlState::NotAssessed | ControlState::NotApplicable | ControlState::Error => false,
    }
}

/// An accepted breach is one: OSCAL has approved deviations for it.
const fn is_open(state: ControlState) -> bool {
    matches!(state, ControlState::NotSatisfied | ControlState::Accepted)
}

fn remedy(finding: &Finding) -> Option<String> {
    let own = finding.remediation.as_ref().map(Remediation::sentence);
    own.or_else(|| Some(finding.recommendation.clone())).map(|what| text(&what)).filter(|what| what != "-")
}

/// What a finding of a control speaks about: its objectives that the rules serve, else the control.
fn targets(control: &ControlResult) -> Vec<String> {
    match control.objective_ids.as_slice() {
        [] => vec![control_id(control)],
        objectives => objectives.iter().map(|objective| token(objective)).collect(),
    }
}

fn control_id(control: &ControlResult) -> String {
    token(if control.oscal_id.is_empty() { &control.id } else { &control.oscal_id })
}

/// A token as OSCAL defines it: begins with a letter or `_`, then letters, digits, `.`, `-`, `_`.
fn token(text: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let cleaned: String = text.chars().filter(|c| *c != ')').map(|c| if allowed(c) { c } else { '.' }).collect();
    match cleaned.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => cleaned,
        _ => format!("_{cleaned}"),
    }
}

fn property(w: &mut JsonWriter<'_>, name: &str, value: &str) {
    w.object(|w| {
        w.text_field("name", name);
        w.text_field("ns", NAMESPACE);
        w.text_field("value", &line(value));
    });
}

/// A property that OSCAL itself names.
fn plain_property(w: &mut JsonWriter<'_>, name: &str, value: &str) {
    w.object(|w| {
        w.text_field("name", name);
        w.text_field("value", &line(value));
    });
}

/// One line that is not empty, as values and titles must be.
fn line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

/// Text that is not empty.
fn text(text: &str) -> String {
    if text.trim().is_empty() { "-".to_owned() } else { text.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{line, token};

    #[test]
    fn tokens_begin_with_a_letter() {
        for (text, expected) in
            [("AC-6(10)", "AC-6.10"), ("4.1", "_4.1"), ("ac-6.10", "ac-6.10"), ("", "_"), ("é/b c", "é.b.c")]
        {
            assert_eq!(token(text), expected);
        }
    }

    #[test]
    fn lines_are_never_empty() {
        for (text, expected) in [(" a\n\tb\u{0} ", "a b"), ("", "-"), ("\u{a0}", "-")] {
            assert_eq!(line(text), expected);
        }
    }
}
