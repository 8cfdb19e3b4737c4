//! Rules for single fields that neither serde nor garde has.

use jiff::{Timestamp, Unit};
use serde::{Serializer, ser::Error};

/// Writes a time without a fraction of a second, as the pattern of an API key's expiry demands.
pub(crate) fn whole_seconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let whole = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor);
    serializer.collect_str(&time.round(whole).map_err(S::Error::custom)?)
}

/// At least one character that is no white space; a look-ahead says so in the published pattern.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde hands over a reference to its context")]
pub(crate) fn not_blank(text: &str, _context: &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}
