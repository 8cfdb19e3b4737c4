//! Bundle format v1 (`1_0`) to v2. The tree is rewritten and every change is told; what v2 does not
//! know either stays, so that the reader complains about it at its place in the document as given.

use std::collections::HashSet;

use uuid::Uuid;

use super::canonical;
use super::error::{PolicyError, child};
use super::suggest::shown;
use super::tree::{Node, Tree};

/// Something that conversion changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// JSON pointer into the document as given.
    pub pointer: String,
    /// What was changed, one clause.
    pub text: String,
}

/// A document as v2, with what was changed and what is wrong with it already.
pub(super) struct Converted {
    pub(super) root: Node,
    pub(super) changes: Vec<Change>,
    pub(super) errors: Vec<PolicyError>,
}

/// Makes a v2 tree of any tree. The error means that the document is no policy at all.
pub(super) fn to_v2(mut root: Node) -> Result<Converted, PolicyError> {
    let has = |key: &str| root.get(key).is_some();
    if !has("rule_sets") && !has("policies") {
        if has("rules") {
            return Err(PolicyError::new("", "the document is one rule set, not a policy")
                .help("`policy convert --lenient` puts it into a policy with one mapping"));
        }
        if has("items") {
            return Err(PolicyError::new("", "the document is one allowlist, not a policy")
                .help("`policy convert --lenient` puts it into a policy without rules"));
        }
    }
    let version = root.get("version").and_then(Node::as_text).map(str::to_owned);
    match version.as_deref() {
        Some("1_0") => {}
        None if root.get("policies").is_some() => {
            return Err(PolicyError::new("/version", "the policy has no `version`: expected `2` or `1_0`")
                .help("a document with `policies` has version `1_0`"));
        }
        Some("2") | None => return Ok(Converted { root, changes: Vec::new(), errors: Vec::new() }),
        Some(other) => {
            let message = format!("version `{}` is not supported: expected `2` or `1_0`", shown(other));
            return Err(PolicyError::new("/version", message));
        }
    }
    root.remember_origins(String::new());
    let mut converter = Converter::default();
    converter.bundle(&mut root);
    Ok(Converted { root, changes: converter.changes, errors: converter.errors })
}

#[derive(Default)]
struct Converter {
    changes: Vec<Change>,
    errors: Vec<PolicyError>,
}

type Map = Vec<(String, Node)>;

/// Keys that servers wrote and that mean nothing to a policy.
const WRITTEN_BY_SERVERS: &[&str] = &["last_updated", "created_at", "last_modified"];

impl Converter {
    fn note(&mut self, pointer: &str, text: impl Into<String>) {
        self.changes.push(Change { pointer: pointer.to_owned(), text: text.into() });
    }

    fn bundle(&mut self, root: &mut Node) {
        self.note("/version", "the document was converted from version `1_0` to `2`");
        let Tree::Map(map) = &mut root.tree else { return };
        self.drop_keys(map, "", WRITTEN_BY_SERVERS);
        // It names the schema of the old version.
        self.drop_keys(map, "", &["$schema"]);
        for (old, new) in [
            ("policies", "rule_sets"),
            ("whitelists", "allowlists"),
            ("whitelisted_images", "allowlisted_images"),
            ("blacklisted_images", "denylisted_images"),
        ] {
            self.rename(map, "", old, new);
        }
        self.describe(map, "");
        set_version(map);
        self.name_after_id(map, "");
        for (name, node) in map {
            match name.as_str() {
                "rule_sets" => self.each(node, Self::rule_set),
                "allowlists" => self.each(node, Self::allowlist),
                "mappings" => self.each(node, Self::mapping),
                "allowlisted_images" | "denylisted_images" => self.each(node, Self::image_rule),
                _ => continue,
            }
            match name.as_str() {
                "mappings" | "allowlisted_images" | "denylisted_images" => self.give_ids(node),
                _ => {}
            }
        }
    }

    fn each(&mut self, node: &mut Node, convert: fn(&mut Self, &mut Map, &str)) {
        let Tree::List(items) = &mut node.tree else { return };
        for item in items {
            let pointer = item.origin.clone().unwrap_or_default();
            if let Tree::Map(map) = &mut item.tree {
                convert(self, map, &pointer);
            }
        }
    }

    fn rule_set(&mut self, map: &mut Map, at: &str) {
        self.drop_keys(map, at, WRITTEN_BY_SERVERS);
        self.describe(map, at);
        set_version(map);
        self.name_after_id(map, at);
        if !map.iter().any(|(key, _)| key == "artifact_type") {
            map.push(("artifact_type".to_owned(), Node::text("image")));
        }
        for (name, node) in map {
            if name == "rules" {
                self.each(node, Self::rule);
                self.give_ids(node);
            }
        }
    }

    fn rule(&mut self, map: &mut Map, at: &str) {
        self.describe(map, at);
        if !map.iter().any(|(key, _)| key == "params") {
            map.push(("params".to_owned(), Tree::List(Vec::new()).into()));
        }
        let gate = text_of(map, "gate").unwrap_or_default().to_lowercase();
        for (name, node) in map.iter_mut().filter(|(name, _)| name == "trigger" || name == "params") {
            match (name.as_str(), &mut node.tree) {
                ("trigger", Tree::Text(trigger)) => self.trigger(&gate, trigger, at),
                ("params", Tree::List(params)) => {
                    for param in params {
                        self.param(&gate, param);
                    }
                }
                _ => {}
            }
        }
    }

    fn trigger(&mut self, gate: &str, trigger: &mut String, at: &str) {
        let lower = trigger.to_lowercase();
        let renamed = match gate {
            "vulnerabilities" | "packages" | "licenses" | "passwd_file" if lower.starts_with("blacklist") => {
                lower.replacen("blacklist", "denylist", 1)
            }
            _ => return,
        };
        self.note(&child(at, "trigger"), format!("trigger `{}` is now `{renamed}`", shown(trigger)));
        *trigger = renamed;
    }

    fn param(&mut self, gate: &str, param: &mut Node) {
        let at = param.origin.clone().unwrap_or_default();
        let is_type = param.get("name").and_then(Node::as_text).is_some_and(|name| name.eq_ignore_ascii_case("type"));
        let Tree::Map(map) = &mut param.tree else { return };
        for (_, value) in map.iter_mut().filter(|(name, _)| name == "value") {
            let text = match &value.tree {
                Tree::Bool(value) => value.to_string(),
                Tree::Number(number) => number.to_string(),
                Tree::Null => String::new(),
                Tree::Text(text) if gate == "dockerfile" && is_type => match text.as_str() {
                    "whitelist" => "allowlist".to_owned(),
                    "blacklist" => "denylist".to_owned(),
                    _ => continue,
                },
                _ => continue,
            };
            value.tree = Tree::Text(text.clone());
            self.changes.push(Change {
                pointer: child(&at, "value"),
                text: format!("the value is now the text `{}`", shown(&text)),
            });
        }
    }

    fn allowlist(&mut self, map: &mut Map, at: &str) {
        self.drop_keys(map, at, WRITTEN_BY_SERVERS);
        self.describe(map, at);
        set_version(map);
        self.name_after_id(map, at);
        for (name, node) in map {
            if name == "items" {
                self.each(node, Self::item);
                self.give_ids(node);
            }
        }
    }

    fn item(&mut self, map: &mut Map, at: &str) {
        self.describe(map, at);
        // COMPAT: engines ignored other keys of items, and documents have them.
        let others: Vec<String> = map
            .iter()
            .map(|(key, _)| key.clone())
            .filter(|key| !matches!(key.as_str(), "id" | "gate" | "trigger_id" | "expires_on" | "description"))
            .collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        self.drop_keys(map, at, &others);
    }

    fn mapping(&mut self, map: &mut Map, at: &str) {
        self.describe(map, at);
        let has = |key: &str| map.iter().any(|(name, node)| name == key && node.tree != Tree::Null);
        match (has("policy_id"), has("policy_ids")) {
            (true, true) => {
                let message = "the mapping has both `policy_id` and `policy_ids`: expected one of them";
                self.errors.push(PolicyError::new(child(at, "policy_id"), message));
                map.retain(|(key, _)| key != "policy_id");
            }
            (false, false) => {
                let message = "the mapping has neither `policy_id` nor `policy_ids`: expected one of them";
                self.errors.push(PolicyError::new(at, message));
                map.push(("rule_set_ids".to_owned(), Tree::List(Vec::new()).into()));
            }
            _ => {}
        }
        if let Some((key, node)) = map.iter_mut().find(|(key, node)| key == "policy_id" && node.tree != Tree::Null) {
            "rule_set_ids".clone_into(key);
            let one = node.clone();
            node.tree = Tree::List(vec![one]);
            self.note(&child(at, "policy_id"), "`policy_id` is now `rule_set_ids`");
        }
        map.retain(|(key, node)| !matches!(key.as_str(), "policy_id" | "policy_ids") || node.tree != Tree::Null);
        self.rename(map, at, "policy_ids", "rule_set_ids");
        self.rename(map, at, "whitelist_ids", "allowlist_ids");
        match map.iter_mut().find(|(key, _)| key == "allowlist_ids") {
            Some((_, node)) if node.tree == Tree::Null => node.tree = Tree::List(Vec::new()),
            Some(_) => {}
            None => map.push(("allowlist_ids".to_owned(), Tree::List(Vec::new()).into())),
        }
        if text_of(map, "name").is_none() {
            map.push(("name".to_owned(), Node::text("mapping")));
        }
    }

    fn image_rule(&mut self, map: &mut Map, at: &str) {
        self.describe(map, at);
        if text_of(map, "name").is_none() {
            map.push(("name".to_owned(), Node::text("image")));
        }
    }

    /// `comment` is `description` now.
    fn describe(&mut self, map: &mut Map, at: &str) {
        self.rename(map, at, "comment", "description");
    }

    fn rename(&mut self, map: &mut Map, at: &str, old: &str, new: &str) {
        let both = map.iter().any(|(key, _)| key == new);
        let Some(position) = map.iter().position(|(key, _)| key == old) else { return };
        if both {
            map.remove(position);
            self.note(&child(at, old), format!("`{old}` was left out, as there is `{new}`"));
        } else if let Some((key, _)) = map.get_mut(position) {
            new.clone_into(key);
            self.note(&child(at, old), format!("`{old}` is now `{new}`"));
        }
    }

    fn drop_keys(&mut self, map: &mut Map, at: &str, keys: &[&str]) {
        map.retain(|(key, _)| {
            let dropped = keys.contains(&key.as_str());
            if dropped {
                self.changes.push(Change { pointer: child(at, key), text: format!("`{}` was left out", shown(key)) });
            }
            !dropped
        });
    }

    fn name_after_id(&mut self, map: &mut Map, at: &str) {
        let named = text_of(map, "name").is_some_and(|name| !name.is_empty());
        if let (false, Some(id)) = (named, text_of(map, "id").map(str::to_owned)) {
            map.retain(|(key, _)| key != "name");
            self.note(at, format!("the name is now the id `{}`", shown(&id)));
            map.push(("name".to_owned(), Node::text(id)));
        }
    }

    /// Ids where they are missing or used twice: from the content, so the same document gives the same.
    fn give_ids(&mut self, list: &mut Node) {
        let Tree::List(items) = &mut list.tree else { return };
        let mut used = HashSet::new();
        for item in items {
            let at = item.origin.clone().unwrap_or_default();
            let content = canonical::text(&item.to_value());
            let Tree::Map(map) = &mut item.tree else { continue };
            let own = text_of(map, "id").map(str::to_owned).filter(|id| !id.is_empty());
            if own.as_ref().is_some_and(|id| used.insert(id.clone())) {
                continue;
            }
            let mut id = String::new();
            for copy in 0_u32.. {
                id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{content}#{copy}").as_bytes()).to_string();
                if used.insert(id.clone()) {
                    break;
                }
            }
            let why = if own.is_some() { "used twice" } else { "missing" };
            self.note(&at, format!("the id was {why} and is now `{id}`"));
            map.retain(|(key, _)| key != "id");
            map.push(("id".to_owned(), Node::text(id)));
        }
    }
}

fn set_version(map: &mut Map) {
    for (_, node) in map.iter_mut().filter(|(key, node)| key == "version" && node.as_text() == Some("1_0")) {
        node.tree = Tree::Text("2".to_owned());
    }
}

fn text_of<'m>(map: &'m Map, key: &str) -> Option<&'m str> {
    map.iter().find(|(name, _)| name == key).and_then(|(_, node)| node.as_text())
}
