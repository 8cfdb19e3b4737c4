//! What the databases of operating systems have in common in package URLs and details.

use stopgate_model::Distro;

/// The `distro` qualifier of a package URL: id and version, or what stands for it in rolling releases.
pub(crate) fn distro_qualifier(distro: &Distro) -> String {
    let version = if distro.version_id.is_empty() { &distro.build_id } else { &distro.version_id };
    [distro.id.as_str(), version].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Puts rows into the empty list that ends a JSON object: `…"files":[]}`. Lists of files are long, so
/// their rows are written by hand.
pub(crate) fn fill_last_list<T>(mut json: String, rows: &[T], write: impl Fn(&T, &mut String)) -> String {
    if rows.is_empty() || !json.ends_with("[]}") {
        debug_assert!(json.ends_with("[]}"), "the list is the last field");
        return json;
    }
    json.truncate(json.len() - 2);
    for (position, row) in rows.iter().enumerate() {
        if position > 0 {
            json.push(',');
        }
        write(row, &mut json);
    }
    json.push_str("]}");
    json
}

/// A JSON string.
pub(crate) fn push_text(json: &mut String, text: &str) {
    // Counted to the end, which looks at many bytes at once.
    let special = text.bytes().filter(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\').count();
    if special > 0 {
        json.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::{fill_last_list, push_text};

    #[test]
    fn rows_and_texts_are_json() {
        let json = fill_last_list("{\"a\":1,\"files\":[]}".to_owned(), &["x", "q\"\\\u{1}ü"], |row, json| {
            push_text(json, row);
        });
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["files"], serde_json::json!(["x", "q\"\\\u{1}ü"]));
        assert_eq!(fill_last_list("{\"files\":[]}".to_owned(), &[""; 0], |_, _| ()), "{\"files\":[]}");
    }
}
