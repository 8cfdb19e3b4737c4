//! Imports, sources, scans, searches and base images: a real server, called over HTTP.

mod harness;

mod bases;
mod images;
mod queries;
mod scans;
mod sources;
