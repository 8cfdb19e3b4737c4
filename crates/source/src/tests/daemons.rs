//! Images of a daemon on a Unix socket.

use super::{layers, sample};
use crate::daemon::open_at;
use crate::registry::tests::server::{Answer, Asked, start_unix};
use crate::{Scheme, SourceError, SourceOptions};

fn serve(asked: &Asked) -> Answer {
    match asked.path.as_str() {
        "/images/team/app:1.0/json" => Answer::ok(br#"{"RepoDigests": ["example.com/team/app@sha256:00"]}"#),
        "/images/team/app:1.0/get" => Answer::ok(&sample().docker_archive().unwrap()),
        "/images/broken/json" => Answer::ok(b"{}"),
        "/images/broken/get" => Answer::ok(&[b'x'; 100]).cut(50),
        "/images/denied/json" => Answer::status(403),
        _ => Answer::status(404),
    }
}

#[test]
fn exports_an_image_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    start_unix(&socket, serve);
    let open = |name: &str| open_at(&socket, Scheme::Docker, name, &SourceOptions::default());
    let image = open("team/app:1.0").unwrap();
    assert_eq!(image.config, sample().config.bytes);
    assert_eq!(image.reference.to_string(), "docker.io/team/app:1.0");
    assert_eq!(image.repo_digests, ["example.com/team/app@sha256:00"]);
    assert_eq!(layers(&image).len(), 2);
    assert!(matches!(open("none"), Err(SourceError::MissingPart { .. })));
    for name in ["broken", "denied"] {
        assert!(matches!(open(name), Err(SourceError::Unreachable { .. })), "{name}");
    }
    let gone = open_at(&folder.path().join("none"), Scheme::Podman, "x", &SourceOptions::default());
    assert!(matches!(gone, Err(SourceError::Unreachable { .. })));
}
