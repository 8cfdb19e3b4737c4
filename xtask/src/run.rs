//! Starting programs, and where the project lies: the one place where xtask does either.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// What a build of this profile (`debug`, `release`) makes of the program.
pub(crate) fn built(profile: &str) -> PathBuf {
    target().join(profile).join("stopgate")
}

/// What a debug build makes of the program that holds the client commands alone.
pub(crate) fn built_client() -> PathBuf {
    target().join("debug").join("anchorectl")
}

/// Prints a line for the person who waits.
#[expect(clippy::print_stderr, reason = "the terminal is where xtask speaks")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// A program with its arguments, started in the root of the checkout.
#[expect(clippy::disallowed_methods, reason = "this is the module that starts programs")]
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a program to its end; an error when it fails.
pub(crate) fn program(program: &str, arguments: &[&str]) -> Result<()> {
    say(&format!("+ {program} {}", arguments.join(" ")));
    finish(&mut command(program, arguments))
}

/// Runs a prepared command to its end; an error when it fails.
pub(crate) fn finish(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("`{name}` cannot be started"))?;
    if !status.success() {
        bail!("`{name}` ended with {status}");
    }
    Ok(())
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), arguments)
}

/// Whether a program of this name is on PATH.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
