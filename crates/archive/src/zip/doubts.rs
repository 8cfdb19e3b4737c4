//! What in a zip archive another reader could see differently.

/// Each `true` means that the archive can be read in more than one way; the caller makes a gap of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doubts {
    /// Entries share bytes, as in zip bombs and polyglots.
    pub overlap: bool,
    /// The end record counts other entries than the directory has.
    pub entry_count: bool,
    /// There are bytes behind the end record.
    pub trailing_bytes: bool,
    /// The comment holds another end record.
    pub end_in_comment: bool,
}

impl Doubts {
    /// Whether there is any.
    pub const fn any(self) -> bool {
        self.overlap || self.entry_count || self.trailing_bytes || self.end_in_comment
    }

    /// The first doubt in words, one clause.
    pub const fn reason(self) -> Option<&'static str> {
        if self.overlap {
            Some("entries overlap")
        } else if self.entry_count {
            Some("the end record counts other entries than there are")
        } else if self.end_in_comment {
            Some("the comment holds another end record")
        } else if self.trailing_bytes {
            Some("bytes follow the end record")
        } else {
            None
        }
    }
}
