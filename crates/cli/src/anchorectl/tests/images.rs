//! `image`: submission by the server, waiting, records, vulnerabilities, content, SBOMs.

use std::fs;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use super::{Server, digest, image};

const TAG: &str = "docker.io/library/app:1.0";

fn one_image() -> Value {
    json!({"items": [image("analyzed")]})
}

fn found() -> Server {
    let server = Server::start();
    server.on_query("/v2/images", ("full_tag", TAG), &one_image());
    server
}

#[test]
fn the_server_pulls_an_image() {
    let server = Server::start();
    server.on("POST", "/v2/images", &image("not_analyzed"));
    let dockerfile = server.home.path().join("Dockerfile");
    fs::write(&dockerfile, "FROM debian\n").unwrap();
    let line = format!(
        "image add --no-auto-subscribe --force --annotation a=b --annotation c=d -d {} library/app:1.0",
        dockerfile.display()
    );
    let run = server.run(&line);
    assert!(run.ok, "{run:?}");
    let text = format!(
        "Image:\n  status:           not-analyzed (active)\n  tag:              {TAG}\n  digest:           {}\n  \
         id:               {}\n",
        digest("a"),
        "b".repeat(64)
    );
    assert_eq!(run.out, text);
    assert_eq!(run.err, format!(" ✔ Added Image                              {TAG}\n"));
    assert_eq!(server.calls(), ["POST /v2/images?force=true&auto_subscribe=false"]);
    assert_eq!(
        server.bodies("/v2/images"),
        [json!({
            "image_type": "docker", "annotations": {"a": "b", "c": "d"},
            "source": {"tag": {"pull_string": TAG, "dockerfile": "RlJPTSBkZWJpYW4K"}},
        })]
    );
}

#[test]
fn a_digest_is_added_with_its_tag() {
    let server = Server::start();
    server.on("POST", "/v2/images", &image("not_analyzed"));
    let run = server.run(&format!("image add host.example/app:1@{}", digest("a")));
    assert!(run.ok, "{run:?}");
    let source = server.bodies("/v2/images")[0]["source"]["digest"].clone();
    assert_eq!(source["pull_string"], format!("host.example/app@{}", digest("a")));
    assert_eq!(source["tag"], "host.example/app:1");
    assert!(source["creation_timestamp_override"].as_str().unwrap().ends_with('Z'));
    let run = server.run(&format!("image add host.example/app@{}", digest("a")));
    assert!(!run.ok && run.err.contains("has no tag to add it under"), "{run:?}");
}

#[test]
fn waiting_asks_until_the_analysis_is_done() {
    let server = Server::start();
    let at = format!("/v2/images/{}", digest("a"));
    server.on("POST", "/v2/images", &image("not_analyzed"));
    let answer = |status: &str| ResponseTemplate::new(200).set_body_json(image(status));
    let get = || Mock::given(method("GET")).and(path(at.clone()));
    // At first another process may be asked, which does not know the image yet.
    server.mount(get().respond_with(ResponseTemplate::new(404)).up_to_n_times(2));
    server.mount(get().respond_with(answer("analyzing")).up_to_n_times(2));
    server.mount(get().respond_with(answer("analyzed")));
    let run = server.run_with("image add library/app:1.0", &[("ANCHORECTL_IMAGE_WAIT", "true")], "");
    assert!(run.ok, "{run:?}");
    assert_eq!(server.calls().len(), 6);
    assert!(run.out.contains("  status:           analyzed (active)\n"), "{}", run.out);
    assert!(run.out.ends_with("  distro:           debian@12 (amd64)\n  layers:           14\n"), "{}", run.out);
}

#[test]
fn a_failed_analysis_is_a_failure() {
    let server = Server::start();
    server.on("POST", "/v2/images", &image("not_analyzed"));
    server.on("GET", &format!("/v2/images/{}", digest("a")), &image("analysis_failed"));
    let run = server.run("image add --wait library/app:1.0");
    assert!(!run.ok && run.err.contains(&format!("the analysis of the image `{}` failed", digest("a"))), "{run:?}");
    let run = server.run(&format!("image wait {}", digest("a")));
    assert!(!run.ok, "{run:?}");
}

#[test]
fn the_output_of_add_is_yaml_and_its_json_an_array() {
    let server = Server::start();
    server.on("POST", "/v2/images", &image("not_analyzed"));
    let text = server.run("image add library/app:1.0").out;
    let parsed: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(parsed["Image"]["digest"], digest("a"));
    let run = server.run_with("image add library/app:1.0", &[("ANCHORECTL_FORMAT", "json")], "");
    assert_eq!(run.json()[0]["imageDigest"], digest("a"));
    assert_eq!(run.json()[0]["annotations"], json!({"cost_center": "7"}));
    assert_eq!(server.run("image add library/app:1.0 -o id").out, digest("a") + "\n");
}

#[test]
fn an_image_is_added_to_an_application() {
    let server = Server::start();
    server.on("POST", "/v2/images", &image("not_analyzed"));
    server.on("GET", "/v2/applications", &json!([{"application_id": "A", "name": "shop"}]));
    let versions = json!([{"application_version_id": "V", "version_name": "v1"}]);
    server.on("GET", "/v2/applications/A/versions", &versions);
    server.on("POST", "/v2/applications/A/versions/V/artifacts", &json!({}));
    assert!(server.run("image add -a shop@v1 library/app:1.0").ok);
    let body = json!({"artifact_type": "image", "artifact_keys": {"image_digest": digest("a")}});
    assert_eq!(server.bodies("/v2/applications/A/versions/V/artifacts"), [body]);
    let run = server.run("image add -a shop library/app:1.0");
    assert!(!run.ok && run.err.contains("expected APP@VERSION"), "{run:?}");
}

#[test]
fn results_are_fetched_into_a_folder() {
    let server = Server::start();
    let at = format!("/v2/images/{}", digest("a"));
    server.on("POST", "/v2/images", &image("not_analyzed"));
    server.on("GET", &at, &image("analyzed"));
    for kind in ["native-json", "spdx-json", "cyclonedx-json"] {
        server.on("GET", &format!("{at}/sboms/{kind}"), &json!({"kind": kind}));
    }
    server.on("GET", &format!("{at}/content"), &json!(["os", "secret_search"]));
    server.on("GET", &format!("{at}/content/os"), &json!({"content_type": "os", "content": []}));
    server.on("GET", &format!("{at}/vuln/all"), &json!({"image_digest": digest("a"), "vulnerabilities": []}));
    server.on("GET", &format!("{at}/check"), &json!({"policy_id": "p", "evaluations": []}));
    let folder = server.home.path().join("out");
    let run = server.run(&format!("image add library/app:1.0 --get all={}", folder.display()));
    assert!(run.ok, "{run:?}");
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "content.json",
            "image-metadata.json",
            "policy-evaluation.json",
            "sbom.json",
            "sbomcyclonedx.json",
            "sbomspdx.json",
            "vulnerability.json"
        ]
    );
    let check = fs::read_to_string(folder.join("policy-evaluation.json")).unwrap();
    assert!(check.contains("\"policyId\": \"p\""), "{check}");
}

#[test]
fn a_record_is_shown() {
    let run = found().run("image get library/app:1.0");
    let text = format!(
        "Tag: {TAG}\nDigest: {0}\nParentDigest: {0}\nID: {1}\nAnalysis: analyzed\nStatus: active\n",
        digest("a"),
        "b".repeat(64)
    );
    assert_eq!(run.out, text);
    let body = found().run("-o json image get library/app:1.0").json();
    assert_eq!(body["imageDetail"][0]["imageId"], "b".repeat(64));
    assert_eq!(body["imageContent"]["metadata"]["layerCount"], 14);
    assert!(found().run("image get library/app:2").err.contains("404"));
}

#[test]
fn images_are_listed() {
    let server = Server::start();
    server.on("GET", "/v2/images", &one_image());
    let run = server.run("image list -s analyzed");
    assert!(run.out.contains("│ TAG ") && run.out.contains(TAG) && run.out.contains(&digest("a")), "{}", run.out);
    assert_eq!(server.calls(), ["GET /v2/images?image_status=active&analysis_status=analyzed&history=false"]);
    assert_eq!(server.run("image list -o json").json()[0]["imageDigest"], digest("a"));
    assert_eq!(server.run("image list -o json-raw").json(), one_image());
    assert_eq!(server.run("image list -o id").out, digest("a") + "\n");
    assert!(!server.run("image list -s done").ok);
}

fn vulnerability() -> Value {
    json!({
        "vuln": "CVE-2026-1", "severity": "High", "package_name": "openssl", "package_version": "3.0.1",
        "package_type": "dpkg", "feed_group": "debian:12", "fix": "3.0.2", "url": "https://x.example/1",
        "will_not_fix": false, "is_kev": true, "epss": [{"epss": 0.5, "percentile": 0.9}],
        "nvd_data": [{"id": "CVE-2026-1", "cvss_v3": {"base_score": 9.8}}],
    })
}

#[test]
fn vulnerabilities_in_every_format() {
    let server = found();
    let at = format!("/v2/images/{}/vuln/all", digest("a"));
    let body = json!({"image_digest": digest("a"), "vulnerability_type": "all", "vulnerabilities": [vulnerability()]});
    server.on("GET", &at, &body);
    let run = server.run("image vuln library/app:1.0");
    let text = "\
┌────────────┬──────────┬─────────┬─────────┬───────┬──────────────┬──────┬────────────┬────────────┬─────────────────────┐
│ ID         │ SEVERITY │ NAME    │ VERSION │ FIX   │ WILL NOT FIX │ TYPE │ FEED GROUP │ CVES       │ URL                 │
├────────────┼──────────┼─────────┼─────────┼───────┼──────────────┼──────┼────────────┼────────────┼─────────────────────┤
│ CVE-2026-1 │ High     │ openssl │ 3.0.1   │ 3.0.2 │ false        │ dpkg │ debian:12  │ CVE-2026-1 │ https://x.example/1 │
└────────────┴──────────┴─────────┴─────────┴───────┴──────────────┴──────┴────────────┴────────────┴─────────────────────┘
";
    assert_eq!(run.out, text);
    assert_eq!(run.err, " ✔ Fetched vulnerabilities                  [1 vulnerabilities]\n");
    let record = server.run("image vulnerabilities library/app:1.0 -o json").json()[0].clone();
    assert_eq!(record["nvdData"][0]["cvssV3"]["baseScore"], 9.8);
    assert_eq!(record["imageDigest"], digest("a"));
    // Readers want texts under these keys also when the server sent none.
    for key in ["packagePath", "packageCpe", "feed"] {
        assert_eq!(record[key], "", "{key}");
    }
    assert_eq!(server.run("image vulns library/app:1.0 -o json-raw").json(), body);
    let csv = server.run("image vulns library/app:1.0 -o csv").out;
    assert!(csv.ends_with("https://x.example/1,,,9.8,0.5,true\n"), "{csv}");
}

#[test]
fn kinds_and_options_of_vulnerabilities() {
    let server = found();
    let at = format!("/v2/images/{}/vuln", digest("a"));
    for kind in ["os", "non-os"] {
        server.on("GET", &format!("{at}/{kind}"), &json!({"vulnerabilities": [vulnerability()]}));
    }
    server.on("GET", &at, &json!(["os", "all", "non-os"]));
    assert_eq!(server.run("image vuln -a library/app:1.0").out, "all\nnon-os\nos\n");
    let run = server.run("image vuln -r --vendor-only=false -t os -t non-os -o json library/app:1.0");
    assert_eq!(run.json().as_array().unwrap().len(), 2);
    let call = server.calls().pop().unwrap();
    assert_eq!(call, format!("GET {at}/non-os?force_refresh=true&include_vuln_description=false&vendor_only=false"));
}

#[test]
fn content_has_a_title_and_a_table() {
    let server = found();
    let at = format!("/v2/images/{}", digest("a"));
    server.on("GET", &format!("{at}/content"), &json!(["os", "java"]));
    let java = json!({"content": [{"package": "log4j-core", "implementation-version": "2.14.1", "type": "JAVA-JAR",
        "location": "/app/x.jar", "version": "2.14.1"}]});
    server.on("GET", &format!("{at}/content/java"), &java);
    let secrets = json!([{"path": "/etc/key", "matches": [{"name": "PRIV_KEY", "regex": "x", "lines": [1, 9]}]}]);
    server.on("GET", &format!("{at}/artifacts/secret-search"), &secrets);
    assert_eq!(server.run("image content -a library/app:1.0").out, "java\nos\n");
    let run = server.run("image content -t java library/app:1.0");
    assert!(run.out.starts_with("Java Packages:\n┌") && run.out.contains("│ log4j-core │ 2.14.1 "), "{}", run.out);
    let run = server.run("image content -t secret_search library/app:1.0");
    let text = "Secret Search:\n┌─────────────┬──────────┬────────────┐\n│ SEARCH NAME │ PATH     │ AT LINE(S) │\n\
        ├─────────────┼──────────┼────────────┤\n│ PRIV_KEY    │ /etc/key │ 1, 9       │\n\
        └─────────────┴──────────┴────────────┘\n";
    assert_eq!(run.out, text);
}

#[test]
fn retrieved_files_go_into_an_archive() {
    let server = found();
    let at = format!("/v2/images/{}/artifacts/retrieved-files", digest("a"));
    server.on("GET", &at, &json!([{"path": "/etc/passwd", "b64_content": "cm9vdDp4"}]));
    let tar = server.home.path().join("files.tar");
    let line = format!("image content --file {} library/app:1.0", tar.display());
    assert!(server.run(&line).ok);
    let bytes = fs::read(&tar).unwrap();
    assert!(bytes.starts_with(b"etc/passwd\0") && bytes.windows(6).any(|part| part == b"root:x"));
    let run = server.run(&line);
    assert!(!run.ok && run.err.contains("--overwrite replaces it"), "{run:?}");
    assert!(server.run(&format!("{line} --overwrite")).ok);
}

#[test]
fn an_sbom_is_a_document_and_kinds_that_the_server_lacks_are_made_here() {
    let server = found();
    let at = format!("/v2/images/{}/sboms", digest("a"));
    let native = json!({
        "artifacts": [{"id": "1", "name": "bash", "version": "5.2", "type": "deb", "foundBy": "dpkg-db-cataloger",
            "locations": [], "licenses": [], "language": "", "cpes": [], "purl": "pkg:deb/debian/bash@5.2"}],
        "artifactRelationships": [], "files": [], "distro": {"id": "debian", "versionID": "12"},
        "source": {"id": "x", "name": "app", "version": "", "type": "directory", "metadata": {"path": "."}},
        "descriptor": {"name": "syft", "version": "1"},
        "schema": {"version": "16.0.0", "url": "https://x.example"},
    });
    server.on("GET", &format!("{at}/native-json"), &native);
    server.on("GET", &format!("{at}/spdx-json"), &json!({"spdxVersion": "SPDX-2.3"}));
    let line = "image sbom library/app:1.0";
    assert_eq!(server.run(line).json(), native);
    assert_eq!(server.run_with(line, &[("ANCHORECTL_FORMAT", "json")], "").json(), native);
    assert_eq!(server.run(&format!("{line} -o spdx-json")).json()["spdxVersion"], "SPDX-2.3");
    let xml = server.run(&format!("{line} -o cyclonedx-xml"));
    assert!(xml.out.contains("<name>bash</name>"), "{xml:?}");
    let tags = server.run(&format!("{line} -o spdx-tag-value"));
    assert!(tags.out.contains("PackageName: bash"), "{tags:?}");
    let table = server.run(&format!("{line} -o table"));
    assert!(table.out.starts_with("NAME") && table.out.contains("bash"), "{table:?}");
}

#[test]
fn ancestors_and_their_ends() {
    let server = found();
    let ancestors = json!([
        {"image_digest": digest("d"), "layers": ["l1", "l2"], "tags": ["host/mid:1"]},
        {"image_digest": digest("c"), "layers": ["l1"], "tags": ["host/base:1", "host/base:2"]},
    ]);
    server.on("GET", &format!("/v2/images/{}/ancestors", digest("a")), &ancestors);
    assert_eq!(server.run("image ancestors -b library/app:1.0 -o id").out, digest("c") + "\n");
    assert_eq!(server.run("image ancestor -p library/app:1.0 -o id").out, digest("d") + "\n");
    let text = server.run("image ancestors library/app:1.0").out;
    assert!(text.contains("│ ANCESTOR IMAGE DIGEST ") && text.contains("host/base:2"), "{text}");
}

#[test]
fn metadata_is_decoded() {
    let server = found();
    let at = format!("/v2/images/{}/metadata", digest("a"));
    server.on("GET", &format!("{at}/dockerfile"), &json!({"metadata": "RlJPTSBkZWJpYW4K"}));
    server.on("GET", &format!("{at}/docker_history"), &json!({"metadata": [{"CreatedBy": "ADD x"}]}));
    assert_eq!(server.run("image metadata -t dockerfile library/app:1.0").out, "FROM debian\n");
    assert!(server.run("image metadata -t docker_history library/app:1.0").out.contains("\"CreatedBy\": \"ADD x\""));
}

#[test]
fn deleting_says_what_became_of_each() {
    let server = found();
    let deleted = json!({"image_digest": digest("a"), "status": "deleting"});
    server.on("DELETE", &format!("/v2/images/{}", digest("a")), &deleted);
    assert!(server.run("image del -f library/app:1.0").ok);
    assert_eq!(server.calls().pop().unwrap(), format!("DELETE /v2/images/{}?force=true", digest("a")));
    let missing = json!({"image_digest": digest("c"), "status": "not_found"});
    server.on("DELETE", "/v2/images", &json!([deleted, missing]));
    let run = server.run(&format!("image delete {} {}", digest("a"), digest("c")));
    assert!(!run.ok && run.err.contains("was not deleted: not_found") && run.out.contains("deleting"), "{run:?}");
}

#[test]
fn a_vex_document_is_passed_on() {
    let server = found();
    server.on("GET", &format!("/v2/images/{}/vex/openvex", digest("a")), &json!({"@context": "openvex"}));
    assert_eq!(server.run("image vex library/app:1.0").json()["@context"], "openvex");
    assert!(server.run("image vex --format cyclonedx-xml library/app:1.0").err.contains("404"));
}
