//! `stopgate pack list`: every pack, with how many controls an artifact can show.

use std::io::{self, Write};

use serde_json::{Value, json};
use stopgate_packs::{PACKS, Selected};

use super::{FORMATS, Format};
use crate::failure::Failure;
use crate::output::{wanted, write_all};
use crate::packs;
use crate::render::{columns, escape};

pub(super) fn run(output: &[String]) -> Result<u8, Failure> {
    let outputs = wanted(output, FORMATS, Format::Text)?;
    let mut all = Vec::new();
    for pack in PACKS {
        all.push(pack.load().map_err(|error| packs::failure(&error))?);
    }
    write_all(&outputs, |format, out| match format {
        Format::Text => columns(&HEADS, &rows(&all), out),
        Format::Markdown => markdown(&rows(&all), out),
        Format::Json => writeln!(out, "{:#}", document(&all)),
    })?;
    Ok(0)
}

const HEADS: [&str; 8] = ["PACK", "FRAMEWORK", "CONTROLS", "FULL", "PARTIAL", "SUPPORTING", "NOT ASSESSED", "TITLE"];

/// A pack as its bare name means it, and each of its variants.
fn rows(all: &[Selected]) -> Vec<[String; 8]> {
    let with_variants = all.iter().flat_map(|pack| std::iter::once(pack.clone()).chain(variants(pack)));
    with_variants.map(|pack| row(&pack)).collect()
}

fn variants(pack: &Selected) -> impl Iterator<Item = Selected> {
    pack.manifest.variants.iter().map(|variant| pack.clone().with_variant(&variant.id))
}

fn row(pack: &Selected) -> [String; 8] {
    let [full, partial, supporting, none] = pack.classes();
    let framework = format!("{} {}", pack.framework.name, pack.framework.version);
    let controls = full + partial + supporting + none;
    let title = match pack.variant().filter(|_| pack.variant_named) {
        Some(variant) => variant.title.clone(),
        None => pack.manifest.pack.title.clone(),
    };
    let numbers = [controls, full, partial, supporting, none].map(|number| number.to_string());
    let [controls, full, partial, supporting, none] = numbers;
    [pack.name(), framework, controls, full, partial, supporting, none, title]
}

fn markdown(rows: &[[String; 8]], out: &mut dyn Write) -> io::Result<()> {
    let heads = ["Pack", "Framework", "Controls", "Full", "Partial", "Supporting", "Not assessed", "Title"];
    writeln!(out, "| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

fn document(all: &[Selected]) -> Value {
    let packs: Vec<Value> = all
        .iter()
        .map(|selected| {
            let (pack, framework) = (&selected.manifest.pack, &selected.framework);
            let variants: Vec<Value> = variants(selected).map(|variant| variant_value(&variant)).collect();
            let mut value = json!({
                "id": pack.id, "title": pack.title, "version": pack.version, "released": pack.released,
                "about": pack.about, "license": pack.license,
                "framework": {"id": framework.id, "name": framework.name, "version": framework.version,
                              "publisher": framework.publisher, "url": framework.url},
                "default_variant": selected.manifest.default_variant, "variants": variants,
            });
            counts(selected, &mut value);
            value
        })
        .collect();
    json!({"schema": "stopgate-packs/1", "packs": packs})
}

fn variant_value(selected: &Selected) -> Value {
    let mut value = json!({
        "id": selected.variant, "name": selected.name(),
        "title": selected.variant().map(|variant| variant.title.as_str()),
    });
    counts(selected, &mut value);
    value
}

fn counts(selected: &Selected, value: &mut Value) {
    let [full, partial, supporting, none] = selected.classes();
    if let Value::Object(fields) = value {
        fields.insert("controls".to_owned(), (full + partial + supporting + none).into());
        let checkable = json!({"full": full, "partial": partial, "supporting": supporting});
        fields.insert("checkable".to_owned(), checkable);
        fields.insert("not_assessed".to_owned(), none.into());
    }
}
