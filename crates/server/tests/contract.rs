//! How much of the published API is there: the table in `docs/api-coverage.md`, which may only get better.
//!
//! Every published operation of the first two tiers is looked up in our own OpenAPI document: whether there is a route,
//! the same parameters, the documented success with the same schema, and at least the documented failures. The table is
//! written anew with `UPDATE=1`; an operation that was whole and is no longer fails the test in any case.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use stopgate_api_types::contract::{Operation, contract};

/// The name of a schema as the table of the published API writes it: `Name`, or `[Name]` for a list without a name.
fn name(schema: &Value) -> Option<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().map(str::to_owned);
    }
    let items = schema.get("items")?;
    Some(format!("[{}]", name(items)?))
}

/// What of a published operation our document does not have.
fn differences(published: &Operation, own: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let text = |parameter: &Value, field: &str| parameter.get(field).and_then(Value::as_str).unwrap_or("").to_owned();
    let parameters: BTreeMap<(String, String), bool> = own
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|parameter| {
            let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
            ((text(parameter, "in"), text(parameter, "name")), required)
        })
        .collect();
    let mut known = BTreeSet::new();
    for parameter in &published.parameters {
        let place = (parameter.place.clone(), parameter.name.clone());
        match parameters.get(&place) {
            None => all.push(format!("{} parameter `{}` is not taken", place.0, place.1)),
            Some(required) if *required != parameter.required => {
                let is = if *required { "required" } else { "optional" };
                all.push(format!("{} parameter `{}` is {is}", place.0, place.1));
            }
            Some(_) => {}
        }
        known.insert(place);
    }
    // Every operation for an account takes the header, whether the published document names it there or not.
    for place in parameters.keys().filter(|place| !known.contains(*place) && place.1 != "x-anchore-account") {
        all.push(format!("{} parameter `{}` is not published", place.0, place.1));
    }
    for (status, published) in &published.responses {
        let Some(response) = own.pointer(&format!("/responses/{status}")) else {
            all.push(format!("the status {status} is not documented"));
            continue;
        };
        let named = contract().schemas.contains_key(published.trim_matches(['[', ']']));
        if !status.starts_with('2') || !named {
            continue;
        }
        let schema = response.pointer("/content/application~1json/schema");
        let schema = schema.and_then(name).unwrap_or_else(|| "nothing with a name".to_owned());
        if schema != *published {
            all.push(format!("the body of {status} is {schema}, published is {published}"));
        }
    }
    all
}

/// State of each published operation of the first two tiers.
fn states() -> BTreeMap<(u8, String, String), String> {
    let document: Value = serde_json::from_str(&stopgate_server::document().to_json().unwrap()).unwrap();
    let own = |operation: &Operation| {
        document.get("paths")?.get(&operation.path)?.get(operation.method.to_lowercase()).cloned()
    };
    let wanted = contract().operations.iter().filter(|operation| operation.tier <= 2);
    wanted
        .map(|operation| {
            let state = match own(operation) {
                None => "missing".to_owned(),
                Some(own) => {
                    let found = differences(operation, &own);
                    if found.is_empty() { "whole".to_owned() } else { found.join("; ") }
                }
            };
            ((operation.tier, operation.path.clone(), operation.method.clone()), state)
        })
        .collect()
}

const HEAD: &str = "\
# How much of the published API there is

Written by the test `contract` of `stopgate-server` with `UPDATE=1`; it may only get better. Operations of the first two
tiers: those that public clients and the console need (1), and those that users expect (2). *Whole* means routed, with the
published parameters, success status, schema and failure statuses.

";

fn table(states: &BTreeMap<(u8, String, String), String>) -> String {
    let mut text = HEAD.to_owned();
    for tier in [1, 2] {
        let of_tier: Vec<&String> =
            states.iter().filter(|((own, ..), _)| *own == tier).map(|(_, state)| state).collect();
        let whole = of_tier.iter().filter(|state| **state == "whole").count();
        let missing = of_tier.iter().filter(|state| **state == "missing").count();
        writeln!(text, "- tier {tier}: {} operations, {whole} whole, {missing} missing", of_tier.len()).unwrap();
    }
    text.push_str("\n| Operation | Tier | State |\n|---|---|---|\n");
    for ((tier, path, method), state) in states {
        writeln!(text, "| `{method} {path}` | {tier} | {state} |").unwrap();
    }
    text
}

/// Operations with their states, as a kept table has them.
fn kept(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let operation = cells.next()?.trim_matches('`').to_owned();
        Some((operation, cells.nth(1)?.to_owned()))
    })
    .collect()
}

#[test]
fn the_published_api_is_covered_more_and_more() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/api-coverage.md");
    let states = states();
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let known = kept(&before);
    let mut lost = Vec::new();
    for ((_, path, method), state) in &states {
        let operation = format!("{method} {path}");
        match known.get(&operation).map(String::as_str) {
            Some("whole") if state != "whole" => lost.push(format!("{operation}: {state}")),
            Some(told) if told != "missing" && state == "missing" => lost.push(format!("{operation}: {state}")),
            _ => {}
        }
    }
    assert!(lost.is_empty(), "was there, and is no longer:\n{}", lost.join("\n"));
    let now = table(&states);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    assert!(before == now, "docs/api-coverage.md is not current: run this test with UPDATE=1\n{now}");
}
