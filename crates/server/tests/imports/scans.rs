//! Scans of what is sent with the question.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Analyzed, on_sqlite};

#[test]
fn an_sbom_is_decided_about_and_not_kept() -> Result<()> {
    on_sqlite(|server| async move {
        server.policy().await?;
        let image = Analyzed::mixed()?;
        let sbom: Value = serde_json::from_slice(&image.sbom()?)?;
        let search = "application/anchore.enterprise.local-analyze.secret-search.v1+json";
        let body = json!({"sbom": sbom, "secret_scan": {"media_type": search,
            "metadata": {"anchorectl_version": "1", "anchorectl_platform": "linux"},
            "findings": [{"location": {"path": "/key", "layerID": ""}, "content_searches": [
                {"classification": "PRIV_KEY", "line_number": 1, "line_offset": 0, "seek_position": 0, "length": 1}]}]}});
        let scanned = server.post("/scan?tag=registry.example.org/app:1&policy_id=test", &body).await?.ok()?;
        let policy = &scanned["policy_scan"];
        assert_eq!(policy["image_digest"], image.digest().as_str());
        assert_eq!(policy["evaluated_tag"], "registry.example.org/app:1");
        assert_eq!(policy["evaluations"][0]["final_action"], "stop");
        assert!(policy["evaluations"][0]["details"]["findings"].to_string().contains("secret_scans"));
        assert!(scanned["vuln_scan"]["vulnerabilities"].to_string().contains("GHSA-jfh8-c2jp-5v3q"));
        assert_eq!(server.get("/images").await?.ok()?["items"], json!([]));

        let found = server.post("/vulnerability-scan?include_vuln_description=true", &sbom).await?.ok()?;
        assert!(found["vulnerabilities"][0]["description"].is_string(), "{found}");
        assert!(found["sbom_id"].as_str().is_some_and(|id| id.starts_with("sha256:")));
        Ok(())
    })
}

#[test]
fn what_is_no_sbom_is_refused() -> Result<()> {
    on_sqlite(|server| async move {
        let tag = "tag=registry.example.org/app:1";
        let sbom: Value = serde_json::from_slice(&Analyzed::mixed()?.sbom()?)?;
        for (path, body, status) in [
            (format!("/scan?{tag}"), json!({}), 400),
            ("/scan".to_owned(), json!({"sbom": sbom}), 400),
            ("/scan?tag=a%20b".to_owned(), json!({"sbom": sbom}), 400),
            (format!("/scan?{tag}"), json!({"sbom": {"a": 1}}), 400),
            (format!("/scan?{tag}&policy_id=none"), json!({"sbom": sbom}), 404),
            ("/vulnerability-scan".to_owned(), json!({"artifacts": 1}), 400),
        ] {
            let answered = server.post(&path, &body).await?;
            assert_eq!(answered.status, status, "{path}: {answered:?}");
        }
        let truncated =
            server.raw(Method::POST, "/vulnerability-scan", "application/json", b"{\"artifacts\":[").await?;
        assert_eq!(truncated.status, 400);
        assert_eq!(server.raw(Method::POST, "/vulnerability-scan", "text/plain", b"{}").await?.status, 415);
        Ok(())
    })
}
