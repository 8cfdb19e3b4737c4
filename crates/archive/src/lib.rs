//! Bounded reading of archives and deterministic writing of them.
//!
//! Everything here assumes an attacker made the input: every length is checked before it is believed,
//! nothing is extracted to disk, and reaching a limit is an error that says which.

pub mod tar;
pub mod write;
pub mod zip;

mod budget;
mod decompress;
mod hash;
mod path;
mod read_at;

pub use budget::{Budget, BudgetError, Nesting};
pub use decompress::{Compression, Decoder};
pub use hash::{Found, Hasher, HashingReader, IntegrityError, VerifyingReader, digest_of};
pub use path::{Refusal, clean_path, clean_path_into};
pub use read_at::{Cursor, ReadAt, Slice};
