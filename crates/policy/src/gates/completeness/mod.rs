//! Gate `completeness`: what the analysis could not read.

pub(super) mod gaps_present;
