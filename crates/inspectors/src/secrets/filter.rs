//! The filter in front of the patterns: which positions of a content deserve a look.
//!
//! Each pattern holds one of four short literals (`_key`, `-key`, `-beg`, `"aut`), upper and lower
//! case alike: 32 spellings, which fit one pass of the vectorised multi-literal search of
//! `aho-corasick` (Teddy). Where the processor has no such search, the automaton does the same.

use aho_corasick::{AhoCorasick, Input, packed};

const STEMS: [&[u8; 4]; 4] = [b"_key", b"-key", b"-beg", b"\"aut"];

/// What may stand at a stem: the word of a pattern around it, as (bytes before the stem, word).
const WORDS: [(usize, &[u8]); 6] = [
    (3, b"api_key"),
    (3, b"api-key"),
    (10, b"aws_access_key_id"),
    (17, b"aws_secret_access_key"),
    (0, b"-begin"),
    (0, b"\"auth\":"),
];

pub(super) enum Filter {
    Packed(packed::Searcher),
    Automaton(Option<AhoCorasick>),
}

impl Filter {
    pub(super) fn new() -> Self {
        let spellings: Vec<Vec<u8>> = STEMS.iter().flat_map(|stem| spellings(*stem)).collect();
        let mut builder = packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder();
        match builder.extend(&spellings).build() {
            Some(searcher) => Self::Packed(searcher),
            None => Self::Automaton(AhoCorasick::new(&spellings).ok()),
        }
    }

    /// The first position from `from` on at which a word of a pattern may be matched.
    pub(super) fn next(&self, content: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let stem = match self {
                Self::Packed(searcher) => {
                    searcher.find_in(content, aho_corasick::Span { start: from, end: content.len() })?.start()
                }
                Self::Automaton(Some(automaton)) => automaton.find(Input::new(content).range(from..))?.start(),
                // No automaton: every line is looked at, from its first byte on.
                Self::Automaton(None) => return (from < content.len()).then_some(from),
            };
            if WORDS.iter().any(|(before, word)| stands(content, stem, *before, word)) {
                return Some(stem);
            }
            from = stem + 1;
        }
    }
}

fn stands(content: &[u8], stem: usize, before: usize, word: &[u8]) -> bool {
    let Some(start) = stem.checked_sub(before) else { return false };
    content.get(start..start + word.len()).is_some_and(|seen| seen.eq_ignore_ascii_case(word))
}

fn spellings(stem: &[u8]) -> Vec<Vec<u8>> {
    let mut spellings = vec![Vec::new()];
    for byte in stem {
        let mut cases = vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        cases.dedup();
        spellings = spellings
            .iter()
            .flat_map(|start| cases.iter().map(|case| start.iter().copied().chain([*case]).collect()))
            .collect();
    }
    spellings
}
