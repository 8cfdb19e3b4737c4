//! Holds the wire structs against the table of the published API, and the table against the published document.
//!
//! `STOPGATE_ANCHORE_API` names the document; without it, the second test says that it is skipped. `UPDATE=1` writes
//! the table anew from the document and keeps each operation's tier.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail")]

mod accepted;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stopgate_api_types::contract::{Contract, Field, SchemaFacts, contract};
use stopgate_api_types::openapi::Schemas;
use utoipa::OpenApi as _;

use accepted::{ACCEPTED, SAME};
use read::Reader;

#[test]
fn every_schema_of_the_first_two_tiers_is_as_published() {
    let document = serde_json::to_value(Schemas::openapi()).unwrap();
    let mut ours = Reader::of(&document);
    let mut wanted = needed(contract());
    wanted.extend(contract().schemas.keys().map(String::as_str).filter(|name| ours.names.contains(*name)));
    // Structs of ours for objects that the document leaves without a name are read in place.
    let named: BTreeSet<_> = wanted.iter().copied().map(our_name).collect();
    ours.names.retain(|name| named.contains(name.as_str()));
    let in_place = Reader { document: &document, names: BTreeSet::new() };

    let mut faults = Vec::new();
    for name in wanted {
        let theirs = &contract().schemas[name];
        match ours.schema(our_name(name)) {
            Some(own) => {
                let in_place = in_place.schema(our_name(name)).unwrap_or_default();
                compare(name, theirs, [&own, &in_place], &mut faults);
            }
            None if our_name(name).contains(['(', '{']) || our_name(name) == "object" => {}
            None => faults.push((name.to_owned(), "there is no such schema".to_owned())),
        }
    }
    let mut unexplained = String::new();
    for (place, fault) in faults.iter().filter(|(place, _)| !ACCEPTED.iter().any(|(known, _)| covers(known, place))) {
        let _ = writeln!(unexplained, "{place}: {fault}");
    }
    assert!(unexplained.is_empty(), "differs from the published API:\n{unexplained}");
    let mut stale = ACCEPTED.iter().filter(|(known, _)| !faults.iter().any(|(place, _)| covers(known, place)));
    assert_eq!(stale.next(), None, "an accepted difference that is none");
}

#[test]
fn the_table_is_that_of_the_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::env::var_os("STOPGATE_ANCHORE_API")
        .map_or_else(|| folder.join("../../../shared/data/anchore-api-2.13.0.yaml"), PathBuf::from);
    let Ok(text) = fs::read_to_string(&source) else {
        eprintln!("SKIPPED: no published document at {}; STOPGATE_ANCHORE_API names one", source.display());
        return;
    };
    let document: Value = serde_saphyr::from_str(&text).unwrap();
    let tiers: BTreeMap<_, _> =
        contract().operations.iter().map(|each| ((each.method.as_str(), each.path.as_str()), each.tier)).collect();
    let read = Reader::of(&document).contract(|method, path| tiers.get(&(method, path)).copied().unwrap_or(3));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(folder.join("../../openapi/anchore-v2.contract.json"), written(&read)).unwrap();
        return;
    }
    assert_eq!(&read.operations, &contract().operations);
    assert_eq!(&read.schemas, &contract().schemas);
    assert_eq!(&read, contract());
}

#[test]
fn the_table_tells_operations_apart() {
    let operations = &contract().operations;
    let paths: BTreeSet<_> = operations.iter().map(|each| (&each.method, &each.path)).collect();
    assert_eq!(paths.len(), operations.len());
    let of_tier = |tier| operations.iter().filter(|each| each.tier == tier).count();
    assert_eq!([of_tier(1), of_tier(2), of_tier(3)], [145, 179, 21]);
    let check = operations.iter().find(|each| each.path == "/images/{image_digest}/check").unwrap();
    assert_eq!(check.permission.as_deref(), Some("getImageEvaluation"));
    assert!(check.parameters.iter().any(|each| each.name == "tag" && each.required && each.place == "query"));
    assert_eq!(check.responses["200"], "PolicyEvaluation");
}

/// The schemas that operations of tier 1 and 2 name, and all that those name.
fn needed(contract: &Contract) -> BTreeSet<&str> {
    let mut open: Vec<&str> = Vec::new();
    for operation in contract.operations.iter().filter(|each| each.tier < 3) {
        open.extend(operation.request.values().chain(operation.responses.values()).map(String::as_str));
        open.extend(operation.parameters.iter().map(|each| each.kind.as_str()));
    }
    let mut needed = BTreeSet::new();
    while let Some(text) = open.pop() {
        for word in text.split(|letter: char| !letter.is_alphanumeric()) {
            if let Some((name, facts)) = contract.schemas.get_key_value(word)
                && needed.insert(name.as_str())
            {
                open.push(&facts.kind);
                open.extend(facts.fields.iter().map(|field| field.kind.as_str()));
            }
        }
    }
    needed
}

fn covers(known: &str, place: &str) -> bool {
    known == place || known.strip_suffix('*').is_some_and(|prefix| place.starts_with(prefix))
}

/// `own` is our schema with names, and the same with every name read in place: a struct of ours with a published name
/// may stand where the document repeats its fields.
fn compare(name: &str, theirs: &SchemaFacts, own: [&SchemaFacts; 2], faults: &mut Vec<(String, String)>) {
    let [own, in_place] = own;
    let mut fault = |place: &str, text: String| faults.push((place.to_owned(), text));
    if !fits(&theirs.kind, &own.kind) && !fits(&theirs.kind, &in_place.kind) {
        fault(name, format!("is `{}` here, `{}` there", own.kind, theirs.kind));
    }
    if theirs.closed != own.closed {
        fault(name, format!("other keys are {} here", if own.closed { "refused" } else { "accepted" }));
    }
    if theirs.bound != own.bound {
        fault(name, format!("bound is {:?} here, {:?} there", own.bound, theirs.bound));
    }
    let ours: BTreeMap<_, _> = own.fields.iter().map(|field| (&field.name, field)).collect();
    for field in &theirs.fields {
        let place = format!("{name}.{}", field.name);
        let named = ours.get(&field.name).copied();
        let inner = in_place.fields.iter().find(|own| own.name == field.name);
        match named.filter(|own| fits(&field.kind, &own.kind)).or(inner) {
            None => fault(&place, "there is no such field".to_owned()),
            Some(own) => {
                for text in differences(field, own) {
                    fault(&place, text);
                }
            }
        }
    }
    let published: BTreeSet<_> = theirs.fields.iter().map(|field| &field.name).collect();
    for field in own.fields.iter().filter(|field| !published.contains(&field.name)) {
        fault(&format!("{name}.{}", field.name), "is a field of ours alone".to_owned());
    }
}

fn differences(theirs: &Field, own: &Field) -> Vec<String> {
    let mut differences = Vec::new();
    if !fits(&theirs.kind, &own.kind) {
        differences.push(format!("is `{}` here, `{}` there", own.kind, theirs.kind));
    }
    if theirs.required != own.required {
        differences.push(format!("is {} here", if own.required { "required" } else { "optional" }));
    }
    if theirs.nullable != own.nullable {
        differences.push(format!("is {} here", if own.nullable { "nullable" } else { "never null" }));
    }
    if theirs.bound != own.bound {
        differences.push(format!("bound is {:?} here, {:?} there", own.bound, theirs.bound));
    }
    differences
}

/// Whether our type is theirs under our names. Times and UUIDs that the document calls plain strings are fine.
fn fits(theirs: &str, own: &str) -> bool {
    let mut renamed = String::new();
    let mut word = String::new();
    for letter in theirs.chars().chain(['\0']) {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
        } else {
            renamed.push_str(our_name(&word));
            word.clear();
            renamed.push(letter);
        }
    }
    let renamed = renamed.trim_end_matches('\0');
    let plain = own.replace("(date-time)", "").replace("(uuid)", "");
    renamed == own || renamed == plain
}

fn our_name(theirs: &str) -> &str {
    SAME.iter().find(|(name, _, _)| *name == theirs).map_or(theirs, |(_, own, _)| own)
}

/// One operation and one field to a line, so that a change shows where it is.
fn written(contract: &Contract) -> String {
    let mut text = format!(
        "{{\"origin\":\"written by the test `contract` of crates/api-types with UPDATE=1: names and types of the API document\",\n\"version\":{:?},\n\"operations\":[\n",
        contract.version
    );
    let operations: Vec<_> = contract.operations.iter().map(|each| serde_json::to_string(each).unwrap()).collect();
    text.push_str(&operations.join(",\n"));
    text.push_str("\n],\n\"schemas\":{\n");
    let schemas: Vec<_> = contract
        .schemas
        .iter()
        .map(|(name, facts)| {
            let head = SchemaFacts { fields: Vec::new(), ..facts.clone() };
            let fields: Vec<_> = facts.fields.iter().map(|each| serde_json::to_string(each).unwrap()).collect();
            let mut line = format!("{name:?}:{}", serde_json::to_string(&head).unwrap());
            if !fields.is_empty() {
                line.pop();
                let _ = write!(line, ",\"fields\":[\n {}]}}", fields.join(",\n "));
            }
            line
        })
        .collect();
    text.push_str(&schemas.join(",\n"));
    text.push_str("\n}}\n");
    text
}
