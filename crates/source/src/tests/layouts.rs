//! OCI layouts: choice of the platform, verification, limits, and what is no image.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use stopgate_archive::write::{Built, Entry, ImageBuilder};
use stopgate_archive::{Found, IntegrityError, digest_of};
use stopgate_model::limits;

use super::{open, open_path, read_layer, sample};
use crate::{Platform, SourceError, SourceOptions};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Writes a blob into a layout and describes it.
fn put(layout: &Path, media_type: &str, bytes: &[u8]) -> Value {
    let digest = digest_of(bytes);
    let folder = layout.join("blobs/sha256");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(digest.hex()), bytes).unwrap();
    json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
}

fn put_index(layout: &Path, members: &[Value]) -> Value {
    put(layout, INDEX, json!({"schemaVersion": 2, "manifests": members}).to_string().as_bytes())
}

fn root(layout: &Path, members: &[Value]) {
    fs::create_dir_all(layout).unwrap();
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    fs::write(layout.join("index.json"), json!({"schemaVersion": 2, "manifests": members}).to_string()).unwrap();
}

/// An image for a platform, put into a layout and described with it.
fn put_image(layout: &Path, os: &str, architecture: &str, variant: Option<&str>) -> Value {
    let mut builder = ImageBuilder::new().layer(vec![Entry::file(format!("{architecture}{variant:?}"), "x")]);
    builder = builder.config_field("os", json!(os)).config_field("architecture", json!(architecture));
    if let Some(variant) = variant {
        builder = builder.config_field("variant", json!(variant));
    }
    let built = builder.build().unwrap();
    for blob in built.blobs() {
        put(layout, &blob.media_type, &blob.bytes);
    }
    let mut member = put(layout, MANIFEST, &built.manifest.bytes);
    member["platform"] = json!({"os": os, "architecture": architecture, "variant": variant});
    member
}

fn options(platform: &str) -> SourceOptions {
    SourceOptions { platform: Platform::parse(platform), ..SourceOptions::default() }
}

fn architecture(layout: &Path, options: &SourceOptions) -> Result<String, SourceError> {
    let image = open(&format!("oci-dir:{}", layout.display()), options)?;
    let config: Value = serde_json::from_slice(&image.config).unwrap();
    Ok(format!("{}{}", config["architecture"].as_str().unwrap(), config["variant"].as_str().unwrap_or("")))
}

#[test]
fn the_platform_decides_and_what_there_is_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path();
    let machine = Platform::of_this_machine();
    let mut attestation = put_image(layout, "unknown", "unknown", None);
    attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let members = [
        attestation,
        put_image(layout, "linux", "arm", Some("v6")),
        put_image(layout, "linux", "arm", Some("v7")),
        put_image(layout, "linux", "s390x", None),
        put_image(layout, "linux", &machine.architecture, None),
    ];
    // As buildx writes it: an index in the index.
    root(layout, &[put_index(layout, &members)]);
    assert_eq!(architecture(layout, &SourceOptions::default()).unwrap(), machine.architecture);
    assert_eq!(architecture(layout, &options("linux/s390x")).unwrap(), "s390x");
    assert_eq!(architecture(layout, &options("linux/arm")).unwrap(), "armv7");
    assert_eq!(architecture(layout, &options("linux/arm/v6")).unwrap(), "armv6");
    let error = architecture(layout, &options("windows/amd64")).unwrap_err();
    let SourceError::Platform { available, .. } = &error else { panic!("{error}") };
    assert_eq!(available.len(), 4, "{available:?}");
    assert!(error.to_string().contains("`linux/arm/v6`"), "{error}");
}

#[test]
fn a_single_image_needs_no_choice_unless_one_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    root(folder.path(), &[put_image(folder.path(), "linux", "s390x", None)]);
    assert_eq!(architecture(folder.path(), &SourceOptions::default()).unwrap(), "s390x");
    assert!(matches!(architecture(folder.path(), &options("linux/amd64")), Err(SourceError::Platform { .. })));
}

#[test]
fn one_of_several_images_is_chosen_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    let machine = Platform::of_this_machine().architecture;
    let named = |name: &str, variant: &str| {
        let mut member = put_image(&layout, "linux", &machine, Some(variant));
        member["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        member
    };
    root(&layout, &[named("one", "v1"), named("two", "v2")]);
    let error = architecture(&layout, &SourceOptions::default()).unwrap_err();
    assert!(matches!(error, SourceError::SeveralImages { .. }), "{error}");
    let two = open(&format!("oci-dir:{}:two", layout.display()), &SourceOptions::default()).unwrap();
    assert_eq!((two.tags, two.reference.to_string()), (vec!["two".to_owned()], "*/*:two".to_owned()));
}

/// A layout with the sample image, after a change of its parts.
fn changed(change: impl FnOnce(&Path, &Built)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let built = sample();
    built.write_oci_dir(folder.path()).unwrap();
    change(folder.path(), &built);
    folder
}

fn blob(layout: &Path, digest: &stopgate_model::Digest) -> std::path::PathBuf {
    layout.join("blobs/sha256").join(digest.hex())
}

#[test]
fn documents_that_are_not_what_their_digest_says_are_errors() {
    for part in ["manifest", "config"] {
        let folder = changed(|layout, built| {
            let digest = if part == "manifest" { &built.manifest.digest } else { &built.config.digest };
            let mut bytes = fs::read(blob(layout, digest)).unwrap();
            let last = bytes.len() - 1;
            bytes[last] = b' ';
            fs::write(blob(layout, digest), bytes).unwrap();
        });
        let error = open_path("oci-dir:", folder.path()).unwrap_err();
        assert!(error.is_integrity(), "{part}: {error}");
    }
}

#[test]
fn layers_that_are_not_what_their_digest_says_fail_at_their_end() {
    type Case = (fn(&mut Vec<u8>), fn(&Found) -> bool);
    let cases: [Case; 3] = [
        (|bytes| bytes[50] ^= 1, |found| matches!(found, Found::Digest(_))),
        (|bytes| bytes.truncate(60), |found| matches!(found, Found::Short { .. })),
        (|bytes| bytes.push(0), |found| matches!(found, Found::Long { .. })),
    ];
    for (change, expected) in cases {
        let folder = changed(|layout, built| {
            let path = blob(layout, &built.layers[1].digest);
            let mut bytes = fs::read(&path).unwrap();
            change(&mut bytes);
            fs::write(path, bytes).unwrap();
        });
        let image = open_path("oci-dir:", folder.path()).unwrap();
        assert!(read_layer(&image, 0).is_ok());
        let error = read_layer(&image, 1).unwrap_err();
        let found = &IntegrityError::of(&error).unwrap().found;
        assert!(expected(found), "{found:?}");
    }
}

#[test]
fn a_blob_that_is_a_link_out_of_the_layout_is_not_read() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "secret").unwrap();
    let folder = changed(|layout, built| {
        let path = blob(layout, &built.layers[0].digest);
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(secret.path(), &path).unwrap();
    });
    let image = open_path("oci-dir:", folder.path()).unwrap();
    assert!(matches!(image.open_layer(0).err(), Some(SourceError::MissingPart { .. })));
}

#[test]
fn digests_cannot_lead_out_of_the_layout() {
    let folder = tempfile::tempdir().unwrap();
    for digest in ["sha256:../../../etc/passwd", "../x:00", "md5:00000000000000000000000000000000", ""] {
        root(folder.path(), &[json!({"mediaType": MANIFEST, "digest": digest, "size": 3})]);
        let error = open_path("oci-dir:", folder.path()).unwrap_err();
        assert!(matches!(error, SourceError::Malformed { .. }), "{error}");
    }
}

/// A layout whose one manifest is this.
fn with_manifest(manifest: &Value, config: &[u8]) -> Result<crate::Image, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "", config);
    root(folder.path(), &[put(folder.path(), MANIFEST, manifest.to_string().as_bytes())]);
    open_path("oci-dir:", folder.path())
}

fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest_of(bytes).to_string(), "size": bytes.len()})
}

#[test]
fn charts_and_signatures_are_no_images() {
    let config = br#"{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let image_config = described("application/vnd.oci.image.config.v1+json", config);
    for (config_type, layer_type) in [
        ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
        ("application/vnd.oci.image.config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json"),
        ("application/vnd.oci.empty.v1+json", "application/spdx+json"),
    ] {
        let mut described_config = image_config.clone();
        described_config["mediaType"] = json!(config_type);
        let manifest = json!({"schemaVersion": 2, "config": described_config, "layers": [described(layer_type, b"x")]});
        let error = with_manifest(&manifest, config).unwrap_err();
        assert!(matches!(error, SourceError::NotAnImage { .. }), "{error}");
    }
}

#[test]
fn limits_and_counts_are_checked() {
    let layer = described("application/vnd.oci.image.layer.v1.tar", b"x");
    let with_layers = |count: usize, ids: usize, size: u64| {
        let id = digest_of(b"x").to_string();
        let config = json!({"os": "linux", "rootfs": {"diff_ids": vec![id; ids]}}).to_string();
        let mut layer = layer.clone();
        layer["size"] = json!(size);
        let manifest = json!({
            "schemaVersion": 2,
            "config": described("application/vnd.oci.image.config.v1+json", config.as_bytes()),
            "layers": vec![layer; count],
        });
        with_manifest(&manifest, config.as_bytes())
    };
    let layers = limits::LAYERS as usize;
    assert!(with_layers(layers, layers, 1).is_ok());
    assert!(matches!(with_layers(layers + 1, layers + 1, 1), Err(SourceError::Limit { unit: "layers", .. })));
    assert!(matches!(with_layers(2, 1, 1), Err(SourceError::Malformed { .. })));
    assert!(with_layers(1, 1, limits::IMAGE_COMPRESSED_BYTES).is_ok());
    assert!(matches!(with_layers(1, 1, limits::IMAGE_COMPRESSED_BYTES + 1), Err(SourceError::Limit { .. })));
    assert!(matches!(with_layers(2, 2, u64::MAX), Err(SourceError::Limit { .. })));
}

#[test]
fn indexes_nest_and_grow_only_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path();
    let machine = Platform::of_this_machine().architecture;
    let mut member = put_image(layout, "linux", &machine, None);
    for depth in 1..=limits::INDEX_DEPTH {
        root(layout, std::slice::from_ref(&member));
        assert!(open_path("oci-dir:", layout).is_ok(), "{depth}");
        member = put_index(layout, &[member]);
    }
    root(layout, &[member]);
    assert!(matches!(open_path("oci-dir:", layout), Err(SourceError::Limit { unit: "levels", .. })));
    // Many indexes of many members: the members count together.
    let wide: Vec<Value> = (0..200)
        .map(|number| json!({"mediaType": MANIFEST, "digest": digest_of(&[number]).to_string(), "size": 1}))
        .collect();
    root(layout, &[put_index(layout, &wide), put_index(layout, &wide[1..])]);
    assert!(matches!(open_path("oci-dir:", layout), Err(SourceError::Limit { unit: "members", .. })));
}

#[test]
fn large_documents_are_not_read() {
    let folder = changed(|layout, built| {
        let mut bytes = built.config.bytes.clone();
        bytes.resize(limits::CONFIG_BYTES as usize + 1, b' ');
        let manifest = json!({"schemaVersion": 2, "config": put(layout, "", &bytes), "layers": []});
        root(layout, &[put(layout, MANIFEST, manifest.to_string().as_bytes())]);
    });
    assert!(matches!(open_path("oci-dir:", folder.path()), Err(SourceError::Limit { .. })));
    let mut index = b"{\"manifests\": []}".to_vec();
    index.resize(limits::MANIFEST_BYTES as usize + 1, b' ');
    fs::write(folder.path().join("index.json"), index).unwrap();
    assert!(matches!(open_path("oci-dir:", folder.path()), Err(SourceError::Limit { .. })));
}

#[test]
fn layers_are_read_from_several_threads_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    fs::write(&path, sample().oci_archive().unwrap()).unwrap();
    let image = open_path("oci-archive:", &path).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let image = &image;
            scope.spawn(move || read_layer(image, number % 2).unwrap());
        }
    });
}
