//! The words of licence texts: hashed, one spelling for each, cut into runs.

/// Words per run.
pub(crate) const RUN: usize = 3;

/// Runs of words, as hashes.
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
    let mut words = Vec::new();
    add_words(text, &mut words);
    words
}

fn add_words(text: &[u8], words: &mut Vec<u64>) {
    let copyright = hash_word(b"copyright");
    // What stood before: `version`, and the single digits that followed it.
    let mut version: Option<u64> = None;
    let mut offset = 0;
    for word in text.split(|byte| !byte.is_ascii_alphanumeric()) {
        let (start, end) = (offset, offset + word.len());
        offset = end + 1;
        let sign = text.get(end..end + 2) == Some("©".as_bytes());
        let in_brackets =
            || start.checked_sub(1).and_then(|at| text.get(at)) == Some(&b'(') && text.get(end) == Some(&b')');
        let hash = match word {
            b"" => None,
            b"c" | b"C" if in_brackets() => Some(copyright),
            // Single characters number clauses, each writer's own way; behind `version` they are part of it.
            [digit @ b'0'..=b'9'] => {
                if let (Some(before), Some(last)) = (version, words.last_mut())
                    && *digit != b'0'
                {
                    *last = numbered(before, *digit);
                    version = Some(*last);
                }
                None
            }
            [_] => None,
            b"licence" | b"Licence" | b"LICENCE" => Some(hash_word(b"license")),
            b"https" => Some(hash_word(b"http")),
            _ => Some(hash_word(word)),
        };
        for hash in hash.into_iter().chain(sign.then_some(copyright)) {
            version = None;
            // `Copyright (c)` and `Copyright ©` are one word.
            if hash != copyright || words.last() != Some(&copyright) {
                words.push(hash);
            }
        }
        if word.eq_ignore_ascii_case(b"version") {
            version = words.last().copied();
        }
    }
}

/// The word `version`, or what was made of it, with one more digit of the number behind it.
const fn numbered(version: u64, digit: u8) -> u64 {
    (version.rotate_left(7) ^ digit as u64).wrapping_mul(MIX)
}

/// The word that `version` becomes with these digits behind it.
pub(crate) fn version_word(digits: &[u8]) -> u64 {
    digits.iter().fold(hash_word(b"version"), |word, digit| numbered(word, *digit))
}

/// Stands in a text of the corpus for what each writer fills in; no run spans it.
pub(crate) const GAP: u64 = 0;

/// The words of a text of the corpus, with a gap for each placeholder in angle brackets and for each of
/// the names, which are those of the text's first user.
pub(crate) fn template_words(text: &str, names: &[&str]) -> Vec<u64> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        let name = names.iter().filter_map(|name| Some((rest.find(name)?, name.len())));
        let Some((at, length)) = name.chain(placeholder(rest)).min() else { break };
        add_words(rest.get(..at).unwrap_or_default().as_bytes(), &mut words);
        words.push(GAP);
        rest = rest.get(at + length..).unwrap_or_default();
    }
    add_words(rest.as_bytes(), &mut words);
    words
}

/// Where the first `<year>` is, and its length; an address is none.
fn placeholder(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('<')?;
        let length = text.get(start..)?.find('>')? + 1;
        if !text.get(start..start + length)?.contains([':', '@', '.']) {
            return Some((start, length));
        }
        from = start + 1;
    }
}
