//! Notes about vulnerabilities, and corrections.

use serde_json::{Value, json};

use crate::support::{ADMIN, As, Server, with_servers};

pub(crate) const TAG: &str = "docker.io/shop/cart:1";

/// Whether the decision about the image is to stop.
async fn stops(server: &Server, digest: &str) -> bool {
    let decided = server.get(ADMIN, &format!("/images/{digest}/check?tag={TAG}&detail=true")).await.expect(200);
    let evaluation = &decided["evaluations"][0];
    evaluation["final_action"] == "stop"
}

/// A policy that stops for any critical vulnerability.
pub(crate) async fn policy(server: &Server) {
    let body = json!({
        "id": "strict", "name": "strict", "version": "2",
        "rule_sets": [{"id": "r", "name": "r", "version": "2", "artifact_type": "image", "rules": [{
            "id": "1", "gate": "vulnerabilities", "trigger": "package", "action": "STOP",
            "params": [{"name": "package_type", "value": "all"}, {"name": "severity", "value": "low"},
                       {"name": "severity_comparison", "value": ">="}],
        }]}],
        "allowlists": [], "allowlisted_images": [], "denylisted_images": [],
        "mappings": [{"id": "m", "name": "m", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["r"], "allowlist_ids": []}],
    });
    server.post(ADMIN, "/policies", body).await.expect(200);
    let mut kept: Value = server.get(ADMIN, "/policies/strict?detail=true").await.expect(200);
    kept["active"] = json!(true);
    server.put(ADMIN, "/policies/strict?active=true", kept).await.expect(200);
}

#[test]
fn a_note_decides() {
    with_servers(|server: Server| async move {
        let digest = server.image("admin", TAG).await;
        policy(&server).await;
        assert!(stops(&server, &digest).await);
        let base = format!("/images/{digest}/vuln-annotations");
        let note = json!({
            "annotation": {"vulnerability_id": "CVE-2024-0001", "status": "under_investigation", "author": "somebody"},
            "package_identifier": {"name": "leftpad", "version": "1.0.0", "type": "npm"},
        });
        let made = server.post(ADMIN, &base, note.clone()).await.expect(201);
        assert_eq!((&made["annotation"]["author"], &made["annotation"]["version"]), (&json!("admin"), &json!(1)));
        server.post(ADMIN, &base, note).await.refused(409);
        assert!(stops(&server, &digest).await);
        let uuid = made["annotation"]["uuid"].as_str().unwrap();
        let path = format!("{base}/{uuid}");
        let report = server.get(ADMIN, &format!("/images/{digest}/vuln/all")).await.expect(200);
        assert_eq!(report["vulnerabilities"][0]["annotation_status"], "under_investigation");
        assert_eq!(report["vulnerabilities"][0]["annotation_uuid"], uuid);

        let change = json!({
            "vulnerability_id": "CVE-2024-0001", "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        });
        let changed = server.put(ADMIN, &path, change).await.expect(200);
        assert_eq!(changed["annotation"]["version"], 2);
        assert!(!stops(&server, &digest).await);
        // What is denied is told, with who denies it.
        let report = server.get(ADMIN, &format!("/images/{digest}/vuln/all")).await.expect(200);
        assert_eq!(report["vulnerabilities"][0]["annotation_status"], "not_affected");

        let vex = server.get(ADMIN, &format!("/images/{digest}/vex/openvex")).await.expect(200);
        assert_eq!(vex["statements"][0]["products"][0]["subcomponents"][0]["@id"], "pkg:npm/leftpad@1.0.0");
        let vex = server.get(ADMIN, &format!("/images/{digest}/vex/cyclonedx-json")).await.expect(200);
        assert_eq!(vex["vulnerabilities"][0]["analysis"]["justification"], "code_not_reachable");

        let other = json!({"vulnerability_id": "CVE-2024-0002", "status": "fixed"});
        server.put(ADMIN, &path, other).await.refused(400);
        let bad = json!({"annotation": {"vulnerability_id": "CVE-2024-0001", "status": "harmless"}});
        server.post(ADMIN, &base, bad).await.refused(400);
        let found = server.get(ADMIN, &format!("{base}?package_name=leftpad")).await.expect(200);
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
        let none = server.get(ADMIN, &format!("{base}?vulnerability_id=CVE-2020-1")).await.expect(200);
        assert_eq!(none["items"], json!([]));

        server.account("team", "full-control").await;
        server.get(As("team", None), &base).await.refused(404);
        server.get(As("team", None), &path).await.refused(404);
        server.delete(ADMIN, &path).await.expect(204);
        server.get(ADMIN, &path).await.refused(404);
        assert!(stops(&server, &digest).await);
    });
}

#[test]
fn corrections_are_kept() {
    with_servers(|server: Server| async move {
        let correction = |name: &str| {
            json!({
                "type": "package", "description": "as the data calls it",
                "match": {"type": "java", "field_matches": [{"field_name": "package", "field_value": name}]},
                "replace": [{"field_name": "cpes", "field_value": "cpe:2.3:a:vendor:product:1:*:*:*:*:*:*:*"}],
            })
        };
        let made = server.post(ADMIN, "/corrections", correction("a")).await.expect(200);
        let path = format!("/corrections/{}", made["uuid"].as_str().unwrap());
        let changed = server.put(ADMIN, &path, correction("b")).await.expect(200);
        assert_eq!(changed["uuid"], made["uuid"]);
        let all = server.get(ADMIN, "/corrections?correction_type=package").await.expect(200);
        assert_eq!(all[0]["match"]["field_matches"][0]["field_value"], "b");
        server.get(ADMIN, "/corrections?correction_type=image").await.refused(400);
        let mut empty = correction("a");
        empty["replace"] = json!([]);
        server.post(ADMIN, "/corrections", empty).await.refused(400);
        server.account("team", "full-control").await;
        server.get(As("team", None), &path).await.refused(404);
        server.put(As("team", None), &path, correction("c")).await.refused(404);
        server.delete(ADMIN, &path).await.expect(204);
        server.get(ADMIN, &path).await.refused(404);
    });
}
