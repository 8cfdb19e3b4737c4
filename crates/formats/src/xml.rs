//! Text in XML 1.0.

/// The text without the characters that XML 1.0 (section 2.2) does not have.
pub(crate) fn clean(text: &str) -> String {
    let replace = |c| match c {
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => c,
        _ => '\u{fffd}',
    };
    text.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn only_what_xml_has_is_left() {
        assert_eq!(clean("\u{0}\u{fffe}\u{ffff}\t💥"), "\u{fffd}\u{fffd}\u{fffd}\t💥");
    }
}
