//! Folders, files, documents, and what a path is taken for.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};

use stopgate_model::FileKind;

use super::sample;
use crate::{Directory, Opened, Scheme, SourceError, SourceOptions, SourceSpec, open};

fn text(directory: &Directory, path: &str) -> std::io::Result<String> {
    let mut text = String::new();
    directory.open_file(path)?.0.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn walks_in_order_and_follows_no_links() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("b/c")).unwrap();
    fs::write(root.join("b/c/file"), "12345").unwrap();
    fs::write(root.join("a"), "").unwrap();
    fs::set_permissions(root.join("a"), fs::Permissions::from_mode(0o4711)).unwrap();
    symlink("/", root.join("everything")).unwrap();
    symlink("..", root.join("b/up")).unwrap();
    let directory = Directory::open(root).unwrap();
    let entries: Vec<_> = directory.walk().map(Result::unwrap).collect();
    let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["a", "b", "b/c", "b/c/file", "b/up", "everything"]);
    assert_eq!((entries[0].mode, entries[3].size), (0o4711, 5));
    assert_eq!((entries[5].kind, entries[5].link.as_deref()), (FileKind::Symlink, Some("/")));
}

#[test]
fn a_file_is_opened_only_inside() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("etc")).unwrap();
    fs::write(root.join("etc/os-release"), "ID=x").unwrap();
    symlink("/etc/os-release", root.join("absolute")).unwrap();
    symlink("etc/os-release", root.join("relative")).unwrap();
    symlink(outside.path(), root.join("escape")).unwrap();
    symlink("../../../../../../../../../../etc/hostname", root.join("climb")).unwrap();
    let directory = Directory::open(root).unwrap();
    for inside in ["etc/os-release", "/etc/os-release", "absolute", "relative", "etc/../etc/os-release"] {
        assert_eq!(text(&directory, inside).unwrap(), "ID=x", "{inside}");
    }
    for elsewhere in ["escape", "climb", "../x", "none", "etc", ""] {
        assert!(text(&directory, elsewhere).is_err(), "{elsewhere}");
    }
}

#[test]
fn a_named_pipe_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let directory = Directory::open(folder.path()).unwrap();
    assert!(directory.open_file("pipe").is_err());
    assert_eq!(directory.walk().next().unwrap().unwrap().kind, FileKind::Fifo);
    let spec = SourceSpec::parse(path.to_str().unwrap()).unwrap();
    assert!(matches!(open(&spec, &SourceOptions::default()), Err(SourceError::WrongKind { .. })));
}

#[test]
fn a_deep_folder_ends_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut path = folder.path().to_path_buf();
    for _ in 0..300 {
        path.push("d");
    }
    fs::create_dir_all(&path).unwrap();
    let directory = Directory::open(folder.path()).unwrap();
    assert_eq!(directory.walk().filter(Result::is_err).count(), 1);
}

#[test]
fn a_path_is_taken_for_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let layout = folder.path().join("layout");
    sample().write_oci_dir(&layout).unwrap();
    let syft = format!(
        "{{\"artifacts\":[{}],\"schema\":{{\"url\":\"https://raw.githubusercontent.com/anchore/syft/main/schema/json/x\"}}}}",
        " ".repeat(200_000)
    );
    let mut analysis = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    analysis.write_all(b"{\"schema\":\"stopgate-analysis/1\"}").unwrap();
    let mut sif = vec![0; 100];
    sif[32..41].copy_from_slice(b"SIF_MAGIC");
    let cases = [
        (put("d.tar", &sample().docker_archive().unwrap()), "image"),
        (put("o.tar", &sample().oci_archive().unwrap()), "image"),
        (layout, "image"),
        (folder.path().to_path_buf(), "directory"),
        (put("cdx.json", b"\xef\xbb\xbf {\n \"bomFormat\": \"CycloneDX\"}"), "sbom"),
        (put("cdx.xml", b"<?xml?><bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\">"), "sbom"),
        (put("spdx.json", b"{\"spdxVersion\": \"SPDX-2.3\"}"), "sbom"),
        (put("spdx.txt", b"SPDXVersion: SPDX-2.3\n"), "sbom"),
        (put("syft.json", syft.as_bytes()), "sbom"),
        (put("a.zst", &analysis.finish().unwrap()), "analysis"),
        (put("package.json", b"{\"name\": \"x\"}"), "file"),
        (put("app.jar", b"PK\x03\x04"), "file"),
        (put("plain.tar", &stopgate_archive::write::tar_of(&[])), "file"),
        (put("empty", b""), "file"),
        (put("x.sif", &sif), "unsupported"),
    ];
    for (path, expected) in cases {
        let spec = SourceSpec::parse(path.to_str().unwrap()).unwrap();
        let found = match open(&spec, &SourceOptions::default()) {
            Ok(Opened::Image(_)) => "image",
            Ok(Opened::Directory(_)) => "directory",
            Ok(Opened::File(_)) => "file",
            Ok(Opened::Sbom(_)) => "sbom",
            Ok(Opened::Analysis(_)) => "analysis",
            Err(SourceError::Unsupported { scheme: "singularity", .. }) => "unsupported",
            Err(error) => panic!("{error}"),
        };
        assert_eq!(found, expected, "{}", path.display());
    }
}

#[test]
fn documents_and_files_give_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, "12345").unwrap();
    let open = |scheme: &str| {
        open(&SourceSpec::parse(&format!("{scheme}:{}", path.display())).unwrap(), &SourceOptions::default())
    };
    assert!(matches!(open("sbom").unwrap(), Opened::Sbom(bytes) if bytes == b"12345"));
    assert!(matches!(open("analysis").unwrap(), Opened::Analysis(bytes) if bytes == b"12345"));
    let Opened::File(file) = open("file").unwrap() else { panic!("no file") };
    assert_eq!((file.name.as_str(), file.size, file.content().unwrap().1), ("x", 5, 5));
    assert!(matches!(open("dir"), Err(SourceError::WrongKind { .. })));
}

#[test]
fn some_kinds_are_not_supported_yet_and_missing_paths_are_named() {
    for scheme in [Scheme::Containerd, Scheme::Singularity] {
        let spec = SourceSpec::parse(&format!("{}:x", scheme.name())).unwrap();
        let error = open(&spec, &SourceOptions::default()).unwrap_err().to_string();
        assert!(error.contains("not supported yet") && error.contains("-archive:"), "{error}");
    }
    for scheme in ["docker-archive", "oci-archive", "oci-dir", "dir", "file", "sbom", "analysis"] {
        let spec = SourceSpec::parse(&format!("{scheme}:/no/such/path")).unwrap();
        let error = open(&spec, &SourceOptions::default()).unwrap_err();
        assert!(error.to_string().contains("`/no/such/path`"), "{error}");
    }
}
