//! What archives inside one file may cost together, however they are nested.

use std::sync::atomic::{AtomicU64, Ordering};

use stopgate_model::{GapCode, limits};

/// Which limit of nested archives was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// Too many bytes inflated.
    #[error("archives inside it inflate to more than {limit} bytes")]
    Bytes {
        /// The limit.
        limit: u64,
    },
    /// Too many entries.
    #[error("archives inside it have more than {limit} entries")]
    Entries {
        /// The limit.
        limit: u64,
    },
    /// Too deep.
    #[error("archives lie more than {limit} levels deep in each other")]
    Depth {
        /// The limit.
        limit: u64,
    },
}

impl BudgetError {
    /// The gap that reaching this limit is.
    pub const fn gap_code(self) -> GapCode {
        match self {
            Self::Bytes { .. } => GapCode::NestedBytes,
            Self::Entries { .. } => GapCode::NestedEntries,
            Self::Depth { .. } => GapCode::NestingDepth,
        }
    }

    /// The limit, in its unit.
    pub const fn limit(self) -> u64 {
        match self {
            Self::Bytes { limit } | Self::Entries { limit } | Self::Depth { limit } => limit,
        }
    }
}

/// Bytes and entries that are left for all archives inside one file. Shared, also between threads.
#[derive(Debug)]
pub struct Budget {
    bytes_left: AtomicU64,
    entries_left: AtomicU64,
    bytes: u64,
    entries: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(limits::NESTED_BYTES, limits::NESTED_ENTRIES)
    }
}

impl Budget {
    /// A budget of its own size; [`Budget::default`] has the limits of the table.
    pub const fn new(bytes: u64, entries: u64) -> Self {
        Self { bytes_left: AtomicU64::new(bytes), entries_left: AtomicU64::new(entries), bytes, entries }
    }

    /// Bytes that may still be inflated.
    pub fn bytes_left(&self) -> u64 {
        self.bytes_left.load(Ordering::Relaxed)
    }

    /// Takes bytes out of the budget before they are inflated.
    pub fn take_bytes(&self, count: u64) -> Result<(), BudgetError> {
        take(&self.bytes_left, count).ok_or(BudgetError::Bytes { limit: self.bytes })
    }

    /// Takes entries out of the budget.
    pub fn take_entries(&self, count: u64) -> Result<(), BudgetError> {
        take(&self.entries_left, count).ok_or(BudgetError::Entries { limit: self.entries })
    }
}

fn take(left: &AtomicU64, count: u64) -> Option<()> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).ok().map(|_| ())
}

/// A place in the nesting: how deep, and the budget that all share.
#[derive(Debug, Clone, Copy)]
pub struct Nesting<'a> {
    budget: &'a Budget,
    depth: u64,
}

impl<'a> Nesting<'a> {
    /// The outermost archive.
    pub const fn outermost(budget: &'a Budget) -> Self {
        Self { budget, depth: 0 }
    }

    /// One level deeper.
    pub const fn deeper(self) -> Result<Self, BudgetError> {
        if self.depth >= limits::NESTING {
            return Err(BudgetError::Depth { limit: limits::NESTING });
        }
        Ok(Self { budget: self.budget, depth: self.depth + 1 })
    }

    /// The shared budget.
    pub const fn budget(self) -> &'a Budget {
        self.budget
    }

    /// Levels above this one.
    pub const fn depth(self) -> u64 {
        self.depth
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::limits;

    use super::{Budget, BudgetError, Nesting};

    #[test]
    fn takes_until_it_is_empty_and_not_beyond() {
        let budget = Budget::new(10, 1);
        assert!(budget.take_bytes(10).is_ok());
        assert_eq!(budget.take_bytes(1), Err(BudgetError::Bytes { limit: 10 }));
        assert!(budget.take_entries(1).is_ok());
        assert_eq!(budget.take_entries(1), Err(BudgetError::Entries { limit: 1 }));
        assert!(budget.take_bytes(0).is_ok());
    }

    #[test]
    fn depth_ends_at_the_limit() {
        let budget = Budget::default();
        let mut nesting = Nesting::outermost(&budget);
        for _ in 0..limits::NESTING {
            nesting = nesting.deeper().unwrap();
        }
        assert_eq!(nesting.deeper().unwrap_err(), BudgetError::Depth { limit: limits::NESTING });
    }
}
