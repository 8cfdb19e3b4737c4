//! A small registry inside the test, with the faults that real ones have.

pub(crate) mod server;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use stopgate_archive::write::Built;
use stopgate_archive::{Found, IntegrityError};
use stopgate_model::ImageReference;

use self::server::{Answer, Asked, Server};
use super::http::Patience;
use super::open_with;
use crate::tests::{layers, read_layer, sample};
use crate::{Credentials, Image, SourceError, SourceOptions};

/// No pauses in tests.
const IMPATIENT: Patience = Patience { attempts: 3, pause: Duration::ZERO };

fn pull(server: &Server, options: &SourceOptions) -> Result<Image, SourceError> {
    pull_as(server, "team/app:1.0", options)
}

fn pull_as(server: &Server, name: &str, options: &SourceOptions) -> Result<Image, SourceError> {
    let reference = ImageReference::parse(&format!("{}/{name}", server.host())).unwrap();
    open_with(&reference, options, IMPATIENT)
}

fn user(name: &str, password: &str) -> SourceOptions {
    let (username, password) = (name.to_owned(), SecretString::from(password));
    SourceOptions { credentials: Some(Credentials::Basic { username, password }), ..SourceOptions::default() }
}

/// What a registry without faults answers.
fn serve(built: &Built, asked: &Asked) -> Answer {
    let path = asked.path.as_str();
    if path == "/v2/" {
        return Answer::ok(b"{}");
    }
    let Some(path) = path.strip_prefix("/v2/team/app/") else { return Answer::status(404) };
    let manifest = [format!("manifests/{}", built.manifest.digest), "manifests/1.0".to_owned()];
    if manifest.iter().any(|name| name == path) {
        return Answer::ok(&built.manifest.bytes).header("Docker-Content-Digest", &built.manifest.digest.to_string());
    }
    match built.blobs().into_iter().find(|blob| format!("blobs/{}", blob.digest) == path) {
        Some(blob) => Answer::ok(&blob.bytes).from(asked.range()),
        None => Answer::status(404),
    }
}

fn registry() -> (Arc<Built>, Server) {
    let built = Arc::new(sample());
    let shared = Arc::clone(&built);
    (built, Server::start(move |asked| serve(&shared, asked)))
}

#[test]
fn pulls_by_tag_and_digest_over_plain_http_on_this_machine() {
    let (built, server) = registry();
    for name in ["team/app:1.0".to_owned(), format!("team/app@{}", built.manifest.digest)] {
        let image = pull_as(&server, &name, &SourceOptions::default()).unwrap();
        assert_eq!((&image.manifest, &image.config), (&built.manifest.bytes, &built.config.bytes));
        assert!(!image.manifest_is_local);
        let ids: Vec<_> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        assert_eq!(ids, built.diff_ids);
        assert_eq!(layers(&image).len(), 2);
        assert_eq!(image.repo_digests, [format!("{}/team/app@{}", server.host(), built.manifest.digest)]);
    }
}

#[test]
fn what_is_not_there_is_named() {
    let (_, server) = registry();
    let error = pull_as(&server, "team/app:none", &SourceOptions::default()).unwrap_err();
    assert!(matches!(&error, SourceError::NotInRegistry { reference } if reference.ends_with("team/app:none")));
    let offline = SourceOptions { offline: true, ..SourceOptions::default() };
    assert!(matches!(pull(&server, &offline), Err(SourceError::Offline { .. })));
    assert_eq!(server.asked().iter().filter(|asked| !asked.path.contains("none")).count(), 1, "only the first look");
}

/// A registry that gives content only for a header.
fn guarded(wanted: &'static str, challenge: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Server {
    let built = sample();
    Server::start(move |asked| {
        if asked.path.starts_with("/token") {
            return token(asked);
        }
        if asked.path == "/v2/" || asked.header("authorization") == Some(wanted) {
            return serve(&built, asked);
        }
        Answer::status(401).header("WWW-Authenticate", &challenge(asked))
    })
}

/// Gives a token for user `me` with password `secret`, or to anyone who sends nothing.
fn token(asked: &Asked) -> Answer {
    match asked.header("authorization") {
        None => Answer::ok(br#"{"access_token": "anonymous"}"#),
        Some("Basic bWU6c2VjcmV0") => Answer::ok(br#"{"token": "mine"}"#),
        Some(_) => Answer::status(401),
    }
}

fn bearer(asked: &Asked) -> String {
    let host = asked.header("host").unwrap();
    format!(r#"Bearer realm="http://{host}/token",service="reg",scope="repository:team/app:pull""#)
}

#[test]
fn logs_in_with_basic_credentials() {
    let server = guarded("Basic bWU6c2VjcmV0", |_| "Basic realm=\"x\"".to_owned());
    assert_eq!(layers(&pull(&server, &user("me", "secret")).unwrap()).len(), 2);
    let error = pull(&server, &SourceOptions::default()).unwrap_err().to_string();
    assert!(error.contains("STOPGATE_REGISTRY_USERNAME"), "{error}");
    let error = pull(&server, &user("me", "wrong-secret")).unwrap_err().to_string();
    assert!(error.contains("not accepted") && !error.contains("wrong-secret"), "{error}");
}

#[test]
fn logs_in_with_tokens_anonymous_or_not_and_only_once() {
    let anonymous = guarded("Bearer anonymous", bearer);
    assert_eq!(layers(&pull(&anonymous, &SourceOptions::default()).unwrap()).len(), 2);
    let server = guarded("Bearer mine", bearer);
    assert_eq!(layers(&pull(&server, &user("me", "secret")).unwrap()).len(), 2);
    let tokens: Vec<_> = server.asked().into_iter().filter(|asked| asked.path.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].path, "/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull");
    assert!(matches!(pull(&server, &user("me", "wrong")), Err(SourceError::Denied { .. })));
    assert!(matches!(pull(&server, &SourceOptions::default()), Err(SourceError::Denied { .. })));
}

#[test]
fn sends_a_given_token_only_when_asked() {
    let server = guarded("Bearer given", bearer);
    let credentials = Some(Credentials::Token(SecretString::from("given")));
    let options = SourceOptions { credentials, ..SourceOptions::default() };
    assert!(pull(&server, &options).is_ok());
    assert!(server.asked()[0].header("authorization").is_none());
}

#[test]
fn exchanges_identity_tokens_of_the_docker_configuration() {
    let built = sample();
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/token" if asked.method == "POST" && asked.body.contains("refresh_token=identity&") => {
            Answer::ok(br#"{"access_token": "mine"}"#)
        }
        "/v2/" => Answer::ok(b""),
        _ if asked.header("authorization") == Some("Bearer mine") => serve(&built, asked),
        _ => Answer::status(401).header("WWW-Authenticate", &bearer(asked)),
    });
    let folder = tempfile::tempdir().unwrap();
    let config = json!({"auths": {server.host(): {"identitytoken": "identity"}}});
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let options = SourceOptions { docker_config: Some(folder.path().to_path_buf()), ..SourceOptions::default() };
    assert!(pull(&server, &options).is_ok());
}

#[test]
fn credentials_are_not_sent_to_a_token_server_elsewhere() {
    // `localhost` and `127.0.0.1` are different hosts.
    let thief = Server::start(token);
    let realm = format!("Bearer realm=\"http://localhost:{}/token\"", thief.port());
    let server = guarded("Bearer mine", move |_| realm.clone());
    let error = pull(&server, &user("me", "secret")).unwrap_err();
    assert!(matches!(error, SourceError::Denied { .. }), "{error}");
    assert!(!thief.asked().is_empty() && thief.asked().iter().all(|asked| asked.header("authorization").is_none()));
}

#[test]
fn redirects_are_followed_without_credentials() {
    let built = Arc::new(sample());
    let shared = Arc::clone(&built);
    let store = Server::start(move |asked| {
        let name = asked.path.split('?').next().unwrap_or_default();
        let blob = shared.blobs().into_iter().find(|blob| format!("/{}", blob.digest) == name);
        blob.map_or_else(|| Answer::status(404), |blob| Answer::ok(&blob.bytes).from(asked.range()))
    });
    let place = format!("http://{}", store.host());
    let server = Server::start(move |asked| {
        if asked.path != "/v2/" && asked.header("authorization") != Some("Basic bWU6c2VjcmV0") {
            return Answer::status(401).header("WWW-Authenticate", "Basic realm=\"x\"");
        }
        match asked.path.strip_prefix("/v2/team/app/blobs/") {
            Some(digest) => Answer::status(307).header("Location", &format!("{place}/{digest}?signature=s3cr3t")),
            None => serve(&built, asked),
        }
    });
    let image = pull(&server, &user("me", "secret")).unwrap();
    assert_eq!(layers(&image).len(), 2);
    assert!(store.asked().iter().all(|asked| asked.header("authorization").is_none()));
    assert_eq!(store.asked().len(), 3);
}

#[test]
fn redirects_end_and_hide_their_signature() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/" => Answer::ok(b""),
        _ => Answer::status(302).header("Location", "/again?signature=s3cr3t"),
    });
    let error = pull(&server, &SourceOptions::default()).unwrap_err().to_string();
    assert!(error.contains("redirects more than 5 times") && !error.contains("s3cr3t"), "{error}");
    let closed = Server::start(|_| Answer::status(200));
    let address = format!("http://{}/x?signature=s3cr3t", closed.host());
    drop(closed);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/v2/" => Answer::ok(b""),
        _ => Answer::status(302).header("Location", &address),
    });
    let error = pull(&server, &SourceOptions::default()).unwrap_err().to_string();
    assert!(error.contains("refused") && !error.contains("s3cr3t"), "{error}");
}

#[test]
fn documents_with_another_digest_are_errors() {
    let built = sample();
    let other = stopgate_archive::digest_of(b"other");
    // Asked for by digest, announced by the registry, or named by the manifest.
    let shared = built.clone();
    let wrong = other.to_string();
    let server = Server::start(move |asked| match asked.path.as_str() {
        path if path.contains(&wrong) => Answer::ok(&shared.manifest.bytes),
        path if path.ends_with("1.0") => Answer::ok(&shared.manifest.bytes).header("Docker-Content-Digest", &wrong),
        path if path.ends_with("2.0") => Answer::ok(&shared.manifest.bytes),
        path if path.contains("/blobs/") => Answer::ok(&shared.manifest.bytes),
        _ => Answer::ok(b""),
    });
    for name in [format!("team/app@{other}"), "team/app:1.0".to_owned(), "team/app:2.0".to_owned()] {
        let error = pull_as(&server, &name, &SourceOptions::default()).unwrap_err();
        assert!(error.is_integrity(), "{name}: {error}");
    }
}

/// The sample, with the answer for the second layer's blob changed.
fn with_layer(change: impl Fn(&Asked, Answer) -> Answer + Send + Sync + 'static) -> Server {
    let built = sample();
    let path = format!("/v2/team/app/blobs/{}", built.layers[1].digest);
    Server::start(move |asked| {
        let answer = serve(&built, asked);
        if asked.path == path { change(asked, answer) } else { answer }
    })
}

#[test]
fn a_blob_with_other_content_fails_at_its_end() {
    let server = with_layer(|_, mut answer| {
        answer.body[20] ^= 1;
        answer
    });
    let image = pull(&server, &SourceOptions::default()).unwrap();
    assert!(read_layer(&image, 0).is_ok());
    let error = read_layer(&image, 1).unwrap_err();
    assert!(matches!(IntegrityError::of(&error).unwrap().found, Found::Digest(_)));
}

#[test]
fn a_blob_that_is_shorter_in_the_registry_is_truncated_at_once() {
    let server = with_layer(|_, mut answer| {
        answer.body.truncate(50);
        answer
    });
    let image = pull(&server, &SourceOptions::default()).unwrap();
    let error = read_layer(&image, 1).unwrap_err();
    assert!(matches!(IntegrityError::of(&error).unwrap().found, Found::Short { seen: 50, .. }));
    assert_eq!(server.asked().iter().filter(|asked| asked.header("range").is_some()).count(), 0);
}

#[test]
fn a_broken_transfer_goes_on_where_it_stopped() {
    for ranges in [true, false] {
        let server = with_layer(move |asked, answer| match asked.header("range") {
            None => answer.cut(60),
            // The first continuation breaks, too.
            Some("bytes=60-") if ranges => answer.cut(40),
            Some(_) if ranges => answer,
            // A registry without ranges sends everything again.
            Some(_) => Answer { status: 200, body: answer.whole.clone(), ..answer },
        });
        let image = pull(&server, &SourceOptions::default()).unwrap();
        let size = image.layers[1].size;
        assert!(size > 100);
        assert_eq!(read_layer(&image, 1).unwrap(), size);
    }
}

#[test]
fn a_transfer_that_never_ends_well_is_an_error() {
    let server = with_layer(|_, answer| answer.cut(0));
    let image = pull(&server, &SourceOptions::default()).unwrap();
    let error = read_layer(&image, 1).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted, "{error}");
    assert!(IntegrityError::of(&error).is_none());
}

#[test]
fn temporary_errors_are_tried_again_and_lasting_ones_are_named() {
    let built = sample();
    let count = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |asked| {
        if asked.path.contains("manifests") && count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2 {
            return Answer::status(503).header("Retry-After", "20");
        }
        serve(&built, asked)
    });
    assert!(pull(&server, &SourceOptions::default()).is_ok());
    let server = Server::start(|_| Answer::status(503));
    let error = pull(&server, &SourceOptions::default()).unwrap_err().to_string();
    assert!(error.contains("it answers 503"), "{error}");
    let said = br#"{"errors": [{"code": "X", "message": "no \u0007quota"}]}"#;
    let server = Server::start(|_| Answer { status: 418, ..Answer::ok(said) });
    let error = pull(&server, &SourceOptions::default()).unwrap_err().to_string();
    assert!(error.contains("it answers 418 and says: no quota"), "{error}");
}

#[test]
fn answers_that_never_end_are_cut_off() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/" => Answer::ok(b""),
        _ => Answer::ok(&vec![b' '; stopgate_model::limits::MANIFEST_BYTES as usize + 1]),
    });
    let error = pull(&server, &SourceOptions::default()).unwrap_err();
    assert!(matches!(error, SourceError::Limit { .. }), "{error}");
}

#[test]
fn a_private_authority_needs_its_certificate() {
    let built = sample();
    let (server, authority) = Server::start_tls(move |asked| serve(&built, asked));
    let error = pull(&server, &SourceOptions::default()).unwrap_err().to_string();
    assert!(error.contains("certificate") && error.contains("--ca-file"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority).unwrap();
    let trusting = SourceOptions { ca_file: Some(path.clone()), ..SourceOptions::default() };
    assert_eq!(layers(&pull(&server, &trusting).unwrap()).len(), 2);
    let careless = SourceOptions { insecure_skip_tls_verify: true, ..SourceOptions::default() };
    assert!(pull(&server, &careless).is_ok());
    std::fs::write(&path, "no certificate").unwrap();
    let error = pull(&server, &trusting).unwrap_err().to_string();
    assert!(error.contains("--ca-file"), "{error}");
}

#[test]
fn foreign_layers_are_asked_for_at_the_registry_only() {
    let built = sample();
    let mut manifest: serde_json::Value = serde_json::from_slice(&built.manifest.bytes).unwrap();
    manifest["layers"][0]["mediaType"] = json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    manifest["layers"][0]["urls"] = json!(["http://127.0.0.1:1/elsewhere"]);
    let manifest = manifest.to_string();
    for present in [true, false] {
        let (built, manifest) = (built.clone(), manifest.clone());
        let server = Server::start(move |asked| match asked.path.as_str() {
            "/v2/team/app/manifests/1.0" => Answer::ok(manifest.as_bytes()),
            path if path.contains(built.layers[0].digest.hex()) && !present => Answer::status(404),
            _ => serve(&built, asked),
        });
        let image = pull(&server, &SourceOptions::default()).unwrap();
        assert_eq!((image.layers[0].foreign, image.layers[1].foreign), (true, false));
        assert_eq!(image.open_layer(0).is_ok(), present);
        assert!(image.open_layer(1).is_ok());
    }
}

#[test]
fn a_redirect_from_https_to_http_is_refused() {
    let plain = Server::start(|_| Answer::ok(b"{}"));
    let place = format!("http://{}/x", plain.host());
    let (server, _) = Server::start_tls(move |_| Answer::status(302).header("Location", &place));
    let careless = SourceOptions { insecure_skip_tls_verify: true, ..SourceOptions::default() };
    let error = pull(&server, &careless).unwrap_err().to_string();
    assert!(error.contains("from https to http"), "{error}");
    assert!(plain.asked().is_empty());
}

#[test]
fn a_layer_may_be_dropped_early() {
    let (_, server) = registry();
    let image = pull(&server, &SourceOptions::default()).unwrap();
    let mut layer = image.open_layer(1).unwrap();
    let mut start = [0; 10];
    layer.read_exact(&mut start).unwrap();
    drop(layer);
    drop(image);
}
