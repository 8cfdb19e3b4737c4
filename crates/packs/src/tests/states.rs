//! States of controls: each of the eight, which of them counts first, and what every prerequisite needs.

use serde_json::{Value, json};
use stopgate_model::{
    Attestation, ControlState, Dockerfile, DockerfileMode, Gap, GapCode, HistoryEntry, Instruction, MalwareScan,
    PackageType, RetrievedFile, SourceKind, StigEvaluation,
};
use stopgate_policy::Ancestor;

use super::{Case, case, digest, package, rule, small};
use crate::Selected;
use crate::library::Library;

/// One control with these rules beside what `extra` says of it.
fn pack(extra: &Value, rules: &Value) -> (Selected, Library) {
    let names: Vec<&String> = rules.as_object().unwrap().keys().collect();
    let mut control = json!({"id": "1", "assess": "full", "owner": "image-author", "rules": names});
    control.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    if control["assess"] != "full" {
        control["not_assessed"] = "the rest".into();
    }
    small(&json!([control]), rules, &json!([]))
}

fn bad_files() -> Value {
    json!({"R-1": rule("files", "name_match", "STOP", &json!({"regex": "^/bad.*"}))})
}

fn state(case: &Case, pack: &(Selected, Library)) -> (ControlState, String) {
    let mut states = case.states(pack);
    let result = states.remove(0);
    (result.state, result.reason)
}

/// The state of a control about files, with this said of it.
fn of_files(case: &Case, extra: &Value) -> ControlState {
    state(case, &pack(extra, &bad_files())).0
}

/// A side-car of the policy of the pack `t`.
fn ext(rest: &Value) -> Value {
    let (selected, library) = pack(&json!({}), &bad_files());
    let options = crate::RenderOptions::new(crate::Flavour::Extended);
    let rendered = crate::render::render_with(&selected, &options, &library).unwrap();
    let mut ext = json!({"schema": "stopgate-policy-ext/1", "policy_id": rendered.policy["id"]});
    ext.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    ext
}

fn accepted(case: Case) -> Case {
    let exception = json!({"id": "e", "select": {"rule": "t-1-r1"}, "reason": "known", "owner": "me",
                           "expires": "2027-01-01T00:00:00Z"});
    case.with(|case| case.ext = Some(ext(&json!({"exceptions": [exception]}))))
}

fn broken() -> Value {
    json!({"R-1": rule("files", "name_match", "STOP", &json!({"regex": "("}))})
}

#[test]
fn satisfied_needs_full_class_all_rules_and_all_inputs() {
    let full = json!({"prerequisites": ["FS", "SBOM"]});
    assert_eq!(of_files(&case(), &full), ControlState::Satisfied);
    assert_eq!(of_files(&case(), &json!({"assess": "partial"})), ControlState::SatisfiedInPart);
    assert_eq!(of_files(&case(), &json!({"assess": "supporting"})), ControlState::SatisfiedInPart);
    let mut rules = bad_files();
    rules["R-2"] = rule("pod", "privileged", "WARN", &json!({}));
    let (state, reason) = state(&case(), &pack(&full, &rules));
    assert_eq!((state, reason.as_str()), (ControlState::SatisfiedInPart, "rule not available: pod.privileged"));
}

#[test]
fn findings_make_it_not_satisfied_whatever_is_missing() {
    let bad = case().files(&["/bad"]);
    assert_eq!(of_files(&bad, &json!({"prerequisites": ["MAL"]})), ControlState::NotSatisfied);
    let warning = json!({"R-1": rule("files", "name_match", "WARN", &json!({"regex": "^/bad.*"}))});
    let (told, reason) = state(&bad, &pack(&json!({}), &warning));
    assert_eq!((told, reason.as_str()), (ControlState::NotSatisfied, "0 stop, 1 warn"));
    let go = json!({"R-1": rule("files", "name_match", "GO", &json!({"regex": "^/bad.*"}))});
    assert_eq!(state(&bad, &pack(&json!({}), &go)).0, ControlState::Satisfied, "GO records a fact");
    let with_broken = json!({"R-1": bad_files()["R-1"], "R-2": broken()["R-1"]});
    assert_eq!(state(&bad, &pack(&json!({}), &with_broken)).0, ControlState::NotSatisfied);
}

#[test]
fn an_error_comes_before_what_is_missing() {
    let extra = json!({"prerequisites": ["MAL"], "not_applicable": ["no-shell"]});
    assert_eq!(state(&case(), &pack(&extra, &broken())).0, ControlState::Error);
}

#[test]
fn what_is_missing_comes_before_what_is_accepted() {
    let bad = || accepted(case().files(&["/bad"]));
    assert_eq!(of_files(&bad(), &json!({"prerequisites": ["MAL"]})), ControlState::NotAssessed);
    let (state, reason) = state(&bad(), &pack(&json!({"not_applicable": ["no-shell"]}), &bad_files()));
    assert_eq!((state, reason.as_str()), (ControlState::Accepted, "1 accepted"), "before what is not applicable");
}

#[test]
fn not_applicable_by_any_condition_comes_before_inherently_met_by_all() {
    let any = json!({"not_applicable": ["windows", "no-shell"], "inherently_met": ["no-accounts"]});
    assert_eq!(of_files(&case(), &any), ControlState::NotApplicable);
    let all = |conditions: &[&str]| of_files(&case().files(&["/bin/sh"]), &json!({"inherently_met": conditions}));
    assert_eq!(all(&["no-accounts", "no-java"]), ControlState::InherentlyMet);
    assert_eq!(all(&["no-accounts", "no-shell"]), ControlState::Satisfied);
    let from_sbom = case().with(|case| case.from_sbom = true);
    assert_ne!(of_files(&from_sbom, &any), ControlState::NotApplicable, "an SBOM need not list everything");
}

#[test]
fn a_control_of_class_none_is_never_assessed() {
    let none = json!({"assess": "none", "rules": []});
    let (state, reason) = state(&case(), &pack(&none, &bad_files()));
    assert_eq!((state, reason.as_str()), (ControlState::NotAssessed, "the rest"));
}

#[test]
fn rules_that_are_off_prove_nothing() {
    let off = |rules: &Value, ids: &[&str]| {
        let modes: serde_json::Map<String, Value> =
            ids.iter().map(|id| ((*id).to_owned(), json!({"mode": "off"}))).collect();
        let case = case().files(&["/bad"]).with(|case| case.ext = Some(ext(&json!({"rules": modes}))));
        state(&case, &pack(&json!({}), rules))
    };
    assert_eq!(off(&bad_files(), &["t-1-r1"]), (ControlState::NotAssessed, "its rules are off".to_owned()));
    let two = json!({"R-1": bad_files()["R-1"], "R-2": rule("files", "suid_or_guid_set", "STOP", &json!({}))});
    assert_eq!(off(&two, &["t-1-r1"]), (ControlState::SatisfiedInPart, "a rule of it is off".to_owned()));
    let audit = json!({"rules": {"t-1-r1": {"mode": "audit"}}});
    let audited = case().files(&["/bad"]).with(|case| case.ext = Some(ext(&audit)));
    assert_eq!(of_files(&audited, &json!({})), ControlState::NotSatisfied, "audit changes the verdict only");
}

#[test]
fn a_rule_without_its_data_is_no_clean_result() {
    let needs_scan = rule("malware", "scans", "STOP", &json!({}));
    let (told, reason) = state(&case(), &pack(&json!({}), &json!({"R-1": needs_scan})));
    assert_eq!(told, ControlState::NotAssessed);
    assert!(reason.contains("malware"), "{reason}");
    let both = json!({"R-1": bad_files()["R-1"], "R-2": needs_scan});
    assert_eq!(state(&case(), &pack(&json!({}), &both)).0, ControlState::SatisfiedInPart);
}

#[test]
fn sources_are_decided_by_the_rules_that_look_at_them() {
    let tree = |paths: &[&str]| {
        case().files(paths).with(|case| case.artifact.source.kind = SourceKind::Directory { path: ".".to_owned() })
    };
    assert_eq!(of_files(&tree(&["/bad"]), &json!({})), ControlState::NotSatisfied);
    assert_eq!(of_files(&tree(&["/good"]), &json!({})), ControlState::Satisfied);
    let image_only = json!({"R-1": rule("files", "suid_or_guid_set", "STOP", &json!({}))});
    assert_eq!(state(&tree(&[]), &pack(&json!({}), &image_only)).0, ControlState::NotAssessed);
    let both = json!({"R-1": bad_files()["R-1"], "R-2": image_only["R-1"]});
    let (told, reason) = state(&tree(&[]), &pack(&json!({}), &both));
    assert_eq!(told, ControlState::SatisfiedInPart, "{reason}");
}

#[test]
fn a_pack_without_a_rule_that_can_run_passes_nothing() {
    let rules = json!({"R-1": rule("pod", "privileged", "STOP", &json!({}))});
    let (selected, library) = pack(&json!({}), &rules);
    let options = crate::RenderOptions::new(crate::Flavour::Extended);
    let rendered = crate::render::render_with(&selected, &options, &library).unwrap();
    assert_eq!(rendered.policy["mappings"], json!([]), "what no mapping matches is not decided");
    let (told, reason) = state(&case(), &(selected, library));
    assert_eq!((told, reason.as_str()), (ControlState::NotAssessed, "rule not available: pod.privileged"));
}

/// An artifact that has an input, for each key that an artifact can have.
fn with_input(key: &str) -> Case {
    let dockerfile = |mode| Dockerfile {
        mode,
        text: "FROM scratch".to_owned(),
        instructions: vec![Instruction {
            keyword: "FROM".to_owned(),
            arguments: "scratch".to_owned(),
            line: 1,
            stage: 0,
        }],
    };
    case().with(|case| {
        let artifact = &mut case.artifact;
        match key {
            "DF" => artifact.dockerfile = Some(dockerfile(DockerfileMode::Actual)),
            "HIST" => artifact.config.as_mut().unwrap().history = Some(vec![HistoryEntry::default()]),
            "MAL" => {
                artifact.documents.malware = Some(vec![MalwareScan {
                    scanner: "clamav".to_owned(),
                    findings: Vec::new(),
                    skipped: Vec::new(),
                    database: String::new(),
                    scanned_at: String::new(),
                }]);
            }
            "STIG" => {
                artifact.documents.stig = Some(vec![StigEvaluation {
                    profile: "p".to_owned(),
                    evaluated_at: String::new(),
                    controls: Vec::new(),
                }]);
            }
            "SIG" => {
                artifact.documents.attestations = Some(vec![Attestation {
                    predicate_type: "p".to_owned(),
                    subjects: Vec::new(),
                    signers: Vec::new(),
                    builder: None,
                    source: None,
                    document: "d".to_owned(),
                }]);
            }
            "BASE" => case.ancestors = Some(vec![Ancestor { digest: digest('4'), tags: Vec::new(), layers: 1 }]),
            "SRC" => artifact.source.kind = SourceKind::Directory { path: ".".to_owned() },
            "RET(/etc/shadow)" => {
                artifact.retrieved =
                    Some(vec![RetrievedFile { path: "/etc/shadow".to_owned(), layer: None, content: Vec::new() }]);
            }
            _ => {}
        }
    })
}

/// The same artifact without it.
fn without_input(key: &str) -> Case {
    case().with(|case| {
        let artifact = &mut case.artifact;
        match key {
            "CFG" => artifact.config = None,
            "FS" => artifact.files = None,
            "SEC" => artifact.secrets = None,
            "VDB" => case.report.as_mut().unwrap().distro_has_data = Some(false),
            "SBOM" => artifact.gaps.push(Gap::new(GapCode::DatabaseUnreadable, "a database could not be read")),
            "PKGDB" => {
                artifact.packages.push(package(PackageType::RPM));
                case.from_sbom = true;
            }
            "RET(/etc/shadow)" => artifact.retrieved = None,
            "MAL" => artifact.documents.malware = Some(Vec::new()),
            "STIG" => artifact.documents.stig = Some(Vec::new()),
            "SIG" => artifact.documents.attestations = Some(Vec::new()),
            "BASE" => case.ancestors = Some(Vec::new()),
            _ => {}
        }
    })
}

#[test]
fn every_prerequisite_is_computed_from_what_was_there() {
    for key in [
        "DF",
        "HIST",
        "CFG",
        "FS",
        "PKGDB",
        "SEC",
        "MAL",
        "VDB",
        "SBOM",
        "SIG",
        "BASE",
        "SRC",
        "STIG",
        "RET(/etc/shadow)",
    ] {
        let control = pack(&json!({"prerequisites": [key]}), &bad_files());
        let (there, reason) = state(&with_input(key), &control);
        assert_eq!(there, ControlState::Satisfied, "{key}: {reason}");
        // A file list is what the rule itself needs, so there the rule is missing as well.
        let (gone, reason) = state(&without_input(key), &control);
        assert_eq!(gone, ControlState::NotAssessed, "{key}: {reason}");
        assert!(reason.starts_with(&format!("missing input: {key} (")), "{reason}");
    }
    let cluster = pack(&json!({"prerequisites": ["K8S"]}), &bad_files());
    assert_eq!(state(&case(), &cluster).0, ControlState::NotAssessed);
    let either = json!({"prerequisites": ["DF|HIST"]});
    assert_eq!(of_files(&with_input("HIST"), &either), ControlState::Satisfied);
    assert_eq!(of_files(&case(), &either), ControlState::NotAssessed);
}

#[test]
fn a_file_that_is_not_in_the_tree_was_looked_for() {
    let shadow = json!({"prerequisites": ["RET(/etc/shadow)"]});
    assert_eq!(of_files(&case(), &shadow), ControlState::Satisfied);
    assert_eq!(of_files(&case().files(&["/etc/shadow"]), &shadow), ControlState::NotAssessed, "there, and not kept");
}

#[test]
fn what_was_read_in_part_is_satisfied_in_part() {
    let gap = |code| case().with(|case| case.artifact.gaps.push(Gap::new(code, "a file could not be read")));
    let files = json!({"prerequisites": ["FS"]});
    assert_eq!(of_files(&gap(GapCode::FileUnreadable), &files), ControlState::SatisfiedInPart);
    assert_eq!(of_files(&gap(GapCode::LinkDangling), &files), ControlState::Satisfied, "a note is none");
    assert_eq!(of_files(&gap(GapCode::LayerUnreadable), &files), ControlState::NotAssessed);
    assert_eq!(of_files(&gap(GapCode::FileUnreadable), &json!({"prerequisites": ["CFG"]})), ControlState::Satisfied);
    let of_data = case().with(|case| {
        let report = case.report.as_mut().unwrap();
        report.gaps.push(Gap::new(GapCode::DataRecordUnreadable, "a record could not be read"));
    });
    assert_eq!(of_files(&of_data, &json!({"prerequisites": ["VDB"]})), ControlState::SatisfiedInPart);
    assert_eq!(of_files(&of_data, &files), ControlState::Satisfied, "it does without the data");
}

/// Three controls: one that asks for data of the last day, one of the last 30 days, and one that does not ask.
fn ages() -> (Selected, Library) {
    let control = |id: &str, age: Option<&str>| {
        let rules: Vec<&str> = std::iter::once("R-1").chain(age).collect();
        json!({"id": id, "assess": "full", "owner": "host", "prerequisites": ["VDB"], "rules": rules})
    };
    let age = |days: &str| rule("vulnerabilities", "stale_feed_data", "STOP", &json!({"max_days_since_sync": days}));
    let rules = json!({"R-1": bad_files()["R-1"], "R-DAY": age("1"), "R-MONTH": age("30")});
    let controls = json!([control("day", Some("R-DAY")), control("month", Some("R-MONTH")), control("any", None)]);
    small(&controls, &rules, &json!([]))
}

#[test]
fn old_data_is_missing_by_the_age_that_a_control_asks_for() {
    let aged = |built: &str| -> Vec<ControlState> {
        let case = case().with(|case| case.report.as_mut().unwrap().data.built = built.to_owned());
        case.states(&ages()).iter().map(|result| result.state).collect()
    };
    let (yes, no) = (ControlState::Satisfied, ControlState::NotAssessed);
    assert_eq!(aged("2026-05-31T00:00:00Z"), [yes, yes, yes]);
    assert_eq!(aged("2026-05-29T00:00:00Z"), [no, yes, no], "a control that does not ask takes the strictest");
    assert_eq!(aged("2026-04-01T00:00:00Z"), [no, no, no]);
    assert_eq!(aged("yesterday"), [no, no, no]);
    let none = case().with(|case| case.report = None);
    assert!(none.states(&ages()).iter().all(|result| result.state == no));
}

#[test]
fn age_counts_although_its_rule_is_off_or_accepted() {
    let rules = json!({
        "R-1": bad_files()["R-1"],
        "R-2": rule("vulnerabilities", "stale_feed_data", "STOP", &json!({"max_days_since_sync": "1"}))});
    let control = pack(&json!({"prerequisites": ["VDB"]}), &rules);
    let old = |rest: &Value| {
        case().with(|case| {
            case.report.as_mut().unwrap().data.built = "2026-01-01T00:00:00Z".to_owned();
            case.ext = Some(ext(rest));
        })
    };
    let off = json!({"rules": {"t-1-r2": {"mode": "off"}, "t-1-src-r2": {"mode": "off"}}});
    assert_eq!(state(&old(&off), &control).0, ControlState::NotAssessed);
    let exception = json!({"id": "e", "select": {"rule": "t-1-r2"}, "reason": "known", "owner": "me",
                           "expires": "2027-01-01T00:00:00Z"});
    assert_eq!(state(&old(&json!({"exceptions": [exception]})), &control).0, ControlState::NotAssessed);
}

#[test]
fn absence_triggers_mark_inputs_as_missing_and_are_no_findings() {
    let absences = [
        ("malware", "scan_not_run", "MAL"),
        ("stig", "no_stig_evaluations_available", "STIG"),
        ("ancestry", "no_ancestors_analyzed", "BASE"),
        ("dockerfile", "no_dockerfile_provided", "DF"),
        ("vulnerabilities", "vulnerability_data_unavailable", "VDB"),
    ];
    for (gate, trigger, key) in absences {
        let rules = json!({"R-1": bad_files()["R-1"], "R-2": rule(gate, trigger, "STOP", &json!({}))});
        // Whether the manifest foresees it or not.
        for extra in [json!({"prerequisites": [key]}), json!({})] {
            let case = case().with(|case| case.report.as_mut().unwrap().distro_has_data = Some(false));
            let (told, reason) = state(&case, &pack(&extra, &rules));
            assert_eq!(told, ControlState::NotAssessed, "{gate}.{trigger}: {reason}");
            assert!(reason.starts_with(&format!("missing input: {key} (")), "{reason}");
        }
    }
    let history =
        json!({"R-1": bad_files()["R-1"], "R-2": rule("dockerfile", "no_dockerfile_provided", "GO", &json!({}))});
    let either = pack(&json!({"prerequisites": ["DF|HIST"]}), &history);
    assert_eq!(state(&with_input("HIST"), &either).0, ControlState::Satisfied, "the history is enough here");
}

#[test]
fn without_vulnerability_data_no_control_that_needs_it_passes() {
    for selected in super::every_selection() {
        let pack = (selected.clone(), Library::embedded().unwrap().clone());
        let states = case().with(|case| case.report = None).states(&pack);
        for (result, control) in states.iter().zip(selected_controls(&selected, &states)) {
            let needs = control.prerequisites.iter().any(|prerequisite| prerequisite.to_string() == "VDB");
            let passed = matches!(result.state, ControlState::Satisfied | ControlState::SatisfiedInPart);
            assert!(!(needs && passed), "{} {}: {:?}", selected.name(), result.id, result.state);
        }
    }
}

fn selected_controls<'a>(
    selected: &'a Selected,
    states: &'a [stopgate_model::ControlResult],
) -> impl Iterator<Item = &'a crate::Control> {
    states.iter().filter_map(|result| selected.manifest.controls.iter().find(|control| control.id == result.id))
}
