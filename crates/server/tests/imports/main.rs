//! Imports, sources, scans, searches and base images: a real server, called over HTTP.

#![allow(clippy::indexing_slicing, reason = "a JSON value without a key is null, and a test may fail")]

mod harness;

mod bases;
mod images;
mod queries;
mod scans;
mod sources;
