//! `image check` and `source check`, line by line.

use serde_json::{Value, json};

use super::{Server, digest, image};

fn finding(gate: &str, trigger: &str, id: &str, action: &str) -> Value {
    json!({
        "trigger_id": id, "gate": gate, "trigger": trigger, "message": format!("about {id}"), "action": action,
        "policy_id": "r1", "recommendation": "Upgrade it.", "rule_id": "rule-7", "allowlisted": false,
        "allowlist_match": null, "inherited_from_base": null,
    })
}

fn evaluation(status: &str, action: &str) -> Value {
    let mut accepted = finding("dockerfile", "instruction", "d1", "stop");
    accepted["allowlisted"] = json!(true);
    accepted["recommendation"] = json!("");
    let details = json!({
        "policy": {"id": "p-1"}, "policy_action": action,
        "findings": [finding("vulnerabilities", "package", "CVE-2026-1+openssl", "stop"), accepted],
        "remediations": [{
            "trigger_ids": ["CVE-2026-1+openssl"],
            "suggestions": [{"message": "remove openssl", "preferred": false},
                            {"message": "upgrade openssl to 3.0.2", "preferred": true}],
        }],
    });
    json!({
        "policy_id": "p-1", "image_digest": digest("a"), "evaluated_tag": "docker.io/app:1.0",
        "evaluations": [{
            "evaluation_time": "2023-10-25T20:34:43Z", "status": status, "final_action": action,
            "final_action_reason": "policy_evaluation", "number_of_findings": 2, "evaluation_problems": [],
            "image_allowlisted": false, "matched_allowlisted_images_rule": null, "image_denylisted": false,
            "matched_denylisted_images_rule": null, "image_mapped_to_rule": true, "matched_mapping_rule": null,
            "comparison_image_digest": null, "details": details,
        }],
    })
}

fn without_details(mut body: Value) -> Value {
    body["evaluations"][0]["details"] = Value::Null;
    body
}

fn server(status: &str, action: &str) -> Server {
    let server = Server::start();
    let at = format!("/v2/images/{}/check", digest("a"));
    let body = evaluation(status, action);
    server.on_query("/v2/images", ("full_tag", "docker.io/app:1.0"), &json!({"items": [image("analyzed")]}));
    server.on_query(&at, ("detail", "true"), &body);
    server.on_query(&at, ("detail", "false"), &without_details(body));
    server
}

const HEAD: &str = "Tag: docker.io/app:1.0\nDigest: sha256:DIGEST\nPolicy ID: p-1\n\
    Last Evaluation: 2023-10-25T20:34:43Z\nEvaluation: fail\nFinal Action: stop\nReason: policy_evaluation\n";

const DETAIL: &str = "
Policy Evaluation Details:
┌─────────────────┬─────────────┬──────────────────────────┬────────┐
│ GATE            │ TRIGGER     │ DESCRIPTION              │ STATUS │
├─────────────────┼─────────────┼──────────────────────────┼────────┤
│ vulnerabilities │ package     │ about CVE-2026-1+openssl │ stop   │
│ dockerfile      │ instruction │ about d1                 │ go     │
└─────────────────┴─────────────┴──────────────────────────┴────────┘

Remediation:
  rule-7
    upgrade openssl to 3.0.2
    or: remove openssl
    clears: CVE-2026-1+openssl
";

fn head() -> String {
    HEAD.replace("DIGEST", &"a".repeat(64))
}

#[test]
fn the_report_is_that_of_the_reference() {
    let server = server("fail", "stop");
    let run = server.run("image check app:1.0");
    assert!(run.ok, "{run:?}");
    assert_eq!(run.out, head());
    assert_eq!(run.err, " ✔ Evaluated against policy                 [failed]   docker.io/app:1.0\n");
    assert_eq!(server.run("image check --detail app:1.0").out, head() + DETAIL);
}

#[test]
fn fail_based_on_results_ends_with_one_after_the_whole_report() {
    let failing = server("fail", "stop");
    for (line, variables) in [
        ("image check -f app:1.0", &[][..]),
        ("image evaluate app:1.0", &[("ANCHORECTL_FAIL_BASED_ON_RESULTS", "TRUE")][..]),
        ("image check -f -t app:1.0", &[][..]),
    ] {
        let run = failing.run_with(line, variables, "");
        assert!(!run.ok, "{line}");
        assert_eq!(run.out, head());
        assert!(run.err.ends_with("error: 1 error occurred:\n\t* failed policies:\n"), "{}", run.err);
    }
    let run = server("pass", "warn").run("image check -f app:1.0");
    assert!(run.ok && run.out.contains("Evaluation: pass\nFinal Action: warn\n"), "{run:?}");
    assert!(run.err.contains("[passed]   docker.io/app:1.0"), "{}", run.err);
}

#[test]
fn json_has_camel_case_and_details_only_on_demand() {
    let server = server("pass", "go");
    let run = server.run("image check app:1.0 -o json");
    assert!(
        run.out.contains("\"status\": \"pass\"") && run.out.starts_with("{\n  \"policyId\": \"p-1\","),
        "{}",
        run.out
    );
    let body = run.json();
    assert!(body["evaluations"][0].get("details").is_none());
    assert_eq!(body["evaluations"][0]["numberOfFindings"], 2);
    let body = server.run("-o json image check --detail app:1.0").json();
    assert_eq!(body["evaluations"][0]["details"]["findings"][0]["triggerId"], "CVE-2026-1+openssl");
    let raw = server.run("image check --detail -o json-raw app:1.0").json();
    assert_eq!(raw, evaluation("pass", "go"));
    assert_eq!(server.run("image check -o id app:1.0").out, digest("a") + "\n");
}

#[test]
fn csv_has_a_row_per_finding() {
    let run = server("fail", "stop").run("image check app:1.0 -o csv");
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("tag,digest,policy_id,evaluation_time,status,final_action,gate,trigger,trigger_id"));
    assert!(lines[1].ends_with(
        "fail,stop,vulnerabilities,package,CVE-2026-1+openssl,rule-7,stop,about CVE-2026-1+openssl,false,Upgrade it."
    ));
}

#[test]
fn the_shape_of_older_clients_is_a_format_of_its_own() {
    let run = server("fail", "stop").run("image check app:1.0 -o json-legacy");
    let record = run.json()[0].clone();
    assert_eq!((&record["status"], &record["finalAction"]), (&json!("fail"), &json!("stop")));
    let finding = json!({"gate": "vulnerabilities", "description": "about CVE-2026-1+openssl", "policyId": "r1",
        "status": "stop", "tag": "docker.io/app:1.0", "triggerId": "CVE-2026-1+openssl"});
    assert_eq!(record["detail"][0], finding);
}

#[test]
fn problems_are_shown_whatever_the_verdict() {
    let server = Server::start();
    let mut body = without_details(evaluation("pass", "go"));
    body["evaluations"][0]["evaluation_problems"] =
        json!([{"severity": "error", "problem_type": "missing_data", "details": "no vulnerability data"}]);
    server.on_query("/v2/images", ("full_tag", "docker.io/app:1.0"), &json!({"items": [image("analyzed")]}));
    server.on("GET", &format!("/v2/images/{}/check", digest("a")), &body);
    let run = server.run("image check app:1.0");
    assert!(run.out.ends_with("Problems:\n  error: missing_data: no vulnerability data\n"), "{}", run.out);
}

#[test]
fn a_policy_is_named_by_name_or_id() {
    let server = server("pass", "go");
    let record = |id: &str, name: &str| json!({"policy_id": id, "name": name, "active": false, "account_name": "admin", "policy_source": "local"});
    server.on("GET", "/v2/policies", &json!([record("p-1", "CIS"), record("p-2", "CIS old")]));
    for named in ["CIS", "p-1"] {
        assert!(server.run(&format!("image check -p {named} app:1.0")).ok);
        let call = server.calls().pop().unwrap();
        assert!(call.contains("policy_id=p-1"), "{call}");
    }
    let run = server.run("image check -p STIG app:1.0");
    assert!(!run.ok && run.err.contains("there is no policy with the id or name `STIG`"), "{run:?}");
}

#[test]
fn a_digest_needs_a_tag() {
    let server = server("pass", "go");
    let run = server.run(&format!("image check {}", digest("a")));
    assert!(!run.ok && run.err.contains("--tag names it"), "{run:?}");
    assert!(server.run(&format!("image check {} -t app:1.0", digest("a"))).ok);
    assert!(server.calls().pop().unwrap().contains("tag=docker.io%2Fapp%3A1.0"), "{:?}", server.calls());
}

#[test]
fn an_image_that_is_not_analysed_is_said_in_the_servers_words() {
    let server = Server::start();
    server.on_query("/v2/images", ("full_tag", "docker.io/app:1.0"), &json!({"items": [image("analyzing")]}));
    let body = json!({"message": "image is not analyzed - analysis_status: analyzing", "detail": {}});
    server.fails("GET", &format!("/v2/images/{}/check", digest("a")), 404, &body);
    let run = server.run("image check app:1.0");
    assert!(!run.ok && run.err.contains("\t* image is not analyzed - analysis_status: analyzing"), "{run:?}");
}

#[test]
fn a_source_is_evaluated() {
    let server = Server::start();
    let id = "0b0e8400-e29b-41d4-a716-446655440000";
    let source = json!({"uuid": id, "host": "github.com", "repository_name": "org/repo", "revision": "abc1234"});
    server.on("GET", "/v2/sources", &json!({"items": [source]}));
    let body = json!({
        "account_name": "admin", "evaluation_id": "e", "source_id": id, "host": "github.com",
        "repository_name": "org/repo", "revision": "abc1234", "policy": {"id": "p-1"}, "source_mapped_to_rule": true,
        "findings": [finding("vulnerabilities", "package", "CVE-1+x", "stop")], "number_of_findings": 1,
        "evaluation_time": "2026-01-02T03:04:05Z", "final_action": "stop",
        "final_action_reason": "policy_evaluation", "evaluation_problems": [], "status": "fail",
    });
    server.on("GET", &format!("/v2/sources/{id}/check"), &body);
    let run = server.run("source check -f https://github.com/org/repo.git@abc1234");
    assert!(!run.ok && run.err.contains("* failed policies:"), "{run:?}");
    assert!(run.out.starts_with("Source: github.com/org/repo@abc1234\nSource ID: 0b0e8400"), "{}", run.out);
    assert!(run.out.contains("\nEvaluation: fail\n") && run.out.contains("│ about CVE-1+x │ stop   │"), "{}", run.out);
}

#[test]
fn an_sbom_that_is_not_kept_is_evaluated() {
    let server = Server::start();
    server.on("POST", "/v2/scan", &json!({"policy_scan": evaluation("fail", "stop")}));
    let run = server.run_with("policy check -f --detail --sbom - -t app:1.0", &[], "{\"artifacts\": []}");
    assert!(!run.ok && run.err.contains("* failed policies:"), "{run:?}");
    assert_eq!(run.out, head() + DETAIL);
    assert_eq!(server.calls(), ["POST /v2/scan?tag=docker.io%2Fapp%3A1.0"]);
    assert_eq!(server.bodies("/v2/scan"), [json!({"sbom": {"artifacts": []}})]);
}
