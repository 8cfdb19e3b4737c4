//! The clock: asked once per run, then handed down as an input.

use jiff::Timestamp;

use crate::failure::Failure;

/// Now, or the time that the user wants instead.
pub(crate) fn now(as_of: Option<&str>) -> Result<Timestamp, Failure> {
    match as_of {
        Some(text) => parse(text),
        None => Ok(system()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the rim is where the clock is read")]
fn system() -> Timestamp {
    Timestamp::now()
}

/// Reads `2026-11-25T10:00:00Z` or `2026-11-25`, which is its first instant in UTC.
fn parse(text: &str) -> Result<Timestamp, Failure> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    full.parse().map_err(|_| {
        Failure::new(format!("`{text}` is not a time: expected RFC 3339, for example `2026-11-25T10:00:00Z`"))
    })
}

#[cfg(test)]
mod tests {
    use super::now;

    #[test]
    fn reads_times_and_dates() {
        assert_eq!(now(Some("2026-11-25")).unwrap().to_string(), "2026-11-25T00:00:00Z");
        assert!(now(Some("yesterday")).is_err());
    }
}
