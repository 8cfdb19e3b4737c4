//! Which artifacts a mapping meets: the vectors of Anchore's tests, and names that are not there.

use serde_json::{Value, json};
use stopgate_model::{ImageReference, SourceKind};

use super::{digest, document, folder, image, policy};

fn meets(tag: &str, strict: bool, registry: &str, repository: &str, kind: &str, value: &str) -> bool {
    let mut document = document(&[]);
    document["mappings"][0]["registry"] = Value::from(registry);
    document["mappings"][0]["repository"] = Value::from(repository);
    document["mappings"][0]["image"] = json!({"type": kind, "value": value});
    let mut case = image();
    case.tag = ImageReference::parse(tag).unwrap();
    case.strict = strict;
    case.evaluate(&policy(&document)).mapping.is_some()
}

#[test]
fn tags_match_as_anchore_matches_them() {
    let nginx = "docker.io/nginx:latest";
    for (tag, registry, repository, value, expected) in [
        (nginx, "*", "*", "*", true),
        ("*/*:*", "*", "*", "*", true),
        ("*/*:*", "*", "*", "latest", false),
        ("*/*:*", "regexp:.*", "*", "*", false),
        (nginx, "gcr.io", "*", "*", false),
        (nginx, "docker.io", "nginx", "*", true),
        (nginx, "docker.io", "library/nginx", "*", false),
        ("docker.io/nginx:1.8-dev", "*", "*", "*-dev", true),
        (nginx, "docker.*", "ngin*", "lat*st", true),
        (nginx, "docker.io", "regexp:ng.*x$", "*", true),
        (nginx, "Docker.io", "*", "*", false),
    ] {
        assert_eq!(meets(tag, true, registry, repository, "tag", value), expected, "{registry}/{repository}:{value}");
    }
}

#[test]
fn the_official_images_of_docker_hub_have_two_names_unless_strict() {
    assert!(meets("nginx", false, "docker.io", "library/nginx", "tag", "*"));
    assert!(meets("library/nginx", false, "docker.io", "nginx", "tag", "*"));
    assert!(!meets("library/nginx", true, "docker.io", "nginx", "tag", "*"));
    assert!(!meets("gcr.io/nginx", false, "*", "library/nginx", "tag", "*"));
    assert!(!meets("team/nginx", false, "docker.io", "library/team/nginx", "tag", "*"));
}

#[test]
fn digests_and_ids_are_those_of_the_image() {
    let manifest = digest('2').to_string();
    let id = "1".repeat(64);
    assert!(meets("nginx", true, "*", "*", "digest", &manifest));
    assert!(!meets("nginx", true, "*", "mysql", "digest", &manifest));
    assert!(!meets("nginx", true, "*", "*", "digest", &digest('9').to_string()));
    assert!(meets("nginx", true, "*", "*", "id", &id) && meets("nginx", true, "*", "*", "id", "1*"));
    // A digest that was only asked for proves nothing.
    let asked = format!("nginx@{}", digest('9'));
    assert!(!meets(&asked, true, "*", "*", "digest", &digest('9').to_string()));
    assert!(!meets(&asked, true, "*", "*", "tag", "latest"), "a reference without a tag has none");
}

#[test]
fn the_first_mapping_counts() {
    let mut document = document(&["stop always.always"]);
    let mut first = document["mappings"][0].clone();
    first["id"] = Value::from("first");
    first["rule_set_ids"] = json!([]);
    document["mappings"].as_array_mut().unwrap().insert(0, first);
    let evaluation = image().evaluate(&policy(&document));
    assert_eq!((evaluation.mapping.unwrap().id.as_str(), evaluation.findings.len()), ("first", 0));
}

#[test]
fn rule_sets_for_sboms_need_no_mapping() {
    let mut document = document(&[]);
    document["rule_sets"][0]["artifact_type"] = Value::from("sbom");
    document["rule_sets"][0]["rules"] = json!([super::rule("stop always.always")]);
    document["mappings"] = json!([]);
    let parsed = crate::parse(document.to_string().as_bytes(), crate::ParseOptions::default()).unwrap();
    assert!(parsed.warnings[0].message.contains("no `sbom_mappings`"));
    let sbom = image().with(|artifact| {
        artifact.source.kind = SourceKind::Other { type_name: "product".to_owned(), json: "{}".to_owned() };
    });
    assert_eq!(sbom.evaluate(&parsed.policy).decision.name(), "stop");
}

#[test]
fn folders_meet_source_mappings_by_stars_alone() {
    let mut document = document(&[]);
    document["rule_sets"].as_array_mut().unwrap().push(json!({
        "id": "src", "name": "s", "version": "2", "artifact_type": "source",
        "rules": [super::rule("warn always.always")],
    }));
    let mapping = |host: &str| json!([{"id": "s", "name": "s", "host": host, "repository": "*", "rule_set_ids": ["src"], "allowlist_ids": []}]);
    document["source_mappings"] = mapping("*");
    let evaluation = folder().evaluate(&policy(&document));
    assert_eq!((evaluation.decision.name(), evaluation.findings.len()), ("pass", 1));
    document["source_mappings"] = mapping("github.com");
    let evaluation = folder().evaluate(&policy(&document));
    assert_eq!(evaluation.decision.name(), "undecided");
    assert!(evaluation.missing[0].details.starts_with("no source mapping of the policy matches"));
    document["source_mappings"] = json!([]);
    assert_eq!(folder().evaluate(&policy(&document)).decision.name(), "undecided");
}
