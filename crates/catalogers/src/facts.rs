//! What one file says: the part of an analysis that is cached with its layer.

use stopgate_model::{Gap, Package};

/// What `extract` found in one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Packages that this file alone proves. Locations, `found_by` and ids are set by the engine
    /// (the location is the file itself).
    pub packages: Vec<Package>,
    /// Edges between them: (dependency, dependent), positions in `packages`.
    pub dependencies: Vec<(u32, u32)>,
    /// Raw material for `assemble`.
    pub records: Vec<Record>,
    /// What could not be read. The engine sets path and layer.
    pub gaps: Vec<Gap>,
}

/// Raw material of one kind, as compact JSON of a struct that lives in the cataloger's own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The cataloger's own name for the kind: `status`, `md5sums`.
    pub kind: String,
    /// Compact JSON.
    pub json: String,
}

impl Facts {
    /// Whether the file said nothing at all.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.records.is_empty() && self.gaps.is_empty()
    }

    /// Adds a record. A value that does not serialise is left out: none of ours can fail.
    pub fn record(&mut self, kind: &str, value: &(impl serde::Serialize + ?Sized)) {
        if let Ok(json) = serde_json::to_string(value) {
            self.records.push(Record { kind: kind.to_owned(), json });
        }
    }
}
