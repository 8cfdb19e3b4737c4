//! Gate `licenses`: licences of packages. COMPAT: all packages of a denylist make one finding.

pub(super) mod denylist_exact_match;
pub(super) mod denylist_partial_match;
pub(super) mod expression;

use stopgate_model::{Package, Remediation};

use crate::engine::Scene;
use crate::gates::facts;
use crate::gates::packages::is_of;
use crate::regexes::Fault;
use crate::trigger::{Hit, Hits, TriggerInfo};

/// Packages that one finding shows.
const MOST_EVIDENCE: usize = 100;

/// Reports the packages with a licence that is denied. `word` begins the frozen text.
pub(super) fn report(
    scene: &Scene<'_>,
    hits: &mut Hits,
    info: &TriggerInfo,
    word: &str,
    kind: Option<&str>,
    denied: impl Fn(&str) -> bool,
) -> Result<(), Fault> {
    let mut found: Vec<(&Package, &str)> = Vec::new();
    for package in scene.artifact().packages.iter().filter(|package| kind.is_none_or(|kind| is_of(package, kind))) {
        let before = found.len();
        for text in package.licenses.iter().flat_map(tokens).filter(|text| denied(text)) {
            if !found.iter().skip(before).any(|(_, known)| *known == text) {
                found.push((package, text));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let list = found.iter().map(|(package, text)| format!("{}({text})", package.name)).collect::<Vec<_>>().join(", ");
    let text = |listed: &str| format!("{word} Packages are installed that have {listed} licenses: {list}");
    let mut hit = Hit::frozen(info, &text("denylisted"), format!("packages have denied licences: {list}"))
        .legacy(info, &text("blacklisted"))
        .about("licences")
        .because("licence denied", list.clone())
        .remedy(Remediation::Advice { text: "replace these packages, or have their licences approved".to_owned() });
    hit.evidence.extend(found.iter().take(MOST_EVIDENCE).map(|(package, _)| facts::package(package)));
    hits.push(hit)
}

/// COMPAT: licences are split at blanks. An SPDX expression adds the ids in it.
fn tokens(license: &stopgate_model::License) -> impl Iterator<Item = &str> {
    let ids = license.spdx.split([' ', '(', ')']).filter(|id| !matches!(*id, "" | "AND" | "OR" | "WITH"));
    license.value.split_whitespace().chain(std::iter::once(license.value.as_str())).chain(ids)
}
