//! Resources over HTTP: a real server in this process, on SQLite and where there is one on PostgreSQL.

mod agents;
mod annotations;
mod applications;
mod groups;
mod support;
mod system;
