//! Binds a rule to its trigger: gate, trigger and parameters, with every error at its place.

use super::error::{PolicyError, child};
use super::extension;
use super::fields::Fields;
use super::policy::Bound;
use super::read::{Reader, maybe_help};
use super::suggest::{did_you_mean, quoted, shown};
use crate::registry::{self, Lookup};
use crate::trigger::params::Param;
use crate::trigger::{AnyTrigger, ArtifactType, State};

/// What is to be bound.
pub(super) struct Request<'a> {
    pub(super) rule: &'a str,
    pub(super) gate: &'a str,
    pub(super) trigger: &'a str,
    pub(super) artifact_type: ArtifactType,
    pub(super) params: &'a [Param],
    pub(super) places: &'a [String],
    pub(super) fields: &'a Fields<'a>,
}

/// A rule with the names that the registry has.
pub(super) struct BoundRule {
    pub(super) gate: String,
    pub(super) trigger: String,
    pub(super) params: Vec<Param>,
    pub(super) values: Vec<Param>,
    pub(super) does: Bound,
}

/// Looks up gate and trigger and reads the parameters.
pub(super) fn bind(reader: &Reader<'_>, request: &Request<'_>) -> Option<BoundRule> {
    let rule = shown(request.rule);
    let (gate, trigger) = (request.gate.to_lowercase(), request.trigger.to_lowercase());
    match registry::find(&gate, &trigger) {
        Lookup::Found(found) => bind_trigger(reader, request, found),
        Lookup::EndOfLife { superseded_by } => {
            let message = format!("rule `{rule}`: `{gate}.{trigger}` is at the end of its life and is not run");
            let help = superseded_by.map(|name| format!("use gate `{name}` instead"));
            reader.doubt(maybe_help(PolicyError::new(request.fields.at("gate"), message), help));
            let (params, values) = (request.params.to_vec(), request.params.to_vec());
            Some(BoundRule { gate, trigger, params, values, does: Bound::EndOfLife { superseded_by } })
        }
        Lookup::NoGate => {
            let gates = registry::gate_names();
            let message = format!("rule `{rule}`: there is no gate `{}`", shown(request.gate));
            let help = did_you_mean(&gate, gates.iter().copied())
                .unwrap_or_else(|| format!("expected one of {}", quoted(gates.iter().copied())));
            reader.sink.error(PolicyError::new(request.fields.at("gate"), message).help(help));
            None
        }
        Lookup::NoTrigger => {
            let names = registry::trigger_names(&gate);
            let message = format!("rule `{rule}`: gate `{gate}` has no trigger `{}`", shown(request.trigger));
            let help = did_you_mean(&trigger, names.iter().copied())
                .unwrap_or_else(|| format!("expected one of {}", quoted(names.iter().copied())));
            reader.sink.error(PolicyError::new(request.fields.at("trigger"), message).help(help));
            None
        }
    }
}

fn bind_trigger(reader: &Reader<'_>, request: &Request<'_>, found: &'static dyn AnyTrigger) -> Option<BoundRule> {
    let rule = shown(request.rule);
    let info = found.info();
    if !info.artifact_types.contains(&request.artifact_type) {
        let message = format!(
            "rule `{rule}`: `{}.{}` cannot be used in a rule set for artifacts of type `{}`",
            info.gate,
            info.name,
            request.artifact_type.name()
        );
        reader.sink.error(PolicyError::new(request.fields.at("gate"), message));
    }
    if info.state == State::Deprecated {
        let message = format!("rule `{rule}`: `{}.{}` is deprecated", info.gate, info.name);
        let help = info.superseded_by.map(|name| format!("use `{name}` instead"));
        reader.sink.warn(maybe_help(PolicyError::new(request.fields.at("trigger"), message), help));
    }
    let values = substituted(reader, request);
    match found.bind(&values) {
        Ok(trigger) => {
            for fault in trigger.faults() {
                let message = format!("rule `{rule}`: {fault}");
                reader.doubt(PolicyError::new(request.fields.at("params"), message));
            }
            Some(BoundRule {
                gate: info.gate.to_owned(),
                trigger: info.name.to_owned(),
                params: named(request.params, found),
                values: named(&values, found),
                does: Bound::Runs { trigger, info },
            })
        }
        Err(errors) => {
            for error in errors {
                let at = match error.index.and_then(|index| request.places.get(index)) {
                    Some(place) => child(place, if error.in_name { "name" } else { "value" }),
                    None => request.fields.at("params"),
                };
                let message = format!("rule `{rule}`: {}", error.message);
                reader.sink.error(maybe_help(PolicyError::new(at, message), error.help));
            }
            None
        }
    }
}

/// The parameters with the values of the policy's own parameters in place of `${name}`.
fn substituted(reader: &Reader<'_>, request: &Request<'_>) -> Vec<Param> {
    let mut params = request.params.to_vec();
    // COMPAT: without a side-car such a text means itself.
    if reader.values.is_empty() {
        return params;
    }
    for (param, place) in params.iter_mut().zip(request.places) {
        let Some(name) = extension::named(&param.value) else { continue };
        let known = || reader.values.keys().map(String::as_str);
        if let Some(value) = reader.values.get(name) {
            param.value.clone_from(value);
            continue;
        }
        let message = format!("rule `{}`: there is no parameter `{}`", shown(request.rule), shown(name));
        let help = did_you_mean(name, known()).unwrap_or_else(|| format!("expected one of {}", quoted(known())));
        reader.sink.error(PolicyError::new(child(place, "value"), message).help(help));
    }
    params
}

/// The parameters under their own names.
fn named(params: &[Param], found: &dyn AnyTrigger) -> Vec<Param> {
    let name = |given: &str| {
        let lower = given.to_lowercase();
        found.params().iter().find(|spec| spec.is_called(&lower)).map_or(lower.clone(), |spec| spec.name.to_owned())
    };
    params.iter().map(|param| Param { name: name(&param.name), value: param.value.clone() }).collect()
}

/// Whether a bound rule may be used for artifacts of this type.
pub(super) fn serves(bound: &Bound, kind: ArtifactType) -> bool {
    match bound {
        Bound::Runs { info, .. } => info.artifact_types.contains(&kind),
        Bound::EndOfLife { .. } => true,
    }
}
