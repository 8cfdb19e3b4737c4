//! Licence texts to SPDX identifiers: which licences a file holds, told by its words.
//!
//! Every known text is cut into runs of three words. A licence is found when nearly all of its runs occur;
//! of similar licences the one with the most runs wins, and what it explains is not explained twice. As in
//! syft the answer only counts when known licences explain at least three quarters of the words; else the
//! text is named by its digest. Addresses and one-line references are not recognised.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use stopgate_model::{License, LicenseKind};

use crate::license;

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
    let mut counts = vec![0_u32; corpus.texts.len()];
    let rows: Vec<&[u64]> = runs_of(&words).map(|run| corpus.rows_of(run)).collect();
    let own = own_runs(&rows, corpus.texts.len());
    for row in rows.iter().copied().flatten() {
        if let Some(count) = counts.get_mut(number_of(*row)) {
            *count += 1;
        }
    }
    let likely: Vec<usize> = counts
        .iter()
        .zip(&corpus.texts)
        .enumerate()
        .filter(|(_, (count, text))| **count > 0 && is_most(**count as usize, text.runs, 85))
        // A licence that is another one with a clause more needs that clause.
        .filter(|(number, (_, text))| is_most(own.get(*number).copied().unwrap_or(0), text.own, 20))
        .map(|(number, _)| number)
        .collect();
    let places = places_of(&rows, &likely, corpus.texts.len());
    let mut likely: Vec<_> = likely
        .iter()
        .zip(&places)
        .filter_map(|(number, places)| Some((different_rows(places), corpus.texts.get(*number)?, places)))
        .filter(|(different, text, _)| is_most(*different, text.runs, 85))
        .collect();
    // The most runs first; of equals the shorter text, which then is the better match.
    likely.sort_by_key(|(different, text, _)| (std::cmp::Reverse(*different), text.runs, text.id));
    let mut explained = Explained::new(&words);
    for (_, text, places) in likely {
        explained.add(text, places);
    }
    explained.finish()
}

/// How many different runs are there that only one text has, for each text.
fn own_runs(rows: &[&[u64]], texts: usize) -> Vec<usize> {
    let mut found: Vec<u64> = rows.iter().filter_map(|rows| single(rows)).collect();
    found.sort_unstable();
    found.dedup();
    let mut own = vec![0; texts];
    for row in found {
        if let Some(count) = own.get_mut(number_of(row)) {
            *count += 1;
        }
    }
    own
}

/// The row of a run that only one text has, in its body.
fn single(rows: &[u64]) -> Option<u64> {
    match rows {
        [row] if row & HEAD == 0 => Some(*row),
        _ => None,
    }
}

fn different_rows(places: &[(usize, u64)]) -> usize {
    let mut rows: Vec<u64> = places.iter().map(|(_, row)| *row).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.len()
}

/// Whether a count is at least this percentage of a text's runs.
const fn is_most(count: usize, runs: u32, percent: usize) -> bool {
    count * 100 >= runs as usize * percent
}

/// Where the runs of each likely text are: position in the words and the corpus row.
fn places_of(rows: &[&[u64]], likely: &[usize], texts: usize) -> Vec<Vec<(usize, u64)>> {
    let mut rank = vec![u8::MAX; texts];
    for (position, number) in likely.iter().enumerate() {
        if let Some(rank) = rank.get_mut(*number) {
            *rank = position as u8;
        }
    }
    let mut places = vec![Vec::new(); likely.len()];
    for (at, rows) in rows.iter().enumerate() {
        for row in *rows {
            let rank = rank.get(number_of(*row)).map_or(usize::MAX, |rank| usize::from(*rank));
            if let Some(places) = places.get_mut(rank) {
                places.push((at, *row));
            }
        }
    }
    places
}

/// Longer files are not licences; their beginning decides.
const LONGEST_TEXT: usize = 512 << 10;
/// Words that may differ inside a match: names, years, an added clause.
const WIDEST_GAP: usize = 12;
/// A copyright line this many words before a match belongs to it.
const COPYRIGHT_WORDS: usize = 50;

/// Which words of a text known licences explain.
struct Explained<'a> {
    words: &'a [u64],
    taken: Vec<bool>,
    found: Vec<(usize, &'static str)>,
}

impl<'a> Explained<'a> {
    fn new(words: &'a [u64]) -> Self {
        Self { words, taken: vec![false; words.len()], found: Vec::new() }
    }

    /// Takes the words of a text unless other texts have taken too many of them.
    fn add(&mut self, text: &Text, places: &[(usize, u64)]) {
        let free = |at: usize| self.taken.get(at).is_some_and(|taken| !taken);
        let places: Vec<usize> = places.iter().map(|(at, _)| *at).filter(|at| free(*at)).collect();
        if !is_most(places.len(), text.runs, 60) {
            return;
        }
        let mut previous: Option<usize> = None;
        for at in &places {
            let from = previous.filter(|end| at.saturating_sub(*end) <= WIDEST_GAP).unwrap_or(*at);
            if let Some(range) = self.taken.get_mut(from..(at + RUN).min(self.words.len())) {
                range.fill(true);
            }
            previous = Some(at + RUN);
        }
        if let Some(first) = places.first() {
            self.found.push((*first, text.id));
        }
    }

    fn finish(mut self) -> Vec<&'static str> {
        self.take_copyright_lines();
        let taken = self.taken.iter().filter(|taken| **taken).count();
        if taken == 0 || taken * 100 < self.words.len() * 75 {
            return Vec::new();
        }
        self.found.sort_unstable();
        let mut ids: Vec<_> = self.found.into_iter().map(|(_, id)| id).collect();
        let mut seen = std::collections::HashSet::new();
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

/// Words per run.
const RUN: usize = 3;

/// The text that a row of the corpus belongs to.
const fn number_of(row: u64) -> usize {
    (row & 0x7fff) as usize
}

/// Set in rows of a text's first words, which are its name and whose it is.
const HEAD: u64 = 0x8000;
const HEAD_WORDS: usize = 30;

fn runs_of(words: &[u64]) -> impl Iterator<Item = u64> + '_ {
    words.windows(RUN).map(|run| {
        run.iter().fold(0x9e37_79b9_7f4a_7c15, |hash: u64, word| (hash.rotate_left(23) ^ word).wrapping_mul(MIX))
    })
}

const MIX: u64 = 0xff51_afd7_ed55_8ccd;

fn hash_word(word: &[u8]) -> u64 {
    word.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Hashes of the words: runs of ASCII letters and digits, case aside, one spelling for each word.
fn words_of(text: &[u8]) -> Vec<u64> {
    let words = text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| match word {
            b"licence" | b"Licence" | b"LICENCE" => hash_word(b"license"),
            b"https" => hash_word(b"http"),
            _ => hash_word(word),
        })
        .collect()
}

struct Text {
    id: &'static str,
    /// Different runs that it has.
    runs: u32,
    /// Those of its body that no other known text has.
    own: u32,
}

/// Every run of every known text: the upper 48 bits of its hash, [`HEAD`], then the text's number; sorted.
struct Corpus {
    texts: Vec<Text>,
    rows: Vec<u64>,
    /// Where the rows begin that share their upper 16 bits.
    starts: Vec<u32>,
}

static CORPUS: LazyLock<Corpus> = LazyLock::new(Corpus::build);

impl Corpus {
    fn build() -> Self {
        let mut corpus = Self { texts: Vec::new(), rows: Vec::new(), starts: Vec::new() };
        for license in KNOWN.into_iter().filter_map(spdx::license_id) {
            corpus.add(license.name, license.text());
        }
        for (id, licence, begin, end) in NOTICES {
            let text = spdx::license_id(licence).map_or("", |license| license.text());
            let start = text.find(begin);
            let notice = start.and_then(|at| text.get(at..)).unwrap_or("");
            corpus.add(id, notice.find(end).and_then(|at| notice.get(..at + end.len())).unwrap_or(""));
        }
        corpus.rows.sort_unstable();
        corpus.rows.dedup();
        for same in corpus.rows.chunk_by(|a, b| (a ^ b) & !0xffff == 0) {
            if let [row] = same
                && row & HEAD == 0
                && let Some(text) = corpus.texts.get_mut(number_of(*row))
            {
                text.own += 1;
            }
        }
        let mut starts = vec![0_u32; (1 << 16) + 1];
        for row in &corpus.rows {
            if let Some(count) = starts.get_mut((row >> 48) as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        corpus.starts = starts;
        corpus
    }

    fn add(&mut self, id: &'static str, text: &str) {
        let number = self.texts.len() as u64;
        let words = words_of(text.as_bytes());
        let mut rows: Vec<u64> = runs_of(&words)
            .enumerate()
            .map(|(at, run)| (run & !0xffff) | number | if at < HEAD_WORDS { HEAD } else { 0 })
            .collect();
        rows.sort_unstable();
        rows.dedup_by_key(|row| *row & !HEAD);
        if !rows.is_empty() {
            self.texts.push(Text { id, runs: rows.len() as u32, own: 0 });
            self.rows.append(&mut rows);
        }
    }

    /// The rows of the texts that have a run.
    fn rows_of(&self, run: u64) -> &[u64] {
        let bucket = (run >> 48) as usize;
        let start = self.starts.get(bucket).map_or(0, |start| *start as usize);
        let end = self.starts.get(bucket + 1).map_or(start, |end| *end as usize);
        let rows = self.rows.get(start..end).unwrap_or_default();
        let key = run & !0xffff;
        let first = rows.partition_point(|row| *row < key);
        let count = rows.get(first..).unwrap_or_default().iter().take_while(|row| **row & !0xffff == key).count();
        rows.get(first..first + count).unwrap_or_default()
    }
}

/// The texts that are looked for: those that files of packages really hold. Of the GNU licences the bare
/// name stands for the text, which SPDX reads as `-only`.
const KNOWN: [&str; 98] = [
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "AGPL-3.0",
    "Apache-1.0",
    "Apache-1.1",
    "Apache-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Patent",
    "BSD-2-Clause-Views",
    "BSD-3-Clause",
    "BSD-3-Clause-Clear",
    "BSD-4-Clause",
    "BSD-4-Clause-UC",
    "BSL-1.0",
    "Beerware",
    "BlueOak-1.0.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC-PDDC",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "CPL-1.0",
    "ECL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "FSFAP",
    "FTL",
    "Fair",
    "GFDL-1.1",
    "GFDL-1.2",
    "GFDL-1.3",
    "GPL-1.0",
    "GPL-2.0",
    "GPL-3.0",
    "HPND",
    "HPND-sell-variant",
    "ICU",
    "IJG",
    "ISC",
    "ImageMagick",
    "Info-ZIP",
    "IPL-1.0",
    "JSON",
    "LGPL-2.0",
    "LGPL-2.1",
    "LGPL-3.0",
    "Libpng",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MIT-Modern-Variant",
    "MPL-1.0",
    "MPL-1.1",
    "MPL-2.0",
    "MS-PL",
    "MS-RL",
    "NCSA",
    "NPL-1.1",
    "NTP",
    "ODbL-1.0",
    "OFL-1.1",
    "OLDAP-2.8",
    "OSL-3.0",
    "OpenSSL",
    "PHP-3.01",
    "PSF-2.0",
    "Plexus",
    "PostgreSQL",
    "Python-2.0",
    "QPL-1.0",
    "Qhull",
    "Ruby",
    "SAX-PD",
    "SISSL",
    "SMLNJ",
    "Sleepycat",
    "TCL",
    "UPL-1.0",
    "Unicode-DFS-2016",
    "Unicode-3.0",
    "Unlicense",
    "W3C",
    "WTFPL",
    "X11",
    "ZPL-2.1",
    "Zlib",
    "bzip2-1.0.6",
    "curl",
];

/// Notices that a licence asks to put into files, cut out of its own text: identifier, text, first and
/// last words.
const NOTICES: [(&str, &str, &str, &str); 4] = [
    ("Apache-2.0", "Apache-2.0", "Licensed under the Apache License, Version 2.0", "limitations under the License"),
    ("MPL-2.0", "MPL-2.0", "This Source Code Form is subject to the terms", "https://mozilla.org/MPL/2.0/"),
    ("GPL-2.0-or-later", "GPL-2.0", "This program is free software; you can redistribute", "for more details."),
    ("GPL-3.0-or-later", "GPL-3.0", "This program is free software: you can redistribute", "for more details."),
];

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
            ("LGPL-3.0-only", "LGPL-3.0"),
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
