//! Lints: each fires on its smallest document and not on the nearest good one, at its place in the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{NOW, rule};
use crate::{
    LINTS, Lint, LintSubject, ParseOptions, Policy, lint, lint_extension, locate_extension_lints, locate_lints, parse,
    parse_extended, parse_extension,
};

/// A policy and its side-car, from the lines in which lints show their examples.
#[derive(Default)]
struct Example {
    sets: Vec<Value>,
    rules: usize,
    items: Vec<Value>,
    lists: BTreeMap<&'static str, Vec<Value>>,
    extension: Value,
}

impl Example {
    fn of(lines: &[&str]) -> Self {
        let mut example = Self {
            extension: json!({"schema": "stopgate-policy-ext/1", "policy_id": "p", "parameters": [], "rules": {}, "exceptions": []}),
            ..Self::default()
        };
        // Mappings name rule sets that may stand behind them.
        let (mapped, others): (Vec<&&str>, Vec<&&str>) =
            lines.iter().partition(|line| ["mapping", "source", "sbom"].contains(&line.split(' ').next().unwrap()));
        others.into_iter().chain(mapped).for_each(|line| example.line(line));
        if !example.lists.keys().any(|name| name.ends_with("mappings")) {
            example.line("mapping * * *");
        }
        example
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap();
        let words: Vec<&str> = rest.split(' ').collect();
        match word {
            "set" => self.set(words[0], words[1]),
            "rule" => {
                if self.sets.is_empty() {
                    self.set("rs", "image");
                }
                self.rules += 1;
                let mut rule = rule(rest);
                rule["id"] = Value::from(format!("r{}", self.rules));
                self.sets.last_mut().unwrap()["rules"].as_array_mut().unwrap().push(rule);
            }
            "item" => {
                let mut item =
                    json!({"id": format!("i{}", self.items.len() + 1), "gate": words[0], "trigger_id": words[1]});
                if let ["until", time] = words[2..] {
                    item["expires_on"] = Value::from(time);
                }
                self.items.push(item);
            }
            "mapping" => self.place("mappings", "image", &["registry", "repository", "tag"], &words),
            "source" => self.place("source_mappings", "source", &["host", "repository"], &words),
            "sbom" => self.place("sbom_mappings", "sbom", &["sbom_name", "sbom_version"], &words),
            "allowed" => self.place("allowlisted_images", "", &["registry", "repository", "tag"], &words),
            "denied" => self.place("denylisted_images", "", &["registry", "repository", "tag"], &words),
            "exception" => {
                let mut exception = json!({"id": "e", "select": {"vulnerability": "CVE-1"}, "reason": "r", "owner": "o",
                                           "expires": "2027-01-31T00:00:00Z"});
                merge(&mut exception, rest);
                self.extension["exceptions"].as_array_mut().unwrap().push(exception);
            }
            "parameter" => {
                self.extension["parameters"].as_array_mut().unwrap().push(serde_json::from_str(rest).unwrap());
            }
            "added" => {
                let (id, added) = rest.split_once(' ').unwrap();
                self.extension["rules"][id] = serde_json::from_str(added).unwrap();
            }
            other => panic!("{other}"),
        }
    }

    fn set(&mut self, id: &str, kind: &str) {
        self.sets.push(json!({"id": id, "name": id, "version": "2", "artifact_type": kind, "rules": []}));
    }

    fn place(&mut self, list: &'static str, kind: &str, fields: &[&str], words: &[&str]) {
        let number = self.lists.get(list).map_or(0, Vec::len) + 1;
        let mut entry = json!({"id": format!("{list}-{number}"), "name": format!("{list}-{number}")});
        for (field, word) in fields.iter().zip(words) {
            match *field {
                "tag" => entry["image"] = json!({"type": "tag", "value": word}),
                field => entry[field] = Value::from(*word),
            }
        }
        if !kind.is_empty() {
            let sets = self.sets.iter().filter(|set| set["artifact_type"] == kind).map(|set| set["id"].clone());
            entry["rule_set_ids"] = sets.collect();
            entry["allowlist_ids"] = if self.items.is_empty() { json!([]) } else { json!(["al"]) };
            for word in &words[fields.len()..] {
                let (name, ids) = word.split_once('=').unwrap();
                let name = if name == "rule_sets" { "rule_set_ids" } else { "allowlist_ids" };
                entry[name] = ids.split(',').filter(|id| !id.is_empty()).map(Value::from).collect();
            }
        }
        self.lists.entry(list).or_default().push(entry);
    }

    fn document(&self) -> Value {
        let mut policy = json!({"id": "p", "name": "test", "version": "2", "rule_sets": self.sets, "mappings": []});
        if !self.items.is_empty() {
            policy["allowlists"] = json!([{"id": "al", "name": "al", "version": "2", "items": self.items}]);
        }
        for (name, entries) in &self.lists {
            policy[*name] = Value::from(entries.clone());
        }
        policy
    }

    fn policy(&self) -> Policy {
        let extension = parse_extension(self.extension.to_string().as_bytes()).unwrap();
        let document = self.document().to_string();
        parse_extended(document.as_bytes(), extension, &BTreeMap::new(), ParseOptions::default()).unwrap().policy
    }
}

fn merge(value: &mut Value, text: &str) {
    let Value::Object(members) = serde_json::from_str(text).unwrap() else { panic!("{text}") };
    value.as_object_mut().unwrap().extend(members);
}

fn all(policy: &Policy) -> Vec<Lint> {
    let now = NOW.parse().unwrap();
    let mut lints = lint(policy, now);
    lints.extend(lint_extension(policy, now));
    lints
}

fn codes(lines: &[&str]) -> BTreeSet<&'static str> {
    all(&Example::of(lines).policy()).iter().map(|lint| lint.code).collect()
}

/// Places and messages of one code.
fn told(code: &str, lines: &[&str]) -> Vec<String> {
    let lints = all(&Example::of(lines).policy()).into_iter().filter(|lint| lint.code == code);
    lints.map(|lint| format!("{}: {}", lint.pointer, lint.message)).collect()
}

#[test]
fn each_fires_on_its_smallest_document_alone() {
    for info in LINTS {
        if info.bad.is_empty() {
            continue;
        }
        let found = codes(info.bad);
        assert_eq!(found, BTreeSet::from([info.code]), "{} on {:#?}", info.code, info.bad);
        let found = codes(info.good);
        assert!(found.is_empty(), "{} on {:#?}: {found:?}", info.code, info.good);
    }
}

#[test]
fn the_registry_is_complete_and_documented() {
    let mut seen = BTreeSet::new();
    for info in LINTS {
        assert!(seen.insert(info.code), "{} is there twice", info.code);
        assert!(info.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", info.code);
        assert!(info.summary.ends_with('.') && info.why.ends_with('.'), "{}", info.code);
        assert!(info.good.is_empty() || info.good.len() >= 2 || info.subject == LintSubject::Policy);
    }
}

#[test]
fn what_a_mapping_hides_is_told_by_inclusion_of_globs() {
    let hidden = |lines: &[&str]| told("mapping-hidden", lines).len();
    let base = "rule stop always.always";
    for (earlier, later, expected) in [
        ("* * *", "docker.io team/app 1", 1),
        ("docker.io team/* *", "docker.io team/app v1*", 1),
        ("docker.io team/app *", "docker.io team/* *", 0),
        ("docker.io team/* 1.*", "docker.io team/app *", 0),
        ("docker.io regexp:team/.* *", "docker.io team/app *", 1),
        ("docker.io regexp:team/.* *", "docker.io team/a* *", 0),
        ("regexp:.* * *", "* * *", 0),
    ] {
        assert_eq!(hidden(&[base, &format!("mapping {earlier}"), &format!("mapping {later}")]), expected, "{later}");
    }
    let mut example = Example::of(&[base, "mapping docker.io team/* *", "mapping docker.io team/app x"]);
    example.lists.get_mut("mappings").unwrap()[1]["image"]["type"] = Value::from("digest");
    let found = told_of("mapping-hidden", &example.policy());
    assert_eq!(
        found,
        ["/mappings/1: mapping `mappings-2` is never used: `mappings-1` in front of it matches all that it does"]
    );
    example.lists.get_mut("mappings").unwrap()[0]["image"]["value"] = Value::from("x");
    assert!(told_of("mapping-hidden", &example.policy()).is_empty());
    let sources = ["set s source", base, "source git* * rule_sets=s", "source github.com * rule_sets=s"];
    assert_eq!(told("mapping-hidden", &sources).len(), 1);
}

fn told_of(code: &str, policy: &Policy) -> Vec<String> {
    let lints = all(policy).into_iter().filter(|lint| lint.code == code);
    lints.map(|lint| format!("{}: {}", lint.pointer, lint.message)).collect()
}

#[test]
fn artifacts_without_a_mapping_are_told_for_each_kind() {
    let rule = "rule stop vulnerabilities.kev_list";
    assert_eq!(told("no-catch-all", &["set s source", rule, "source * * rule_sets=s"]), Vec::<String>::new());
    let some = ["set s source", rule, "source github.com * rule_sets=s"];
    let expected = "/source_mappings: no mapping is for every source tree: one that none matches is not decided";
    assert_eq!(told("no-catch-all", &some), [expected]);
    let mut empty = Example::of(&[rule]);
    empty.lists.clear();
    let expected = "/mappings: there is no mapping for images, so no image is decided by a rule";
    assert_eq!(told_of("no-catch-all", &empty.policy()), [expected]);
}

#[test]
fn items_that_match_nothing_are_told_with_the_reason() {
    for (rule, item, expected) in [
        ("files.suid_or_guid_set", "files 639f6f1177735759703e928c14714a59", ""),
        ("files.suid_or_guid_set", "files CVE-1+x", "/trigger_id: no rule of gate `files` makes an id like `CVE-1+x`"),
        (
            "files.suid_or_guid_set",
            "vulnerabilities CVE-1+x",
            "/gate: no rule that is mapped together with this allowlist has the gate `vulnerabilities`",
        ),
        ("vulnerabilities.kev_list", "vulnerabilities *+openssl", ""),
        (
            "vulnerabilities.kev_list",
            "vulnerabilities 639f6f1177735759703e928c14714a59",
            "/trigger_id: no rule of gate `vulnerabilities` makes an id like `639f6f1177735759703e928c14714a59`",
        ),
        ("vulnerabilities.denylist vulnerability_ids=CVE-1", "vulnerabilities 639f6f1177735759703e928c14714a59", ""),
        (
            "vulnerabilities.kev_list",
            "vulnerabilities regexp:(",
            "/trigger_id: `regexp:(` does not compile and accepts nothing: ",
        ),
        ("tag_drift.packages_added", "tag_drift a*", ""),
        ("image_config.label required=a", "image_config label:a", ""),
        (
            "image_config.label required=a",
            "image_config a",
            "/trigger_id: no rule of gate `image_config` makes an id like `a`",
        ),
    ] {
        let found = told("item-never-matches", &[&format!("rule stop {rule}"), &format!("item {item}")]);
        let expected: Vec<String> = Some(expected)
            .filter(|text| !text.is_empty())
            .map(|text| format!("/allowlists/0/items/0{text}"))
            .into_iter()
            .collect();
        assert_eq!(found.len(), expected.len(), "{rule}: {item}: {found:?}");
        assert!(found.iter().zip(&expected).all(|(found, expected)| found.starts_with(expected)), "{found:?}");
    }
}

#[test]
fn rules_are_compared_parameter_by_parameter() {
    let v = "vulnerabilities.package package_type";
    for (wide, narrow, subsumed) in [
        (format!("{v}=all"), format!("{v}=os"), true),
        (format!("{v}=os"), format!("{v}=non-os"), false),
        (
            format!("{v}=all; severity_comparison=>=; severity=high"),
            format!("{v}=all; severity_comparison==; severity=critical"),
            true,
        ),
        (
            format!("{v}=all; severity_comparison==; severity=high"),
            format!("{v}=all; severity_comparison==; severity=critical"),
            false,
        ),
        (format!("{v}=all"), format!("{v}=all; fix_available=true"), true),
        (format!("{v}=all; fix_available=true"), format!("{v}=all; fix_available=false"), false),
        (format!("{v}=all; vendor_only=false"), format!("{v}=all; vendor_only=true; severity=low"), true),
        (format!("{v}=all; vendor_only=true"), format!("{v}=all; vendor_only=false; severity=low"), false),
        (format!("{v}=all; max_days_since_creation=7"), format!("{v}=all; max_days_since_creation=30"), true),
        (format!("{v}=all; cvss_v3_base_score=7.0"), format!("{v}=all; cvss_v3_base_score=9"), true),
        (format!("{v}=all"), format!("{v}=all; cvss_v3_base_score=7.0"), true),
        (format!("{v}=all; epss_score=50"), format!("{v}=all; epss_score=0.6"), true),
        (
            "vulnerabilities.denylist vulnerability_ids=CVE-1,CVE-2".to_owned(),
            "vulnerabilities.denylist vulnerability_ids=CVE-2".to_owned(),
            true,
        ),
        (
            "dockerfile.exposed_ports ports=22,80; type=denylist".to_owned(),
            "dockerfile.exposed_ports ports=22; type=denylist".to_owned(),
            true,
        ),
        (
            "dockerfile.exposed_ports ports=80; type=allowlist".to_owned(),
            "dockerfile.exposed_ports ports=80,443; type=whitelist".to_owned(),
            true,
        ),
        (
            "dockerfile.effective_user users=root; type=allowlist".to_owned(),
            "dockerfile.effective_user users=root,0; type=denylist".to_owned(),
            false,
        ),
        ("packages.denylist name=a".to_owned(), "packages.denylist name=a; version=1".to_owned(), true),
        ("packages.denylist name=a".to_owned(), "packages.denylist name=b".to_owned(), false),
        // `fix_state` finds what `vendor_only` would leave out.
        (format!("{v}=all"), format!("{v}=all; fix_state=wont-fix"), false),
        ("licenses.expression allow=MIT".to_owned(), "licenses.expression allow=MIT,ISC; except=a*".to_owned(), true),
        ("tag_drift.packages_added".to_owned(), "tag_drift.packages_added package_type=apk".to_owned(), true),
        ("files.name_match regex=.*".to_owned(), "files.name_match regex=/a.*".to_owned(), false),
    ] {
        for lines in [
            [format!("rule stop {wide}"), format!("rule stop {narrow}")],
            [format!("rule stop {narrow}"), format!("rule stop {wide}")],
            [format!("rule stop {wide}"), format!("rule warn {narrow}")],
        ] {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(told("rule-subsumed", &lines).len(), usize::from(subsumed), "{lines:#?}");
        }
        // A weaker action replaces nothing.
        let weaker = [format!("rule warn {wide}"), format!("rule stop {narrow}")];
        let weaker: Vec<&str> = weaker.iter().map(String::as_str).collect();
        assert!(told("rule-subsumed", &weaker).is_empty(), "{weaker:#?}");
    }
}

#[test]
fn rules_are_compared_only_when_they_run_together() {
    let lines = ["set a image", "rule stop files.suid_or_guid_set", "set b image", "rule stop files.suid_or_guid_set"];
    assert_eq!(told("rule-duplicate", &lines).len(), 1);
    let apart = ["mapping docker.io * * rule_sets=a", "mapping * * * rule_sets=b"];
    assert!(told("rule-duplicate", &[&lines[..], &apart].concat()).is_empty());
    // Other controls, another mode or a later start are reasons to have a rule twice.
    let twice = ["rule stop files.suid_or_guid_set", "rule stop files.suid_or_guid_set"];
    for added in [r#"added r2 {"controls": ["AC-6"]}"#, r#"added r2 {"mode": "off"}"#] {
        assert!(told("rule-duplicate", &[&twice[..], &[added]].concat()).is_empty(), "{added}");
    }
    assert_eq!(told("rule-duplicate", &[&twice[..], &[r#"added r2 {"mode": "audit"}"#]].concat()).len(), 1);
    let message = told("rule-duplicate", &["rule warn always.always", "rule stop always.always"]);
    assert_eq!(message, ["/rule_sets/0/rules/0: rule `r1` has the same conditions as rule `r2`"]);
}

#[test]
fn parameters_that_nothing_reads_are_told() {
    let v = "vulnerabilities.package package_type=all";
    for (rule, param) in [
        (format!("{v}; max_days_since_fix=30; fix_available=false"), "max_days_since_fix"),
        (format!("{v}; epss_score_comparison=>="), "epss_score_comparison"),
        ("vulnerabilities.package package_type=os; package_path_exclude=/x".to_owned(), "package_path_exclude"),
        ("dockerfile.instruction instruction=USER; check=not_exists; value=root".to_owned(), "value"),
        ("metadata.attribute attribute=distro; check=exists; value=debian".to_owned(), "value"),
        ("packages.required_package name=a; version_match_type=minimum".to_owned(), "version_match_type"),
        ("files.attribute_match filename=/a; mode=644; checksum_match=equals".to_owned(), "checksum_match"),
        ("files.attribute_match filename=/a; skip_missing=false; mode_op=equals".to_owned(), "mode_op"),
    ] {
        let found = told("parameter-without-effect", &[&format!("rule stop {rule}")]);
        assert_eq!(found.len(), 1, "{rule}: {found:?}");
        assert!(found[0].contains(&format!("`{param}` has no effect: ")), "{found:?}");
    }
    for rule in [
        format!("{v}; severity_comparison=>="),
        format!("{v}; epss_score_comparison=>; epss_score=0.5"),
        "dockerfile.instruction instruction=USER; check=like; value=root".to_owned(),
    ] {
        assert!(told("parameter-without-effect", &[&format!("rule stop {rule}")]).is_empty(), "{rule}");
    }
}

#[test]
fn conditions_that_are_never_true_are_told() {
    let v = "vulnerabilities.package package_type=all";
    for (rule, fires) in [
        (format!("{v}; severity_comparison=>; severity=critical"), false),
        (format!("{v}; severity_comparison=<; severity=unknown"), false),
        (format!("{v}; severity_comparison=<=; severity=negligible"), true),
        (format!("{v}; cvss_v3_base_score_comparison=>; cvss_v3_base_score=10"), false),
        (format!("{v}; cvss_v3_base_score=10"), true),
        (format!("{v}; cvss_v3_base_score_comparison=<; cvss_v3_base_score=-1"), false),
        (format!("{v}; epss_percentile=95"), true),
        ("files.content_regex_match regex_name=*".to_owned(), false),
        ("files.content_regex_match regex_name=A".to_owned(), true),
        ("dockerfile.instruction instruction=USER; check=like".to_owned(), false),
        ("metadata.attribute attribute=distro; check=in".to_owned(), false),
        ("files.attribute_match filename=/a; mode=644".to_owned(), true),
    ] {
        assert_eq!(told("rule-never-fires", &[&format!("rule stop {rule}")]).is_empty(), fires, "{rule}");
    }
}

#[test]
fn examples_show_how_a_rule_is_to_be_written() {
    for row in crate::registry::all() {
        let info = row.info();
        let mut example = Example::of(&["rule warn always.always"]);
        example.sets[0]["rules"] = json!([crate::example_rule(info.gate, info.name)]);
        let others = all(&example.policy()).into_iter().filter(|lint| lint.code != "deprecated");
        assert_eq!(others.map(|lint| lint.message).collect::<Vec<_>>(), Vec::<String>::new());
    }
}

#[test]
fn values_that_are_parameters_are_not_judged() {
    let parameter = r#"parameter {"name": "x", "type": "string", "default": "critical"}"#;
    let lines = [
        "rule stop vulnerabilities.package package_type=all; severity_comparison=>; severity=${x}; vendor_only=true",
        parameter,
    ];
    assert!(codes(&lines).is_empty(), "{:?}", codes(&lines));
}

#[test]
fn places_are_those_of_the_document_as_given() {
    let old = r#"{"id": "b", "version": "1_0", "name": "b",
 "policies": [{"id": "p", "version": "1_0", "name": "p", "rules": [
   {"gate": "files", "trigger": "name_match", "action": "stop",
    "params": [{"name": "regex", "value": "password"}]}]}],
 "whitelists": [],
 "mappings": [{"name": "m", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}, "policy_id": "p"}]}"#;
    let policy = parse(old.as_bytes(), ParseOptions::default()).unwrap().policy;
    let mut lints = lint(&policy, NOW.parse().unwrap());
    assert_eq!(lints[0].pointer, "/rule_sets/0/rules/0/params/0/value");
    locate_lints(old.as_bytes(), &mut lints);
    assert_eq!(lints.len(), 1);
    assert_eq!(
        (lints[0].pointer.as_str(), lints[0].line, lints[0].code),
        ("/policies/0/rules/0/params/0/value", Some(4), "search-expression")
    );
    assert_eq!(lints[0].help.as_deref(), Some("write `.*` in front, or begin with `/`"));
    // `mappings` stands behind `policies` here, and its lint behind theirs.
    let mut two = [lints[0].clone(), lints[0].clone()];
    two[0].pointer = "/mappings/0".to_owned();
    locate_lints(old.as_bytes(), &mut two);
    assert_eq!((two[0].line, two[1].line), (Some(4), Some(6)));
    let example = Example::of(&["rule stop always.always", r#"exception {"select": {"rule": "rr1"}}"#]);
    let mut lints = lint_extension(&example.policy(), NOW.parse().unwrap());
    locate_extension_lints(serde_json::to_string_pretty(&example.extension).unwrap().as_bytes(), &mut lints);
    assert_eq!((lints[0].pointer.as_str(), lints[0].line), ("/exceptions/0/select/rule", Some(10)));
    assert_eq!(lints[0].help.as_deref(), Some("did you mean `r1`?"));
}

#[test]
fn a_huge_policy_is_checked_as_far_as_a_budget_goes_and_says_so() {
    let mut example = Example::of(&["rule stop always.always", "mapping docker.io a b"]);
    let mapping = example.lists["mappings"][0].clone();
    let many = (0..3_000).map(|number| {
        let mut mapping = mapping.clone();
        mapping["id"] = Value::from(format!("m{number}"));
        mapping["repository"] = Value::from(format!("r{number}"));
        mapping
    });
    example.lists.insert("mappings", many.collect());
    let found = told_of("unchecked", &example.policy());
    assert_eq!(found, [": there is too much for `mapping-hidden` to be checked to its end"]);
    let items = (0..1_500).map(|number| {
        json!({"id": number.to_string(), "gate": "always", "trigger_id": "always", "expires_on": "2020-01-01T00:00:00Z"})
    });
    let mut example = Example::of(&["rule stop always.always", "item always always"]);
    example.items = items.collect();
    let policy = example.policy();
    assert_eq!(told_of("item-expired", &policy).len(), 1_000);
    assert_eq!(told_of("unchecked", &policy).len(), 2);
}
