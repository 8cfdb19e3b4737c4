//! `stopgate debug compare | satisfies`: versions and ranges as the matcher sees them, one JSON object per question.

use std::cmp::Ordering;
use std::io::{self, BufRead, Read as _};

use serde::Deserialize;
use serde_json::{Value, json};
use stopgate_version::{Constraint, Format, Version, compare};

use super::timing;
use crate::arguments::{Debug, Global};
use crate::failure::Failure;
use crate::output::to_stdout;

/// A question longer than this is answered with an error.
const LINE_BYTES: u64 = 1 << 20;

pub(crate) fn run(global: &Global, debug: &Debug) -> Result<u8, Failure> {
    match debug {
        Debug::Evaluate { source, deciding, runs } => timing::run(global, source, deciding, *runs),
        Debug::Compare { batch: true, .. } => batch(|line| match serde_json::from_str::<Pair>(line) {
            Ok(pair) => order(&pair.format, &pair.left, &pair.right),
            Err(_) => json!({"error": "expected {\"format\",\"left\",\"right\"}"}),
        }),
        Debug::Satisfies { batch: true, .. } => batch(|line| match serde_json::from_str::<Question>(line) {
            Ok(question) => satisfied(&question.format, &question.version, &question.constraint),
            Err(_) => json!({"error": "expected {\"format\",\"version\",\"constraint\"}"}),
        }),
        Debug::Compare { words, .. } => one(words, "FORMAT A B", order),
        Debug::Satisfies { words, .. } => one(words, "FORMAT VERSION CONSTRAINT", satisfied),
    }
}

#[derive(Deserialize)]
struct Pair {
    format: String,
    left: String,
    right: String,
}

#[derive(Deserialize)]
struct Question {
    format: String,
    version: String,
    constraint: String,
}

fn one(words: &[String], expected: &str, answer: fn(&str, &str, &str) -> Value) -> Result<u8, Failure> {
    let [format, left, right] = words else {
        return Err(Failure::new(format!("{} words were given: expected {expected}", words.len())));
    };
    to_stdout(|out| writeln!(out, "{}", answer(format, left, right)))?;
    Ok(0)
}

/// One answer for each line, also for one that is no question.
fn batch(answer: impl Fn(&str) -> Value) -> Result<u8, Failure> {
    let mut input = io::stdin().lock();
    let mut unreadable = None;
    to_stdout(|out| {
        loop {
            let value = match next_line(&mut input) {
                Ok(None) => return Ok(()),
                Ok(Some(Line::Text(line))) => answer(&line),
                Ok(Some(Line::Unfit(why))) => json!({"error": why}),
                Err(error) => {
                    unreadable = Some(error);
                    return Ok(());
                }
            };
            writeln!(out, "{value}")?;
        }
    })?;
    match unreadable {
        Some(error) => Err(Failure::new(format!("cannot read standard input: {error}"))),
        None => Ok(0),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Text(String),
    /// Why it cannot be a question.
    Unfit(&'static str),
}

/// The next line without its end; `None` at the end of the input.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    if input.take(LINE_BYTES + 1).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.pop_if(|last| *last == b'\n').is_none() && bytes.len() as u64 > LINE_BYTES {
        input.skip_until(b'\n')?;
        return Ok(Some(Line::Unfit("the line is too long")));
    }
    Ok(Some(String::from_utf8(bytes).map_or(Line::Unfit("the line is not UTF-8"), Line::Text)))
}

fn order(format: &str, left: &str, right: &str) -> Value {
    match compare(Format::of_data(format), left, right) {
        Ok(Ordering::Less) => json!({"order": -1}),
        Ok(Ordering::Equal) => json!({"order": 0}),
        Ok(Ordering::Greater) => json!({"order": 1}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

fn satisfied(format: &str, version: &str, constraint: &str) -> Value {
    let format = Format::of_data(format);
    let answer = Constraint::parse(format, constraint)
        .and_then(|constraint| constraint.satisfied_by(&Version::parse(format, version)?));
    match answer {
        Ok(satisfied) => json!({"satisfied": satisfied}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES, Line, next_line};

    #[test]
    fn lines_of_any_kind_come_one_by_one() {
        let longest = "a".repeat(LINE_BYTES as usize);
        let text = [b"x\n\n\xff\n", longest.as_bytes(), b"\n", longest.as_bytes(), b"a\nlast"].concat();
        let mut input = &text[..];
        let lines: Vec<Line> = std::iter::from_fn(|| next_line(&mut input).unwrap()).collect();
        let text = |text: &str| Line::Text(text.to_owned());
        let expected = [
            text("x"),
            text(""),
            Line::Unfit("the line is not UTF-8"),
            text(&longest),
            Line::Unfit("the line is too long"),
            text("last"),
        ];
        assert!(lines == expected);
    }
}
