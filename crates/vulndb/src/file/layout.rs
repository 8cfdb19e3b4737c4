//! Sections and record sizes. All numbers are little-endian; records are unaligned and read by `get`.

/// Sections of both files. The number is the file format's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Section {
    /// Identity, gaps, alias tables ([`super::Encoder`] form).
    Meta = 1,
    /// Scopes ([`super::Encoder`] form).
    Scopes = 2,
    /// Texts: a variable-length length, then UTF-8. Offset 0 is the empty text.
    Texts = 3,
    /// Vulnerability records.
    Vulnerabilities = 4,
    /// Ids, sorted by folded text.
    Ids = 5,
    /// Record numbers, grouped by id.
    IdMembers = 6,
    /// Lists of id numbers: a count, then members. Offset 0 is the empty list.
    IdLists = 7,
    /// Keys: (scope, name) with their rows.
    Keys = 8,
    /// Open addressing over the keys: key number + 1, or 0.
    KeySlots = 9,
    /// Rows of packages, grouped by key.
    Rows = 10,
    /// Rows of CPEs, grouped by key.
    CpeRows = 11,
    /// Statements: what rows point at.
    Statements = 12,
    /// Ranges of statements.
    Ranges = 13,
    /// Constraints.
    Constraints = 14,
    /// Names of version formats: text offsets.
    Formats = 15,
    /// Fixes.
    Fixes = 16,
    /// Lists of text offsets and counts. Offset 0 is the empty list.
    Lists = 17,
    /// CPE attributes: nine text offsets.
    Cpes = 18,
    /// Content hash of each key, for comparing builds.
    KeyHashes = 19,
    /// Details: compressed records.
    Records = 20,
    /// Details: offsets of the records, one more than records.
    RecordOffsets = 21,
    /// Details: compression dictionary; may be empty.
    Dictionary = 22,
    /// Details: seconds since 1970 of publication and change, 0 when unknown.
    Dates = 23,
    /// Details: known exploited vulnerabilities by id number: (id, offset).
    KevIndex = 24,
    /// Details: their records.
    Kev = 25,
    /// Details: exploit predictions by id number: (id, score, percentile), in billionths.
    Epss = 26,
    /// Details: weaknesses by id number: (id, CWE number).
    Cwes = 27,
}

/// One more than the largest section number.
pub(crate) const SECTIONS: usize = 28;

/// name, ids, provider u16, severity u8, status u8.
pub(crate) const VULNERABILITY: usize = 12;
/// text, first member.
pub(crate) const ID: usize = 8;
/// scope, folded name, name, first row, rows.
pub(crate) const KEY: usize = 20;
/// vulnerability, statement with [`UNAFFECTED`].
pub(crate) const ROW: usize = 8;
/// vulnerability, statement with [`UNAFFECTED`], CPE.
pub(crate) const CPE_ROW: usize = 12;
/// first range, ranges, qualifiers, CVEs.
pub(crate) const STATEMENT: usize = 16;
/// constraint, fix + 1.
pub(crate) const RANGE: usize = 8;
/// text, format u8.
pub(crate) const CONSTRAINT: usize = 5;
/// state u8, version, date, kind, advisories.
pub(crate) const FIX: usize = 17;
/// nine texts.
pub(crate) const CPE: usize = 36;
/// id, offset.
pub(crate) const KEV_INDEX: usize = 8;
/// id, score, percentile.
pub(crate) const EPSS: usize = 12;
/// id, CWE number or, with [`CWE_TEXT`], text offset.
pub(crate) const CWE: usize = 8;

/// Flag of a row's statement number: the row says "not affected".
pub(crate) const UNAFFECTED: u32 = 1 << 31;
/// Flag of a CWE entry that is no `CWE-n`.
pub(crate) const CWE_TEXT: u32 = 1 << 31;
/// Scope number of keys that are CPE products.
pub(crate) const CPE_SCOPE: u32 = u32::MAX;

/// A little-endian `u16` at an offset.
pub(crate) fn read_u16(bytes: &[u8], offset: usize) -> Option<u16> {
    let part = bytes.get(offset..offset.checked_add(2)?)?;
    Some(u16::from_le_bytes(part.try_into().ok()?))
}

/// A little-endian `u32` at an offset.
pub(crate) fn read_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    let part = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(part.try_into().ok()?))
}

/// A little-endian `u64` at an offset.
pub(crate) fn read_u64(bytes: &[u8], offset: usize) -> Option<u64> {
    let part = bytes.get(offset..offset.checked_add(8)?)?;
    Some(u64::from_le_bytes(part.try_into().ok()?))
}
