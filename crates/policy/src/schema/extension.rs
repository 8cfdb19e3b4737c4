//! The schema of a side-car, `stopgate-policy-ext/1`.

use serde_json::{Value, json};

use super::{DRAFT, full_text, maybe_list, maybe_text, object, reference, time, word};

/// JSON Schema of a side-car.
pub fn extension_schema() -> Value {
    let mut schema = object(
        "What a policy's own format cannot hold: controls, modes and due dates of rules, parameters, exceptions.",
        [
            (
                "$schema",
                maybe_text("The schema that an editor checks the document with; it says nothing of the side-car."),
            ),
            ("schema!", json!({"const": "stopgate-policy-ext/1", "description": "Version of the format."})),
            ("policy_id!", full_text("Id of the policy that it belongs to.")),
            (
                "parameters",
                maybe_list(
                    "Parameters of the policy. A rule takes one with a value that is exactly `${name}`.",
                    &reference("parameter"),
                ),
            ),
            (
                "rules",
                json!({"type": ["object", "null"], "description": "What is added to rules, by rule id.",
                       "additionalProperties": reference("rule")}),
            ),
            (
                "exceptions",
                maybe_list(
                    "Accepted findings; the first that selects a finding counts, after the allowlists.",
                    &reference("exception"),
                ),
            ),
            (
                "assessments",
                maybe_list(
                    "What is known here of vulnerabilities, for the clocks of frameworks.",
                    &reference("assessment"),
                ),
            ),
        ],
    );
    let definitions = json!({
        "parameter": parameter(),
        "rule": rule(),
        "exception": exception(),
        "assessment": assessment(),
        "select": select(),
    });
    if let Some(members) = schema.as_object_mut() {
        members.insert("$defs".to_owned(), definitions);
        members.shift_insert(0, "$schema".to_owned(), Value::from(DRAFT));
        members.shift_insert(1, "$id".to_owned(), Value::from("urn:stopgate:policy-ext:1"));
        members.shift_insert(2, "title".to_owned(), Value::from("Side-car of a policy"));
    }
    schema
}

fn parameter() -> Value {
    let scalar =
        json!({"anyOf": [{"type": ["string", "boolean", "number"]}, {"type": "array", "items": {"type": "string"}}]});
    let value = |description: &str| {
        let mut value = scalar.clone();
        if let Some(members) = value.as_object_mut() {
            members.insert("description".to_owned(), Value::from(description));
        }
        value
    };
    object(
        "A parameter of the policy.",
        [
            ("name!", json!({"type": "string", "pattern": "^[A-Za-z0-9_.-]+$", "description": "Name."})),
            (
                "type",
                word(
                    "What a value must be; a text when absent.",
                    &[
                        ("string", "Any text."),
                        ("integer", "A whole number."),
                        ("number", "A number."),
                        ("boolean", "`true` or `false`."),
                        ("list", "Texts separated by commas."),
                    ],
                ),
            ),
            ("default", value("Value when none is given.")),
            (
                "required",
                json!({"type": ["boolean", "null"], "description": "Whether a value must be given when there is no default."}),
            ),
            ("values", maybe_list("Every value that is accepted; any when absent.", &scalar)),
        ],
    )
}

fn rule() -> Value {
    let grace = object(
        "Time that findings have which were there before; until then they warn at most.",
        [
            (
                "from!",
                word(
                    "From when the days are counted.",
                    &[
                        ("first_seen", "Since the finding was first seen."),
                        ("fix_seen", "Since a fix was first seen; without a fix there is no due date."),
                        (
                            "kev_added",
                            "Since CISA lists the vulnerability as exploited; without that there is no due date.",
                        ),
                    ],
                ),
            ),
            ("days!", json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "description": "Days."})),
        ],
    );
    object(
        "What is added to a rule.",
        [
            ("controls", maybe_list("Controls that the rule serves.", &json!({"type": "string"}))),
            (
                "mode",
                word(
                    "How far the rule counts.",
                    &[
                        ("enforce", "With its action."),
                        ("audit", "It warns at most."),
                        ("off", "Not at all: it is not run."),
                    ],
                ),
            ),
            ("enforce_from", time("From when on the rule counts with its action; before that it warns at most.")),
            ("old", grace),
        ],
    )
}

fn exception() -> Value {
    object(
        "Findings that are accepted for a time, by somebody, for a reason.",
        [
            ("id!", full_text("Id, unique in the list.")),
            ("select!", reference("select")),
            ("reason!", full_text("Why.")),
            ("justification", maybe_text("Why, in the words of VEX.")),
            ("owner!", full_text("Who answers for it.")),
            ("approver", maybe_text("Who approved it.")),
            ("ticket", maybe_text("Ticket.")),
            ("created", time("When it was made.")),
            ("expires!", time("When it ends.")),
        ],
    )
}

fn assessment() -> Value {
    let flag = |description: &str| json!({"type": ["boolean", "null"], "description": description});
    object(
        "What is known here of a vulnerability.",
        [
            ("select!", reference("select")),
            ("exposed", flag("Whether the artifact can be reached from the internet.")),
            (
                "rating",
                json!({"type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX, "description": "Rating."}),
            ),
            ("evaluated_at", time("When it was assessed.")),
            ("reachable", flag("Whether the vulnerable code can be reached.")),
            ("likely_exploitable", flag("Whether exploitation is likely.")),
        ],
    )
}

fn select() -> Value {
    let pattern = |description: &str| full_text(&format!("{description} `*` stands for any text."));
    let mut select = object(
        "Which findings; all that is given must hold.",
        [
            ("vulnerability", pattern("Id of the vulnerability; other ids of the same weakness count.")),
            ("purl", pattern("Package URL; one without a version means every version.")),
            ("version", full_text("Version of the package, or a range such as `>= 1.2, < 1.4`.")),
            ("path", pattern("Path of the package or file.")),
            ("gate", pattern("Gate.")),
            ("trigger", pattern("Trigger.")),
            ("rule", pattern("Id of the rule.")),
            ("control", pattern("Control that the rule serves.")),
            ("image", pattern("Digest or id of the image, or its `registry/repository`.")),
            ("tag", pattern("`registry/repository:tag`.")),
        ],
    );
    if let Some(members) = select.as_object_mut() {
        members.insert("minProperties".to_owned(), Value::from(1));
    }
    select
}
