//! A page per gate, and their index: what each trigger asks, reads and takes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use stopgate_policy::{
    ArtifactType, BoundTrigger, GateSpec, Need, ParseOptions, State, TriggerParamSpec, TriggerSpec, example_rule,
    parse, spec,
};

use super::{MARK, Page};

/// Where the pages lie.
pub(super) const FOLDER: &str = "docs/reference/gates";

/// Every page.
pub(super) fn pages() -> Result<Vec<Page>> {
    let gates = spec();
    let mut pages = vec![(format!("{FOLDER}/README.md"), index(&gates)?)];
    for gate in gates.iter().filter(|gate| gate.state != State::Eol) {
        pages.push((format!("{FOLDER}/{}.md", gate.name), page(gate)?));
    }
    Ok(pages)
}

fn index(gates: &[GateSpec]) -> Result<String> {
    let mut page = format!(
        "{MARK}# Gates and triggers\n\n\
         A rule names a gate and one of its triggers, and the action that is asked for when the trigger fires. The same \
         tables are behind the JSON Schema of policies, so an editor knows them too.\n\n\
         | Gate | About | Triggers | Rule sets for |\n|---|---|---|---|\n"
    );
    for gate in gates.iter().filter(|gate| gate.state != State::Eol) {
        let triggers: Vec<String> = gate.triggers.iter().map(|trigger| format!("`{}`", trigger.name)).collect();
        let name = format!("[`{0}`]({0}.md){1}", gate.name, state_mark(gate.state));
        let types = types(&gate.artifact_types);
        writeln!(page, "| {name} | {} | {} | {types} |", gate.description, triggers.join(" "))?;
    }
    page.push_str(
        "\n## Inputs\n\nA rule whose input is missing is reported as not checked, and a STOP rule then leaves the verdict open.\n\n\
         | Input | When it is missing |\n|---|---|\n",
    );
    for (name, text) in inputs(gates)? {
        writeln!(page, "| `{name}` | {text} |")?;
    }
    page.push_str(
        "\n## Gates at the end of their life\n\nOld policies still load with them; their rules are not run, and new policies \
         may not have them.\n\n| Gate | Use instead |\n|---|---|\n",
    );
    for gate in gates.iter().filter(|gate| gate.state == State::Eol) {
        let instead = gate.superseded_by.as_ref().map_or("-".to_owned(), |name| format!("`{name}`"));
        writeln!(page, "| `{}` | {instead} |", gate.name)?;
    }
    Ok(page)
}

/// Every input that some example reads, with what is said when it is missing.
fn inputs(gates: &[GateSpec]) -> Result<BTreeSet<(String, String)>> {
    let mut inputs = BTreeSet::new();
    for gate in gates.iter().filter(|gate| gate.state != State::Eol) {
        for trigger in &gate.triggers {
            inputs.extend(example(gate, trigger)?.1.into_iter().map(|need| match &need {
                Need::RetrievedFile(path) => {
                    let text = need.missing().replace(&format!("`{path}`"), "the file");
                    ("retrieved_file:PATH".to_owned(), text)
                }
                _ => (need.name(), need.missing()),
            }));
        }
    }
    Ok(inputs)
}

fn page(gate: &GateSpec) -> Result<String> {
    let mut page = format!(
        "{MARK}# Gate `{}`\n\n{}\n\nRule sets for: {}. [All gates](README.md)\n",
        gate.name,
        gate.description,
        types(&gate.artifact_types)
    );
    for trigger in &gate.triggers {
        section(&mut page, gate, trigger)?;
    }
    Ok(page)
}

fn section(page: &mut String, gate: &GateSpec, trigger: &TriggerSpec) -> Result<()> {
    let (rule, needs) = example(gate, trigger)?;
    writeln!(page, "\n## `{}`\n\n{}\n", trigger.name, trigger.description)?;
    if trigger.state != State::Active {
        let instead = trigger.superseded_by.as_ref().map_or(String::new(), |name| format!("; use `{name}` instead"));
        writeln!(page, "- State: {}{instead}.", trigger.state.name())?;
    }
    if trigger.artifact_types != gate.artifact_types {
        writeln!(page, "- Rule sets for: {}.", types(&trigger.artifact_types))?;
    }
    writeln!(page, "- Reads: {}.", reads(trigger, &needs))?;
    writeln!(page, "- Ids: {}.", id_form(&trigger.trigger_id_format))?;
    if trigger.parameters.is_empty() {
        page.push_str("- Parameters: none.\n");
    } else {
        page.push_str("\n| Parameter | Required | Default | Values | Meaning |\n|---|---|---|---|---|\n");
        for parameter in &trigger.parameters {
            row(page, parameter)?;
        }
    }
    writeln!(page, "\n```json\n{}\n```", shown(&rule))?;
    Ok(())
}

/// A rule in few lines: a parameter is one line.
fn shown(rule: &Value) -> String {
    let inline = |value: &Value| value.to_string().replace("\":\"", "\": \"").replace("\",\"", "\", \"");
    let mut lines = Vec::new();
    for (name, value) in rule.as_object().into_iter().flatten() {
        let text = match value {
            Value::Array(items) if !items.is_empty() => {
                let items: Vec<String> = items.iter().map(|item| format!("    {}", inline(item))).collect();
                format!("[\n{}\n  ]", items.join(",\n"))
            }
            value => value.to_string(),
        };
        lines.push(format!("  \"{name}\": {text}"));
    }
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn reads(trigger: &TriggerSpec, needs: &[Need]) -> String {
    let names = |names: Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match (trigger.data_needed.as_slice(), needs) {
        ([], []) => "nothing that could be missing".to_owned(),
        ([], needs) => {
            format!(
                "what its parameters ask for; the example below reads {}",
                names(needs.iter().map(Need::name).collect())
            )
        }
        (always, _) => names(always.to_vec()),
    }
}

fn id_form(form: &str) -> String {
    if form.contains(' ') && !form.contains('<') { form.to_owned() } else { format!("`{form}`") }
}

fn row(page: &mut String, parameter: &TriggerParamSpec) -> Result<()> {
    let values = match parameter.validator.words.as_slice() {
        [] => parameter.validator.description.clone(),
        words => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" "),
    };
    let required = if parameter.required { "yes" } else { "no" };
    let default = parameter.default.as_ref().map_or(String::new(), |default| format!("`{default}`"));
    let cells = [format!("`{}`", parameter.name), required.to_owned(), default, values, parameter.description.clone()];
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    writeln!(page, "| {} |", cells.join(" | "))?;
    Ok(())
}

/// The example rule of a trigger, and what it reads.
fn example(gate: &GateSpec, trigger: &TriggerSpec) -> Result<(Value, Vec<Need>)> {
    let name = format!("{}.{}", gate.name, trigger.name);
    let rule = example_rule(&gate.name, &trigger.name).with_context(|| format!("`{name}` has no example"))?;
    let policy = json!({
        "id": "example", "name": "example", "version": "2", "mappings": [],
        "rule_sets": [{"id": "example", "name": "example", "version": "2", "rules": [rule]}],
    });
    let parsed = parse(policy.to_string().as_bytes(), ParseOptions { strict: true })
        .map_err(|errors| anyhow::anyhow!("the example of `{name}` is not valid: {errors:?}"))?;
    let bound = parsed.policy.rule_sets.first().and_then(|set| set.rules.first()).and_then(|rule| rule.trigger());
    Ok((rule, bound.map(BoundTrigger::needs).unwrap_or_default()))
}

fn types(types: &[ArtifactType]) -> String {
    types.iter().map(|kind| format!("`{}`", kind.name())).collect::<Vec<_>>().join(" ")
}

const fn state_mark(state: State) -> &'static str {
    match state {
        State::Deprecated => " (deprecated)",
        State::Active | State::Eol => "",
    }
}
