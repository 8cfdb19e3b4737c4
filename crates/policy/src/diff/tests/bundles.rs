//! Random bundles, and random changes of a bundle.

use serde_json::{Value, json};

/// A small generator of numbers (xorshift): the same seed gives the same bundles everywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound
    }

    pub(super) fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    pub(super) fn pick<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }

    /// A list of some of these, in random order.
    fn some(&mut self, all: &[&str], most: usize) -> String {
        let count = 1 + self.below(most);
        let mut list: Vec<&str> = Vec::new();
        while list.len() < count.min(all.len()) {
            let one = self.pick(all);
            if !list.contains(&one) {
                list.push(one);
            }
        }
        list.join(",")
    }
}

pub(super) const OPERATORS: [&str; 6] = ["=", "!=", "<", ">", "<=", ">="];
pub(super) const USERS: [&str; 6] = ["root", "0", "app", "10001", "app:staff", "nobody"];
pub(super) const PORTS: [&str; 5] = ["22", "80", "443", "8080", "0"];
pub(super) const LABELS: [&str; 3] = ["a", "b", "org.example.source"];
pub(super) const LICENSES: [&str; 5] = ["GPL-2.0", "GPL-3.0", "GPL", "MIT", "LGPL-2.1"];
pub(super) const NAMES: [&str; 4] = ["curl", "openssl", "left-pad", "log4j"];
pub(super) const VERSIONS: [&str; 4] = ["1.0", "1.2", "2.0.1", "10.1"];
pub(super) const ACCOUNTS: [&str; 4] = ["root", "ftp", "app", "games"];
pub(super) const PATHS: [&str; 3] = ["/etc/passwd", "/etc/app.conf", "/opt/x"];
pub(super) const REGEXES: [&str; 6] = [r".*\.pem", "/etc/.*", ".*", r"/opt/[a-z]+$", "^/app", r"(?!/etc).*\.key"];
pub(super) const SECRETS: [&str; 3] = ["AWS_ACCESS_KEY", "PRIV_KEY", "API_KEY"];
pub(super) const VULNERABILITIES: [&str; 4] = ["CVE-2024-1", "CVE-2024-2", "GHSA-aaaa", "CVE-2021-44228"];

type Params = Vec<(&'static str, String)>;

/// Parameters of one rule.
fn params(dice: &mut Dice) -> (&'static str, &'static str, Params) {
    let text = |text: &str| text.to_owned();
    let list_type = |dice: &mut Dice| dice.pick(&["allowlist", "denylist"]).to_owned();
    let truth = |dice: &mut Dice| dice.pick(&["true", "false"]).to_owned();
    match dice.below(40) {
        0 => ("always", "always", vec![]),
        1 => ("ancestry", "no_ancestors_analyzed", vec![]),
        2 => ("malware", "scan_not_run", vec![]),
        3 => (
            "distro",
            "deny",
            vec![
                ("distro", text(dice.pick(&["debian", "alpine", "Debian"]))),
                ("version", text(dice.pick(&["9", "11", "12", "3.18"]))),
                ("check", text(dice.pick(&OPERATORS))),
            ],
        ),
        4..=6 => {
            let (attribute, values): (&str, &[&str]) = match dice.below(6) {
                0 => ("size", &["1048576", "2mb", "1kb"]),
                1 => ("layer_count", &["1", "3", "7"]),
                2 => ("architecture", &["amd64", "arm64", "amd64,arm64"]),
                3 => ("os_type", &["linux", "windows"]),
                4 => ("distro", &["debian", "alpine", "debian,alpine"]),
                _ => ("distro_version", &["12", "11", "3.18", "12.0"]),
            };
            let mut checks = OPERATORS.to_vec();
            checks.extend(["exists", "not_exists", "in", "not_in", "like"]);
            let check = dice.pick(&checks);
            (
                "metadata",
                "attribute",
                vec![("attribute", text(attribute)), ("check", text(check)), ("value", text(dice.pick(values)))],
            )
        }
        7 => ("image_config", "label", vec![("required", dice.some(&LABELS, 3))]),
        8 => ("image_config", "user", vec![("check", text(dice.pick(&["uid_zero", "not_numeric"])))]),
        9 | 10 => ("dockerfile", "effective_user", vec![("users", dice.some(&USERS, 3)), ("type", list_type(dice))]),
        11 | 12 => ("dockerfile", "exposed_ports", vec![("ports", dice.some(&PORTS, 3)), ("type", list_type(dice))]),
        13..=15 => {
            let (instruction, values): (&str, &[&str]) = match dice.below(4) {
                0 => ("RUN", &["apt-get update", "make", "make,true"]),
                1 => ("FROM", &["scratch", "alpine:3", "alpine:3,debian"]),
                2 => ("USER", &["root", "app"]),
                _ => ("HEALTHCHECK", &["NONE", "CMD true"]),
            };
            let check = dice.pick(&["=", "!=", "exists", "not_exists", "in", "not_in", "like", "not_like"]);
            let mut all =
                vec![("instruction", text(instruction)), ("check", text(check)), ("value", text(dice.pick(values)))];
            if dice.one_in(5) {
                all.push(("actual_dockerfile_only", truth(dice)));
            }
            ("dockerfile", "instruction", all)
        }
        16 => ("dockerfile", "no_dockerfile_provided", vec![]),
        17 => ("files", "name_match", vec![("regex", text(dice.pick(&REGEXES)))]),
        18 => ("files", "suid_or_guid_set", vec![]),
        19 | 20 => {
            let mut all = vec![("filename", text(dice.pick(&PATHS))), ("skip_missing", truth(dice))];
            if dice.one_in(2) {
                all.push(("mode", text(dice.pick(&["0644", "0755", "4755"]))));
                all.push(("mode_op", text(dice.pick(&["equals", "not_equals"]))));
            }
            if dice.one_in(3) {
                all.push(("checksum", dice.pick(&["ab", "cd"]).repeat(32)));
                all.push(("checksum_match", text(dice.pick(&["equals", "not_equals"]))));
            }
            ("files", "attribute_match", all)
        }
        21 | 22 => {
            let name = dice.pick(&["denylist_exact_match", "denylist_partial_match"]);
            let mut all = vec![("licenses", dice.some(&LICENSES, 3))];
            if dice.one_in(2) {
                all.push(("package_type", text(dice.pick(&["all", "npm", "java", "dpkg"]))));
            }
            ("licenses", name, all)
        }
        23 => {
            let mut all = vec![("name", text(dice.pick(&NAMES)))];
            if dice.one_in(2) {
                all.push(("version", text(dice.pick(&VERSIONS))));
                all.push(("version_match_type", text(dice.pick(&["exact", "minimum"]))));
            }
            ("packages", "required_package", all)
        }
        24 => {
            let mut all = vec![("name", text(dice.pick(&NAMES)))];
            if dice.one_in(2) {
                all.push(("version", text(dice.pick(&VERSIONS))));
            }
            if dice.one_in(3) { ("npms", "blacklisted_name_version", all) } else { ("packages", "denylist", all) }
        }
        25 => ("passwd_file", "content_not_available", vec![]),
        26 => ("passwd_file", "denylist_usernames", vec![("user_names", dice.some(&ACCOUNTS, 3))]),
        27 => ("passwd_file", "denylist_userids", vec![("user_ids", dice.some(&["0", "14", "1000"], 2))]),
        28 => ("passwd_file", "denylist_shells", vec![("shells", dice.some(&["/bin/bash", "/bin/sh"], 2))]),
        29 => {
            let entry = dice.pick(&["ftp:x:14:50::/var/ftp:/bin/sh", "root:x:0:0::/root:/bin/bash"]);
            ("passwd_file", "denylist_full_entry", vec![("entry", text(entry))])
        }
        30 => ("retrieved_files", "content_not_available", vec![("path", text(dice.pick(&PATHS)))]),
        31 => (
            "retrieved_files",
            "content_regex",
            vec![
                ("path", text(dice.pick(&PATHS))),
                ("regex", text(dice.pick(&[".*ssl.*", "root:.*", ".*"]))),
                ("check", text(dice.pick(&["match", "no_match"]))),
            ],
        ),
        32 | 33 => {
            let mut all = vec![("match_type", text(dice.pick(&["found", "found", "notfound"])))];
            if dice.one_in(2) {
                all.push(("content_regex_name", dice.some(&SECRETS, 2)));
            }
            if dice.one_in(3) {
                all.push(("filename_regex", text(dice.pick(&REGEXES))));
            }
            ("secret_scans", "content_regex_checks", all)
        }
        34 => {
            ("vulnerabilities", "stale_feed_data", vec![("max_days_since_sync", text(dice.pick(&["1", "10", "30"])))])
        }
        35 => match dice.below(3) {
            0 => ("vulnerabilities", "kev_list", vec![]),
            1 => ("vulnerabilities", "vulnerability_data_unavailable", vec![]),
            _ => ("stig", "no_stig_evaluations_available", vec![]),
        },
        36 => (
            "vulnerabilities",
            "denylist",
            vec![("vulnerability_ids", dice.some(&VULNERABILITIES, 2)), ("vendor_only", truth(dice))],
        ),
        _ => ("vulnerabilities", "package", package(dice)),
    }
}

fn package(dice: &mut Dice) -> Params {
    let text = |text: &str| text.to_owned();
    let mut all = vec![("package_type", text(dice.pick(&["all", "all", "os", "non-os"])))];
    if !dice.one_in(4) {
        all.push(("severity", text(dice.pick(&["low", "medium", "high", "critical"]))));
        all.push(("severity_comparison", text(dice.pick(&[">=", ">=", "=", ">", "<", "!="]))));
    }
    let mut maybe = |dice: &mut Dice, odds: usize, name: &'static str, values: &[&str]| {
        if dice.one_in(odds) {
            all.push((name, text(dice.pick(values))));
        }
    };
    maybe(dice, 3, "fix_available", &["true", "true", "false"]);
    maybe(dice, 4, "vendor_only", &["true", "false"]);
    maybe(dice, 5, "max_days_since_fix", &["7", "30"]);
    maybe(dice, 8, "max_days_since_creation", &["7", "30"]);
    maybe(dice, 6, "known_exploited_vulnerability", &["true", "false"]);
    maybe(dice, 6, "package_path_exclude", &["/app/.*", r".*\.jar"]);
    maybe(dice, 12, "inherited_from_base", &["true", "false"]);
    for (score, comparison) in [
        ("cvss_v3_base_score", "cvss_v3_base_score_comparison"),
        ("vendor_cvss_v3_base_score", "vendor_cvss_v3_base_score_comparison"),
        ("cvss_v3_exploitability_score", "cvss_v3_exploitability_score_comparison"),
    ] {
        if dice.one_in(8) {
            all.push((score, text(dice.pick(&["3.9", "7.0", "9.0"]))));
            all.push((comparison, text(dice.pick(&OPERATORS))));
        }
    }
    if dice.one_in(8) {
        all.push(("epss_score", text(dice.pick(&["0.5", "90"]))));
        all.push(("epss_score_comparison", text(dice.pick(&[">=", "<"]))));
    }
    all
}

/// A rule that stops.
pub(super) fn any_rule(dice: &mut Dice) -> Value {
    let mut rule = rule(dice, "r".to_owned());
    rule["action"] = json!("STOP");
    rule
}

fn rule(dice: &mut Dice, id: String) -> Value {
    let (gate, trigger, params) = params(dice);
    let params: Vec<Value> = params.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let action = if dice.one_in(5) { "WARN" } else { "STOP" };
    json!({"id": id, "gate": gate, "trigger": trigger, "action": action, "params": params})
}

const GATES: [&str; 9] = [
    "vulnerabilities",
    "vulnerabilities",
    "vulnerabilities",
    "always",
    "dockerfile",
    "files",
    "image_config",
    "packages",
    "metadata",
];
const EXPIRIES: [&str; 4] =
    ["2026-05-01T00:00:00Z", "2026-06-20T00:00:00Z", "2026-07-15T00:00:00Z", "2027-01-01T00:00:00Z"];

fn item(dice: &mut Dice, id: String) -> Value {
    let gate = dice.pick(&GATES);
    let patterns: &[&str] = match gate {
        "vulnerabilities" => &[
            "CVE-2024-1+*",
            "CVE-2024-1+curl",
            "CVE-2024-*",
            "*+curl",
            "GHSA-aaaa+left-pad",
            "*",
            "regexp:CVE-2024-.*",
            "CVE-2021-44228+log4j*",
        ],
        "always" => &["always", "*"],
        "image_config" => &["label:a", "label:*", "user:root", "*"],
        _ => &["*", "a*", "0123456789abcdef0123456789abcdef", "CVE-2024-1+curl"],
    };
    let mut item = json!({"id": id, "gate": gate, "trigger_id": dice.pick(patterns)});
    if dice.one_in(2) {
        item["expires_on"] = json!(dice.pick(&EXPIRIES));
    }
    item
}

fn image(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => json!({"type": "digest", "value": dice.pick(&[DIGEST_A, DIGEST_B, "sha256:aa*", "*"])}),
        1 => json!({"type": "id", "value": dice.pick(&[ID_A, "1*", "sha256:11*"])}),
        _ => json!({"type": "tag", "value": dice.pick(&["*", "*", "1*", "*-dev", "latest", "regexp:[0-9]+"])}),
    }
}

pub(super) const DIGEST_A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(super) const DIGEST_B: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
pub(super) const ID_A: &str = "1111111111111111111111111111111111111111111111111111111111111111";

fn names(dice: &mut Dice) -> Value {
    json!({
        "registry": dice.pick(&["*", "*", "docker.io", "quay.io", "*.io", "regexp:quay.*"]),
        "repository": dice.pick(&["*", "*", "team/*", "nginx", "library/*", "library/nginx", "*/app"]),
        "image": image(dice),
    })
}

fn mapping(dice: &mut Dice, id: String, sets: usize, lists: usize) -> Value {
    let mut mapping = names(dice);
    mapping["id"] = json!(id);
    mapping["name"] = json!("m");
    let set = format!("rs{}", dice.below(sets));
    let mut ids = vec![set];
    if dice.one_in(3) {
        let other = format!("rs{}", dice.below(sets));
        if !ids.contains(&other) {
            ids.push(other);
        }
    }
    mapping["rule_set_ids"] = json!(ids);
    let all: Vec<String> = (0..lists).filter(|_| !dice.one_in(3)).map(|number| format!("al{number}")).collect();
    mapping["allowlist_ids"] = json!(all);
    mapping
}

fn listed(dice: &mut Dice, id: String) -> Value {
    let mut entry = names(dice);
    entry["id"] = json!(id);
    entry["name"] = json!("e");
    entry
}

/// A bundle.
pub(super) fn bundle(dice: &mut Dice) -> Value {
    let (sets, lists) = (1 + dice.below(2), 1 + dice.below(2));
    let rule_sets: Vec<Value> = (0..sets)
        .map(|set| {
            let rules: Vec<Value> = (0..=dice.below(5)).map(|number| rule(dice, format!("r{set}-{number}"))).collect();
            json!({"id": format!("rs{set}"), "name": "s", "version": "2", "artifact_type": "image", "rules": rules})
        })
        .collect();
    let allowlists: Vec<Value> = (0..lists)
        .map(|list| {
            let items: Vec<Value> = (0..dice.below(4)).map(|number| item(dice, format!("i{list}-{number}"))).collect();
            json!({"id": format!("al{list}"), "name": "l", "version": "2", "items": items})
        })
        .collect();
    let mut mappings: Vec<Value> = (0..dice.below(3)).map(|n| mapping(dice, format!("m{n}"), sets, lists)).collect();
    let mut last = mapping(dice, "default".to_owned(), sets, lists);
    if !dice.one_in(6) {
        last["registry"] = json!("*");
        last["repository"] = json!("*");
        last["image"] = json!({"type": "tag", "value": "*"});
    }
    mappings.push(last);
    let few = |dice: &mut Dice| if dice.one_in(3) { 1 + dice.below(2) } else { 0 };
    let denied: Vec<Value> = (0..few(dice)).map(|n| listed(dice, format!("d{n}"))).collect();
    let allowed: Vec<Value> = (0..few(dice)).map(|n| listed(dice, format!("a{n}"))).collect();
    json!({
        "id": "p", "name": "p", "version": "2", "rule_sets": rule_sets, "allowlists": allowlists,
        "mappings": mappings, "allowlisted_images": allowed, "denylisted_images": denied,
    })
}

fn array<'v>(value: &'v mut Value, name: &str) -> &'v mut Vec<Value> {
    value[name].as_array_mut().unwrap()
}

fn any<'v>(dice: &mut Dice, list: &'v mut [Value]) -> Option<&'v mut Value> {
    if list.is_empty() { None } else { Some(&mut list[dice.below(list.len())]) }
}

fn any_rules<'v>(dice: &mut Dice, bundle: &'v mut Value) -> &'v mut Vec<Value> {
    let sets = array(bundle, "rule_sets");
    let number = dice.below(sets.len());
    array(&mut sets[number], "rules")
}

/// A change that keeps what a bundle stops.
fn keep(dice: &mut Dice, bundle: &mut Value) {
    match dice.below(4) {
        0 => any_rules(dice, bundle).reverse(),
        1 => {
            let mut warning = rule(dice, "warning".to_owned());
            warning["action"] = json!("WARN");
            let rules = any_rules(dice, bundle);
            if !rules.iter().any(|rule| rule["id"] == "warning") {
                rules.push(warning);
            }
        }
        2 => {
            let rules = any_rules(dice, bundle);
            if let Some(rule) = any(dice, rules)
                && rule["trigger"] != "content_regex"
            {
                rule["id"] = json!(format!("{}x", rule["id"].as_str().unwrap()));
            }
        }
        _ => {
            let rules = any_rules(dice, bundle);
            let copy = any(dice, rules).cloned();
            rules.extend(copy);
        }
    }
}

/// A change that may make a bundle stop more or less.
fn change(dice: &mut Dice, bundle: &mut Value) {
    match dice.below(14) {
        0..=2 => {
            let rules = any_rules(dice, bundle);
            let added = rule(dice, format!("added{}", rules.len()));
            rules.push(added);
        }
        3 | 4 => {
            let rules = any_rules(dice, bundle);
            if rules.len() > 1 {
                rules.remove(dice.below(rules.len()));
            }
        }
        5..=7 => {
            // Other parameters of the same trigger.
            let rules = any_rules(dice, bundle);
            if let Some(rule) = any(dice, rules) {
                for _ in 0..200 {
                    let other = self::rule(dice, "x".to_owned());
                    if other["trigger"] == rule["trigger"] && other["gate"] == rule["gate"] {
                        rule["params"] = other["params"].clone();
                        break;
                    }
                }
            }
        }
        8 => {
            let rules = any_rules(dice, bundle);
            if let Some(rule) = any(dice, rules) {
                rule["action"] = json!(dice.pick(&["STOP", "WARN"]));
            }
        }
        9 => {
            let lists = array(bundle, "allowlists");
            let number = dice.below(lists.len());
            let items = array(&mut lists[number], "items");
            let added = item(dice, format!("added{}", items.len()));
            items.push(added);
        }
        10 => {
            let lists = array(bundle, "allowlists");
            let number = dice.below(lists.len());
            let items = array(&mut lists[number], "items");
            if let Some(item) = any(dice, items) {
                item["expires_on"] = json!(dice.pick(&EXPIRIES));
            }
        }
        11 => {
            let lists = array(bundle, "allowlists");
            let number = dice.below(lists.len());
            array(&mut lists[number], "items").pop();
        }
        12 => {
            let names = names(dice);
            let mappings = array(bundle, "mappings");
            if let Some(mapping) = any(dice, mappings) {
                for part in ["registry", "repository", "image"] {
                    if dice.one_in(2) {
                        mapping[part] = names[part].clone();
                    }
                }
            }
        }
        _ => {
            let list = dice.pick(&["allowlisted_images", "denylisted_images"]);
            let added = listed(dice, "added".to_owned());
            let entries = array(bundle, list);
            if dice.one_in(2) || entries.iter().any(|entry| entry["id"] == "added") {
                entries.pop();
            } else {
                entries.push(added);
            }
        }
    }
}

/// A bundle and a changed copy of it, or two that have nothing to do with each other.
pub(super) fn pair(seed: u64) -> (Value, Value) {
    let mut dice = Dice::new(seed);
    let old = bundle(&mut dice);
    if dice.one_in(12) {
        return (old, bundle(&mut dice));
    }
    let mut new = old.clone();
    for _ in 0..dice.below(3) {
        keep(&mut dice, &mut new);
    }
    let changes = [0, 1, 1, 1, 2, 4][dice.below(6)];
    for _ in 0..changes {
        change(&mut dice, &mut new);
    }
    if dice.one_in(2) { (new, old) } else { (old, new) }
}
