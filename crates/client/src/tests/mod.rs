//! What goes over the wire: paths, headers, bodies, repeats and errors, against a server that plays its part.

mod contract;

use std::time::Duration;

use serde_json::json;
use tokio::runtime::Runtime;
use uuid::Uuid;
use wiremock::matchers::{body_bytes, body_json, header, header_exists, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{AddOptions, CheckOptions, Client, Connection, ImportPart};

/// A server with its own threads, for a client that blocks.
struct Server {
    runtime: Runtime,
    server: MockServer,
}

impl Server {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MockServer::start());
        Self { runtime, server }
    }

    fn on(&self, mock: Mock) {
        self.runtime.block_on(mock.mount(&self.server));
    }

    fn client(&self) -> Client {
        let connection = Connection {
            url: self.server.uri(),
            password: Some("s3cret".to_owned().into()),
            account: Some("payments".to_owned()),
            retry_pause: Duration::ZERO,
            ..Connection::default()
        };
        Client::new(&connection).unwrap()
    }

    fn calls(&self) -> Vec<String> {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap();
        requests.iter().map(|request| format!("{} {}", request.method, request.url.path())).collect()
    }
}

fn digest(letter: &str) -> String {
    format!("sha256:{}", letter.repeat(64))
}

#[test]
fn credentials_and_account_go_with_the_first_call() {
    let server = Server::start();
    server.on(Mock::given(method("GET"))
        .and(path("/v2/policies"))
        .and(query_param("detail", "false"))
        // admin:s3cret
        .and(header("authorization", "Basic YWRtaW46czNjcmV0"))
        .and(header("x-anchore-account", "payments"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([]))));
    assert!(server.client().policy_list(false).unwrap().value.0.is_empty());
    assert_eq!(server.calls().len(), 1);
}

#[test]
fn without_a_password_and_an_account_no_header_says_so() {
    let server = Server::start();
    server.on(Mock::given(header_exists("authorization")).respond_with(ResponseTemplate::new(500)));
    server.on(Mock::given(header_exists("x-anchore-account")).respond_with(ResponseTemplate::new(500)));
    server.on(Mock::given(path("/v2/version"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"api": {"version": "2"}}))));
    let client = Client::new(&Connection { url: server.server.uri(), ..Connection::default() }).unwrap();
    let version = client.version().unwrap().value;
    assert_eq!(version.api.unwrap().version.as_deref(), Some("2"));
}

#[test]
fn a_reply_keeps_what_this_version_does_not_know() {
    let server = Server::start();
    let body = json!({"image_digest": digest("a"), "newer": {"key": 1}, "analysis_status": "analyzed"});
    server.on(Mock::given(path(format!("/v2/images/{}", digest("a"))))
        .respond_with(ResponseTemplate::new(200).set_body_json(&body)));
    let reply = server.client().image_get(&digest("a")).unwrap();
    assert_eq!(reply.raw, body);
    assert_eq!(reply.value.image_digest, Some(digest("a")));
}

#[test]
fn a_check_names_tag_and_policy() {
    let server = Server::start();
    server.on(Mock::given(path(format!("/v2/images/{}/check", digest("a"))))
        .and(query_param("tag", "docker.io/app:1 0"))
        .and(query_param("policy_id", "p-1"))
        .and(query_param("detail", "true"))
        .and(query_param("history", "false"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"evaluations": []}))));
    let options = CheckOptions {
        tag: "docker.io/app:1 0".to_owned(),
        policy_id: Some("p-1".to_owned()),
        detail: true,
        ..CheckOptions::default()
    };
    server.client().image_check(&digest("a"), &options).unwrap();
}

#[test]
fn a_registry_with_a_path_is_one_segment() {
    let server = Server::start();
    server.on(Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(204)));
    server.client().registry_delete("host:5000/team/app").unwrap();
    assert_eq!(server.calls(), ["DELETE /v2/registries/host:5000%2Fteam%2Fapp"]);
}

#[test]
fn what_may_be_repeated_is_repeated_when_the_server_is_busy() {
    let server = Server::start();
    let busy = ResponseTemplate::new(503).insert_header("retry-after", "0");
    server.on(Mock::given(method("GET")).respond_with(busy.clone()).up_to_n_times(2));
    server.on(Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_json(json!([]))));
    server.on(Mock::given(method("POST")).respond_with(busy));
    let client = server.client();
    client.feed_list().unwrap();
    assert_eq!(server.calls().len(), 3);
    assert_eq!(client.feed_sync(false).unwrap_err().status(), Some(503));
    assert_eq!(server.calls().len(), 4, "a POST is sent once");
}

#[test]
fn repeating_ends() {
    let server = Server::start();
    server.on(Mock::given(method("GET")).respond_with(ResponseTemplate::new(429)));
    assert_eq!(server.client().feed_list().unwrap_err().status(), Some(429));
    assert_eq!(server.calls().len(), 4);
}

#[test]
fn a_server_that_wants_too_much_patience_is_not_waited_for() {
    let server = Server::start();
    let later = ResponseTemplate::new(503).insert_header("retry-after", "3600");
    server.on(Mock::given(method("GET")).respond_with(later));
    server.client().feed_list().unwrap_err();
    assert_eq!(server.calls().len(), 1);
}

#[test]
fn errors_are_one_sentence_with_the_servers_words() {
    let server = Server::start();
    let body = json!({"code": 404, "message": "image not found", "detail": {"error_codes": ["X"]}, "httpcode": 404});
    server.on(Mock::given(method("GET")).respond_with(ResponseTemplate::new(404).set_body_json(body)));
    let error = server.client().image_get(&digest("a")).unwrap_err();
    assert_eq!(error.to_string(), format!("image not found (404 on `GET /v2/images/{}`); X", digest("a")));
}

#[test]
fn an_answer_of_another_shape_is_an_error() {
    let server = Server::start();
    server.on(Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_string("<html>")));
    let error = server.client().feed_list().unwrap_err().to_string();
    assert!(error.starts_with("the server's answer to `GET /v2/system/feeds` cannot be read"), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_named_without_credentials() {
    let connection = Connection {
        url: "http://me:s3cret@127.0.0.1:1".to_owned(),
        retry_pause: Duration::ZERO,
        ..Connection::default()
    };
    let error = Client::new(&connection).unwrap().version().unwrap_err().to_string();
    assert!(error.starts_with("cannot reach `http://127.0.0.1:1`: "), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_redirect_is_not_followed() {
    let server = Server::start();
    let elsewhere = ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:1/");
    server.on(Mock::given(method("GET")).respond_with(elsewhere));
    assert_eq!(server.client().feed_list().unwrap_err().status(), Some(302));
}

#[test]
fn parts_of_an_import_go_up_as_they_are() {
    let server = Server::start();
    let id = Uuid::nil();
    server.on(Mock::given(method("POST"))
        .and(path(format!("/v2/imports/images/{id}/manifest")))
        .and(header("content-type", "application/vnd.oci.image.manifest.v1+json"))
        .and(body_bytes(b"{ }".to_vec()))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"digest": digest("b")}))));
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let part =
        server.client().image_import_part(id, ImportPart::Manifest, media_type, b"{ }".as_slice().into()).unwrap();
    assert_eq!(part.value.digest, Some(digest("b")));
}

#[test]
fn a_server_without_analysis_documents_is_no_failure() {
    let server = Server::start();
    let id = Uuid::nil();
    assert!(server.client().image_import_analysis(id, "x".into()).unwrap().is_none());
    assert_eq!(server.calls(), [format!("PUT /v2/x/imports/images/{id}/analysis")]);
    server.on(Mock::given(method("PUT")).respond_with(ResponseTemplate::new(413)));
    assert_eq!(server.client().image_import_analysis(id, "x".into()).unwrap_err().status(), Some(413));
}

#[test]
fn the_analysis_document_is_named_beside_the_published_digests() {
    let server = Server::start();
    let request = json!({"source": {"import": {
        "operation_uuid": Uuid::nil(), "digest": digest("a"), "tags": ["docker.io/app:1"],
        "contents": {"packages": digest("b"), "image_config": digest("c"), "manifest": digest("d")},
    }}});
    let mut sent = request.clone();
    sent["source"]["import"]["contents"]["analysis"] = json!(digest("e"));
    let request: stopgate_api_types::image::ImageAnalysisRequest = serde_json::from_value(sent.clone()).unwrap();
    server.on(Mock::given(method("POST"))
        .and(path("/v2/images"))
        .and(query_param("force", "true"))
        .and(query_param("auto_subscribe", "false"))
        .and(body_json(&sent))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({}))));
    let options = AddOptions { force: true, auto_subscribe: false };
    server.client().image_add(&request, options).unwrap();
}
