//! Steps about packages.

use serde_json::json;
use stopgate_model::{FileKind, OwnedFile, PackageType, Upstream};

use super::{NO_DATA, World};
use crate::tests::{Case, document, image};

const VULNERABLE: &str = "stop vulnerabilities.package package_type=all; vendor_only=false";
const FIXABLE: &str = "stop vulnerabilities.package package_type=all; fix_available=true";

fn deb(case: Case, name: &str, version: &str, source: Option<(&str, Option<&str>)>) -> Case {
    case.package(PackageType::DEB, name, version, "/var/lib/dpkg/status").with(|artifact| {
        let package = artifact.packages.last_mut().unwrap();
        package.upstreams.extend(
            source.map(|(name, version)| Upstream { name: name.to_owned(), version: version.map(str::to_owned) }),
        );
    })
}

fn openssl() -> Case {
    let case = deb(image(), "openssl", "3.0.1-1", None);
    deb(case, "libssl3", "3.0.1-1", Some(("openssl", None)))
}

#[test]
fn a_package_goes_to_the_smallest_version_that_ends_all_its_stops() {
    let npm = |version| image().package(PackageType::NPM, "lodash", version, "/app/node_modules/lodash/package.json");
    let step = |to: &str, count| format!("upgrade lodash from 1.0.0 to {to}: npm install lodash@{to} ({count})");
    for (advisories, expected) in [
        (&["CVE-1 lodash 1.2.0", "CVE-2 lodash 1.1.0"][..], vec![step("1.2.0", 2), "pass".to_owned()]),
        // The first fix is affected by something that the installed version is not.
        (&["CVE-1 lodash 1.1.0", "CVE-2 lodash 1.1.0..1.3.0"], vec![step("1.3.0", 1), "pass".to_owned()]),
        // What nothing fixes keeps the rest from passing, and still the rest is worth it.
        (
            &["CVE-1 lodash 1.1.0", "CVE-2 lodash"],
            vec![step("1.1.0", 1), "! r1: no fixed version of lodash is known".to_owned(), "stop".to_owned()],
        ),
        (&["CVE-2 lodash wont"], vec!["! r1: the vendor will not fix lodash".to_owned(), "stop".to_owned()]),
        (&["CVE-1 other 2"], vec!["pass".to_owned()]),
    ] {
        assert_eq!(World::new(npm("1.0.0"), advisories).plan(&[VULNERABLE]), expected, "{advisories:?}");
    }
    let fixed = World::new(npm("1.0.0"), &["CVE-1 lodash 1.1.0", "CVE-2 lodash"]);
    assert_eq!(fixed.plan(&[FIXABLE]), [step("1.1.0", 1), "pass".to_owned()], "what has no fix does not stop here");
}

#[test]
fn packages_of_one_source_move_together() {
    let world = World::new(deb(openssl(), "bash", "5-1", None), &["CVE-1 openssl 3.0.2-1", "CVE-2 bash 5-2"]);
    assert_eq!(
        world.plan(&[VULNERABLE]),
        [
            "upgrade openssl (libssl3, openssl) from 3.0.1-1 to 3.0.2-1: apt-get install --only-upgrade libssl3 openssl (2)",
            "upgrade bash from 5-1 to 5-2: apt-get install --only-upgrade bash (1)",
            "pass",
        ]
    );
    // A binary that counts on its own moves with its source and keeps its number.
    let own = deb(image(), "dmsetup", "2:1.02.185-2", Some(("lvm2", Some("2.03.16-2"))));
    let plan = World::new(own, &["CVE-1 lvm2 2.03.16-3"]).plan(&[VULNERABLE]);
    assert_eq!(plan.last().unwrap(), "pass", "{plan:?}");
    assert!(plan[0].starts_with("upgrade lvm2 (dmsetup) from 2:1.02.185-2 to 2.03.16-3"), "{plan:?}");
}

#[test]
fn copies_of_one_version_are_one_step_and_other_versions_are_others() {
    let case = ["1.0.0", "1.0.0", "1.1.0"].iter().enumerate().fold(image(), |case, (at, version)| {
        case.package(PackageType::NPM, "lodash", version, &format!("/{at}/lodash/package.json"))
    });
    let world = World::new(case, &["CVE-1 lodash 2.0.0"]);
    assert_eq!(
        world.plan(&[VULNERABLE]),
        [
            "upgrade lodash from 1.0.0 to 2.0.0: npm install lodash@2.0.0 (2)",
            "upgrade lodash from 1.1.0 to 2.0.0: npm install lodash@2.0.0 (1)",
            "pass"
        ]
    );
}

#[test]
fn a_list_of_vulnerabilities_needs_every_package_of_it() {
    let case = openssl().package(PackageType::NPM, "lodash", "1.0.0", "/lodash/package.json");
    let world = World::new(case, &["CVE-1 openssl 3.0.2-1", "CVE-2 lodash 1.1.0", "CVE-3 lodash 1.2.0"]);
    let plan = world.plan(&["stop vulnerabilities.denylist vulnerability_ids=CVE-1,CVE-2"]);
    assert_eq!(plan.len(), 3, "{plan:?}");
    assert!(plan[1].starts_with("upgrade lodash from 1.0.0 to 1.1.0"), "CVE-3 is not on the list: {plan:?}");
}

#[test]
fn a_version_that_cannot_be_compared_is_none() {
    let case = image().package(PackageType::PYTHON, "x", "1.0", "/x/METADATA");
    let mut world = World::new(case, &["CVE-1 x"]);
    world.advisories[0].fixed = None;
    let report = world.case.report.as_mut().unwrap();
    report.matches[0].fix.versions = vec!["not a version".to_owned()];
    assert_eq!(world.plan(&[VULNERABLE]), ["! r1: it stays after what was tried: versions not a version", "stop"]);
}

#[test]
fn denied_packages_go_with_their_files_and_what_those_prove() {
    let owned = |path: &str| OwnedFile { path: path.to_owned(), digest: None, mode: None, size: None, config: false };
    let case = deb(image(), "curl", "8-1", None)
        .package(PackageType::PYTHON, "pycurl", "7.0", "/usr/lib/pycurl/METADATA")
        .files(&[
            ("/usr/bin/curl", FileKind::Regular, 0o4755),
            ("/usr/lib/pycurl/METADATA", FileKind::Regular, 0o644),
            ("/usr/lib", FileKind::Directory, 0o755),
        ])
        .with(|artifact| {
            let paths = ["/usr/bin/curl", "/usr/lib", "/usr/lib/pycurl/METADATA"];
            artifact.packages[0].files = paths.map(owned).to_vec();
        });
    let world = World::new(case, &["CVE-1 pycurl"]);
    let rules = [VULNERABLE, "stop packages.denylist name=curl", "stop files.suid_or_guid_set"];
    assert_eq!(world.plan(&rules), ["remove curl 8-1 (3)", "pass"], "one step for all three");
    assert_eq!(world.plan(&rules[..1]), ["! r1: no fixed version of pycurl is known", "stop"]);
}

#[test]
fn what_is_required_is_installed() {
    let world = World::new(deb(image(), "bash", "5-1", None), NO_DATA);
    assert_eq!(
        world.plan(&["stop packages.required_package name=ca-certificates"]),
        ["install ca-certificates (what affects its version is not known yet) (1)", "pass"]
    );
    assert_eq!(
        world.plan(&["stop packages.required_package name=bash; version=5-2; version_match_type=minimum"]),
        ["install bash 5-2 (1)", "pass"]
    );
    let fresh = World::new(deb(image(), "bash", "5-1", None), &["CVE-1 curl 8-2", "CVE-2 curl 8-2..8-4"]);
    let rules = [VULNERABLE, "stop packages.required_package name=curl; version=8-1; version_match_type=minimum"];
    assert_eq!(fresh.plan(&rules), ["install curl 8-4 (1)", "pass"], "a version that nothing affects");
    let vulnerable = World::new(deb(image(), "bash", "5-1", None), &["CVE-1 bash 5-2"]);
    let rules = [VULNERABLE, "stop packages.required_package name=bash; version=5-2; version_match_type=minimum"];
    let plan = vulnerable.plan(&rules);
    assert_eq!(plan, ["upgrade bash from 5-1 to 5-2: apt-get install --only-upgrade bash (2)", "pass"], "one for both");
}

#[test]
fn rules_against_each_other_leave_what_they_must() {
    let world = World::new(deb(image(), "bash", "5-1", None), &["CVE-1 bash 5-2"]);
    let exact = "stop packages.required_package name=bash; version=5-1; version_match_type=exact";
    let plan = world.plan(&[VULNERABLE, exact]);
    assert_eq!(plan.last().unwrap(), "stop", "{plan:?}");
    assert_eq!(plan.len(), 2, "no step ends one without bringing about the other: {plan:?}");
    let plan = world.plan(&["stop packages.denylist name=bash", "stop packages.required_package name=bash"]);
    assert_eq!(plan.last().unwrap(), "stop", "{plan:?}");
}

#[test]
fn an_upgrade_that_an_exception_does_not_cover_goes_further() {
    let mut document = document(&[VULNERABLE]);
    document["allowlists"][0]["items"] =
        json!([{"id": "i", "gate": "vulnerabilities", "trigger_id": "CVE-2+lodash-1.0.0"}]);
    let case = image().package(PackageType::NPM, "lodash", "1.0.0", "");
    let world = World::new(case, &["CVE-1 lodash 1.1.0", "CVE-2 lodash 1.2.0"]);
    assert_eq!(
        world.plan_of(&document),
        ["upgrade lodash from 1.0.0 to 1.2.0: npm install lodash@1.2.0 (1)", "pass"],
        "what is accepted of 1.0.0 is not accepted of 1.1.0"
    );
}

#[test]
fn packages_with_denied_licences_are_replaced_unless_they_are_the_system() {
    let licensed = |case: Case, value: &str| {
        case.with(|artifact| {
            artifact.packages.last_mut().unwrap().licenses.push(stopgate_model::License {
                value: value.to_owned(),
                spdx: String::new(),
                kind: stopgate_model::LicenseKind::Declared,
                urls: Vec::new(),
                locations: Vec::new(),
            });
        })
    };
    let npm = |name: &str, case: Case| case.package(PackageType::NPM, name, "1", &format!("/{name}/package.json"));
    let rules = ["stop licenses.denylist_exact_match licenses=AGPL-3.0"];
    let two = licensed(npm("b", licensed(npm("a", image()), "AGPL-3.0")), "AGPL-3.0");
    assert_eq!(World::new(two.clone(), NO_DATA).plan(&rules), ["remove a 1 (1)", "remove b 1 (1)", "pass"]);
    let system = licensed(deb(two, "bash", "5", None), "AGPL-3.0");
    let plan = World::new(system, NO_DATA).plan(&rules);
    assert_eq!(plan.last().unwrap(), "stop", "{plan:?}");
    assert!(plan.iter().any(|line| line.contains("replace these packages")), "{plan:?}");
}
