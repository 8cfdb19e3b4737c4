//! The allowed licences, and what they make of a package's licences.

use spdx::{Expression, LicenseItem, LicenseReq, Licensee, ParseMode};
use stopgate_model::License;

use super::spelling::{canonical, ids};
use crate::document::suggest::did_you_mean;
use crate::trigger::params::{ParamKind, ParamType, Refusal};
use crate::trigger::types::CommaList;

/// SPDX ids of licences, separated by commas.
#[derive(Debug)]
pub(crate) struct Allowed(Vec<Licensee>);

/// What can be said of the licences of a package.
pub(super) enum Judgement {
    Allowed,
    /// What is not allowed.
    Denied(String),
    /// What cannot be judged.
    Unknown(String),
}

const EXPECTED: &str = "SPDX ids of licences, separated by commas";

/// Deprecated ids are read; spelling was mended before.
const MODE: ParseMode = ParseMode { allow_deprecated: true, allow_postfix_plus_on_gpl: true, ..ParseMode::STRICT };

impl ParamType for Allowed {
    const KIND: ParamKind = ParamKind { expected: EXPECTED, ..CommaList::KIND };
    fn read(text: &str) -> Result<Self, Refusal> {
        let licence = |id: &String| {
            let refusal = || Refusal { expected: EXPECTED.to_owned(), help: did_you_mean(id, ids()) };
            if says_nothing(id) {
                return Err(refusal());
            }
            Licensee::parse_mode(&canonical(id), MODE).map_err(|_| refusal())
        };
        CommaList::read(text)?.0.iter().map(licence).collect::<Result<_, _>>().map(Self)
    }
}

impl Allowed {
    /// Judges all licences of a package. What is denied goes before what is not known.
    pub(super) fn judge(&self, licenses: &[License]) -> Judgement {
        let mut unknown = None;
        for license in licenses {
            match self.judge_one(license) {
                Judgement::Allowed => {}
                Judgement::Denied(what) => return Judgement::Denied(what),
                Judgement::Unknown(what) => unknown = unknown.or(Some(what)),
            }
        }
        match unknown {
            Some(what) => Judgement::Unknown(what),
            None if licenses.is_empty() => Judgement::Unknown("none is stated".to_owned()),
            None => Judgement::Allowed,
        }
    }

    fn judge_one(&self, license: &License) -> Judgement {
        let text = if license.spdx.is_empty() { &license.value } else { &license.spdx };
        let unknown = || Judgement::Unknown(format!("`{}` is no SPDX expression", shown(text)));
        if license.spdx.is_empty() || text.len() > LONGEST || text.split(SEPARATORS).any(says_nothing) {
            return unknown();
        }
        let Ok(expression) = Expression::parse_mode(&canonical(text), MODE) else { return unknown() };
        match expression.evaluate_with_failures(|licence| self.allows(licence)) {
            Ok(()) => Judgement::Allowed,
            Err(failures) => {
                let mut failed: Vec<String> = failures.iter().map(|failure| format!("`{}`", failure.req)).collect();
                failed.dedup();
                let place = if failed.len() == 1 && failed.first().is_some_and(|one| one.trim_matches('`') == text) {
                    String::new()
                } else {
                    format!(" in `{}`", shown(text))
                };
                Judgement::Denied(format!("{}{place}", failed.join(", ")))
            }
        }
    }

    fn allows(&self, licence: &LicenseReq) -> bool {
        // An exception permits more than the licence alone does.
        let plain = LicenseReq { addition: None, ..licence.clone() };
        self.0.iter().any(|allowed| allowed.satisfies(licence) || allowed.satisfies(&plain))
            || self.0.iter().any(|allowed| is_later_gnu(allowed, &plain))
    }
}

/// Longer values are texts, not expressions.
const LONGEST: usize = 4096;

pub(super) const SEPARATORS: [char; 3] = [' ', '(', ')'];

/// Two ids of the list name no licence.
fn says_nothing(id: &str) -> bool {
    id.eq_ignore_ascii_case("NOASSERTION") || id.eq_ignore_ascii_case("NONE")
}

/// `GPL-2.0-or-later` leaves the choice of `GPL-3.0-only`. The other families write `+`, which the library reads.
fn is_later_gnu(allowed: &Licensee, licence: &LicenseReq) -> bool {
    let LicenseItem::Spdx { id, .. } = &licence.license else { return false };
    let Some(least) = id.name.strip_suffix("-or-later") else { return false };
    let allowed = allowed.to_string();
    let own = allowed.strip_suffix("-only").or_else(|| allowed.strip_suffix("-or-later"));
    match (own.and_then(|own| own.rsplit_once('-')), least.rsplit_once('-')) {
        (Some((family, version)), Some((wanted, least))) => family == wanted && number(version) >= number(least),
        _ => false,
    }
}

/// A version as numbers.
fn number(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn shown(text: &str) -> String {
    const MOST: usize = 200;
    let mut cut: String = text.chars().take(MOST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
