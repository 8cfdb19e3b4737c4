//! Which paths of a tree contain which texts: one pass over the tree for all rules of a policy that look for names,
//! so that a thousand such rules cost little more than one.

use std::collections::HashMap;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, PatternID, dfa, nfa::contiguous};
use stopgate_model::FileIndex;

use crate::document::policy::RuleSet;

/// Texts of one policy that are looked for together.
const MOST_TEXTS: usize = 20_000;
/// Paths that are remembered for one text; one that more paths contain does not narrow a search.
const MOST_PATHS: usize = 4_096;

/// Texts, and bytes of them, up to which the faster automaton is small enough.
const MOST_FAST: usize = 100;
const MOST_FAST_BYTES: usize = 8_192;

/// The texts that rules look for in paths.
#[derive(Debug, Default)]
pub(crate) struct PathTexts {
    automaton: Option<Search>,
    numbers: HashMap<String, usize>,
}

#[derive(Debug)]
enum Search {
    Fast(dfa::DFA),
    Small(contiguous::NFA),
}

impl Search {
    fn new(texts: &[&str]) -> Option<Self> {
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        if texts.len() <= MOST_FAST && bytes <= MOST_FAST_BYTES {
            return dfa::Builder::new().ascii_case_insensitive(true).build(texts).ok().map(Self::Fast);
        }
        contiguous::Builder::new().ascii_case_insensitive(true).build(texts).ok().map(Self::Small)
    }
}

impl PathTexts {
    /// Collects the texts of every rule.
    pub(crate) fn new(rule_sets: &[RuleSet]) -> Self {
        let triggers = rule_sets.iter().flat_map(|set| &set.rules).filter_map(|rule| rule.trigger());
        let mut numbers = HashMap::new();
        let mut texts: Vec<&str> = Vec::new();
        for text in triggers.flat_map(|trigger| trigger.path_texts().unwrap_or_default()) {
            if !numbers.contains_key(text) {
                numbers.insert(text.clone(), texts.len());
                texts.push(text);
            }
        }
        if texts.is_empty() || texts.len() > MOST_TEXTS {
            return Self::default();
        }
        Self { automaton: Search::new(&texts), numbers }
    }

    /// Searches a tree.
    pub(crate) fn search(&self, files: &FileIndex) -> PathHits {
        match &self.automaton {
            Some(Search::Fast(automaton)) => search(automaton, files, self.numbers.len()),
            Some(Search::Small(automaton)) => search(automaton, files, self.numbers.len()),
            None => PathHits(Vec::new()),
        }
    }

    /// Positions of the paths that contain one of these texts, sorted. `None`: every path must be tried.
    pub(crate) fn positions(&self, hits: &PathHits, texts: &[String]) -> Option<Vec<u32>> {
        let mut positions = Vec::new();
        for text in texts {
            match hits.0.get(*self.numbers.get(text)?)? {
                Hit::Few(few) => positions.extend(few),
                Hit::Many => return None,
            }
        }
        positions.sort_unstable();
        positions.dedup();
        Some(positions)
    }
}

/// Searches all paths. They are sorted, so what a path shares with the one before is not read again.
fn search(automaton: &impl Automaton, files: &FileIndex, texts: usize) -> PathHits {
    let mut hits = vec![Hit::Few(Vec::new()); texts];
    let Ok(start) = automaton.start_state(Anchored::No) else { return PathHits(Vec::new()) };
    let mut read = Read { folders: Vec::new(), found: Vec::new(), path: "" };
    for (position, entry) in files.iter().enumerate() {
        read.path(automaton, start, entry.path);
        for pattern in &read.found {
            if let Some(hit) = hits.get_mut(pattern.as_usize()) {
                hit.add(position as u32);
            }
        }
    }
    PathHits(hits)
}

/// What is known of the folders of the path that was read last.
struct Read<'f> {
    /// Behind each slash: how many bytes were read, the state, how many of `found` were found.
    folders: Vec<(usize, StateID, usize)>,
    found: Vec<PatternID>,
    path: &'f str,
}

impl<'f> Read<'f> {
    fn path(&mut self, automaton: &impl Automaton, start: StateID, path: &'f str) {
        let shared = shared(path.as_bytes(), self.path.as_bytes());
        while self.folders.last().is_some_and(|(length, ..)| *length > shared) {
            self.folders.pop();
        }
        let (mut length, mut state, found) = self.folders.last().copied().unwrap_or((0, start, 0));
        self.found.truncate(found);
        for byte in path.bytes().skip(length) {
            length += 1;
            state = automaton.next_state(Anchored::No, state, byte);
            if automaton.is_special(state) && automaton.is_match(state) {
                self.found.extend((0..automaton.match_len(state)).map(|index| automaton.match_pattern(state, index)));
            }
            if byte == b'/' {
                self.folders.push((length, state, self.found.len()));
            }
        }
        self.path = path;
    }
}

/// How many bytes two paths begin with alike, eight at a time: neighbours in a tree share most of theirs.
fn shared(own: &[u8], before: &[u8]) -> usize {
    let (whole, _) = own.as_chunks::<8>();
    let (other, _) = before.as_chunks::<8>();
    let mut length = 0;
    for (own, before) in whole.iter().zip(other) {
        let differ = u64::from_le_bytes(*own) ^ u64::from_le_bytes(*before);
        if differ != 0 {
            return length + differ.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = own.iter().zip(before).skip(length);
    length + rest.take_while(|(own, before)| own == before).count()
}

/// What a tree has of each text.
#[derive(Debug)]
pub(crate) struct PathHits(Vec<Hit>);

#[derive(Debug, Clone)]
enum Hit {
    Few(Vec<u32>),
    Many,
}

impl Hit {
    fn add(&mut self, position: u32) {
        match self {
            Self::Few(few) if few.last() == Some(&position) => {}
            Self::Few(few) if few.len() < MOST_PATHS => few.push(position),
            _ => *self = Self::Many,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use stopgate_model::{FileEntry, FileIndexBuilder, FileKind};

    use super::{MOST_FAST, PathTexts, Search, shared};

    proptest! {
        #[test]
        fn what_two_paths_share(own in "[ab]{0,30}", before in "[ab]{0,30}", start in "[a-d]{0,40}") {
            for (own, before) in [(own.clone(), before.clone()), (format!("{start}{own}"), format!("{start}{before}"))] {
                let expected = own.bytes().zip(before.bytes()).take_while(|(own, before)| own == before).count();
                prop_assert_eq!(shared(own.as_bytes(), before.as_bytes()), expected);
            }
        }

        #[test]
        fn finds_each_text_in_each_path(
            paths in proptest::collection::vec("(/[ab]{1,2}){1,4}", 1..30),
            texts in proptest::collection::btree_set("[abB/]{1,4}", 1..8),
            many in any::<bool>(),
        ) {
            let mut files = FileIndexBuilder::default();
            for path in &paths {
                let (kind, mode) = (FileKind::Regular, 0o644);
                files.push(&FileEntry { path, kind, mode, uid: 0, gid: 0, size: 1, sha256: None, link: None, layer: 0 });
            }
            let files = files.finish();
            let texts: Vec<String> = texts.into_iter().map(|text| text.to_ascii_lowercase()).collect();
            let mut own: Vec<String> = texts.clone();
            own.extend((0..if many { MOST_FAST } else { 0 }).map(|number| format!("never{number}")));
            own.sort();
            own.dedup();
            let numbers: HashMap<String, usize> = own.iter().cloned().zip(0..).collect();
            let words: Vec<&str> = own.iter().map(String::as_str).collect();
            let search = PathTexts { automaton: Search::new(&words), numbers };
            let hits = search.search(&files);
            for text in &texts {
                let expected: Vec<u32> =
                    files.iter().zip(0..).filter(|(entry, _)| entry.path.contains(text.as_str())).map(|(_, at)| at).collect();
                prop_assert_eq!(search.positions(&hits, std::slice::from_ref(text)), Some(expected));
            }
        }
    }
}
