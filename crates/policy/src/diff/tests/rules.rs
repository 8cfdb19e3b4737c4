//! Random rules of every trigger that comparisons know, and of some that they do not.

use serde_json::{Value, json};

use super::dice::Dice;

pub(super) const OPERATORS: [&str; 6] = ["=", "!=", "<", ">", "<=", ">="];
pub(super) const USERS: [&str; 6] = ["root", "0", "app", "10001", "app:staff", "nobody"];
pub(super) const PORTS: [&str; 5] = ["22", "80", "443", "8080", "0"];
pub(super) const LABELS: [&str; 3] = ["a", "b", "org.example.source"];
pub(super) const LICENSES: [&str; 5] = ["GPL-2.0", "GPL-3.0", "GPL", "MIT", "LGPL-2.1"];
pub(super) const NAMES: [&str; 4] = ["curl", "openssl", "left-pad", "log4j"];
pub(super) const VERSIONS: [&str; 4] = ["1.0", "1.2", "2.0.1", "10.1"];
pub(super) const PATHS: [&str; 3] = ["/etc/passwd", "/etc/app.conf", "/opt/x"];
pub(super) const SECRETS: [&str; 3] = ["AWS_ACCESS_KEY", "PRIV_KEY", "API_KEY"];
pub(super) const VULNERABILITIES: [&str; 4] = ["CVE-2024-1", "CVE-2024-2", "GHSA-aaaa", "CVE-2021-44228"];
const ACCOUNTS: [&str; 4] = ["root", "ftp", "app", "games"];
const REGEXES: [&str; 6] = [r".*\.pem", "/etc/.*", ".*", r"/opt/[a-z]+$", "^/app", r"(?!/etc).*\.key"];

type Params = Vec<(&'static str, String)>;
type Body = (&'static str, &'static str, Params);

fn text(text: &str) -> String {
    text.to_owned()
}

/// A parameter with one of these values.
fn one(dice: &mut Dice, name: &'static str, values: &[&str]) -> (&'static str, String) {
    (name, text(dice.pick(values)))
}

fn truth(dice: &mut Dice, name: &'static str) -> (&'static str, String) {
    one(dice, name, &["true", "false"])
}

fn list_type(dice: &mut Dice) -> (&'static str, String) {
    one(dice, "type", &["allowlist", "denylist"])
}

/// A rule for images that stops.
pub(super) fn any_rule(dice: &mut Dice) -> Value {
    let mut rule = rule(dice, "r", false);
    rule["action"] = json!("STOP");
    rule
}

/// A rule, for images or for anything.
pub(super) fn rule(dice: &mut Dice, id: &str, for_all: bool) -> Value {
    let (gate, trigger, params) = if for_all { for_anything(dice) } else { for_images(dice) };
    let params: Vec<Value> = params.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let action = if dice.one_in(5) { "WARN" } else { "STOP" };
    json!({"id": id, "gate": gate, "trigger": trigger, "action": action, "params": params})
}

fn for_images(dice: &mut Dice) -> Body {
    match dice.below(40) {
        0..=9 => for_anything(dice),
        10..=14 => of_build(dice),
        15..=19 => of_image(dice),
        20..=24 => of_files(dice),
        25..=28 => of_packages(dice),
        29..=33 => of_accounts(dice),
        34..=35 => absence(dice),
        _ => ("vulnerabilities", "package", package(dice)),
    }
}

fn for_anything(dice: &mut Dice) -> Body {
    match dice.below(12) {
        0 => ("always", "always", vec![]),
        1 => ("files", "name_match", vec![one(dice, "regex", &REGEXES)]),
        2 => licenses(dice),
        3 | 4 => secrets(dice),
        5 => ("vulnerabilities", "stale_feed_data", vec![one(dice, "max_days_since_sync", &["1", "10", "30"])]),
        6 => ("vulnerabilities", "kev_list", vec![]),
        7 => ("vulnerabilities", "vulnerability_data_unavailable", vec![]),
        8 => {
            let ids = ("vulnerability_ids", dice.some(&VULNERABILITIES, 2));
            ("vulnerabilities", "denylist", vec![ids, truth(dice, "vendor_only")])
        }
        _ => ("vulnerabilities", "package", package(dice)),
    }
}

fn absence(dice: &mut Dice) -> Body {
    match dice.below(6) {
        0 => ("ancestry", "no_ancestors_analyzed", vec![]),
        1 => ("malware", "scan_not_run", vec![]),
        2 => ("stig", "no_stig_evaluations_available", vec![]),
        3 => ("dockerfile", "no_dockerfile_provided", vec![]),
        4 => ("passwd_file", "content_not_available", vec![]),
        _ => ("retrieved_files", "content_not_available", vec![one(dice, "path", &PATHS)]),
    }
}

fn of_build(dice: &mut Dice) -> Body {
    match dice.below(5) {
        0 => ("dockerfile", "effective_user", vec![("users", dice.some(&USERS, 3)), list_type(dice)]),
        1 => ("dockerfile", "exposed_ports", vec![("ports", dice.some(&PORTS, 3)), list_type(dice)]),
        _ => {
            let (instruction, values): (&str, &[&str]) = match dice.below(4) {
                0 => ("RUN", &["apt-get update", "make", "make,true"]),
                1 => ("FROM", &["scratch", "alpine:3", "alpine:3,debian"]),
                2 => ("USER", &["root", "app"]),
                _ => ("HEALTHCHECK", &["NONE", "CMD true"]),
            };
            let checks = ["=", "!=", "exists", "not_exists", "in", "not_in", "like", "not_like"];
            let mut all = vec![("instruction", text(instruction)), one(dice, "check", &checks)];
            all.push(one(dice, "value", values));
            if dice.one_in(5) {
                all.push(truth(dice, "actual_dockerfile_only"));
            }
            ("dockerfile", "instruction", all)
        }
    }
}

fn of_image(dice: &mut Dice) -> Body {
    match dice.below(7) {
        0 => {
            let distro = one(dice, "distro", &["debian", "alpine", "Debian"]);
            let version = one(dice, "version", &["9", "11", "12", "3.18"]);
            ("distro", "deny", vec![distro, version, one(dice, "check", &OPERATORS)])
        }
        1 | 2 => ("image_config", "label", vec![("required", dice.some(&LABELS, 3))]),
        3 => ("image_config", "user", vec![one(dice, "check", &["uid_zero", "not_numeric"])]),
        _ => {
            let (attribute, values): (&str, &[&str]) = match dice.below(7) {
                0 => ("size", &["1048576", "2mb", "1kb"]),
                1 => ("layer_count", &["1", "3", "7"]),
                2 => ("architecture", &["amd64", "arm64", "amd64,arm64"]),
                3 => ("os_type", &["linux", "windows"]),
                4 => ("distro", &["debian", "alpine", "debian,alpine"]),
                5 => ("like_distro", &["debian", "rhel"]),
                _ => ("distro_version", &["12", "11", "3.18", "12.0"]),
            };
            let mut checks = OPERATORS.to_vec();
            checks.extend(["exists", "not_exists", "in", "not_in", "like", "not_like"]);
            let check = one(dice, "check", &checks);
            ("metadata", "attribute", vec![("attribute", text(attribute)), check, one(dice, "value", values)])
        }
    }
}

fn of_files(dice: &mut Dice) -> Body {
    if dice.one_in(4) {
        return ("files", "suid_or_guid_set", vec![]);
    }
    if dice.one_in(3) {
        return ("files", "name_match", vec![one(dice, "regex", &REGEXES)]);
    }
    let mut all = vec![one(dice, "filename", &PATHS), truth(dice, "skip_missing")];
    if dice.one_in(2) {
        all.push(one(dice, "mode", &["0644", "0755", "4755"]));
        all.push(one(dice, "mode_op", &["equals", "not_equals"]));
    }
    if dice.one_in(3) {
        all.push(("checksum", dice.pick(&["ab", "cd"]).repeat(32)));
        all.push(one(dice, "checksum_match", &["equals", "not_equals"]));
    }
    ("files", "attribute_match", all)
}

fn licenses(dice: &mut Dice) -> Body {
    let name = dice.pick(&["denylist_exact_match", "denylist_partial_match"]);
    let mut all = vec![("licenses", dice.some(&LICENSES, 3))];
    if dice.one_in(2) {
        all.push(one(dice, "package_type", &["all", "npm", "java", "dpkg"]));
    }
    ("licenses", name, all)
}

fn of_packages(dice: &mut Dice) -> Body {
    let mut all = vec![one(dice, "name", &NAMES)];
    let version = dice.one_in(2).then(|| one(dice, "version", &VERSIONS));
    match dice.below(5) {
        0 | 1 => {
            if let Some(version) = version {
                all.extend([version, one(dice, "version_match_type", &["exact", "minimum"])]);
            }
            ("packages", "required_package", all)
        }
        2 | 3 => {
            all.extend(version);
            ("packages", "denylist", all)
        }
        _ => {
            all.extend(version);
            ("npms", "blacklisted_name_version", all)
        }
    }
}

fn of_accounts(dice: &mut Dice) -> Body {
    match dice.below(7) {
        0 => ("passwd_file", "denylist_usernames", vec![("user_names", dice.some(&ACCOUNTS, 3))]),
        1 => ("passwd_file", "denylist_userids", vec![("user_ids", dice.some(&["0", "14", "1000"], 2))]),
        2 => ("passwd_file", "denylist_groupids", vec![("group_ids", dice.some(&["0", "50", "1000"], 2))]),
        3 => ("passwd_file", "denylist_shells", vec![("shells", dice.some(&["/bin/bash", "/bin/sh"], 2))]),
        4 => {
            let entries = ["ftp:x:14:50::/var/ftp:/bin/sh", "root:x:0:0::/root:/bin/bash"];
            ("passwd_file", "denylist_full_entry", vec![one(dice, "entry", &entries)])
        }
        _ => {
            let regex = one(dice, "regex", &[".*ssl.*", "root:.*", ".*"]);
            let check = one(dice, "check", &["match", "no_match"]);
            ("retrieved_files", "content_regex", vec![one(dice, "path", &PATHS), regex, check])
        }
    }
}

fn secrets(dice: &mut Dice) -> Body {
    let mut all = vec![one(dice, "match_type", &["found", "found", "notfound"])];
    if dice.one_in(2) {
        all.push(("content_regex_name", dice.some(&SECRETS, 2)));
    }
    if dice.one_in(3) {
        all.push(one(dice, "filename_regex", &REGEXES));
    }
    ("secret_scans", "content_regex_checks", all)
}

fn package(dice: &mut Dice) -> Params {
    let mut all = vec![one(dice, "package_type", &["all", "all", "os", "non-os"])];
    if !dice.one_in(4) {
        all.push(one(dice, "severity", &["low", "medium", "high", "critical"]));
        all.push(one(dice, "severity_comparison", &[">=", ">=", "=", ">", "<", "!="]));
    }
    let mut maybe = |dice: &mut Dice, odds: usize, name: &'static str, values: &[&str]| {
        if dice.one_in(odds) {
            all.push(one(dice, name, values));
        }
    };
    maybe(dice, 3, "fix_available", &["true", "true", "false"]);
    maybe(dice, 4, "vendor_only", &["true", "false"]);
    maybe(dice, 5, "max_days_since_fix", &["7", "30"]);
    maybe(dice, 8, "max_days_since_creation", &["7", "30"]);
    maybe(dice, 6, "known_exploited_vulnerability", &["true", "false"]);
    maybe(dice, 6, "package_path_exclude", &["/app/.*", r".*\.jar"]);
    maybe(dice, 12, "inherited_from_base", &["true", "false"]);
    for (score, comparison, values) in [
        ("cvss_v3_base_score", "cvss_v3_base_score_comparison", ["3.9", "7.0", "9.0"]),
        ("vendor_cvss_v3_base_score", "vendor_cvss_v3_base_score_comparison", ["3.9", "7.0", "9.0"]),
        ("cvss_v3_exploitability_score", "cvss_v3_exploitability_score_comparison", ["1.8", "2.8", "3.9"]),
    ] {
        if dice.one_in(8) {
            all.push(one(dice, score, &values));
            all.push(one(dice, comparison, &OPERATORS));
        }
    }
    if dice.one_in(8) {
        all.push(one(dice, "epss_score", &["0.5", "90"]));
        all.push(one(dice, "epss_score_comparison", &[">=", "<"]));
    }
    all
}
