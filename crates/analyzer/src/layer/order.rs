//! The order of paths in which a folder stands directly before all that lies in it.
//!
//! It differs from the order of bytes in one thing: `/` comes before every other byte, so that
//! `a/b` stands between `a` and `a-b`.

use std::cmp::Ordering;

/// Compares two paths part by part.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let shared = shared_prefix(a, b);
    let rank = |byte: Option<&u8>| match byte {
        None => 0,
        Some(b'/') => 1,
        Some(byte) => u16::from(*byte) + 2,
    };
    rank(a.get(shared)).cmp(&rank(b.get(shared)))
}

/// How many bytes two texts have in common at the start.
pub(crate) fn shared_prefix(a: &[u8], b: &[u8]) -> usize {
    let mut shared = 0;
    for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        if a != b {
            break;
        }
        shared += 16;
    }
    let rest = |text: &'_ [u8]| text.len() - shared.min(text.len());
    let ends = a.iter().skip(shared).zip(b.iter().skip(shared)).take(rest(a).min(rest(b)));
    shared + ends.take_while(|(a, b)| a == b).count()
}

/// Whether `path` lies in the folder `above`. All lies in the root, which is the empty text.
pub(crate) fn is_below(path: &str, above: &str) -> bool {
    if above.is_empty() {
        return !path.is_empty();
    }
    path.len() > above.len() && path.as_bytes().get(above.len()) == Some(&b'/') && path.starts_with(above)
}

#[cfg(test)]
mod tests {
    use super::{compare, is_below, shared_prefix};

    #[test]
    fn what_lies_in_a_folder_follows_it_at_once() {
        let mut paths = ["a-b", "b", "a/b/c", "a", "a/b", "a\u{1}", "", "a!", "a/b-", "ab", "aé"];
        paths.sort_by(|a, b| compare(a, b));
        assert_eq!(paths, ["", "a", "a/b", "a/b/c", "a/b-", "a\u{1}", "a!", "a-b", "ab", "aé", "b"]);
    }

    #[test]
    fn counts_shared_bytes() {
        let long = "0123456789abcdef0123456789abcdef";
        assert_eq!(shared_prefix(long.as_bytes(), long.as_bytes()), 32);
        assert_eq!(shared_prefix(long.as_bytes(), &long.as_bytes()[..20]), 20);
        assert_eq!(shared_prefix(b"abc", b"abd"), 2);
        assert_eq!(shared_prefix(b"", b"x"), 0);
    }

    #[test]
    fn below_needs_a_slash() {
        assert!(is_below("a/b", "a") && is_below("a", "") && is_below("a/b/c", "a"));
        assert!(!is_below("ab", "a") && !is_below("a", "a") && !is_below("", "") && !is_below("a", "a/b"));
    }
}
