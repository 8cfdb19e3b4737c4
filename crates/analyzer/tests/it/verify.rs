//! Digests of files by the algorithms that package databases record.

use std::fs;
use std::os::unix::fs::symlink;

use stopgate_analyzer::{AnalyzeOptions, analyze};
use stopgate_archive::write::{Entry, ImageBuilder, tar_of};
use stopgate_model::{Artifact, Digest, GapCode};

use crate::{analyze_with, cache_in, codes, opened};

/// `md5sum` and `sha1sum` of `one` and `two`, without a line feed.
const MD5_ONE: &str = "f97c5d29941bfb1b2fdab0874906ab82";
const MD5_TWO: &str = "b8a9f715dbb64fd5c56e7783c6820a61";
const SHA1_ONE: &str = "fe05bcdcdc4928012781a5f1a2a77cbb5398e106";

fn debian(md5sums: &str) -> Vec<Entry> {
    let status = "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\
                  Conffiles:\n /etc/tool.conf f97c5d29941bfb1b2fdab0874906ab82\n\n";
    vec![
        Entry::file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
        Entry::file("var/lib/dpkg/status", status),
        Entry::file("var/lib/dpkg/info/tool.md5sums", md5sums),
        Entry::file("etc/tool.conf", "one"),
        Entry::symlink("bin", "usr/bin"),
        Entry::file("usr/bin/tool", "one"),
        Entry::hard_link("usr/bin/tool2", "usr/bin/tool"),
        Entry::file("usr/bin/large", vec![b'x'; 2 << 20]),
        Entry::file("usr/bin/other", "one"),
    ]
}

fn md5sums() -> String {
    let of = |path: &str| format!("{MD5_ONE}  {path}\n");
    ["bin/tool", "usr/bin/tool2", "usr/bin/large", "usr/bin/gone"].map(of).concat()
}

fn verifying() -> AnalyzeOptions<'static> {
    AnalyzeOptions { verify: true, ..AnalyzeOptions::default() }
}

/// Further digests as `path digest`.
fn further(artifact: &Artifact) -> Vec<String> {
    let further = artifact.files.as_ref().unwrap().further_digests();
    further.map(|(entry, digest)| format!("{} {digest}", entry.path)).collect()
}

#[test]
fn files_of_dpkg_get_their_md5_when_somebody_verifies() {
    let builder = ImageBuilder::new().layer(debian(&md5sums()));
    let artifact = analyze_with(&builder, &verifying()).unwrap();
    let found = further(&artifact);
    assert!(found[0].starts_with("/usr/bin/large md5:"), "{found:?}");
    let one = |path: &str| format!("/usr/bin/{path} md5:{MD5_ONE}");
    assert_eq!(found[1..], [one("tool"), one("tool2")]);
    assert_eq!(codes(&artifact), [GapCode::SecretFilesSkipped], "the large file is no gap of a verification");
    assert_eq!(further(&analyze_with(&builder, &AnalyzeOptions::default()).unwrap()), [""; 0]);
}

#[test]
fn the_digest_is_that_of_the_visible_file() {
    let upper = vec![Entry::file("usr/bin/tool", "two"), Entry::whiteout("usr/bin/tool2")];
    let builder =
        ImageBuilder::new().layer(debian(&format!("{MD5_ONE}  bin/tool\n{MD5_ONE}  usr/bin/tool2\n"))).layer(upper);
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let options = AnalyzeOptions { cache: cache_in(folder.path()).cache, ..verifying() };
        assert_eq!(further(&analyze_with(&builder, &options).unwrap()), [format!("/usr/bin/tool md5:{MD5_TWO}")]);
    }
}

#[test]
fn a_hard_link_keeps_the_digest_of_its_own_content() {
    let mut entries = debian(&format!("{MD5_ONE}  usr/bin/tool\n{MD5_ONE}  usr/bin/tool2\n"));
    entries.push(Entry::file("usr/bin/tool", "two"));
    let artifact = analyze_with(&ImageBuilder::new().layer(entries), &verifying()).unwrap();
    let expected = [format!("/usr/bin/tool md5:{MD5_TWO}"), format!("/usr/bin/tool2 md5:{MD5_ONE}")];
    assert_eq!(further(&artifact), expected);
}

#[test]
fn files_of_apk_get_their_sha1() {
    // The base64 of SHA-1 digests stands behind `Q1`.
    let database = "P:tool\nV:1\nA:x86_64\nF:usr/bin\nR:tool\na:0:0:755\nZ:Q1/gW83NxJKAEngaXxoqd8u1OY4QY=\n\n";
    let entries = vec![
        Entry::file("etc/os-release", "ID=alpine\nVERSION_ID=3.21.0\n"),
        Entry::file("lib/apk/db/installed", database),
        Entry::file("usr/bin/tool", "one").mode(0o755),
    ];
    let artifact = analyze_with(&ImageBuilder::new().layer(entries), &verifying()).unwrap();
    assert_eq!(further(&artifact), [format!("/usr/bin/tool sha1:{SHA1_ONE}")]);
    let recorded = artifact.packages[0].files[0].digest.as_ref().map(Digest::hex);
    assert_eq!(recorded, Some(SHA1_ONE));
}

#[test]
fn folders_and_archives_are_verified_too() {
    let folder = tempfile::tempdir().unwrap();
    let entries = debian(&format!("{MD5_ONE}  bin/tool\n"));
    let archive = folder.path().join("tree.tar");
    fs::write(&archive, tar_of(&entries)).unwrap();
    let expected = [format!("/usr/bin/tool md5:{MD5_ONE}")];
    assert_eq!(further(&analyze(&opened("file", &archive), &verifying()).unwrap()), expected);
    let root = folder.path().join("root");
    for (path, content) in [
        ("etc/os-release", "ID=debian\n"),
        ("var/lib/dpkg/status", "Package: tool\nStatus: install ok installed\nVersion: 1\n\n"),
        ("var/lib/dpkg/info/tool.md5sums", &format!("{MD5_ONE}  bin/tool\n")),
        ("usr/bin/tool", "one"),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    symlink("usr/bin", root.join("bin")).unwrap();
    assert_eq!(further(&analyze(&opened("dir", &root), &verifying()).unwrap()), expected);
}
