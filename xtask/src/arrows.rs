//! The walls: the table in docs/ARCHITECTURE.md against the arrows that Cargo knows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

use crate::run;

/// Fails on an arrow between crates that the table does not have, and on a crate without a row.
pub(crate) fn check() -> Result<()> {
    let page = std::fs::read_to_string(run::root().join("docs/ARCHITECTURE.md")).context("docs/ARCHITECTURE.md")?;
    let walls = walls(&page)?;
    let faults = faults(&walls, &arrows()?);
    if !faults.is_empty() {
        bail!("the walls of docs/ARCHITECTURE.md do not hold:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// Crate -> crates that it may use; `None` = any.
type Walls = BTreeMap<String, Option<BTreeSet<String>>>;

fn walls(page: &str) -> Result<Walls> {
    let table = page.split("<!-- walls:begin -->").nth(1).and_then(|rest| rest.split("<!-- walls:end -->").next());
    let table = table.context("docs/ARCHITECTURE.md has no table between `walls:begin` and `walls:end`")?;
    let mut walls = Walls::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (Some(name), Some(uses)) = (cells.get(1), cells.get(3)) else { bail!("a row without cells: {row}") };
        let uses = (*uses != "any").then(|| {
            uses.split([',', ' ']).map(str::trim).filter(|word| !matches!(*word, "" | "-")).map(str::to_owned).collect()
        });
        walls.insert(name.trim_matches('`').to_owned(), uses);
    }
    Ok(walls)
}

fn short(name: &str) -> &str {
    name.strip_prefix("stopgate-").unwrap_or(name)
}

/// Crate -> workspace crates that it uses outside tests.
fn arrows() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let manifest = run::root().join("Cargo.toml");
    let metadata = cargo_metadata::MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
    let members: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let arrows = metadata.packages.iter().map(|package| {
        let uses = package.dependencies.iter().filter(|dependency| {
            dependency.kind != cargo_metadata::DependencyKind::Development && members.contains(dependency.name.as_str())
        });
        (short(&package.name).to_owned(), uses.map(|dependency| short(&dependency.name).to_owned()).collect())
    });
    Ok(arrows.collect())
}

fn faults(walls: &Walls, arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, uses) in arrows {
        let Some(allowed) = walls.get(name) else {
            faults.push(format!("`{name}` has no row"));
            continue;
        };
        let Some(allowed) = allowed else { continue };
        let always: &[&str] = match name.as_str() {
            "version" => &[],
            "model" => &["version"],
            _ => &["model", "version"],
        };
        for target in uses.iter().filter(|target| !allowed.contains(*target) && !always.contains(&target.as_str())) {
            faults.push(format!("`{name}` uses `{target}`"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{arrows, faults, walls};

    const PAGE: &str = "<!-- walls:begin -->\n| `a` | x | b, c | y |\n| `t` | x | any | |\n<!-- walls:end -->";

    #[test]
    fn the_walls_of_the_project_hold() {
        super::check().unwrap();
        assert!(arrows().unwrap().contains_key("model"));
    }

    #[test]
    fn another_arrow_and_a_missing_row_are_faults() {
        let walls = walls(PAGE).unwrap();
        let uses = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        let arrows = [("a", &["b", "model", "z"][..]), ("t", &["z"]), ("new", &[])];
        let arrows = arrows.into_iter().map(|(name, list)| (name.to_owned(), uses(list))).collect();
        assert_eq!(faults(&walls, &arrows), ["`a` uses `z`", "`new` has no row"]);
    }
}
