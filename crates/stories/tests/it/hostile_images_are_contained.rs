//! Images made to hurt: the answer is a verdict with named gaps, or a clear refusal, and nothing lands outside.

use std::io::Write as _;

use anyhow::Result;
use stopgate_archive::write::{CompressionChoice, Entry, ImageBuilder, Layer};
use stopgate_testkit::{Stopgate, images, jar};

fn sbom(stopgate: &Stopgate, image: &ImageBuilder) -> Result<stopgate_testkit::Run> {
    image.write_oci_archive(&stopgate.home().join("image.tar"))?;
    stopgate.run(["sbom", "oci-archive:image.tar", "-o", "syft-json", "-v"])
}

#[test]
fn a_truncated_layer_and_a_wrong_digest_are_no_verdict() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let built = images::mixed()?.build()?;
    built.write_oci_dir(&stopgate.home().join("layout"))?;
    let blob = stopgate.home().join("layout/blobs/sha256").join(built.layers[1].digest.hex());
    let whole = std::fs::read(&blob)?;
    for damaged in [whole[..whole.len() / 2].to_vec(), [&whole[..], b"x"].concat(), flipped(&whole)] {
        std::fs::write(&blob, damaged)?;
        let run = stopgate.run(["check", "oci-dir:layout"])?;
        assert_eq!(run.code, 2, "{}\n{}", run.text(), run.stderr);
        assert!(run.stdout.is_empty(), "{}", run.text());
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains("sha256:"), "{}", run.stderr);
    }
    Ok(())
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

#[test]
fn names_that_climb_and_links_that_circle_stay_inside() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let image = ImageBuilder::new().layer(vec![
        Entry::file("../../../outside", "x"),
        Entry::file("/absolute", "x"),
        Entry::symlink("a", "b"),
        Entry::symlink("b", "a"),
        Entry::symlink("etc", "../../../../../etc"),
        Entry::hard_link("gone", "nowhere"),
        Entry::file("app/package.json", r#"{"name":"still","version":"1.0.0"}"#),
    ]);
    let run = sbom(&stopgate, &image)?;
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.text().contains("\"still\""));
    assert!(!stopgate.home().join("outside").exists() && !std::path::Path::new("/outside").exists());
    Ok(())
}

#[test]
fn jars_inside_jars_end_in_a_named_gap() -> Result<()> {
    let stopgate = Stopgate::new()?;
    let mut inner = jar::maven("demo", "innermost", "1.0")?;
    for level in 0..200 {
        inner = jar::zip_of(&[(&format!("level{level}.jar"), &inner)])?;
    }
    let run = sbom(&stopgate, &ImageBuilder::new().layer(vec![Entry::file("app/deep.jar", inner)]))?;
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("nesting_depth"), "{}", run.stderr);
    Ok(())
}

#[test]
fn a_damaged_database_keeps_the_image_from_passing() -> Result<()> {
    let stopgate = Stopgate::new()?;
    std::fs::create_dir_all(stopgate.home().join("osv"))?;
    let image = images::good().layer(vec![
        Entry::file("etc/os-release", "ID=fedora\nVERSION_ID=40\n"),
        Entry::file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\0 and then nothing of the kind"),
    ]);
    image.write_oci_archive(&stopgate.home().join("image.tar"))?;
    let run = stopgate.run(["check", "image.tar", "--advisories", "osv"])?;
    assert_eq!(run.code, 2, "{}\n{}", run.text(), run.stderr);
    assert!(run.text().contains("database_unreadable"), "{}", run.text());
    Ok(())
}

#[test]
fn a_layer_of_zeros_inflates_without_filling_memory() -> Result<()> {
    let stopgate = Stopgate::new()?;
    // 256 MiB of zeros in one file: a few hundred kilobytes compressed.
    let size = 256 << 20;
    let mut tar = stopgate_archive::write::tar_of(&[Entry::file("zeros", "")]);
    tar.truncate(512);
    let digits = format!("{size:011o}\0");
    tar[124..136].copy_from_slice(digits.as_bytes());
    checksum(&mut tar);
    tar.resize(512 + size + 1024, 0);
    let image =
        ImageBuilder { layers: vec![Layer::Tar(tar)], compression: CompressionChoice::Gzip, ..ImageBuilder::default() };
    let run = sbom(&stopgate, &image)?;
    assert_eq!(run.code, 0, "{}", run.stderr);
    Ok(())
}

fn checksum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn garbage_is_refused_in_one_sentence() -> Result<()> {
    let stopgate = Stopgate::new()?;
    std::fs::write(stopgate.home().join("garbage.tar"), b"\x1f\x8b\x08\x00garbage garbage garbage")?;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"no archive at all")?;
    std::fs::write(stopgate.home().join("text.gz"), gz.finish()?)?;
    for source in
        ["oci-archive:garbage.tar", "docker-archive:garbage.tar", "docker-archive:text.gz", "sbom:garbage.tar"]
    {
        let run = stopgate.run(["check", source])?;
        assert_eq!(run.code, 2, "{source}: {}", run.stderr);
        assert!(run.stderr.starts_with("error: ") && !run.stderr.contains("panicked"), "{source}: {}", run.stderr);
    }
    Ok(())
}
