//! Ranges of the data, compiled when first asked for and kept for the run.

use std::cell::RefCell;
use std::rc::Rc;

use stopgate_version::{Constraint, Format, Version, VersionError};
use stopgate_vulndb::{ConstraintId, Row};

use crate::ids::NumberMap;

/// Compiled ranges; `None` for one that cannot be read.
#[derive(Default)]
pub(crate) struct Compiled {
    single: RefCell<NumberMap<ConstraintId, Option<Rc<Constraint>>>>,
    joined: RefCell<NumberMap<Vec<ConstraintId>, Option<Rc<Constraint>>>>,
}

/// How a row's ranges and a version relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The version lies in the ranges.
    Yes,
    /// It does not.
    No,
    /// It cannot be compared with them.
    Uncomparable,
    /// The ranges cannot be read.
    Unreadable,
}

impl Compiled {
    /// All ranges of a row as one: empty ones count for nothing beside others, and the alphabetically first format is
    /// the format of all. `None` as version: every version is meant.
    pub(crate) fn joined(&self, row: &Row<'_>, version: Option<&Version>) -> Holds {
        let mut filled = row.constraints().filter(|constraint| !constraint.text.is_empty());
        let Some(first) = filled.next() else { return Holds::Yes };
        let Some(second) = filled.next() else { return holds(self.single(first).as_deref(), version) };
        let mut key = vec![first.id, second.id];
        key.extend(filled.map(|constraint| constraint.id));
        if let Some(known) = self.joined.borrow().get(&key) {
            return holds(known.as_deref(), version);
        }
        let format = Format::of_data(row.constraint_format());
        let compiled = Constraint::parse(format, &row.constraint_text()).ok().map(Rc::new);
        let answer = holds(compiled.as_deref(), version);
        self.joined.borrow_mut().insert(key, compiled);
        answer
    }

    /// Whether any range of a row holds a version, each under its own format; one that cannot be read counts as one
    /// that does.
    pub(crate) fn any(&self, row: &Row<'_>, version: Option<&Version>) -> bool {
        version.is_none()
            || row.all_versions()
            || row.constraints().any(|constraint| {
                let compiled = self.single(constraint);
                matches!(holds(compiled.as_deref(), version), Holds::Yes | Holds::Unreadable)
            })
    }

    fn single(&self, constraint: stopgate_vulndb::Constraint<'_>) -> Option<Rc<Constraint>> {
        if let Some(known) = self.single.borrow().get(&constraint.id) {
            return known.clone();
        }
        let compiled = Constraint::parse(Format::of_data(constraint.format), constraint.text).ok().map(Rc::new);
        self.single.borrow_mut().insert(constraint.id, compiled.clone());
        compiled
    }
}

fn holds(constraint: Option<&Constraint>, version: Option<&Version>) -> Holds {
    let Some(constraint) = constraint else { return Holds::Unreadable };
    match version.map(|version| constraint.satisfied_by(version)) {
        None | Some(Ok(true)) => Holds::Yes,
        // Another kind of version than the update ids of a range is simply not among them.
        Some(Ok(false) | Err(VersionError::KbAgainst { .. } | VersionError::EmptyKbRange)) => Holds::No,
        Some(Err(_)) => Holds::Uncomparable,
    }
}
