//! What can be told of an expression from its text: top-level alternatives, and the same without look-around.

const LOOKS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];

/// Whether one of several alternatives is the whole expression.
pub(super) fn has_top_level_alternative(pattern: &str) -> bool {
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        if *c == '|' {
            return true;
        }
        at = after(&chars, at);
    }
    false
}

/// The expression with empty groups in place of its look-around, which accepts at least as much. `None`: it refers
/// back to its groups, so that this cannot be told.
pub(super) fn without_looks(pattern: &str) -> Option<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let refers = c == '\\' && matches!(chars.get(at + 1), Some('1'..='9')) || starts(&chars, at, "(?P=");
        if refers {
            return None;
        }
        let end = match c {
            '(' if LOOKS.iter().any(|look| starts(&chars, at, look)) => {
                out.push_str("(?:)");
                at = after(&chars, at);
                continue;
            }
            // What stands in a group is looked at as well.
            '(' if !starts(&chars, at, "(?#") => at + 1,
            _ => after(&chars, at),
        };
        out.extend(chars.get(at..end).unwrap_or_default());
        at = end;
    }
    Some(out)
}

fn starts(chars: &[char], at: usize, text: &str) -> bool {
    text.chars().enumerate().all(|(offset, c)| chars.get(at + offset) == Some(&c))
}

/// Behind the group, class, escape or character that begins here.
fn after(chars: &[char], start: usize) -> usize {
    let end = match chars.get(start) {
        Some('(') => after_group(chars, start),
        Some('[') => after_class(chars, start),
        Some('\\') => start + 2,
        _ => start + 1,
    };
    end.min(chars.len())
}

/// A bracket right behind the one that opens a class is one of its characters.
fn after_class(chars: &[char], start: usize) -> usize {
    let first = start + if chars.get(start + 1) == Some(&'^') { 2 } else { 1 };
    let mut at = first;
    while let Some(c) = chars.get(at) {
        match c {
            ']' if at > first => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn after_group(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(c) = chars.get(at) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '[' => {
                at = after_class(chars, at);
                continue;
            }
            '\\' => at += 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{has_top_level_alternative, without_looks};

    #[test]
    fn finds_top_level_alternatives() {
        for (pattern, expected) in
            [("a|b", true), ("(a|b)", false), ("[|]", false), ("[]|]", false), ("\\|", false), ("((a)|b)c|d", true)]
        {
            assert_eq!(has_top_level_alternative(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn takes_looks_out() {
        for (pattern, expected) in [
            ("^(?!a(b)[)]c)d", Some("^(?:)d")),
            ("(x(?=y)|z)", Some("(x(?:)|z)")),
            ("(?<!a)b(?#(?=c)d", Some("(?:)b(?#(?=c)d")),
            ("[(?=]", Some("[(?=]")),
            ("(a)\\1", None),
            ("(?P<n>a)(?P=n)", None),
            ("(?=a", Some("(?:)")),
        ] {
            assert_eq!(without_looks(pattern).as_deref(), expected, "{pattern}");
        }
    }
}
