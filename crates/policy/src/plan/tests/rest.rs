//! Verdicts that need no plan, that have none, or that stay open.

use serde_json::json;
use stopgate_model::{
    Action, Decision, FileKind, FixPlan, Gap, GapCode, Obstacle, OwnedFile, PackageType, RemovedMatch, RemovedReason,
    VexStatus,
};

use super::{NO_DATA, World};
use crate::tests::{document, folder, image, policy};

const VULNERABLE: &str = "stop vulnerabilities.package package_type=all";

fn vulnerable() -> World {
    let case = image().package(PackageType::NPM, "lodash", "1.0.0", "/lodash/package.json");
    World::new(case, &["CVE-1 lodash 1.1.0"])
}

fn plan(world: &World, rules: &[&str]) -> FixPlan {
    world.plan_with(&policy(&document(rules)), None)
}

#[test]
fn a_verdict_that_is_no_stop_needs_no_step() {
    let plan_of = |world: &World, rule: &str| plan(world, &[rule]);
    let passed = plan_of(&vulnerable(), "warn vulnerabilities.package package_type=all");
    assert_eq!((passed.steps.len(), passed.is_complete(), passed.remaining.len()), (0, true, 0));
    assert_eq!(passed.after.policy_action, Action::Warn);
    let mut open = vulnerable();
    open.case.report = None;
    let open = plan_of(&open, VULNERABLE);
    assert_eq!((open.steps.len(), open.after.decision), (0, Decision::Undecided));
}

#[test]
fn a_denied_image_is_not_mended_by_changing_it() {
    let mut document = document(&[VULNERABLE]);
    document["denylisted_images"] = json!([{
        "id": "d", "name": "no more of these", "registry": "*", "repository": "*",
        "image": {"type": "tag", "value": "*"},
    }]);
    let plan = vulnerable().plan_with(&policy(&document), None);
    assert!(plan.steps.is_empty() && !plan.is_complete());
    assert_eq!(plan.remaining[0].obstacle, Obstacle::Denied { entry: "no more of these".into() });
    assert_eq!(plan.sentence(), "the image is denied whatever it holds, so no step helps");
}

#[test]
fn what_stays_open_after_the_plan_is_said() {
    let mut world = vulnerable();
    world.case.artifact.gaps.push(Gap::new(GapCode::LayerBytes, "a layer is too long"));
    let plan = plan(&world, &[VULNERABLE]);
    assert_eq!(plan.after.decision, Decision::Undecided);
    assert!(plan.is_complete() && plan.steps.len() == 1 && plan.remaining.is_empty());
    assert_eq!(plan.sentence(), "after this step nothing stops the artifact, but it could not be decided: gap");
}

#[test]
fn what_no_step_ends_remains_with_the_reason() {
    let world = vulnerable();
    let step = "upgrade lodash from 1.0.0 to 1.1.0: npm install lodash@1.1.0 (1)";
    for (rule, why) in [
        ("stop always.always", "no step is known that ends findings of `always.always`"),
        (
            "stop metadata.attribute attribute=os_type; check=exists",
            "no step is known that ends findings of `metadata.attribute`",
        ),
        (
            "stop distro.deny distro=debian; version=13; check=<",
            "it must be decided by hand: move to a newer release of debian",
        ),
        ("stop dockerfile.no_dockerfile_provided", "it needs no change but data: provide --dockerfile FILE"),
        (
            "stop vulnerabilities.stale_feed_data max_days_since_sync=1",
            "it needs no change but data: provide newer data: stopgate db update",
        ),
    ] {
        let plan = plan(&world, &[VULNERABLE, rule]);
        assert_eq!(super::lines(&plan), [step, &format!("! r2: {why}"), "stop"], "{rule}");
        assert_eq!(plan.sentence(), "after this step 1 stop remains");
        assert!(plan.fewest);
    }
}

#[test]
fn a_rule_that_cannot_run_is_named() {
    let world = vulnerable();
    let plan = plan(&world, &[VULNERABLE, "stop files.name_match regex=("]);
    let lines = super::lines(&plan);
    assert_eq!(lines[1..], ["! r2: the rule could not be run: see the problems", "stop"], "{lines:?}");
    assert!(plan.remaining[0].message.contains("rule `r2`"), "{}", plan.remaining[0].message);
    // A version that no scheme reads breaks the rule until the package is another.
    let case = image().package(PackageType::PYTHON, "x", "what?", "/x/METADATA");
    let world = World::new(case, NO_DATA);
    let rule = "stop packages.required_package name=x; version=2.0; version_match_type=minimum";
    let plan = world.plan(&[rule]);
    assert_eq!(plan.last().unwrap(), "stop", "{plan:?}");
}

#[test]
fn sources_are_planned_as_images_are() {
    let mut document = document(&[VULNERABLE]);
    let mapping = json!({"id": "s", "name": "s", "host": "*", "repository": "*",
                         "rule_set_ids": ["rs"], "allowlist_ids": []});
    document["source_mappings"] = json!([mapping]);
    let case = folder().package(PackageType::NPM, "lodash", "1.0.0", "/package-lock.json");
    let world = World::new(case, &["CVE-1 lodash 1.1.0"]);
    let plan = world.plan_of(&document);
    assert_eq!(plan, ["upgrade lodash from 1.0.0 to 1.1.0: npm install lodash@1.1.0 (1)", "pass"]);
}

#[test]
fn steps_say_which_findings_they_end() {
    let plan = plan(&vulnerable(), &[VULNERABLE]);
    let step = &plan.steps[0];
    let names: Vec<_> =
        step.clears.iter().map(|cleared| (cleared.rule_id.as_str(), cleared.trigger_id.as_str())).collect();
    assert_eq!(names, [("r1", "CVE-1+lodash")]);
    assert_eq!(step.clears[0].fingerprint.len(), 64);
    assert!(plan.after.findings.is_empty());
    assert_eq!(plan.sentence(), "after this step the artifact passes");
}

#[test]
fn what_a_rule_counts_against_a_vex_statement_is_mended_like_the_rest() {
    let mut world = vulnerable();
    let report = world.case.report.as_mut().unwrap();
    let reason = RemovedReason::Vex { document: "v".into(), status: VexStatus::NotAffected, justification: None };
    report.removed = report.matches.drain(..).map(|matched| RemovedMatch { matched, reason: reason.clone() }).collect();
    assert_eq!(world.plan(&[VULNERABLE]), ["pass"]);
    let step = "upgrade lodash from 1.0.0 to 1.1.0: npm install lodash@1.1.0 (1)";
    assert_eq!(world.plan(&[&format!("{VULNERABLE}; vex=ignore")]), [step, "pass"]);
}

#[test]
fn expressions_are_mended_where_they_speak_of_vulnerabilities() {
    let world = vulnerable();
    let step = "upgrade lodash from 1.0.0 to 1.1.0: npm install lodash@1.1.0 (1)";
    let rule = "stop expression.matches for_each=vulnerability; expression=vulnerability.severity == \"high\"";
    assert_eq!(world.plan(&[rule]), [step, "pass"]);
    let rule = "stop expression.matches for_each=package; expression=pkg.name == \"lodash\"";
    let by_hand = "! r1: it must be decided by hand: change what `pkg.name == \"lodash\"` is true for";
    assert_eq!(world.plan(&[rule]), [by_hand, "stop"]);
    let rule = "stop expression.matches for_each=package; expression=pkg.name == \"lodash\" && config.user == \"\"";
    let plan = world.plan(&[rule, "stop image_config.user check=uid_zero", VULNERABLE]);
    assert_eq!(plan[..2], ["add to the Dockerfile: USER 10001 (2)", step], "the user counts as well: {plan:?}");
    assert_eq!(plan.last().unwrap(), "pass");
}

#[test]
fn a_step_that_brings_about_another_stop_is_none() {
    let owned = |mode| OwnedFile { path: "/su".into(), digest: None, mode: Some(mode), size: None, config: false };
    let case = |mode| {
        let case = image().package(PackageType::RPM, "util-linux", "2", "");
        case.files(&[("/su", FileKind::Regular, 0o4755)])
            .with(|artifact| artifact.packages[0].files = vec![owned(mode)])
    };
    let rules = ["stop files.suid_or_guid_set", "stop packages.verify"];
    let plan = World::new(case(0o4755), NO_DATA).plan(&rules);
    assert_eq!(plan, ["! r1: it stays after what was tried: chmod 0755 /su", "stop"], "the database wants it so");
    let plan = World::new(case(0o755), NO_DATA).plan(&rules);
    assert_eq!(plan, ["chmod 0755 /su (2)", "pass"]);
}

#[test]
fn what_cannot_be_mended_keeps_nothing_else_from_being_mended() {
    let case = image().package(PackageType::NPM, "lodash", "1.0.0", "").package(PackageType::DEB, "bash", "5-1", "");
    let world = World::new(case, &["CVE-1 lodash 1.1.0", "CVE-2 bash 5-2"]);
    let exact = "stop packages.required_package name=bash; version=5-1; version_match_type=exact";
    let plan = plan(&world, &[VULNERABLE, exact, "stop always.always"]);
    let lines = super::lines(&plan);
    assert_eq!(lines[0], "upgrade lodash from 1.0.0 to 1.1.0: npm install lodash@1.1.0 (1)", "{lines:?}");
    assert_eq!((plan.steps.len(), plan.remaining.len()), (1, 2), "bash stops either way: {lines:?}");
}
