//! Expressions that read as a search, where only a match from the start counts.

use super::scope::{RuleAt, Scope, Told};
use super::{LintInfo, LintSeverity, LintSubject};

pub(super) static SEARCH_EXPRESSION: LintInfo = LintInfo {
    code: "search-expression",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "An expression looks like a search, and is matched from the start.",
    why: "As in Anchore, an expression must match from the first character on, while its end is open. A path begins \
          with `/`, so `\\.pem$` matches none; a line matches `password` only when it begins so. Write `.*` in front \
          to search, or `^` to say that the start is meant.",
    bad: &["rule stop files.name_match regex=\\.pem$"],
    good: &["rule stop files.name_match regex=.*\\.pem$"],
    check: search,
};

/// What an expression is matched with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Text {
    /// Absolute paths.
    Path,
    /// Lines, or what stands behind an instruction.
    Line,
}

/// Gate, trigger, parameter, and what it is matched with.
const EXPRESSIONS: &[(&str, &str, &str, Text)] = &[
    ("files", "name_match", "regex", Text::Path),
    ("secret_scans", "content_regex_checks", "filename_regex", Text::Path),
    ("completeness", "gaps_present", "path", Text::Path),
    ("vulnerabilities", "package", "package_path_exclude", Text::Path),
    ("retrieved_files", "content_regex", "regex", Text::Line),
    ("dockerfile", "instruction", "value", Text::Line),
];

fn search(scope: &Scope<'_>, told: &mut Told<'_>) {
    for at in scope.rules() {
        for (.., param, text) in EXPRESSIONS.iter().filter(|row| is_about(&at, row)) {
            let Some(pattern) = at.setting(param).text() else { continue };
            if !looks_like_search(pattern, *text) {
                continue;
            }
            let (because, help) = match text {
                Text::Path => ("paths begin with `/`", "write `.*` in front, or begin with `/`"),
                Text::Line => (
                    "it is matched from the start of the text",
                    "write `.*` in front to search, or `^` when the start is meant",
                ),
            };
            let shown = crate::document::suggest::shown(pattern);
            let message = format!("{}: `{param}` looks like a search (`{shown}`), and {because}", at.name());
            told.tell(at.param_pointer(param), message, help);
        }
    }
}

fn is_about(at: &RuleAt<'_>, (gate, trigger, param, _): &(&str, &str, &str, Text)) -> bool {
    let is_expression = *param != "value" || matches!(at.setting("check").text(), Some("like" | "not_like"));
    at.rule.gate == *gate && at.rule.trigger == *trigger && is_expression
}

/// Whether some alternative of the expression begins in the middle of what it should find.
fn looks_like_search(pattern: &str, text: Text) -> bool {
    let chars: Vec<char> = pattern.chars().take(LONGEST).collect();
    starts(&chars, 0).into_iter().any(|start| match start {
        Start::Letter | Start::Boundary => true,
        Start::Anchor => text == Text::Path,
        Start::Other => false,
    })
}

/// Longer expressions are looked at so far.
const LONGEST: usize = 10_000;
/// Groups inside each other that are looked into.
const DEEPEST: usize = 20;

/// How an alternative begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// With a character that must be there, and is no `/`.
    Letter,
    /// With a boundary of words.
    Boundary,
    /// With `^` in front of such a character.
    Anchor,
    /// With `/`, with anything, or not to be told.
    Other,
}

/// How each alternative begins.
fn starts(chars: &[char], depth: usize) -> Vec<Start> {
    if depth > DEEPEST {
        return vec![Start::Other];
    }
    alternatives(chars).into_iter().flat_map(|part| start(part, depth)).collect()
}

fn start(part: &[char], depth: usize) -> Vec<Start> {
    let mut rest = part;
    let mut anchored = false;
    loop {
        rest = match rest {
            ['^', behind @ ..] | ['\\', 'A', behind @ ..] => {
                anchored = true;
                behind
            }
            ['(', '?', ..] if flags(rest).is_some() => flags(rest).unwrap_or(&[]),
            ['\\', 'b', ..] => return vec![Start::Boundary],
            _ => break,
        };
    }
    let found = match rest {
        ['(', '?', '=' | '!' | '<' | '#' | '>', ..] if !matches!(rest, ['(', '?', '<', c, ..] if c.is_alphabetic()) => {
            vec![Start::Other]
        }
        ['(', ..] => {
            let end = end_of_group(rest);
            let inner = rest.get(1..end.saturating_sub(1)).unwrap_or(&[]);
            if is_optional(rest.get(end..)) { vec![Start::Other] } else { starts(inside(inner), depth + 1) }
        }
        _ => vec![atom(rest)],
    };
    let anchor = |start| if anchored && start == Start::Letter { Start::Anchor } else { start };
    found.into_iter().map(anchor).collect()
}

/// The kind of the first atom, which is no group.
fn atom(rest: &[char]) -> Start {
    let (letter, behind) = match rest {
        ['\\', c, behind @ ..] => (is_letter_escape(*c), behind),
        ['[', ..] => {
            let end = end_of_class(rest);
            let inner = rest.get(1..end.saturating_sub(1)).unwrap_or(&[]);
            let closed = !inner.is_empty() && rest.get(end.saturating_sub(1)) == Some(&']');
            (closed && !class_has_slash(inner), rest.get(end..).unwrap_or(&[]))
        }
        ['.' | '/' | '$' | '*' | '+' | '?' | '{' | ')' | '|', ..] | [] => (false, rest),
        [_, behind @ ..] => (true, behind),
    };
    if letter && !is_optional(Some(behind)) { Start::Letter } else { Start::Other }
}

/// Escapes that stand for a character other than `/`.
fn is_letter_escape(c: char) -> bool {
    matches!(c, 'w' | 'd' | 's') || (!c.is_alphanumeric() && c != '/')
}

fn is_optional(behind: Option<&[char]>) -> bool {
    matches!(behind, Some(['*' | '?', ..] | ['{', '0' | ',', ..]))
}

/// Behind `(?i)`.
fn flags(rest: &[char]) -> Option<&[char]> {
    let end = rest.iter().position(|c| *c == ')')?;
    let inner = rest.get(2..end)?;
    (!inner.is_empty() && inner.iter().all(|c| c.is_ascii_lowercase() || *c == '-'))
        .then(|| rest.get(end + 1..).unwrap_or(&[]))
}

/// A group without `?:`, `?i:` or `?P<name>`.
fn inside(inner: &[char]) -> &[char] {
    let mark = if inner.first() == Some(&'?') {
        inner.iter().position(|c| matches!(c, ':' | '>')).map_or(0, |at| at + 1)
    } else {
        0
    };
    inner.get(mark..).unwrap_or(&[])
}

fn alternatives(chars: &[char]) -> Vec<&[char]> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(c) = chars.get(at) {
        let rest = chars.get(at..).unwrap_or(&[]);
        at += match c {
            '\\' => 2,
            '[' => end_of_class(rest),
            '(' => end_of_group(rest),
            '|' => {
                parts.push(chars.get(from..at).unwrap_or(&[]));
                from = at + 1;
                1
            }
            _ => 1,
        };
    }
    parts.push(chars.get(from..).unwrap_or(&[]));
    parts
}

/// Length of the class at the start.
fn end_of_class(rest: &[char]) -> usize {
    let first = if rest.get(1) == Some(&'^') { 2 } else { 1 };
    let mut at = first;
    while let Some(c) = rest.get(at) {
        match c {
            ']' if at > first => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of the group at the start.
fn end_of_group(rest: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(c) = rest.get(at) {
        match c {
            '\\' => at += 1,
            '[' => {
                at += end_of_class(rest.get(at..).unwrap_or(&[]));
                continue;
            }
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

/// Whether a class, without its brackets, has `/` or may have it.
fn class_has_slash(inner: &[char]) -> bool {
    let (negated, members) = match inner {
        ['^', members @ ..] => (true, members),
        members => (false, members),
    };
    let listed =
        members.contains(&'/') || members.windows(2).any(|pair| matches!(pair, ['\\', 'S' | 'W' | 'D' | 'x' | 'u']));
    let in_range = members
        .windows(3)
        .any(|three| matches!(three, [from, '-', to] if ('\u{0}'..='/').contains(from) && *to >= '/'));
    (listed || in_range) != negated
}

#[cfg(test)]
mod tests {
    use super::{Text, looks_like_search};

    #[test]
    fn a_search_begins_in_the_middle() {
        for (pattern, path, line) in [
            (r"\.pem$", true, true),
            ("password", true, true),
            ("id_rsa|.*\\.key", true, true),
            (r".*\.pem|\.key$", true, true),
            (r"(?i)(?:secret|token)", true, true),
            ("[a-z]+", true, true),
            (r"\bpassword\b", true, true),
            ("^password", true, false),
            (r"(?P<name>abc)", true, true),
            (r"\w+", true, true),
            ("/etc/.*", false, false),
            ("^/etc", false, false),
            (".*password", false, false),
            ("(.*/)?id_rsa", false, false),
            ("(?:/root|/home)/x", false, false),
            ("[/a]x", false, false),
            ("[^/]+", true, true),
            ("[^a]+", false, false),
            ("[.-9]x", false, false),
            ("(?!/etc/).*", false, false),
            ("a?/etc", false, false),
            (r"\S+", false, false),
            ("", false, false),
            ("(", false, false),
            ("[", false, false),
            ("*.pem", false, false),
            ("(?", false, false),
        ] {
            assert_eq!(looks_like_search(pattern, Text::Path), path, "{pattern} on paths");
            assert_eq!(looks_like_search(pattern, Text::Line), line, "{pattern} on lines");
        }
        assert!(!looks_like_search(&"(".repeat(100_000), Text::Path));
    }
}
