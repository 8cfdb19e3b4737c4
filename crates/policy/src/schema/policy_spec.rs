//! The policy specification as JSON (`GET /v2/system/policy-spec`): Anchore's fields, and ours beside them.

use serde_json::{Value, json};

use crate::spec::{GateSpec, TriggerParamSpec, TriggerSpec, spec};
use crate::trigger::ArtifactType;

/// Every gate with its triggers and parameters, in the order of [`spec`].
pub fn policy_spec() -> Value {
    spec().iter().map(gate).collect()
}

fn gate(gate: &GateSpec) -> Value {
    // COMPAT: Anchore has one type where we have several; a gate for images is one for images.
    let first =
        if gate.artifact_types.contains(&ArtifactType::Image) { ArtifactType::Image } else { ArtifactType::Source };
    json!({
        "name": gate.name,
        "description": gate.description,
        "supported_artifact_type": first.name(),
        "artifact_types": names(&gate.artifact_types),
        "state": gate.state.name(),
        "superseded_by": gate.superseded_by,
        "triggers": gate.triggers.iter().map(trigger).collect::<Vec<_>>(),
    })
}

fn trigger(trigger: &TriggerSpec) -> Value {
    json!({
        "name": trigger.name,
        "description": trigger.description,
        "state": trigger.state.name(),
        "superseded_by": trigger.superseded_by,
        "artifact_types": names(&trigger.artifact_types),
        "data_needed": trigger.data_needed,
        "trigger_id_format": trigger.trigger_id_format,
        "parameters": trigger.parameters.iter().map(parameter).collect::<Vec<_>>(),
    })
}

fn parameter(parameter: &TriggerParamSpec) -> Value {
    let validator = &parameter.validator;
    json!({
        "name": parameter.name,
        "description": parameter.description,
        "example": parameter.example,
        "default": parameter.default,
        "required": parameter.required,
        "state": parameter.state.name(),
        "superseded_by": parameter.superseded_by,
        "validator": {
            "description": validator.description,
            "type": validator.kind,
            "criteria": validator.criteria,
            "enum": validator.words,
        },
    })
}

fn names(types: &[ArtifactType]) -> Vec<&'static str> {
    types.iter().map(|kind| kind.name()).collect()
}
