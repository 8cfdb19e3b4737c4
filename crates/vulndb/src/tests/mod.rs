//! Tests across modules, on databases that they make themselves.

mod damage;
mod grype;
mod osv;
mod refusals;
mod resolution;
mod stores;
mod tiny;
