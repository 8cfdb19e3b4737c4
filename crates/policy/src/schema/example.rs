//! Example rules, made of the examples of a trigger's parameters.

use serde_json::{Value, json};

use crate::registry::{self, Lookup};
use crate::trigger::AnyTrigger;
use crate::trigger::params::ParamSpec;

/// Optional parameters that an example shows.
const MOST_OPTIONAL: usize = 3;

/// A rule of a trigger with its required parameters and the first optional ones whose example is not the
/// default; `None` when there is no such trigger.
pub fn example_rule(gate: &str, trigger: &str) -> Option<Value> {
    let Lookup::Found(row) = registry::find(gate, trigger) else { return None };
    let mut optional = 0;
    Some(rule(row, |spec| {
        let shown = spec.required || (spec.example != spec.default && optional < MOST_OPTIONAL);
        optional += usize::from(shown && !spec.required);
        shown
    }))
}

/// A rule of a trigger with every parameter that has an example.
#[cfg(test)]
pub(crate) fn full_example_rule(row: &dyn AnyTrigger) -> Value {
    rule(row, |_| true)
}

fn rule(row: &dyn AnyTrigger, mut shown: impl FnMut(&ParamSpec) -> bool) -> Value {
    let info = row.info();
    let params = row.params().iter().filter(|spec| spec.example.is_some() && shown(spec));
    let params: Vec<Value> = params.map(|spec| json!({"name": spec.name, "value": spec.example})).collect();
    json!({
        "id": format!("example-{}", info.name.replace('_', "-")),
        "gate": info.gate,
        "trigger": info.name,
        "action": "STOP",
        "params": params,
    })
}
