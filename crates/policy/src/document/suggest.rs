//! "Did you mean": the nearest of the known words.

/// The known word that is nearest to `given`, when it is near enough to be meant.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer texts are no typing mistakes, and measuring them costs the product of both lengths.
    if given.len() > 100 {
        return None;
    }
    let folded = given.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&folded, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= word.len().max(folded.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// ``did you mean `word`?``, when one is near.
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, known).map(|word| format!("did you mean `{word}`?"))
}

/// Words in backticks, separated by blanks.
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

/// A text of the document as it may stand in a message: cut, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut cut: String = text.chars().take(120).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if cut.len() < text.len() && text.chars().count() > 120 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, shown};

    #[test]
    fn offers_only_what_is_near() {
        let known = ["vulnerabilities", "dockerfile", "always"];
        assert_eq!(did_you_mean("vulnerabilites", known).as_deref(), Some("did you mean `vulnerabilities`?"));
        assert_eq!(did_you_mean("ALWAYS", known).as_deref(), Some("did you mean `always`?"));
        assert_eq!(did_you_mean("zzz", known), None);
        assert_eq!(shown("a\u{1b}[2J"), "a\u{fffd}[2J");
    }
}
