//! The schema of rules: which gates there are, which triggers a gate has, which parameters a trigger takes.

use serde_json::{Map, Value, json};

use super::values;
use super::{full_text, maybe_text, object, reference, word};
use crate::registry::{self, GATES};
use crate::trigger::params::ParamSpec;
use crate::trigger::{AnyTrigger, ArtifactType, State};

/// A rule of any gate.
pub(super) fn rule() -> Value {
    let mut rule = object(
        "A rule: when its trigger fires, its action is asked for.",
        [
            ("id!", full_text("Id of the rule. Findings, side-cars and reports name it.")),
            ("gate!", gate_names("Group of checks.")),
            ("trigger!", json!({"type": "string", "description": "The check."})),
            (
                "action!",
                word(
                    "What is asked for when the trigger fires.",
                    &[
                        ("STOP", "The artifact must not pass."),
                        ("WARN", "It passes, and a person should look."),
                        ("GO", "It passes; the finding is shown."),
                    ],
                ),
            ),
            ("params!", json!({"type": "array", "description": "Parameters of the trigger, each once."})),
            ("description", maybe_text("What the rule is for.")),
            ("recommendation", maybe_text("What to do about its findings; shown with each.")),
        ],
    );
    let gates: Vec<Value> = registry::gate_names().into_iter().map(gate).collect();
    if let Some(members) = rule.as_object_mut() {
        members.insert("allOf".to_owned(), Value::Array(gates));
    }
    rule
}

/// Every gate by name.
pub(super) fn gate_names(description: &str) -> Value {
    let names = registry::gate_names().into_iter().map(|name| {
        let about = GATES.iter().find(|gate| gate.name == name).map_or("", |gate| gate.summary);
        json!({"const": name, "description": about})
    });
    json!({"description": description, "anyOf": names.collect::<Vec<_>>()})
}

/// What follows from the gate.
fn gate(name: &'static str) -> Value {
    let triggers = || registry::all().filter(move |row| row.info().gate == name);
    let names: Vec<Value> = triggers().map(trigger_name).collect();
    let params: Vec<Value> = triggers()
        .map(|row| {
            json!({
                "if": {"properties": {"trigger": {"const": row.info().name}}, "required": ["trigger"]},
                "then": {"properties": {"params": reference(&params_name(row))}},
            })
        })
        .collect();
    json!({
        "if": {"properties": {"gate": {"const": name}}, "required": ["gate"]},
        "then": {"properties": {"trigger": {"anyOf": names}}, "allOf": params},
    })
}

fn trigger_name(row: &'static dyn AnyTrigger) -> Value {
    let info = row.info();
    let mut name = json!({"const": info.name, "description": info.summary});
    if let (State::Deprecated, Some(members)) = (info.state, name.as_object_mut()) {
        members.insert("deprecated".to_owned(), Value::Bool(true));
    }
    name
}

fn params_name(row: &dyn AnyTrigger) -> String {
    format!("params-{}-{}", row.info().gate, row.info().name)
}

/// Name of the definition of rules that decide artifacts of one kind.
pub(super) fn of_kind(kind: ArtifactType) -> String {
    format!("rule-for-{}", kind.name())
}

/// The parameters of each trigger, and which triggers serve each kind of artifact.
pub(super) fn definitions() -> Map<String, Value> {
    let params = registry::all().map(|row| (params_name(row), params(row)));
    let kinds = ArtifactType::ALL.into_iter().filter(|kind| *kind != ArtifactType::Image);
    params.chain(kinds.map(|kind| (of_kind(kind), rule_for(kind)))).collect()
}

fn rule_for(kind: ArtifactType) -> Value {
    let serves = |row: &&dyn AnyTrigger| row.info().artifact_types.contains(&kind);
    let gates = registry::gate_names().into_iter().filter_map(|gate| {
        let names: Vec<&str> = registry::all()
            .filter(serves)
            .map(AnyTrigger::info)
            .filter(|info| info.gate == gate)
            .map(|info| info.name)
            .collect();
        (!names.is_empty()).then(|| json!({"properties": {"gate": {"const": gate}, "trigger": {"enum": names}}}))
    });
    json!({"anyOf": gates.collect::<Vec<_>>()})
}

/// The list of a trigger's parameters.
fn params(row: &'static dyn AnyTrigger) -> Value {
    let info = row.info();
    let mut list = json!({"type": "array", "description": format!("Parameters of `{}.{}`. {}", info.gate, info.name, info.summary)});
    let Some(members) = list.as_object_mut() else { return list };
    let specs = row.params();
    if specs.is_empty() {
        members.insert("maxItems".to_owned(), Value::from(0));
        return list;
    }
    members.insert("items".to_owned(), param(row));
    members.insert("allOf".to_owned(), specs.iter().map(occurrence).collect());
    list
}

fn param(row: &'static dyn AnyTrigger) -> Value {
    let specs = row.params();
    let names: Vec<Value> =
        specs.iter().map(|spec| json!({"const": spec.name, "description": spec.description.trim()})).collect();
    let mut param = object(
        "A parameter.",
        [
            ("name!", json!({"description": "Name of the parameter.", "anyOf": names})),
            ("value!", json!({"type": "string", "description": "Value, always a text."})),
        ],
    );
    let values: Vec<Value> = specs
        .iter()
        .map(|spec| {
            json!({
                "if": {"properties": {"name": {"const": spec.name}}, "required": ["name"]},
                "then": {"properties": {"value": values::value(row, spec)}},
            })
        })
        .collect();
    if let Some(members) = param.as_object_mut() {
        members.insert("allOf".to_owned(), Value::Array(values));
    }
    param
}

/// A parameter is there once, or may be left out.
fn occurrence(spec: &ParamSpec) -> Value {
    json!({
        "contains": {"properties": {"name": {"const": spec.name}}, "required": ["name"]},
        "minContains": usize::from(spec.required),
        "maxContains": 1,
    })
}
