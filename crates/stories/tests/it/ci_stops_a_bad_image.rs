//! A pipeline asks whether an image may pass: exit codes, evidence and documents.

use anyhow::Result;
use serde_json::Value;
use stopgate_testkit::{Stopgate, images};

const OSV: &str = r#"{"id":"GHSA-jfh8-c2jp-5v3q","modified":"2024-01-01T00:00:00Z","aliases":["CVE-2021-44228"],
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
  "affected":[{"package":{"ecosystem":"Maven","name":"org.apache.logging.log4j:log4j-core"},
  "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.13.0"},{"fixed":"2.15.0"}]}]}]}"#;

fn advisories(stopgate: &Stopgate) -> Result<String> {
    let folder = stopgate.home().join("osv");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("log4shell.json"), OSV)?;
    Ok(folder.display().to_string())
}

fn archive(stopgate: &Stopgate, name: &str, image: &stopgate_archive::write::ImageBuilder) -> Result<String> {
    let path = stopgate.home().join(name);
    image.write_oci_archive(&path)?;
    Ok(format!("oci-archive:{}", path.display()))
}

#[test]
fn a_bad_image_stops_with_evidence_and_a_fix() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let source = archive(&stopgate, "mixed.tar", &images::mixed()?)?;
    let advisories = advisories(&stopgate)?;
    let run = stopgate.run(["check", &source, "--advisories", &advisories, "-o", "json"])?;
    assert_eq!(run.code, 1, "{}", run.stderr);
    let report = run.json()?;
    assert_eq!(report["schema"], "stopgate-check/1");
    assert_eq!(report["verdict"]["decision"], "stop");
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let stops = |gate: &str| findings.iter().filter(|f| f["gate"] == gate && f["action"] == "stop").count();
    assert!(stops("vulnerabilities") >= 1 && stops("dockerfile") >= 2, "{findings:#?}");
    let log4shell = findings.iter().find(|f| f["gate"] == "vulnerabilities" && f["action"] == "stop").cloned();
    let text = log4shell.unwrap_or(Value::Null).to_string();
    assert!(
        text.contains("log4j-core") && text.contains("2.15.0") && text.contains("/app/log4j-core-2.14.1.jar"),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_good_image_passes() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let source = archive(&stopgate, "good.tar", &images::good())?;
    let advisories = advisories(&stopgate)?;
    let run = stopgate.run(["check", &source, "--advisories", &advisories])?;
    assert_eq!(run.code, 0, "{}\n{}", run.text(), run.stderr);
    assert!(run.text().starts_with("PASS"));
    Ok(())
}

#[test]
fn without_data_it_could_not_be_decided() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let source = archive(&stopgate, "good.tar", &images::good())?;
    let run = stopgate.run(["check", &source])?;
    assert_eq!(run.code, 2, "{}\n{}", run.text(), run.stderr);
    assert!(run.text().contains("COULD NOT DECIDE"), "{}", run.text());
    Ok(())
}

#[test]
fn every_output_in_one_run() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let source = archive(&stopgate, "mixed.tar", &images::mixed()?)?;
    let advisories = advisories(&stopgate)?;
    let mut words = vec!["check", &source, "--advisories", &advisories, "-q"];
    for output in ["json=a.json", "csv=a.csv", "sarif=a.sarif", "junit=a.xml", "markdown=a.md", "text=a.txt"] {
        words.extend(["-o", output]);
    }
    assert_eq!(stopgate.run(words)?.code, 1);
    for name in ["a.json", "a.csv", "a.sarif", "a.xml", "a.md", "a.txt"] {
        let text = std::fs::read_to_string(stopgate.home().join(name))?;
        assert!(text.contains("log4j-core"), "{name}");
    }
    Ok(())
}

#[test]
fn a_source_tree_decides() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let tree = stopgate.home().join("tree");
    std::fs::create_dir_all(&tree)?;
    std::fs::write(
        tree.join("package-lock.json"),
        r#"{"name":"x","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"x","version":"1.0.0"},
           "node_modules/lodash":{"version":"4.17.21"}}}"#,
    )?;
    let advisories = advisories(&stopgate)?;
    let run = stopgate.run(["check", "tree", "--advisories", &advisories])?;
    assert_eq!(run.code, 0, "{}\n{}", run.text(), run.stderr);
    assert!(run.text().contains("1 packages") || run.text().contains("2 packages"), "{}", run.text());
    Ok(())
}

#[test]
fn wrong_words_end_with_two() -> Result<()> {
    let stopgate = Stopgate::new()?;
    for words in [&["check"][..], &["check", "x", "-o", "pdf"], &["check", "oci-archive:none.tar"], &["check", "a b"]] {
        let run = stopgate.run(words)?;
        assert_eq!(run.code, 2, "{words:?}: {}", run.stderr);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty());
    }
    let policy = stopgate.home().join("broken.json");
    std::fs::write(&policy, r#"{"id":"x","version":"2","rule_sets":[{"id":"a"}],"mapings":[]}"#)?;
    let run = stopgate.run(["check", ".", "-p", "broken.json"])?;
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("mapings"), "{}", run.stderr);
    Ok(())
}
