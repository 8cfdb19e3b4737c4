//! The engine's description of itself (`GET /v2/system/policy-spec`), made from the registry.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::end_of_life::END_OF_LIFE;
use crate::registry::{self, GATES};
use crate::trigger::params::{ParamKind, ParamSpec};
use crate::trigger::{ArtifactType, State};

/// A gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSpec {
    /// Name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Rule sets that may hold it.
    pub artifact_types: Vec<ArtifactType>,
    /// State.
    pub state: State,
    /// What to use instead.
    pub superseded_by: Option<String>,
    /// Triggers.
    pub triggers: Vec<TriggerSpec>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerSpec {
    /// Name.
    pub name: String,
    /// When it fires.
    pub description: String,
    /// State.
    pub state: State,
    /// What to use instead.
    pub superseded_by: Option<String>,
    /// Rule sets that may hold it.
    pub artifact_types: Vec<ArtifactType>,
    /// What it reads whatever its parameters are.
    pub data_needed: Vec<String>,
    /// Form of its ids.
    pub trigger_id_format: String,
    /// Parameters, in the order in which a form shows them.
    pub parameters: Vec<TriggerParamSpec>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerParamSpec {
    /// Name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// A value that makes sense.
    pub example: Option<String>,
    /// The value when it is absent.
    pub default: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// State.
    pub state: State,
    /// What to use instead.
    pub superseded_by: Option<String>,
    /// What values are accepted.
    pub validator: Validator,
}

/// What values a parameter accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct Validator {
    /// One clause.
    pub description: String,
    /// Anchore's name.
    pub kind: String,
    /// JSON Schema of a value, which is always a text.
    pub criteria: Value,
    /// Every value of an enumeration.
    pub words: Vec<String>,
}

/// Every gate: active ones first, then deprecated ones, then those at the end of their life.
pub fn spec() -> Vec<GateSpec> {
    let mut gates: Vec<GateSpec> = registry::gate_names().into_iter().map(gate).collect();
    gates.extend(END_OF_LIFE.iter().map(|old| GateSpec {
        name: old.gate.to_owned(),
        description: "At the end of its life: rules load and are not run.".to_owned(),
        artifact_types: vec![ArtifactType::Image],
        state: State::Eol,
        superseded_by: old.superseded_by.map(str::to_owned),
        triggers: old.triggers.iter().map(|name| eol_trigger(name)).collect(),
    }));
    gates.sort_by_key(|gate| gate.state);
    gates
}

fn gate(name: &'static str) -> GateSpec {
    let triggers: Vec<TriggerSpec> = registry::all()
        .filter(|row| row.info().gate == name)
        .map(|row| {
            let info = row.info();
            TriggerSpec {
                name: info.name.to_owned(),
                description: info.summary.to_owned(),
                state: info.state,
                superseded_by: info.superseded_by.map(str::to_owned),
                artifact_types: info.artifact_types.to_vec(),
                data_needed: info.needs.iter().map(crate::trigger::Need::name).collect(),
                trigger_id_format: info.trigger_id.to_owned(),
                parameters: row.params().iter().map(parameter).collect(),
            }
        })
        .collect();
    let types: BTreeSet<ArtifactType> =
        triggers.iter().flat_map(|trigger| trigger.artifact_types.iter().copied()).collect();
    GateSpec {
        name: name.to_owned(),
        description: GATES.iter().find(|gate| gate.name == name).map_or("", |gate| gate.summary).to_owned(),
        artifact_types: types.into_iter().collect(),
        state: triggers.iter().map(|trigger| trigger.state).min().unwrap_or(State::Active),
        superseded_by: None,
        triggers,
    }
}

fn eol_trigger(name: &str) -> TriggerSpec {
    TriggerSpec {
        name: name.to_owned(),
        description: "At the end of its life.".to_owned(),
        state: State::Eol,
        superseded_by: None,
        artifact_types: vec![ArtifactType::Image],
        data_needed: Vec::new(),
        trigger_id_format: String::new(),
        parameters: Vec::new(),
    }
}

fn parameter(spec: &ParamSpec) -> TriggerParamSpec {
    TriggerParamSpec {
        name: spec.name.to_owned(),
        description: spec.description.trim().to_owned(),
        example: spec.example.map(str::to_owned),
        default: spec.default.map(str::to_owned),
        required: spec.required,
        state: State::Active,
        superseded_by: None,
        validator: validator(&spec.kind),
    }
}

fn validator(kind: &ParamKind) -> Validator {
    let criteria = match (kind.words, kind.pattern) {
        ([], "") => json!({"type": "string"}),
        ([], pattern) => json!({"type": "string", "pattern": pattern}),
        (words, _) => json!({"type": "string", "enum": words}),
    };
    Validator {
        description: kind.expected.to_owned(),
        kind: kind.validator.to_owned(),
        criteria,
        words: kind.words.iter().map(|word| (*word).to_owned()).collect(),
    }
}
