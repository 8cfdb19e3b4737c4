//! One evaluation in full, so that every field of a finding is looked at when it changes.

use stopgate_model::{DockerfileMode, FileKind, PackageType, SearchHit, Severity};

use super::{document, edit, fixed, image, kev, policy};

#[test]
fn an_evaluation_in_full() {
    let secret = SearchHit {
        path: "/app/.env".to_owned(),
        layer: None,
        name: "AWS_ACCESS_KEY".to_owned(),
        pattern: "AKIA[0-9A-Z]{16}".to_owned(),
        lines: vec![2, 9],
    };
    let case = image()
        .package(PackageType::DEB, "openssl", "3.0.1", "/var/lib/dpkg/status")
        .vuln("CVE-2024-1", Severity::Critical, fixed("3.0.2", "2026-05-01"))
        .package(PackageType::NPM, "lodash", "4.17.20", "/app/node_modules/lodash/package.json")
        .vuln("GHSA-xxxx", Severity::High, |matched| {
            edit(matched, |record| {
                record.aliases.push("CVE-2024-2".to_owned());
                record.kev.push(kev("2024-03-01"));
            });
        })
        .files(&[("/usr/bin/su", FileKind::Regular, 0o4755)])
        .dockerfile(DockerfileMode::Actual, &["FROM debian:12", "ADD . /app"])
        .with(|artifact| artifact.secrets = Some(vec![secret]));
    let mut document = document(&[
        "stop vulnerabilities.package package_type=all; severity=high; severity_comparison=>=",
        "warn files.suid_or_guid_set",
        "warn dockerfile.instruction instruction=ADD; check=exists",
        "stop secret_scans.content_regex_checks",
        "stop packages.verify",
        "stop files.name_match regex=*",
    ]);
    document["rule_sets"][0]["rules"][0]["recommendation"] = "Upgrade the package.".into();
    document["allowlists"][0]["items"] = serde_json::json!([
        {"id": "i", "gate": "vulnerabilities", "trigger_id": "CVE-2024-2+*", "expires_on": "2026-07-01T00:00:00Z"},
    ]);
    insta::assert_debug_snapshot!(case.evaluate(&policy(&document)));
}
