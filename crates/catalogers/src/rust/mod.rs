//! Rust crates: recorded in executables by cargo-auditable, and declared in `Cargo.lock`.

mod audit;
mod cargo_lock;

pub(crate) use audit::RUST_AUDIT;
pub(crate) use cargo_lock::RUST_LOCK;

use stopgate_model::Purl;

fn purl(name: &str, version: &str) -> String {
    Purl::new("cargo", "", name, version).to_string()
}
