//! Who writes a document.

use stopgate_formats::Producer;

/// Who writes a document. Without a time, equal artifacts give equal bytes.
pub(crate) const fn producer(created: Option<&str>) -> Producer<'_> {
    Producer { name: "stopgate", version: env!("CARGO_PKG_VERSION"), created }
}
