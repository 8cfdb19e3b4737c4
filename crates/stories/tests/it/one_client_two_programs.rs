//! Pipelines call `anchorectl`: a program of its own, or `stopgate` under that name. Both are the same client.

use std::fs;

use anyhow::Result;
use stopgate_testkit::Stopgate;

/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

fn both() -> Result<[Stopgate; 2]> {
    Ok([Stopgate::anchorectl()?, Stopgate::new()?.called("anchorectl")?])
}

#[test]
fn both_say_the_same_version() -> Result<()> {
    let [alone, other] = both()?;
    let run = alone.run(["version"])?;
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.text().starts_with("Application:        anchorectl\n"), "{}", run.text());
    assert_eq!(other.run(["version"])?.stdout, run.stdout);
    Ok(())
}

#[test]
fn every_failure_ends_with_one() -> Result<()> {
    for client in both()? {
        let client = client.variable("ANCHORECTL_URL", NOWHERE).variable("STOPGATE_POLL_MS", "0");
        for arguments in [&["system", "status"][..], &["image", "add"], &["no-such-command"]] {
            let run = client.run(arguments)?;
            assert_eq!((run.code, run.text().as_str()), (1, ""), "{arguments:?}");
            assert!(run.stderr.starts_with("error: 1 error occurred:\n\t* "), "{}", run.stderr);
        }
    }
    Ok(())
}

#[test]
fn both_hold_the_scanner() -> Result<()> {
    for client in both()? {
        let folder = client.home().join("source");
        fs::create_dir(&folder)?;
        fs::write(folder.join("Gemfile.lock"), "GEM\n  specs:\n    rack (3.0.0)\n")?;
        let run = client.run(["syft", "-o", "json", "source"])?;
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.json()?["artifacts"][0]["name"], "rack");
    }
    Ok(())
}
