//! The policies that everybody starts from: the engine's default bundle in its old spelling, and the Secure pack.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};
use stopgate_testkit::{Stopgate, images};

const DATE: &str = "2026-06-01T00:00:00Z";

fn params(list: &[(&str, &str)]) -> Vec<Value> {
    list.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// The default bundle of the engine, version `1_0`.
fn default_bundle() -> Value {
    let rule = |id: &str, action: &str, gate: &str, trigger: &str, list: &[(&str, &str)]| json!({"id": id, "action": action, "gate": gate, "trigger": trigger, "params": params(list)});
    let of = |comparison| [("package_type", "all"), ("severity_comparison", comparison), ("severity", "medium")];
    let rules = [
        rule("ports", "STOP", "dockerfile", "exposed_ports", &[("ports", "22"), ("type", "blacklist")]),
        rule("health", "WARN", "dockerfile", "instruction", &[("instruction", "HEALTHCHECK"), ("check", "not_exists")]),
        rule("stale", "WARN", "vulnerabilities", "stale_feed_data", &[("max_days_since_sync", "2")]),
        rule("no-data", "WARN", "vulnerabilities", "vulnerability_data_unavailable", &[]),
        rule("medium", "WARN", "vulnerabilities", "package", &of("=")),
        rule("above", "STOP", "vulnerabilities", "package", &of(">")),
    ];
    json!({
        "id": "2c53a13c-1765-11e8-82ef-23527761d060", "name": "Default bundle", "version": "1_0",
        "policies": [{"id": "policy", "name": "DefaultPolicy", "version": "1_0", "rules": rules}],
        "whitelists": [{"id": "global", "name": "Global Whitelist", "version": "1_0", "items": []}],
        "mappings": [{"id": "default", "name": "default", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "policy_id": "policy", "whitelist_ids": ["global"]}],
        "whitelisted_images": [], "blacklisted_images": [],
    })
}

/// The Secure pack, its rule sets for images.
fn secure() -> Value {
    let rule = |id: &str, action: &str, trigger: &str, list: &[(&str, &str)]| json!({"id": id, "action": action, "gate": "vulnerabilities", "trigger": trigger, "params": params(list)});
    let severity = |level| [("package_type", "all"), ("severity_comparison", "="), ("severity", level)];
    let with = |level, name, value| {
        let [kind, comparison, severity] = severity(level);
        [kind, comparison, severity, (name, value)]
    };
    let sets = [
        ("no-data", vec![rule("no-data", "STOP", "vulnerability_data_unavailable", &[])]),
        ("stale", vec![rule("stale", "WARN", "stale_feed_data", &[("max_days_since_sync", "2")])]),
        (
            "fixable",
            vec![
                rule("low", "WARN", "package", &with("low", "fix_available", "true")),
                rule("medium", "WARN", "package", &with("medium", "fix_available", "true")),
            ],
        ),
        ("week-old", vec![rule("high", "WARN", "package", &with("high", "max_days_since_creation", "7"))]),
        ("critical", vec![rule("critical", "STOP", "package", &severity("critical"))]),
    ];
    let ids: Vec<&str> = sets.iter().map(|(id, _)| *id).collect();
    let rule_sets: Vec<Value> = sets
        .iter()
        .map(|(id, rules)| json!({"id": id, "name": id, "version": "2", "artifact_type": "image", "rules": rules}))
        .collect();
    json!({
        "id": "anchore_secure_default", "name": "Secure", "version": "2", "rule_sets": rule_sets, "allowlists": [],
        "mappings": [{"id": "all", "name": "all", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": ids, "allowlist_ids": []}],
    })
}

/// Own advisories: id, ecosystem, package, first fixed version (none: not fixed), score vector.
const ADVISORIES: [(&str, &str, &str, Option<&str>, &str); 6] = [
    (
        "CVE-2021-44228",
        "Maven",
        "org.apache.logging.log4j:log4j-core",
        Some("2.15.0"),
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
    ),
    ("CVE-2023-5363", "Debian:12", "openssl", Some("3.0.11-1~deb12u2"), "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"),
    ("CVE-2022-3715", "Debian:12", "bash", None, "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:N"),
    ("CVE-2020-8203", "npm", "lodash", Some("4.17.20"), "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:L/A:L"),
    ("CVE-2020-28500", "npm", "lodash", Some("4.17.21"), "CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:N/I:N/A:L"),
    ("CVE-2019-10744", "npm", "lodash", Some("4.17.12"), "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"),
];

/// A place with two images, both policies and advisories.
fn desk() -> Result<Stopgate> {
    let stopgate = Stopgate::new()?;
    let home = stopgate.home();
    images::mixed()?.write_oci_archive(&home.join("mixed.tar"))?;
    images::good().write_oci_archive(&home.join("good.tar"))?;
    std::fs::write(home.join("default.json"), default_bundle().to_string())?;
    std::fs::write(home.join("secure.json"), secure().to_string())?;
    std::fs::create_dir(home.join("osv"))?;
    for (id, ecosystem, name, fixed, vector) in ADVISORIES {
        let mut events = vec![json!({"introduced": "0"})];
        events.extend(fixed.map(|fixed| json!({"fixed": fixed})));
        let affected = json!([{"package": {"ecosystem": ecosystem, "name": name},
                               "ranges": [{"type": "ECOSYSTEM", "events": events}]}]);
        let document = json!({"id": id, "modified": "2026-01-01T00:00:00Z", "affected": affected,
                              "severity": [{"type": "CVSS_V3", "score": vector}]});
        std::fs::write(home.join(format!("osv/{id}.json")), document.to_string())?;
    }
    Ok(stopgate)
}

fn check(stopgate: &Stopgate, words: &str) -> Result<(i32, Value, Vec<u8>)> {
    let words = format!("check {words} --advisories osv -q -o json");
    let run = stopgate.run(words.split(' '))?;
    Ok((run.code, run.json()?, run.stdout))
}

/// `action rule trigger_id` of each finding.
fn findings(report: &Value) -> BTreeSet<String> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or("").to_owned();
    let line = |finding: &Value| {
        format!("{} {} {}", text(finding, "action"), text(finding, "rule_id"), text(finding, "trigger_id"))
    };
    report["findings"].as_array().into_iter().flatten().map(line).collect()
}

fn pinned(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn the_default_bundle_decides() -> Result<()> {
    let stopgate = desk()?;
    let (code, report, _) = check(&stopgate, &format!("mixed.tar -p default.json --as-of {DATE}"))?;
    assert_eq!(code, 1);
    let expected = pinned(&[
        "stop ports cc05c35507995b4a657b63f9b0baa281",
        "warn health 41cb7cdf04850e33a11f80c42bf660b3",
        "stop above CVE-2021-44228+log4j-core-2.14.1.jar",
        "stop above CVE-2023-5363+openssl",
        "warn medium CVE-2022-3715+bash",
        "warn medium CVE-2020-8203+lodash",
    ]);
    assert_eq!(findings(&report), expected);
    let (code, report, _) = check(&stopgate, &format!("good.tar -p default.json --as-of {DATE}"))?;
    assert_eq!((code, findings(&report)), (0, pinned(&[])));
    Ok(())
}

#[test]
fn the_secure_pack_decides() -> Result<()> {
    let stopgate = desk()?;
    let home = stopgate.home();
    let week_later = "2026-06-08T00:00:00Z";
    let expected = [
        "stop critical CVE-2021-44228+log4j-core-2.14.1.jar",
        "warn medium CVE-2020-8203+lodash",
        "warn low CVE-2020-28500+lodash",
    ];
    let (code, report, _) = check(&stopgate, &format!("mixed.tar -p secure.json --as-of {DATE}"))?;
    assert_eq!((code, findings(&report)), (1, pinned(&expected)));
    let problems = report["evaluation"]["evaluation_problems"].to_string();
    assert!(problems.contains("data_unavailable") || problems.contains("first seen"), "{report:#}");
    // What was new a week ago is a week old now.
    let (_, _, first) = check(&stopgate, &format!("mixed.tar -p secure.json --as-of {DATE} --baseline good.tar"))?;
    std::fs::write(home.join("first.json"), first)?;
    let later = format!("mixed.tar -p secure.json --as-of {week_later} --baseline check:first.json");
    let (code, report, _) = check(&stopgate, &later)?;
    let mut expected = pinned(&expected);
    expected.insert("warn high CVE-2023-5363+openssl".to_owned());
    assert_eq!((code, findings(&report)), (1, expected));
    let (_, report, _) = check(&stopgate, &later.replace(week_later, "2026-06-07T23:59:59Z"))?;
    assert!(!findings(&report).contains("warn high CVE-2023-5363+openssl"), "a second early");
    Ok(())
}

#[test]
fn one_bundle_gives_the_same_bytes_in_every_run_and_both_spellings() -> Result<()> {
    let stopgate = desk()?;
    let converted = stopgate.run(["policy", "convert", "default.json", "-q"])?;
    assert_eq!(converted.code, 0, "{}", converted.stderr);
    std::fs::write(stopgate.home().join("converted.json"), converted.stdout)?;
    let words = |policy: &str| format!("mixed.tar -p {policy}.json --as-of {DATE} --fix-plan");
    let (_, report, expected) = check(&stopgate, &words("default"))?;
    assert_eq!(report["policy"]["id"], "2c53a13c-1765-11e8-82ef-23527761d060");
    for run in 0..100 {
        let policy = if run % 2 == 0 { "default" } else { "converted" };
        let (_, _, bytes) = check(&stopgate, &words(policy))?;
        assert!(bytes == expected, "run {run} with {policy}");
    }
    Ok(())
}
