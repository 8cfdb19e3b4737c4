//! `stopgate debug compare | satisfies`: versions and ranges as the matcher sees them, one JSON object per question.

use std::cmp::Ordering;
use std::io::{BufRead as _, BufWriter, Write};

use serde::Deserialize;
use serde_json::{Value, json};
use stopgate_version::{Constraint, Format, Version, compare};

use crate::arguments::Debug;
use crate::failure::Failure;

/// A question longer than this is answered with an error.
const LINE_BYTES: usize = 1 << 20;

pub(crate) fn run(debug: &Debug) -> Result<u8, Failure> {
    match debug {
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
    let _ = writeln!(std::io::stdout().lock(), "{}", answer(format, left, right));
    Ok(0)
}

fn batch(answer: impl Fn(&str) -> Value) -> Result<u8, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let value = if line.len() > LINE_BYTES { json!({"error": "the line is too long"}) } else { answer(&line) };
        writeln!(out, "{value}").map_err(|error| Failure::new(format!("cannot write to standard output: {error}")))?;
    }
    out.flush().map_err(|error| Failure::new(format!("cannot write to standard output: {error}")))?;
    Ok(0)
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
