//! What an analysis is asked for: files whose content a policy reads, and searches in contents.

use std::fs;
use std::os::unix::fs::symlink;

use stopgate_analyzer::{AnalyzeOptions, analyze};
use stopgate_archive::write::{Entry, ImageBuilder, tar_of};
use stopgate_inspectors::ContentSearch;
use stopgate_model::{Artifact, GapClass, GapCode, limits};

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
        let found = codes(&analyze_with(&hidden, &asking(&["/etc/shadow"])).unwrap());
        assert!(!found.contains(&GapCode::RetrievedFileBytes), "{found:?}");
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

fn searching(entries: &[&str]) -> AnalyzeOptions<'static> {
    AnalyzeOptions { content_search: Some(ContentSearch::new(entries).unwrap()), ..AnalyzeOptions::default() }
}

/// Hits as `path NAME=regex lines`.
fn hits(artifact: &Artifact) -> Vec<String> {
    let hits = artifact.content.as_ref().unwrap().iter();
    hits.map(|hit| format!("{} {}={} {:?}", hit.path, hit.name, hit.pattern, hit.lines)).collect()
}

#[test]
fn contents_are_searched_on_demand_and_only_then() {
    let builder = ImageBuilder::new()
        .layer(vec![
            Entry::file("app/a", "token=1\nx\nTOKEN=2\n"),
            Entry::file("app/gone", "token"),
            Entry::hard_link("b", "app/a"),
        ])
        .layer(vec![Entry::file("etc/c", "x token"), Entry::whiteout("app/gone")]);
    let artifact = analyze_with(&builder, &searching(&["T=(?i)token", ".*token", "N=none"])).unwrap();
    assert_eq!(hits(&artifact), ["/app/a =.*token [1]", "/app/a T=(?i)token [1, 3]", "/etc/c =.*token [1]"]);
    let layers = &artifact.source.image().unwrap().layers;
    assert_eq!(artifact.content.as_ref().unwrap()[2].layer.as_ref(), Some(&layers[1].diff_id));
    assert_eq!(codes(&artifact), []);
    assert_eq!(analyze_with(&builder, &searching(&["N=none"])).unwrap().content, Some(Vec::new()));
    assert_eq!(analyze_with(&builder, &AnalyzeOptions::default()).unwrap().content, None);
}

#[test]
fn facts_of_one_search_are_not_those_of_another() {
    let builder = ImageBuilder::new().layer(vec![Entry::file("a", "one\ntwo\n")]);
    let folder = tempfile::tempdir().unwrap();
    let cached = |entries: &[&str]| {
        let options = AnalyzeOptions { cache: cache_in(folder.path()).cache, ..searching(entries) };
        hits(&analyze_with(&builder, &options).unwrap())
    };
    for _ in 0..2 {
        assert_eq!(cached(&["A=one"]), ["/a A=one [1]"]);
        assert_eq!(cached(&["A=two"]), ["/a A=two [2]"]);
        assert_eq!(cached(&["B=two", "A=one"]), ["/a A=one [1]", "/a B=two [2]"]);
        let plain = AnalyzeOptions { cache: cache_in(folder.path()).cache, ..AnalyzeOptions::default() };
        assert_eq!(analyze_with(&builder, &plain).unwrap().content, None);
    }
}

#[test]
fn what_is_not_searched_is_told() {
    let large = "x".repeat(limits::CONTENT_FILE_BYTES as usize + 1);
    let edge = format!("token{}", "x".repeat(limits::CONTENT_FILE_BYTES as usize - 5));
    let entries = vec![
        Entry::file("large", large),
        Entry::file("edge", edge),
        Entry::file("binary", "token\0"),
        Entry::file("b2", "\0"),
    ];
    let artifact = analyze_with(&ImageBuilder::new().layer(entries), &searching(&["T=token"])).unwrap();
    assert_eq!(hits(&artifact), ["/edge T=token [1]"]);
    let skipped = artifact.gaps.iter().filter(|gap| gap.code == GapCode::ContentFilesSkipped);
    let skipped: Vec<_> = skipped.map(|gap| (gap.class, gap.limit, gap.seen, gap.layer.is_some())).collect();
    let limit = Some(limits::CONTENT_FILE_BYTES);
    assert_eq!(skipped, [(GapClass::Note, limit, Some(1), false), (GapClass::Note, None, Some(2), true)]);
}

#[test]
fn contents_of_folders_and_single_files_are_searched_too() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("package-lock.json");
    fs::write(&lock, "{\"lockfileVersion\":3,\n \"packages\":{}}").unwrap();
    fs::write(folder.path().join("binary"), "a\0").unwrap();
    let options = searching(&["P=.*packages"]);
    let artifact = analyze(&opened("dir", folder.path()), &options).unwrap();
    assert_eq!(hits(&artifact), ["/package-lock.json P=.*packages [2]"]);
    assert!(codes(&artifact).contains(&GapCode::ContentFilesSkipped));
    let artifact = analyze(&opened("file", &lock), &options).unwrap();
    assert_eq!(hits(&artifact), ["/package-lock.json P=.*packages [2]"]);
}
