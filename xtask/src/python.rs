//! A Python below the target folder, with the packages that read what the program writes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::run;

/// What reads OSCAL and JUnit, in exact versions.
const PACKAGES: [&str; 2] = ["compliance-trestle==5.2.0", "junitparser==5.0.3"];

/// Names the packages that a finished environment has.
const MARK: &str = "stopgate-packages.txt";

/// The Python of the environment, which is made when it is missing or has other packages.
///
/// `install` provides a package of Debian: without `python3-venv` its Python makes no environments.
pub(crate) fn provide(install: impl Fn(&[&str]) -> Result<()>) -> Result<PathBuf> {
    let folder = run::target().join("python");
    let (python, mark) = (folder.join("bin/python"), folder.join(MARK));
    let wanted = PACKAGES.join("\n");
    if python.is_file() && std::fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("the old environment of Python cannot be removed")?;
    }
    if let Err(error) = environment(&folder) {
        install(&["python3-venv"]).context(error)?;
        environment(&folder)?;
    }
    let mut words = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    words.extend(PACKAGES);
    run::program(&python.to_string_lossy(), &words)?;
    std::fs::write(&mark, wanted)?;
    Ok(python)
}

fn environment(folder: &Path) -> Result<()> {
    run::program("python3", &["-m", "venv", "--clear", &folder.to_string_lossy()])
}
