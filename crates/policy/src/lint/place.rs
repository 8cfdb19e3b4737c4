//! Where lints stand: in the document as given, by pointer, line and column.

use std::cmp::Ordering;

use super::Lint;
use crate::document::error::{PolicyError, child};
use crate::document::tree::{self, Node, Tree};

/// Names of version 2 and what version `1_0` calls the same.
const OLD_NAMES: &[(&str, &str)] = &[
    ("rule_sets", "policies"),
    ("allowlists", "whitelists"),
    ("allowlisted_images", "whitelisted_images"),
    ("denylisted_images", "blacklisted_images"),
    ("rule_set_ids", "policy_ids"),
    ("rule_set_ids", "policy_id"),
    ("allowlist_ids", "whitelist_ids"),
];

/// Turns pointers into those of the document as given, which may be of version `1_0`, adds lines and columns,
/// and sorts by them. The document is the one that the policy was read from.
pub fn locate_lints(document: &[u8], lints: &mut [Lint]) {
    if let Ok(root) = tree::read(document) {
        for lint in lints.iter_mut() {
            lint.pointer = given(&root, &lint.pointer);
        }
    }
    locate_extension_lints(document, lints);
}

/// Adds lines and columns to lints of a side-car, and sorts by them.
pub fn locate_extension_lints(document: &[u8], lints: &mut [Lint]) {
    let mut problems: Vec<PolicyError> = lints.iter().map(|lint| PolicyError::new(&*lint.pointer, "")).collect();
    tree::locate(document, &mut problems);
    for (lint, problem) in lints.iter_mut().zip(problems) {
        (lint.line, lint.column) = (problem.line, problem.column);
    }
    lints.sort_by_key(|lint| (lint.line, lint.column));
}

/// The pointer with the names that the document uses.
fn given(root: &Node, pointer: &str) -> String {
    let mut node = Some(root);
    let mut place = String::new();
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        let has = |name: &str| node.is_some_and(|node| node.get(name).is_some());
        let old = OLD_NAMES.iter().find(|(new, old)| *new == name && !has(new) && has(old)).map(|(_, old)| *old);
        let name = old.unwrap_or(&name);
        // A single id in place of a list has no members.
        if matches!(node.map(|node| &node.tree), Some(Tree::Text(_))) {
            break;
        }
        place = child(&place, name);
        node = node.and_then(|node| match &node.tree {
            Tree::List(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => node.get(name),
        });
    }
    place
}

/// Order of places: by name, and by number inside of lists.
pub(super) fn order(left: &str, right: &str) -> Ordering {
    let mut right = right.split('/');
    for part in left.split('/') {
        let Some(other) = right.next() else { return Ordering::Greater };
        let order = match (part.parse::<u64>(), other.parse::<u64>()) {
            (Ok(part), Ok(other)) => part.cmp(&other),
            _ => part.cmp(other),
        };
        if order.is_ne() {
            return order;
        }
    }
    if right.next().is_some() { Ordering::Less } else { Ordering::Equal }
}

#[cfg(test)]
mod tests {
    use super::{given, order};
    use crate::document::tree;

    #[test]
    fn pointers_are_those_of_the_document_as_given() {
        let old = br#"{"policies": [{"rules": [{"gate": "x"}]}], "mappings": [{"policy_id": "p"}], "whitelists": []}"#;
        let root = tree::read(old).unwrap();
        for (pointer, expected) in [
            ("", ""),
            ("/rule_sets/0/rules/0/gate", "/policies/0/rules/0/gate"),
            ("/mappings/0/rule_set_ids/0", "/mappings/0/policy_id"),
            ("/allowlists/3", "/whitelists/3"),
            ("/sbom_mappings", "/sbom_mappings"),
        ] {
            assert_eq!(given(&root, pointer), expected);
        }
        let new = tree::read(br#"{"rule_sets": [], "policies": []}"#).unwrap();
        assert_eq!(given(&new, "/rule_sets/0"), "/rule_sets/0");
    }

    #[test]
    fn numbers_order_as_numbers() {
        let mut pointers = ["/b", "/a/10", "/a/9/x", "/a/9", ""];
        pointers.sort_by(|a, b| order(a, b));
        assert_eq!(pointers, ["", "/a/9", "/a/9/x", "/a/10", "/b"]);
    }
}
