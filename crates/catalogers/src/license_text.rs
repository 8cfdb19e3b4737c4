//! Licence texts to SPDX identifiers: which licences a file holds, told by its words.
//!
//! Every known text is cut into runs of three words. A licence is found when nearly all of its runs occur;
//! of similar licences the one with the most runs wins, and what it explains is not explained twice. As in
//! syft the answer only counts when known licences explain at least three quarters of the words; else the
//! text is named by its digest. Addresses and one-line references are not recognised.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};
use stopgate_model::{License, LicenseKind};

use crate::license;
use crate::license_corpus::{CORPUS, Corpus, HEAD, Text, number_of};
use crate::license_words::{RUN, hash_word, runs_of, words_of};

/// The licences of a licence file, concluded from its text; the file's digest when it is none we know.
/// Locations are left to the caller.
pub(crate) fn licenses_of(content: &[u8]) -> Vec<License> {
    let concluded = |value: String, spdx: String| License {
        value,
        spdx,
        kind: LicenseKind::Concluded,
        urls: Vec::new(),
        locations: Vec::new(),
    };
    let ids = identify(content);
    if ids.is_empty() {
        return vec![concluded(format!("sha256:{}", hex::encode(Sha256::digest(content))), String::new())];
    }
    ids.into_iter().map(|id| concluded(id.to_owned(), license::expression_of(id).unwrap_or_default())).collect()
}

/// Whether a file of this name holds a licence, by syft's rule.
pub(crate) fn is_license_file(name: &str) -> bool {
    const STARTS: [&str; 7] = ["licence", "license", "copying", "notice", "unlicense", "unlicence", "mit-licen"];
    const WHOLE: [&str; 4] = ["al2.0", "lgpl2.1", "mit_license", "mit_licence"];
    let begins = |start: &str| name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    STARTS.iter().any(|start| begins(start)) || WHOLE.iter().any(|whole| name.eq_ignore_ascii_case(whole))
}

/// SPDX identifiers of the licences that explain a text, in the order in which they begin; none when they
/// explain less than three quarters of it.
pub(crate) fn identify(content: &[u8]) -> Vec<&'static str> {
    let words = words_of(content.get(..LONGEST_TEXT).unwrap_or(content));
    let corpus = &*CORPUS;
    let rows: Vec<&[u64]> = runs_of(&words).map(|run| corpus.rows_of(run)).collect();
    let mut matches: Vec<Match<'_>> = Vec::new();
    for (number, places) in places_of(&rows, corpus) {
        if let Some(text) = corpus.texts.get(number) {
            add_matches(text, &places, &words, corpus, &mut matches);
        }
    }
    // A match that is nearly complete and long explains best.
    matches.sort_by_key(|one| (std::cmp::Reverse(one.score()), one.text.runs, one.text.id, one.start));
    let mut explained = Explained::new(&words);
    for one in &matches {
        explained.add(one);
    }
    explained.finish()
}

/// Longer files are not licences; their beginning decides.
const LONGEST_TEXT: usize = 512 << 10;
/// A copyright line this many words before a match belongs to it.
const COPYRIGHT_WORDS: usize = 50;
/// Whether a count is at least this percentage of some runs.
const fn is_most(count: usize, runs: u32, percent: usize) -> bool {
    count * 100 >= runs as usize * percent
}

impl Text {
    /// Whether so many of its runs are enough. Notices are short and told in more ways than licences.
    const fn is_most(&self, count: usize) -> bool {
        is_most(count, self.runs, if self.needs.is_some() { 75 } else { 80 })
    }
}

/// Where the runs of each text are, as word and row of the corpus; texts with too few are left out.
fn places_of(rows: &[&[u64]], corpus: &Corpus) -> Vec<(usize, Vec<(usize, u64)>)> {
    let mut counts = vec![0_u32; corpus.texts.len()];
    for row in rows.iter().copied().flatten() {
        if let Some(count) = counts.get_mut(number_of(*row)) {
            *count += 1;
        }
    }
    let mut ranks = vec![usize::MAX; corpus.texts.len()];
    let mut places = Vec::new();
    for (number, (count, text)) in counts.iter().zip(&corpus.texts).enumerate() {
        if *count > 0 && text.is_most(*count as usize) {
            if let Some(rank) = ranks.get_mut(number) {
                *rank = places.len();
            }
            places.push((number, Vec::with_capacity(*count as usize)));
        }
    }
    for (at, rows) in rows.iter().enumerate() {
        for row in *rows {
            let rank = ranks.get(number_of(*row)).copied().unwrap_or(usize::MAX);
            if let Some((_, places)) = places.get_mut(rank) {
                places.push((at, *row));
            }
        }
    }
    places
}

/// A text in the words of a file.
struct Match<'a> {
    text: &'a Text,
    start: usize,
    end: usize,
    /// Different runs of the text between them.
    runs: usize,
    places: Vec<usize>,
}

impl Match<'_> {
    /// Runs, weighted by how much of the text they are and how much of the words between them they explain.
    fn score(&self) -> u64 {
        (self.runs * self.runs) as u64 * 1000 / u64::from(self.text.runs).max((self.end - self.start) as u64).max(1)
    }
}

/// Adds each place where most runs of a text lie close together.
fn add_matches<'a>(
    text: &'a Text,
    places: &[(usize, u64)],
    words: &[u64],
    corpus: &Corpus,
    matches: &mut Vec<Match<'a>>,
) {
    let mut parts = vec![places];
    while let Some(places) = parts.pop() {
        if !text.is_most(places.len()) {
            continue;
        }
        let Some((first, last, runs)) = best_window(text, places) else { continue };
        let Some(window) = places.get(first..=last).filter(|_| text.is_most(runs)) else { continue };
        if let (Some((start, _)), Some((end, _))) = (window.first(), window.last())
            && text.needs.is_none_or(|word| words.get(*start..end + RUN).is_some_and(|words| words.contains(&word)))
            && has_clauses(text, window, corpus)
        {
            let places = window.iter().map(|(at, _)| *at).collect();
            matches.push(Match { text, start: *start, end: end + RUN, runs, places });
        }
        // Other copies, before and behind the best one.
        parts.extend([places.get(..first), places.get(last + 1..)].into_iter().flatten());
    }
}

/// Whether a text that is another one with a clause more has something of that clause.
fn has_clauses(text: &Text, window: &[(usize, u64)], corpus: &Corpus) -> bool {
    text.extends.iter().all(|other| {
        let body = window.iter().map(|(_, row)| *row).filter(|row| row & HEAD == 0);
        let more: HashSet<u64> = body.filter(|row| !corpus.has(other.number, *row)).collect();
        is_most(more.len(), other.more, 45)
    })
}

/// The stretch, little longer than the text, that has the most different runs of it: positions of its
/// first and last place, and how many runs.
fn best_window(text: &Text, places: &[(usize, u64)]) -> Option<(usize, usize, usize)> {
    let longest = text.words as usize * 5 / 4 + 40;
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let mut best: Option<(usize, usize, usize)> = None;
    let mut first = 0;
    for (last, (at, row)) in places.iter().enumerate() {
        *seen.entry(*row).or_default() += 1;
        while let Some((start, old)) = places.get(first).filter(|(start, _)| at - start > longest) {
            debug_assert!(start < at);
            if let Some(count) = seen.get_mut(old) {
                *count -= 1;
                if *count == 0 {
                    seen.remove(old);
                }
            }
            first += 1;
        }
        // A later stretch must be better, else it is another copy.
        if best.is_none_or(|(_, _, runs)| seen.len() > runs) {
            best = Some((first, last, seen.len()));
        }
    }
    let (mut first, last, runs) = best?;
    // What occurs again later is no part of the beginning.
    let mut left: HashMap<u64, u32> = HashMap::new();
    for (_, row) in places.get(first..=last)? {
        *left.entry(*row).or_default() += 1;
    }
    while let Some((_, row)) = places.get(first)
        && let Some(count) = left.get_mut(row).filter(|count| **count > 1)
    {
        *count -= 1;
        first += 1;
    }
    Some((first, last, runs))
}

/// Which words of a file known licences explain.
struct Explained<'a> {
    words: &'a [u64],
    taken: Vec<bool>,
    found: Vec<(usize, &'static str)>,
}

impl<'a> Explained<'a> {
    fn new(words: &'a [u64]) -> Self {
        Self { words, taken: vec![false; words.len()], found: Vec::new() }
    }

    /// Takes the words of a match unless better ones have taken most of them.
    fn add(&mut self, one: &Match<'_>) {
        let free = one.places.iter().filter(|at| self.taken.get(**at).is_some_and(|taken| !taken)).count();
        if free * 100 < one.places.len() * 60 {
            return;
        }
        if let Some(range) = self.taken.get_mut(one.start..one.end.min(self.words.len())) {
            range.fill(true);
        }
        self.found.push((one.start, one.text.id));
    }

    fn finish(mut self) -> Vec<&'static str> {
        self.take_copyright_lines();
        let taken = self.taken.iter().filter(|taken| **taken).count();
        if taken == 0 || taken * 100 < self.words.len() * 75 {
            return Vec::new();
        }
        self.found.sort_unstable();
        let mut ids: Vec<_> = self.found.into_iter().map(|(_, id)| id).collect();
        let mut seen = HashSet::new();
        ids.retain(|id| seen.insert(*id));
        ids
    }

    fn take_copyright_lines(&mut self) {
        let copyright = hash_word(b"copyright");
        let mut free_since = 0;
        for at in 0..self.words.len() {
            if !self.taken.get(at).copied().unwrap_or(false) {
                continue;
            }
            let from = free_since.max(at.saturating_sub(COPYRIGHT_WORDS));
            let line = self.words.get(from..at).and_then(|before| before.iter().position(|word| *word == copyright));
            if let Some(range) = line.and_then(|start| self.taken.get_mut(from + start..at)) {
                range.fill(true);
            }
            free_since = at + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{identify, is_license_file, licenses_of};

    fn text(id: &str) -> String {
        spdx::license_id(id).unwrap().text().to_owned()
    }

    #[test]
    fn knows_the_usual_texts_by_their_own_words() {
        for (id, expected) in [
            ("MIT", "MIT"),
            ("MIT-0", "MIT-0"),
            ("ISC", "ISC"),
            ("BSD-2-Clause", "BSD-2-Clause"),
            ("BSD-3-Clause", "BSD-3-Clause"),
            ("BSD-4-Clause", "BSD-4-Clause"),
            ("Apache-1.1", "Apache-1.1"),
            ("Apache-2.0", "Apache-2.0"),
            ("GPL-2.0-only", "GPL-2.0"),
            ("GPL-3.0-only", "GPL-3.0"),
            ("LGPL-2.0-only", "LGPL-2.0"),
            ("LGPL-2.1-only", "LGPL-2.1"),
            ("AGPL-3.0-only", "AGPL-3.0"),
            ("MPL-2.0", "MPL-2.0"),
            ("EPL-1.0", "EPL-1.0"),
            ("EPL-2.0", "EPL-2.0"),
            ("CDDL-1.0", "CDDL-1.0"),
            ("CC0-1.0", "CC0-1.0"),
            ("Unlicense", "Unlicense"),
            ("Zlib", "Zlib"),
            ("BSL-1.0", "BSL-1.0"),
            ("0BSD", "0BSD"),
            ("PSF-2.0", "PSF-2.0"),
        ] {
            assert_eq!(identify(text(id).as_bytes()), [expected], "{id}");
        }
    }

    #[test]
    fn a_text_behind_another_is_found_too() {
        // As the SPDX list prints it: the lesser licence, then the general one that it refers to.
        assert_eq!(identify(text("LGPL-3.0-only").as_bytes()), ["LGPL-3.0", "GPL-3.0"]);
    }

    #[test]
    fn names_and_years_do_not_matter_but_other_text_does() {
        let filled = text("BSD-3-Clause")
            .replace("<year> <owner>", "2009-2024 The Example Authors, Inc.")
            .replace("the copyright holder nor", "Example Inc. nor");
        assert_eq!(identify(filled.as_bytes()), ["BSD-3-Clause"]);
        let both = format!("{}\n\n----\nFor the parser:\n{}", text("Apache-2.0"), text("MIT"));
        assert_eq!(identify(both.as_bytes()), ["Apache-2.0", "MIT"]);
        let drowned = format!("{} {}", text("MIT"), "something else entirely is written here ".repeat(40));
        assert!(identify(drowned.as_bytes()).is_empty());
        // The JSON licence is this one and a sentence more.
        let dated = text("MIT").replace("<year>", "2002");
        assert_eq!(identify(dated.as_bytes()), ["MIT"]);
        let license = &licenses_of(b"All rights reserved.")[0];
        assert!(license.value.starts_with("sha256:") && license.spdx.is_empty());
        assert_eq!(licenses_of(text("GPL-2.0-only").as_bytes())[0].spdx, "GPL-2.0-only");
    }

    #[test]
    fn what_each_author_fills_in_does_not_matter() {
        let clause = text("BSD-3-Clause")
            .replace("the copyright holder nor the names of its", "the Example Developers nor the names of any")
            .replace("COPYRIGHT HOLDERS", "EXAMPLE DEVELOPERS");
        assert_eq!(identify(clause.as_bytes()), ["BSD-3-Clause"]);
        let other = text("BSD-3-Clause").replace(
            "Neither the name of the copyright holder nor the names of its contributors may",
            "The name of the author may not",
        );
        assert_eq!(identify(other.as_bytes()), ["BSD-3-Clause"]);
        let x = text("HPND-sell-variant").replace("OpenVision", "Jane Doe").replace("OPENVISION", "JANE DOE AND SONS");
        assert_eq!(identify(x.as_bytes()), ["HPND-sell-variant"]);
        let signed = format!("Written by many.\n(c) 1998, 1999 Jane Doe <jane@example.com>\n\n{}", text("ISC"));
        assert_eq!(identify(signed.as_bytes()), ["ISC"]);
    }

    #[test]
    fn every_copy_is_found_whole() {
        // The first copy has fewer of the words than the second.
        let first = text("BSD-3-Clause").replace("the names of its", "the names of any");
        let twice = format!("{first}\n----\n{}\n----\n{}", text("MIT"), text("BSD-3-Clause"));
        assert_eq!(identify(twice.as_bytes()), ["BSD-3-Clause", "MIT"]);
    }

    #[test]
    fn notices_name_their_version_and_whether_later_ones_do() {
        let notice = |id: &str| {
            let text = text(id);
            let start = text.rfind("This program is free").or_else(|| text.rfind("This library is free")).unwrap();
            let end = start + text[start..].find("for more details.").unwrap() + "for more details.".len();
            text[start..end].to_owned()
        };
        for id in ["GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "AGPL-3.0"] {
            let words = notice(&format!("{id}-only"));
            assert_eq!(identify(words.as_bytes()), [format!("{id}-or-later")]);
            let one = words.replace("either version", "version").replace(", or (at your option) any later version", "");
            assert_eq!(identify(one.as_bytes()), [format!("{id}-only")]);
            let called = words.replace("This program", "Example").replace("This library", "The example");
            assert_eq!(identify(called.as_bytes()), [format!("{id}-or-later")]);
        }
        let lesser = notice("GPL-3.0-only").replace("General", "Lesser General");
        assert_eq!(identify(lesser.as_bytes()), ["LGPL-3.0-or-later"]);
        assert!(identify(notice("GPL-2.0-only").replace("version 2", "version 4").as_bytes()).is_empty());
    }

    #[test]
    fn license_files_are_known_by_name() {
        for name in ["LICENSE", "license.md", "Licence-MIT", "COPYING.LESSER", "NOTICE", "UNLICENSE", "MIT-LICENSE.txt"]
        {
            assert!(is_license_file(name), "{name}");
        }
        for name in ["LIC", "README.md", "mylicense", ""] {
            assert!(!is_license_file(name), "{name}");
        }
    }
}
