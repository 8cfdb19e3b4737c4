//! Searches over all images and all records.

use anyhow::Result;
use reqwest::Method;
use serde_json::json;
use stopgate_archive::write::Entry;

use crate::harness::{Analyzed, imported, on_both, on_sqlite};

#[test]
fn images_are_found_by_their_packages() -> Result<()> {
    on_both(|server| async move {
        let one = Analyzed::mixed()?;
        let more = stopgate_testkit::images::mixed()?.layer(vec![Entry::file("more", "x")]);
        let two = Analyzed::of(&more)?;
        imported(&server, &one, "registry.example.org/one:1").await?;
        imported(&server, &two, "registry.example.org/two:1").await?;
        let found = server.get("/query/images/by-package?name=lodash").await?.ok()?;
        assert_eq!((&found["returned_count"], &found["next_page"]), (&json!(2), &json!("")));
        let image = &found["images"][0];
        assert_eq!(image["image"]["image_digest"], one.digest().as_str());
        assert_eq!(image["image"]["tag_history"][0]["full_tag"], "registry.example.org/one:1");
        assert_eq!(image["packages"], json!([{"name": "lodash", "version": "4.17.15", "type": "npm"}]));

        let first = server.get("/query/images/by-package?name=lodash&limit=1").await?.ok()?;
        assert_eq!((&first["returned_count"], &first["next_page"]), (&json!(1), &json!("2")));
        let second = server.get("/query/images/by-package?name=lodash&limit=1&page=2").await?.ok()?;
        assert_eq!(second["next_page"], "");
        assert_eq!(second["images"][0]["image"]["image_digest"], two.digest().as_str());
        for (query, n) in [
            ("name=lodash&version=4.17.15", 2),
            ("name=lodash&version=1", 0),
            ("name=lodash&package_type=npm", 2),
            ("name=lodash&package_type=gem", 0),
            ("name=bash&package_type=os", 2),
            ("name=none", 0),
        ] {
            let found = server.get(&format!("/query/images/by-package?{query}")).await?.ok()?;
            assert_eq!(found["returned_count"], n, "{query}: {found}");
        }
        assert_eq!(server.get("/query/images/by-package").await?.status, 400);
        assert_eq!(server.get("/query/images/by-package?name=a&page=x").await?.status, 400);
        let stranger = server.stranger().await?;
        let path = "/query/images/by-package?name=lodash";
        let seen = server.send(stranger, (Method::GET, path), ("", Vec::new())).await?.ok()?;
        assert_eq!(seen["returned_count"], 0);
        Ok(())
    })
}

#[test]
fn records_are_found_by_id_and_package() -> Result<()> {
    on_sqlite(|server| async move {
        let found = server.get("/query/vulnerabilities?id=CVE-2021-44228,GHSA-35jh-r3h4-6jhm,none").await?.ok()?;
        assert_eq!(
            (&found["returned_count"], &found["page"], &found["next_page"]),
            (&json!(2), &json!("1"), &json!(""))
        );
        let record = &found["vulnerabilities"][0];
        assert_eq!(record["affected_packages"][0]["name"], "lodash", "{record}");
        assert!(record["affected_packages"][0]["version"].to_string().contains("4.17.21"), "{record}");
        let paged = server.get("/query/vulnerabilities?id=CVE-2021-44228,GHSA-35jh-r3h4-6jhm&limit=1").await?.ok()?;
        assert_eq!((&paged["returned_count"], &paged["next_page"]), (&json!(1), &json!("2")));
        let core = "org.apache.logging.log4j:log4j-core";
        let about = format!("/query/vulnerabilities?id=CVE-2021-44228&affected_package={core}");
        let found = server.get(&about).await?.ok()?;
        let record = &found["vulnerabilities"][0];
        assert_eq!((&record["id"], &record["severity"]), (&json!("GHSA-jfh8-c2jp-5v3q"), &json!("Critical")));
        assert_eq!(record["affected_packages"][0]["name"], core);
        for (version, n) in [("2.14.1", 1), ("2.17.1", 0)] {
            let found = server.get(&format!("{about}&affected_package_version={version}")).await?.ok()?;
            assert_eq!(found["returned_count"], n, "{version}: {found}");
        }
        let elsewhere = server.get("/query/vulnerabilities?id=CVE-2021-44228&namespace=debian:12").await?.ok()?;
        assert_eq!(elsewhere["returned_count"], 0);
        assert_eq!(server.get("/query/vulnerabilities").await?.status, 400);
        assert_eq!(server.get("/query/vulnerabilities?id=a&page=0").await?.status, 400);
        assert_eq!(server.get("/query/vulnerabilities?id=a&affected_package_version=1").await?.status, 400);
        Ok(())
    })
}
