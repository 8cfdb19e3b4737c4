//! Tables of packages and vulnerabilities, in the columns that syft and grype print.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use stopgate_model::{Artifact, FixState, MatchReport, Package, PackageId};

use super::style::{Style, line};

/// NAME VERSION TYPE, equal lines once with their number.
pub(crate) fn packages_table(artifact: &Artifact, out: &mut dyn Write) -> io::Result<()> {
    let mut rows: BTreeMap<[String; 3], usize> = BTreeMap::new();
    for package in &artifact.packages {
        *rows.entry([line(&package.name), line(&package.version), package.package_type.to_string()]).or_default() += 1;
    }
    let rows: Vec<[String; 4]> = rows
        .into_iter()
        .map(|([name, version, kind], count)| {
            let repeated = if count > 1 { format!("(+{} more)", count - 1) } else { String::new() };
            [name, version, kind, repeated]
        })
        .collect();
    columns(&["NAME", "VERSION", "TYPE", ""], &rows, out)
}

/// NAME INSTALLED FIXED IN TYPE VULNERABILITY SEVERITY, worst first.
pub(crate) fn vulnerabilities_table(
    artifact: &Artifact,
    report: &MatchReport,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let packages: HashMap<PackageId, &Package> =
        artifact.packages.iter().map(|package| (package.id, package)).collect();
    let mut matches: Vec<_> =
        report.matches.iter().filter_map(|hit| Some((hit, *packages.get(&hit.package)?))).collect();
    matches.sort_by(|(a, p), (b, q)| {
        let key = |hit: &stopgate_model::Match| {
            (std::cmp::Reverse(!hit.vulnerability.kev.is_empty()), std::cmp::Reverse(hit.vulnerability.severity))
        };
        key(a).cmp(&key(b)).then_with(|| (&p.name, &a.vulnerability.id).cmp(&(&q.name, &b.vulnerability.id)))
    });
    let mut rows: Vec<[String; 6]> = matches
        .into_iter()
        .map(|(hit, package)| {
            let fixed = match hit.fix.state {
                FixState::Fixed => hit.suggested_version.clone().unwrap_or_else(|| hit.fix.versions.join(", ")),
                FixState::WontFix => "(won't fix)".to_owned(),
                FixState::NotFixed | FixState::Unknown => String::new(),
            };
            [
                line(&package.name),
                line(&package.version),
                line(&fixed),
                package.package_type.to_string(),
                line(&hit.vulnerability.id),
                style.severity(hit.vulnerability.severity),
            ]
        })
        .collect();
    rows.dedup();
    columns(&["NAME", "INSTALLED", "FIXED IN", "TYPE", "VULNERABILITY", "SEVERITY"], &rows, out)
}

/// Left-aligned columns, the last one ragged.
pub(crate) fn columns<const N: usize>(heads: &[&str; N], rows: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
    let mut widths = heads.map(|head| head.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let heads = heads.map(str::to_owned);
    for row in std::iter::once(&heads).chain(rows) {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - cell.chars().count().min(width) + 2));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}
