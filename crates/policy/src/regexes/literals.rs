//! Texts of which a match must contain one, ASCII case ignored: what lets a search over a whole file tree look at
//! few paths. They are told from the expression's syntax tree; where none can be told, every text must be tried.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts that are kept for one expression.
const MOST: usize = 64;
/// Bytes of the shortest text that is worth looking for.
const SHORTEST: usize = 2;

/// Lower-case ASCII texts, one of which every match contains. `None`: it cannot be told.
pub(super) fn required(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    best(&hir).filter(|texts| texts.iter().all(|text| text.len() >= SHORTEST))
}

fn best(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![lower(&literal.0)?]),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) | HirKind::Repetition(_) => None,
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(best(branch)?);
            }
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(parts) => of_parts(parts),
    }
}

/// The part whose shortest text is longest; letters in either case join to texts.
fn of_parts(parts: &[Hir]) -> Option<Vec<String>> {
    let mut found: Option<Vec<String>> = None;
    let mut run = String::new();
    for part in parts {
        if let Some(text) = single(part) {
            run.push_str(&text);
            continue;
        }
        found = better(found, finished(&mut run));
        found = better(found, best(part));
    }
    better(found, finished(&mut run))
}

fn finished(run: &mut String) -> Option<Vec<String>> {
    let text = std::mem::take(run);
    (!text.is_empty()).then(|| vec![text])
}

fn better(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min().unwrap_or(0);
    match (one, other) {
        (Some(one), Some(other)) => Some(if shortest(&other) > shortest(&one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// The one text that a part stands for: a literal, or a letter in both cases.
fn single(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => lower(&literal.0),
        HirKind::Class(Class::Unicode(class)) => {
            let letters: Vec<char> =
                class.ranges().iter().take(4).flat_map(|range| (range.start()..=range.end()).take(4)).collect();
            // `(?i)k` also stands for the Kelvin sign, which no text in ASCII can stand for.
            let [first, rest @ ..] = letters.as_slice() else { return None };
            let same = |c: &char| c.eq_ignore_ascii_case(first);
            (letters.len() <= 2 && first.is_ascii() && rest.iter().all(same))
                .then(|| first.to_ascii_lowercase().to_string())
        }
        HirKind::Capture(capture) => single(&capture.sub),
        _ => None,
    }
}

fn lower(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::required;

    #[test]
    fn are_told_where_they_can_be() {
        for (pattern, expected) in [
            (r".*\.pem$", Some(vec![".pem"])),
            (r".*/(?:id_rsa|id_dsa)$", Some(vec!["id_rsa", "id_dsa"])),
            // `s` also stands for the long s, which is no ASCII letter in another case.
            (r"(?i).*Password.*", Some(vec!["word"])),
            (r"(?i).*cret.*", Some(vec!["cret"])),
            (r".*/etc/.*\.key", Some(vec!["/etc/"])),
            (r".*", None),
            (r"(?:abc)?.*", None),
            (r"(?:abc)+", Some(vec!["abc"])),
            (r"abc|.*", None),
            (r"a|bcd", None),
            ("(", None),
        ] {
            let expected = expected.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(required(pattern), expected, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn every_match_contains_one(pattern in r"(\(\?i\))?[ab.k/?*+|()]{0,10}", text in "[abAB/kK\u{212a}.]{0,10}") {
            if let (Some(texts), Ok(regex)) = (required(&pattern), regex::Regex::new(&pattern))
                && regex.is_match(&text)
            {
                let lower = text.to_ascii_lowercase();
                prop_assert!(texts.iter().any(|part| lower.contains(part.as_str())), "{pattern} {text} {texts:?}");
            }
        }
    }
}
