//! Images that were analysed elsewhere.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use stopgate_archive::write::{Entry, ImageBuilder};
use stopgate_service::store::{account, import};
use stopgate_testkit::Registry;

use crate::harness::{Analyzed, Import, imported, on_both, on_sqlite};

const TAG: &str = "registry.example.org/app:1";

#[test]
fn an_imported_image_is_like_any_other() -> Result<()> {
    on_both(|server| async move {
        server.policy().await?;
        let image = Analyzed::mixed()?;
        let digest = image.digest();
        let mut import = Import::open(&server).await?;
        import.parts(&server, &image).await?;
        import.part(&server, "dockerfile", "text/plain", b"FROM debian:12\nUSER root\n").await?;
        let hit = json!([{"location": {"path": "/app/key", "layerID": image.built.diff_ids[1].to_string()},
            "content_searches": [{"classification": "PRIV_KEY", "line_number": 3, "line_offset": 0, "seek_position": 9,
                                  "length": 4}]}]);
        import.part(&server, "secret-searches", "application/json", hit.to_string().as_bytes()).await?;
        let file =
            json!([{"location": {"path": "/etc/passwd"}, "contents": STANDARD.encode("root:x:0:0::/:/bin/sh\n")}]);
        import.part(&server, "file-contents", "application/json", file.to_string().as_bytes()).await?;
        let listed = server.get(&import.path("packages")).await?.ok()?;
        assert_eq!(listed, json!([import.contents["packages"]]));
        assert_eq!(server.get("/imports/images").await?.ok()?[0]["uuid"], import.uuid.as_str());

        let mut body = import.body(&digest, &[TAG, "registry.example.org/app:latest"]);
        body["annotations"] = json!({"team": "a"});
        let added = server.post("/images", &body).await?.ok()?;
        assert_eq!(added["image_digest"], digest.as_str());
        let told = server.analyzed(&digest).await?;
        assert_eq!(told["analysis_status"], "analyzed", "{told}");
        assert_eq!(told["annotations"], json!({"team": "a", "stopgate.io/imported-by": "admin"}));
        let metadata = &told["image_content"]["metadata"];
        assert_eq!(
            (&metadata["distro"], &metadata["arch"], &metadata["layer_count"], &metadata["dockerfile_mode"]),
            (&json!("debian"), &json!("amd64"), &json!(2), &json!("Actual"))
        );
        let detail = &told["image_detail"];
        assert_eq!(detail.as_array().map(Vec::len), Some(2));
        assert_eq!(detail[0]["image_id"], image.built.config.digest.hex());
        assert_eq!(server.get(&import.path("")).await?.ok()?["status"], "complete");

        let path = |rest: &str| format!("/images/{digest}/{rest}");
        let java = server.get(&path("content/java")).await?.ok()?;
        assert_eq!(java["content"][0]["package"], "log4j-core");
        let vulnerable = server.get(&path("vuln/all")).await?.ok()?;
        let ids: Vec<&str> = vulnerable["vulnerabilities"]
            .as_array()
            .context("no list")?
            .iter()
            .filter_map(|found| found["vuln"].as_str())
            .collect();
        assert!(ids.contains(&"GHSA-jfh8-c2jp-5v3q"), "{ids:?}");
        let secrets = server.get(&path("artifacts/secret-search")).await?.ok()?;
        assert_eq!((&secrets[0]["path"], &secrets[0]["matches"][0]["lines"]), (&json!("/app/key"), &json!([3])));
        let files = server.get(&path("artifacts/retrieved-files")).await?.ok()?;
        assert_eq!(files[0]["path"], "/etc/passwd");
        let manifest = server.get(&path("metadata/manifest")).await?.ok()?;
        let manifest = STANDARD.decode(manifest["metadata"].as_str().unwrap_or_default())?;
        assert_eq!(manifest, image.built.manifest.bytes);

        let checked = server.get(&path(&format!("check?tag={TAG}&policy_id=test"))).await?.ok()?;
        let evaluation = &checked["evaluations"][0];
        assert_eq!(evaluation["final_action"], "stop");
        let triggers: Vec<&str> = evaluation["details"]["findings"]
            .as_array()
            .context("no findings")?
            .iter()
            .filter_map(|finding| finding["gate"].as_str())
            .collect();
        assert!(triggers.contains(&"secret_scans") && triggers.contains(&"vulnerabilities"), "{triggers:?}");
        Ok(())
    })
}

#[test]
fn what_was_not_sent_is_not_known_rather_than_absent() -> Result<()> {
    on_sqlite(|server| async move {
        server.policy().await?;
        let image = Analyzed::mixed()?;
        imported(&server, &image, TAG).await?;
        let digest = image.digest();
        let checked = server.get(&format!("/images/{digest}/check?tag={TAG}&policy_id=test")).await?.ok()?;
        let problems = checked["evaluations"][0]["evaluation_problems"].to_string();
        assert!(problems.contains("DataUnavailable"), "no secrets were searched for: {problems}");
        Ok(())
    })
}

#[test]
fn the_analysis_document_says_more_and_must_be_about_the_image() -> Result<()> {
    on_both(|server| async move {
        let image = Analyzed::mixed()?;
        let digest = image.digest();
        let mut import = Import::open(&server).await?;
        import.parts(&server, &image).await?;
        import.part(&server, "analysis", "application/zstd", &image.document()?).await?;
        server.post("/images", &import.body(&digest, &[TAG])).await?.ok()?;
        assert_eq!(server.analyzed(&digest).await?["analysis_status"], "analyzed");
        let files = server.get(&format!("/images/{digest}/content/files")).await?.ok()?;
        let listed = files["content"].to_string();
        assert!(listed.contains("/usr/bin/tool"), "an SBOM does not have the whole tree: {listed}");

        // Documents of another image, and packages that it does not have.
        let other = Analyzed::of(&ImageBuilder::new().layer(vec![Entry::file("a", "b")]).tag("other:1"))?;
        for (document, packages, why) in [
            (other.document()?, image.sbom()?, "is about sha256:"),
            (image.document()?, other.sbom()?, "differ, first in the package"),
        ] {
            let mut import = Import::open(&server).await?;
            import.parts(&server, &image).await?;
            import.part(&server, "packages", "application/json", &packages).await?;
            let sent = server
                .raw(Method::PUT, &format!("/x{}", import.path("analysis")), "application/zstd", &document)
                .await?
                .ok()?;
            import.contents.insert("analysis".to_owned(), sent["digest"].clone());
            server.post("/images?force=true", &import.body(&digest, &[TAG])).await?.ok()?;
            let told = server.analyzed(&digest).await?;
            assert_eq!(told["analysis_status"], "analysis_failed");
            let cause = told["annotations"]["stopgate.io/analysis-error"].as_str().unwrap_or_default();
            assert!(cause.contains(why), "{cause}");
            assert_eq!(server.get(&import.path("")).await?.ok()?["status"], "failed");
        }
        Ok(())
    })
}

#[test]
fn packages_of_another_image_are_not_taken_for_its_own() -> Result<()> {
    on_sqlite(|server| async move {
        let image = Analyzed::mixed()?;
        let other = Analyzed::of(&ImageBuilder::new().layer(vec![Entry::file("a", "b")]).tag("other:1"))?;
        let mut import = Import::open(&server).await?;
        import.parts(&server, &image).await?;
        import.part(&server, "packages", "application/json", &other.sbom()?).await?;
        server.post("/images", &import.body(&image.digest(), &[TAG])).await?.ok()?;
        let told = server.analyzed(&image.digest()).await?;
        assert_eq!(told["analysis_status"], "analysis_failed");
        assert!(told.to_string().contains("those of another image"), "{told}");
        Ok(())
    })
}

#[test]
fn bad_parts_are_refused_when_they_are_sent() -> Result<()> {
    on_sqlite(|server| async move {
        let import = Import::open(&server).await?;
        let json = "application/json";
        for (part, media_type, bytes, status) in [
            ("packages", json, &b"{\"artifacts\": ["[..], 400),
            ("packages", json, b"{}", 400),
            ("packages", "text/plain", b"{}", 415),
            ("manifest", json, b"[]", 400),
            ("manifest", "application/vnd.docker.distribution.manifest.v1+prettyjws", b"{}", 200),
            ("manifest", "image/png", b"{}", 415),
            ("image-config", json, b"{\"a\"", 400),
            ("dockerfile", "text/plain", b"\xff\xfe", 400),
            ("dockerfile", json, b"FROM a", 415),
            ("secret-searches", json, b"{}", 400),
            ("content-searches", json, b"[{}]", 400),
            ("file-contents", json, b"[{\"location\": {\"path\": \"/a\"}, \"contents\": \"?\"}]", 400),
        ] {
            let answered = server.raw(Method::POST, &import.path(part), media_type, bytes).await?;
            assert_eq!(answered.status, status, "{part} {media_type}: {answered:?}");
        }
        let analysis = format!("/x{}", import.path("analysis"));
        let whole = Analyzed::mixed()?.document()?;
        let cut = whole.get(..whole.len() / 2).unwrap_or_default();
        assert_eq!(server.raw(Method::PUT, &analysis, "application/zstd", cut).await?.status, 400);
        assert_eq!(server.raw(Method::PUT, &analysis, "application/zstd", b"{}").await?.status, 400);
        Ok(())
    })
}

#[test]
fn the_last_step_names_what_was_sent_and_comes_once() -> Result<()> {
    on_sqlite(|server| async move {
        let image = Analyzed::mixed()?;
        let digest = image.digest();
        let mut import = Import::open(&server).await?;
        import.parts(&server, &image).await?;
        let good = import.body(&digest, &[TAG]);
        let changed = |path: &str, value: Value| {
            let mut body = good.clone();
            if let Some(place) = body.pointer_mut(&format!("/source/import/{path}")) {
                *place = value;
            }
            body
        };
        let none = format!("sha256:{}", "0".repeat(64));
        for (body, status, word) in [
            (changed("contents/packages", json!(none)), 400, "`packages`"),
            (changed("contents/manifest", json!("")), 400, "`contents.manifest`"),
            (changed("digest", json!("sha256:1")), 400, "is no digest"),
            (changed("tags", json!([])), 400, "`tags`"),
            (changed("tags", json!([format!("a@{digest}")])), 400, "is no tag"),
            (changed("tags", json!("a")), 400, "not what is expected"),
            (changed("operation_uuid", json!("00000000-0000-0000-0000-000000000000")), 404, "no import operation"),
        ] {
            let answered = server.post("/images", &body).await?;
            assert_eq!(answered.status, status, "{answered:?}");
            assert!(answered.message().contains(word), "{word}: {answered:?}");
        }
        server.post("/images", &good).await?.ok()?;
        assert_eq!(server.post("/images", &good).await?.status, 409);
        server.analyzed(&digest).await?;
        let late = server.raw(Method::POST, &import.path("dockerfile"), "text/plain", b"FROM a").await?;
        assert_eq!(late.status, 409, "{late:?}");
        Ok(())
    })
}

#[test]
fn operations_belong_to_their_account_and_end() -> Result<()> {
    on_both(|server| async move {
        let stranger = server.stranger().await?;
        let import = Import::open(&server).await?;
        for (method, path) in
            [(Method::GET, import.path("")), (Method::DELETE, import.path("")), (Method::GET, import.path("packages"))]
        {
            let answered = server.send(stranger, (method, &path), ("", Vec::new())).await?;
            assert_eq!(answered.status, 404, "{path}: {answered:?}");
        }
        let part = ("text/plain", b"FROM a".to_vec());
        assert_eq!(server.send(stranger, (Method::POST, &import.path("dockerfile")), part).await?.status, 404);
        assert_eq!(server.send(stranger, (Method::GET, "/imports/images"), ("", Vec::new())).await?.body, json!([]));
        assert_eq!(server.delete(&import.path("")).await?.ok()?["uuid"], import.uuid.as_str());
        assert_eq!(server.get(&import.path("")).await?.status, 404);
        assert_eq!(server.get("/imports/images/nonsense").await?.status, 404);

        // One whose time has passed.
        let tx = server.service.store().begin().await?;
        let admin = account::find(tx.db(), "admin").await?.context("no account")?;
        let before: Timestamp = "2026-01-02T03:04:05Z".parse()?;
        import::create(tx.db(), admin.id, "image", "e0e0e0e0-0000-4000-8000-000000000000", "admin", (before, before))
            .await?;
        tx.commit().await?;
        let path = "/imports/images/e0e0e0e0-0000-4000-8000-000000000000";
        assert_eq!(server.get(path).await?.ok()?["status"], "expired");
        let late = server.raw(Method::POST, &format!("{path}/dockerfile"), "text/plain", b"FROM a").await?;
        assert_eq!(late.status, 409);
        assert!(late.message().contains("expired"), "{late:?}");
        Ok(())
    })
}

#[test]
fn a_known_image_keeps_its_analysis_unless_it_is_forced() -> Result<()> {
    on_sqlite(|server| async move {
        let image = Analyzed::mixed()?;
        let digest = image.digest();
        imported(&server, &image, TAG).await?;
        let analyzed_at = |image: &Value| image["last_updated"].clone();
        let before = server.get(&format!("/images/{digest}")).await?.ok()?;
        let again = imported(&server, &image, "registry.example.org/app:2").await?;
        assert_eq!(again["image_detail"].as_array().map(Vec::len), Some(2), "the tag is added");
        let steps = |image: &Value| image["analysis_status_detail"].as_array().map(Vec::len);
        assert_eq!(steps(&before), steps(&again));
        let mut import = Import::open(&server).await?;
        import.parts(&server, &image).await?;
        server.post("/images?force=true", &import.body(&digest, &[TAG])).await?.ok()?;
        let forced = server.analyzed(&digest).await?;
        assert_ne!(analyzed_at(&before), analyzed_at(&forced));
        assert!(steps(&forced) > steps(&before));
        // Another account does not see it.
        let stranger = server.stranger().await?;
        let seen = server.send(stranger, (Method::GET, &format!("/images/{digest}")), ("", Vec::new())).await?;
        assert_eq!(seen.status, 404);
        Ok(())
    })
}

#[test]
fn a_servers_own_analysis_is_replaced_only_by_force_and_with_an_event() -> Result<()> {
    if std::env::var_os("STOPGATE_BIN").is_none()
        || !stopgate_testkit::have("docker-registry")
        || !stopgate_testkit::have("skopeo")
    {
        return Ok(());
    }
    on_sqlite(|server| async move {
        let image = Analyzed::mixed()?;
        let registry = Registry::start()?;
        registry.push("app", "1", &image.built)?;
        let tag = format!("{}/app:1", registry.host());
        server.post("/images", &json!({"source": {"tag": {"pull_string": tag}}})).await?.ok()?;
        let digest = image.digest();
        let own = server.analyzed(&digest).await?;
        assert_eq!(own["analysis_status"], "analyzed", "{own}");
        assert!(own["annotations"].get("stopgate.io/imported-by").is_none());
        let kept = imported(&server, &image, &tag).await?;
        assert!(kept["annotations"].get("stopgate.io/imported-by").is_none(), "{kept}");
        let events = "/events?event_type=user.image.analysis.replaced";
        assert_eq!(server.get(events).await?.ok()?["results"], json!([]));
        let mut import = Import::open(&server).await?;
        import.parts(&server, &image).await?;
        server.post("/images?force=true", &import.body(&digest, &[&tag])).await?.ok()?;
        let replaced = server.analyzed(&digest).await?;
        assert_eq!(replaced["annotations"]["stopgate.io/imported-by"], "admin");
        assert_eq!(server.get(events).await?.ok()?["results"].as_array().map(Vec::len), Some(1));
        Ok(())
    })
}

#[test]
fn only_our_own_document_has_our_own_operations() -> Result<()> {
    on_sqlite(|server| async move {
        let theirs = server.get("/openapi.json").await?.ok()?;
        let ours = server.get("/x/openapi.json").await?.ok()?;
        let paths =
            |document: &Value| document["paths"].as_object().map(|paths| paths.keys().cloned().collect::<Vec<_>>());
        let (theirs, ours) = (paths(&theirs).unwrap_or_default(), paths(&ours).unwrap_or_default());
        assert!(theirs.iter().all(|path| !path.starts_with("/x/")) && theirs.len() > 50);
        assert!(ours.contains(&"/x/imports/images/{operation_id}/analysis".to_owned()), "{ours:?}");
        assert!(ours.iter().all(|path| path.starts_with("/x/")));
        Ok(())
    })
}
