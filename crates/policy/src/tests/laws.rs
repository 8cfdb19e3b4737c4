//! What holds for every artifact and document: no panic, and the same answer for the same input.

use std::sync::LazyLock;

use proptest::prelude::*;
use stopgate_model::{DockerfileMode, FileKind, PackageType, Severity};

use super::{Case, document, image, policy};
use crate::{ParseOptions, Policy, parse};

const RULES: &[&str] = &[
    "stop always.always",
    "warn dockerfile.effective_user users=root; type=denylist",
    "stop dockerfile.exposed_ports ports=0,22; type=allowlist",
    "stop dockerfile.instruction instruction=ENV; check=like; value=.*(?=x)(a+)+$",
    "warn dockerfile.instruction instruction=EXPOSE; check=not_in; value=22",
    "stop files.name_match regex=(/.*)*x",
    "warn files.suid_or_guid_set",
    "stop files.attribute_match filename=/a; mode=644; skip_missing=false",
    "stop metadata.attribute attribute=distro_version; check=>=; value=9.1",
    "warn packages.required_package name=a; version=1.0; version_match_type=minimum",
    "stop packages.denylist name=a; version=1",
    "stop passwd_file.denylist_userids user_ids=0",
    "stop passwd_file.denylist_full_entry entry=x",
    "stop secret_scans.content_regex_checks filename_regex=.*; match_type=notfound",
    "stop vulnerabilities.package package_type=all; max_days_since_fix=4294967295; fix_available=true",
    "stop vulnerabilities.package package_type=non-os; max_days_since_creation=1",
    "stop vulnerabilities.denylist vulnerability_ids=a,CVE-1",
    "stop vulnerabilities.stale_feed_data max_days_since_sync=4294967295",
    "stop vulnerabilities.kev_list",
    "stop tag_drift.packages_added",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9:/._+-]{0,12}", "\\PC{0,12}", "[\\x00-\\x1f é]{0,4}"]
}

pub(super) fn any_case() -> impl Strategy<Value = Case> {
    let packages = prop::collection::vec((0..6_usize, text(), text(), text(), text()), 0..6);
    let lines = prop::collection::vec((text(), text()), 0..5);
    let files = prop::collection::vec((text(), any::<u32>()), 0..8);
    (packages, lines, files, text(), text(), any::<u8>()).prop_map(|(packages, lines, files, user, passwd, missing)| {
        let types = [
            PackageType::DEB,
            PackageType::RPM,
            PackageType::APK,
            PackageType::NPM,
            PackageType::JAVA_ARCHIVE,
            PackageType::PYTHON,
        ];
        let mut case = image().config(|config| {
            config.user = user.clone();
            config.exposed_ports = vec![passwd.clone(), "22/tcp".to_owned()];
        });
        for (kind, name, version, path, id) in packages {
            case = case.package(types[kind].clone(), &name, &version, &path).vuln(&id, Severity::High, |matched| {
                super::fixed(&version, &path)(matched);
            });
        }
        let lines: Vec<String> = lines.iter().map(|(word, rest)| format!("ENV {word} {rest}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let entries: Vec<_> = files.iter().map(|(path, mode)| (path.as_str(), FileKind::Regular, *mode)).collect();
        case = case.dockerfile(DockerfileMode::Actual, &lines).files(&entries);
        case = case.retrieved("/etc/passwd", &format!("{passwd}\n{user}:x:0:0:::\n"));
        if missing & 1 > 0 {
            case.report = None;
        }
        if missing & 2 > 0 {
            case.artifact.config = None;
        }
        if missing & 4 > 0 {
            case.artifact.files = None;
        }
        if missing & 8 > 0 {
            case.artifact.distro = None;
        }
        if missing & 16 > 0 {
            case.artifact.packages.clear();
        }
        case
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn evaluation_is_total_and_deterministic(case in any_case()) {
        static POLICY: LazyLock<Policy> = LazyLock::new(|| policy(&document(RULES)));
        let policy = &*POLICY;
        let (first, second) = (case.evaluate(policy), case.evaluate(policy));
        prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        prop_assert!(!first.problems.iter().any(|problem| problem.details.contains("a way that it should not")), "{:?}", first.problems);
        prop_assert!(first.findings.iter().all(|finding| finding.fingerprint.len() == 64 && !finding.trigger_id.is_empty()));
    }

    #[test]
    fn reading_any_bytes_gives_a_policy_or_errors(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        let _ = parse(&bytes, ParseOptions::default());
        if let Err(errors) = parse(text.as_bytes(), ParseOptions::default()) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn reading_a_damaged_document_gives_errors_with_pointers(position in 0..2000_usize, with in any::<u8>()) {
        let mut bytes = document(RULES).to_string().into_bytes();
        let position = position % bytes.len();
        bytes[position] = with;
        if let Err(errors) = parse(&bytes, ParseOptions::default()) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn compiled_expressions_never_panic(pattern in "[a-z\\[\\](){}?*+.|^$\\\\&~-]{0,14}", text in "[a-z\\[&-]{0,8}") {
        if let Ok(regex) = crate::regexes::PythonRegex::new(&pattern) {
            let _ = regex.matches(&text);
        }
    }
}
