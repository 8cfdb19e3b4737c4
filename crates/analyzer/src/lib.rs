//! Walks layers, caches their facts, merges them into an artifact.
mod layer;
mod squash;
