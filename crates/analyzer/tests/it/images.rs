//! Images: what is seen of their layers, from the cache or not.

use std::fs;

use proptest::prelude::*;
use serde_json::json;
use stopgate_analyzer::{AnalyzeError, AnalyzeOptions, NamedFile, analyze, complete};
use stopgate_archive::digest_of;
use stopgate_archive::write::{CompressionChoice, Entry, ImageBuilder};
use stopgate_model::{DockerfileMode, FileKind, GapCode, ImageReference, PackageId, SearchHit, SourceKind};
use stopgate_source::Opened;

use crate::{analyze_with, analyzed, cache_in, codes, paths};

const OS_RELEASE: &str = "ID=debian\nVERSION_ID=\"12\"\n";

fn status(packages: &[(&str, &str)]) -> String {
    let paragraph = |(name, version): &(&str, &str)| {
        format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
    };
    packages.iter().map(paragraph).collect()
}

fn debian() -> ImageBuilder {
    ImageBuilder::new().layer(vec![
        Entry::directory("etc").mode(0o755),
        Entry::file("etc/os-release", OS_RELEASE),
        Entry::file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"),
        Entry::file("var/lib/dpkg/status", status(&[("bash", "5.2"), ("perl", "5.36")])),
        Entry::file("usr/bin/perl", "#!perl").mode(0o755),
        Entry::hard_link("usr/bin/perl5.36", "usr/bin/perl"),
        Entry::file("root/.aws", format!("aws_access_key_id = {}\n", "A".repeat(20))),
    ])
}

#[test]
fn a_document_gets_the_configuration_that_it_carries() {
    let mut artifact =
        analyzed(&debian().config_field("config", json!({"User": "0:0", "ExposedPorts": {"22/tcp": {}}})));
    let (config, dockerfile) = (artifact.config.take(), artifact.dockerfile.take());
    assert!(config.is_some());
    let mut document = artifact.clone();
    complete(&mut document, &AnalyzeOptions::default());
    assert_eq!((&document.config, &document.dockerfile), (&config, &dockerfile));
    let given = NamedFile { name: "Dockerfile".to_owned(), content: b"FROM scratch\nUSER 1\n".to_vec() };
    complete(&mut document, &AnalyzeOptions { dockerfile: Some(given), ..AnalyzeOptions::default() });
    assert_eq!(document.dockerfile.unwrap().mode, DockerfileMode::Actual);
    let SourceKind::Image(image) = &mut artifact.source.kind else { panic!("no image") };
    image.config = b"not JSON".to_vec();
    complete(&mut artifact, &AnalyzeOptions::default());
    assert!(codes(&artifact).contains(&GapCode::ConfigUnreadable), "{:?}", artifact.gaps);
    assert_eq!(artifact.config, None);
}

#[test]
fn the_topmost_database_is_the_one_that_counts() {
    let upper = vec![Entry::file("var/lib/dpkg/status", status(&[("bash", "5.3")])), Entry::whiteout("root/.aws")];
    for compression in [CompressionChoice::None, CompressionChoice::Gzip, CompressionChoice::Zstd] {
        let artifact = analyzed(&debian().layer(upper.clone()).compression(compression));
        let packages: Vec<_> = artifact.packages.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
        assert_eq!(packages, [("bash", "5.3")]);
        let image = artifact.source.image().unwrap();
        let location = artifact.packages[0].primary_location().unwrap();
        assert_eq!(location.layer.as_ref(), Some(&image.layers[1].diff_id));
        assert_eq!(artifact.distro.as_ref().unwrap().id, "debian");
        assert_eq!(artifact.secrets.as_deref(), Some(&[][..]));
        let hidden = artifact.hidden_secrets.as_ref().unwrap();
        let (deleted, layer) = (&hidden[0], Some(image.layers[0].diff_id.clone()));
        assert_eq!((hidden.len(), deleted.path.as_str(), &deleted.layer), (1, "/root/.aws", &layer));
        assert_eq!(codes(&artifact), []);
    }
}

#[test]
fn rows_have_digests_owners_and_layers() {
    let artifact = analyzed(&debian().layer(vec![Entry::file("usr/bin/new", "x").owner(3, 4).mode(0o4755)]));
    let files = artifact.files.unwrap();
    let perl = files.get("/usr/bin/perl").unwrap();
    let link = files.get("/usr/bin/perl5.36").unwrap();
    assert_eq!((link.kind, link.size, link.sha256), (FileKind::HardLink, perl.size, perl.sha256));
    assert_eq!(link.link, Some("/usr/bin/perl"));
    assert_eq!(hex(perl.sha256.unwrap()), digest_of(b"#!perl").hex());
    let new = files.get("/usr/bin/new").unwrap();
    assert_eq!((new.uid, new.gid, new.mode, new.layer, perl.layer), (3, 4, 0o4755, 1, 0));
}

fn hex(bytes: &[u8; 32]) -> String {
    stopgate_model::Digest::sha256(bytes).hex().to_owned()
}

#[test]
fn secrets_and_accounts_come_with_their_layer() {
    let artifact = analyzed(&debian());
    let layer = Some(artifact.source.image().unwrap().layers[0].diff_id.clone());
    let secrets = artifact.secrets.unwrap();
    assert_eq!((secrets.len(), secrets[0].path.as_str(), &secrets[0].layer), (1, "/root/.aws", &layer));
    assert_eq!((secrets[0].name.as_str(), secrets[0].lines.as_slice()), ("AWS_ACCESS_KEY", &[1][..]));
    let retrieved = artifact.retrieved.unwrap();
    assert_eq!((retrieved[0].path.as_str(), &retrieved[0].layer), ("/etc/passwd", &layer));
    assert!(retrieved[0].content.starts_with(b"root:"));
}

#[test]
fn secrets_that_later_layers_hide_are_found() {
    let key = "-----BEGIN PRIVATE KEY-----\n";
    let builder = ImageBuilder::new()
        .layer(vec![Entry::file("a/deleted", key), Entry::file("replaced", key), Entry::file("seen", key)])
        .layer(vec![Entry::whiteout("a"), Entry::file("replaced", "x"), Entry::file("twice", key)])
        .layer(vec![Entry::file("twice", format!("{key}{key}"))])
        .config_field("config", json!({"Env": [format!("API_KEY={}", "A".repeat(20))]}));
    let folder = tempfile::tempdir().unwrap();
    for options in [AnalyzeOptions::default(), cache_in(folder.path()), cache_in(folder.path())] {
        let artifact = analyze_with(&builder, &options).unwrap();
        let layers = &artifact.source.image().unwrap().layers;
        let place = |hit: &SearchHit| {
            let layer = layers.iter().position(|layer| Some(&layer.diff_id) == hit.layer.as_ref()).unwrap();
            (hit.path.clone(), layer)
        };
        let hidden: Vec<_> = artifact.hidden_secrets.as_ref().unwrap().iter().map(place).collect();
        let expected = [("/a/deleted", 0), ("/replaced", 0), ("/twice", 1)].map(|(path, at)| (path.to_owned(), at));
        assert_eq!(hidden, expected);
        let seen: Vec<_> = artifact.secrets.as_ref().unwrap().iter().map(place).collect();
        assert_eq!(seen, [("/seen".to_owned(), 0), ("/twice".to_owned(), 2)]);
        let config = artifact.config_secrets.as_ref().unwrap();
        assert_eq!((config.len(), config[0].field.as_str(), config[0].name.as_str()), (1, "API_KEY", "API_KEY"));
    }
}

#[test]
fn what_a_hard_link_keeps_alive_is_still_found() {
    let lower = vec![
        Entry::file("a/secret", "-----BEGIN PRIVATE KEY-----\n"),
        Entry::hard_link("b/kept", "a/secret"),
        Entry::file("c/secret", "-----BEGIN PRIVATE KEY-----\n"),
    ];
    let upper = vec![Entry::whiteout("a"), Entry::hard_link("d/kept", "c/secret"), Entry::whiteout("c")];
    let artifact = analyzed(&ImageBuilder::new().layer(lower).layer(upper));
    let found: Vec<_> = artifact.secrets.as_ref().unwrap().iter().map(|hit| hit.path.as_str()).collect();
    assert_eq!(found, ["/b/kept", "/d/kept"]);
    assert_eq!(artifact.hidden_secrets.as_deref(), Some(&[][..]), "they are seen under another name");
    assert_eq!(paths(&artifact), ["/b/kept", "/d/kept"]);
    assert_eq!(artifact.files.unwrap().get("/d/kept").unwrap().size, 28);
}

#[test]
fn a_hard_link_to_nothing_is_told() {
    let artifact = analyzed(&ImageBuilder::new().layer(vec![Entry::hard_link("a", "gone")]));
    assert_eq!(codes(&artifact), [GapCode::LinkDangling]);
}

#[test]
fn links_do_not_hide_databases_accounts_or_the_distribution() {
    let builder = ImageBuilder::new()
        .layer(vec![
            Entry::file("data/state", status(&[("bash", "5.2")])),
            Entry::file("data/db/status", status(&[("perl", "5.36")])),
            Entry::file("data/release", OS_RELEASE),
            Entry::file("data/accounts", "root:x:0:0::/:/bin/sh\n"),
        ])
        .layer(vec![
            Entry::symlink("etc/os-release", "../data/release"),
            Entry::symlink("etc/passwd", "/data/accounts"),
            Entry::symlink("var/lib/dpkg", "../../data/db"),
            Entry::symlink("srv/lib/dpkg/status", "../../../../data/state"),
        ]);
    let folder = tempfile::tempdir().unwrap();
    let options = cache_in(folder.path());
    let artifact = analyze_with(&builder, &options).unwrap();
    assert_eq!(artifact.distro.as_ref().unwrap().id, "debian");
    let names: Vec<_> = artifact.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["bash", "perl"]);
    let lower = Some(artifact.source.image().unwrap().layers[0].diff_id.clone());
    assert_eq!(artifact.packages[0].primary_location().unwrap().layer, lower);
    let retrieved = artifact.retrieved.as_ref().unwrap();
    assert_eq!((retrieved.len(), retrieved[0].path.as_str(), &retrieved[0].layer), (1, "/etc/passwd", &lower));
    assert_eq!(analyze_with(&builder, &options).unwrap(), artifact, "from the cache");
}

#[test]
fn the_source_is_described() {
    let reference = ImageReference::parse("quay.io/team/app:1").unwrap();
    let options = AnalyzeOptions {
        reference: Some(reference.clone()),
        user_input: "oci-archive:x.tar".to_owned(),
        ..AnalyzeOptions::default()
    };
    let builder =
        debian().config_field("config", json!({"User": "app", "Env": "broken"})).config_field("variant", json!("v8"));
    let artifact = analyze_with(&builder, &options).unwrap();
    let image = artifact.source.image().unwrap();
    assert_eq!((artifact.source.name.as_str(), &image.reference), ("quay.io/team/app", &reference));
    assert_eq!(artifact.source.id, image.layers[0].diff_id.hex(), "the chain id of one layer is its diffID");
    assert_eq!(artifact.source.version, image.manifest_digest.to_string());
    assert_eq!((image.variant.as_str(), image.size), ("v8", image.layers[0].size));
    assert_eq!(artifact.config.as_ref().unwrap().user, "app");
    assert_eq!(codes(&artifact), [GapCode::ConfigUnreadable]);
}

#[test]
fn a_dockerfile_is_given_or_guessed() {
    let history = json!([{"created_by": "/bin/sh -c #(nop)  CMD [\"bash\"]", "empty_layer": true}]);
    let builder = debian().config_field("history", history);
    let guessed = analyzed(&builder).dockerfile.unwrap();
    assert_eq!((guessed.mode, guessed.text.as_str()), (DockerfileMode::Guessed, "FROM scratch\nCMD [\"bash\"]\n"));
    let dockerfile = Some(NamedFile { name: "Dockerfile".to_owned(), content: b"FROM a\nUSER x".to_vec() });
    let options = AnalyzeOptions { dockerfile, ..AnalyzeOptions::default() };
    assert_eq!(analyze_with(&builder, &options).unwrap().dockerfile.unwrap().mode, DockerfileMode::Actual);
    assert!(analyzed(&debian()).dockerfile.is_none(), "without a history nothing can be guessed");
}

#[test]
fn a_hit_of_the_cache_equals_a_miss_and_damage_is_a_miss() {
    let builder = debian().layer(vec![Entry::file("srv/package.json", "{\"name\":\"x\",\"version\":\"1.0.0\"}")]);
    let folder = tempfile::tempdir().unwrap();
    let options = cache_in(folder.path());
    let cold = analyze_with(&builder, &options).unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    assert_eq!(files().count(), 2, "one file per layer");
    assert_eq!(analyze_with(&builder, &options).unwrap(), cold);
    assert_eq!(analyzed(&builder), cold);
    for path in files() {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    assert_eq!(analyze_with(&builder, &options).unwrap(), cold);
}

#[test]
fn a_known_layer_that_was_damaged_since_is_no_artifact() {
    let folder = tempfile::tempdir().unwrap();
    let options = cache_in(folder.path());
    let place = tempfile::tempdir().unwrap();
    let built = debian().compression(CompressionChoice::Gzip).build().unwrap();
    built.write_oci_dir(place.path()).unwrap();
    let opened = crate::opened("oci-dir", place.path());
    let cold = analyze(&opened, &options).unwrap();
    assert_eq!(analyze(&opened, &options).unwrap(), cold);
    let blob = place.path().join("blobs/sha256").join(built.layers[0].digest.hex());
    let whole = fs::read(&blob).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], b""] {
        fs::write(&blob, damaged).unwrap();
        assert!(analyze(&opened, &options).unwrap_err().is_integrity());
    }
    fs::remove_file(&blob).unwrap();
    assert!(analyze(&opened, &options).is_err());
    // Written anew, the same bytes lie in another file.
    fs::write(&blob, &whole).unwrap();
    assert_eq!(analyze(&opened, &options).unwrap(), cold);
}

#[test]
fn bytes_that_nobody_saw_holding_a_known_layer_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let options = cache_in(folder.path());
    let builder = debian().compression(CompressionChoice::Gzip);
    analyze_with(&builder, &options).unwrap();
    let (_known, known) = crate::image_of(&builder);
    let (_other, mut other) =
        crate::image_of(&ImageBuilder::new().layer(vec![Entry::file("a", "x")]).compression(CompressionChoice::Gzip));
    other.layers[0].diff_id = known.layers[0].diff_id.clone();
    let error = analyze(&Opened::Image(other), &options).unwrap_err();
    assert!(matches!(error, AnalyzeError::WrongDiffId { .. }), "{error}");
    // The same layer in another compression is the same layer.
    let plain = debian().compression(CompressionChoice::None);
    assert_eq!(analyze_with(&plain, &options).unwrap().packages, analyzed(&builder).packages);
}

#[test]
fn a_layer_that_stands_twice_is_walked_once_and_counts_twice() {
    let layer = vec![Entry::file("a", "x")];
    let artifact = analyzed(&ImageBuilder::new().layer(layer.clone()).layer(vec![Entry::whiteout("a")]).layer(layer));
    assert_eq!(artifact.files.as_ref().unwrap().get("/a").unwrap().layer, 2);
    assert_eq!(artifact.source.image().unwrap().layers.len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Layers give the same artifact as one layer with the squashed tree, layers and source aside.
    #[test]
    fn layers_equal_their_squashed_tree(layers in proptest::collection::vec(proptest::collection::vec((0..6_usize, 0..4_usize), 1..6), 1..4)) {
        const PATHS: [&str; 6] = ["etc/os-release", "var/lib/dpkg/status", "srv/package.json", "root/key", "srv", "etc/passwd"];
        let contents = |path: usize, version: usize| match path {
            0 => OS_RELEASE.to_owned(),
            1 => status(&[("bash", &format!("{version}"))]),
            2 => format!("{{\"name\":\"x\",\"version\":\"{version}.0.0\"}}"),
            3 => "-----BEGIN PRIVATE KEY-----".to_owned(),
            _ => format!("root:{version}"),
        };
        let mut tree = std::collections::BTreeMap::new();
        let mut builder = ImageBuilder::new();
        for rows in &layers {
            let mut entries = Vec::new();
            let mut own = std::collections::BTreeSet::new();
            for (path, version) in rows {
                let name = PATHS[*path];
                // One row per path and layer, and none below a file of the same layer.
                if own.iter().any(|other: &&str| name.starts_with(other) || other.starts_with(name)) {
                    continue;
                }
                own.insert(name);
                // What lies below a path, if only a whiteout, makes it a folder.
                tree.retain(|other: &&str, _| !other.starts_with(&format!("{name}/")) && !name.starts_with(&format!("{other}/")));
                tree.remove(name);
                if *version == 0 {
                    entries.push(Entry::whiteout(name));
                } else {
                    entries.push(Entry::file(name, contents(*path, *version)));
                    tree.insert(name, contents(*path, *version));
                }
            }
            builder = builder.layer(entries);
        }
        let squashed = ImageBuilder::new().layer(tree.into_iter().map(|(path, content)| Entry::file(path, content)).collect());
        let (mut many, mut one) = (analyzed(&builder), analyzed(&squashed));
        prop_assert_eq!(paths(&many), paths(&one));
        for artifact in [&mut many, &mut one] {
            for package in &mut artifact.packages {
                package.id = PackageId::default();
                package.locations.iter_mut().for_each(|location| location.layer = None);
                package.licenses.iter_mut().flat_map(|license| &mut license.locations).for_each(|location| location.layer = None);
            }
            artifact.secrets.as_mut().unwrap().iter_mut().for_each(|hit| hit.layer = None);
            artifact.retrieved.as_mut().unwrap().iter_mut().for_each(|file| file.layer = None);
            artifact.gaps.iter_mut().for_each(|gap| gap.layer = None);
        }
        prop_assert_eq!((many.packages, many.distro, many.secrets, many.retrieved, many.gaps), (one.packages, one.distro, one.secrets, one.retrieved, one.gaps));
    }
}
