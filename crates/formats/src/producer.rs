//! Who makes a document, and when.

/// Who makes a document, and when: for formats that say so. Equal producers make equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Producer<'a> {
    /// `stopgate`.
    pub name: &'a str,
    /// Version of the program.
    pub version: &'a str,
    /// RFC 3339 in UTC; `None` leaves the time out, or takes the image's own where one is required.
    pub created: Option<&'a str>,
}
