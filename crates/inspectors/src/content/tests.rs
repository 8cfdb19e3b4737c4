//! What is found, and that it is what the expression alone finds line by line.

use proptest::prelude::*;

use super::{ContentEntry, ContentSearch, ContentSearchError};

fn found(entries: &[&str], content: &[u8]) -> Option<Vec<(String, Vec<u32>)>> {
    let search = ContentSearch::new(entries).unwrap();
    let hits = search.search(content)?;
    Some(hits.into_iter().map(|hit| (search.entries()[hit.entry].text(), hit.lines)).collect())
}

fn lines(entry: &str, content: &str) -> Vec<u32> {
    found(&[entry], content.as_bytes()).unwrap().pop().map(|(_, lines)| lines).unwrap_or_default()
}

#[test]
fn entries_have_a_name_or_none() {
    for (text, name, pattern) in [
        ("TOKEN=abc", "TOKEN", "abc"),
        ("a-b.c_1=x=y", "a-b.c_1", "x=y"),
        ("abc", "", "abc"),
        (".*key=abc", "", ".*key=abc"),
        ("=abc", "", "=abc"),
    ] {
        let entry = ContentEntry { name: name.to_owned(), pattern: pattern.to_owned() };
        assert_eq!(ContentEntry::parse(text), entry);
        assert_eq!(entry.text(), text);
    }
    let search = ContentSearch::new(&["B=b", "A=a", "B=b", "c"]).unwrap();
    assert_eq!(search.entries().iter().map(ContentEntry::text).collect::<Vec<_>>(), ["c", "A=a", "B=b"]);
}

#[test]
fn a_line_matches_from_its_start() {
    for (entry, content, expected) in [
        ("b", "ab\nb\n\nbc", &[2, 4][..]),
        (".*b", "ab\nxx\nb", &[1, 3]),
        ("^b", "ab\nb", &[2]),
        ("(?i)B$", "b\nbc\nb\r\n", &[1, 3]),
        ("b\\Z", "b\nbb", &[1]),
        ("$", "a\n\nb\n", &[2]),
        ("a\\s*b", "a\nb\na b", &[3]),
        ("[^x]+y", "a\ny\nzy", &[3]),
        ("(?s).*y", "a\ny", &[2]),
        ("\\{", "{\nx", &[1]),
        ("{\"auth", "{\"auth\n", &[1]),
        ("é\\w", "éa\neé", &[1]),
        ("a|b", "xa\nb", &[2]),
    ] {
        assert_eq!(lines(entry, content), expected, "{entry} in {content:?}");
    }
    assert_eq!(lines("a", ""), [0_u32; 0]);
}

#[test]
fn each_entry_has_its_own_lines() {
    let content = b"alpha\nbeta\nalphabet\n";
    let expected = vec![("A=alpha".to_owned(), vec![1, 3]), ("B=.*bet".to_owned(), vec![2, 3])];
    assert_eq!(found(&["B=.*bet", "C=gamma", "A=alpha"], content), Some(expected));
    assert_eq!(found(&[], content), Some(Vec::new()));
}

#[test]
fn other_encodings_are_searched_and_what_is_no_text_is_not() {
    assert_eq!(found(&["K=.*key"], b"\xff\xe9 key\n"), Some(vec![("K=.*key".to_owned(), vec![1])]));
    assert_eq!(found(&["K=.*key"], b"key\0"), None);
}

#[test]
fn what_cannot_be_searched_for_is_refused_in_one_sentence() {
    for (entry, reason) in [
        ("A=(?!x)y", "look-around, including look-ahead and look-behind, is not supported"),
        ("A=(a)\\1", "backreferences are not supported"),
        ("A=(", "unclosed group"),
        ("A=a)(b", "unopened group"),
        ("A=*.pem", "repetition operator missing expression"),
        ("A=\\w{500}{500}", "it compiles to more than 1048576 bytes"),
        ("A=", "it is empty, expected `NAME=regex` or `regex`"),
        ("", "it is empty, expected `NAME=regex` or `regex`"),
        ("(?x) a", "expressions with comments and free blanks are not supported"),
    ] {
        let error = ContentSearch::new(&[entry]).unwrap_err().to_string();
        assert_eq!(error, format!("the content search `{entry}` cannot be used: {reason}"));
    }
    let many: Vec<String> = (0..1001).map(|number| format!("N{number}=x")).collect();
    assert_eq!(ContentSearch::new(&many).unwrap_err(), ContentSearchError::TooMany { seen: 1001 });
    let large: Vec<String> = (0..20).map(|number| format!("N{number}=\\w{{18}}{number}")).collect();
    assert_eq!(ContentSearch::new(&large).unwrap_err(), ContentSearchError::TooLarge);
}

proptest! {
    #[test]
    fn agrees_with_each_line_alone(
        pattern in proptest::sample::select(&[
            "a", ".*a", "^a$", "a+\\b", "\\Ba", "(?i)[^b]*A", "\\s*a", "a\\Z", "(a|b)*$", "[\\s\\S]*b", "a{2}", "$", "\\W", "é.",
        ][..]),
        parts in proptest::collection::vec(proptest::sample::select(&["a", "b", "A", " ", "\n", "\r\n", "é", "aa", "\t"][..]), 0..20),
    ) {
        let text = parts.concat();
        let regex = fancy_regex::Regex::new(&format!("\\A(?:{})", pattern.replace("\\Z", "\\z"))).unwrap();
        let body = text.strip_suffix('\n').unwrap_or(&text);
        let expected: Vec<u32> = body
            .split('\n')
            .zip(1..)
            .filter(|(line, _)| regex.is_match(line.strip_suffix('\r').unwrap_or(line)).unwrap())
            .map(|(_, number)| number)
            .collect();
        prop_assert_eq!(lines(pattern, &text), expected);
    }

    #[test]
    fn any_entry_and_any_content_give_an_answer(entry in "\\PC{0,20}", content in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(search) = ContentSearch::new(&[entry]) {
            let _ = search.search(&content);
        }
    }
}
