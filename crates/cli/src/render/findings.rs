//! Findings grouped by the rule that fired, heaviest first: what a person reads from the top.

use std::cmp::Reverse;
use std::collections::HashMap;

use stopgate_model::{Action, Evidence, Finding, Severity};

/// The findings of one rule.
pub(crate) struct RuleGroup<'a> {
    pub(crate) action: Action,
    pub(crate) rule_id: &'a str,
    pub(crate) rule_set_name: &'a str,
    pub(crate) gate: &'a str,
    pub(crate) trigger: &'a str,
    pub(crate) recommendation: &'a str,
    pub(crate) findings: Vec<&'a Finding>,
}

/// Groups the findings with these actions: stop before warn, then the worst severity, then policy order.
pub(crate) fn by_rule<'a>(findings: &'a [Finding], actions: &[Action]) -> Vec<RuleGroup<'a>> {
    let mut groups: Vec<RuleGroup<'a>> = Vec::new();
    let mut positions: HashMap<(&str, &str), usize> = HashMap::new();
    for finding in findings.iter().filter(|finding| finding.allowlist.is_none() && actions.contains(&finding.action)) {
        let key = (finding.rule_set_id.as_str(), finding.rule_id.as_str());
        let position = *positions.entry(key).or_insert_with(|| {
            groups.push(RuleGroup {
                action: finding.action,
                rule_id: &finding.rule_id,
                rule_set_name: &finding.rule_set_name,
                gate: &finding.gate,
                trigger: &finding.trigger,
                recommendation: &finding.recommendation,
                findings: Vec::new(),
            });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(position) {
            group.findings.push(finding);
        }
    }
    for group in &mut groups {
        group.findings.sort_by_key(|finding| weight(finding));
    }
    groups.sort_by_key(|group| (Reverse(group.action), group.findings.first().map(|finding| weight(finding))));
    groups
}

/// Known to be exploited first, then by severity.
fn weight(finding: &Finding) -> (Reverse<bool>, Reverse<Severity>) {
    let exploited = finding
        .evidence
        .iter()
        .any(|evidence| matches!(evidence, Evidence::Vulnerability { known_exploited: true, .. }));
    (Reverse(exploited), Reverse(finding.severity.unwrap_or_default()))
}

/// What a finding is about, one line: `CVE-2021-44228  log4j-core 2.12.1  /opt/x.jar`.
pub(crate) fn subject(finding: &Finding) -> String {
    let mut parts = Vec::new();
    for evidence in &finding.evidence {
        match evidence {
            Evidence::Vulnerability { id, aliases, known_exploited, .. } => {
                // People know a weakness by its CVE.
                let cve = aliases.iter().find(|alias| alias.starts_with("CVE-") && *alias != id);
                let name = cve.map_or_else(|| id.clone(), |cve| format!("{id} {cve}"));
                parts.insert(0, if *known_exploited { format!("{name} (exploited)") } else { name });
            }
            Evidence::Package { name, version, path, .. } => {
                parts.push(format!("{name} {version}"));
                parts.extend(path.clone());
            }
            Evidence::File { path, mode, lines, .. } => {
                let mut text = path.clone();
                if let Some(mode) = mode {
                    text = format!("{text} (mode {:04o})", mode & 0o7777);
                }
                if !lines.is_empty() {
                    let numbers: Vec<_> = lines.iter().take(5).map(u32::to_string).collect();
                    text = format!("{text}, line {}", numbers.join(", "));
                }
                parts.push(text);
            }
            Evidence::DockerfileLine { line, text, actual } => {
                let place = if *actual { "Dockerfile line" } else { "history entry" };
                parts.push(format!("{place} {line}: {}", cut(text, 100)));
            }
            Evidence::Config { field, value } => parts.push(format!("{field} = {}", cut(value, 100))),
            Evidence::Data { text } => parts.push(text.clone()),
            Evidence::Due(due) => parts.extend(due.due_at.as_ref().map(|at| format!("due {at}"))),
        }
    }
    if parts.is_empty() { finding.message.clone() } else { parts.join("  ") }
}

/// The layer that holds what the finding is about.
pub(crate) fn layer(finding: &Finding) -> Option<String> {
    finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Package { layer: Some(layer), .. } | Evidence::File { layer: Some(layer), .. } => {
            Some(layer.to_string())
        }
        _ => None,
    })
}

/// At most `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
