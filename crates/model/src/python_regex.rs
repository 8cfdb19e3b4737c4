//! Regular expressions of Python, in which policies and searches are written, in the syntax of Rust's engines.
//!
//! Most of both syntaxes is the same. What would mean something else without a word is translated here:
//! brackets and doubled operators in a class, braces that repeat nothing, `\Z`, `\<`, comments. What an engine
//! lacks (look-around, back-references) it refuses itself.

/// What `^` and `$` stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchors {
    /// What they are for the engine: start and end of the text, or of a line below `(?m)`.
    Own,
    /// Start and end of the text, which is one line.
    Text,
    /// Start and end of a line of the text.
    Line,
}

impl Anchors {
    /// Where a match begins, as an expression.
    pub const fn start(self) -> &'static str {
        match self {
            Self::Own | Self::Text => "\\A",
            Self::Line => "(?mR:^)",
        }
    }

    const fn end(self) -> &'static str {
        match self {
            Self::Own | Self::Text => "\\z",
            Self::Line => "(?mR:$)",
        }
    }
}

/// An expression in the syntax of Rust's engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RustRegex {
    /// The expression.
    pub text: String,
    /// Whether it ignores blanks and has comments behind `#`.
    pub verbose: bool,
}

impl RustRegex {
    /// Translates an expression of Python; whether it is valid is for the engine to say.
    pub fn of_python(pattern: &str, anchors: Anchors) -> Self {
        let chars: Vec<char> = pattern.chars().collect();
        let mut out = Self { text: String::with_capacity(pattern.len() + 16), verbose: false };
        let mut at = 0;
        while let Some(&c) = chars.get(at) {
            let rest = chars.get(at..).unwrap_or_default();
            let text = &mut out.text;
            at += match c {
                '\\' => escape(rest, anchors, text),
                '[' => class(rest, text),
                '{' => repetition(rest, text),
                '(' => group(rest, &mut out),
                '^' if anchors != Anchors::Own => push(anchors.start(), text),
                '$' if anchors != Anchors::Own => push(anchors.end(), text),
                c => {
                    text.push(c);
                    1
                }
            };
        }
        out
    }
}

fn push(text: &str, out: &mut String) -> usize {
    out.push_str(text);
    1
}

/// An escape outside a class. Returns its length.
fn escape(rest: &[char], anchors: Anchors, out: &mut String) -> usize {
    match rest.get(1) {
        Some('A') => out.push_str(anchors.start()),
        Some('Z') => out.push_str(anchors.end()),
        // The engine knows `\<` and `\>` as the sides of a word.
        Some(c @ ('<' | '>')) => out.push(*c),
        Some(c) => out.extend(['\\', *c]),
        None => out.push('\\'),
    }
    2
}

/// A class, from its bracket to the one that closes it.
fn class(rest: &[char], out: &mut String) -> usize {
    out.push('[');
    let mut at = 1;
    if rest.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(&c) = rest.get(at) {
        match c {
            ']' if at > first => {
                out.push(']');
                return at + 1;
            }
            '\\' => {
                match rest.get(at + 1) {
                    Some('b') => out.push_str("\\x08"),
                    Some(c @ ('<' | '>')) => out.push(*c),
                    Some(c) => out.extend(['\\', *c]),
                    None => out.push('\\'),
                }
                at += 1;
            }
            '[' | ']' => out.extend(['\\', c]),
            // Doubled they are operators of the engine.
            '&' | '~' | '-' if at > first && rest.get(at - 1) == Some(&c) => out.extend(['\\', c]),
            c => out.push(c),
        }
        at += 1;
    }
    at
}

/// `{2}`, `{2,}`, `{,3}` and `{2,3}` repeat; any other brace is one.
fn repetition(rest: &[char], out: &mut String) -> usize {
    let end = rest.iter().position(|c| *c == '}');
    let body: String = rest.get(1..end.unwrap_or(0)).unwrap_or_default().iter().collect();
    let (least, most) = body.split_once(',').map_or((body.as_str(), None), |(least, most)| (least, Some(most)));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if body.is_empty() || !digits(least) || !most.is_none_or(digits) {
        out.push_str("\\{");
        return 1;
    }
    let least = if least.is_empty() { "0" } else { least };
    match most {
        Some(most) => out.extend(["{", least, ",", most, "}"]),
        None => out.extend(["{", least, "}"]),
    }
    body.len() + 2
}

/// The start of a group, or a whole comment.
fn group(rest: &[char], out: &mut RustRegex) -> usize {
    if rest.starts_with(&['(', '?', '#']) {
        return rest.iter().position(|c| *c == ')').map_or(rest.len(), |end| end + 1);
    }
    if rest.get(1) == Some(&'?') {
        let mut flags = rest.iter().skip(2).take_while(|c| c.is_ascii_alphabetic());
        out.verbose |= flags.any(|c| *c == 'x');
    }
    push("(", &mut out.text)
}

#[cfg(test)]
mod tests {
    use super::{Anchors, RustRegex};

    #[test]
    fn what_means_something_else_is_translated() {
        for (python, expected) in [
            ("a.b*", "a.b*"),
            ("^a$", "\\Aa\\z"),
            ("\\Aa\\Z", "\\Aa\\z"),
            ("\\$\\^", "\\$\\^"),
            ("\\<a\\>", "<a>"),
            ("[[:a]]", "[\\[:a]]"),
            ("[]a][^]a]", "[\\]a][^\\]a]"),
            ("[a&&b--c]", "[a&\\&b-\\-c]"),
            ("[\\]\\b]", "[\\]\\x08]"),
            ("a{2}b{,3}c{1,}d{1,2}", "a{2}b{0,3}c{1,}d{1,2}"),
            ("{\"a\": {}}", "\\{\"a\": \\{}}"),
            ("a{x}b{", "a\\{x}b\\{"),
            ("a(?#no{te)b", "ab"),
            ("(?i)(?:a)(?P<n>b)", "(?i)(?:a)(?P<n>b)"),
        ] {
            assert_eq!(RustRegex::of_python(python, Anchors::Text).text, expected, "{python}");
        }
        for (anchors, expected) in [(Anchors::Line, "(?mR:^)a(?mR:$)"), (Anchors::Own, "^a$")] {
            assert_eq!(RustRegex::of_python("^a$", anchors).text, expected);
        }
    }

    #[test]
    fn tells_free_blanks() {
        for (pattern, verbose) in
            [("(?ix)a", true), ("(?x:a)", true), ("\\(?x", false), ("(?P<x>a)", false), ("(?i-x)", false)]
        {
            assert_eq!(RustRegex::of_python(pattern, Anchors::Own).verbose, verbose, "{pattern}");
        }
    }
}
