//! Content search: what a site looks for in files, per line, from the start of the line (Anchore's
//! `content_search.regexp_match`).
//!
//! One pass tells which entries match somewhere in a file; most files end there. Only for those entries the
//! lines are looked at one by one. Expressions that the linear-time engine does not know are refused before
//! the analysis begins. A content with a zero byte is no text and is not searched; other bytes that are not
//! UTF-8 count as U+FFFD.

use std::collections::BTreeSet;

use memchr::memchr;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use stopgate_model::{Anchors, RustRegex, limits};

/// Why a search cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentSearchError {
    /// An entry is no expression that can be searched for.
    #[error("the content search `{entry}` cannot be used: {reason}")]
    Entry {
        /// The entry, cut to 200 characters.
        entry: String,
        /// What is wrong, one clause.
        reason: String,
    },
    /// More entries than the limit.
    #[error("there are {seen} content searches: expected at most {}", limits::CONTENT_SEARCHES)]
    TooMany {
        /// How many there are.
        seen: u64,
    },
    /// All together are too large to be searched for at once.
    #[error("the content searches are together too large: expected fewer, or shorter ones")]
    TooLarge,
}

/// One thing that is looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentEntry {
    /// Name; empty when the entry is an expression alone.
    pub name: String,
    /// Expression, in the syntax of Python.
    pub pattern: String,
}

impl ContentEntry {
    /// Reads `NAME=regex`, the name of letters, digits and `_ . -`; anything else is an expression alone.
    fn parse(text: &str) -> Self {
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        };
        let (name, pattern) = text.split_once('=').filter(|(name, _)| is_name(name)).unwrap_or(("", text));
        Self { name: name.to_owned(), pattern: pattern.to_owned() }
    }

    /// The entry as it is written.
    pub fn text(&self) -> String {
        if self.name.is_empty() { self.pattern.clone() } else { format!("{}={}", self.name, self.pattern) }
    }
}

/// Lines of one content that match one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentHits {
    /// Position in [`ContentSearch::entries`].
    pub entry: usize,
    /// Line numbers, from 1, ascending.
    pub lines: Vec<u32>,
}

/// The search, to be built once.
#[derive(Debug, Clone)]
pub struct ContentSearch {
    entries: Vec<ContentEntry>,
    /// Which entries match on some line of a whole content.
    anywhere: RegexSet,
    /// For one line each.
    lines: Vec<Regex>,
}

impl ContentSearch {
    /// Prepares the search for entries `NAME=regex` or `regex`. Their order does not matter.
    pub fn new<S: AsRef<str>>(entries: &[S]) -> Result<Self, ContentSearchError> {
        if entries.len() as u64 > limits::CONTENT_SEARCHES {
            return Err(ContentSearchError::TooMany { seen: entries.len() as u64 });
        }
        let entries: BTreeSet<ContentEntry> = entries.iter().map(|text| ContentEntry::parse(text.as_ref())).collect();
        let entries: Vec<ContentEntry> = entries.into_iter().collect();
        let compiled: Vec<(String, Regex)> = entries.iter().map(compile).collect::<Result<_, _>>()?;
        let (anywhere, lines): (Vec<String>, Vec<Regex>) = compiled.into_iter().unzip();
        let anywhere = RegexSetBuilder::new(anywhere)
            .size_limit(SET_BYTES)
            .dfa_size_limit(CACHE_BYTES)
            .build()
            .map_err(|_| ContentSearchError::TooLarge)?;
        Ok(Self { entries, anywhere, lines })
    }

    /// What is looked for, sorted.
    pub fn entries(&self) -> &[ContentEntry] {
        &self.entries
    }

    /// Hits of all entries, in their order; `None` when the content is no text. Linear in its length.
    pub fn search(&self, content: &[u8]) -> Option<Vec<ContentHits>> {
        if memchr(0, content).is_some() {
            return None;
        }
        let text = String::from_utf8_lossy(content);
        let found = self.anywhere.matches(&text);
        let hits = found.iter().filter_map(|entry| {
            let lines = matching_lines(self.lines.get(entry)?, &text);
            (!lines.is_empty()).then_some(ContentHits { entry, lines })
        });
        Some(hits.collect())
    }
}

/// Memory of the search for all entries at once, per thread.
const CACHE_BYTES: usize = 2 << 20;
/// Compiled size of all entries together.
const SET_BYTES: usize = 16 << 20;

/// The expression for a line of a whole content, and the one for a line alone.
fn compile(entry: &ContentEntry) -> Result<(String, Regex), ContentSearchError> {
    let refuse = |reason: String| ContentSearchError::Entry { entry: entry.text().chars().take(200).collect(), reason };
    if entry.pattern.is_empty() {
        return Err(refuse("it is empty, expected `NAME=regex` or `regex`".to_owned()));
    }
    let on_line = RustRegex::of_python(&entry.pattern, Anchors::Text);
    if on_line.verbose {
        return Err(refuse("expressions with comments and free blanks are not supported".to_owned()));
    }
    // It must stand alone, else `a)(b` would become valid inside our group.
    build(&on_line.text).map_err(&refuse)?;
    let line = build(&format!("{}(?:{})", Anchors::Text.start(), on_line.text)).map_err(&refuse)?;
    let anywhere = format!("{}(?:{})", Anchors::Line.start(), RustRegex::of_python(&entry.pattern, Anchors::Line).text);
    Ok((anywhere, line))
}

fn build(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern)
        .size_limit(limits::REGEX_BYTES as usize)
        .dfa_size_limit(limits::REGEX_BYTES as usize)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(size) => format!("it compiles to more than {size} bytes"),
        error => {
            // The last line says what is wrong, the ones before it where.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default();
            reason.trim_start_matches("error: ").to_owned()
        }
    })
}

fn matching_lines(regex: &Regex, text: &str) -> Vec<u32> {
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n').zip(1..);
    let matching = lines.filter(|(line, _)| regex.is_match(line.strip_suffix('\r').unwrap_or(line)));
    matching.map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests;
