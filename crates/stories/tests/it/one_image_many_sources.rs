//! The same image as archive, layout and from a real registry is the same image: one SBOM, one verdict.

use anyhow::Result;
use serde_json::Value;
use stopgate_testkit::{Registry, Stopgate, have, images};

/// The SBOM without the block that names the source.
fn content(stopgate: &Stopgate, source: &str) -> Result<Value> {
    let run = stopgate.run(["sbom", source, "-o", "syft-json"])?;
    assert_eq!(run.code, 0, "{source}: {}", run.stderr);
    let mut document = run.json()?;
    let id = document["source"]["id"].take();
    assert_eq!(id.as_str().map(str::len), Some(64), "{source}");
    if let Some(fields) = document.as_object_mut() {
        fields.remove("source");
    }
    Ok(document)
}

#[test]
fn archives_layouts_and_documents_agree() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let image = images::mixed()?;
    image.write_oci_archive(&stopgate.home().join("oci.tar"))?;
    image.write_docker_archive(&stopgate.home().join("docker.tar"))?;
    image.write_oci_dir(&stopgate.home().join("layout"))?;
    let first = content(&stopgate, "oci-archive:oci.tar")?;
    assert!(first["artifacts"].as_array().is_some_and(|rows| rows.len() >= 4), "{first:#}");
    for source in ["docker-archive:docker.tar", "oci-dir:layout", "oci.tar", "docker.tar", "layout"] {
        assert_eq!(content(&stopgate, source)?, first, "{source}");
    }
    let run = stopgate.run(["sbom", "oci.tar", "-o", "analysis=a.json.zst", "-q"])?;
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(content(&stopgate, "analysis:a.json.zst")?, first);
    Ok(())
}

#[test]
fn a_registry_gives_the_same_with_and_without_a_password() -> Result<()> {
    if !(have("docker-registry") && have("skopeo") && have("htpasswd")) {
        return Ok(());
    }
    let image = images::mixed()?.build()?;
    let plain = Stopgate::new()?;
    image.write_oci_dir(&plain.home().join("layout"))?;
    let wanted = content(&plain, "oci-dir:layout")?;
    let registry = Registry::start()?;
    registry.push("team/mixed", "1", &image)?;
    assert_eq!(content(&plain, &format!("registry:{}/team/mixed:1", registry.host()))?, wanted);
    let by_digest = format!("{}/team/mixed@{}", registry.host(), image.manifest.digest);
    assert_eq!(content(&plain, &by_digest)?, wanted);

    let closed = Registry::with_password()?;
    closed.push("team/mixed", "1", &image)?;
    let source = format!("{}/team/mixed:1", closed.host());
    let run = plain.run(["sbom", &source])?;
    assert_eq!(run.code, 2, "{}", run.text());
    let knows = Stopgate::new()?
        .variable("STOPGATE_REGISTRY_USERNAME", "tester")
        .variable("STOPGATE_REGISTRY_PASSWORD", "correct horse");
    assert_eq!(content(&knows, &source)?, wanted);
    Ok(())
}

#[test]
fn the_verdict_is_the_same_from_a_document() -> Result<()> {
    let stopgate = Stopgate::new()?;
    std::fs::create_dir_all(stopgate.home().join("osv"))?;
    images::mixed()?.write_oci_archive(&stopgate.home().join("oci.tar"))?;
    assert_eq!(stopgate.run(["sbom", "oci.tar", "-o", "analysis=a.json.zst"])?.code, 0);
    let verdict = |source: &str| -> Result<(i32, Value)> {
        let words = ["check", source, "--advisories", "osv", "--as-of", "2026-01-01", "-o", "json", "--tag", "x/y:1"];
        let run = stopgate.run(words)?;
        Ok((run.code, run.json()?["findings"].take()))
    };
    assert_eq!(verdict("analysis:a.json.zst")?, verdict("oci.tar")?);
    Ok(())
}
