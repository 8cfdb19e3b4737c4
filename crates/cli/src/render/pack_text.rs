//! A pack as a page of text.

use std::io::{self, Write};

use stopgate_packs::{RenderedControl, RenderedPack, ResolvedParameter, Selected};

use super::pack_page::{class, conditions, counts, elsewhere, groups, left_out, legend, needs, split};
use super::style::{Style, line};

/// Writes the page.
pub(crate) fn pack_text(selected: &Selected, pack: &RenderedPack, style: Style, out: &mut dyn Write) -> io::Result<()> {
    head(selected, pack, style, out)?;
    let (assessed, others) = split(pack);
    writeln!(out, "\n{}", style.bold("What it demands"))?;
    for rendered in assessed {
        control(pack, rendered, style, out)?;
    }
    if !others.is_empty() {
        writeln!(out, "\n{}", style.bold("What no artifact can show"))?;
        for rendered in others {
            let (id, title) = (line(&rendered.control.id), line(&rendered.named.title));
            writeln!(out, "  {id:8} {title} ({})", line(&elsewhere(rendered)))?;
        }
    }
    writeln!(out, "\n{}", style.bold("Parameters (--param KEY=VALUE)"))?;
    pack.parameters.iter().try_for_each(|known| parameter(known, out))
}

fn head(selected: &Selected, pack: &RenderedPack, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (about, framework) = (&selected.manifest.pack, &selected.framework);
    writeln!(out, "{} ({})", style.bold(&line(&about.title)), line(&pack.title))?;
    if let Some(variant) = selected.variant() {
        writeln!(out, "Variant: {}", line(&variant.title))?;
    }
    let source = format!("{} {}, {}, {}", framework.name, framework.version, framework.publisher, framework.url);
    writeln!(out, "{} ({})\n\n{}", line(&source), line(&framework.text_license), line(&about.about))?;
    writeln!(out, "Sees: {}.", line(&about.sees))?;
    writeln!(out, "Cannot see: {}.", line(&about.cannot_see))?;
    writeln!(out, "{}. Flavour: {}.\n", counts(selected), pack.flavour.name())?;
    legend(pack).iter().try_for_each(|text| writeln!(out, "{}", line(text)))
}

fn control(pack: &RenderedPack, rendered: &RenderedControl, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (control, named) = (&rendered.control, &rendered.named);
    let severity = named.severity.as_ref().map(|severity| format!(", {}", line(severity))).unwrap_or_default();
    let heading = style.bold(&format!("{}  {}", line(&control.id), line(&named.title)));
    writeln!(out, "\n{heading} [{}{severity}]", class(control.assess))?;
    for group in groups(pack, rendered) {
        let action = style.action(group.action());
        writeln!(out, "  {action} {} ({}, {})", line(&group.finds()), line(&group.id()), line(&group.trigger()))?;
        writeln!(out, "       {}", line(&group.rule.recommendation))?;
    }
    rendered.left_out.iter().try_for_each(|rule| writeln!(out, "  left out: {}", line(&left_out(rule))))?;
    let needs = needs(rendered);
    if !needs.is_empty() {
        writeln!(out, "  needs: {}", line(&needs))?;
    }
    conditions(rendered).iter().try_for_each(|text| writeln!(out, "  {}", line(text)))?;
    if !control.not_assessed.is_empty() {
        writeln!(out, "  not assessed: {}", line(&control.not_assessed))?;
    }
    let related = named.related.texts();
    if !related.is_empty() {
        writeln!(out, "  related: {}", line(&related.join(", ")))?;
    }
    Ok(())
}

fn parameter(known: &ResolvedParameter, out: &mut dyn Write) -> io::Result<()> {
    let parameter = &known.parameter;
    let value = match (known.value.as_str(), parameter.required) {
        ("", true) => "no value, and the pack means little without one".to_owned(),
        ("", false) => "no value".to_owned(),
        (value, _) => line(value),
    };
    let used = if known.controls.is_empty() { String::new() } else { format!("; for {}", known.controls.join(", ")) };
    writeln!(out, "  {} = {value}", line(&parameter.key))?;
    writeln!(out, "      {} ({}{})", line(&parameter.label), parameter.kind.name(), line(&used))
}
