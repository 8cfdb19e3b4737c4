//! Golden folders: `testdata/<group>/<case>/` is a file tree, `testdata/<group>/<case>.json` what the
//! catalogers make of it. `UPDATE_EXPECT=1` rewrites the latter; a person reads the difference.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use stopgate_model::{
    Digest, Element, FileEntry, FileIndex, FileIndexBuilder, FileKind, OwnedFile, Package, RelationshipKind,
};

use crate::{
    Assembled, CATALOGERS, ClaimIndex, Claimed, Facts, FileFacts, MergedView, SourceClass, assemble, extract_file,
};

/// One named test per case: `golden!(image "apk": typical, empty);`, or `directory` for trees of sources.
macro_rules! golden {
    ($source:ident $group:literal: $($case:ident),+ $(,)?) => {
        $(#[test]
        fn $case() {
            crate::golden::check(concat!($group, "/", stringify!($case)), stringify!($source));
        })+
    };
}
pub(crate) use golden;

/// Compares what the catalogers make of a case with what is expected.
pub(crate) fn check(case: &str, source: &str) {
    let source = if source == "image" { SourceClass::Image } else { SourceClass::Directory };
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/testdata").join(case);
    assert!(root.is_dir(), "there is no folder `{}`", root.display());
    let got = serde_json::to_string_pretty(&render(&analyse(&root, source))).unwrap() + "\n";
    let expected = root.with_extension("json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&expected, &got).unwrap();
    }
    let want = fs::read_to_string(&expected).unwrap_or_default();
    if got != want {
        for (number, (got, want)) in got.lines().zip(want.lines()).enumerate() {
            assert_eq!(got, want, "`{case}` line {}; UPDATE_EXPECT=1 rewrites it", number + 1);
        }
        panic!(
            "`{case}`: {} lines, expected {}; UPDATE_EXPECT=1 rewrites it\n{got}",
            got.lines().count(),
            want.lines().count()
        );
    }
}

/// All that the catalogers find in a folder.
pub(crate) fn analyse(root: &Path, source: SourceClass) -> Assembled {
    let mut tree = Vec::new();
    walk(root, "", &mut tree);
    let files = index(&tree);
    let claims = ClaimIndex::new(source);
    let mut facts: Vec<(String, &str, Facts)> = Vec::new();
    for file in tree.iter().filter(|file| file.kind == FileKind::Regular) {
        let path = file.path.trim_start_matches('/');
        let mut wanted = claims.candidates(path);
        wanted.extend(claims.executables(&file.content));
        wanted.sort_unstable();
        wanted.dedup();
        for cataloger in wanted.into_iter().map(|number| CATALOGERS[number]) {
            let found = extract_file(cataloger, &Claimed::new(path, file.mode, &file.content));
            facts.push((file.path.clone(), cataloger.name, found));
        }
    }
    facts.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let layer = Digest::sha256(&[0xaa; 32]);
    let in_image = source == SourceClass::Image;
    let facts: Vec<_> = facts
        .iter()
        .map(|(path, cataloger, facts)| FileFacts { path, layer: in_image.then_some(&layer), cataloger, facts })
        .collect();
    let layers = if in_image { std::slice::from_ref(&layer) } else { &[] };
    assemble(&MergedView { source, files: &files, layers, distro: None, facts: &facts })
}

struct Node {
    path: String,
    kind: FileKind,
    mode: u32,
    link: Option<String>,
    content: Vec<u8>,
}

fn walk(folder: &Path, at: &str, tree: &mut Vec<Node>) {
    for child in fs::read_dir(folder).unwrap() {
        let child = child.unwrap();
        let path = format!("{at}/{}", child.file_name().to_string_lossy());
        let meta = child.path().symlink_metadata().unwrap();
        let mode = meta.permissions().mode() & 0o7777;
        let mut node = Node { path: path.clone(), kind: FileKind::Regular, mode, link: None, content: Vec::new() };
        if meta.is_symlink() {
            node.kind = FileKind::Symlink;
            node.link = Some(fs::read_link(child.path()).unwrap().to_string_lossy().into_owned());
        } else if meta.is_dir() {
            node.kind = FileKind::Directory;
            walk(&child.path(), &path, tree);
        } else {
            assert!(meta.size() < 1 << 20, "fixtures are small");
            node.content = fs::read(child.path()).unwrap();
        }
        tree.push(node);
    }
}

fn index(tree: &[Node]) -> FileIndex {
    let mut builder = FileIndexBuilder::default();
    for node in tree {
        builder.push(&FileEntry {
            path: &node.path,
            kind: node.kind,
            mode: node.mode,
            uid: 0,
            gid: 0,
            size: node.content.len() as u64,
            sha256: None,
            link: node.link.as_deref(),
            layer: 0,
        });
    }
    builder.finish()
}

fn render(assembled: &Assembled) -> Value {
    let name = |element: &Element| match element {
        Element::Package(id) => {
            let package = assembled.packages.iter().find(|package| package.id == *id).unwrap();
            format!("{}@{}", package.name, package.version)
        }
        other => format!("{other:?}"),
    };
    let mut edges: Vec<_> = assembled
        .relationships
        .iter()
        .map(|edge| match &edge.kind {
            RelationshipKind::DependencyOf => format!("{} is needed by {}", name(&edge.from), name(&edge.to)),
            RelationshipKind::OwnershipByFileOverlap(paths) => {
                format!("{} owns {} by {}", name(&edge.from), name(&edge.to), paths.join(" "))
            }
            RelationshipKind::Other(kind) => format!("{} {kind} {}", name(&edge.from), name(&edge.to)),
        })
        .collect();
    edges.sort();
    let mut whole = Map::new();
    if let Some(distro) = &assembled.distro {
        let extended = if distro.extended_support { " with extended support" } else { "" };
        whole.insert("distro".into(), format!("{} {}{extended}", distro.id, distro.version_id).into());
    }
    whole.insert("packages".into(), assembled.packages.iter().map(package).collect());
    if !edges.is_empty() {
        whole.insert("relationships".into(), edges.into());
    }
    let gaps: Vec<_> = assembled
        .gaps
        .iter()
        .map(|gap| format!("{} {}: {}", gap.code, gap.path.as_deref().unwrap_or("-"), gap.message))
        .collect();
    if !gaps.is_empty() {
        whole.insert("gaps".into(), gaps.into());
    }
    Value::Object(whole)
}

/// Every field that is set; of the CPEs the first one.
fn package(package: &Package) -> Value {
    let mut fields = Map::new();
    let mut set = |key: &str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(rows) => rows.is_empty(),
            _ => false,
        };
        if !empty {
            fields.insert(key.into(), value);
        }
    };
    set("name", package.name.as_str().into());
    set("version", package.version.as_str().into());
    set("type", package.package_type.id().into());
    set("foundBy", package.found_by.as_str().into());
    set("purl", package.purl.as_str().into());
    set("epoch", package.epoch.into());
    set("arch", package.arch.clone().into());
    let upstreams = package.upstreams.iter();
    set("upstreams", upstreams.map(|up| json!([up.name, up.version])).collect());
    set("modularity", package.modularity.clone().map_or(Value::Null, |label| json!([label])));
    let licenses = package.licenses.iter();
    set("licenses", licenses.map(|license| format!("{} = {}", license.value, license.spdx)).collect::<Vec<_>>().into());
    let more = package.cpes.len().saturating_sub(1);
    set("cpes", package.cpes.first().map_or(Value::Null, |cpe| json!([cpe.text, format!("and {more} more")])));
    set("digests", package.digests.iter().map(ToString::to_string).collect::<Vec<_>>().into());
    let locations = package.locations.iter();
    set("locations", locations.map(|at| format!("{} ({:?})", at.path, at.evidence)).collect::<Vec<_>>().into());
    let files = package.files.iter();
    set("files", files.map(owned).collect::<Vec<_>>().into());
    if let Some(details) = &package.details {
        set("metadataType", details.type_name.as_str().into());
        set("metadata", serde_json::from_str(&details.json).expect("details are JSON"));
    }
    Value::Object(fields)
}

/// `PATH ALGORITHM:DIGEST MODE SIZE config`, what is not recorded left out.
fn owned(file: &OwnedFile) -> String {
    let OwnedFile { path, digest, mode, size, config } = file;
    let mut words = vec![path.clone()];
    words.extend(digest.as_ref().map(|digest| format!("{}:{:.8}", digest.algorithm().name(), digest.hex())));
    words.extend(mode.map(|mode| format!("{mode:04o}")));
    words.extend(size.map(|size| format!("{size} bytes")));
    words.extend(config.then(|| "config".to_owned()));
    words.join(" ")
}

/// Every fixture, damaged: catalogers end with facts or gaps, whatever they read.
#[test]
fn no_cataloger_panics_on_damaged_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testdata");
    let mut seeds: Vec<(String, usize, Vec<u8>)> = Vec::new();
    for source in [SourceClass::Image, SourceClass::Directory] {
        let claims = ClaimIndex::new(source);
        for case in cases(&root) {
            let mut tree = Vec::new();
            walk(&case, "", &mut tree);
            for node in tree.into_iter().filter(|node| node.kind == FileKind::Regular && !node.content.is_empty()) {
                let path = node.path.trim_start_matches('/').to_owned();
                let wanted = claims.candidates(&path).into_iter().chain(claims.executables(&node.content).to_vec());
                seeds.extend(wanted.map(|number| (path.clone(), number, node.content.clone())).collect::<Vec<_>>());
            }
        }
    }
    arbtest::arbtest(|u| {
        let (path, number, content) = u.choose(&seeds)?;
        let mut content = content.clone();
        for _ in 0..u.int_in_range(0..=20)? {
            let at = u.choose_index(content.len())?;
            content[at] = u.arbitrary()?;
        }
        content.truncate(u.int_in_range(0..=content.len())?);
        let facts = extract_file(CATALOGERS[*number], &Claimed::new(path, 0o644, &content));
        for details in facts.packages.iter().filter_map(|package| package.details.as_ref()) {
            serde_json::from_str::<Value>(&details.json).expect("details are JSON");
        }
        Ok(())
    })
    .budget_ms(1500);
}

fn cases(root: &Path) -> Vec<PathBuf> {
    let folders = |folder: &Path| -> Vec<PathBuf> {
        let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|child| child.unwrap().path()).collect();
        found.retain(|path| path.is_dir());
        found.sort();
        found
    };
    folders(root).iter().flat_map(|group| folders(group)).collect()
}
