//! `cargo xtask test`: builds everything once, installs what the tests need where it may, runs all tests.

use anyhow::{Result, bail};

use crate::run;

/// A program that tests drive, and the Debian package that has it.
const NEEDED: &[(&str, &str)] = &[
    ("docker-registry", "docker-registry"),
    ("htpasswd", "apache2-utils"),
    ("skopeo", "skopeo"),
    ("rpm", "rpm"),
    ("rpmbuild", "rpm"),
    ("db5.3_load", "db5.3-util"),
    ("clamd", "clamav-daemon"),
];

/// Runs all tests with the workspace's features; further words go to the test runner.
pub(crate) fn run(rest: &[&str]) -> Result<()> {
    provide()?;
    run::cargo(&["build", "--workspace", "--all-targets", "--all-features"])?;
    let binary = run::built("debug");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut words = if run::on_path("cargo-nextest") { vec!["nextest", "run"] } else { vec!["test"] };
    // Every failure of a run counts, not only those of the first test binary.
    words.extend(["--workspace", "--all-targets", "--all-features", "--no-fail-fast"]);
    words.extend(rest);
    run::say(&format!("+ cargo {}", words.join(" ")));
    run::finish(run::command(&cargo, &words).env("STOPGATE_BIN", binary))
}

/// Installs the Debian packages that are missing, as root on Debian; elsewhere names them.
fn provide() -> Result<()> {
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| !run::on_path(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    if run::on_path("apt-get") && is_root() {
        run::program("apt-get", &["update", "-qq"])?;
        let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
        words.extend(&packages);
        return run::program("apt-get", &words);
    }
    if std::env::var("CI").is_ok_and(|value| value == "true") {
        bail!("tests need these programs, which are not on PATH: {}", packages.join(", "));
    }
    run::say(&format!("SKIPPED: tests that need {} (not on PATH)", packages.join(", ")));
    Ok(())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}
