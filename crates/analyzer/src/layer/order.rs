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

/// Sorts numbers by the paths that they stand for, and those of equal paths by `tie`. Eight bytes of each
/// path are compared at a time, as one integer, so that millions of paths in no order take seconds.
pub(crate) fn sort<'a, T: Ord>(numbers: &mut [u32], path: impl Fn(u32) -> &'a str, tie: impl Fn(u32) -> T) {
    let mut keyed: Vec<(u64, u32)> = Vec::new();
    // Ranges whose paths are equal up to a depth.
    let mut equal = vec![(0, numbers.len(), 0)];
    while let Some((start, end, depth)) = equal.pop() {
        let Some(range) = numbers.get_mut(start..end) else { continue };
        if range.len() < 2 {
            continue;
        }
        if range.len() <= FEW {
            range.sort_unstable_by(|a, b| compare(path(*a), path(*b)).then_with(|| tie(*a).cmp(&tie(*b))));
            continue;
        }
        keyed.clear();
        keyed.extend(range.iter().map(|number| (key(path(*number), depth), *number)));
        keyed.sort_unstable();
        for (slot, (_, number)) in range.iter_mut().zip(&keyed) {
            *slot = *number;
        }
        let mut position = start;
        for group in keyed.chunk_by(|a, b| a.0 == b.0) {
            let next = position + group.len();
            match group.first() {
                // The last byte is the end of the path: all are equal.
                Some((key, _)) if key.to_be_bytes().contains(&0) => {
                    if let Some(range) = numbers.get_mut(position..next) {
                        range.sort_unstable_by_key(|number| tie(*number));
                    }
                }
                _ => equal.push((position, next, depth + 8)),
            }
            position = next;
        }
    }
}

/// Up to this number, comparing whole paths is faster.
const FEW: usize = 16;

/// Eight bytes of a path as a number that orders as [`compare`] does; zeros behind its end.
fn key(path: &str, depth: usize) -> u64 {
    let mut key = [0; 8];
    for (slot, byte) in key.iter_mut().zip(path.as_bytes().get(depth..).unwrap_or_default()) {
        *slot = match byte {
            b'/' => 1,
            // A zero byte, which archives may not have, is taken for a slash.
            0..b'/' => byte + 1,
            _ => *byte,
        };
    }
    u64::from_be_bytes(key)
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
    use super::{compare, is_below, shared_prefix, sort};

    #[test]
    fn what_lies_in_a_folder_follows_it_at_once() {
        let mut paths = ["a-b", "b", "a/b/c", "a", "a/b", "a\u{1}", "", "a!", "a/b-", "ab", "aé"];
        paths.sort_by(|a, b| compare(a, b));
        assert_eq!(paths, ["", "a", "a/b", "a/b/c", "a/b-", "a\u{1}", "a!", "a-b", "ab", "aé", "b"]);
    }

    proptest::proptest! {
        #[test]
        fn sorting_is_comparing(paths in proptest::collection::vec("[a-c/!.é-]{0,20}", 0..200)) {
            let mut numbers: Vec<u32> = (0..paths.len() as u32).collect();
            let mut expected = numbers.clone();
            expected.sort_by(|a, b| compare(&paths[*a as usize], &paths[*b as usize]).then(b.cmp(a)));
            sort(&mut numbers, |number| paths[number as usize].as_str(), std::cmp::Reverse);
            proptest::prop_assert_eq!(numbers, expected);
        }
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
