//! Gate `scan`: how often the artifact is evaluated.

pub(super) mod freshness;
