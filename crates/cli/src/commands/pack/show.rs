//! `stopgate pack show`: a pack as a page for the people who must meet it.

use serde_json::{Map, Value, json};
use stopgate_packs::{RenderedControl, RenderedPack, RenderedRule, ResolvedParameter, Selected};

use super::{FORMATS, Format, chosen};
use crate::arguments::{Global, PackChoice};
use crate::failure::Failure;
use crate::output::{wanted, write_all};
use crate::render::{self, Style};

pub(super) fn run(global: &Global, choice: &PackChoice, output: &[String]) -> Result<u8, Failure> {
    let outputs = wanted(output, FORMATS, Format::Text)?;
    let (selected, pack) = chosen(choice)?;
    let style = Style::new(global.colours_stdout() && outputs.iter().any(|output| output.file.is_none()));
    write_all(&outputs, |format, out| match format {
        Format::Text => render::pack_text(&selected, &pack, style, out),
        Format::Markdown => render::pack_markdown(&selected, &pack, out),
        Format::Json => writeln!(out, "{:#}", document(&selected, &pack)),
    })?;
    Ok(0)
}

fn document(selected: &Selected, rendered: &RenderedPack) -> Value {
    let (pack, framework) = (&selected.manifest.pack, &selected.framework);
    let controls: Vec<Value> = rendered.controls.iter().map(control_value).collect();
    let rules: Vec<Value> = rendered.rules.iter().map(|rule| rule_value(rendered, rule)).collect();
    let parameters: Vec<Value> = rendered.parameters.iter().map(parameter_value).collect();
    json!({
        "schema": "stopgate-pack-page/1",
        "pack": {"id": pack.id, "name": rendered.name, "title": pack.title, "version": pack.version,
                 "released": pack.released, "license": pack.license, "about": pack.about, "sees": pack.sees,
                 "cannot_see": pack.cannot_see, "variant": selected.variant, "flavour": rendered.flavour.name()},
        "framework": {"id": framework.id, "name": framework.name, "version": framework.version,
                      "published": framework.published, "publisher": framework.publisher, "url": framework.url,
                      "text_license": framework.text_license, "origin": framework.origin},
        "policy_id": rendered.policy.get("id"),
        "controls": controls,
        "rules": rules,
        "parameters": parameters,
    })
}

fn control_value(rendered: &RenderedControl) -> Value {
    let (control, named) = (&rendered.control, &rendered.named);
    let conditions = |all: &[stopgate_packs::Condition]| -> Vec<&str> { all.iter().map(|one| one.name()).collect() };
    let left_out: Vec<Value> = rendered
        .left_out
        .iter()
        .map(|rule| json!({"rule": rule.library, "summary": rule.summary, "reason": rule.reason}))
        .collect();
    let prerequisites: Vec<String> = control.prerequisites.iter().map(ToString::to_string).collect();
    json!({
        "id": control.id, "title": named.title, "family": named.family, "severity": named.severity,
        "baselines": named.baselines, "related": named.related.texts(),
        "assess": control.assess.name(), "owner": control.owner.name(), "prerequisites": prerequisites,
        "not_assessed": control.not_assessed, "not_applicable": conditions(&control.not_applicable),
        "inherently_met": conditions(&control.inherently_met),
        "rules": rendered.rule_ids, "left_out": left_out,
    })
}

fn rule_value(pack: &RenderedPack, rule: &RenderedRule) -> Value {
    let params: Map<String, Value> =
        rule.params.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let controls: Vec<&str> = pack.controls_of(&rule.id).collect();
    json!({
        "id": rule.id, "rule_set": rule.rule_set_id, "library": rule.library, "gate": rule.gate,
        "trigger": rule.trigger, "action": rule.action.name(), "params": params, "summary": rule.summary,
        "recommendation": rule.recommendation, "note": rule.note, "for_sources": rule.for_sources,
        "controls": controls,
    })
}

fn parameter_value(known: &ResolvedParameter) -> Value {
    let parameter = &known.parameter;
    json!({
        "key": parameter.key, "label": parameter.label, "type": parameter.kind.name(), "default": parameter.default,
        "value": known.value, "required": parameter.required, "controls": known.controls,
    })
}
