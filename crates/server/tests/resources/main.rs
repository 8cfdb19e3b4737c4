//! Resources over HTTP: a real server in this process, on SQLite and where there is one on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod agents;
mod annotations;
mod applications;
mod groups;
mod support;
mod system;
