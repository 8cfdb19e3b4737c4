//! Secret search: Anchore's five default patterns, per line, from the start of the line.
//!
//! Every file of an image up to `limits::SECRET_FILE_BYTES` passes through here, so a vector filter
//! on short literals comes first; only lines that hold one of them are looked at. Values are never
//! kept. Upper and lower case are alike for ASCII letters only.

mod config;
mod filter;
mod patterns;

use memchr::{memchr, memchr_iter, memrchr};

use filter::Filter;
pub use patterns::{SECRET_PATTERNS, SecretPattern};

/// Lines of one content that match one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineHits {
    /// Position in [`SECRET_PATTERNS`].
    pub pattern: usize,
    /// Line numbers, from 1, ascending.
    pub lines: Vec<u32>,
}

/// The search, to be built once.
pub struct SecretSearch {
    filter: Filter,
}

impl Default for SecretSearch {
    fn default() -> Self {
        Self::new()
    }
}

impl SecretSearch {
    /// Prepares the search.
    pub fn new() -> Self {
        Self { filter: Filter::new() }
    }

    /// Hits of all patterns, in the order of [`SECRET_PATTERNS`]. Linear in the content's length.
    pub fn search(&self, content: &[u8]) -> Vec<LineHits> {
        let mut hits: [Vec<u32>; SECRET_PATTERNS.len()] = Default::default();
        let mut position = 0;
        let (mut counted, mut number) = (0, 1_u32);
        while let Some(candidate) = self.filter.next(content, position) {
            let before = content.get(..candidate).unwrap_or_default();
            let after = content.get(candidate..).unwrap_or_default();
            let start = memrchr(b'\n', before).map_or(0, |newline| newline + 1);
            let end = memchr(b'\n', after).map_or(content.len(), |newline| candidate + newline);
            let skipped = content.get(counted..start).unwrap_or_default();
            number = number.saturating_add(memchr_iter(b'\n', skipped).count() as u32);
            counted = start;
            let line = content.get(start..end).unwrap_or_default();
            for (pattern, lines) in SECRET_PATTERNS.iter().zip(&mut hits) {
                if pattern.matches(line) {
                    lines.push(number);
                }
            }
            position = end;
        }
        let hits = hits.into_iter().enumerate().filter(|(_, lines)| !lines.is_empty());
        hits.map(|(pattern, lines)| LineHits { pattern, lines }).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SECRET_PATTERNS, SecretSearch};

    #[test]
    fn searches_have_the_names_that_policies_know() {
        let names: Vec<&str> = SECRET_PATTERNS.iter().map(|pattern| pattern.name).collect();
        assert_eq!(names, stopgate_model::SECRET_SEARCHES);
    }

    fn found(content: &[u8]) -> Vec<(&'static str, Vec<u32>)> {
        let hits = SecretSearch::new().search(content);
        hits.into_iter().map(|hit| (SECRET_PATTERNS[hit.pattern].name, hit.lines)).collect()
    }

    /// The same by the patterns' own text, as Anchore runs them.
    fn by_regex(content: &[u8]) -> Vec<(&'static str, Vec<u32>)> {
        let mut found = Vec::new();
        for pattern in &SECRET_PATTERNS {
            let regex = fancy_regex::Regex::new(&format!("^(?:{})", pattern.text)).unwrap();
            let text = std::str::from_utf8(content).unwrap();
            let lines: Vec<u32> = text
                .split('\n')
                .zip(1..)
                .filter(|(line, _)| regex.is_match(line).unwrap())
                .map(|(_, number)| number)
                .collect();
            if !lines.is_empty() {
                found.push((pattern.name, lines));
            }
        }
        found
    }

    #[test]
    fn finds_each_pattern_with_its_line() {
        let key = "A".repeat(20);
        let secret = "b/".repeat(20);
        let text = format!(
            "x\n{{\"auth\": \"dTpw\"}}\nexport AWS_ACCESS_KEY_ID={key}\naws_secret_access_key = {secret}\n\
             -----BEGIN RSA PRIVATE KEY-----\n\napi-key={key}\nAPI_KEY = {key}"
        );
        assert_eq!(
            found(text.as_bytes()),
            [
                ("AWS_ACCESS_KEY", vec![3]),
                ("AWS_SECRET_KEY", vec![4]),
                ("PRIV_KEY", vec![5]),
                ("DOCKER_AUTH", vec![2]),
                ("API_KEY", vec![7, 8]),
            ]
        );
        assert_eq!(found(text.as_bytes()), by_regex(text.as_bytes()));
    }

    #[test]
    fn near_misses_are_none() {
        let key = "A".repeat(20);
        let secret = "b/".repeat(20);
        for text in [
            format!("aws_access_key_id={key}A"),
            format!("aws_access_key_id: {key}"),
            format!("aws_secret_access_key={secret}"), // The pattern counts the `=` into the run.
            " -----BEGIN PRIVATE KEY-----".to_owned(), // Not at the start of the line.
            "-----BEGIN\nPRIVATE KEY-----".to_owned(),
            "\"auth\": \"\"".to_owned(),
            "\"auth\" : \"x\"".to_owned(),
            format!("api_key={}", "A".repeat(61)),
            format!("api_key\n={key}"),
        ] {
            assert_eq!(found(text.as_bytes()), [], "{text}");
            assert_eq!(by_regex(text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn reads_any_bytes_and_long_lines_in_linear_time() {
        let mut content = b"api_key \xff\x00".repeat(100_000);
        content.extend_from_slice(b"\n-----BEGIN PRIVATE KEY-----\n\xff");
        assert_eq!(found(&content), [("PRIV_KEY", vec![2])]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_patterns_own_text(
            parts in proptest::collection::vec(prop_oneof![
                Just("aws_access_key_id".to_owned()), Just("AWS_SECRET_ACCESS_KEY".to_owned()),
                Just("Api-Key".to_owned()), Just("api_key".to_owned()), Just("\"auth\":".to_owned()),
                Just("-----BEGIN".to_owned()), Just(" PRIVATE KEY-".to_owned()), Just("\n".to_owned()),
                Just("=".to_owned()), Just(" ".to_owned()), Just("\"".to_owned()), Just("-".to_owned()),
                Just("/".to_owned()), Just("k".to_owned()), Just("é".to_owned()),
                "[A-Za-z0-9]{18,22}", "[A-Za-z0-9/+]{38,42}", "[A-Z0-9]{59,62}",
            ], 0..14)
        ) {
            let text = parts.concat();
            prop_assert_eq!(found(text.as_bytes()), by_regex(text.as_bytes()));
        }
    }
}
