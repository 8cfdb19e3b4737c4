//! Compiling: records of any source, interned and laid out as the two files of a build.

mod builder;
mod finish;
mod statement;

pub(crate) use builder::{Builder, NewVulnerability, Unread};
pub(crate) use finish::{BuildIdentity, Built, Signals};
pub(crate) use statement::{FixData, QualifierData, RangeData, STATES, StatementData, format_date, parse_date};
