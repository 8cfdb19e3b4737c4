//! `packages` / `unowned_executables`: programs that no package brought, so that nobody watches over them.
//!
//! Programs are executable files in the folders for programs, and what the image starts. A file counts as a package's
//! when a package records it, or was found in it; one that dpkg renamed to make room for another (a diversion) counts as
//! no package's.

use stopgate_model::Remediation;

use crate::engine::Scene;
use crate::gates::{facts, programs};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct UnownedExecutables;

params! {
    pub(crate) struct UnownedExecutablesParams {
        /// How many there must be for them to be reported.
        #[example = "1"]
        #[default = "1"]
        min_count: u32,
    }
}

impl Trigger for UnownedExecutables {
    type Params = UnownedExecutablesParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Files, Need::PackageFiles],
        trigger_id: "file://<path>",
        ..TriggerInfo::new("packages", "unowned_executables", "Executables belong to no package.")
    };
}

impl ImageTrigger for UnownedExecutables {
    fn fire(params: &UnownedExecutablesParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let unowned = programs::without_package(scene.artifact());
        if unowned.is_empty() || unowned.len() < params.min_count as usize {
            return Ok(());
        }
        for entry in &unowned {
            let path = entry.path;
            hits.push(
                Hit::with_id(format!("file://{path}"), format!("the program `{path}` belongs to no package"))
                    .about(path)
                    .evidence(facts::file(scene, entry, Some(entry.st_mode())))
                    .because("a package owns the program", "none does")
                    .remedy(Remediation::Advice {
                        text: format!("install `{path}` as part of a package, add it to the SBOM, or remove it"),
                    }),
            )?;
        }
        let silent = |package: &&stopgate_model::Package| package.package_type.is_os() && package.files.is_empty();
        let silent = scene.artifact().packages.iter().filter(silent).count();
        if silent > 0 {
            hits.note(format!("no files are recorded of {silent} packages, to which some of the programs may belong"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Details, FileEntry, FileIndexBuilder, FileKind, OwnedFile, PackageType};

    use crate::tests::{Case, check, ids, image};

    const RULE: &str = "warn packages.unowned_executables";

    fn tree(rows: &[(&str, FileKind, u32, Option<&str>)]) -> Case {
        let mut files = FileIndexBuilder::default();
        for (path, kind, mode, link) in rows {
            let (kind, mode, link) = (*kind, *mode, *link);
            files.push(&FileEntry { path, kind, mode, uid: 0, gid: 0, size: 1, sha256: None, link, layer: 0 });
        }
        image().with(|artifact| artifact.files = Some(files.finish()))
    }

    fn merged() -> Case {
        tree(&[
            ("/bin", FileKind::Symlink, 0o777, Some("usr/bin")),
            ("/app/run", FileKind::Regular, 0o755, None),
            ("/opt/tool/bin/tool", FileKind::Regular, 0o755, None),
            ("/opt/tool/share/x", FileKind::Regular, 0o755, None),
            ("/usr/bin", FileKind::Directory, 0o755, None),
            ("/usr/bin/ls", FileKind::Regular, 0o755, None),
            ("/usr/bin/dir", FileKind::HardLink, 0o755, Some("usr/bin/ls")),
            ("/usr/bin/vi", FileKind::Symlink, 0o777, Some("../local/bin/mine")),
            ("/usr/bin/readme", FileKind::Regular, 0o644, None),
            ("/usr/local/bin/mine", FileKind::Regular, 0o711, None),
        ])
    }

    fn owning(case: Case, path: &str) -> Case {
        let owned = OwnedFile { path: path.to_owned(), digest: None, mode: None, size: None, config: false };
        case.package(PackageType::DEB, "coreutils", "9", "")
            .with(|artifact| artifact.packages.last_mut().unwrap().files.push(owned))
    }

    fn found(case: &Case) -> Vec<String> {
        ids(case, RULE).into_iter().map(|id| id.trim_start_matches("file://").to_owned()).collect()
    }

    #[test]
    fn fires() {
        let case = owning(merged(), "/bin/ls");
        assert_eq!(found(&case), ["/opt/tool/bin/tool", "/usr/local/bin/mine"]);
        assert_eq!(check(&case, RULE)[0], "warn the program `/opt/tool/bin/tool` belongs to no package");
        let started = case.config(|config| config.entrypoint = vec!["/app/run".to_owned(), "x".to_owned()]);
        assert_eq!(found(&started), ["/app/run", "/opt/tool/bin/tool", "/usr/local/bin/mine"]);
        assert_eq!(found(&merged()).len(), 4, "an image without packages");
    }

    #[test]
    fn does_not_fire() {
        let case = owning(owning(merged(), "/bin/ls"), "/opt/tool/bin/tool");
        let found_in = case.clone().package(PackageType::GO_MODULE, "mine", "1", "/usr/local/bin/mine");
        assert_eq!(check(&found_in, RULE), ["pass"]);
        let json =
            r#"{"sitePackagesRootPath":"/usr/local/lib/python3/site-packages","files":[{"path":"../../../bin/mine"}]}"#;
        let details = Details { type_name: "python-package".to_owned(), json: json.to_owned() };
        let wheel = case.package(PackageType::PYTHON, "mine", "1", "").with(|artifact| {
            artifact.packages.last_mut().unwrap().details = Some(details);
        });
        assert_eq!(check(&wheel, RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        let case = owning(merged(), "/bin/ls");
        assert_eq!(ids(&case, "warn packages.unowned_executables min_count=2").len(), 2);
        assert_eq!(check(&case, "warn packages.unowned_executables min_count=3"), ["pass"]);
        assert_eq!(check(&tree(&[]), "warn packages.unowned_executables min_count=0"), ["pass"]);
        // A link that a package brought makes no one the owner of what it leads to.
        assert!(found(&owning(case, "/usr/bin/vi")).contains(&"/usr/local/bin/mine".to_owned()));
    }

    #[test]
    fn data_missing() {
        let rule = "stop packages.unowned_executables";
        assert_eq!(check(&merged().with(|artifact| artifact.files = None), rule).pop().unwrap(), "undecided");
        let mut sbom = merged().package(PackageType::DEB, "coreutils", "9", "");
        let told = "! rule `r1`: no files are recorded of 1 packages, to which some of the programs may belong";
        assert!(check(&sbom, RULE).contains(&told.to_owned()));
        sbom.from_sbom = true;
        assert_eq!(
            check(&sbom, rule).pop().unwrap(),
            "undecided",
            "an SBOM that does not say which files packages own"
        );
    }
}
