//! `stopgate explain`: why a finding fired, or why a vulnerability or rule did not.

use std::io::{self, Write};

use serde_json::{Value, json};
use stopgate_policy::{Explanation, MatchExplanation, MatchRule, RuleState};

use crate::arguments::{Explain, Global, SourceArguments};
use crate::clock;
use crate::decision::{Decision, Origin, data, ground};
use crate::failure::{Failure, printable};
use crate::output::{wanted, write_all};

#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];

pub(crate) fn run(global: &Global, options: &Explain) -> Result<u8, Failure> {
    let outputs = wanted(&options.output, FORMATS, Format::Text)?;
    let deciding = &options.deciding;
    let now = clock::now(deciding.as_of.as_deref())?;
    let loaded = Origin::of(&deciding.policy)?.load_valid()?;
    let database = data(deciding.advisories.as_deref(), now)?;
    let source = SourceArguments {
        dockerfile: options.dockerfile.clone(),
        tag: options.tag.clone(),
        ..SourceArguments::of(options.source.clone())
    };
    let ground = ground(global, &source, deciding, &loaded, database.as_ref(), now)?;
    let decision = Decision::make(ground, loaded)?;
    let context = decision.context();
    let told = stopgate_policy::explain(&decision.loaded.policy, &context, &decision.evaluation, &options.subject);
    write_all(&outputs, |format, out| match format {
        Format::Text => text(&decision, &told, out),
        Format::Json => writeln!(out, "{:#}", document(&decision, &told)),
    })?;
    Ok(0)
}

fn text(decision: &Decision<'_>, told: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let tag = &decision.evaluation.evaluated_tag;
    writeln!(out, "{} in {}", printable(&told.subject), printable(tag))?;
    match &told.mapping {
        Some(mapping) => writeln!(out, "mapping {}", printable(mapping))?,
        None => writeln!(out, "no mapping of the policy meets the artifact, so no rule was run")?,
    }
    if let Some(rule) = &told.rule {
        rule_text(rule, out)?;
    }
    for position in &told.findings {
        let Some(finding) = decision.evaluation.findings.get(*position) else { continue };
        writeln!(out, "\n{} by rule {}: {}", finding.action, printable(&finding.rule_id), printable(&finding.message))?;
        if let Some(accepted) = &finding.allowlist {
            writeln!(out, "  accepted by {} / {}", printable(&accepted.name), printable(&accepted.item_id))?;
        }
        if let Some(exception) = &finding.exception {
            let (reason, owner) = (printable(&exception.reason), printable(&exception.owner));
            writeln!(out, "  because {reason} ({owner}, until {})", exception.expires)?;
        }
        if finding.action != finding.rule_action && finding.allowlist.is_none() {
            let due = finding.due.as_ref().map(|due| format!(" until {due}")).unwrap_or_default();
            writeln!(out, "  the rule says {}; it counts as {}{due}", finding.rule_action, finding.action)?;
        }
        for condition in &finding.explain {
            writeln!(out, "  {}: {}", printable(&condition.condition), printable(&condition.actual))?;
        }
        if let Some(remediation) = &finding.remediation {
            writeln!(out, "  do: {}", printable(&remediation.sentence()))?;
        }
        writeln!(out, "  trigger id {}", printable(&finding.trigger_id))?;
    }
    for matched in &told.matches {
        match_text(matched, out)?;
    }
    if told.is_empty() {
        writeln!(out, "\n{}", absent(decision))?;
    }
    Ok(())
}

/// Why there is nothing to tell.
fn absent(decision: &Decision<'_>) -> &'static str {
    match &decision.matches {
        None => "There is no vulnerability data, so nothing was matched; no finding and no rule has this name.",
        Some(_) => "By the data in use no package of the artifact is affected; no finding and no rule has this name.",
    }
}

fn rule_text(rule: &RuleState, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nrule {} ({}): {} findings", printable(&rule.rule_id), rule.trigger, rule.findings)?;
    for (input, presence) in &rule.reads {
        writeln!(out, "  reads {}: {presence}", printable(input))?;
    }
    if let Some(reason) = &rule.not_run {
        writeln!(out, "  was not run: {}", printable(reason))?;
    }
    rule.problems.iter().try_for_each(|problem| writeln!(out, "  problem: {}", printable(problem)))
}

fn match_text(matched: &MatchExplanation, out: &mut dyn Write) -> io::Result<()> {
    let path = matched.path.as_ref().map(|path| format!(" at {}", printable(path))).unwrap_or_default();
    writeln!(out, "\n{} affects {}{path}", printable(&matched.vulnerability), printable(&matched.package))?;
    if let Some(reason) = &matched.removed {
        writeln!(out, "  it does not count: {}", printable(reason))?;
    }
    for rule in &matched.rules {
        let said = said(rule);
        writeln!(out, "  rule {} ({}): {}", printable(&rule.rule_id), rule.trigger, printable(&said))?;
    }
    if matched.rules.is_empty() && matched.removed.is_none() {
        writeln!(out, "  no rule of the mapped rule sets decides on single vulnerabilities")?;
    }
    Ok(())
}

fn said(rule: &MatchRule) -> String {
    if rule.finding.is_some() {
        return "fired".to_owned();
    }
    if let Some(reason) = &rule.not_run {
        return format!("was not run: {reason}");
    }
    let unmet: Vec<String> =
        rule.unmet.iter().map(|condition| format!("{} (it is {})", condition.condition, condition.actual)).collect();
    if unmet.is_empty() { "did not fire".to_owned() } else { format!("did not fire, for want of {}", unmet.join("; ")) }
}

fn document(decision: &Decision<'_>, told: &Explanation) -> Value {
    let findings = told.findings.iter().filter_map(|position| decision.evaluation.findings.get(*position));
    let findings: Vec<Value> = findings
        .map(|finding| {
            let conditions =
                finding.explain.iter().map(|one| json!({"condition": one.condition, "actual": one.actual}));
            json!({
                "rule_id": finding.rule_id, "trigger_id": finding.trigger_id, "fingerprint": finding.fingerprint,
                "action": finding.action.name(), "rule_action": finding.rule_action.name(),
                "message": finding.message, "explain": conditions.collect::<Vec<_>>(),
                "accepted_by": finding.allowlist.as_ref().map(|by| by.item_id.clone()),
            })
        })
        .collect();
    let matches: Vec<Value> = told.matches.iter().map(match_document).collect();
    let rule = told.rule.as_ref().map(|rule| {
        let reads: Vec<Value> =
            rule.reads.iter().map(|(input, presence)| json!({"input": input, "presence": presence})).collect();
        json!({"rule_id": rule.rule_id, "trigger": rule.trigger, "mapped": rule.mapped, "findings": rule.findings,
               "reads": reads, "not_run": rule.not_run, "problems": rule.problems})
    });
    json!({"schema": "stopgate-explain/1", "subject": told.subject, "mapping": told.mapping,
           "findings": findings, "matches": matches, "rule": rule})
}

fn match_document(matched: &MatchExplanation) -> Value {
    let rules: Vec<Value> = matched
        .rules
        .iter()
        .map(|rule| {
            let unmet = rule.unmet.iter().map(|one| json!({"condition": one.condition, "actual": one.actual}));
            json!({"rule_id": rule.rule_id, "trigger": rule.trigger, "fired": rule.finding.is_some(),
                   "unmet": unmet.collect::<Vec<_>>(), "not_run": rule.not_run})
        })
        .collect();
    json!({"vulnerability": matched.vulnerability, "package": matched.package, "path": matched.path,
           "removed": matched.removed, "rules": rules})
}
