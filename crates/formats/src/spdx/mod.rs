//! SPDX 2.3 JSON (ISO/IEC 5962): packages, their relationships, the distribution.
//!
//! Files are left out, since each would need a SHA-1 of its content. Licences that are not of the SPDX list are
//! `LicenseRef-` entries with the text that the package has. Gaps stand in the document's comment.

mod read;
mod write;

pub use read::read;
pub(crate) use read::read_text;
pub use write::write;
