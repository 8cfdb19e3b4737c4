//! `fix_plan`: the steps after which the artifact is no longer stopped, what each ends, and what remains.

use stopgate_model::{FindingRef, FixPlan, Installed, Place, Remaining, Step, StepKind};

use super::findings::optional_text;
use crate::json::JsonWriter;

/// Writes the fields of a plan.
pub(super) fn write_plan(w: &mut JsonWriter<'_>, plan: &FixPlan) {
    w.text_field("decision", plan.after.decision.name());
    w.text_field("message", &plan.sentence());
    w.key("complete").boolean(plan.is_complete());
    w.key("fewest").boolean(plan.fewest);
    w.key("missing").list(&plan.after.missing, super::missing);
    w.key("steps").list(&plan.steps, |w, step| w.object(|w| step_fields(w, step)));
    w.key("remaining").list(&plan.remaining, |w, left| w.object(|w| remaining_fields(w, left)));
}

fn step_fields(w: &mut JsonWriter<'_>, step: &Step) {
    w.text_field("kind", step.kind.name());
    kind_fields(w, &step.kind);
    w.text_field("message", &step.sentence());
    w.key("clears").list(&step.clears, |w, finding| w.object(|w| finding_fields(w, finding)));
}

fn kind_fields(w: &mut JsonWriter<'_>, kind: &StepKind) {
    match kind {
        StepKind::Rebuild { base, digest } => {
            w.text_field("base", base);
            match digest {
                Some(digest) => w.key("digest").digest(digest),
                None => w.key("digest").null(),
            }
        }
        StepKind::UpgradePackages { package_type, source, packages, to, command } => {
            w.text_field("type", package_type.id());
            optional_text(w, "source", source.as_deref());
            w.key("packages").list(packages, |w, package| w.object(|w| installed_fields(w, package)));
            w.text_field("to", to);
            optional_text(w, "command", command.as_deref());
        }
        StepKind::InstallPackage { package_type, name, version } => {
            w.text_field("type", package_type.id());
            w.text_field("name", name);
            optional_text(w, "version", version.as_deref());
        }
        StepKind::ChangeMode { path, from, to } => {
            w.text_field("path", path);
            w.key("from").shown(format_args!("{from:04o}"));
            w.key("to").shown(format_args!("{to:04o}"));
        }
        StepKind::AddInstruction { keyword, arguments } => instruction_fields(w, None, keyword, arguments),
        StepKind::ReplaceInstruction { place, from, keyword, arguments } => {
            instruction_fields(w, *place, keyword, arguments);
            w.text_field("from", from);
        }
        StepKind::RemoveInstruction { place, keyword, text } => instruction_fields(w, *place, keyword, text),
        StepKind::RemovePorts { place, ports } => {
            line(w, *place);
            w.texts_field("ports", ports);
        }
        StepKind::ChangeShell { account, shell } => {
            w.text_field("account", account);
            w.text_field("shell", shell);
        }
        StepKind::RemoveAccount { account } => w.text_field("account", account),
        StepKind::RemoveFile { path, revoke } => {
            w.text_field("path", path);
            w.key("revoke").boolean(*revoke);
        }
        StepKind::RemovePackage { package_type, package } => {
            w.text_field("type", package_type.id());
            installed_fields(w, package);
        }
    }
}

fn installed_fields(w: &mut JsonWriter<'_>, package: &Installed) {
    w.text_field("name", &package.name);
    w.text_field("version", &package.version);
}

fn instruction_fields(w: &mut JsonWriter<'_>, place: Option<Place>, keyword: &str, arguments: &str) {
    line(w, place);
    w.text_field("instruction", keyword);
    w.text_field("arguments", arguments);
}

/// The line of the Dockerfile that the user gave; of a guessed one nobody has the lines.
fn line(w: &mut JsonWriter<'_>, place: Option<Place>) {
    match place.filter(|place| place.actual) {
        Some(place) => w.key("line").number(place.line),
        None => w.key("line").null(),
    }
}

fn remaining_fields(w: &mut JsonWriter<'_>, left: &Remaining) {
    finding_fields(w, &left.finding);
    w.text_field("message", &left.message);
    w.text_field("obstacle", left.obstacle.name());
    w.text_field("reason", &left.obstacle.sentence());
}

fn finding_fields(w: &mut JsonWriter<'_>, finding: &FindingRef) {
    w.text_field("fingerprint", &finding.fingerprint);
    w.text_field("trigger_id", &finding.trigger_id);
    w.text_field("rule_id", &finding.rule_id);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use stopgate_model::{
        Decision, Digest, FindingRef, FixPlan, Installed, Obstacle, PackageType, Place, Remaining, Step, StepKind,
    };

    use super::super::write;
    use crate::samples;

    fn finding(id: &str) -> FindingRef {
        FindingRef { fingerprint: "f".into(), trigger_id: id.into(), rule_id: "r1".into() }
    }

    fn document(kinds: Vec<StepKind>, remaining: Vec<Remaining>) -> Value {
        let check = samples::hostile_check("x");
        let mut report = check.report();
        let mut plan = FixPlan::empty(&check.evaluation);
        plan.steps = kinds.into_iter().map(|kind| Step { kind, clears: vec![finding("x")] }).collect();
        plan.remaining = remaining;
        plan.after.decision = Decision::Stop;
        report.plan = Some(&plan);
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn every_kind_of_step_says_what_it_changes() {
        let installed = || Installed { name: "libssl3".into(), version: "1".into() };
        let (package_type, place) = (PackageType::DEB, Some(Place { line: 3, actual: true }));
        let kinds = vec![
            StepKind::Rebuild { base: "debian:13".into(), digest: Some(Digest::sha256(&[0; 32])) },
            StepKind::UpgradePackages {
                package_type: package_type.clone(),
                source: Some("openssl".into()),
                packages: vec![installed()],
                to: "2".into(),
                command: None,
            },
            StepKind::InstallPackage { package_type: package_type.clone(), name: "curl".into(), version: None },
            StepKind::ChangeMode { path: "/su".into(), from: 0o4755, to: 0o755 },
            StepKind::AddInstruction { keyword: "USER".into(), arguments: "1".into() },
            StepKind::ReplaceInstruction { place, from: "ADD".into(), keyword: "COPY".into(), arguments: "a b".into() },
            StepKind::RemovePorts { place: Some(Place { line: 3, actual: false }), ports: vec!["22".into()] },
            StepKind::RemoveInstruction { place, keyword: "RUN".into(), text: "x".into() },
            StepKind::ChangeShell { account: "games".into(), shell: "/no".into() },
            StepKind::RemoveAccount { account: "games".into() },
            StepKind::RemoveFile { path: "/key".into(), revoke: true },
            StepKind::RemovePackage { package_type, package: installed() },
        ];
        let clears = json!([{"fingerprint": "f", "trigger_id": "x", "rule_id": "r1"}]);
        let expected = [
            json!({"kind": "rebuild", "base": "debian:13", "digest": format!("sha256:{}", "00".repeat(32))}),
            json!({"kind": "upgrade_packages", "type": "deb", "source": "openssl",
                   "packages": [{"name": "libssl3", "version": "1"}], "to": "2", "command": null}),
            json!({"kind": "install_package", "type": "deb", "name": "curl", "version": null}),
            json!({"kind": "change_mode", "path": "/su", "from": "4755", "to": "0755"}),
            json!({"kind": "add_instruction", "line": null, "instruction": "USER", "arguments": "1"}),
            json!({"kind": "replace_instruction", "line": 3, "instruction": "COPY", "arguments": "a b", "from": "ADD"}),
            json!({"kind": "remove_ports", "line": null, "ports": ["22"]}),
            json!({"kind": "remove_instruction", "line": 3, "instruction": "RUN", "arguments": "x"}),
            json!({"kind": "change_shell", "account": "games", "shell": "/no"}),
            json!({"kind": "remove_account", "account": "games"}),
            json!({"kind": "remove_file", "path": "/key", "revoke": true}),
            json!({"kind": "remove_package", "type": "deb", "name": "libssl3", "version": "1"}),
        ];
        let document = document(kinds.clone(), Vec::new());
        let steps = document["fix_plan"]["steps"].as_array().unwrap();
        assert_eq!(steps.len(), expected.len());
        for ((step, mut expected), kind) in steps.iter().zip(expected).zip(kinds) {
            expected["message"] = kind.sentence().into();
            expected["clears"] = clears.clone();
            assert_eq!(*step, expected);
        }
    }

    #[test]
    fn what_remains_has_its_reason() {
        let remaining = Remaining {
            finding: finding("CVE-1+bash"),
            message: "bash".into(),
            obstacle: Obstacle::NoFix { package: "bash".into() },
        };
        let document = document(Vec::new(), vec![remaining]);
        let plan = &document["fix_plan"];
        assert_eq!(
            plan["remaining"],
            json!([{
                "fingerprint": "f", "trigger_id": "CVE-1+bash", "rule_id": "r1", "message": "bash",
                "obstacle": "no_fix", "reason": "no fixed version of bash is known",
            }])
        );
        let names: Vec<&str> = plan.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["decision", "message", "complete", "fewest", "missing", "steps", "remaining"]);
        assert_eq!((&plan["decision"], &plan["complete"]), (&json!("stop"), &json!(false)));
        assert_eq!(plan["message"], "without any step 1 stop remains");
    }

    #[test]
    fn without_a_plan_the_document_has_none() {
        let mut out = Vec::new();
        write(&samples::hostile_check("x").report(), &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document.get("fix_plan"), None);
    }
}
