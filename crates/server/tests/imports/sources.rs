//! Sources: their imports, what they hold, what is decided about them.

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Analyzed, Running, on_both, on_sqlite};

fn about(sbom: &Value, revision: &str) -> Value {
    json!({"host": "git.example.org", "repository_name": "team/app", "revision": revision, "branch_name": "main",
           "ci_workflow_name": "build", "ci_workflow_execution_time": "2026-01-02T03:04:05Z", "contents": {"sbom": sbom}})
}

/// Opens an import and sends an SBOM; its id and the digest.
async fn sent(server: &Running) -> Result<(String, Value)> {
    let opened = server.raw(Method::POST, "/imports/sources", "", &[]).await?.ok()?;
    let id = opened["uuid"].as_str().context("no uuid")?.to_owned();
    let sbom = Analyzed::mixed()?.sbom()?;
    let part =
        server.raw(Method::POST, &format!("/imports/sources/{id}/sbom"), "application/json", &sbom).await?.ok()?;
    Ok((id, part["digest"].clone()))
}

#[test]
fn a_source_is_decided_by_the_mappings_of_sources() -> Result<()> {
    on_both(|server| async move {
        server.policy().await?;
        let (id, digest) = sent(&server).await?;
        assert_eq!(server.get(&format!("/imports/sources/{id}/sbom")).await?.ok()?["digest"], digest);
        let made = server.post(&format!("/imports/sources/{id}/finalize"), &about(&digest, "abc")).await?.ok()?;
        assert_eq!((&made["analysis_status"], &made["source_status"]), (&json!("analyzed"), &json!("active")));
        assert_eq!(made["metadata_records"][0]["branch_name"], "main");
        assert_eq!(server.get(&format!("/imports/sources/{id}")).await?.ok()?["status"], "complete");
        let uuid = made["uuid"].as_str().context("no uuid")?;
        let listed = server.get("/sources").await?.ok()?;
        assert_eq!(listed["items"][0]["uuid"], uuid);
        let path = |rest: &str| format!("/sources/{uuid}/{rest}");

        let checked = server.get(&path("check?policy_id=test")).await?.ok()?;
        assert_eq!(
            (&checked["final_action"], &checked["status"], &checked["source_mapped_to_rule"], &checked["revision"]),
            (&json!("stop"), &json!("fail"), &json!(true), &json!("abc"))
        );
        let findings = checked["findings"].as_array().context("no findings")?;
        assert!(findings.iter().all(|finding| finding["rule_id"] == "b"), "rules of sources alone: {findings:?}");
        assert!(findings.iter().all(|finding| finding.get("inherited_from_base").is_none()));
        assert_eq!(checked["number_of_findings"], findings.len());
        let again = server.get(&path("check?policy_id=test")).await?.ok()?;
        assert_eq!(again["evaluation_id"], checked["evaluation_id"], "a decision that holds is not made again");

        let summary = server.get(&path("content-summary")).await?.ok()?.to_string();
        assert!(summary.contains(r#""content_type":"npm"#), "{summary}");
        let npm = server.get(&path("content/npm")).await?.ok()?;
        assert_eq!((&npm["content"][0]["package"], &npm["source_id"]), (&json!("lodash"), &json!(uuid)));
        assert_eq!(server.get(&path("content/none")).await?.status, 400);
        assert_eq!(server.get(&path("sbom/cyclonedx-json")).await?.ok()?["bomFormat"], "CycloneDX");
        assert!(server.get(&path("sbom/native-json")).await?.ok()?["artifacts"].is_array());
        assert!(server.get(&path("sbom/spdx-json")).await?.ok()?["spdxVersion"].is_string());
        assert_eq!(server.get(&path("vuln")).await?.ok()?, json!(["all", "os", "non-os"]));
        let vulnerable = server.get(&path("vuln/non-os")).await?.ok()?["vulnerabilities"].to_string();
        assert!(vulnerable.contains("GHSA-jfh8-c2jp-5v3q"), "{vulnerable}");
        assert_eq!(server.get(&path("vuln/none")).await?.status, 400);

        let stranger = server.stranger().await?;
        let seen = server.send(stranger, (Method::GET, &format!("/sources/{uuid}")), ("", Vec::new())).await?;
        assert_eq!(seen.status, 404);
        assert_eq!(server.delete(&format!("/sources/{uuid}")).await?.status, 204);
        assert_eq!(server.get(&format!("/sources/{uuid}")).await?.status, 404);
        Ok(())
    })
}

#[test]
fn a_revision_is_one_source_whoever_built_it() -> Result<()> {
    on_sqlite(|server| async move {
        let (first, digest) = sent(&server).await?;
        let made = server.post(&format!("/imports/sources/{first}/finalize"), &about(&digest, "abc")).await?.ok()?;
        let (second, digest) = sent(&server).await?;
        let again = server.post(&format!("/imports/sources/{second}/finalize"), &about(&digest, "abc")).await?.ok()?;
        assert_eq!(again["uuid"], made["uuid"]);
        assert_eq!(again["metadata_records"].as_array().map(Vec::len), Some(2));
        let late = server.post(&format!("/imports/sources/{second}/finalize"), &about(&digest, "abc")).await?;
        assert_eq!(late.status, 409);
        Ok(())
    })
}

#[test]
fn what_is_no_source_is_refused() -> Result<()> {
    on_sqlite(|server| async move {
        let (id, digest) = sent(&server).await?;
        let finalize = format!("/imports/sources/{id}/finalize");
        let none = json!(format!("sha256:{}", "0".repeat(64)));
        assert_eq!(server.post(&finalize, &about(&none, "abc")).await?.status, 400);
        assert_eq!(server.post(&finalize, &about(&digest, "")).await?.status, 400);
        assert_eq!(server.post(&finalize, &json!({"host": 1})).await?.status, 400);
        assert_eq!(server.raw(Method::POST, &finalize, "text/plain", b"{}").await?.status, 415);
        assert_eq!(server.post("/imports/sources/none/finalize", &about(&digest, "abc")).await?.status, 404);
        let part = format!("/imports/sources/{id}/sbom");
        assert_eq!(server.raw(Method::POST, &part, "application/json", b"{\"artifacts\":").await?.status, 400);
        Ok(())
    })
}
