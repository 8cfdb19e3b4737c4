//! Capabilities of files, from the archives of layers to the tree.

use stopgate_analyzer::AnalyzeOptions;
use stopgate_archive::write::{Entry, ImageBuilder};
use stopgate_model::Artifact;

use crate::{analyze_with, analyzed, cache_in};

/// `cap_net_raw=ep`, as `setcap` writes it.
const NET_RAW: [u8; 20] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

fn ping(path: &str) -> Entry {
    Entry { capability: Some(NET_RAW.to_vec()), ..Entry::file(path, "ping").mode(0o755) }
}

fn capable(artifact: &Artifact) -> Vec<(&str, &[u8])> {
    artifact.files.as_ref().unwrap().capabilities().map(|(entry, raw)| (entry.path, raw)).collect()
}

#[test]
fn the_visible_file_says_what_it_may() {
    let lower = vec![ping("bin/again"), ping("bin/gone"), ping("bin/ping"), Entry::file("bin/ls", "ls")];
    let upper = vec![Entry::file("bin/again", "ping"), Entry::whiteout("bin/gone")];
    let image = ImageBuilder::new().layer(lower).layer(upper);
    assert_eq!(capable(&analyzed(&image)), [("/bin/ping", &NET_RAW[..])]);
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let options = AnalyzeOptions { cache: cache_in(folder.path()).cache, ..AnalyzeOptions::default() };
        assert_eq!(capable(&analyze_with(&image, &options).unwrap()), [("/bin/ping", &NET_RAW[..])]);
    }
}

#[test]
fn a_file_that_is_left_under_another_name_keeps_them() {
    let lower = vec![ping("bin/ping"), Entry::hard_link("bin/ping6", "bin/ping")];
    let image = ImageBuilder::new().layer(lower.clone());
    assert_eq!(capable(&analyzed(&image)), [("/bin/ping", &NET_RAW[..])], "one file, said once");
    let image = ImageBuilder::new().layer(lower).layer(vec![Entry::whiteout("bin/ping")]);
    assert_eq!(capable(&analyzed(&image)), [("/bin/ping6", &NET_RAW[..])]);
}

#[test]
fn an_attribute_of_any_length_is_told() {
    for length in [1, 64, 65, 4000] {
        let entry = Entry { capability: Some(vec![7; length]), ..Entry::file("x", "") };
        let artifact = analyzed(&ImageBuilder::new().layer(vec![entry]));
        assert_eq!(capable(&artifact), [("/x", &vec![7; length.min(64)][..])], "{length}");
    }
}
