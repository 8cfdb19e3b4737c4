//! Long lists of a document: a bounded number of elements is kept, the rest only counted, so that a list of
//! millions of empty elements costs no memory.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The elements of a list as they stand in the document, `MOST` at most.
#[derive(Debug, Default)]
pub(crate) struct List<'a, const MOST: u64> {
    pub(crate) kept: Vec<&'a RawValue>,
    /// How many the document has.
    pub(crate) seen: u64,
}

impl<'de: 'a, 'a, const MOST: u64> Deserialize<'de> for List<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements)
    }
}

struct Elements<const MOST: u64>;

impl<'de, const MOST: u64> Visitor<'de> for Elements<MOST> {
    type Value = List<'de, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = List { kept: Vec::new(), seen: 0 };
        while list.seen < MOST {
            match elements.next_element()? {
                Some(element) => list.kept.push(element),
                None => return Ok(list),
            }
            list.seen += 1;
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {
            list.seen += 1;
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::List;

    #[test]
    fn the_rest_is_counted_and_not_kept() {
        let read = |text| serde_json::from_str::<List<'_, 2>>(text).map(|list| (list.kept.len(), list.seen));
        for (text, expected) in [("[]", (0, 0)), ("[1,{}]", (2, 2)), ("[1,[2],3,{\"a\":[]},5]", (2, 5))] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        assert!(read("{}").is_err() && read("[1,2,3").is_err() && read("[1,2,x]").is_err());
    }
}
