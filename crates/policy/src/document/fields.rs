//! Reading the fields of one object: what is missing, of another type or unknown becomes a problem
//! with its pointer, and reading goes on.

use std::cell::RefCell;

use super::error::{PolicyError, child};
use super::suggest::{did_you_mean, quoted, shown};
use super::tree::{Node, Tree};

/// Where problems go.
#[derive(Default)]
pub(crate) struct Sink {
    pub(crate) errors: RefCell<Vec<PolicyError>>,
    pub(crate) warnings: RefCell<Vec<PolicyError>>,
}

impl Sink {
    pub(crate) fn error(&self, error: PolicyError) {
        add(&mut self.errors.borrow_mut(), error);
    }
    pub(crate) fn warn(&self, warning: PolicyError) {
        add(&mut self.warnings.borrow_mut(), warning);
    }
}

/// Problems that are told of one document. Nobody reads more, and millions of empty rules have millions.
const MOST_TOLD: usize = 10_000;

fn add(problems: &mut Vec<PolicyError>, problem: PolicyError) {
    match problems.len() {
        told if told < MOST_TOLD => problems.push(problem),
        MOST_TOLD => problems.push(PolicyError::new("", format!("only the first {MOST_TOLD} problems are told"))),
        _ => {}
    }
}

/// An object with its pointer.
pub(crate) struct Fields<'a> {
    members: &'a [(String, Node)],
    /// Pointer into the document as given.
    pub(crate) pointer: String,
    sink: &'a Sink,
    what: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields of an object, of which only `known` ones may be there.
    pub(crate) fn of(
        node: &'a Node,
        pointer: &str,
        sink: &'a Sink,
        what: &'static str,
        known: &[&'static str],
    ) -> Option<Self> {
        let pointer = node.origin.clone().unwrap_or_else(|| pointer.to_owned());
        let Tree::Map(fields) = &node.tree else {
            sink.error(PolicyError::new(&pointer, format!("{what} is {}: expected an object", node.kind())));
            return None;
        };
        let own = Self { members: fields, pointer, sink, what };
        for (index, (name, value)) in fields.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let error = PolicyError::new(
                    value.origin.clone().unwrap_or_else(|| child(&own.pointer, name)),
                    format!("{what} has no field `{}`", shown(name)),
                );
                own.sink.error(match did_you_mean(name, known.iter().copied()) {
                    Some(help) => error.help(help),
                    None => error.help(format!("expected one of {}", quoted(known.iter().copied()))),
                });
            } else if fields.iter().take(index).any(|(earlier, _)| earlier == name) {
                own.sink.error(PolicyError::new(own.at(name), format!("{what} has the field `{name}` twice")));
            }
        }
        Some(own)
    }

    /// Pointer of a field, there or not.
    pub(crate) fn at(&self, name: &str) -> String {
        self.node(name).and_then(|node| node.origin.clone()).unwrap_or_else(|| child(&self.pointer, name))
    }

    /// A field; null is as good as absent.
    pub(crate) fn node(&self, name: &str) -> Option<&'a Node> {
        let found = self.members.iter().find(|(field, _)| field == name).map(|(_, node)| node)?;
        (found.tree != Tree::Null).then_some(found)
    }

    fn missing(&self, name: &str, expected: &str) {
        let message = format!("{} has no `{name}`: expected {expected}", self.what);
        self.sink.error(PolicyError::new(child(&self.pointer, name), message));
    }

    pub(crate) fn missing_object(&self, name: &str) {
        self.missing(name, "an object");
    }

    fn wrong(&self, name: &str, node: &Node, expected: &str) {
        let message = format!("`{name}` is {}: expected {expected}", node.kind());
        let error = PolicyError::new(self.at(name), message);
        let scalar = matches!(node.tree, Tree::Bool(_) | Tree::Number(_)) && expected == "a text";
        self.sink.error(if scalar { error.help("write the value in quotes") } else { error });
    }

    /// A text that must be there.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        if self.node(name).is_none() {
            self.missing(name, "a text");
        }
        self.maybe_text(name)
    }

    /// A text that must be there and not be empty.
    pub(crate) fn full_text(&self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            self.sink.error(PolicyError::new(self.at(name), format!("`{name}` is empty: expected a text")));
            return None;
        }
        Some(text)
    }

    /// A text, when it is there.
    pub(crate) fn maybe_text(&self, name: &str) -> Option<String> {
        let node = self.node(name)?;
        let Tree::Text(text) = &node.tree else {
            self.wrong(name, node, "a text");
            return None;
        };
        Some(text.clone())
    }

    /// A number, when it is there.
    pub(crate) fn maybe_number(&self, name: &str) -> Option<serde_json::Number> {
        let node = self.node(name)?;
        let Tree::Number(number) = &node.tree else {
            self.wrong(name, node, "a number");
            return None;
        };
        Some(number.clone())
    }

    /// A list that must be there.
    pub(crate) fn list(&self, name: &str) -> Vec<(String, &'a Node)> {
        self.require_list(name);
        self.maybe_list(name)
    }

    /// Complains when a list is missing.
    pub(crate) fn require_list(&self, name: &str) {
        if self.node(name).is_none() {
            self.missing(name, "a list");
        }
    }

    /// The members of a list with their pointers; none when it is absent.
    pub(crate) fn maybe_list(&self, name: &str) -> Vec<(String, &'a Node)> {
        let Some(node) = self.node(name) else { return Vec::new() };
        let Tree::List(items) = &node.tree else {
            self.wrong(name, node, "a list");
            return Vec::new();
        };
        let base = self.at(name);
        items
            .iter()
            .enumerate()
            .map(|(index, item)| (item.origin.clone().unwrap_or_else(|| child(&base, index)), item))
            .collect()
    }

    /// A list of texts that must be there.
    pub(crate) fn texts(&self, name: &str) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (pointer, node) in self.list(name) {
            match &node.tree {
                Tree::Text(text) => texts.push((pointer, text.clone())),
                _ => self.sink.error(PolicyError::new(
                    pointer,
                    format!("a member of `{name}` is {}: expected a text", node.kind()),
                )),
            }
        }
        texts
    }
}
