//! Reads an OpenAPI document, of version 3.0 or 3.1, into the notation of the contract table.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use stopgate_api_types::contract::{Contract, Field, Operation, Parameter, SchemaFacts};

/// A document and the schema names that stay names; any other reference is read in place.
pub(crate) struct Reader<'a> {
    pub(crate) document: &'a Value,
    pub(crate) names: BTreeSet<String>,
}

/// What a schema says in the table's notation.
#[derive(Default, Clone)]
struct Described {
    text: String,
    nullable: bool,
    bound: Option<String>,
    fields: Vec<Field>,
}

impl Reader<'_> {
    /// All names stay names.
    pub(crate) fn of(document: &Value) -> Reader<'_> {
        let names = document["components"]["schemas"].as_object().into_iter().flat_map(Map::keys).cloned().collect();
        Reader { document, names }
    }

    pub(crate) fn schema(&self, name: &str) -> Option<SchemaFacts> {
        let schema = self.document["components"]["schemas"].get(name)?;
        let described = self.describe(schema);
        Some(SchemaFacts {
            kind: described.text,
            closed: schema["additionalProperties"] == Value::Bool(false),
            bound: described.bound,
            fields: described.fields,
        })
    }

    /// The whole document. `tier` is the one thing that it does not tell.
    pub(crate) fn contract(&self, tier: impl Fn(&str, &str) -> u8) -> Contract {
        let mut contract = Contract {
            version: text(&self.document["info"]["version"]),
            schemas: self.names.iter().filter_map(|name| Some((name.clone(), self.schema(name)?))).collect(),
            ..Contract::default()
        };
        for (path, item) in self.document["paths"].as_object().into_iter().flatten() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(operation) = item.get(method) {
                    let method = method.to_uppercase();
                    let tier = tier(&method, path);
                    contract.operations.push(Operation {
                        path: path.clone(),
                        tier,
                        ..self.operation(method, &item["parameters"], operation)
                    });
                }
            }
        }
        contract
    }

    fn operation(&self, method: String, shared: &Value, operation: &Value) -> Operation {
        let permission = text(&operation["x-anchore-authz-action"]);
        let parameters = shared.as_array().into_iter().flatten().chain(list(&operation["parameters"]));
        let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let responses = operation["responses"].as_object().into_iter().flatten();
        Operation {
            method,
            id: text(&operation["operationId"]),
            permission: (!permission.is_empty() && permission != "None").then_some(permission),
            parameters: parameters.map(|each| self.parameter(each)).collect(),
            request: content.map(|(kind, body)| (kind.clone(), self.body(body))).collect(),
            responses: responses
                .map(|(status, response)| {
                    let first = self.target(response)["content"].as_object().and_then(|all| all.values().next());
                    (status.clone(), first.map(|body| self.body(body)).unwrap_or_default())
                })
                .collect(),
            ..Operation::default()
        }
    }

    fn parameter(&self, parameter: &Value) -> Parameter {
        let parameter = self.target(parameter);
        let schema = &parameter["schema"];
        Parameter {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            kind: self.describe(schema).text,
            required: parameter["required"] == Value::Bool(true),
            default: schema.get("default").map(|value| value.as_str().map_or(value.to_string(), str::to_owned)),
        }
    }

    /// A body's type; one without a name tells its fields in braces.
    fn body(&self, body: &Value) -> String {
        let described = self.describe(&body["schema"]);
        if described.text != "object" || described.fields.is_empty() {
            return described.text;
        }
        let fields: Vec<_> = described.fields.iter().map(|field| format!("{}: {}", field.name, field.kind)).collect();
        format!("{{{}}}", fields.join(", "))
    }

    fn target<'b>(&'b self, value: &'b Value) -> &'b Value {
        match value["$ref"].as_str() {
            Some(path) => self.document.pointer(path.trim_start_matches('#')).unwrap_or(&Value::Null),
            None => value,
        }
    }

    fn describe(&self, schema: &Value) -> Described {
        if let Some(path) = schema["$ref"].as_str() {
            let name = path.rsplit('/').next().unwrap_or_default();
            let target = self.target(schema);
            if name == "NullType" {
                return Described { text: "null".to_owned(), ..Described::default() };
            }
            if self.names.contains(name) {
                let nullable = target["nullable"] == Value::Bool(true);
                return Described { text: name.to_owned(), nullable, ..Described::default() };
            }
            return self.describe(target);
        }
        let mut described = if schema.get("properties").is_some() || schema.get("allOf").is_some() {
            Described { text: "object".to_owned(), fields: self.fields(schema), ..Described::default() }
        } else if let Some(choices) = schema.get("oneOf").or_else(|| schema.get("anyOf")) {
            self.choice(list(choices))
        } else {
            self.plain(schema)
        };
        described.nullable |= schema["nullable"] == Value::Bool(true);
        described.bound = described.bound.or_else(|| bound(schema));
        described
    }

    fn choice<'b>(&self, choices: impl Iterator<Item = &'b Value>) -> Described {
        let (nulls, mut rest): (Vec<_>, Vec<_>) =
            choices.map(|each| self.describe(each)).partition(|each| each.text == "null");
        let nullable = !nulls.is_empty() || rest.iter().any(|each| each.nullable);
        if rest.len() == 1
            && let Some(only) = rest.pop()
        {
            return Described { nullable, ..only };
        }
        let texts: BTreeSet<_> = rest.into_iter().map(|each| each.text).collect();
        Described { text: Vec::from_iter(texts).join(" | "), nullable, ..Described::default() }
    }

    fn plain(&self, schema: &Value) -> Described {
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let nullable = types.len() > 1 && types.contains(&"null");
        let kind = types.into_iter().find(|each| *each != "null" || !nullable).unwrap_or("any");
        let words: BTreeSet<_> = list(&schema["enum"]).filter_map(Value::as_str).collect();
        let mut fields = Vec::new();
        let text = match kind {
            "array" => {
                let items = self.describe(&schema["items"]);
                fields = items.fields;
                format!("[{}]", items.text)
            }
            "object" => match schema.get("additionalProperties").map(|values| self.describe(values).text) {
                Some(values) if values != "any" => format!("map<{values}>"),
                _ => "object".to_owned(),
            },
            "string" | "any" if !words.is_empty() => format!("{{{}}}", Vec::from_iter(words).join("/")),
            // The published document misspells one format in two ways.
            "string" => match schema["format"].as_str() {
                Some("date-time" | "datetime" | "data-time") => "string(date-time)".to_owned(),
                Some("uuid") => "string(uuid)".to_owned(),
                Some("binary") => "string(binary)".to_owned(),
                _ => "string".to_owned(),
            },
            other => other.to_owned(),
        };
        Described { text, nullable, fields, bound: None }
    }

    fn fields(&self, schema: &Value) -> Vec<Field> {
        let mut properties = BTreeMap::new();
        let mut required = BTreeSet::new();
        self.collect(schema, &mut properties, &mut required);
        let mut fields = Vec::new();
        for (name, property) in properties {
            let described = self.describe(property);
            fields.push(Field {
                required: required.contains(name),
                name: name.to_owned(),
                kind: described.text,
                nullable: described.nullable,
                bound: described.bound,
            });
            let inner = described.fields.into_iter();
            fields.extend(inner.map(|field| Field { name: format!("{name}.{}", field.name), ..field }));
        }
        fields
    }

    /// The properties of an object and of all that it is put together from; later ones win.
    fn collect<'b>(
        &'b self,
        schema: &'b Value,
        properties: &mut BTreeMap<&'b str, &'b Value>,
        required: &mut BTreeSet<&'b str>,
    ) {
        for part in list(&schema["allOf"]) {
            self.collect(self.target(part), properties, required);
        }
        properties.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, each)| (&**name, each)));
        required.extend(list(&schema["required"]).filter_map(Value::as_str));
    }
}

fn bound(schema: &Value) -> Option<String> {
    let mut bounds = Vec::new();
    for key in ["minimum", "maximum", "minLength", "maxLength"] {
        // Every unsigned number has the minimum 0; no published bound is 0.
        if let Some(value) = schema[key].as_f64().filter(|value| *value != 0.0) {
            bounds.push(format!("{key}={value}"));
        }
    }
    bounds.extend(schema["pattern"].as_str().map(|pattern| format!("pattern={pattern}")));
    (!bounds.is_empty()).then(|| bounds.join(" "))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
