//! Patterns that people write for names: `*` stands for any part, everything else for itself.

/// Whether a pattern fits a text.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_part() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("3.*", "3.21", true),
            ("3.*", "13.1", false),
            ("*-alpine", "1-alpine", true),
            ("1*2*", "1b2c", true),
            ("1", "11", false),
            ("*a*a", "a", false),
            ("user.*.tag.*.update", "user.checks.tag.policy_evaluation.update", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
