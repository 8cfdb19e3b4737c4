//! Vulnerability data comes in whole or not at all, and what was there stays.

use anyhow::Result;
use stopgate_testkit::Stopgate;

const OSV: &str = r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2024-01-01T00:00:00Z","affected":[{"package":
  {"ecosystem":"npm","name":"left-pad"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.3.0"}]}]}]}"#;

#[test]
fn refusals_leave_the_old_data_in_place() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let folder = stopgate.home().join("osv");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("a.json"), OSV)?;
    assert_eq!(stopgate.run(["db", "status"])?.code, 2);
    let run = stopgate.run(["db", "build", "osv", "--as-of", "2026-01-01"])?;
    assert_eq!(run.code, 0, "{}", run.stderr);
    let before = stopgate.run(["db", "status", "-o", "json"])?;
    assert_eq!(before.code, 0, "{}", before.stderr);

    std::fs::write(stopgate.home().join("broken.tar.zst"), b"\x28\xb5\x2f\xfd and then garbage")?;
    let listing = r#"{"status":"active","schemaVersion":"v6.1.9","built":"2026-02-01T00:00:00Z",
        "path":"broken.tar.zst","checksum":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}"#;
    std::fs::write(stopgate.home().join("latest.json"), listing)?;
    for from in ["broken.tar.zst", "latest.json", "nowhere.tar.zst"] {
        let run = stopgate.run(["db", "import", from])?;
        assert_eq!(run.code, 2, "{from}");
        assert!(run.stderr.starts_with("error: ") && run.stderr.lines().count() <= 2, "{from}: {}", run.stderr);
    }
    std::fs::write(folder.join("b.json"), "{ not json")?;
    assert_eq!(stopgate.run(["db", "build", "osv"])?.code, 2);
    assert_eq!(stopgate.run(["db", "status", "-o", "json"])?.stdout, before.stdout);
    Ok(())
}
