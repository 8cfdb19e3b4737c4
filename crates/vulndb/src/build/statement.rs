//! What a row says, before it is interned.

/// Fix states as the files number them.
pub(crate) const STATES: [&str; 5] = ["", "fixed", "not-fixed", "wont-fix", "not-affected"];

/// The fix of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FixData {
    /// Index in [`STATES`].
    pub(crate) state: u8,
    pub(crate) version: String,
    /// [`parse_date`]; 0 when unknown.
    pub(crate) date: u32,
    pub(crate) kind: String,
    /// Id and link.
    pub(crate) advisories: Vec<(String, String)>,
}

/// A range of versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RangeData {
    pub(crate) format: String,
    pub(crate) constraint: String,
    pub(crate) fix: Option<FixData>,
}

/// Conditions beside the version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct QualifierData {
    pub(crate) rpm_modularity: Option<String>,
    pub(crate) architecture: Option<String>,
    pub(crate) rootio: bool,
    pub(crate) platform_cpes: Vec<String>,
    /// Path and symbols.
    pub(crate) go_imports: Vec<(String, Vec<String>)>,
}

/// One statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatementData {
    pub(crate) cves: Vec<String>,
    pub(crate) qualifiers: Option<Box<QualifierData>>,
    pub(crate) ranges: Vec<RangeData>,
}

/// `YYYY-MM-DD…` as one number that sorts like the date.
pub(crate) fn parse_date(text: &str) -> Option<u32> {
    let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    let year = u32::try_from(date.year()).ok()?;
    Some(year << 9 | u32::from(date.month().unsigned_abs()) << 5 | u32::from(date.day().unsigned_abs()))
}

/// The date of a number, `YYYY-MM-DD`.
pub(crate) fn format_date(packed: u32) -> String {
    format!("{:04}-{:02}-{:02}", packed >> 9, packed >> 5 & 15, packed & 31)
}

#[cfg(test)]
mod tests {
    use super::{format_date, parse_date};

    #[test]
    fn dates_are_packed_and_unpacked() {
        for date in ["2024-02-29", "1999-12-31", "0001-01-01", "9999-12-31"] {
            assert_eq!(format_date(parse_date(date).unwrap()), date);
        }
        assert!(parse_date("2023-01-31") < parse_date("2023-02-01"));
        assert_eq!(parse_date("2024-02-29T10:00:00Z"), parse_date("2024-02-29"));
        for text in ["", "2024-02-30", "2024-2-3", "yesterday!!"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
