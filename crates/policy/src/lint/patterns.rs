//! What can be told of two patterns without a text to match: whether one includes the other, and whether
//! any text matches both.

use crate::pattern::Pattern;

/// Texts longer than this are not compared in detail.
const LONGEST: usize = 4096;

/// Whether everything that `narrow` matches is matched by `wide`. `false` when it cannot be told.
pub(super) fn includes(wide: &Pattern, narrow: &Pattern) -> bool {
    if is_anything(wide) || (wide.as_str() == narrow.as_str() && wide.fault().is_none()) {
        return true;
    }
    if is_anything(narrow) || is_expression(narrow) {
        return false;
    }
    match narrow.literal() {
        Some(text) => wide.matches(text).unwrap_or(false),
        None if is_expression(wide) || narrow.as_str().len() > LONGEST => false,
        // A glob is included exactly when its text is matched with a letter that stands nowhere else in place
        // of its stars: such a letter can only fall under a star of the other.
        None => letter_outside(&[wide.as_str(), narrow.as_str()])
            .is_some_and(|letter| wide.matches(&narrow.as_str().replace('*', &letter.to_string())).unwrap_or(false)),
    }
}

/// Steps of asking a pattern about one other: an expression may track back for long.
pub(super) fn cost(pattern: &Pattern) -> usize {
    if is_expression(pattern) { 2_000 } else { 1 + pattern.as_str().len() / 100 }
}

/// Whether it matches everything, even a part that is not there.
pub(super) fn is_anything(pattern: &Pattern) -> bool {
    pattern.matches_part(None).unwrap_or(false)
}

/// Whether it is an expression.
pub(super) fn is_expression(pattern: &Pattern) -> bool {
    pattern.as_str().starts_with("regexp:")
}

fn letter_outside(texts: &[&str]) -> Option<char> {
    ('\u{e000}'..='\u{f8ff}').find(|letter| texts.iter().all(|text| !text.contains(*letter)))
}

/// Whether some text matches both globs. `true` when it cannot be told.
pub(super) fn overlap(left: &str, right: &str) -> bool {
    if left.len() > LONGEST || right.len() > LONGEST {
        return true;
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    // Which beginnings of `right` meet the beginning of `left` that was read so far.
    let mut row = vec![false; right.len() + 1];
    for at in 0..=left.len() {
        let mut next = vec![false; right.len() + 1];
        let own = at.checked_sub(1).and_then(|index| left.get(index));
        for (end, slot) in (0..=right.len()).zip(0..) {
            let other = end.checked_sub(1).and_then(|index| right.get(index));
            let (up, back) =
                (row.get(end).copied().unwrap_or(false), end.checked_sub(1).and_then(|e| next.get(e).copied()));
            let both = end.checked_sub(1).and_then(|e| row.get(e).copied()).unwrap_or(false);
            let meets = match (own, other) {
                (None, None) => true,
                (None, Some(other)) => *other == '*' && back.unwrap_or(false),
                (Some(own), None) => *own == '*' && up,
                (Some('*'), Some(_)) | (Some(_), Some('*')) => up || back.unwrap_or(false),
                (Some(own), Some(other)) => own == other && both,
            };
            if let Some(slot) = next.get_mut(slot) {
                *slot = meets;
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::{includes, overlap};
    use crate::pattern::Pattern;

    #[test]
    fn inclusion_of_globs_is_exact() {
        for (wide, narrow, expected) in [
            ("*", "a", true),
            ("*", "*", true),
            ("*", "regexp:a", true),
            ("**", "a*", true),
            ("a*", "ab*", true),
            ("a*", "a", true),
            ("ab*", "a*", false),
            ("*a*", "*ba", true),
            ("*a", "a*", false),
            ("a*b*c", "a*c", false),
            ("a*c", "a*b*c", true),
            ("a", "a", true),
            ("a", "b", false),
            ("a", "a*", false),
            ("regexp:a.*", "ab", true),
            ("regexp:a.*", "ab*", false),
            ("regexp:a", "regexp:a", true),
            ("regexp:a", "regexp:b", false),
            ("regexp:.*", "*", false),
            ("regexp:(", "regexp:(", false),
        ] {
            assert_eq!(includes(&Pattern::new(wide), &Pattern::new(narrow)), expected, "{wide} over {narrow}");
        }
    }

    #[test]
    fn globs_overlap_when_a_text_matches_both() {
        for (left, right, expected) in [
            ("*", "", true),
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("*+*", "CVE-1", false),
            ("*+*", "CVE-1*", true),
            ("*+*", "CVE-1+x", true),
            ("label:*", "*x", true),
            ("label:*", "lab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("", "", true),
        ] {
            assert_eq!(overlap(left, right), expected, "{left} and {right}");
            assert_eq!(overlap(right, left), expected, "{right} and {left}");
        }
    }
}
