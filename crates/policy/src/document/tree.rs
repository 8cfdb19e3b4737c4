//! A policy document as a tree, before anything is known of its fields. JSON (RFC 8259) strictly;
//! YAML 1.2 for people. Positions come from a second reading that happens only when there is
//! something to point at.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use stopgate_model::limits;

use super::error::{PolicyError, child};

/// A value with the place from which it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) tree: Tree,
    /// Line and column, from 1; only in a located tree.
    pub(crate) place: Option<(u64, u64)>,
    /// Pointer into the document as given, when the tree was converted.
    pub(crate) origin: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl From<Tree> for Node {
    fn from(tree: Tree) -> Self {
        Self { tree, place: None, origin: None }
    }
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Tree::Text(text.into()).into()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.tree {
            Tree::Map(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.tree {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.tree {
            Tree::Null => "null",
            Tree::Bool(_) => "a boolean",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "a text",
            Tree::List(_) => "a list",
            Tree::Map(_) => "an object",
        }
    }

    /// The same as a JSON value.
    pub(crate) fn to_value(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => items.iter().map(Self::to_value).collect(),
            Tree::Map(fields) => {
                Value::Object(fields.iter().map(|(key, node)| (key.clone(), node.to_value())).collect())
            }
        }
    }

    /// Writes into every value of the tree where it stands.
    pub(crate) fn remember_origins(&mut self, pointer: String) {
        match &mut self.tree {
            Tree::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.remember_origins(child(&pointer, index));
                }
            }
            Tree::Map(fields) => {
                for (key, node) in fields {
                    node.remember_origins(child(&pointer, key));
                }
            }
            _ => {}
        }
        self.origin = Some(pointer);
    }

    fn find(&self, pointer: &str) -> Option<&Self> {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let key = part.replace("~1", "/").replace("~0", "~");
            node = match &node.tree {
                Tree::List(items) => items.get(key.parse::<usize>().ok()?)?,
                Tree::Map(_) => node.get(&key)?,
                _ => return None,
            };
        }
        Some(node)
    }
}

/// Reads a document: JSON when it begins with `{`, else YAML.
pub(crate) fn read(document: &[u8]) -> Result<Node, PolicyError> {
    if document.len() as u64 > limits::POLICY_BYTES {
        let message = format!("the document has {} bytes: expected at most {}", document.len(), limits::POLICY_BYTES);
        return Err(PolicyError::new("", message));
    }
    let text = std::str::from_utf8(document).map_err(|error| {
        PolicyError::new("", format!("the document is not UTF-8: byte {} is invalid", error.valid_up_to()))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(line) = comment_before_json(text) {
        return Err(PolicyError::new("", "a comment stands in front of the JSON document")
            .at(line, 1)
            .help("remove the comment, write the document as YAML, or use `policy convert --lenient`"));
    }
    if text.trim().is_empty() {
        return Err(PolicyError::new("", "the document is empty: expected an object"));
    }
    if text.trim_start().starts_with(['{', '[']) { read_json(text) } else { read_yaml(text).map(|node| node.0) }
}

/// Values of one document: some hundred for each rule that a policy may have.
const MOST_VALUES: usize = 4_000_000;
/// Longer documents are not read a second time: the pointer says where an error is.
const LONGEST_LOCATED: usize = 4 << 20;

fn read_json(text: &str) -> Result<Node, PolicyError> {
    // Each value but the first of a list or object stands behind a comma.
    if text.len() > MOST_VALUES && text.bytes().filter(|byte| *byte == b',').nth(MOST_VALUES).is_some() {
        return Err(PolicyError::new("", format!("the document has more than {MOST_VALUES} values")));
    }
    serde_json::from_str::<Plain>(text).map(|plain| plain.0).map_err(|error| {
        let full = error.to_string();
        // serde_json appends the place, which we tell in fields of their own.
        let error = not_readable("JSON", full.split(" at line ").next().unwrap_or(&full))
            .at(error.line() as u64, error.column() as u64);
        if text.lines().any(|line| line.trim_start().starts_with("//")) {
            return error
                .help("JSON has no comments: remove those that begin with `//`, or use `policy convert --lenient`");
        }
        error
    })
}

fn read_yaml(text: &str) -> Result<Located, PolicyError> {
    let mut budget = serde_saphyr::Budget::default();
    budget.max_depth = limits::JSON_DEPTH as usize;
    budget.max_events = 8_000_000;
    budget.max_nodes = MOST_VALUES;
    budget.max_total_scalar_bytes = limits::POLICY_BYTES as usize;
    let mut options = serde_saphyr::Options::default();
    options.budget = Some(budget);
    serde_saphyr::from_str_with_options::<Located>(text, options).map_err(|error| {
        let full = error.to_string();
        let first = full.lines().next().unwrap_or("").trim().trim_start_matches("error: ");
        let Some(place) = error.location() else { return not_readable("YAML", first) };
        let told = format!("line {} column {}: ", place.line(), place.column());
        not_readable("YAML", first.trim_start_matches(told.as_str())).at(place.line(), place.column())
    })
}

fn not_readable(language: &str, why: &str) -> PolicyError {
    let why = match why {
        "recursion limit exceeded" => format!("it nests deeper than {}", limits::JSON_DEPTH),
        why => why.to_owned(),
    };
    PolicyError::new("", format!("the document is not {language} that can be read: {why}"))
}

/// The line of a `#` or `//` comment in front of a JSON document, a mistake seen in the wild. A real
/// YAML document may begin with comments.
fn comment_before_json(text: &str) -> Option<u64> {
    let is_comment = |line: &str| line.starts_with('#') || line.starts_with("//");
    let mut lines = text.lines().map(str::trim_start).enumerate().filter(|(_, line)| !line.is_empty());
    let (first, line) = lines.next()?;
    let next = lines.find(|(_, line)| !is_comment(line))?;
    (is_comment(line) && next.1.starts_with('{')).then_some(first as u64 + 1)
}

/// Fills in lines and columns of problems by reading the document a second time.
pub(crate) fn locate(document: &[u8], problems: &mut [PolicyError]) {
    if document.len() > LONGEST_LOCATED || problems.iter().all(|problem| problem.line.is_some()) {
        return;
    }
    let Ok(text) = std::str::from_utf8(document) else { return };
    let Ok(Located(root)) = read_yaml(text.strip_prefix('\u{feff}').unwrap_or(text)) else { return };
    for problem in problems.iter_mut().filter(|problem| problem.line.is_none()) {
        let mut pointer = problem.pointer.as_str();
        // A field that is missing is told at its parent.
        let found = loop {
            match (root.find(pointer), pointer.rfind('/')) {
                (Some(node), _) => break Some(node),
                (None, Some(end)) => pointer = pointer.get(..end).unwrap_or(""),
                (None, None) => break None,
            }
        };
        if let Some((line, column)) = found.and_then(|node| node.place) {
            problem.line = Some(line);
            problem.column = Some(column);
        }
    }
}

/// A node without a place, read from JSON.
struct Plain(Node);
/// A node with its place, read by the YAML reader, which reads JSON as well.
struct Located(Node);
struct LocatedTree(Tree);

trait Element<'de>: Deserialize<'de> {
    fn node(self) -> Node;
}
impl Element<'_> for Plain {
    fn node(self) -> Node {
        self.0
    }
}
impl Element<'_> for Located {
    fn node(self) -> Node {
        self.0
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor::<Self>(PhantomData)).map(|tree| Self(tree.into()))
    }
}
impl<'de> Deserialize<'de> for LocatedTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor::<Located>(PhantomData)).map(Self)
    }
}
impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<LocatedTree>::deserialize(deserializer)?;
        let place = (spanned.referenced.line(), spanned.referenced.column());
        Ok(Self(Node { tree: spanned.value.0, place: (place.0 > 0).then_some(place), origin: None }))
    }
}

struct TreeVisitor<E>(PhantomData<E>);

impl<'de, E: Element<'de>> Visitor<'de> for TreeVisitor<E> {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<X>(self) -> Result<Tree, X> {
        Ok(Tree::Null)
    }
    fn visit_none<X>(self) -> Result<Tree, X> {
        Ok(Tree::Null)
    }
    fn visit_bool<X>(self, value: bool) -> Result<Tree, X> {
        Ok(Tree::Bool(value))
    }
    fn visit_i64<X>(self, value: i64) -> Result<Tree, X> {
        Ok(Tree::Number(value.into()))
    }
    fn visit_u64<X>(self, value: u64) -> Result<Tree, X> {
        Ok(Tree::Number(value.into()))
    }
    fn visit_f64<X>(self, value: f64) -> Result<Tree, X> {
        Ok(serde_json::Number::from_f64(value).map_or(Tree::Null, Tree::Number))
    }
    fn visit_str<X>(self, value: &str) -> Result<Tree, X> {
        Ok(Tree::Text(value.to_owned()))
    }
    fn visit_string<X>(self, value: String) -> Result<Tree, X> {
        Ok(Tree::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<E>()? {
            items.push(item.node());
        }
        Ok(Tree::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut fields = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, E>()? {
            fields.push((key, value.node()));
        }
        Ok(Tree::Map(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, locate, read};
    use crate::document::error::PolicyError;

    #[test]
    fn json_and_yaml_give_the_same_tree() {
        let json = read(br#"{"a": [1, true, "x"], "b": {"c": null}}"#).unwrap();
        let yaml = read(b"# a comment\na: [1, true, x]\nb:\n  c:\n").unwrap();
        assert_eq!(format!("{:?}", strip(json)), format!("{:?}", strip(yaml)));
    }

    fn strip(mut node: super::Node) -> super::Node {
        node.place = None;
        node.tree = match node.tree {
            Tree::List(items) => Tree::List(items.into_iter().map(strip).collect()),
            Tree::Map(fields) => Tree::Map(fields.into_iter().map(|(key, value)| (key, strip(value))).collect()),
            other => other,
        };
        node
    }

    #[test]
    fn problems_of_json_get_lines() {
        let text = b"{\n  \"a\": {\n    \"b\": 1\n  }\n}";
        let mut problems = [PolicyError::new("/a/b", "x"), PolicyError::new("/a/none", "y")];
        locate(text, &mut problems);
        assert_eq!((problems[0].line, problems[1].line), (Some(3), Some(2)));
    }

    #[test]
    fn what_is_no_document_is_told_with_its_line() {
        assert_eq!(read(b"{\n \"a\": 1,\n}").unwrap_err().line, Some(3));
        assert_eq!(read(b"# old\n{\"a\": 1}").unwrap_err().line, Some(1));
        assert!(read(b"{\"a\": \xff}").unwrap_err().message.contains("byte 6"));
        assert!(read(b"a: [1").is_err());
        let deep = "[".repeat(200);
        assert!(read(deep.as_bytes()).is_err());
    }
}
