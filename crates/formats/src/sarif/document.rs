//! The document, from rules and outcomes.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stopgate_model::{Artifact, Gap, GapClass, Severity, SourceKind};

use crate::json::JsonWriter;

const RESULTS_PER_RUN: usize = 25_000;
const RUNS: usize = 20;
const TAGS: usize = 20;
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Level of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a result says of its rule (SARIF 3.27.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Fail,
    Pass,
    Open,
    Review,
    NotApplicable,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Open => "open",
            Self::Review => "review",
            Self::NotApplicable => "notApplicable",
        }
    }
}

/// What the document is about, and who made it.
pub(super) struct Run<'a> {
    pub(super) tool: &'a str,
    pub(super) version: &'a str,
    /// Names the artifact, so that results of several artifacts stay apart.
    pub(super) category: String,
    pub(super) decided: bool,
    pub(super) exit_code: Option<u8>,
    pub(super) notices: Vec<Notice>,
    pub(super) rules: Vec<Rule>,
    pub(super) outcomes: Vec<Outcome>,
}

/// Something that kept part of the answer from being given.
pub(super) struct Notice {
    pub(super) level: Level,
    pub(super) id: String,
    pub(super) text: String,
}

pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) help: String,
    pub(super) help_uri: String,
    pub(super) level: Level,
    pub(super) score: Option<f64>,
    pub(super) tags: Vec<String>,
}

pub(super) struct Outcome {
    /// Position of its rule.
    pub(super) rule: usize,
    pub(super) kind: Kind,
    /// Level of a failure.
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) places: Vec<Place>,
    pub(super) fingerprint: String,
    /// Why it is accepted, when it is.
    pub(super) accepted: Option<String>,
    pub(super) properties: Vec<(&'static str, String)>,
    pub(super) controls: Vec<String>,
}

pub(super) struct Place {
    /// Path in the artifact, or of the Dockerfile.
    pub(super) path: String,
    pub(super) line: u32,
    /// Package: name and package URL.
    pub(super) package: Option<(String, String)>,
    pub(super) layer: Option<String>,
}

/// Writes the document; more results than fit one run go to further runs, the worst first.
pub(super) fn write(mut run: Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let all = run.outcomes.len();
    if all > RESULTS_PER_RUN {
        let rules = &run.rules;
        let score = |outcome: &Outcome| rules.get(outcome.rule).and_then(|rule| rule.score).unwrap_or(0.0);
        run.outcomes.sort_by(|a, b| a.level.cmp(&b.level).then(score(b).total_cmp(&score(a))));
        run.outcomes.truncate(RESULTS_PER_RUN * RUNS);
        let text =
            format!("{} of {all} results are shown, the worst first, in runs of {RESULTS_PER_RUN}", run.outcomes.len());
        run.notices.push(Notice { level: Level::Warning, id: "results".to_owned(), text });
    }
    let parts: Vec<&[Outcome]> = match run.outcomes.len() {
        0 => vec![&[]],
        _ => run.outcomes.chunks(RESULTS_PER_RUN).collect(),
    };
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.text_field("$schema", SCHEMA);
        w.text_field("version", "2.1.0");
        w.key("runs").list(parts.iter().enumerate(), |w, (part, outcomes)| {
            w.object(|w| run_fields(w, &run, part, outcomes));
        });
    });
    w.newline();
    w.finish().map(drop)
}

fn run_fields(w: &mut JsonWriter<'_>, run: &Run<'_>, part: usize, outcomes: &[Outcome]) {
    // Each run names only the rules of its own results.
    let mut positions = vec![None; run.rules.len()];
    let mut rules = Vec::new();
    for outcome in outcomes {
        if let Some(position @ None) = positions.get_mut(outcome.rule) {
            *position = Some(rules.len());
            rules.extend(run.rules.get(outcome.rule));
        }
    }
    w.key("tool").object(|w| {
        w.key("driver").object(|w| {
            w.text_field("name", run.tool);
            w.text_field("version", run.version);
            w.text_field("informationUri", HOME);
            w.key("rules").list(rules, |w, rule| w.object(|w| rule_fields(w, rule)));
        });
    });
    w.key("automationDetails").object(|w| match part {
        0 => w.text_field("id", &run.category),
        _ => w.key("id").shown(format_args!("{}part-{}/", run.category, part + 1)),
    });
    w.key("invocations").array(|w| {
        w.object(|w| {
            w.key("executionSuccessful").boolean(run.decided);
            if let Some(code) = run.exit_code {
                w.key("exitCode").number(code);
            }
            if part == 0 && !run.notices.is_empty() {
                w.key("toolExecutionNotifications").list(&run.notices, |w, notice| {
                    w.object(|w| {
                        w.key("descriptor").object(|w| w.text_field("id", &notice.id));
                        w.text_field("level", notice.level.name());
                        w.key("message").object(|w| w.text_field("text", &notice.text));
                    });
                });
            }
        });
    });
    w.key("results").list(outcomes, |w, outcome| {
        let position = positions.get(outcome.rule).copied().flatten().unwrap_or_default();
        let id = run.rules.get(outcome.rule).map_or("", |rule| &rule.id);
        w.object(|w| outcome_fields(w, outcome, id, position));
    });
    w.text_field("columnKind", "unicodeCodePoints");
}

fn rule_fields(w: &mut JsonWriter<'_>, rule: &Rule) {
    let text = |w: &mut JsonWriter<'_>, name: &'static str, text: &str| {
        w.key(name).object(|w| w.text_field("text", text));
    };
    w.text_field("id", &rule.id);
    w.text_unless_empty("name", &rule.name);
    text(w, "shortDescription", &rule.summary);
    text(w, "fullDescription", &rule.description);
    text(w, "help", &rule.help);
    if rule.help_uri.starts_with("https://") || rule.help_uri.starts_with("http://") {
        w.text_field("helpUri", &encoded(&rule.help_uri, URI));
    }
    w.key("defaultConfiguration").object(|w| w.text_field("level", rule.level.name()));
    w.key("properties").object(|w| {
        let mut tags: Vec<&String> = rule.tags.iter().take(TAGS).collect();
        tags.sort();
        tags.dedup();
        w.texts_field("tags", tags);
        if let Some(score) = rule.score {
            w.key("security-severity").shown(format_args!("{score:.1}"));
        }
    });
}

fn outcome_fields(w: &mut JsonWriter<'_>, outcome: &Outcome, rule: &str, position: usize) {
    w.text_field("ruleId", rule);
    w.key("ruleIndex").number(position as u64);
    w.text_field("kind", outcome.kind.name());
    w.text_field("level", if outcome.kind == Kind::Fail { outcome.level.name() } else { "none" });
    w.key("message").object(|w| w.text_field("text", &outcome.message));
    w.key("locations").list(&outcome.places, |w, place| w.object(|w| place_fields(w, place)));
    w.key("partialFingerprints").object(|w| w.text_field("stopgate/v1", &outcome.fingerprint));
    if let Some(reason) = &outcome.accepted {
        w.key("suppressions").array(|w| {
            w.object(|w| {
                w.text_field("kind", "external");
                w.text_field("status", "accepted");
                w.text_field("justification", reason);
            });
        });
    }
    w.key("properties").object(|w| {
        for (name, value) in &outcome.properties {
            w.text_field(name, value);
        }
        w.texts_unless_empty("controls", &outcome.controls);
    });
}

fn place_fields(w: &mut JsonWriter<'_>, place: &Place) {
    w.key("physicalLocation").object(|w| {
        w.key("artifactLocation").object(|w| {
            w.text_field("uri", &encoded(place.path.trim_start_matches('/'), PATH));
        });
        w.key("region").object(|w| w.key("startLine").number(place.line.max(1)));
    });
    if let Some((name, purl)) = &place.package {
        w.key("logicalLocations").array(|w| {
            w.object(|w| {
                w.text_field("name", name);
                w.text_unless_empty("fullyQualifiedName", purl);
                w.text_field("kind", "module");
            });
        });
    }
    if let Some(layer) = &place.layer {
        w.key("properties").object(|w| w.text_field("layer", layer));
    }
}

const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'+').remove(b'@');
const URI: &AsciiSet = &PATH
    .remove(b':')
    .remove(b'?')
    .remove(b'#')
    .remove(b'&')
    .remove(b'=')
    .remove(b'%')
    .remove(b',')
    .remove(b';')
    .remove(b'(')
    .remove(b')');

fn encoded(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

/// The path by which an artifact itself is located, since every result needs a place.
pub(super) fn artifact_path(artifact: &Artifact) -> String {
    match &artifact.source.kind {
        SourceKind::Image(image) if image.reference.repository != "*" => image.reference.repository.clone(),
        _ if artifact.source.name.is_empty() => "artifact".to_owned(),
        _ => artifact.source.name.clone(),
    }
}

/// The score by which code scanning ranks a severity word.
pub(super) const fn score(severity: Severity) -> Option<f64> {
    match severity {
        Severity::Critical => Some(9.5),
        Severity::High => Some(8.0),
        Severity::Medium => Some(5.5),
        Severity::Low => Some(2.0),
        Severity::Negligible => Some(1.0),
        Severity::Unknown => None,
    }
}

/// Gaps as notifications.
pub(super) fn notices(gaps: &[Gap]) -> Vec<Notice> {
    let notice = |gap: &Gap| Notice {
        level: match gap.class {
            GapClass::Undecidable => Level::Error,
            GapClass::Partial => Level::Warning,
            GapClass::Note => Level::Note,
        },
        id: gap.code.name().to_owned(),
        text: match &gap.path {
            Some(path) => format!("{path}: {}", gap.message),
            None => gap.message.clone(),
        },
    };
    gaps.iter().map(notice).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Kind, Level, Outcome, Place, Rule, Run, write};

    fn rule(id: &str, score: f64) -> Rule {
        Rule {
            id: id.into(),
            name: String::new(),
            summary: String::new(),
            description: String::new(),
            help: String::new(),
            help_uri: "https://a/b c".into(),
            level: Level::Error,
            score: Some(score),
            tags: (0..30).map(|tag| format!("t{tag}")).collect(),
        }
    }

    fn outcome(rule: usize, level: Level) -> Outcome {
        Outcome {
            rule,
            kind: Kind::Fail,
            level,
            message: "m".into(),
            places: vec![Place { path: "/a b/é".into(), line: 0, package: None, layer: None }],
            fingerprint: "f".into(),
            accepted: None,
            properties: Vec::new(),
            controls: Vec::new(),
        }
    }

    fn document(rules: Vec<Rule>, outcomes: Vec<Outcome>) -> Value {
        let run = Run {
            tool: "stopgate",
            version: "1",
            category: "c/".into(),
            decided: true,
            exit_code: Some(0),
            notices: Vec::new(),
            rules,
            outcomes,
        };
        let mut out = Vec::new();
        write(run, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn places_are_relative_addresses_and_tags_are_few() {
        let document = document(vec![rule("r", 9.0)], vec![outcome(0, Level::Note)]);
        let run = &document["runs"][0];
        let place = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%A9");
        assert_eq!(place["region"]["startLine"], 1);
        let rule = &run["tool"]["driver"]["rules"][0];
        assert_eq!(rule["properties"]["tags"].as_array().unwrap().len(), 20);
        assert_eq!(
            (&rule["properties"]["security-severity"], &rule["helpUri"]),
            (&"9.0".into(), &"https://a/b%20c".into())
        );
    }

    #[test]
    fn too_many_results_make_more_runs_with_the_worst_first() {
        let mut outcomes: Vec<_> = (0..25_000).map(|_| outcome(0, Level::Note)).collect();
        outcomes.push(outcome(1, Level::Error));
        let document = document(vec![rule("low", 1.0), rule("high", 9.0)], outcomes);
        let runs = document["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0]["results"][0]["ruleId"], "high");
        assert_eq!(runs[1]["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
        assert_eq!(runs[1]["automationDetails"]["id"], "c/part-2/");
        assert!(runs[0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].is_string());
    }
}
