//! The licence texts that are known, cut into runs of three words and indexed.
//!
//! The texts are those of the SPDX list. Of a text with instructions behind its end both parts count by
//! themselves, because many files leave the instructions out.

use std::sync::LazyLock;

/// Words per run.
pub(crate) const RUN: usize = 3;

/// The text that a row of the corpus belongs to.
pub(crate) const fn number_of(row: u64) -> usize {
    (row & 0x3fff) as usize
}

/// Set in rows of a text's first words, which are its name and whose it is.
const HEAD: u64 = 0x8000;
/// Set in rows of runs that no other text has, outside of its first words.
pub(crate) const OWN: u64 = 0x4000;
const HEAD_WORDS: usize = 30;

pub(crate) fn runs_of(words: &[u64]) -> impl Iterator<Item = u64> + '_ {
    words.windows(RUN).map(|run| {
        run.iter().fold(0x9e37_79b9_7f4a_7c15, |hash: u64, word| (hash.rotate_left(23) ^ word).wrapping_mul(MIX))
    })
}

const MIX: u64 = 0xff51_afd7_ed55_8ccd;

pub(crate) fn hash_word(word: &[u8]) -> u64 {
    word.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Hashes of the words: runs of ASCII letters and digits, case aside, one spelling for each word.
pub(crate) fn words_of(text: &[u8]) -> Vec<u64> {
    // Single characters number clauses, each writer's own way.
    let words = text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| word.len() > 1);
    words
        .map(|word| match word {
            b"licence" | b"Licence" | b"LICENCE" => hash_word(b"license"),
            b"https" => hash_word(b"http"),
            _ => hash_word(word),
        })
        .collect()
}

/// A text, or a part that may stand alone.
pub(crate) struct Text {
    pub(crate) id: &'static str,
    /// Different runs that it has.
    pub(crate) runs: u32,
    /// Those of its body that no other known text has.
    pub(crate) own: u32,
    /// Words that it has.
    pub(crate) words: u32,
}

/// Every run of every known text: the upper 48 bits of its hash, [`HEAD`], then the text's number; sorted.
pub(crate) struct Corpus {
    pub(crate) texts: Vec<Text>,
    rows: Vec<u64>,
    /// Where the rows begin that share their upper 16 bits.
    starts: Vec<u32>,
}

pub(crate) static CORPUS: LazyLock<Corpus> = LazyLock::new(Corpus::build);

impl Corpus {
    fn build() -> Self {
        let mut corpus = Self { texts: Vec::new(), rows: Vec::new(), starts: Vec::new() };
        for license in KNOWN.into_iter().filter_map(spdx::license_id) {
            let text = license.text();
            // The list prints the general licence behind the lesser one, which refers to it.
            let text = if license.name == "LGPL-3.0" { text.split(GENERAL).next().unwrap_or(text) } else { text };
            let end = text.find(END).map_or(text.len(), |at| at + END.len());
            corpus.add(license.name, text.get(..end).unwrap_or(text));
            corpus.add(license.name, text.get(end..).unwrap_or(""));
        }
        for (id, licence, begin, end) in NOTICES {
            let text = spdx::license_id(licence).map_or("", |license| license.text());
            let start = text.find(begin);
            let notice = start.and_then(|at| text.get(at..)).unwrap_or("");
            corpus.add(id, notice.find(end).and_then(|at| notice.get(..at + end.len())).unwrap_or(""));
        }
        corpus.rows.sort_unstable();
        corpus.rows.dedup();
        for same in corpus.rows.chunk_by_mut(|a, b| (*a ^ *b) & !0xffff == 0) {
            if let [row] = same
                && *row & HEAD == 0
                && let Some(text) = corpus.texts.get_mut(number_of(*row))
            {
                text.own += 1;
                *row |= OWN;
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
        if rows.len() >= SHORTEST {
            self.texts.push(Text { id, runs: rows.len() as u32, own: 0, words: words.len() as u32 });
            self.rows.append(&mut rows);
        }
    }

    /// The rows of the texts that have a run.
    pub(crate) fn rows_of(&self, run: u64) -> &[u64] {
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

const GENERAL: &str = "GNU GENERAL PUBLIC LICENSE\n";
/// What separates terms from instructions how to apply them.
const END: &str = "END OF TERMS AND CONDITIONS";
/// Fewer runs tell nothing.
const SHORTEST: usize = 12;

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
