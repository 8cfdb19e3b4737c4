//! Archives of `docker save`, of every age.

use std::fs;
use std::io::Write;

use serde_json::json;
use stopgate_archive::write::{CompressionChoice, Entry, tar_of};
use stopgate_archive::{HashingReader, digest_of};

use super::{builder, layers, open, open_path, sample};
use crate::{Platform, SourceError, SourceOptions};

#[test]
fn the_same_image_is_the_same_from_every_container() {
    let folder = tempfile::tempdir().unwrap();
    let built = sample();
    let (docker, oci, dir) = (folder.path().join("d.tar"), folder.path().join("o.tar"), folder.path().join("dir"));
    fs::write(&docker, built.docker_archive().unwrap()).unwrap();
    fs::write(&oci, built.oci_archive().unwrap()).unwrap();
    built.write_oci_dir(&dir).unwrap();
    let mut images = Vec::new();
    for (scheme, path) in [("docker-archive:", &docker), ("oci-archive:", &oci), ("oci-dir:", &dir)] {
        images.push(open_path(scheme, path).unwrap());
        images.push(open_path("", path).unwrap());
    }
    let first = &images[0];
    for image in &images {
        assert_eq!(image.config, built.config.bytes);
        assert_eq!(image.config_digest, built.config.digest);
        let ids: Vec<_> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        assert_eq!(ids, built.diff_ids);
        assert_eq!(layers(image), layers(first));
        assert_eq!(image.reference.to_string(), "example.com/team/app:1.0");
        assert_eq!(image.tags, ["example.com/team/app:1.0"]);
        assert_eq!(image.manifest_digest, digest_of(&image.manifest));
        assert_eq!(image.manifest_is_local, image.manifest_digest != built.manifest.digest);
    }
    assert!(images[0].manifest_is_local && !images[2].manifest_is_local);
}

#[test]
fn the_whole_archive_may_be_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&sample().docker_archive().unwrap()).unwrap();
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    for scheme in ["docker-archive:", ""] {
        assert_eq!(layers(&open_path(scheme, &path).unwrap()).len(), 2);
    }
}

/// An archive with these files and this `manifest.json`.
fn archive(mut files: Vec<Entry>, manifest: &serde_json::Value) -> tempfile::NamedTempFile {
    files.push(Entry::file("manifest.json", manifest.to_string()));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&tar_of(&files)).unwrap();
    file
}

#[test]
fn newer_archives_hold_a_layout_and_compressed_layers_are_named_by_their_digest() {
    let built = sample();
    let path = |digest: &stopgate_model::Digest| format!("blobs/sha256/{}", digest.hex());
    let files: Vec<Entry> =
        built.oci_files().unwrap().into_iter().map(|(name, bytes)| Entry::file(name, bytes)).collect();
    let names: Vec<String> = built.layers.iter().map(|layer| path(&layer.digest)).collect();
    let manifest = json!([{"Config": path(&built.config.digest), "RepoTags": ["a:1"], "Layers": names}]);
    let file = archive(files, &manifest);
    let image = open_path("", file.path()).unwrap();
    assert_eq!(image.tags, ["a:1"]);
    assert_eq!(image.layers[0].digest.as_ref(), Some(&built.layers[0].digest));
    assert_eq!(image.layers[0].media_type, "application/vnd.docker.image.rootfs.diff.tar.gzip");
    assert_eq!(layers(&image).len(), 2);
}

#[test]
fn compressed_layers_without_a_digest_in_their_name_are_hashed() {
    let built = sample();
    let files = vec![
        Entry::file("config.json", built.config.bytes.clone()),
        Entry::file("1.tar.gz", built.layers[0].bytes.clone()),
        Entry::file("2.tar.gz", built.layers[1].bytes.clone()),
    ];
    let manifest = json!([{"Config": "config.json", "RepoTags": null, "Layers": ["1.tar.gz", "2.tar.gz"]}]);
    let file = archive(files, &manifest);
    let image = open_path("docker-archive:", file.path()).unwrap();
    assert_eq!(image.layers[1].digest.as_ref(), Some(&built.layers[1].digest));
    assert_eq!(image.reference.to_string(), "*/*:*");
    assert_eq!(layers(&image).len(), 2);
}

#[test]
fn layers_may_be_links_to_others() {
    let built = builder().compression(CompressionChoice::None).build().unwrap();
    let files = vec![
        Entry::file("config.json", built.config.bytes.clone()),
        Entry::file("a/layer.tar", built.layers[0].bytes.clone()),
        Entry::file("c/layer.tar", built.layers[1].bytes.clone()),
        Entry::symlink("b/layer.tar", "../c/layer.tar"),
        Entry::symlink("loop", "loop"),
    ];
    let manifest = |second: &str| json!([{"Config": "config.json", "Layers": ["a/layer.tar", second]}]);
    let file = archive(files.clone(), &manifest("b/layer.tar"));
    assert_eq!(layers(&open_path("docker-archive:", file.path()).unwrap()).len(), 2);
    for missing in ["loop", "none", "../../etc/passwd"] {
        let file = archive(files.clone(), &manifest(missing));
        let error = open_path("docker-archive:", file.path()).unwrap_err();
        assert!(matches!(error, SourceError::MissingPart { .. }), "{error}");
    }
}

#[test]
fn one_of_several_images_is_chosen_by_its_tag() {
    let built = sample();
    let name = format!("{}.json", built.config.digest.hex());
    let files = vec![
        Entry::file(name.clone(), built.config.bytes.clone()),
        Entry::file("1", built.layers[0].bytes.clone()),
        Entry::file("2", built.layers[1].bytes.clone()),
    ];
    let row = |tag: &str| json!({"Config": name, "RepoTags": [tag], "Layers": ["1", "2"]});
    let file = archive(files, &json!([row("a:1"), row("b:2")]));
    let error = open_path("docker-archive:", file.path()).unwrap_err().to_string();
    assert!(error.contains("`a:1`, `b:2`"), "{error}");
    let options = SourceOptions::default();
    let one = open(&format!("docker-archive:{}:b:2", file.path().display()), &options).unwrap();
    assert_eq!(one.tags, ["b:2"]);
    assert!(open(&format!("docker-archive:{}:c", file.path().display()), &options).is_err());
}

#[test]
fn changed_configurations_and_layers_are_found() {
    let built = sample();
    let name = format!("{}.json", built.config.digest.hex());
    let changed = String::from_utf8(built.config.bytes.clone()).unwrap().replace("/app", "/bad");
    let manifest = json!([{"Config": name, "Layers": ["1", "2"]}]);
    let layers = |first: Vec<u8>| vec![Entry::file("1", first), Entry::file("2", built.layers[1].bytes.clone())];
    let mut files = layers(built.layers[0].bytes.clone());
    files.push(Entry::file(name.clone(), changed));
    let error = open_path("docker-archive:", archive(files, &manifest).path()).unwrap_err();
    assert!(error.is_integrity(), "{error}");
    // A layer that is stored as it is is verified by its diffID, which is hashed anyway.
    let mut files = layers(tar_of(&[Entry::file("evil", "x")]));
    files.push(Entry::file(name, built.config.bytes.clone()));
    let file = archive(files, &manifest);
    let image = open_path("docker-archive:", file.path()).unwrap();
    let mut reader = HashingReader::new(image.open_layer(0).unwrap());
    std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
    assert_ne!(reader.finish().0, image.layers[0].diff_id);
}

#[test]
fn damaged_and_foreign_archives_have_clear_errors() {
    let built = sample();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar");
    let whole = built.docker_archive().unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(open_path("docker-archive:", &path), Err(SourceError::Archive { .. })));
    fs::write(&path, "no tar at all").unwrap();
    assert!(matches!(open_path("docker-archive:", &path), Err(SourceError::Archive { .. })));
    fs::write(&path, tar_of(&[Entry::file("x", "y")])).unwrap();
    assert!(matches!(open_path("docker-archive:", &path), Err(SourceError::MissingPart { .. })));
    for manifest in [json!([]), json!({}), json!([{"Config": "none.json"}])] {
        assert!(open_path("docker-archive:", archive(Vec::new(), &manifest).path()).is_err());
    }
    fs::write(&path, &whole).unwrap();
    let wanted = SourceOptions { platform: Platform::parse("linux/s390x"), ..SourceOptions::default() };
    let error = open(&path.display().to_string(), &wanted).unwrap_err().to_string();
    assert!(error.contains("`linux/s390x`") && error.contains("`linux/amd64`"), "{error}");
}
