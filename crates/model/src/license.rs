//! Licences as packages state them.

use crate::Location;

/// How a licence is known (SPDX: declared by the package, or concluded by a reader).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LicenseKind {
    /// Stated in the package's own metadata.
    Declared,
    /// Concluded from the package's files.
    Concluded,
}

/// One licence statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct License {
    /// The text as the package has it.
    pub value: String,
    /// SPDX expression, empty when the value is none.
    pub spdx: String,
    /// Declared or concluded.
    pub kind: LicenseKind,
    /// Where the licence's text is to be had.
    pub urls: Vec<String>,
    /// Files that state it.
    pub locations: Vec<Location>,
}
