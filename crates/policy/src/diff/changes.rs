//! What was changed between two policies, for people.

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// What kind of change.
    pub kind: ChangeKind,
    /// What was changed: `rule set/rule`, `allowlist/item`, a mapping, an entry of an image list.
    pub what: String,
    /// What is different, one clause.
    pub text: String,
}

/// Kinds of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stops less than before.
    Loosened,
    /// It stops more than before.
    Tightened,
    /// It is different, and neither.
    Changed,
}
