//! What the readers of documents about an artifact share. They are strict: such a document lets software pass or stops
//! it, so one element that cannot be read makes the whole document unreadable.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use stopgate_model::limits;

use crate::FormatError;
use crate::error::bounded;
use crate::list::List;

/// A list of a document.
pub(crate) type Elements<'a> = List<'a, { limits::DOCUMENT_ENTRIES }>;

/// Reads documents of one format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strict {
    /// Format, as a person calls it.
    pub(crate) format: &'static str,
}

impl Strict {
    /// The text of a document that keeps the limits of size and nesting.
    pub(crate) fn text(self, bytes: &[u8]) -> Result<&str, FormatError> {
        bounded(self.format, bytes)
    }

    pub(crate) fn invalid(self, reason: impl Into<String>) -> FormatError {
        FormatError::invalid(self.format, reason)
    }

    /// The whole document, an object.
    pub(crate) fn document<'a, T: Deserialize<'a>>(self, text: &'a str) -> Result<T, FormatError> {
        if !text.trim_start().starts_with('{') {
            return Err(self.invalid("expected an object"));
        }
        serde_json::from_str(text).map_err(|source| FormatError::Json { format: self.format, source })
    }

    /// An object inside the document; `what` says which.
    pub(crate) fn object<'a, T: Deserialize<'a>>(self, what: &str, raw: &'a RawValue) -> Result<T, FormatError> {
        // serde would take a list of values in the order of the fields as well.
        if !raw.get().starts_with('{') {
            return Err(self.invalid(format!("{what} is no object")));
        }
        serde_json::from_str(raw.get())
            .map_err(|error| self.invalid(format!("{what}: {}", crate::error::plain(&error))))
    }

    /// The elements of a list; one that is longer than the limit is not read in part.
    pub(crate) fn elements<'a>(self, what: &str, list: Option<Elements<'a>>) -> Result<Vec<&'a RawValue>, FormatError> {
        let List { kept, seen } = list.unwrap_or_default();
        if seen > limits::DOCUMENT_ENTRIES {
            return Err(self.invalid(format!("it has {seen} {what}, the limit is {}", limits::DOCUMENT_ENTRIES)));
        }
        Ok(kept)
    }

    /// Reads a list of objects one by one; `what` is the word for many of them, `one` for a single one.
    pub(crate) fn objects<'a, T: Deserialize<'a>, U>(
        self,
        (one, many): (&str, &str),
        list: Option<Elements<'a>>,
        mut each: impl FnMut(T) -> Result<U, FormatError>,
    ) -> Result<Vec<U>, FormatError> {
        let elements = self.elements(many, list)?;
        elements.into_iter().enumerate().map(|(at, raw)| each(self.object(&format!("{one} {at}"), raw)?)).collect()
    }

    /// The texts of a list.
    pub(crate) fn texts<'a>(self, many: &str, list: Option<Elements<'a>>) -> Result<Vec<Cow<'a, str>>, FormatError> {
        let text = |raw: &'a RawValue| {
            let unescaped = raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            match unescaped.filter(|text| !text.contains('\\')) {
                Some(text) => Ok(Cow::Borrowed(text)),
                None => serde_json::from_str(raw.get())
                    .map(Cow::Owned)
                    .map_err(|_| self.invalid(format!("one of its {many} is no text"))),
            }
        };
        self.elements(many, list)?.into_iter().map(text).collect()
    }

    /// A time as it stands in the document, when it is RFC 3339.
    pub(crate) fn time(self, field: &str, text: Option<String>) -> Result<Option<String>, FormatError> {
        match text {
            Some(text) if text.parse::<Timestamp>().is_err() => {
                let shown: String = text.chars().take(100).collect();
                Err(self.invalid(format!("`{field}` is `{shown}`: expected a time like `2026-01-31T12:00:00Z`")))
            }
            time => Ok(time),
        }
    }
}

/// The fields of an object whose names are data, `MOST` at most.
#[derive(Debug)]
pub(crate) struct Fields<'a, const MOST: usize>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a, const MOST: usize> Deserialize<'de> for Fields<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor<const MOST: usize>;

impl<'de, const MOST: usize> Visitor<'de> for FieldsVisitor<MOST> {
    type Value = Fields<'de, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<(String, &'de RawValue)> = Vec::new();
        while let Some((name, value)) = entries.next_entry::<String, &RawValue>()? {
            if fields.len() >= MOST {
                return Err(A::Error::custom(format_args!("an object has more than {MOST} fields")));
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::{Elements, Fields, Strict};

    const TEST: Strict = Strict { format: "test" };

    #[test]
    fn objects_are_objects_and_broken_ones_are_named() {
        #[derive(serde::Deserialize)]
        struct One {
            a: u8,
        }
        let read = |text| {
            let list: Elements<'_> = serde_json::from_str(text).unwrap();
            TEST.objects(("thing", "things"), Some(list), |one: One| Ok(one.a))
        };
        assert_eq!(read(r#"[{"a":1},{"a":2}]"#).unwrap(), [1, 2]);
        for (text, expected) in [(r#"[{"a":1},[2]]"#, "thing 1 is no object"), ("[{}]", "thing 0: missing field `a`")] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn too_many_fields_and_the_same_one_twice_are_refused() {
        let read = |text| serde_json::from_str::<Fields<'_, 2>>(text).map(|fields| fields.0.len());
        assert_eq!(read(r#"{"a":1,"b":{}}"#).unwrap(), 2);
        assert!(read(r#"{"a":1,"a":2}"#).unwrap_err().to_string().contains("duplicate"));
        assert!(read(r#"{"a":1,"b":2,"c":3}"#).unwrap_err().to_string().contains("more than 2"));
        assert!(read("[]").is_err());
    }

    #[test]
    fn texts_are_texts() {
        let read = |text| TEST.texts("names", Some(serde_json::from_str::<Elements<'_>>(text).unwrap()));
        assert_eq!(read(r#"["a", "", "b\"\u00e9"]"#).unwrap(), ["a", "", "b\"é"]);
        assert!(read(r#"["a", 7]"#).unwrap_err().to_string().contains("one of its names is no text"));
    }

    #[test]
    fn times_keep_their_text() {
        let time = |text: &str| TEST.time("t", Some(text.to_owned()));
        assert_eq!(time("2026-01-31T12:00:00+02:00").unwrap().unwrap(), "2026-01-31T12:00:00+02:00");
        assert!(time("yesterday").unwrap_err().to_string().contains("`t` is `yesterday`"));
        assert_eq!(TEST.time("t", None).unwrap(), None);
    }
}
