//! Folders and single files as sources.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use stopgate_analyzer::{AnalyzeOptions, analyze};
use stopgate_archive::write::{Entry, tar_of};
use stopgate_model::{FileKind, GapCode, SourceKind};

use crate::{codes, opened, paths};

#[test]
fn a_folder_is_read_without_leaving_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("src");
    fs::create_dir_all(root.join("web/node_modules/x")).unwrap();
    fs::write(root.join("web/key.pem"), "-----BEGIN PRIVATE KEY-----\n").unwrap();
    fs::write(folder.path().join("outside.pem"), "-----BEGIN PRIVATE KEY-----\n").unwrap();
    symlink("../outside.pem", root.join("link.pem")).unwrap();
    fs::write(
        root.join("web/package-lock.json"),
        r#"{"name":"w","lockfileVersion":3,"packages":{"":{"name":"w"},"node_modules/x":{"version":"1.2.3"}}}"#,
    )
    .unwrap();
    let artifact = analyze(&opened("dir", &root), &AnalyzeOptions::default()).unwrap();
    assert!(artifact.packages.iter().any(|package| package.name == "x" && package.version == "1.2.3"));
    let secrets: Vec<_> =
        artifact.secrets.as_ref().unwrap().iter().map(|hit| (hit.path.as_str(), hit.layer.clone())).collect();
    assert_eq!(secrets, [("/web/key.pem", None)]);
    let files = artifact.files.as_ref().unwrap();
    assert_eq!(files.get("/link.pem").unwrap().kind, FileKind::Symlink);
    assert!(matches!(&artifact.source.kind, SourceKind::Directory { path } if *path == root.display().to_string()));
    assert_eq!((artifact.source.id.len(), artifact.config.is_none()), (64, true));
    let again = analyze(&opened("dir", &root), &AnalyzeOptions { threads: 1, ..AnalyzeOptions::default() }).unwrap();
    assert_eq!(again, artifact);
}

#[test]
fn links_of_a_folder_give_names_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("real")).unwrap();
    fs::write(
        folder.path().join("real/lock"),
        r#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1.2.3"}}}"#,
    )
    .unwrap();
    symlink("real/lock", folder.path().join("package-lock.json")).unwrap();
    let artifact = analyze(&opened("dir", folder.path()), &AnalyzeOptions::default()).unwrap();
    assert!(artifact.packages.iter().any(|package| package.name == "x"));
}

#[test]
fn what_cannot_be_opened_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("closed");
    fs::write(&secret, "x").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&secret).is_ok() {
        return; // As root every file can be opened.
    }
    let artifact = analyze(&opened("dir", folder.path()), &AnalyzeOptions::default()).unwrap();
    assert_eq!(codes(&artifact), [GapCode::FileUnreadable]);
    assert_eq!(artifact.gaps[0].path.as_deref(), Some("/closed"));
}

#[test]
fn an_archive_as_a_file_is_looked_into() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tree.tar");
    let entries =
        [Entry::file("a/key.pem", "-----BEGIN PRIVATE KEY-----\n"), Entry::file("a/.wh.x", "no whiteout here")];
    fs::write(&path, tar_of(&entries)).unwrap();
    let artifact = analyze(&opened("file", &path), &AnalyzeOptions::default()).unwrap();
    assert_eq!(paths(&artifact), ["/a/.wh.x", "/a/key.pem"]);
    assert_eq!(artifact.secrets.unwrap().len(), 1);
}

#[test]
fn a_file_that_is_a_package_is_read_as_one_and_another_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("package-lock.json");
    fs::write(
        &lock,
        r#"{"name":"w","lockfileVersion":3,"packages":{"":{"name":"w"},"node_modules/x":{"version":"1.2.3"}}}"#,
    )
    .unwrap();
    let artifact = analyze(&opened("file", &lock), &AnalyzeOptions::default()).unwrap();
    assert!(artifact.packages.iter().any(|package| package.name == "x"));
    assert_eq!(paths(&artifact), ["/package-lock.json"]);
    let text = folder.path().join("notes.txt");
    fs::write(&text, "nothing").unwrap();
    let artifact = analyze(&opened("file", &text), &AnalyzeOptions::default()).unwrap();
    assert_eq!(codes(&artifact), [GapCode::ArchiveUnreadable]);
}

#[test]
fn a_zip_archive_is_looked_into_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tree.zip");
    let lock = br#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1.2.3"}}}"#;
    let zip =
        stopgate_testkit::jar::zip_of(&[("a/key", b"-----BEGIN PRIVATE KEY-----"), ("b/package-lock.json", lock)]);
    fs::write(&path, zip.unwrap()).unwrap();
    let artifact = analyze(&opened("file", &path), &AnalyzeOptions::default()).unwrap();
    assert_eq!(paths(&artifact), ["/a/key", "/b/package-lock.json"]);
    assert_eq!((artifact.secrets.unwrap().len(), artifact.packages.len()), (1, 1));
}
