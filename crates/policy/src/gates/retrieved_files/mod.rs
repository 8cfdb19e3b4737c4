//! Gate `retrieved_files`: contents of the files that the analysis keeps.

pub(super) mod content_not_available;
pub(super) mod content_regex;
