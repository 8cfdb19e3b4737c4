//! `packages` / `verify`: a file is not as the package database says that it was installed.
//!
//! Databases record MD5 (dpkg), SHA-1 (apk) or SHA-256 (rpm). A file whose digest of that kind was not computed is
//! compared by mode, size and presence, and a note says so.

mod compare;
mod unseen;

use stopgate_model::{OwnedFile, Package, Remediation};

use self::compare::{Seen, compare};
use self::unseen::{Exempt, Unseen};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::types::{CommaList, GlobList};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Verify;

params! {
    pub(crate) struct VerifyParams {
        /// Names of the packages to check, `*` standing for any text; all packages when absent.
        #[example = "libssl*,openssl"]
        only_packages: Option<GlobList>,
        /// Folders in which files are checked; the whole image when absent.
        #[example = "/usr,/var/lib"]
        only_directories: Option<CommaList>,
        /// Whether only changed files, or only missing ones, are reported; both when absent.
        #[example = "changed"]
        check: Option<Status>,
    }
}

words! {
    /// What is wrong with a file.
    pub(crate) enum Status {
        Changed = "changed",
        Missing = "missing",
    }
}

impl Trigger for Verify {
    type Params = VerifyParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Files, Need::PackageFiles, Need::PackageDigests],
        ..TriggerInfo::new("packages", "verify", "A file differs from what the package database says of it.")
    };

    fn needs(params: &VerifyParams) -> Vec<Need> {
        let contents = params.check != Some(Status::Missing);
        Self::INFO.needs.iter().filter(|need| contents || **need != Need::PackageDigests).cloned().collect()
    }
}

impl ImageTrigger for Verify {
    fn fire(params: &VerifyParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(files) = &scene.artifact().files else { return Ok(()) };
        let mut unseen = Unseen::default();
        // Language packages list what they installed as well, but no package database stands for them.
        for package in scene.artifact().packages.iter().filter(|package| package.package_type.is_os()) {
            if !params.only_packages.as_ref().is_none_or(|names| names.covers(&package.name)) {
                continue;
            }
            let exempt = Exempt::of(package);
            unseen.package(package);
            for owned in package.files.iter().filter(|owned| !owned.config && params.holds(&owned.path)) {
                let seen = compare(files, owned);
                unseen.file(owned, &seen);
                let Some((status, message)) = params.status(package, owned, &seen) else { continue };
                if !exempt.from(status, &owned.path) {
                    hits.push(hit(scene, package, owned, status, message))?;
                }
            }
        }
        if params.check != Some(Status::Missing) {
            unseen.tell_contents(hits);
        }
        unseen.tell_packages(hits);
        Ok(())
    }
}

impl VerifyParams {
    fn holds(&self, path: &str) -> bool {
        let below = |folder: &String| match path.strip_prefix(folder.trim_end_matches('/')) {
            Some(rest) => rest.starts_with('/'),
            None => false,
        };
        self.only_directories.as_ref().is_none_or(|folders| folders.0.iter().any(below))
    }

    /// What is to be reported of a file.
    fn status(&self, package: &Package, owned: &OwnedFile, seen: &Seen) -> Option<(Status, String)> {
        let (path, name) = (&owned.path, &package.name);
        let (status, message) = match seen {
            Seen::Missing => (Status::Missing, format!("`{path}` of package `{name}` is not in the image")),
            Seen::Changed(how) => (Status::Changed, format!("`{path}` is not as package `{name}` installed it: {how}")),
            Seen::Same { .. } | Seen::Link => return None,
        };
        self.check.is_none_or(|check| check == status).then_some((status, message))
    }
}

fn hit(scene: &Scene<'_>, package: &Package, owned: &OwnedFile, status: Status, message: String) -> Hit {
    let (path, name) = (&owned.path, &package.name);
    let frozen = format!(
        "VERIFY check against package db for package '{name}' failed on entry '{path}' with status: '{}'",
        status.word()
    );
    let mut hit = Hit::frozen(&Verify::INFO, &frozen, message.as_str())
        .about(path.as_str())
        .because(format!("`{path}` as installed by {name}"), message)
        .evidence(facts::package(package))
        .remedy(Remediation::Advice { text: format!("reinstall {name}, and find what altered `{path}`") });
    let files = scene.artifact().files.as_ref();
    if let Some(entry) = files.and_then(|files| files.resolve(path).ok().flatten()) {
        hit = hit.evidence(facts::file(scene, &entry, Some(entry.st_mode())));
    }
    hit.package = facts::identity(package);
    hit
}

#[cfg(test)]
mod tests {
    use stopgate_model::{
        Details, Digest, DigestAlgorithm, FileEntry, FileIndexBuilder, FileKind, OwnedFile, PackageType,
    };

    use crate::tests::{Case, check, ids, image};

    const ROWS: [(&str, FileKind, u32, Option<&str>); 8] = [
        ("/bin", FileKind::Symlink, 0o777, Some("usr/bin")),
        ("/usr/bin", FileKind::Directory, 0o755, None),
        ("/usr/bin/ls", FileKind::Regular, 0o755, None),
        ("/usr/bin/dir", FileKind::Symlink, 0o777, Some("ls")),
        ("/usr/bin/dangling", FileKind::Symlink, 0o777, Some("none")),
        ("/usr/bin/loop", FileKind::Symlink, 0o777, Some("loop")),
        ("/usr/share/x", FileKind::Directory, 0o755, None),
        ("/dev/null", FileKind::CharDevice, 0o666, None),
    ];

    fn tree() -> Case {
        let mut files = FileIndexBuilder::default();
        for (path, kind, mode, link) in ROWS {
            let sha256 = (kind == FileKind::Regular).then_some(&[0xab; 32]);
            files.push(&FileEntry { path, kind, mode, uid: 0, gid: 0, size: 10, sha256, link, layer: 0 });
        }
        image().with(|artifact| artifact.files = Some(files.finish()))
    }

    fn file(path: &str) -> OwnedFile {
        OwnedFile { path: path.to_owned(), digest: None, mode: None, size: None, config: false }
    }

    fn sha256(path: &str, fill: u8) -> OwnedFile {
        OwnedFile { digest: Some(Digest::sha256(&[fill; 32])), ..file(path) }
    }

    fn md5(path: &str) -> OwnedFile {
        OwnedFile { digest: Digest::new(DigestAlgorithm::Md5, &"0".repeat(32)), ..file(path) }
    }

    /// The case whose analysis computed the MD5 of a file.
    fn hashed(case: Case, path: &str, fill: u8) -> Case {
        case.with(|artifact| {
            let files = artifact.files.as_mut().unwrap();
            files.add_digests([(path, Digest::new(DigestAlgorithm::Md5, &hex::encode([fill; 16])).unwrap())]);
        })
    }

    fn owns(kind: PackageType, files: Vec<OwnedFile>) -> Case {
        tree().package(kind, "coreutils", "9", "").with(|artifact| artifact.packages[0].files = files)
    }

    fn rpm(file: OwnedFile, rest: &str) -> Vec<String> {
        check(&owns(PackageType::RPM, vec![file]), &format!("stop packages.verify {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(
            rpm(sha256("/usr/bin/ls", 1), ""),
            ["stop `/usr/bin/ls` is not as package `coreutils` installed it: its content differs", "stop"]
        );
        assert_eq!(
            rpm(file("/usr/bin/cp"), ""),
            ["stop `/usr/bin/cp` of package `coreutils` is not in the image", "stop"]
        );
        let found = ids(&owns(PackageType::RPM, vec![sha256("/usr/bin/ls", 1)]), "stop packages.verify");
        let text = "VERIFY check against package db for package 'coreutils' failed on entry '/usr/bin/ls' with status: 'changed'";
        assert_eq!(found, [crate::trigger::hit::anchore_id("packages", "verify", text)]);
        for (path, how) in
            [("/usr/share/x", "it is no file any more (Directory)"), ("/usr/bin/dir", "its content differs")]
        {
            assert!(rpm(sha256(path, 1), "")[0].ends_with(how), "{path}");
        }
        for path in ["/usr/bin/loop", "/usr/bin/dangling"] {
            assert!(rpm(sha256(path, 1), "")[0].ends_with("is not in the image"), "{path}");
        }
    }

    #[test]
    fn compares_the_digest_that_is_recorded() {
        let deb = || owns(PackageType::DEB, vec![md5("/bin/ls")]);
        assert_eq!(check(&hashed(deb(), "/usr/bin/ls", 0), "stop packages.verify"), ["pass"]);
        assert!(check(&hashed(deb(), "/usr/bin/ls", 1), "stop packages.verify")[0].ends_with("its content differs"));
    }

    #[test]
    fn does_not_fire() {
        let config = OwnedFile { config: true, ..sha256("/usr/bin/ls", 1) };
        let link = |path| OwnedFile { mode: Some(0o777), ..file(path) };
        for owned in [
            sha256("/usr/bin/ls", 0xab),
            sha256("/bin/ls", 0xab),
            sha256("/usr/bin/dir", 0xab),
            config,
            link("/usr/bin/dangling"),
            link("/bin/dangling"),
            OwnedFile { mode: Some(0o666), ..file("/dev/null") },
        ] {
            assert_eq!(rpm(owned.clone(), ""), ["pass"], "{owned:?}");
        }
        let wrong = || sha256("/usr/bin/ls", 1);
        for rest in ["check=missing", "only_packages=core,utils", "only_directories=/usr/b,/etc"] {
            assert_eq!(rpm(wrong(), rest), ["pass"], "{rest}");
        }
        assert_eq!(rpm(file("/none"), "check=changed"), ["pass"]);
        for rest in ["check=changed", "only_packages=core*", "only_directories=/etc,/usr/bin/", "only_directories=/"] {
            assert_eq!(rpm(wrong(), rest).len(), 2, "{rest}");
        }
        let python = owns(PackageType::PYTHON, vec![file("/none")]);
        assert_eq!(check(&python, "stop packages.verify"), ["pass"], "no package database");
    }

    #[test]
    fn boundary() {
        let with = |mode, size| OwnedFile { mode: Some(mode), size: Some(size), ..sha256("/usr/bin/ls", 0xab) };
        assert_eq!(rpm(with(0o755, 10), ""), ["pass"]);
        assert!(rpm(with(0o4755, 10), "")[0].ends_with("its mode is 0755 instead of 4755"));
        assert!(rpm(with(0o755, 11), "")[0].ends_with("its size is 10 instead of 11 bytes"));
        let flagged = |flags: &str, path: &str| {
            let json = format!("{{\"files\":[{{\"path\":\"{path}\",\"flags\":\"{flags}\"}}]}}");
            let case = owns(PackageType::RPM, vec![sha256(path, 1)]);
            let details = Details { type_name: "rpm-db-entry".to_owned(), json };
            check(&case.with(|artifact| artifact.packages[0].details = Some(details)), "stop packages.verify")
        };
        assert_eq!(flagged("g", "/usr/bin/ls"), ["pass"], "a ghost belongs to no one");
        assert_eq!(flagged("m", "/usr/bin/cp"), ["pass"], "it may be missing");
        assert_eq!(flagged("m", "/usr/bin/ls").len(), 2, "but not be changed");
        assert_eq!(flagged("d", "/usr/bin/cp").len(), 2);
    }

    #[test]
    fn data_missing() {
        let note = |algorithm: &str, only: u32| {
            format!(
                "! rule `r1`: the contents of 1 files could not be compared (recorded: {algorithm}), {only} of them were only looked for"
            )
        };
        let deb = |files| owns(PackageType::DEB, files);
        let unhashed = deb(vec![md5("/bin/ls")]);
        assert_eq!(check(&unhashed, "stop packages.verify").last().unwrap(), "undecided");
        assert_eq!(check(&unhashed, "stop packages.verify check=missing"), ["pass"], "no content is read");
        assert_eq!(check(&deb(vec![md5("/bin/none")]), "stop packages.verify check=changed"), ["pass"]);
        // One file was hashed, another was not.
        let some = |owned| hashed(deb(vec![owned]), "/usr/share/x", 0);
        assert_eq!(check(&some(md5("/bin/ls")), "stop packages.verify"), [note("md5", 1), "pass".to_owned()]);
        let moded = OwnedFile { mode: Some(0o755), ..md5("/bin/ls") };
        assert_eq!(check(&some(moded), "stop packages.verify"), [note("md5", 0), "pass".to_owned()]);
        let listless = deb(vec![sha256("/usr/bin/ls", 0xab)]).package(PackageType::DEB, "meta", "1", "");
        assert_eq!(
            check(&listless, "stop packages.verify"),
            ["! rule `r1`: no files are recorded of 1 packages: `meta`", "pass"]
        );
        let without = |case: Case| check(&case, "stop packages.verify").pop().unwrap();
        assert_eq!(
            check(&deb(vec![]), "stop packages.verify"),
            ["! rule `r1`: no files are recorded of 1 packages: `coreutils`", "pass"],
            "the database was read and says nothing"
        );
        assert_eq!(without(deb(vec![md5("/bin/ls")]).with(|artifact| artifact.files = None)), "undecided");
        let mut sbom = deb(vec![]);
        sbom.from_sbom = true;
        assert_eq!(without(sbom), "undecided", "an SBOM that does not say which files packages own");
        assert_eq!(without(tree()), "pass", "no package of a distribution, nothing to verify");
    }
}
