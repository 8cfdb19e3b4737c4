//! Files whose content a policy reads.

use std::fs;
use std::os::unix::fs::symlink;

use stopgate_analyzer::{AnalyzeOptions, analyze};
use stopgate_archive::write::{Entry, ImageBuilder, tar_of};
use stopgate_model::{Artifact, GapCode, limits};

use crate::{analyze_with, cache_in, codes, opened};

fn asking(paths: &[&str]) -> AnalyzeOptions<'static> {
    AnalyzeOptions { retrieve: paths.iter().map(|path| (*path).to_owned()).collect(), ..AnalyzeOptions::default() }
}

/// Paths and contents of what was kept.
fn kept(artifact: &Artifact) -> Vec<(&str, &str)> {
    let files = artifact.retrieved.as_ref().unwrap().iter();
    files.map(|file| (file.path.as_str(), std::str::from_utf8(&file.content).unwrap())).collect()
}

/// Entries per layer, lowest first.
type Layers = Vec<Vec<Entry>>;

fn kept_of(layers: &[Vec<Entry>], paths: &[&str]) -> Vec<String> {
    let builder = layers.iter().fold(ImageBuilder::new(), |builder, layer| builder.layer(layer.clone()));
    let artifact = analyze_with(&builder, &asking(paths)).unwrap();
    assert_eq!(codes(&artifact), []);
    kept(&artifact).into_iter().map(|(path, content)| format!("{path} {content}")).collect()
}

#[test]
fn wanted_files_of_an_image_are_those_of_the_merged_tree() {
    let file = |path: &str, content: &str| Entry::file(path, content);
    let cases: &[(&str, Layers, &[&str])] = &[
        ("own name", vec![vec![file("etc/shadow", "s"), file("etc/passwd", "p")]], &["/etc/passwd p", "/etc/shadow s"]),
        ("nothing there", vec![vec![file("etc/shadow-", "s")]], &[]),
        ("an empty file is there", vec![vec![file("etc/shadow", "")]], &["/etc/shadow "]),
        (
            "the upper one counts",
            vec![vec![file("etc/shadow", "s")], vec![file("etc/shadow", "t")]],
            &["/etc/shadow t"],
        ),
        ("taken away", vec![vec![file("etc/shadow", "s")], vec![Entry::whiteout("etc/shadow")]], &[]),
        (
            "behind a link",
            vec![vec![file("x/y", "s")], vec![Entry::symlink("etc/shadow", "../x/y")]],
            &["/etc/shadow s"],
        ),
        (
            "behind a folder that is a link",
            vec![vec![file("c/shadow", "s"), Entry::symlink("etc", "c")]],
            &["/etc/shadow s"],
        ),
        (
            "behind a link to what is wanted, too",
            vec![vec![file("etc/passwd", "p"), Entry::symlink("etc/shadow", "passwd")]],
            &["/etc/passwd p", "/etc/shadow p"],
        ),
        ("a hard link", vec![vec![file("a", "s"), Entry::hard_link("etc/shadow", "a")]], &["/etc/shadow s"]),
        (
            "a hard link whose target was used again",
            vec![vec![file("a", "s"), Entry::hard_link("etc/shadow", "a"), file("a", "t")]],
            &["/etc/shadow s"],
        ),
        (
            "a link to a hard link whose target was used again",
            vec![vec![
                file("a", "s"),
                Entry::hard_link("b", "a"),
                file("a", "t"),
                Entry::symlink("etc/shadow", "../b"),
            ]],
            &["/etc/shadow s"],
        ),
        (
            "a hard link to a lower layer",
            vec![vec![file("a", "s")], vec![Entry::hard_link("etc/shadow", "a")], vec![Entry::whiteout("a")]],
            &["/etc/shadow s"],
        ),
        ("a folder", vec![vec![file("etc/shadow/x", "s")]], &[]),
        ("a circle", vec![vec![Entry::symlink("etc/shadow", "shadow")]], &[]),
    ];
    for (name, layers, expected) in cases {
        assert_eq!(kept_of(layers, &["/etc/shadow"]), *expected, "{name}");
    }
}

#[test]
fn facts_that_were_kept_without_a_file_are_not_taken_for_an_image_without_it() {
    let builder = ImageBuilder::new().layer(vec![Entry::file("etc/shadow", "s"), Entry::file("etc/passwd", "p")]);
    let folder = tempfile::tempdir().unwrap();
    let cached = |paths: &[&str]| {
        let options = AnalyzeOptions { cache: cache_in(folder.path()).cache, ..asking(paths) };
        let artifact = analyze_with(&builder, &options).unwrap();
        kept(&artifact).iter().map(|(path, _)| (*path).to_owned()).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(cached(&[]), ["/etc/passwd"]);
        assert_eq!(cached(&["/etc//shadow", "/etc/other"]), ["/etc/passwd", "/etc/shadow"]);
        assert_eq!(cached(&["/etc/other"]), ["/etc/passwd"]);
    }
    let files = fs::read_dir(folder.path()).unwrap().filter(|file| file.as_ref().unwrap().path().is_file());
    assert_eq!(files.count(), 3, "one per set of files");
}

#[test]
fn one_that_is_too_long_is_told_where_it_is_seen() {
    for size in [limits::RETRIEVED_FILE_BYTES + 1, limits::SECRET_FILE_BYTES + 1] {
        let long = vec![b'\n'; size as usize];
        let builder = ImageBuilder::new().layer(vec![Entry::file("etc/shadow", long)]);
        let artifact = analyze_with(&builder, &asking(&["/etc/shadow"])).unwrap();
        let gap = artifact.gaps.iter().find(|gap| gap.code == GapCode::RetrievedFileBytes).unwrap();
        assert_eq!((gap.path.as_deref(), gap.seen), (Some("/etc/shadow"), Some(size)));
        assert_eq!(kept(&artifact), []);
        let hidden = builder.layer(vec![Entry::file("etc/shadow", "s")]);
        assert_eq!(codes(&analyze_with(&hidden, &asking(&["/etc/shadow"])).unwrap()), []);
    }
}

#[test]
fn wanted_files_of_folders_and_archives_are_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("etc/shadow"), "s").unwrap();
    fs::write(root.join("etc/empty"), "").unwrap();
    symlink("shadow", root.join("etc/link")).unwrap();
    let options = asking(&["/etc/link", "/etc/empty", "/etc/none"]);
    let artifact = analyze(&opened("dir", &root), &options).unwrap();
    assert_eq!(kept(&artifact), [("/etc/empty", ""), ("/etc/link", "s")]);
    let plain = analyze(&opened("dir", &root), &AnalyzeOptions::default()).unwrap();
    assert_eq!(plain.source.id, artifact.source.id, "what is asked for is no part of what it is");
    let archive = folder.path().join("tree.tar");
    let entries = [Entry::file("etc/shadow", "s"), Entry::file("etc/empty", ""), Entry::symlink("etc/link", "shadow")];
    fs::write(&archive, tar_of(&entries)).unwrap();
    let artifact = analyze(&opened("file", &archive), &options).unwrap();
    assert_eq!(kept(&artifact), [("/etc/empty", ""), ("/etc/link", "s")]);
    let lock = folder.path().join("package-lock.json");
    fs::write(&lock, r#"{"lockfileVersion":3,"packages":{}}"#).unwrap();
    let artifact = analyze(&opened("file", &lock), &asking(&["/package-lock.json"])).unwrap();
    assert_eq!(kept(&artifact), [("/package-lock.json", r#"{"lockfileVersion":3,"packages":{}}"#)]);
}

#[test]
fn more_files_than_are_kept_are_told() {
    let paths: Vec<String> = (0..limits::RETRIEVED_FILES).map(|number| format!("/{number}")).collect();
    let options = AnalyzeOptions { retrieve: paths, ..AnalyzeOptions::default() };
    let artifact = analyze_with(&ImageBuilder::new().layer(vec![Entry::file("a", "x")]), &options).unwrap();
    assert_eq!(codes(&artifact), [GapCode::RetrievedFiles]);
}
