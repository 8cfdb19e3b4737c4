//! The gate `vulnerabilities`.

use stopgate_model::{FixState, PackageType, Severity};

use super::{Case, check, cvss, document, edit, epss, fixed, ids, image, kev, lines, policy};
use crate::{BaseImage, History};

fn openssl() -> Case {
    image().package(PackageType::DEB, "openssl", "3.0.1", "/var/lib/dpkg/status")
}

fn high() -> Case {
    openssl().vuln("CVE-2024-1", Severity::High, fixed("3.0.2", "2026-05-01"))
}

fn package(case: &Case, rest: &str) -> Vec<String> {
    ids(case, &format!("stop vulnerabilities.package package_type=all; {rest}"))
}

const FIRES: [&str; 1] = ["CVE-2024-1+openssl"];
const QUIET: [&str; 0] = [];

#[test]
fn severity_is_compared_in_its_order() {
    for (rest, fires) in [
        ("severity=high; severity_comparison=>=", true),
        ("severity=high; severity_comparison==", true),
        ("severity=high; severity_comparison=>", false),
        ("severity=critical; severity_comparison=<", true),
        ("", true),
    ] {
        assert_eq!(package(&high(), rest).len() == 1, fires, "{rest}");
    }
    let unknown = openssl().vuln("CVE-1", Severity::Unknown, |_| {});
    assert_eq!(package(&unknown, ""), QUIET, "the default is above unknown");
    assert_eq!(package(&unknown, "severity=unknown; severity_comparison=>=").len(), 1);
    assert_eq!(
        check(&high(), "stop vulnerabilities.package package_type=os"),
        ["stop high vulnerability CVE-2024-1 in `openssl` 3.0.1 (deb): fixed in 3.0.2", "stop"]
    );
    assert_eq!(check(&high(), "stop vulnerabilities.package package_type=non-os"), ["pass"]);
}

#[test]
fn fixes_and_vendors_are_conditions() {
    let open = openssl().vuln("CVE-2024-1", Severity::High, |_| {});
    assert_eq!(package(&high(), "fix_available=true"), FIRES);
    assert_eq!(package(&high(), "fix_available=false"), QUIET);
    assert_eq!(package(&open, "fix_available=true"), QUIET);
    assert_eq!(package(&open, "fix_available=false"), FIRES);
    let refused = openssl().vuln("CVE-2024-1", Severity::High, |matched| matched.fix.state = FixState::WontFix);
    assert_eq!(package(&refused, ""), QUIET, "the vendor will not fix it");
    assert_eq!(package(&refused, "vendor_only=false"), FIRES);
}

#[test]
fn a_fix_counts_from_the_day_after_its_window() {
    assert_eq!(package(&high(), "fix_available=true; max_days_since_fix=31"), FIRES, "on the day itself");
    let young = "fix_available=true; max_days_since_fix=32";
    assert_eq!(package(&high(), young), QUIET);
    let policy = policy(&document(&[&format!("stop vulnerabilities.package package_type=all; {young}")]));
    assert_eq!(high().evaluate(&policy).valid_until.as_deref(), Some("2026-06-02T00:00:00Z"));
    assert_eq!(package(&high(), "max_days_since_fix=32"), FIRES, "without fix_available it does nothing");
    let undated = openssl().vuln("CVE-2024-1", Severity::High, |matched| {
        fixed("3.0.2", "")(matched);
        matched.fix.available.clear();
    });
    assert_eq!(package(&undated, young), FIRES, "an unknown date hides nothing");
}

#[test]
fn scores_of_nvd_and_vendor_are_apart() {
    let scored =
        openssl().vuln("CVE-2024-1", Severity::High, |matched| edit(matched, |record| record.cvss.push(cvss(7.5))));
    assert_eq!(package(&scored, "vendor_cvss_v3_base_score=7.5"), FIRES);
    assert_eq!(package(&scored, "vendor_cvss_v3_base_score=7.6"), QUIET);
    assert_eq!(package(&scored, "vendor_cvss_v3_impact_score=5; vendor_cvss_v3_impact_score_comparison=<"), QUIET);
    assert_eq!(package(&scored, "cvss_v3_base_score=0.1"), QUIET, "NVD has none, which is -1");
    assert_eq!(package(&scored, "cvss_v3_base_score=0; cvss_v3_base_score_comparison=<"), FIRES);
    let nvd = openssl().vuln("CVE-2024-1", Severity::High, |matched| {
        edit(matched, |record| {
            record.namespace = "nvd:cpe".to_owned();
            record.cvss.push(cvss(9.8));
        });
    });
    assert_eq!(package(&nvd, "cvss_v3_base_score=9.8; cvss_v3_exploitability_score=3.9"), FIRES);
    assert_eq!(package(&nvd, "vendor_cvss_v3_base_score=1"), QUIET);
}

#[test]
fn exploitation_known_or_predicted_is_a_condition() {
    let known = openssl().vuln("CVE-2024-1", Severity::High, |matched| {
        edit(matched, |record| {
            record.kev.push(kev("2024-02-01"));
            record.epss.push(epss(0.6, 0.97));
        });
    });
    assert_eq!(package(&known, "known_exploited_vulnerability=true"), FIRES);
    assert_eq!(package(&known, "known_exploited_vulnerability=false"), QUIET);
    assert_eq!(package(&high(), "known_exploited_vulnerability=true"), QUIET);
    assert_eq!(package(&known, "epss_score=0.6"), FIRES);
    assert_eq!(package(&known, "epss_percentile=98"), QUIET, "in percent");
}

#[test]
fn windows_since_the_first_sight_need_a_history() {
    let rule = "stop vulnerabilities.package package_type=all; max_days_since_creation=7";
    let lines_without = check(&high(), rule);
    assert!(lines_without[0].contains("it is not known when the matches were first seen"), "{lines_without:?}");
    assert_eq!(lines_without[1], "undecided");
    assert_eq!(check(&openssl(), rule), ["pass"], "nothing is there that the history could change");
    let seen = |first: Option<&str>| {
        let mut case = high();
        let key = ("CVE-2024-1".to_owned(), "pkg:generic/openssl@3.0.1".to_owned());
        let first_seen = first.map(|time| (key, Some(time.parse().unwrap()))).into_iter().collect();
        case.history = Some(History { first_seen, ..History::default() });
        case
    };
    assert_eq!(check(&seen(None), rule), ["pass"], "what the history does not know is new");
    assert_eq!(check(&seen(Some("2026-05-25T00:00:00Z")), rule).last().unwrap(), "stop", "the day itself");
    assert_eq!(check(&seen(Some("2026-05-25T00:00:01Z")), rule), ["pass"]);
}

#[test]
fn findings_of_the_base_image_are_told_apart() {
    let rule = |value: &str| format!("stop vulnerabilities.package package_type=all; inherited_from_base={value}");
    assert_eq!(check(&high(), &rule("true"))[1], "undecided");
    let mut case = high();
    let mut base = BaseImage::default();
    base.matches.insert(("CVE-2024-1".to_owned(), "pkg:generic/openssl@3.0.1".to_owned()));
    base.findings.insert(("vulnerabilities".to_owned(), "package".to_owned(), FIRES[0].to_owned()));
    case.base = Some(base);
    assert_eq!(ids(&case, &rule("true")), FIRES);
    assert_eq!(ids(&case, &rule("false")), QUIET);
    let evaluation = case.evaluate(&policy(&document(&["stop vulnerabilities.package package_type=all"])));
    assert_eq!(evaluation.findings[0].inherited_from_base, Some(true));
}

#[test]
fn keys_of_packages_are_anchores() {
    let case = |kind: PackageType, path: &str, details: &str| {
        let mut case = image().package(kind, "name", "1.0", path);
        if !details.is_empty() {
            case.artifact.packages[0].details =
                Some(stopgate_model::Details { type_name: "java-archive".to_owned(), json: details.to_owned() });
        }
        case.vuln("CVE-1", Severity::High, |_| {})
    };
    for (kind, path, details, key) in [
        (PackageType::RPM, "/var/lib/rpm/rpmdb.sqlite", "", "name"),
        (PackageType::JAVA_ARCHIVE, "/app/x-1.jar", "", "x-1.jar"),
        (PackageType::JAVA_ARCHIVE, "/app/x.jar", r#"{"virtualPath":"/app/x.jar:inner"}"#, "x.jar:inner"),
        (PackageType::GEM, "/gems/name-1.0.gemspec", "", "name-1.0.gemspec"),
        (PackageType::NPM, "/app/node_modules/lodash/package.json", "", "lodash"),
        (PackageType::NPM, "/app/package-lock.json", "", "name-1.0"),
        (PackageType::PYTHON, "/usr/lib/python3/x/METADATA", "", "name-1.0"),
        (PackageType::GO_MODULE, "", "", "name-1.0"),
    ] {
        assert_eq!(package(&case(kind, path, details), ""), [format!("CVE-1+{key}")], "{path}");
    }
}

#[test]
fn paths_can_be_left_out() {
    let jar =
        image().package(PackageType::JAVA_ARCHIVE, "x", "1", "/app/test/x.jar").vuln("CVE-1", Severity::High, |_| {});
    assert_eq!(package(&jar, "package_path_exclude=/app/test/.*"), QUIET);
    assert_eq!(package(&jar, "package_path_exclude=test").len(), 1, "from the start");
    assert_eq!(package(&high(), "package_path_exclude=.*"), FIRES, "packages of a distribution stay");
}

/// One weakness under three kinds of ids, each the id of a record with the others beside it.
#[test]
fn every_id_of_a_weakness_accepts_and_denies_it() {
    let other = |name: &str| {
        let others: Vec<String> = ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc", "ALSA-2024:1"]
            .into_iter()
            .filter(|id| *id != name)
            .map(str::to_owned)
            .collect();
        openssl().vuln(name, Severity::High, |matched| edit(matched, |record| record.aliases = others))
    };
    let related = openssl().vuln("ALAS-2024-9", Severity::High, |matched| {
        edit(matched, |record| record.related.push(related("CVE-2024-1")));
    });
    let accepted = |case: &Case, id: &str| {
        let mut document = document(&["stop vulnerabilities.package package_type=all"]);
        let item = serde_json::json!({"id": "i", "gate": "vulnerabilities", "trigger_id": id});
        document["allowlists"][0]["items"] = serde_json::json!([item]);
        case.evaluate(&policy(&document)).decision == stopgate_model::Decision::Pass
    };
    let denied = |case: &Case, id: &str| {
        let rule = format!("stop vulnerabilities.denylist vulnerability_ids={id}");
        ids(case, &rule).len() == 1
    };
    for name in ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc", "ALSA-2024:1"] {
        for id in ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc", "ALSA-2024:1"] {
            assert!(accepted(&other(name), &format!("{id}+openssl")), "{id} for {name}");
            assert!(accepted(&other(name), &format!("{id}+*")), "{id} for {name}");
            assert!(denied(&other(name), id), "{id} for {name}");
        }
        assert!(!accepted(&other(name), "CVE-2024-2+openssl") && !accepted(&other(name), "CVE-2024-1+libssl"));
        assert!(!denied(&other(name), "CVE-2024-2"));
    }
    assert!(accepted(&related, "CVE-2024-1+openssl") && denied(&related, "CVE-2024-1"), "the record of its CVE");
}

fn related(id: &str) -> stopgate_model::RelatedVulnerability {
    stopgate_model::RelatedVulnerability {
        id: id.to_owned(),
        namespace: "nvd:cpe".to_owned(),
        severity: Severity::High,
        data_source: String::new(),
        urls: Vec::new(),
        description: String::new(),
        cvss: Vec::new(),
    }
}

#[test]
fn findings_say_what_to_do_and_why() {
    let evaluation = high().evaluate(&policy(&document(&[
        "stop vulnerabilities.package package_type=all; severity=high; severity_comparison=>=",
    ])));
    let finding = &evaluation.findings[0];
    assert_eq!(
        finding.remediation.as_ref().unwrap().sentence(),
        "upgrade openssl from 3.0.1 to 3.0.2: apt-get install --only-upgrade openssl"
    );
    assert_eq!(
        (finding.explain[0].condition.as_str(), finding.explain[0].actual.as_str()),
        ("severity >= high", "high")
    );
    assert_eq!((finding.fingerprint.len(), finding.evidence.len()), (64, 2));
    let mut newer = high();
    newer.artifact.packages[0].version = "3.0.1.1".to_owned();
    newer.artifact.packages[0].purl = "pkg:generic/openssl@3.0.1.1".to_owned();
    let again = newer.evaluate(&policy(&document(&["warn vulnerabilities.package package_type=os"])));
    assert_eq!(again.findings[0].fingerprint, finding.fingerprint, "another version and rule, the same finding");
    assert_eq!(lines(&evaluation).len(), 2);
}
