//! Bounded reading of archives and deterministic writing of them.
//!
//! Everything here assumes an attacker made the input: every length is checked before it is believed,
//! nothing is extracted to disk, and reaching a limit is an error that says which.

mod read_at;

pub use read_at::{Cursor, ReadAt};
