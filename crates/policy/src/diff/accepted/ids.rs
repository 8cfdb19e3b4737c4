//! The texts that trigger ids can be, and which of them patterns match.

use crate::diff::automaton::{Language, Machine, cells};
use crate::diff::clause::Form;
use crate::diff::effort::Effort;
use crate::diff::expression;
use crate::pattern::Pattern;

/// Whether a pattern matches every text.
pub(super) fn accepts_all(pattern: &Pattern) -> bool {
    matches!(pattern.as_str(), "*" | "regexp:.*" | "regexp:^.*" | "regexp:")
}

/// The machine of a pattern; `None` for an expression that is not understood.
pub(super) fn machine(pattern: &Pattern) -> Option<Machine> {
    match pattern.regex() {
        None => Some(Machine::glob(pattern.as_str())),
        // An expression that does not compile accepts nothing.
        Some(Err(_)) => Some(Machine::nothing()),
        Some(Ok(regex)) => expression::machine(regex),
    }
}

/// Whether some patterns leave an id of a form.
pub(super) enum Free {
    /// They match all.
    Nothing,
    /// They do not match this one.
    Id(String),
    Unknown,
}

/// An id of this form that none of the patterns matches.
pub(super) fn uncovered(patterns: &[&Pattern], form: Form, effort: &Effort) -> Free {
    if patterns.iter().any(|pattern| accepts_all(pattern)) {
        return Free::Nothing;
    }
    let machines: Vec<Machine> = patterns.iter().filter_map(|pattern| machine(pattern)).collect();
    let Some(cells) = cells(&machines, &IdText(form), effort) else { return Free::Unknown };
    let mut free: Vec<(bool, String)> =
        cells.into_iter().filter(|cell| !cell.bits.contains(&true)).map(|cell| (!cell.class, cell.sample)).collect();
    free.sort();
    if free.is_empty() {
        return Free::Nothing;
    }
    // Those that are not understood may accept it all the same.
    let accepted = |id: &str| patterns.iter().any(|known| known.matches(id).unwrap_or(false));
    free.into_iter().map(|(_, id)| id).find(|id| !accepted(id)).map_or(Free::Unknown, Free::Id)
}

/// Whether a pattern may match an id of this form.
pub(super) fn may_match(pattern: &Pattern, form: Form, effort: &Effort) -> bool {
    let text = pattern.as_str();
    if pattern.literal().is_some() {
        return is_of(text, form);
    }
    if pattern.regex().is_none() {
        // What stands for any run of characters gives the rest of an id.
        let literal = text.bytes().filter(|b| *b != b'*');
        return form != Form::Md5 || (literal.clone().count() <= MD5 && literal.clone().all(is_hex));
    }
    let cells = machine(pattern).and_then(|machine| cells(&[machine], &IdText(form), effort));
    cells.is_none_or(|cells| cells.iter().any(|cell| cell.bits.contains(&true)))
}

/// Length of an MD5 in hexadecimal digits.
const MD5: usize = 32;

fn is_hex(b: u8) -> bool {
    b.is_ascii_digit() || matches!(b, b'a'..=b'f')
}

/// Ids of a form that nobody is likely to accept by name: what accepts them accepts most.
pub(super) fn strangers(form: Form) -> Vec<String> {
    let words: &[&str] = match form {
        Form::Md5 => &["e1b849f9631ffc1829b2e31402373e3c", "0d3a5d2e87c4b1f6a9e8d7c6b5a49382"],
        Form::Vulnerability => &["zq-1+zq", "9_ZX.y+w-8", "CVE-2030-90417+vulnerable", "CVE-2030-90418+vulnerable"],
        Form::Any => &["zq-1", "9_ZX/y w:8"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) fn is_of(id: &str, form: Form) -> bool {
    match form {
        Form::Md5 => id.len() == MD5 && id.bytes().all(is_hex),
        Form::Vulnerability => id.contains('+'),
        Form::Any => true,
    }
}

/// The texts that ids of a form can be; nice are those that an artifact can be made with.
pub(super) struct IdText(pub(super) Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum IdState {
    Digits(u8),
    /// In front of the `+`: whether there is something, and whether it is nice.
    Vulnerability(bool, bool),
    /// Behind it.
    Package(bool, bool),
    Any,
}

impl Language for IdText {
    type State = IdState;
    type Class = bool;

    fn start(&self) -> IdState {
        match self.0 {
            Form::Md5 => IdState::Digits(0),
            Form::Vulnerability => IdState::Vulnerability(false, true),
            Form::Any => IdState::Any,
        }
    }
    fn step(&self, state: &IdState, c: char) -> Option<IdState> {
        let nice = c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        Some(match state {
            IdState::Digits(read) if *read < 32 && (c.is_ascii_digit() || matches!(c, 'a'..='f')) => {
                IdState::Digits(read + 1)
            }
            IdState::Digits(_) => return None,
            IdState::Vulnerability(some, so_far) if c == '+' => IdState::Package(false, *so_far && *some),
            IdState::Vulnerability(some, so_far) => {
                // What begins with a mark is no id.
                IdState::Vulnerability(true, *so_far && nice && (*some || c.is_ascii_alphanumeric()))
            }
            IdState::Package(some, so_far) => {
                IdState::Package(true, *so_far && nice && (*some || c.is_ascii_alphanumeric()))
            }
            IdState::Any => IdState::Any,
        })
    }
    fn class(&self, state: &IdState) -> Option<bool> {
        match state {
            IdState::Digits(read) => (*read == 32).then_some(true),
            IdState::Vulnerability(..) => None,
            IdState::Package(some, nice) => Some(*some && *nice),
            IdState::Any => Some(true),
        }
    }
    fn groups(&self) -> &[&str] {
        match self.0 {
            Form::Md5 => &["bcdef0123456789a"],
            _ => &["VULNERABCDFGHIJKMOPQSTWXYZpackgesbdfhijlmnoqrtuvwxyz0123456789", "+", "-._"],
        }
    }
}
