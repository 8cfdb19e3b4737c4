//! The licence texts that are known, cut into runs of three words and indexed.
//!
//! The texts are those of the SPDX list. Of a text with instructions behind its end both parts count by
//! themselves, because many files leave the instructions out.

use std::sync::LazyLock;

use crate::license_notices::notices;
use crate::license_words::{GAP, RUN, runs_of, template_words};

/// The text that a row of the corpus belongs to.
pub(crate) const fn number_of(row: u64) -> usize {
    (row & 0x3fff) as usize
}

/// Set in rows of a text's first words, which are its name and whose it is.
pub(crate) const HEAD: u64 = 0x8000;
const HEAD_WORDS: usize = 20;

/// A text, or a part that may stand alone.
pub(crate) struct Text {
    pub(crate) id: &'static str,
    /// Different runs that it has.
    pub(crate) runs: u32,
    /// Words that it has.
    pub(crate) words: u32,
    /// A word without which it is another licence: the version that a notice names.
    pub(crate) needs: Option<u64>,
    /// Texts of which it is one with a clause more.
    pub(crate) extends: Vec<Extends>,
}

/// A text that another one extends.
pub(crate) struct Extends {
    /// Position in the corpus.
    pub(crate) number: usize,
    /// Runs that the other has more, outside of its first words.
    pub(crate) more: u32,
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
            corpus.add(license.name, &template_words(text.get(..end).unwrap_or(text), NAMES), None);
            corpus.add(license.name, &template_words(text.get(end..).unwrap_or(""), NAMES), None);
        }
        for notice in notices() {
            corpus.add(notice.id, &notice.words, notice.version);
        }
        corpus.rows.sort_unstable();
        corpus.rows.dedup();
        corpus.find_extensions();
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

    /// Notes which texts are others with a clause more.
    fn find_extensions(&mut self) {
        let count = self.texts.len();
        // Runs that two texts share, and those of them that are not in the first words of the first.
        let mut shared = vec![(0_u32, 0_u32); count * count];
        let mut bodies = vec![0_u32; count];
        for same in self.rows.chunk_by(|a, b| (*a ^ *b) & !0xffff == 0) {
            for row in same {
                let body = u32::from(*row & HEAD == 0);
                if let Some(runs) = bodies.get_mut(number_of(*row)) {
                    *runs += body;
                }
                for other in same {
                    if let Some((all, in_body)) = shared.get_mut(number_of(*row) * count + number_of(*other)) {
                        *all += 1;
                        *in_body += body;
                    }
                }
            }
        }
        let runs: Vec<u32> = self.texts.iter().map(|text| text.runs).collect();
        let rows = shared.chunks(count.max(1)).zip(&bodies);
        for (text, (shared, body)) in self.texts.iter_mut().zip(rows) {
            for (other, ((all, in_body), runs)) in shared.iter().zip(&runs).enumerate() {
                let more = body - in_body;
                if *runs < text.runs && *all * 100 >= *runs * 70 && more >= CLAUSE {
                    text.extends.push(Extends { number: other, more });
                }
            }
        }
    }

    /// Whether a text has a run.
    pub(crate) fn has(&self, number: usize, run: u64) -> bool {
        self.rows_of(run).iter().any(|row| number_of(*row) == number)
    }

    fn add(&mut self, id: &'static str, words: &[u64], needs: Option<u64>) {
        let number = self.texts.len() as u64;
        let mut rows: Vec<u64> = runs_of(words)
            .zip(words.windows(RUN))
            .enumerate()
            .filter(|(_, (_, words))| !words.contains(&GAP))
            .map(|(at, (run, _))| (run & !0xffff) | number | if at < HEAD_WORDS { HEAD } else { 0 })
            .collect();
        rows.sort_unstable();
        rows.dedup_by_key(|row| *row & !HEAD);
        if rows.len() >= SHORTEST {
            let (runs, words) = (rows.len() as u32, words.iter().filter(|word| **word != GAP).count() as u32);
            self.texts.push(Text { id, runs, words, needs, extends: Vec::new() });
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
/// So many runs more are a clause more.
const CLAUSE: u32 = 6;
/// Names in the texts of the list for which files have their own.
const NAMES: &[&str] = &[
    "COPYRIGHT HOLDERS",
    "COPYRIGHT HOLDER",
    "COPYRIGHT OWNER",
    "copyright holder",
    "OpenVision Technologies, Inc.",
    "OpenVision",
    "OPENVISION",
];

/// The texts that are looked for: those that files of packages really hold. Of the GNU licences the bare
/// name stands for the text, which SPDX reads as `-only`.
const KNOWN: [&str; 96] = [
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
    "ZPL-2.1",
    "Zlib",
    "bzip2-1.0.6",
    "curl",
];
