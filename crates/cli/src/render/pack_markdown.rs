//! A pack as a page in Markdown.

use std::io::{self, Write};

use stopgate_packs::{RenderedControl, RenderedPack, Selected};

use super::markdown::escape;
use super::pack_page::{class, conditions, counts, groups, left_out, legend, needs, split};

/// Writes the page.
pub(crate) fn pack_markdown(selected: &Selected, pack: &RenderedPack, out: &mut dyn Write) -> io::Result<()> {
    head(selected, pack, out)?;
    let (assessed, others) = split(pack);
    writeln!(out, "\n## What it demands")?;
    for rendered in assessed {
        control(pack, rendered, out)?;
    }
    if !others.is_empty() {
        writeln!(out, "\n## What no artifact can show\n\n| Control | Demand | Whose | Why not |\n|---|---|---|---|")?;
        for rendered in others {
            let (control, title) = (&rendered.control, escape(&rendered.named.title));
            let (id, why) = (escape(&control.id), escape(&control.not_assessed));
            writeln!(out, "| {id} | {title} | {} | {why} |", control.owner.name())?;
        }
    }
    writeln!(out, "\n## Parameters\n\n| Key | Value | Meaning | Type | Controls |\n|---|---|---|---|---|")?;
    for known in &pack.parameters {
        let (parameter, used) = (&known.parameter, escape(&known.controls.join(", ")));
        let (key, value, label) = (escape(&parameter.key), escape(&known.value), escape(&parameter.label));
        writeln!(out, "| {key} | {value} | {label} | {} | {used} |", parameter.kind.name())?;
    }
    Ok(())
}

fn head(selected: &Selected, pack: &RenderedPack, out: &mut dyn Write) -> io::Result<()> {
    let (about, framework) = (&selected.manifest.pack, &selected.framework);
    writeln!(out, "# {} ({})\n", escape(&about.title), escape(&pack.title))?;
    if let Some(variant) = selected.variant() {
        writeln!(out, "Variant: {}\n", escape(&variant.title))?;
    }
    let source = format!("{} {}, {}, {}", framework.name, framework.version, framework.publisher, framework.url);
    writeln!(out, "{} ({})\n\n{}\n", escape(&source), escape(&framework.text_license), escape(&about.about))?;
    writeln!(out, "- Sees: {}.\n- Cannot see: {}.", escape(&about.sees), escape(&about.cannot_see))?;
    writeln!(out, "- {}. Flavour: {}.", counts(selected), pack.flavour.name())?;
    legend(pack).iter().try_for_each(|text| writeln!(out, "- {}", escape(text)))
}

fn control(pack: &RenderedPack, rendered: &RenderedControl, out: &mut dyn Write) -> io::Result<()> {
    let (control, named) = (&rendered.control, &rendered.named);
    writeln!(out, "\n### {} {}\n", escape(&control.id), escape(&named.title))?;
    let related = named.related.texts();
    let related = if related.is_empty() { String::new() } else { format!(" See also {}.", related.join(", ")) };
    writeln!(out, "Shown {}.{}", class(control.assess), escape(&related))?;
    let groups = groups(pack, rendered);
    if !groups.is_empty() {
        writeln!(out, "\n| Action | What it finds | What to do | Rule |\n|---|---|---|---|")?;
    }
    for group in groups {
        let (finds, todo) = (escape(&group.finds()), escape(&group.rule.recommendation));
        let rule = format!("{}, {}", escape(&group.id()), escape(&group.trigger()));
        writeln!(out, "| {} | {finds} | {todo} | {rule} |", group.action().name().to_uppercase())?;
    }
    writeln!(out)?;
    rendered.left_out.iter().try_for_each(|rule| writeln!(out, "- Left out: {}", escape(&left_out(rule))))?;
    let needs = needs(rendered);
    if !needs.is_empty() {
        writeln!(out, "- Needs: {}", escape(&needs))?;
    }
    conditions(rendered).iter().try_for_each(|text| writeln!(out, "- {}", escape(text)))?;
    if !control.not_assessed.is_empty() {
        writeln!(out, "- Not assessed: {}", escape(&control.not_assessed))?;
    }
    Ok(())
}
