//! Times of allowlist items: RFC 3339, and the forms that Anchore's engine wrote.

use jiff::Timestamp;
use jiff::civil::Date;

/// Reads `2027-01-31T00:00:00Z`, with fraction or offset, the odd `…:00:123Z`, and a bare date.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Ok(date) = text.parse::<Date>() {
        return date.at(0, 0, 0, 0).in_tz("UTC").ok().map(|time| time.timestamp());
    }
    // COMPAT: an old writer put a colon in front of the fraction.
    let (time, fraction) = text.strip_suffix('Z')?.rsplit_once(':')?;
    if time.matches(':').count() == 2 {
        return format!("{time}.{fraction}Z").parse().ok();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_every_form_and_nothing_else() {
        let expected = parse("2027-01-31T10:00:00Z").unwrap();
        for text in ["2027-01-31T10:00:00.000Z", "2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00:000Z"] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert!(parse("2027-01-31").is_some());
        for text in ["", "tomorrow", "2027-13-01T00:00:00Z", "2027-01-31T10:00Zx", ":Z"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
