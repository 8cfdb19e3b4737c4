//! Why a document could not be read.

use stopgate_model::limits;

/// Why a document could not be read. Broken elements inside a readable document are gaps instead.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Longer than the limit.
    #[error("the document is {seen} bytes long or longer, the limit is {limit}")]
    TooLarge {
        /// Limit, bytes.
        limit: u64,
        /// Size, bytes, as far as it was seen.
        seen: u64,
    },
    /// Nested deeper than the limit.
    #[error("the document is nested deeper than {limit} levels")]
    TooDeep {
        /// Limit, levels.
        limit: u64,
    },
    /// Not JSON, or a part of another kind than the format says.
    #[error("the {format} document cannot be read: {}", plain(source))]
    Json {
        /// Format, as a person calls it.
        format: &'static str,
        /// Where and why.
        source: serde_json::Error,
    },
    /// JSON, but not what the format says.
    #[error("the {format} document cannot be read: {reason}")]
    Invalid {
        /// Format, as a person calls it.
        format: &'static str,
        /// What is wrong and what was expected, one clause.
        reason: String,
    },
    /// Compressed content is damaged or cut short.
    #[error("the {format} document cannot be decompressed")]
    Decompress {
        /// Format, as a person calls it.
        format: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A version of the format that this program does not read.
    #[error("the document has the {format} version `{version}`: expected {expected}")]
    Version {
        /// Format, as a person calls it.
        format: &'static str,
        /// Version as the document has it, cut to 100 characters.
        version: String,
        /// What is read.
        expected: &'static str,
    },
    /// No format that is read.
    #[error("the document is of no known format: expected {expected}")]
    Unknown {
        /// What is read.
        expected: &'static str,
    },
}

impl FormatError {
    pub(crate) fn invalid(format: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { format, reason: reason.into() }
    }

    pub(crate) fn version(format: &'static str, version: &str, expected: &'static str) -> Self {
        Self::Version { format, version: version.chars().take(100).collect(), expected }
    }
}

/// What a JSON error says, without the names of our types.
pub(crate) fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once("expected struct ") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            format!("{before}expected an object{after}")
        }
        None => text,
    }
}

/// The text of a document that keeps the limits of size and nesting.
pub(crate) fn bounded<'a>(format: &'static str, bytes: &'a [u8]) -> Result<&'a str, FormatError> {
    let seen = bytes.len() as u64;
    if seen > limits::SBOM_BYTES {
        return Err(FormatError::TooLarge { limit: limits::SBOM_BYTES, seen });
    }
    if deeper_than(bytes, limits::JSON_DEPTH) {
        return Err(FormatError::TooDeep { limit: limits::JSON_DEPTH });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        FormatError::invalid(format, format!("byte {} is not UTF-8: expected JSON in UTF-8", error.valid_up_to()))
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

// serde_json counts levels only of what it builds, not of what it skips or keeps raw.
fn deeper_than(bytes: &[u8], limit: u64) -> bool {
    let mut depth = 0_u64;
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => rest = after_text(rest.as_slice()).iter(),
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// What follows a text whose first quote is behind us.
fn after_text(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        let escaped = rest.get(at) == Some(&b'\\');
        rest = rest.get(at + 1 + usize::from(escaped)..).unwrap_or_default();
        if !escaped {
            return rest;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::{FormatError, bounded};

    #[test]
    fn depth_is_counted_outside_texts() {
        let text = format!("\"{}\\\"[\"", "[".repeat(500));
        assert!(bounded("test", text.as_bytes()).is_ok());
        let nested = format!("{}{}", "[".repeat(129), "]".repeat(129));
        assert!(matches!(bounded("test", nested.as_bytes()), Err(FormatError::TooDeep { limit: 128 })));
        let nested = format!("{}{}", "[".repeat(128), "]".repeat(128));
        assert!(bounded("test", nested.as_bytes()).is_ok());
    }

    #[test]
    fn other_encodings_are_refused_and_a_byte_order_mark_is_not() {
        assert!(bounded("test", b"\xff\xfe{\0}\0").is_err());
        assert_eq!(bounded("test", "\u{feff}{}".as_bytes()).unwrap(), "{}");
    }
}
