//! Images that are not what they say, or that want to exhaust their reader.

use std::io::Write;

use proptest::prelude::*;
use stopgate_analyzer::{AnalyzeError, AnalyzeOptions, analyze};
use stopgate_archive::write::{CompressionChoice, Entry, ImageBuilder, Layer, TarWriter, tar_of};
use stopgate_model::{FileKind, GapClass, GapCode, limits};
use stopgate_source::Opened;

use crate::{analyzed, codes, paths};

/// An OCI layout whose files were changed behind its back.
fn damaged(builder: &ImageBuilder, change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut files = builder.build().unwrap().oci_files().unwrap();
    change(&mut files);
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let spec = stopgate_source::SourceSpec::parse(&format!("oci-dir:{}", folder.path().display())).unwrap();
    let opened = stopgate_source::open(&spec, &stopgate_source::SourceOptions::default()).map_err(|e| e.to_string())?;
    match analyze(&opened, &AnalyzeOptions::default()) {
        Ok(_) => Ok(()),
        Err(error) => {
            assert!(error.is_integrity(), "{error}");
            Err(error.to_string())
        }
    }
}

fn one_file() -> ImageBuilder {
    ImageBuilder::new().layer(vec![Entry::file("a", vec![7; 100_000])])
}

/// The position of the layer's blob among the files of a layout: it is the longest.
fn layer_of(files: &[(String, Vec<u8>)]) -> usize {
    let blobs = files.iter().enumerate().filter(|(_, (name, _))| name.starts_with("blobs/"));
    let longest = blobs.max_by_key(|(_, (_, bytes))| bytes.len());
    longest.unwrap().0
}

#[test]
fn a_blob_with_another_digest_is_no_artifact() {
    let plain = one_file().compression(CompressionChoice::None);
    assert_eq!(damaged(&plain, |_| {}), Ok(()));
    let changed = damaged(&plain, |files| {
        let layer = layer_of(files);
        files[layer].1[600] ^= 1;
    });
    assert!(changed.unwrap_err().contains("is not what it says"));
    let cut = damaged(&plain, |files| {
        let layer = layer_of(files);
        files[layer].1.truncate(5000);
    });
    assert!(cut.is_err());
}

#[test]
fn corrupt_compression_is_no_artifact() {
    for compression in [CompressionChoice::Gzip, CompressionChoice::Zstd] {
        let random: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let builder = ImageBuilder::new().layer(vec![Entry::file("a", random)]).compression(compression);
        let changed = damaged(&builder, |files| {
            let layer = layer_of(files);
            let middle = files[layer].1.len() / 2;
            files[layer].1[middle] ^= 1;
        });
        assert!(changed.is_err(), "{compression:?}");
    }
}

#[test]
fn a_layer_that_inflates_to_something_else_is_no_artifact() {
    // Stored bytes and their digest are right; the configuration promises other content.
    let (folder, mut image) = crate::image_of(&one_file());
    image.layers[0].diff_id = stopgate_model::Digest::sha256(&[0; 32]);
    let error = analyze(&Opened::Image(image), &AnalyzeOptions::default()).unwrap_err();
    assert!(matches!(&error, AnalyzeError::WrongDiffId { .. }) && error.is_integrity(), "{error}");
    drop(folder);
}

#[test]
fn an_archive_that_breaks_off_is_a_gap_that_decides_nothing() {
    let whole = tar_of(&[Entry::file("a", "x"), Entry::file("b", vec![1; 3000])]);
    for cut in [whole.len() - 4000, 1300] {
        let mut builder = ImageBuilder::new();
        builder.layers.push(Layer::Tar(whole[..cut].to_vec()));
        let artifact = analyzed(&builder);
        assert_eq!(codes(&artifact), [GapCode::LayerUnreadable]);
        assert_eq!(artifact.gaps[0].class, GapClass::Undecidable);
        assert!(paths(&artifact).contains(&"/a"));
    }
    let mut builder = ImageBuilder::new();
    builder.layers.push(Layer::Tar(vec![9; 4096]));
    assert_eq!(codes(&analyzed(&builder)), [GapCode::LayerUnreadable]);
}

#[test]
fn a_layer_that_is_no_file_system_is_told_apart() {
    let mut builder = ImageBuilder::new();
    builder.layers.push(Layer::Tar(b"\0asm and more".repeat(100)));
    let (_folder, mut image) = crate::image_of(&builder);
    image.layers[0].media_type = "application/vnd.wasm.content.layer.v1+wasm".to_owned();
    let artifact = analyze(&Opened::Image(image), &AnalyzeOptions::default()).unwrap();
    assert_eq!(codes(&artifact), [GapCode::LayerNotFilesystem]);
}

#[test]
fn names_cannot_leave_the_root_and_links_stay_data() {
    let artifact = analyzed(&ImageBuilder::new().layer(vec![
        Entry::file("../../etc/shadow", "x"),
        Entry::file("/abs", "x"),
        Entry::symlink("up", "../../../../etc"),
        Entry::symlink("loop", "loop"),
        Entry::symlink("a/b", "../a/b/c"),
        Entry::hard_link("hard", "../../../etc/shadow"),
    ]));
    assert_eq!(paths(&artifact), ["/a/b", "/abs", "/etc/shadow", "/hard", "/loop", "/up"]);
    let files = artifact.files.unwrap();
    assert_eq!(files.resolve("/up/shadow").unwrap().unwrap().path, "/etc/shadow");
    assert!(files.resolve("/loop").is_err() && files.resolve("/a/b").is_err());
    assert_eq!((files.get("/hard").unwrap().size, files.get("/hard").unwrap().kind), (1, FileKind::HardLink));
}

#[test]
fn what_runtimes_put_in_different_places_is_told() {
    let link = || Entry::symlink("lib", "usr/lib");
    let one = ImageBuilder::new().layer(vec![link(), Entry::file("lib/x", "1")]);
    let two = ImageBuilder::new().layer(vec![link()]).layer(vec![Entry::file("lib/x", "1")]);
    for builder in [one, two] {
        let artifact = analyzed(&builder);
        assert_eq!((codes(&artifact), paths(&artifact)), (vec![GapCode::LayerAmbiguous], vec!["/lib/x"]));
        assert_eq!(artifact.gaps[0].path.as_deref(), Some("/lib"));
    }
    let mut builder = ImageBuilder::new();
    let mut bytes = tar_of(&[Entry::file("a", "x")]);
    bytes.extend(tar_of(&[Entry::file("b", "x")]));
    builder.layers.push(Layer::Tar(bytes));
    let artifact = analyzed(&builder);
    assert_eq!((codes(&artifact), paths(&artifact)), (vec![GapCode::LayerAmbiguous], vec!["/a"]));
}

#[test]
fn refused_paths_are_counted_not_listed_without_end() {
    let long = "x/".repeat(limits::PATH_PARTS as usize + 1);
    let entries = (0..200).map(|number| Entry::file(format!("{number}/{long}"), "")).collect();
    let artifact = analyzed(&ImageBuilder::new().layer(entries));
    assert!(artifact.gaps.iter().all(|gap| gap.code == GapCode::PathRefused));
    assert_eq!((artifact.gaps.len(), artifact.gaps.iter().filter_map(|gap| gap.seen).sum::<u64>()), (51, 150));
}

#[test]
fn devices_are_listed_and_nothing_is_opened() {
    let mut tar = TarWriter::new(Vec::new());
    tar.append(&Entry::file("f", "x")).unwrap();
    let mut bytes = tar.finish().unwrap();
    // Type flags of a device, a pipe and one of no known kind, with the checksum set right.
    for flag in *b"346" {
        let mut header = bytes[..512].to_vec();
        header[0] = flag;
        header[124..136].copy_from_slice(b"00000000000\0");
        header[156] = flag;
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        write!(&mut header[148..156], "{sum:06o}\0 ").unwrap();
        bytes.splice(0..0, header);
    }
    let mut builder = ImageBuilder::new();
    builder.layers.push(Layer::Tar(bytes));
    let files = analyzed(&builder).files.unwrap();
    let kinds: Vec<_> = files.iter().map(|entry| (entry.path, entry.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("/3", FileKind::CharDevice),
            ("/4", FileKind::BlockDevice),
            ("/6", FileKind::Fifo),
            ("/f", FileKind::Regular)
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a layer holds, there is an artifact, and where bytes make no sense there is a gap.
    #[test]
    fn any_bytes_give_an_artifact(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<prop::sample::Index>()) {
        let mut bytes = tar_of(&[
            Entry::directory("var/lib/dpkg"),
            Entry::file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n\n"),
            Entry::hard_link("link", "var/lib/dpkg/status"),
            Entry::symlink("etc/passwd", "../link"),
            Entry::whiteout("gone"),
            Entry::file("x".repeat(120), "long name"),
        ]);
        let whole = changes.is_empty();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let cut = if whole { bytes.len() } else { cut.index(bytes.len()) };
        bytes.truncate(cut);
        let mut builder = ImageBuilder::new();
        builder.layers.push(Layer::Tar(bytes));
        let artifact = analyzed(&builder);
        if whole {
            prop_assert_eq!(artifact.packages.len(), 1);
            prop_assert_eq!(artifact.retrieved.unwrap().len(), 1, "a link to a link to a file");
        }
    }
}
