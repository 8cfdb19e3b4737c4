//! Which paths of a tree contain which texts: one pass over the tree for all rules of a policy that look for names,
//! so that a thousand such rules cost little more than one.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use stopgate_model::FileIndex;

use crate::document::policy::RuleSet;

/// Texts of one policy that are looked for together.
const MOST_TEXTS: usize = 20_000;
/// Paths that are remembered for one text; one that more paths contain does not narrow a search.
const MOST_PATHS: usize = 4_096;

/// The texts that rules look for in paths.
#[derive(Debug, Default)]
pub(crate) struct PathTexts {
    automaton: Option<AhoCorasick>,
    numbers: HashMap<String, usize>,
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
        let mut builder = AhoCorasick::builder();
        let automaton = builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&texts).ok();
        Self { automaton, numbers }
    }

    /// Searches a tree.
    pub(crate) fn search(&self, files: &FileIndex) -> PathHits {
        let mut hits = vec![Hit::Few(Vec::new()); self.numbers.len()];
        let Some(automaton) = &self.automaton else { return PathHits(Vec::new()) };
        for (position, entry) in files.iter().enumerate() {
            for found in automaton.find_overlapping_iter(entry.path) {
                if let Some(hit) = hits.get_mut(found.pattern().as_usize()) {
                    hit.add(position as u32);
                }
            }
        }
        PathHits(hits)
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
