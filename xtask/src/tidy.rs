//! Rules of style that no lint knows: every Rust file says what it is, and none grows without a reason.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::run;

const LONGEST: usize = 800;

/// Fails when a file does not begin with `//!`, or is longer than 800 lines without saying why there.
pub(crate) fn check() -> Result<()> {
    let mut faults = Vec::new();
    for folder in ["crates", "xtask"] {
        visit(&run::root().join(folder), &mut |path| {
            let text = std::fs::read_to_string(path)?;
            faults.extend(fault(&text).map(|fault| format!("{}: {fault}", path.display())));
            Ok(())
        })?;
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

fn fault(text: &str) -> Option<String> {
    if !text.starts_with("//!") {
        return Some("does not begin with `//!` and what it is".to_owned());
    }
    let lines = text.lines().count();
    let said = text.lines().take_while(|line| line.starts_with("//!")).any(|line| line.contains("lines because"));
    (lines > LONGEST && !said).then(|| format!("has {lines} lines; split it, or say `lines because …` in its `//!`"))
}

fn visit(folder: &Path, each: &mut impl FnMut(&Path) -> Result<()>) -> Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "testdata" | "target") {
            visit(&path, each)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_file_says_what_it_is_and_why_it_is_long() {
        assert!(fault("//! Nouns.\n").is_none());
        assert!(fault("use std;\n").is_some());
        let long = "x\n".repeat(900);
        assert!(fault(&format!("//! Nouns.\n{long}")).is_some());
        assert!(fault(&format!("//! Over 800 lines because it is a table.\n{long}")).is_none());
    }
}
