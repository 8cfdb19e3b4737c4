//! What comes with a base image.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use stopgate_archive::write::Entry;

use crate::harness::{Analyzed, imported, on_both};

#[test]
fn findings_say_whether_they_come_with_the_base_image() -> Result<()> {
    on_both(|server| async move {
        server.policy().await?;
        let base = Analyzed::mixed()?;
        let package = r#"{"name":"minimist","version":"1.2.0"}"#;
        let layer = vec![Entry::file("srv/node_modules/minimist/package.json", package)];
        let child = Analyzed::of(&stopgate_testkit::images::mixed()?.layer(layer))?;
        imported(&server, &base, "registry.example.org/base:1").await?;
        imported(&server, &child, "registry.example.org/child:1").await?;
        let path = format!("/images/{}", child.digest());
        let check = format!("{path}/check?tag=registry.example.org/child:1&policy_id=test");

        let alone = server.get(&check).await?.ok()?;
        let evaluation = &alone["evaluations"][0];
        assert_eq!(evaluation["comparison_image_digest"], Value::Null);
        assert_eq!(evaluation["details"]["findings"][0]["inherited_from_base"], Value::Null);
        for wanted in ["auto".to_owned(), base.digest()] {
            let compared = server.get(&format!("{check}&base_digest={wanted}")).await?.ok()?;
            let evaluation = &compared["evaluations"][0];
            assert_eq!(evaluation["comparison_image_digest"], base.digest().as_str());
            let findings = evaluation["details"]["findings"].as_array().context("no findings")?;
            let found = |word: &str| {
                let of = findings.iter().find(|f| f["trigger"] == "package" && f["message"].to_string().contains(word));
                of.map(|finding| finding["inherited_from_base"].clone())
            };
            assert_eq!(found("lodash"), Some(json!(true)), "{findings:?}");
            assert_eq!(found("minimist"), Some(json!(false)), "{findings:?}");
            let vulnerable = server.get(&format!("{path}/vuln/all?base_digest={wanted}")).await?.ok()?;
            assert_eq!(vulnerable["base_digest"], base.digest().as_str());
            for found in vulnerable["vulnerabilities"].as_array().into_iter().flatten() {
                assert_eq!(found["inherited_from_base"], found["package_name"] != "minimist", "{found}");
            }
        }
        // The base image has none, and is no base of itself.
        let path = format!("/images/{}", base.digest());
        let vulnerable = server.get(&format!("{path}/vuln/all?base_digest=auto")).await?.ok()?;
        assert_eq!(vulnerable["base_image_problems"].as_array().map(Vec::len), Some(1));
        assert!(vulnerable["vulnerabilities"][0].get("inherited_from_base").is_none());
        let check = format!("{path}/check?tag=registry.example.org/base:1&policy_id=test");
        assert_eq!(server.get(&format!("{check}&base_digest={}", child.digest())).await?.status, 400);
        assert_eq!(server.get(&format!("{check}&base_digest=sha256:{}", "0".repeat(64))).await?.status, 404);
        assert_eq!(server.get(&format!("{check}&base_digest=latest")).await?.status, 400);
        Ok(())
    })
}
