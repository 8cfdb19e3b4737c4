//! `stopgate pack`: what packs demand and see. One file per command.

mod diff;
mod list;
mod show;

use std::collections::BTreeMap;
use std::path::Path;

use stopgate_packs::{Flavour, RenderOptions, RenderedPack, Selected};

use crate::arguments::{Global, PackChoice, PackCommand};
use crate::decision::values_of_options;
use crate::failure::{Failure, printable, say};
use crate::output::{Wanted, write_all};
use crate::packs;

/// What all of them can print.
#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Markdown,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("markdown", Format::Markdown), ("json", Format::Json)];

pub(crate) fn run(global: &Global, command: &PackCommand) -> Result<u8, Failure> {
    match command {
        PackCommand::List { output } => list::run(output),
        PackCommand::Show { choice, output } => show::run(global, choice, output),
        PackCommand::Render { choice, output } => render(global, choice, output.as_deref()),
        PackCommand::Diff { old, new, old_flavour, new_flavour, output } => {
            diff::run([(old, (*old_flavour).into()), (new, (*new_flavour).into())], output)
        }
    }
}

/// The pack that is chosen, and as a policy.
fn chosen(choice: &PackChoice) -> Result<(Selected, RenderedPack), Failure> {
    let values = values_of_options(&choice.param)?;
    rendered(&choice.pack, choice.flavour.into(), values)
}

fn rendered(
    name: &str,
    flavour: Flavour,
    values: BTreeMap<String, String>,
) -> Result<(Selected, RenderedPack), Failure> {
    let selected = packs::open(name)?;
    let options = RenderOptions { values, ..RenderOptions::new(flavour) };
    let pack = stopgate_packs::render(&selected, &options).map_err(|error| packs::failure(&error))?;
    Ok((selected, pack))
}

/// Writes the policy; what is left out of it goes to standard error.
fn render(global: &Global, choice: &PackChoice, file: Option<&Path>) -> Result<u8, Failure> {
    let (_, pack) = chosen(choice)?;
    let output = Wanted { format: (), file: file.map(Path::to_owned) };
    write_all(&[output], |(), out| writeln!(out, "{:#}", pack.policy))?;
    if pack.rules.is_empty() {
        say("warning: no rule of the pack is left, so the policy decides nothing");
    }
    for control in pack.controls.iter().filter(|_| !global.quiet) {
        for left_out in &control.left_out {
            let (id, rule, reason) = (&control.control.id, &left_out.library, &left_out.reason);
            say(&printable(&format!("left out: {rule} of {id}: {reason}")));
        }
    }
    Ok(0)
}
