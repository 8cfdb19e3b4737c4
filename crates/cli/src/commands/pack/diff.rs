//! `stopgate pack diff`: what two packs, variants, flavours or releases differ in.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use stopgate_packs::{Difference, Flavour, PackDiff};

use super::{FORMATS, Format, rendered};
use crate::failure::{Failure, printable};
use crate::output::{wanted, write_all};
use crate::render::escape;

/// One side: as it was named, and as it calls itself.
struct Side {
    name: String,
    title: String,
    framework: String,
    flavour: Flavour,
}

impl Side {
    fn sentence(&self) -> String {
        format!("{} ({}, {}, {})", self.name, self.title, self.framework, self.flavour.name())
    }

    fn value(&self) -> Value {
        json!({"name": self.name, "title": self.title, "framework": self.framework, "flavour": self.flavour.name()})
    }
}

pub(super) fn run([old, new]: [(&str, Flavour); 2], output: &[String]) -> Result<u8, Failure> {
    let outputs = wanted(output, FORMATS, Format::Text)?;
    let open = |(name, flavour): (&str, Flavour)| -> Result<_, Failure> {
        let (selected, pack) = rendered(name, flavour, BTreeMap::new())?;
        let framework = format!("{} {}", selected.framework.name, selected.framework.version);
        Ok((Side { name: name.to_owned(), title: pack.title.clone(), framework, flavour }, pack))
    };
    let ((old, before), (new, after)) = (open(old)?, open(new)?);
    let found = stopgate_packs::diff(&before, &after);
    write_all(&outputs, |format, out| match format {
        Format::Text => text([&old, &new], &found, out),
        Format::Markdown => markdown([&old, &new], &found, out),
        Format::Json => writeln!(out, "{:#}", document([&old, &new], &found)),
    })?;
    Ok(0)
}

const fn parts(found: &PackDiff) -> [(&'static str, &Vec<Difference>); 3] {
    [("controls", &found.controls), ("rules", &found.rules), ("parameters", &found.parameters)]
}

fn text([old, new]: [&Side; 2], found: &PackDiff, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "old: {}\nnew: {}", printable(&old.sentence()), printable(&new.sentence()))?;
    if found.is_empty() {
        return writeln!(out, "they do not differ");
    }
    for (what, differences) in parts(found).into_iter().filter(|(_, all)| !all.is_empty()) {
        writeln!(out, "\n{what}")?;
        for one in differences {
            let text = printable(&one.texts.join("; ")).replace(['\n', '\t'], " ");
            writeln!(out, "  {:7} {}: {text}", one.kind.name(), printable(&one.id))?;
        }
    }
    Ok(())
}

fn markdown([old, new]: [&Side; 2], found: &PackDiff, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "- old: {}\n- new: {}", escape(&old.sentence()), escape(&new.sentence()))?;
    if found.is_empty() {
        return writeln!(out, "\nThey do not differ.");
    }
    for (what, differences) in parts(found).into_iter().filter(|(_, all)| !all.is_empty()) {
        writeln!(out, "\n### {what}\n\n| Change | Id | What |\n|---|---|---|")?;
        for one in differences {
            writeln!(out, "| {} | {} | {} |", one.kind.name(), escape(&one.id), escape(&one.texts.join("; ")))?;
        }
    }
    Ok(())
}

fn document([old, new]: [&Side; 2], found: &PackDiff) -> Value {
    let values = |all: &[Difference]| -> Vec<Value> {
        all.iter().map(|one| json!({"kind": one.kind.name(), "id": one.id, "texts": one.texts})).collect()
    };
    json!({
        "schema": "stopgate-pack-diff/1",
        "old": old.value(),
        "new": new.value(),
        "controls": values(&found.controls),
        "rules": values(&found.rules),
        "parameters": values(&found.parameters),
    })
}
