//! Lints: what a valid policy says and its author may not mean. One file per lint or small group, one row
//! of [`LINTS`] each; the reference page is made from the rows.
//!
//! Pure and bounded: the time is an argument, and what compares many things with each other stops at a
//! budget and says so. Left out: everything that [`crate::parse`] refuses.

mod allowlists;
mod dockerfile;
mod duplicates;
mod extension;
mod item_ids;
mod mappings;
mod never;
mod parameters;
mod patterns;
mod place;
mod reach;
mod scope;
mod searches;
mod states;
mod subsumed;
mod together;
mod unused;

use jiff::Timestamp;

use crate::document::Policy;
use scope::{Scope, Told};

#[cfg(test)]
pub(crate) use item_ids::form_of;
pub use place::{locate_extension_lints, locate_lints};

/// Something that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Code, one of [`LINTS`].
    pub code: &'static str,
    /// How much it matters.
    pub severity: LintSeverity,
    /// JSON pointer (RFC 6901) into the policy, or for lints of the side-car into the side-car.
    pub pointer: String,
    /// Line, from 1, when it is known.
    pub line: Option<u64>,
    /// Column, from 1, when it is known.
    pub column: Option<u64>,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// What to write instead, when that can be told.
    pub help: Option<String>,
}

/// How much a lint matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LintSeverity {
    /// It is likely not meant.
    Warn,
    /// It may be meant, and is good to know.
    Note,
}

impl LintSeverity {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Note => "note",
        }
    }
}

/// Which document a lint reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintSubject {
    /// The policy.
    Policy,
    /// Its side-car.
    Extension,
}

/// A lint, for its registry and its page.
///
/// `bad` and `good` are its smallest documents, in lines: `rule ACTION gate.trigger name=value; …`,
/// `item GATE TRIGGER_ID [until TIME]`, `mapping REGISTRY REPOSITORY TAG`, and so on; what is left out does
/// not matter. Tests build both and expect the lint in the first alone.
#[derive(Debug, Clone, Copy)]
pub struct LintInfo {
    /// Code.
    pub code: &'static str,
    /// How much it matters.
    pub severity: LintSeverity,
    /// Which document it reads.
    pub subject: LintSubject,
    /// What it finds, one sentence.
    pub summary: &'static str,
    /// Why that matters and what to do, some sentences.
    pub why: &'static str,
    /// The smallest document with it.
    pub bad: &'static [&'static str],
    /// The nearest document without it.
    pub good: &'static [&'static str],
    check: fn(&Scope<'_>, &mut Told<'_>),
}

/// Every lint, in the order in which documentation shows them.
pub static LINTS: &[&LintInfo] = &[
    &mappings::NO_CATCH_ALL,
    &mappings::MAPPING_HIDDEN,
    &mappings::MAPPING_WITHOUT_RULES,
    &mappings::SBOM_NOT_MAPPED,
    &mappings::IMAGE_RULE_HIDDEN,
    &mappings::ALLOWED_AND_DENIED,
    &unused::RULE_SET_UNUSED,
    &unused::RULE_SET_EMPTY,
    &unused::ALLOWLIST_UNUSED,
    &allowlists::ITEM_EXPIRED,
    &allowlists::ITEM_EXPIRING,
    &allowlists::ITEM_REPEATED,
    &allowlists::ITEM_TOO_BROAD,
    &item_ids::ITEM_NEVER_MATCHES,
    &duplicates::RULE_DUPLICATE,
    &subsumed::RULE_SUBSUMED,
    &parameters::PARAMETER_WITHOUT_EFFECT,
    &parameters::VENDOR_ONLY_DEFAULT,
    &never::RULE_NEVER_FIRES,
    &never::WORDS_COMPARED,
    &searches::SEARCH_EXPRESSION,
    &dockerfile::FROM_COMPARED,
    &states::EXPRESSION_BROKEN,
    &states::DEPRECATED,
    &states::END_OF_LIFE,
    &extension::EXCEPTION_TOO_BROAD,
    &extension::EXCEPTION_EXPIRED,
    &extension::EXCEPTION_EXPIRING,
    &extension::EXCEPTION_NEVER_MATCHES,
    &extension::ENFORCED_ALREADY,
    &extension::OLD_WITHOUT_EFFECT,
    &extension::PARAMETER_UNUSED,
    &scope::UNCHECKED,
];

/// What a person should look at in a policy. Pointers are into the policy as a document of version 2;
/// [`locate_lints`] turns them into places of the document as given.
pub fn lint(policy: &Policy, now: Timestamp) -> Vec<Lint> {
    of(policy, now, LintSubject::Policy)
}

/// What a person should look at in the side-car of a policy; nothing when there is none. Pointers are into
/// the side-car; [`locate_extension_lints`] adds lines.
pub fn lint_extension(policy: &Policy, now: Timestamp) -> Vec<Lint> {
    of(policy, now, LintSubject::Extension)
}

fn of(policy: &Policy, now: Timestamp, subject: LintSubject) -> Vec<Lint> {
    let scope = Scope::new(policy, now);
    let mut lints = Vec::new();
    for info in LINTS.iter().filter(|info| info.subject == subject) {
        let mut told = Told::new(info, &mut lints);
        (info.check)(&scope, &mut told);
        told.finish();
    }
    lints.sort_by(|a, b| place::order(&a.pointer, &b.pointer));
    lints
}
