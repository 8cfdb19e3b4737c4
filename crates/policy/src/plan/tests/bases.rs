//! Plans that build on another base image.

use std::collections::BTreeSet;

use stopgate_model::{
    Artifact, DockerfileMode, FileEntry, FileIndexBuilder, FileKind, ImageReference, LayerInfo, PackageType,
    RetrievedFile, SearchHit, SourceKind, StepKind,
};

use super::{NO_DATA, World, lines};
use crate::plan::rebase::rebase;
use crate::plan::site::Site;
use crate::plan::{BaseCandidate, Bases};
use crate::tests::{Case, digest, document, image, policy};
use crate::{Ancestor, BaseImage};

const VULNERABLE: &str = "stop vulnerabilities.package package_type=all; vendor_only=false";

fn layers(case: Case, fills: &str) -> Case {
    case.with(|artifact| {
        let SourceKind::Image(image) = &mut artifact.source.kind else { unreachable!() };
        image.layers = fills
            .chars()
            .map(|fill| LayerInfo { diff_id: digest(fill), digest: None, media_type: String::new(), size: 10 })
            .collect();
    })
}

fn files(artifact: &mut Artifact, rows: &[(&str, u32)]) {
    let mut builder = FileIndexBuilder::default();
    for (path, layer) in rows {
        builder.push(&FileEntry {
            path,
            kind: FileKind::Regular,
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: 1,
            sha256: None,
            link: None,
            layer: *layer,
        });
    }
    artifact.files = Some(builder.finish());
}

fn deb(case: Case, name: &str, version: &str) -> Case {
    case.package(PackageType::DEB, name, version, "/var/lib/dpkg/status")
}

/// A base image of one layer.
fn base(fill: char, openssl: &str, zlib: &str) -> Case {
    let case = layers(deb(deb(image(), "openssl", openssl), "zlib", zlib), &fill.to_string());
    case.dockerfile(DockerfileMode::Guessed, &["ADD rootfs /", "CMD sh"])
        .config(|config| config.cmd = vec!["sh".into()])
}

/// An application on it: a layer, a package and a file more.
fn application() -> Case {
    let case = deb(deb(image(), "openssl", "1"), "zlib", "1");
    let case = layers(case, "ab").package(PackageType::NPM, "lodash", "1.0.0", "/app/lodash/package.json");
    case.config(|config| config.cmd = vec!["sh".into()])
}

fn plan(world: &World, current: &Artifact, candidates: &[BaseCandidate<'_>], rules: &[&str]) -> Vec<String> {
    lines(&world.plan_with(&policy(&document(rules)), Some(Bases { current, candidates })))
}

#[test]
fn another_base_is_one_step_for_all_that_it_has_newer() {
    let advisories = ["CVE-1 openssl 2", "CVE-2 zlib 2", "CVE-3 lodash 1.1.0"];
    let world = World::new(application(), &advisories);
    let (old, new, newer) = (base('a', "1", "1"), base('c', "2", "1"), base('d', "2", "2"));
    let candidate = |name, case: &'static Case| BaseCandidate { name, artifact: &case.artifact };
    let (new, newer): (&'static Case, &'static Case) = (Box::leak(Box::new(new)), Box::leak(Box::new(newer)));
    let both = [candidate("debian:new", new), candidate("debian:newer", newer)];
    let digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
    let lodash = "upgrade lodash from 1.0.0 to 1.1.0: npm install lodash@1.1.0 (1)";
    assert_eq!(
        plan(&world, &old.artifact, &both, &[VULNERABLE]),
        [&format!("build on the base image debian:newer ({digest}) (2)"), lodash, "pass"]
    );
    // With one package less to mend the other base is no better than upgrading it.
    assert_eq!(
        plan(&world, &old.artifact, &both[..1], &[VULNERABLE]),
        [
            "upgrade openssl from 1 to 2: apt-get install --only-upgrade openssl (1)",
            "upgrade zlib from 1 to 2: apt-get install --only-upgrade zlib (1)",
            lodash,
            "pass",
        ]
    );
    // What is said to be the base, and is not, is no ground to build on another.
    assert_eq!(plan(&world, &newer.artifact, &both, &[VULNERABLE]).len(), 4);
}

#[test]
fn another_base_helps_where_nothing_else_does() {
    let world = World::new(application(), &["CVE-1 openssl wont", "CVE-3 lodash 1.1.0"]);
    let old = base('a', "1", "1");
    let rules = [VULNERABLE, "stop distro.deny distro=debian; version=13; check=<"];
    let mut new = base('c', "2", "1");
    new.artifact.distro.as_mut().unwrap().version_id = "13".into();
    // The same sources, and none of them with OpenSSL.
    new.artifact.packages.remove(0);
    let candidates = [BaseCandidate { name: "debian:13", artifact: &new.artifact }];
    let found = plan(&world, &old.artifact, &candidates, &rules);
    assert!(found[0].starts_with("build on the base image debian:13") && found[0].ends_with("(2)"), "{found:?}");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[2], "pass");
}

#[test]
fn a_base_that_brings_more_than_it_ends_is_left() {
    let world = World::new(application(), &["CVE-1 openssl 1..2", "CVE-2 zlib 3..4"]);
    let old = base('a', "1", "1");
    let worse = base('c', "2", "3");
    let candidates = [BaseCandidate { name: "debian:odd", artifact: &worse.artifact }];
    assert_eq!(
        plan(&world, &old.artifact, &candidates, &[VULNERABLE]),
        ["upgrade openssl from 1 to 2: apt-get install --only-upgrade openssl (1)", "pass"]
    );
}

#[test]
fn own_layers_lie_over_the_other_base() {
    let mut case = application().dockerfile(DockerfileMode::Actual, &["FROM debian:old", "COPY . /app", "USER app"]);
    case = case.config(|config| {
        config.user = "app".into();
        config.env = vec!["PATH=/old".into(), "A=1".into()];
        config.labels = vec![("base".into(), "old".into()), ("own".into(), "x".into())];
    });
    let hit = |path: &str, layer| SearchHit {
        path: path.into(),
        layer: Some(digest(layer)),
        name: "KEY".into(),
        pattern: String::new(),
        lines: Vec::new(),
    };
    let kept = |path: &str, layer, content: &str| RetrievedFile {
        path: path.into(),
        layer: Some(digest(layer)),
        content: content.into(),
    };
    files(&mut case.artifact, &[("/app/a", 1), ("/etc/os", 0), ("/etc/passwd", 1)]);
    case.artifact.secrets = Some(vec![hit("/app/a", 'b'), hit("/etc/os", 'a')]);
    case.artifact.retrieved = Some(vec![kept("/etc/passwd", 'b', "own"), kept("/etc/group", 'a', "old")]);
    let old = base('a', "1", "1").config(|config| {
        config.env = vec!["PATH=/old".into()];
        config.labels = vec![("base".into(), "old".into())];
    });
    let mut new = layers(base('c', "2", "1"), "cd").config(|config| {
        config.env = vec!["PATH=/new".into()];
        config.labels = vec![("base".into(), "new".into())];
        config.user = "nobody".into();
    });
    files(&mut new.artifact, &[("/etc/os", 0), ("/etc/passwd", 1), ("/new", 1)]);
    new.artifact.secrets = Some(vec![hit("/etc/passwd", 'c'), hit("/new", 'd')]);
    new.artifact.retrieved = Some(vec![kept("/etc/passwd", 'c', "new"), kept("/etc/group", 'c', "new")]);

    let world = World::new(case, NO_DATA);
    let (context, rematch, policy) = (world.context(), world.rematch(), policy(&document(&[])));
    let site = Site::as_it_is(&policy, &context, &rematch);
    let moved = rebase(&site, &old.artifact, &BaseCandidate { name: "debian:new", artifact: &new.artifact }).unwrap();
    let moved = &moved.artifact;
    let tree: Vec<_> = moved.files.as_ref().unwrap().iter().map(|entry| (entry.path, entry.layer)).collect();
    assert_eq!(tree, [("/app/a", 2), ("/etc/os", 0), ("/etc/passwd", 2), ("/new", 1)]);
    let layers: Vec<_> = moved.source.image().unwrap().layers.iter().map(|layer| layer.diff_id.clone()).collect();
    assert_eq!(layers, ['c', 'd', 'b'].map(digest));
    assert_eq!(moved.source.image().unwrap().size, 30);
    let packages: Vec<_> =
        moved.packages.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
    assert_eq!(packages, [("lodash", "1.0.0"), ("openssl", "2"), ("zlib", "1")]);
    let secrets: Vec<_> = moved.secrets.as_ref().unwrap().iter().map(|hit| hit.path.as_str()).collect();
    assert_eq!(secrets, ["/app/a", "/new"], "what lies below an own file is not there");
    let kept: Vec<_> =
        moved.retrieved.as_ref().unwrap().iter().map(|f| (f.path.as_str(), f.content.as_slice())).collect();
    assert_eq!(kept, [("/etc/group", b"new".as_slice()), ("/etc/passwd", b"own")]);
    let config = moved.config.as_ref().unwrap();
    assert_eq!((config.user.as_str(), config.cmd.as_slice()), ("app", ["sh".to_owned()].as_slice()));
    assert_eq!(config.env, ["PATH=/new", "A=1"]);
    assert_eq!(config.labels, [("base".to_owned(), "new".to_owned()), ("own".to_owned(), "x".to_owned())]);
    assert_eq!(moved.dockerfile.as_ref().unwrap().instructions[0].arguments, "debian:new");
}

#[test]
fn a_guessed_dockerfile_gets_the_other_base_s_part() {
    let case = application().dockerfile(DockerfileMode::Guessed, &["ADD rootfs /", "CMD sh", "COPY . /app"]);
    let (old, new) = (base('a', "1", "1"), base('c', "2", "1"));
    let world = World::new(case, NO_DATA);
    let (context, rematch, policy) = (world.context(), world.rematch(), policy(&document(&[])));
    let site = Site::as_it_is(&policy, &context, &rematch);
    let candidate = BaseCandidate { name: "debian:new", artifact: &new.artifact };
    let moved = rebase(&site, &old.artifact, &candidate).unwrap();
    let file = moved.artifact.dockerfile.clone().unwrap();
    let lines: Vec<_> = file.instructions.iter().map(|line| (line.line, line.keyword.as_str())).collect();
    assert_eq!(lines, [(1, "ADD"), (2, "CMD"), (3, "COPY")]);
}

#[test]
fn a_package_that_the_image_upgraded_itself_stays_when_it_is_newer() {
    let case = layers(deb(deb(image(), "openssl", "3"), "zlib", "1"), "ab");
    let (old, new) = (base('a', "1", "1"), base('c', "2", "1"));
    let world = World::new(case, NO_DATA);
    let (context, rematch, policy) = (world.context(), world.rematch(), policy(&document(&[])));
    let site = Site::as_it_is(&policy, &context, &rematch);
    let candidate = BaseCandidate { name: "debian:new", artifact: &new.artifact };
    let moved = rebase(&site, &old.artifact, &candidate).unwrap();
    let versions: Vec<_> = moved.artifact.packages.iter().map(|package| package.version.as_str()).collect();
    assert_eq!(versions, ["3", "1"]);
}

#[test]
fn rules_about_the_base_see_the_other_one() {
    let inherited = "stop vulnerabilities.package package_type=all; inherited_from_base=true";
    let mut world = World::new(application(), &["CVE-1 openssl 2", "CVE-2 zlib 3"]);
    let known =
        [("CVE-1", "openssl"), ("CVE-2", "zlib")].map(|(id, name)| (id.to_owned(), format!("pkg:generic/{name}@1")));
    world.case.base = Some(BaseImage { matches: BTreeSet::from(known), ..BaseImage::default() });
    world.case.ancestors = Some(vec![Ancestor { digest: digest('2'), tags: Vec::new(), layers: 1 }]);
    let (old, new) = (base('a', "1", "1"), base('c', "2", "2"));
    let candidates = [BaseCandidate { name: "debian:new", artifact: &new.artifact }];
    let found = plan(&world, &old.artifact, &candidates, &[inherited]);
    // On the other base CVE-2 is inherited still.
    assert_eq!(found.len(), 3, "{found:?}");
    let (context, rematch, policy) = (world.context(), world.rematch(), policy(&document(&[VULNERABLE])));
    let site = Site::as_it_is(&policy, &context, &rematch);
    let moved = rebase(&site, &old.artifact, &candidates[0]).unwrap();
    let base = moved.base.as_deref().unwrap();
    assert_eq!(base.matches, BTreeSet::from([("CVE-2".to_owned(), "pkg:generic/zlib@2".to_owned())]));
    assert_eq!(moved.ancestors.as_deref().unwrap()[0].tags, ["debian:new"]);
    let evaluation = moved.evaluate(&moved.artifact, moved.matches.as_deref());
    assert_eq!(evaluation.findings[0].inherited_from_base, Some(true));
}

#[test]
fn the_step_names_the_base_and_its_digest() {
    let step = StepKind::Rebuild { base: "debian:13".into(), digest: None };
    assert_eq!(step.sentence(), "build on the base image debian:13");
    assert!(ImageReference::parse("debian:13").is_ok());
}
