//! What a command has to say, in every format that it knows.

use std::io::Write;

use serde_json::Value;

use super::camel::camel;
use super::failure::Failure;
use super::format::Format;
use crate::failure::printable;

/// An answer in all its formats; only one of them is printed.
pub(super) struct Answer {
    raw: Value,
    json: Value,
    text: String,
    ids: Option<Vec<String>>,
    csv: Option<Rows>,
    legacy: Option<Value>,
}

/// Heads and rows of a CSV file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) heads: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Answer {
    /// An answer from a body and a text about it. A body that only wraps its items is shown as the items.
    pub(super) fn new(raw: Value, text: String) -> Self {
        let wrapped = raw.as_object().filter(|fields| only_wraps(fields)).and_then(|fields| fields.get("items"));
        let json = wrapped.filter(|items| items.is_array()).unwrap_or(&raw).clone();
        Self { raw, json, text, ids: None, csv: None, legacy: None }
    }

    /// Another body for `-o json` than the received one.
    #[must_use]
    pub(super) fn json(mut self, json: Value) -> Self {
        self.json = json;
        self
    }

    /// What `-o id` prints.
    #[must_use]
    pub(super) fn ids(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.ids = Some(ids.into_iter().filter(|id| !id.is_empty()).collect());
        self
    }

    /// What `-o csv` prints.
    #[must_use]
    pub(super) fn csv(mut self, rows: Rows) -> Self {
        self.csv = Some(rows);
        self
    }

    /// What `-o json-legacy` prints.
    #[must_use]
    pub(super) fn legacy(mut self, json: Value) -> Self {
        self.legacy = Some(json);
        self
    }

    /// Prints it.
    pub(super) fn print(&self, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
        let text = match (format, &self.ids, &self.csv) {
            (Format::Json, ..) => pretty(&camel(&self.json)),
            (Format::JsonRaw, ..) => pretty(&self.raw),
            (Format::JsonLegacy, ..) => match &self.legacy {
                Some(json) => pretty(json),
                None => pretty(&camel(&self.json)),
            },
            (Format::Id, Some(ids), _) => ids.iter().map(|id| printable(id) + "\n").collect(),
            (Format::Csv, _, Some(rows)) => rows.text()?,
            _ => self.text.clone(),
        };
        write(out, text.as_bytes())
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no failure.
pub(super) fn write(out: &mut dyn Write, bytes: &[u8]) -> Result<(), Failure> {
    match out.write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// JSON with two spaces per level and one after each colon: a public pipeline looks for `"status": "pass"`.
pub(super) fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn only_wraps(fields: &serde_json::Map<String, Value>) -> bool {
    fields.keys().all(|key| matches!(key.as_str(), "items" | "total_rows"))
}

impl Rows {
    fn text(&self) -> Result<String, Failure> {
        let fail = |what: String| Failure::new(format!("the rows cannot be written: {what}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.heads).map_err(|error| fail(error.to_string()))?;
        for row in &self.rows {
            writer
                .write_record(row.iter().map(|cell| stopgate_formats::csv::defused(cell).into_owned()))
                .map_err(|error| fail(error.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|error| fail(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| fail(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, Rows};
    use crate::anchorectl::format::Format;

    fn printed(answer: &Answer, format: Format) -> String {
        let mut out = Vec::new();
        answer.print(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formats_that_are_missing_fall_back_to_text() {
        let answer = Answer::new(json!({"items": [{"image_digest": "a"}]}), "text\n".to_owned());
        assert_eq!(printed(&answer, Format::Json), "[\n  {\n    \"imageDigest\": \"a\"\n  }\n]\n");
        assert!(printed(&answer, Format::JsonRaw).starts_with("{\n  \"items\": ["));
        for format in [Format::Text, Format::Id, Format::Csv] {
            assert_eq!(printed(&answer, format), "text\n");
        }
        let answer = answer.ids(["a".to_owned(), String::new(), "b".to_owned()]);
        assert_eq!(printed(&answer, Format::Id), "a\nb\n");
    }

    #[test]
    fn csv_is_quoted_and_holds_no_formulas() {
        let rows = vec![vec!["=1+1".to_owned(), "a,\"b\"".to_owned()]];
        let answer = Answer::new(json!(null), String::new()).csv(Rows { heads: vec!["x", "y"], rows });
        assert_eq!(printed(&answer, Format::Csv), "x,y\n'=1+1,\"a,\"\"b\"\"\"\n");
    }
}
