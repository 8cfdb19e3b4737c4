//! Helpers for tests: the program itself, a real registry, a real malware scanner, a real database, small images.
//!
//! What a test needs and the machine lacks is skipped loudly, and is a failure when `CI=true`.

pub mod hardened;
pub mod images;
pub mod jar;
pub mod postgres;

mod clamd;
mod program;
mod python;
mod registry;
mod s3;
mod server;

pub use clamd::{Clamd, eicar};
pub use program::{Run, Stopgate};
pub use python::Python;
pub use registry::Registry;
pub use s3::S3;
pub use server::Server;

/// Whether a program is on PATH. Missing: a failure when `CI=true`, else a line that says what was skipped.
///
/// # Panics
/// When the program is missing and `CI=true`.
#[expect(clippy::print_stderr, reason = "a skip must be heard")]
pub fn have(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(found || std::env::var("CI").as_deref() != Ok("true"), "`{program}` is not on PATH, and CI needs it");
    if !found {
        eprintln!("SKIPPED: `{program}` is not on PATH");
    }
    found
}

/// Text in base64, as credentials are written.
pub fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
