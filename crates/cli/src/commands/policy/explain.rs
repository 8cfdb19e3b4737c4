//! `stopgate policy explain`: what a policy asks for, in words: which artifacts meet which rules, what each rule
//! looks for, what it reads, and how far it counts.

use std::io::{self, Write};

use stopgate_policy::{BoundTrigger, Mapping, Policy, Rule, RuleSet, TRIGGERS};

use crate::arguments::PolicyFile;
use crate::decision::Origin;
use crate::failure::{Failure, printable};
use crate::output::to_stdout;

pub(super) fn run(file: &PolicyFile, rule: Option<&str>) -> Result<u8, Failure> {
    let policy = Origin::of_file(file)?.load_valid()?.policy;
    match rule {
        None => to_stdout(|out| whole(&policy, out))?,
        Some(id) => {
            let found = policy.rule_sets.iter().flat_map(|set| &set.rules).find(|rule| rule.id == id);
            let Some(found) = found else {
                return Err(Failure::new(format!("the policy has no rule `{id}`")));
            };
            to_stdout(|out| one(found, "", out))?;
        }
    }
    Ok(0)
}

fn whole(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", printable(&policy.name))?;
    if let Some(text) = &policy.description {
        writeln!(out, "  {}", printable(text))?;
    }
    let lists = [("is allowed whatever the rules say", &policy.allowed_images), ("is denied", &policy.denied_images)];
    for (what, list) in lists {
        for image in list {
            writeln!(out, "\nAn image that meets `{}` {what}.", printable(&image.to_value().to_string()))?;
        }
    }
    for (what, mappings) in
        [("image", &policy.mappings), ("source tree", &policy.source_mappings), ("SBOM", &policy.sbom_mappings)]
    {
        for (position, mapping) in mappings.iter().enumerate() {
            mapped(policy, what, position, mapping, out)?;
        }
    }
    Ok(())
}

fn mapped(policy: &Policy, what: &str, position: usize, mapping: &Mapping, out: &mut dyn Write) -> io::Result<()> {
    let other = if position == 0 { "" } else { " and none above" };
    writeln!(out, "\nEvery {what} that meets mapping `{}`{other}:", printable(&mapping.name))?;
    for set in mapping.rule_set_ids.iter().filter_map(|id| set_of(policy, id)) {
        writeln!(out, "  {}", printable(&set.name))?;
        set.rules.iter().try_for_each(|rule| one(rule, "    ", out))?;
    }
    for id in &mapping.allowlist_ids {
        let items = policy.allowlists.iter().find(|list| list.id == *id).map_or(0, |list| list.items.len());
        writeln!(out, "  allowlist `{}` accepts {items} kinds of findings", printable(id))?;
    }
    Ok(())
}

fn set_of<'p>(policy: &'p Policy, id: &str) -> Option<&'p RuleSet> {
    policy.rule_sets.iter().find(|set| set.id == id)
}

fn one(rule: &Rule, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    let known = TRIGGERS.iter().find(|known| known.info().gate == rule.gate && known.info().name == rule.trigger);
    let summary = known.map_or("It is not run.", |known| known.info().summary);
    writeln!(
        out,
        "{indent}{:4} {}  {}.{}: {summary}",
        rule.action.name(),
        printable(&rule.id),
        rule.gate,
        rule.trigger
    )?;
    for param in rule.values() {
        writeln!(out, "{indent}       {} = {}", param.name, printable(&param.value))?;
    }
    let needs: Vec<String> =
        rule.trigger().map(BoundTrigger::needs).unwrap_or_default().iter().map(stopgate_policy::Need::name).collect();
    if !needs.is_empty() {
        writeln!(out, "{indent}       reads {}", printable(&needs.join(", ")))?;
    }
    let added = &rule.extension;
    if added.mode.name() != "enforce" {
        writeln!(out, "{indent}       mode {}", added.mode.name())?;
    }
    if let Some(from) = &added.enforce_from {
        writeln!(out, "{indent}       counts from {}", printable(&from.text))?;
    }
    if let Some(old) = added.old {
        writeln!(out, "{indent}       what was there before has {} days from {}", old.days, old.from.name())?;
    }
    if !added.controls.is_empty() {
        writeln!(out, "{indent}       for {}", printable(&added.controls.join(", ")))?;
    }
    match &rule.recommendation {
        Some(text) if !text.is_empty() => writeln!(out, "{indent}       do: {}", printable(text)),
        _ => Ok(()),
    }
}
