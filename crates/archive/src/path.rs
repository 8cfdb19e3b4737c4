//! One form for the paths of archives: from the root, no leading slash, no `.`, `..` or empty part.

use std::fmt::Write as _;

use stopgate_model::limits;

/// Why an entry is not taken. The caller makes it a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The path is longer than the limit.
    #[error("the path is longer than {} bytes", limits::PATH_BYTES)]
    PathBytes,
    /// The path has more parts than the limit.
    #[error("the path has more than {} parts", limits::PATH_PARTS)]
    PathParts,
    /// The path or link target holds a zero byte.
    #[error("the path holds a zero byte")]
    ZeroByte,
    /// The link target is longer than the limit.
    #[error("the link target is longer than {} bytes", limits::PATH_BYTES)]
    LinkBytes,
    /// A PAX record is longer than the limit.
    #[error("a pax record is longer than {} bytes", limits::PAX_RECORD_BYTES)]
    PaxRecord,
    /// The extended headers are longer than the limit.
    #[error("the extended headers are longer than {} bytes", limits::TAR_HEADER_BYTES)]
    HeaderBytes,
    /// A sparse file has more parts than we keep, or its holes are longer than a layer may be.
    #[error("the sparse file has more parts or longer holes than a layer may have")]
    Sparse,
}

impl Refusal {
    /// The limit in its unit; `None` when it is no limit that was reached.
    pub const fn limit(self) -> Option<u64> {
        match self {
            Self::PathBytes | Self::LinkBytes => Some(limits::PATH_BYTES),
            Self::PathParts => Some(limits::PATH_PARTS),
            Self::PaxRecord => Some(limits::PAX_RECORD_BYTES),
            Self::HeaderBytes => Some(limits::TAR_HEADER_BYTES),
            Self::Sparse => Some(limits::LAYER_BYTES),
            Self::ZeroByte => None,
        }
    }
}

/// The cleaned form of a path; `..` that would leave the root stays at the root. The root is empty.
pub fn clean_path(raw: &[u8]) -> Result<String, Refusal> {
    let mut cleaned = String::with_capacity(raw.len());
    clean_path_into(raw, &mut cleaned).map(|()| cleaned)
}

/// Like [`clean_path`], into a string that is reused. After a refusal it holds a short form for messages.
pub fn clean_path_into(raw: &[u8], cleaned: &mut String) -> Result<(), Refusal> {
    cleaned.clear();
    if raw.len() > limits::PATH_BYTES as usize {
        return refuse(raw, cleaned, Refusal::PathBytes);
    }
    if raw.contains(&0) {
        return refuse(raw, cleaned, Refusal::ZeroByte);
    }
    let mut parts = 0;
    for part in raw.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                if parts > 0 {
                    parts -= 1;
                    cleaned.truncate(cleaned.rfind('/').unwrap_or(0));
                }
            }
            part => {
                if parts > 0 {
                    cleaned.push('/');
                }
                parts += 1;
                push_text(part, cleaned);
            }
        }
        if parts > limits::PATH_PARTS {
            return refuse(raw, cleaned, Refusal::PathParts);
        }
    }
    // Escaped bytes are four times as long.
    if cleaned.len() > limits::PATH_BYTES as usize {
        return refuse(raw, cleaned, Refusal::PathBytes);
    }
    Ok(())
}

fn refuse(raw: &[u8], cleaned: &mut String, refusal: Refusal) -> Result<(), Refusal> {
    cleaned.clear();
    push_text(raw.get(..200).unwrap_or(raw), cleaned);
    Err(refusal)
}

/// Appends bytes as text. Bytes that are not UTF-8 become `\xNN`, so that names which differ stay
/// different and a file cannot hide behind another one's name.
pub(crate) fn push_text(bytes: &[u8], text: &mut String) {
    if let Ok(valid) = std::str::from_utf8(bytes) {
        text.push_str(valid);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use stopgate_model::limits;

    use super::{Refusal, clean_path};

    #[test]
    fn has_one_form_for_every_spelling() {
        for (raw, cleaned) in [
            ("./a", "a"),
            ("/a", "a"),
            ("a//b/", "a/b"),
            ("../../etc/passwd", "etc/passwd"),
            ("a/../../b", "b"),
            ("a/b/..", "a"),
            ("./", ""),
            ("", ""),
            ("a/...", "a/..."),
            ("C:\\x", "C:\\x"),
            ("é", "é"),
        ] {
            assert_eq!(clean_path(raw.as_bytes()).as_deref(), Ok(cleaned), "{raw}");
        }
        assert_eq!(clean_path(b"caf\xe9/\xff").as_deref(), Ok("caf\\xe9/\\xff"));
    }

    #[test]
    fn refuses_at_the_limits_and_not_before() {
        let longest = "a".repeat(limits::PATH_BYTES as usize);
        assert!(clean_path(longest.as_bytes()).is_ok());
        assert_eq!(clean_path(format!("{longest}a").as_bytes()), Err(Refusal::PathBytes));
        assert_eq!(clean_path(&[0xff; 2000]), Err(Refusal::PathBytes));
        let deepest = "a/".repeat(limits::PATH_PARTS as usize);
        assert!(clean_path(deepest.as_bytes()).is_ok());
        assert_eq!(clean_path(format!("{deepest}a").as_bytes()), Err(Refusal::PathParts));
        assert_eq!(clean_path(b"a\0b"), Err(Refusal::ZeroByte));
    }

    proptest! {
        #[test]
        fn cleaning_is_total_and_idempotent(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(cleaned) = clean_path(&raw) {
                assert_eq!(clean_path(cleaned.as_bytes()).as_ref(), Ok(&cleaned));
                assert!(!cleaned.split('/').any(|part| part == ".." || part == "."));
                assert!(!cleaned.starts_with('/'));
            }
        }
    }
}
