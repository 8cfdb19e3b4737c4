//! `image add --from` and `source add`: what goes up, in which order, and what is named at the end.

use std::fs;

use serde_json::{Value, json};
use stopgate_archive::write::{Entry, ImageBuilder};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use super::{Server, digest, image};

const OPERATION: &str = "0b0e8400-e29b-41d4-a716-446655440000";

/// A server that takes every part and names it after its path.
fn server() -> Server {
    let server = Server::start();
    server.on("POST", "/v2/imports/images", &json!({"uuid": OPERATION, "status": "pending"}));
    let named = |request: &Request| {
        let part = request.url.path().rsplit('/').next().unwrap_or_default().to_owned();
        ResponseTemplate::new(200).set_body_json(json!({"digest": format!("digest of {part}")}))
    };
    server.mount(Mock::given(method("POST")).and(path_regex("^/v2/imports/images/.+/.+$")).respond_with(named));
    server.on("POST", "/v2/images", &image("not_analyzed"));
    server
}

fn takes_analyses(server: &Server) {
    let at = format!("/v2/x/imports/images/{OPERATION}/analysis");
    server.on("PUT", &at, &json!({"digest": "digest of analysis"}));
}

/// An archive with a package database, a key and a Dockerfile beside it.
fn archive(server: &Server) -> String {
    let status = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n\n";
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\n";
    let path = server.home.path().join("app.tar");
    ImageBuilder::new()
        .layer(vec![
            Entry::file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
            Entry::file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"),
            Entry::file("var/lib/dpkg/status", status),
            Entry::file("root/key.pem", key),
        ])
        .tag("local:1")
        .write_docker_archive(&path)
        .unwrap();
    path.display().to_string()
}

#[test]
fn an_archive_is_analysed_here_and_its_parts_go_up_in_order() {
    let server = server();
    takes_analyses(&server);
    let archive = archive(&server);
    let dockerfile = server.home.path().join("Dockerfile");
    fs::write(&dockerfile, "FROM debian\n").unwrap();
    let run = server.run(&format!("image add repo.example/app:v1 --from {archive} -d {}", dockerfile.display()));
    assert!(run.ok, "{run:?}");
    let up = format!("/v2/imports/images/{OPERATION}");
    assert_eq!(
        server.calls(),
        [
            "POST /v2/imports/images".to_owned(),
            format!("POST {up}/packages"),
            format!("POST {up}/manifest"),
            format!("POST {up}/image-config"),
            format!("POST {up}/dockerfile"),
            format!("POST {up}/secret-searches"),
            format!("POST {up}/file-contents"),
            format!("PUT /v2/x/imports/images/{OPERATION}/analysis"),
            "POST /v2/images?force=false&auto_subscribe=true".to_owned(),
        ]
    );
    let import = server.bodies("/v2/images")[0]["source"]["import"].clone();
    assert_eq!(import["tags"], json!(["repo.example/app:v1"]));
    assert_eq!(import["operation_uuid"], OPERATION);
    assert_eq!(import["contents"]["packages"], "digest of packages");
    assert_eq!(import["contents"]["analysis"], "digest of analysis");
    assert!(import["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(import["local_image_id"].as_str().unwrap().len(), 64);
    let packages = &server.bodies(&format!("{up}/packages"))[0];
    assert_eq!(packages["artifacts"][0]["name"], "bash");
    let secrets = &server.bodies(&format!("{up}/secret-searches"))[0];
    assert_eq!(secrets[0]["location"]["path"], "/root/key.pem");
    let hit =
        json!({"classification": "PRIV_KEY", "line_number": 1, "line_offset": 0, "seek_position": 0, "length": 0});
    assert_eq!(secrets[0]["content_searches"], json!([hit]));
    let lines: Vec<&str> = run.err.lines().map(|line| line.get(..20).unwrap_or(line)).collect();
    assert!(run.err.contains(" ✔ Analyzed Image locally") && run.err.contains(" ✔ Imported Image"), "{lines:?}");
}

#[test]
fn an_image_of_an_index_brings_the_index() {
    let server = server();
    let built = ImageBuilder::new().layer(vec![Entry::file("server", "x")]).build().unwrap();
    let folder = server.home.path().join("layout");
    built.write_oci_dir(&folder).unwrap();
    // The layout's own index names another one, which names the image, as for a pushed multi-platform image.
    let inner = fs::read(folder.join("index.json")).unwrap();
    let digest = stopgate_archive::digest_of(&inner);
    fs::write(folder.join("blobs/sha256").join(digest.hex()), &inner).unwrap();
    let media_type = "application/vnd.oci.image.index.v1+json";
    let outer = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": [
        {"mediaType": media_type, "digest": digest.to_string(), "size": inner.len()}]});
    fs::write(folder.join("index.json"), outer.to_string()).unwrap();
    let run = server.run(&format!("image add app:1 --from oci-dir:{}", folder.display()));
    assert!(run.ok, "{run:?}");
    let import = server.bodies("/v2/images")[0]["source"]["import"].clone();
    assert_eq!(import["parent_digest"], digest.to_string());
    assert_eq!(import["contents"]["parent_manifest"], "digest of parent-manifest");
    let sent = &server.bodies(&format!("/v2/imports/images/{OPERATION}/parent-manifest"))[0];
    assert_eq!(sent, &serde_json::from_slice::<Value>(&inner).unwrap());
}

#[test]
fn a_server_without_analysis_documents_gets_the_rest() {
    let server = server();
    let archive = archive(&server);
    let run = server.run(&format!("image add repo.example/app:v1 --from docker-archive:{archive}"));
    assert!(run.ok, "{run:?}");
    assert!(server.bodies("/v2/images")[0]["source"]["import"]["contents"].get("analysis").is_none());
}

#[test]
fn the_configuration_adds_searches() {
    let server = server();
    takes_analyses(&server);
    let archive = archive(&server);
    let config = "secret-search:\n  additional-patterns:\n    OS_NAME: 'ID=debian'\n  exclude-pattern-names: [PRIV_KEY]\n\
        content-search:\n  patterns:\n    ROOT: '^root:'\nanalyzer:\n  enable_hints: true\n";
    fs::write(server.home.path().join("anchorectl.yaml"), config).unwrap();
    let run = server.run(&format!("image add repo.example/app:v1 --from {archive}"));
    assert!(run.ok && run.err.contains("warning: content hints"), "{run:?}");
    let names = |part: &str| -> Vec<Value> {
        let body = server.bodies(&format!("/v2/imports/images/{OPERATION}/{part}"));
        let files = body[0].as_array().unwrap();
        files.iter().map(|file| file["content_searches"][0]["classification"].clone()).collect()
    };
    assert_eq!(names("secret-searches"), ["OS_NAME"]);
    assert_eq!(names("content-searches"), ["ROOT"]);
}

#[test]
fn an_sbom_on_standard_input_goes_up_as_it_is() {
    let server = server();
    let sbom = json!({"artifacts": [], "source": {"type": "image", "metadata": {
        "manifestDigest": digest("a"), "imageID": digest("b"), "manifest": "e30=", "config": "e30=",
        "mediaType": "application/vnd.oci.image.manifest.v1+json"}}})
    .to_string();
    let run = server.run_with("image add app:1 --from -", &[], &sbom);
    assert!(run.ok, "{run:?}");
    let up = format!("/v2/imports/images/{OPERATION}");
    assert_eq!(server.bodies(&format!("{up}/packages"))[0].to_string(), sbom);
    let import = server.bodies("/v2/images")[0]["source"]["import"].clone();
    assert_eq!(
        (import["digest"].as_str(), import["tags"][0].as_str()),
        (Some(digest("a").as_str()), Some("docker.io/app:1"))
    );
    assert!(!server.calls().iter().any(|call| call.contains("/analysis")), "{:?}", server.calls());
}

#[test]
fn a_refused_part_ends_the_import_and_gives_it_up() {
    let server = Server::start();
    server.on("POST", "/v2/imports/images", &json!({"uuid": OPERATION}));
    let up = format!("/v2/imports/images/{OPERATION}");
    server.fails("POST", &format!("{up}/packages"), 413, &json!({"message": "too large"}));
    server.on("DELETE", &up, &json!({}));
    let archive = archive(&server);
    let run = server.run(&format!("image add app:1 --from {archive}"));
    assert!(!run.ok && run.err.contains("\t* the import failed: too large (413 on"), "{run:?}");
    assert_eq!(server.calls().pop().unwrap(), format!("DELETE {up}"));
}

#[test]
fn a_source_revision_is_imported() {
    let server = Server::start();
    let up = format!("/v2/imports/sources/{OPERATION}");
    server.on("POST", "/v2/imports/sources", &json!({"uuid": OPERATION}));
    server.on("POST", &format!("{up}/sbom"), &json!({"digest": "digest of sbom"}));
    let source = json!({"uuid": OPERATION, "host": "github.com", "repository_name": "org/repo", "revision": "abc1234",
        "analysis_status": "analyzed", "source_status": "active"});
    server.on("POST", &format!("{up}/finalize"), &source);
    let line = "source add --branch main --author a@x.example --workflow-name build -t 2026-01-02T03:04:05Z --from - \
        https://github.com/org/repo@abc1234";
    let run = server.run_with(line, &[], "{\"artifacts\": []}");
    assert!(run.ok, "{run:?}");
    assert_eq!(
        server.bodies(&format!("{up}/finalize")),
        [json!({
            "ci_workflow_name": "build", "ci_workflow_execution_time": "2026-01-02T03:04:05Z", "host": "github.com",
            "repository_name": "org/repo", "branch_name": "main", "revision": "abc1234",
            "change_author": "a@x.example", "contents": {"sbom": "digest of sbom"},
        })]
    );
    assert!(run.out.starts_with(&format!("UUID: {OPERATION}\nHost: github.com\n")), "{}", run.out);
    assert_eq!(server.calls().len(), 3);
}

#[test]
fn the_embedded_scanner_answers_as_syft() {
    let server = Server::start();
    fs::write(server.home.path().join("Gemfile.lock"), "GEM\n  specs:\n    rack (3.0.0)\n").unwrap();
    let folder = server.home.path().display();
    let run = server.run(&format!("syft --source-name shop --source-version HEAD -o json {folder}"));
    assert!(run.ok && run.err.is_empty(), "{run:?}");
    let body = run.json();
    assert_eq!((&body["source"]["name"], &body["source"]["version"]), (&json!("shop"), &json!("HEAD")));
    assert_eq!(body["artifacts"][0]["name"], "rack");
}
