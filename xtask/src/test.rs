//! `cargo xtask test`: builds everything once, installs what the tests need where it may, runs all tests.

use anyhow::{Result, bail};

use crate::{python, run};

/// A program that tests drive, and the Debian package that has it.
const NEEDED: &[(&str, &str)] = &[
    ("docker-registry", "docker-registry"),
    ("htpasswd", "apache2-utils"),
    ("skopeo", "skopeo"),
    ("rpm", "rpm"),
    ("rpmbuild", "rpm"),
    ("db5.3_load", "db5.3-util"),
    ("clamd", "clamav-daemon"),
    // Its server is not on PATH; the package that lists servers comes with it.
    ("pg_lsclusters", "postgresql"),
    ("python3", "python3"),
];

/// Runs all tests with the workspace's features; further words go to the test runner.
pub(crate) fn run(rest: &[&str]) -> Result<()> {
    provide()?;
    let python = readers()?;
    run::cargo(&["build", "--workspace", "--all-targets", "--all-features"])?;
    let binary = run::built("debug");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut words = if run::on_path("cargo-nextest") { vec!["nextest", "run"] } else { vec!["test"] };
    // Every failure of a run counts, not only those of the first test binary.
    words.extend(["--workspace", "--all-targets", "--all-features", "--no-fail-fast"]);
    words.extend(rest);
    run::say(&format!("+ cargo {}", words.join(" ")));
    let mut command = run::command(&cargo, &words);
    if let Some(python) = python {
        command.env("STOPGATE_PYTHON", python);
    }
    run::finish(command.env("STOPGATE_BIN", binary).env("ANCHORECTL_BIN", run::built_client()))
}

/// The Python that has the readers of our documents; none where it cannot be made, which fails when `CI=true`.
fn readers() -> Result<Option<std::path::PathBuf>> {
    match python::provide(install) {
        Ok(python) => Ok(Some(python)),
        Err(error) if in_ci() => Err(error.context("tests need a Python with the packages that read documents")),
        Err(error) => {
            run::say(&format!("SKIPPED: tests that need packages of Python ({error:#})"));
            Ok(None)
        }
    }
}

/// Installs the Debian packages that are missing, as root on Debian; elsewhere names them.
fn provide() -> Result<()> {
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| !run::on_path(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    if can_install() {
        return install(&packages);
    }
    if in_ci() {
        bail!("tests need these programs, which are not on PATH: {}", packages.join(", "));
    }
    run::say(&format!("SKIPPED: tests that need {} (not on PATH)", packages.join(", ")));
    Ok(())
}

/// Whether this is Debian, as root.
fn can_install() -> bool {
    let owner = |metadata: std::fs::Metadata| std::os::unix::fs::MetadataExt::uid(&metadata);
    run::on_path("apt-get") && std::fs::metadata("/proc/self").is_ok_and(|metadata| owner(metadata) == 0)
}

fn install(packages: &[&str]) -> Result<()> {
    if !can_install() {
        bail!("needs {}, which root can install on Debian", packages.join(", "));
    }
    run::program("apt-get", &["update", "-qq"])?;
    let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
    words.extend(packages);
    run::program("apt-get", &words)
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}
