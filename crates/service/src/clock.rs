//! The clock: asked here, and handed down as an input.

use jiff::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the rim is where the clock is read")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
