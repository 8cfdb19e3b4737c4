//! SPDX 2.3 (ISO/IEC 5962) in JSON and tag-value: packages, their relationships, the distribution.
//!
//! Files are left out, since each would need a SHA-1 of its content. Licences that are not of the SPDX list are
//! `LicenseRef-` entries with the text that the package has. Gaps stand in the document's comment.

mod element;
mod read;
mod tag_value;
mod write;

pub use read::read;
pub(crate) use read::read_text;
pub use tag_value::write_tag_value;
pub use write::write;
