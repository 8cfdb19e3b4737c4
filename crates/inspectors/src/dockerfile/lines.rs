//! Logical lines of a Dockerfile (Dockerfile reference, "Format" and "Here-Documents").
//!
//! Joins continuation lines, drops comments and blank lines, honours `# escape=`. The bodies of
//! here-documents follow their instruction, each line joined by a blank, so that a rule sees them.

use std::ops::ControlFlow;

/// One instruction as text, with the number of its first line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Logical {
    pub(super) text: String,
    pub(super) line: u32,
}

/// Why the text ends too early.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unterminated {
    pub(super) delimiter: String,
    pub(super) line: u32,
}

/// Splits a text. The second part names a here-document without end, whose lines are then read as
/// its body.
pub(super) fn split(text: &str) -> (Vec<Logical>, Option<Unterminated>) {
    let escape = escape_character(text);
    let mut lines = text.lines().zip(1_u32..);
    let mut found = Vec::new();
    let mut current: Option<Logical> = None;
    while let Some((raw, line)) = lines.next() {
        let trimmed = raw.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue; // Also inside a continued instruction, as BuildKit does it.
        }
        let mut logical = current.take().unwrap_or(Logical { text: String::new(), line });
        let (part, continued) = cut_escape(raw, escape);
        append(&mut logical.text, part);
        if continued {
            current = Some(logical);
            continue;
        }
        for document in here_documents(&logical.text) {
            if let ControlFlow::Break(()) = body(&document, &mut lines, &mut logical.text) {
                let line = logical.line;
                found.push(logical);
                return (found, Some(Unterminated { delimiter: document.delimiter, line }));
            }
        }
        found.push(logical);
    }
    found.extend(current);
    (found, None)
}

/// The character of `# escape=` when that directive stands at the top.
fn escape_character(text: &str) -> char {
    for line in text.lines() {
        let Some(comment) = line.trim().strip_prefix('#') else { break };
        let Some((name, value)) = comment.split_once('=') else { break };
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            break;
        }
        if name.eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

/// The line without its continuation mark, and whether it had one. Two marks are no continuation.
fn cut_escape(line: &str, escape: char) -> (&str, bool) {
    match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        Some(rest) if !rest.ends_with(escape) => (rest, true),
        _ => (line, false),
    }
}

/// Joins two lines: blanks around the joint become one, none stay none.
fn append(text: &mut String, part: &str) {
    let trimmed = part.trim();
    let blank = text.ends_with(' ') || part.starts_with([' ', '\t']);
    text.truncate(text.trim_end().len());
    if blank && !text.is_empty() && !trimmed.is_empty() {
        text.push(' ');
    }
    text.push_str(trimmed);
    if !trimmed.is_empty() && part.ends_with([' ', '\t']) {
        text.push(' ');
    }
}

struct HereDocument {
    delimiter: String,
    strip_tabs: bool,
}

/// Here-documents that an `ADD`, `COPY` or `RUN` opens: words `<<EOF`, `<<-EOF`, `3<<"EOF"`.
fn here_documents(text: &str) -> Vec<HereDocument> {
    let mut words = text.split_ascii_whitespace();
    let mut keyword = words.next().unwrap_or("");
    if keyword.eq_ignore_ascii_case("ONBUILD") {
        keyword = words.next().unwrap_or("");
    }
    if !["ADD", "COPY", "RUN"].iter().any(|known| keyword.eq_ignore_ascii_case(known)) {
        return Vec::new();
    }
    words.filter_map(here_document).collect()
}

fn here_document(word: &str) -> Option<HereDocument> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (strip_tabs, name) = match rest.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, rest),
    };
    let end = name.find(['>', '|', ';', '&', ')']).unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name);
    let unquoted = ['"', '\''].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(name);
    let valid = !unquoted.is_empty() && unquoted.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    valid.then(|| HereDocument { delimiter: unquoted.to_owned(), strip_tabs })
}

/// Takes the lines up to the delimiter; `Break` when the text ends before.
fn body<'a>(
    document: &HereDocument,
    lines: &mut impl Iterator<Item = (&'a str, u32)>,
    text: &mut String,
) -> ControlFlow<()> {
    for (line, _) in lines {
        let line = if document.strip_tabs { line.trim_start_matches('\t') } else { line };
        if line == document.delimiter {
            return ControlFlow::Continue(());
        }
        let line = line.trim();
        if !line.is_empty() {
            text.push(' ');
            text.push_str(line);
        }
    }
    ControlFlow::Break(())
}

#[cfg(test)]
mod tests {
    use super::split;

    fn texts(text: &str) -> Vec<(u32, String)> {
        let (lines, end) = split(text);
        assert_eq!(end, None);
        lines.into_iter().map(|line| (line.line, line.text.trim_end().to_owned())).collect()
    }

    #[test]
    fn joins_continued_lines_and_drops_comments_between() {
        assert_eq!(
            texts("FROM a\n\n# note\nRUN apt-get update \\\n  # why\n\n  && true \\  \n  x\nCMD y"),
            [(1, "FROM a".to_owned()), (4, "RUN apt-get update && true x".to_owned()), (9, "CMD y".to_owned())]
        );
        assert_eq!(texts("ENV A=b\\\nc \\\\\nUSER x"), [(1, "ENV A=bc \\\\".to_owned()), (3, "USER x".to_owned())]);
    }

    #[test]
    fn the_escape_directive_counts_only_at_the_top() {
        let top = "# syntax=docker/dockerfile:1\n# escape=`\nCOPY a `\n c:\\\nRUN x";
        assert_eq!(texts(top), [(3, "COPY a c:\\".to_owned()), (5, "RUN x".to_owned())]);
        let late = "# a note\n# escape=`\nCOPY a `\nRUN x";
        assert_eq!(texts(late).len(), 2);
    }

    #[test]
    fn here_documents_belong_to_their_instruction() {
        let text = "RUN <<EOF\napt-get update\n# kept\nEOF\nCOPY <<-\"A\" <<B /x\n\tone\n\tA\ntwo\nB\nUSER x";
        assert_eq!(
            texts(text),
            [
                (1, "RUN <<EOF apt-get update # kept".to_owned()),
                (5, "COPY <<-\"A\" <<B /x one two".to_owned()),
                (10, "USER x".to_owned())
            ]
        );
        assert_eq!(texts("ENV A=<<EOF\nUSER x").len(), 2);
        assert_eq!(texts("RUN cat <<< x\nUSER y").len(), 2);
        assert_eq!(texts("RUN echo $((1<<3))\nUSER y").len(), 2);
    }

    #[test]
    fn a_here_document_without_end_is_told() {
        let (lines, end) = split("FROM a\nRUN <<EOF\nUSER x\n");
        assert_eq!(lines.len(), 2);
        let end = end.unwrap();
        assert_eq!((end.delimiter.as_str(), end.line), ("EOF", 2));
    }
}
