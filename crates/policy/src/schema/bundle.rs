//! The schema of a policy, bundle format v2.

use serde_json::{Value, json};

use super::{DRAFT, full_text, list, maybe_list, maybe_text, object, reference, rules, text, time, word};
use crate::document::ImageKind;
use crate::trigger::ArtifactType;

/// JSON Schema of a policy of version 2, with every gate, trigger and parameter.
pub fn schema() -> Value {
    let mut schema = object(
        "A policy: rule sets, the mappings that say which artifacts they decide, and accepted findings.",
        [
            (
                "$schema",
                maybe_text("The schema that an editor checks the document with; it says nothing of the policy."),
            ),
            ("id!", full_text("Id of the policy, usually a UUID.")),
            ("name!", full_text("Name of the policy.")),
            ("description", maybe_text("What the policy is for.")),
            ("version!", json!({"const": "2", "description": "Version of the format."})),
            ("rule_sets!", list("Sets of rules. Mappings name them.", &reference("rule_set"))),
            (
                "mappings!",
                list(
                    "Which images are decided by which rule sets; the first that matches counts.",
                    &reference("mapping"),
                ),
            ),
            ("source_mappings", maybe_list("The same for source trees.", &reference("source_mapping"))),
            ("sbom_mappings", maybe_list("The same for SBOMs that name no image.", &reference("sbom_mapping"))),
            ("allowlists", maybe_list("Lists of accepted findings. Mappings name them.", &reference("allowlist"))),
            ("allowlisted_images", maybe_list("Images that pass whatever the rules find.", &reference("image_rule"))),
            ("denylisted_images", maybe_list("Images that stop whatever the rules find.", &reference("image_rule"))),
            (
                "last_updated",
                json!({"type": ["number", "null"], "description": "Written by servers; not part of the digest."}),
            ),
        ],
    );
    let mut definitions = json!({
        "rule_set": rule_set(),
        "rule": rules::rule(),
        "allowlist": object(
            "A list of accepted findings.",
            [
                ("id!", full_text("Id, unique in the policy.")),
                ("name!", text("Name.")),
                ("description", maybe_text("What the list is for.")),
                ("version!", json!({"const": "2", "description": "Version of the format."})),
                ("items!", list("Accepted findings; the first that matches and has not expired counts.", &reference("item"))),
            ],
        ),
        "item": item(),
        "mapping": mapping("Images that are decided by some rule sets.", [
            ("registry!", pattern("Registry of the tag that was asked for.")),
            ("repository!", pattern("Repository of the tag that was asked for.")),
            ("image!", reference("image")),
        ]),
        "source_mapping": mapping("Source trees that are decided by some rule sets.", [
            ("host!", pattern("Host of the repository; a bare folder has none and is matched by `*` alone.")),
            ("repository!", pattern("Name of the repository.")),
        ]),
        "sbom_mapping": mapping("SBOMs that are decided by some rule sets.", [
            ("sbom_name!", pattern("Name in the SBOM.")),
            ("sbom_version!", pattern("Version in the SBOM.")),
        ]),
        "image_rule": object(
            "Images of a list.",
            [
                ("id!", full_text("Id, unique in its list.")),
                ("name!", text("Name.")),
                ("description", maybe_text("Why the images are on the list.")),
                ("registry!", pattern("Registry of the tag that was asked for.")),
                ("repository!", pattern("Repository of the tag that was asked for.")),
                ("image!", reference("image")),
            ],
        ),
        "image": image(),
    });
    if let (Some(members), Some(all)) = (schema.as_object_mut(), definitions.as_object_mut()) {
        all.extend(rules::definitions());
        members.insert("$defs".to_owned(), definitions);
        members.shift_insert(0, "$schema".to_owned(), Value::from(DRAFT));
        members.shift_insert(1, "$id".to_owned(), Value::from("urn:stopgate:policy:2"));
        members.shift_insert(2, "title".to_owned(), Value::from("Policy, bundle format v2"));
    }
    schema
}

fn rule_set() -> Value {
    let kinds = ArtifactType::ALL.map(|kind| {
        let about = match kind {
            ArtifactType::Image => "Container images.",
            ArtifactType::Source => "Source trees and single files.",
            ArtifactType::Sbom => "SBOMs that name no image.",
        };
        json!({"const": kind.name(), "description": about})
    });
    let mut set = object(
        "A set of rules.",
        [
            ("id!", full_text("Id, unique in the policy.")),
            ("name!", text("Name.")),
            ("description", maybe_text("What the rules are for.")),
            ("version!", json!({"const": "2", "description": "Version of the format."})),
            (
                "artifact_type",
                json!({"description": "What the rules decide.", "anyOf": [{"anyOf": kinds}, {"type": "null"}]}),
            ),
            ("rules!", list("Rules. All of them run.", &reference("rule"))),
        ],
    );
    let limited = ArtifactType::ALL.into_iter().filter(|kind| *kind != ArtifactType::Image).map(|kind| {
        json!({
            "if": {"properties": {"artifact_type": {"const": kind.name()}}, "required": ["artifact_type"]},
            "then": {"properties": {"rules": {"items": reference(&rules::of_kind(kind))}}},
        })
    });
    if let Some(members) = set.as_object_mut() {
        members.insert("allOf".to_owned(), limited.collect());
    }
    set
}

fn item() -> Value {
    let mut expires = time("From when on the item accepts nothing.");
    if let Some(members) = expires.as_object_mut() {
        members.insert("type".to_owned(), json!(["string", "null"]));
    }
    object(
        "An accepted finding.",
        [
            ("id!", full_text("Id, unique in the list.")),
            ("gate!", rules::gate_names("Gate of the finding.")),
            ("trigger_id!", pattern("Id of the finding. The whole id must match, for example `CVE-2021-44228+*`.")),
            ("expires_on", expires),
            ("description", maybe_text("Why it is accepted.")),
        ],
    )
}

fn mapping<const N: usize>(description: &str, place: [(&str, Value); N]) -> Value {
    let mut whole = object(
        description,
        [
            ("id!", full_text("Id, unique in its list.")),
            ("name!", text("Name.")),
            ("description", maybe_text("What the mapping is for.")),
            ("rule_set_ids!", list("Ids of rule sets. All of them run, in this order.", &json!({"type": "string"}))),
            (
                "allowlist_ids!",
                list("Ids of allowlists, in the order in which they are asked.", &json!({"type": "string"})),
            ),
        ],
    );
    let mut own = object("", place);
    for key in ["properties", "required"] {
        match (whole.get_mut(key), own.get_mut(key).map(Value::take)) {
            (Some(Value::Object(all)), Some(Value::Object(more))) => all.extend(more),
            (Some(Value::Array(all)), Some(Value::Array(more))) => all.extend(more),
            _ => {}
        }
    }
    whole
}

fn image() -> Value {
    let about = |kind| match kind {
        ImageKind::Tag => "Tag of the image, the usual way.",
        ImageKind::Digest => "Digest of the manifest, `sha256:…`.",
        ImageKind::Id => "Digest of the configuration, with or without `sha256:`.",
    };
    let kinds = [ImageKind::Tag, ImageKind::Digest, ImageKind::Id].map(|kind| (kind.name(), about(kind)));
    object(
        "By what images are named.",
        [("type!", word("What `value` is.", &kinds)), ("value!", pattern("Tag, digest or id."))],
    )
}

fn pattern(description: &str) -> Value {
    text(&format!("{description} `*` stands for any text; `regexp:` begins an expression, matched from the start."))
}
