//! `anchorectl version`.

use serde_json::json;

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::padded;
use crate::anchorectl::session::Session;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(session: &mut Session) -> Result<(), Failure> {
    let platform = format!("{}/{}", std::env::consts::OS, architecture());
    // COMPAT: scripts read the version of the embedded scanner under the name of Anchore's.
    let rows = [
        ("Application", "anchorectl".to_owned()),
        ("Version", VERSION.to_owned()),
        ("SyftVersion", VERSION.to_owned()),
        ("Platform", platform.clone()),
    ];
    let text = padded("", 20, &rows);
    let body = json!({
        "application": "anchorectl", "version": VERSION, "syft_version": VERSION, "platform": platform,
    });
    session.print(&Answer::new(body, text))
}

/// As image platforms spell it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
