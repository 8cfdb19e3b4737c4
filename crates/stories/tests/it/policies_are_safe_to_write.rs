//! Somebody writes a policy: checks it, tests it, tries it out, explains what it says, grants an exception.

use anyhow::Result;
use serde_json::{Value, json};
use stopgate_testkit::{Run, Stopgate, images};

const OSV: &str = r#"{"id":"GHSA-jfh8-c2jp-5v3q","modified":"2024-01-01T00:00:00Z","aliases":["CVE-2021-44228"],
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
  "affected":[{"package":{"ecosystem":"Maven","name":"org.apache.logging.log4j:log4j-core"},
  "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.13.0"},{"fixed":"2.15.0"}]}]}]}"#;

fn rule(id: &str, action: &str, gate: &str, trigger: &str, params: &[(&str, &str)]) -> Value {
    let params: Vec<Value> = params.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"id": id, "gate": gate, "trigger": trigger, "action": action, "params": params})
}

fn policy(rules: &[Value]) -> Value {
    json!({
        "id": "p", "name": "team", "version": "2",
        "rule_sets": [{"id": "rs", "name": "rules", "version": "2", "rules": rules}],
        "allowlists": [],
        "mappings": [{"id": "m", "name": "all", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["rs"], "allowlist_ids": []}],
    })
}

fn severity(id: &str, comparison: &str, level: &str) -> Value {
    let params = [("package_type", "all"), ("severity_comparison", comparison), ("severity", level)];
    rule(id, "STOP", "vulnerabilities", "package", &params)
}

/// A place with an image, its analysis and advisories.
struct Desk {
    stopgate: Stopgate,
}

impl Desk {
    fn new() -> Result<Self> {
        let stopgate = Stopgate::new()?;
        images::mixed()?.write_oci_archive(&stopgate.home().join("mixed.tar"))?;
        for folder in ["osv", "fleet", "cases/log4shell"] {
            std::fs::create_dir_all(stopgate.home().join(folder))?;
        }
        let desk = Self { stopgate };
        desk.write("osv/log4shell.json", OSV)?;
        Ok(desk)
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.stopgate.home().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, text)?)
    }

    fn run(&self, words: &str) -> Result<Run> {
        self.stopgate.run(words.split(' '))
    }

    /// The run, when it ends with this code.
    fn ends(&self, words: &str, code: i32) -> Result<Run> {
        let run = self.run(words)?;
        assert_eq!(run.code, code, "{words}\n{}\n{}", run.text(), run.stderr);
        Ok(run)
    }
}

const CHECK: &str = "check mixed.tar --advisories osv --as-of 2026-06-01 -q";

#[test]
fn errors_have_a_place_and_a_suggestion() -> Result<()> {
    let desk = Desk::new()?;
    let mut broken = policy(&[severity("r1", ">=", "hgih"), rule("r2", "STOPP", "dockerfil", "x", &[])]);
    broken["mapings"] = json!([]);
    desk.write("p.json", &format!("{broken:#}"))?;
    let run = desk.ends("policy validate p.json -o json", 1)?.json()?;
    let errors = run["errors"].as_array().cloned().unwrap_or_default();
    let told = |pointer: &str, help: &str| {
        errors.iter().any(|error| {
            error["pointer"] == pointer && error["line"].is_u64() && error["help"].as_str().unwrap_or("").contains(help)
        })
    };
    assert!(told("/rule_sets/0/rules/0/params/2/value", "high"), "{errors:#?}");
    assert!(told("/rule_sets/0/rules/1/gate", "dockerfile"), "{errors:#?}");
    assert!(told("/rule_sets/0/rules/1/action", "STOP"), "{errors:#?}");
    assert!(told("/mapings", "mappings"), "{errors:#?}");
    desk.write("good.json", &policy(&[severity("r1", ">=", "high")]).to_string())?;
    desk.ends("policy validate good.json", 0)?;
    desk.ends("policy validate none.json", 2)?;
    let schema = desk.ends("policy schema", 0)?.json()?;
    assert_eq!(schema["additionalProperties"], false);
    Ok(())
}

#[test]
fn cases_test_a_policy() -> Result<()> {
    let desk = Desk::new()?;
    desk.write(
        "p.json",
        &policy(&[severity("r1", ">=", "high"), rule("r2", "WARN", "packages", "denylist", &[("name", "nothing")])])
            .to_string(),
    )?;
    desk.ends("sbom mixed.tar -q -o analysis=cases/log4shell/analysis.json.zst", 0)?;
    desk.write("cases/log4shell/osv/a.json", OSV)?;
    let case = "policy: ../../p.json\nas_of: 2026-06-01T00:00:00Z\nexpect:\n  decision: stop\n  partial: true\n  findings:\n    - {rule: r1, action: stop}\n";
    desk.write("cases/log4shell/case.yaml", case)?;
    let run = desk.ends("policy test cases -o junit=out.xml -o text", 0)?;
    assert!(run.text().contains("1 passed, 0 failed") && run.text().contains("never fires: r2"), "{}", run.text());
    assert!(std::fs::read_to_string(desk.stopgate.home().join("out.xml"))?.contains("failures=\"0\""));
    desk.ends("policy test cases --coverage", 1)?;
    desk.write("cases/log4shell/case.yaml", &case.replace("decision: stop", "decision: pass"))?;
    let run = desk.ends("policy test cases", 1)?;
    assert!(run.text().contains("the decision is `stop`, expected `pass`"), "{}", run.text());
    desk.write("cases/log4shell/case.yaml", "policy: x\nexpekt: {}\n")?;
    assert!(desk.ends("policy test cases", 1)?.text().contains("is not a test case"));
    Ok(())
}

#[test]
fn a_draft_is_tried_on_what_was_analysed() -> Result<()> {
    let desk = Desk::new()?;
    desk.write("now.json", &policy(&[severity("r1", "=", "low")]).to_string())?;
    desk.write("draft.json", &policy(&[severity("r1", ">=", "high")]).to_string())?;
    desk.ends("sbom mixed.tar -q -o analysis=fleet/a.json.zst", 0)?;
    let words = "policy simulate draft.json --against now.json --artifacts fleet --advisories osv -o json";
    let run = desk.ends(words, 1)?.json()?;
    assert_eq!((&run["newly_failing"], &run["by_rule"]["r1"]), (&json!(1), &json!(1)));
    let back = "policy simulate now.json --against draft.json --artifacts fleet --advisories osv";
    assert!(desk.ends(back, 0)?.text().contains("1 newly passing"));
    Ok(())
}

#[test]
fn a_vulnerability_says_why_it_does_not_stop() -> Result<()> {
    let desk = Desk::new()?;
    desk.write("p.json", &policy(&[severity("r1", "=", "low")]).to_string())?;
    let run = desk.ends("explain CVE-2021-44228 --in mixed.tar -p p.json --advisories osv -q", 0)?;
    assert!(run.text().contains("did not fire, for want of severity = low (it is critical)"), "{}", run.text());
    let run = desk.ends("explain r1 --in mixed.tar -p p.json --advisories osv -q -o json", 0)?.json()?;
    assert_eq!(run["rule"]["findings"], 0);
    Ok(())
}

#[test]
fn an_exception_is_granted_for_a_time_and_reported() -> Result<()> {
    let desk = Desk::new()?;
    desk.write("p.json", &policy(&[severity("r1", ">=", "high")]).to_string())?;
    let check = format!("{CHECK} -p p.json");
    desk.ends(&check, 1)?;
    let side_car = |expires: &str| {
        json!({"schema": "stopgate-policy-ext/1", "policy_id": "p", "exceptions": [{
            "id": "E-1", "select": {"vulnerability": "CVE-2021-44228"}, "reason": "no lookup is used",
            "owner": "team-a", "expires": expires}]})
        .to_string()
    };
    desk.write("p.ext.json", &side_car("2026-06-10T00:00:00Z"))?;
    let run = desk.ends(&format!("{check} -o json"), 0)?.json()?;
    assert_eq!(run["findings"][0]["exception"]["reason"], "no lookup is used");
    assert_eq!((&run["exceptions"][0]["id"], &run["exceptions"][0]["notes"][0]), (&json!("E-1"), &json!("expiring")));
    desk.write("p.ext.json", &side_car("2026-06-01T00:00:00Z"))?;
    assert!(desk.ends(&check, 1)?.text().contains("expired"), "it ended");
    let anchore = desk.ends("policy convert p.json --to anchore", 0)?.json()?;
    assert_eq!(anchore["allowlists"][0]["items"][0]["trigger_id"], "CVE-2021-44228+*");
    Ok(())
}

#[test]
fn new_findings_stop_and_old_ones_have_time() -> Result<()> {
    let desk = Desk::new()?;
    desk.write("p.json", &policy(&[severity("r1", ">=", "high")]).to_string())?;
    let ext = json!({"schema": "stopgate-policy-ext/1", "policy_id": "p",
                     "rules": {"r1": {"old": {"from": "first_seen", "days": 30}}}});
    desk.write("p.ext.json", &ext.to_string())?;
    let check =
        |day: &str, rest: &str| format!("check mixed.tar --advisories osv --as-of 2026-{day} -q -p p.json {rest}");
    let first = desk.ends(&check("06-01", "-o json=first.json"), 2)?;
    assert!(first.stdout.is_empty(), "without a previous state it cannot be told");
    desk.ends(&check("06-20", "--baseline check:first.json -o json=second.json"), 0)?;
    let second: Value = serde_json::from_slice(&std::fs::read(desk.stopgate.home().join("second.json"))?)?;
    let finding = &second["findings"][0];
    assert_eq!((&finding["action"], &finding["is_new"]), (&json!("warn"), &json!(false)));
    assert_eq!(
        (&finding["first_seen"], &finding["due"]),
        (&json!("2026-06-01T00:00:00Z"), &json!("2026-07-01T00:00:00Z"))
    );
    desk.ends(&check("07-01", "--baseline check:second.json"), 1)?;
    images::good().write_oci_archive(&desk.stopgate.home().join("good.tar"))?;
    desk.ends(&check("06-20", "--baseline good.tar"), 1)?;
    Ok(())
}

#[test]
fn a_looser_policy_is_shown_by_a_case_that_replays() -> Result<()> {
    let desk = Desk::new()?;
    desk.write("old.json", &policy(&[severity("r1", ">=", "high")]).to_string())?;
    desk.write("new.json", &policy(&[severity("r1", "=", "critical")]).to_string())?;
    let split = [severity("a", "=", "critical"), severity("b", "=", "high")];
    desk.write("split.json", &policy(&split).to_string())?;
    let run = desk.ends("policy diff old.json new.json --as-of 2026-06-01 --witness found -o json", 1)?.json()?;
    assert_eq!(run["answer"], "looser");
    desk.ends("policy test found", 0)?;
    let home = desk.stopgate.home().join("found/only-old-stops");
    let text = std::fs::read_to_string(home.join("case.yaml"))?;
    assert!(text.contains("decision: stop"), "{text}");
    let replay = "check analysis:found/only-old-stops/analysis.json.zst --advisories found/only-old-stops/osv --as-of 2026-06-01 -q";
    desk.ends(&format!("{replay} -p old.json"), 1)?;
    desk.ends(&format!("{replay} -p new.json"), 0)?;
    assert!(desk.ends("policy diff new.json old.json", 0)?.text().starts_with("stricter"));
    assert!(desk.ends("policy diff old.json split.json", 0)?.text().starts_with("equal"));
    Ok(())
}

#[test]
fn a_vex_statement_accepts_and_is_seen() -> Result<()> {
    let desk = Desk::new()?;
    desk.write("p.json", &policy(&[severity("r1", ">=", "high")]).to_string())?;
    let vex = json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/1", "author": "team",
        "timestamp": "2026-05-01T00:00:00Z", "version": 1, "statements": [{
            "vulnerability": {"name": "CVE-2021-44228"}, "status": "not_affected",
            "products": [{"@id": "pkg:maven/org.apache.logging.log4j/log4j-core"}],
            "justification": "vulnerable_code_not_in_execute_path"}]});
    desk.write("vex.json", &vex.to_string())?;
    let run = desk.ends(&format!("{CHECK} -p p.json --vex vex.json -o json"), 0)?.json()?;
    let finding = &run["findings"][0];
    assert_eq!((&finding["action"], &finding["allowlisted"]), (&json!("go"), &json!(true)));
    let ignoring = [("package_type", "all"), ("vex", "ignore")];
    desk.write("i.json", &policy(&[rule("r1", "STOP", "vulnerabilities", "package", &ignoring)]).to_string())?;
    desk.ends(&format!("{CHECK} -p i.json --vex vex.json"), 1)?;
    Ok(())
}

#[test]
fn a_fix_plan_names_the_steps_after_which_it_passes() -> Result<()> {
    let desk = Desk::new()?;
    let users = [("users", "root"), ("type", "denylist")];
    let rules = [severity("r1", ">=", "high"), rule("r2", "STOP", "dockerfile", "effective_user", &users)];
    desk.write("p.json", &policy(&rules).to_string())?;
    let run = desk.ends(&format!("{CHECK} -p p.json --fix-plan -o json=out.json -o text"), 1)?;
    assert!(run.text().contains("Fix plan") && run.text().contains("the artifact passes"), "{}", run.text());
    let report: Value = serde_json::from_slice(&std::fs::read(desk.stopgate.home().join("out.json"))?)?;
    let steps = report["fix_plan"]["steps"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&str> = steps.iter().filter_map(|step| step["kind"].as_str()).collect();
    assert_eq!((kinds.len(), kinds.contains(&"upgrade_packages")), (2, true), "{steps:#?}");
    Ok(())
}
