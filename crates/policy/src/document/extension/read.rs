//! Reads a side-car: closed, with every problem at its place.

use std::collections::{BTreeMap, HashMap};

use super::{
    Assessment, Exception, Extension, Grace, GraceFrom, Mode, Parameter, ParameterType, RuleExtension, Selector,
    VersionSelector,
};
use crate::document::error::{PolicyError, child};
use crate::document::expiry;
use crate::document::fields::{Fields, Sink};
use crate::document::policy::Expiry;
use crate::document::suggest::{did_you_mean, quoted, shown};
use crate::document::tree::{self, Node, Tree};
use crate::pattern::Pattern;
use crate::trigger::types::Comparison;

/// Version of the document.
const SCHEMA: &str = "stopgate-policy-ext/1";
const ROOT: &[&str] = &["$schema", "schema", "policy_id", "parameters", "rules", "exceptions", "assessments"];
const PARAMETER: &[&str] = &["name", "type", "default", "required", "values"];
const RULE: &[&str] = &["controls", "mode", "enforce_from", "old"];
const GRACE: &[&str] = &["from", "days"];
const EXCEPTION: &[&str] =
    &["id", "select", "reason", "justification", "owner", "approver", "ticket", "created", "expires"];
const SELECT: &[&str] =
    &["vulnerability", "purl", "version", "path", "gate", "trigger", "rule", "control", "image", "tag"];
const ASSESSMENT: &[&str] = &["select", "exposed", "rating", "evaluated_at", "reachable", "likely_exploitable"];

/// Reads a side-car in JSON or YAML. The error has every problem of the document.
pub fn parse_extension(document: &[u8]) -> Result<Extension, Vec<PolicyError>> {
    let root = tree::read(document).map_err(|error| vec![error])?;
    let sink = Sink::default();
    let extension = Reader { sink: &sink }.extension(&root);
    let mut errors = sink.errors.into_inner();
    match extension {
        Some(extension) if errors.is_empty() => Ok(extension),
        _ => {
            tree::locate(document, &mut errors);
            Err(errors)
        }
    }
}

/// Reads values of parameters: an object of texts, numbers, booleans and lists, in JSON or YAML.
pub fn parse_values(document: &[u8]) -> Result<BTreeMap<String, String>, PolicyError> {
    let root = tree::read(document)?;
    let Tree::Map(members) = &root.tree else {
        return Err(PolicyError::new("", format!("the document is {}: expected an object", root.kind())));
    };
    let sink = Sink::default();
    let reader = Reader { sink: &sink };
    let values = members.iter().filter_map(|(name, node)| Some((name.clone(), reader.scalar(&child("", name), node)?)));
    let values = values.collect();
    match sink.errors.into_inner().into_iter().next() {
        Some(error) => Err(error),
        None => Ok(values),
    }
}

struct Reader<'a> {
    sink: &'a Sink,
}

impl<'a> Reader<'a> {
    fn extension(&self, root: &'a Node) -> Option<Extension> {
        let fields = Fields::of(root, "", self.sink, "the side-car", ROOT)?;
        if let Some(schema) = fields.text("schema")
            && schema != SCHEMA
        {
            let message = format!("schema `{}` is not supported: expected `{SCHEMA}`", shown(&schema));
            self.sink.error(PolicyError::new(fields.at("schema"), message));
        }
        let policy_id = fields.full_text("policy_id");
        let parameters = each(&fields, "parameters", |node, at| self.parameter(node, at));
        self.unique(&fields.at("parameters"), "parameter", parameters.iter().map(|one| one.name.as_str()));
        let rules = self.rules(&fields);
        let exceptions = each(&fields, "exceptions", |node, at| self.exception(node, at));
        self.unique(&fields.at("exceptions"), "exception", exceptions.iter().map(|one| one.id.as_str()));
        let assessments = each(&fields, "assessments", |node, at| self.assessment(node, at));
        // For editors; it says nothing of the side-car and is not kept.
        fields.maybe_text("$schema");
        let mut value = root.to_value();
        if let Some(members) = value.as_object_mut() {
            members.shift_remove("$schema");
        }
        Some(Extension { policy_id: policy_id?, parameters, rules, exceptions, assessments, value })
    }

    fn unique<'t>(&self, list: &str, what: &str, names: impl Iterator<Item = &'t str>) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, name) in names.enumerate() {
            if let Some(first) = seen.insert(name, index) {
                let message = format!("the {what} `{}` is there twice: expected names to be unique", shown(name));
                let help = format!("the first is member {first} of the list");
                self.sink.error(PolicyError::new(child(list, index), message).help(help));
            }
        }
    }

    fn parameter(&self, node: &'a Node, at: &str) -> Option<Parameter> {
        let fields = Fields::of(node, at, self.sink, "the parameter", PARAMETER)?;
        let name = fields.full_text("name");
        if let Some(name) = &name
            && !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        {
            let message =
                format!("`name` does not accept `{}`: expected letters, digits, `_`, `-` and `.`", shown(name));
            self.sink.error(PolicyError::new(fields.at("name"), message));
        }
        let kind = self.word(&fields, "type", &ParameterType::WORDS).unwrap_or(ParameterType::String);
        let values = fields.maybe_list("values").iter().filter_map(|(at, node)| self.scalar(at, node)).collect();
        let parameter = Parameter {
            name: name?,
            kind,
            default: fields.node("default").and_then(|node| self.scalar(&fields.at("default"), node)),
            required: self.maybe_bool(&fields, "required").unwrap_or(false),
            values,
        };
        if let Some(default) = &parameter.default
            && let Err(message) = parameter.accepts(default)
        {
            self.sink.error(PolicyError::new(fields.at("default"), message));
        }
        Some(parameter)
    }

    /// A value as the text that rules get: a list becomes its members with commas between.
    fn scalar(&self, at: &str, node: &Node) -> Option<String> {
        match &node.tree {
            Tree::Text(text) => Some(text.clone()),
            Tree::Bool(value) => Some(value.to_string()),
            Tree::Number(number) => Some(number.to_string()),
            Tree::List(items) => {
                let items: Option<Vec<String>> = items.iter().map(|item| item.as_text().map(str::to_owned)).collect();
                items.map(|items| items.join(",")).or_else(|| {
                    self.sink.error(PolicyError::new(at, "the list has members that are no texts: expected texts"));
                    None
                })
            }
            Tree::Null | Tree::Map(_) => {
                self.sink.error(PolicyError::new(at, format!("the value is {}: expected a text", node.kind())));
                None
            }
        }
    }

    fn rules(&self, fields: &Fields<'a>) -> BTreeMap<String, RuleExtension> {
        let Some(node) = fields.node("rules") else { return BTreeMap::new() };
        let Tree::Map(members) = &node.tree else {
            let message = format!("`rules` is {}: expected an object with rule ids as names", node.kind());
            self.sink.error(PolicyError::new(fields.at("rules"), message));
            return BTreeMap::new();
        };
        let mut rules = BTreeMap::new();
        for (id, node) in members {
            let at = child(&fields.at("rules"), id);
            let Some(rule) = self.rule(node, &at) else { continue };
            if rules.insert(id.clone(), rule).is_some() {
                self.sink.error(PolicyError::new(at, format!("the rule `{}` is there twice", shown(id))));
            }
        }
        rules
    }

    fn rule(&self, node: &'a Node, at: &str) -> Option<RuleExtension> {
        let fields = Fields::of(node, at, self.sink, "the rule", RULE)?;
        let controls = if fields.node("controls").is_some() { fields.texts("controls") } else { Vec::new() };
        let old = fields.node("old").and_then(|node| self.grace(node, &fields.at("old")));
        Some(RuleExtension {
            controls: controls.into_iter().map(|(_, id)| id).collect(),
            mode: self.word(&fields, "mode", &Mode::WORDS).unwrap_or_default(),
            enforce_from: self.maybe_time(&fields, "enforce_from"),
            old,
        })
    }

    fn grace(&self, node: &'a Node, at: &str) -> Option<Grace> {
        let fields = Fields::of(node, at, self.sink, "`old`", GRACE)?;
        let from = self.word(&fields, "from", &GraceFrom::WORDS);
        if fields.node("from").is_none() {
            let message = format!("`old` has no `from`: expected one of {}", words(&GraceFrom::WORDS));
            self.sink.error(PolicyError::new(fields.at("from"), message));
        }
        let days = self.whole_number(&fields, "days");
        if fields.node("days").is_none() {
            self.sink.error(PolicyError::new(fields.at("days"), "`old` has no `days`: expected a whole number"));
        }
        Some(Grace { from: from?, days: days? })
    }

    fn exception(&self, node: &'a Node, at: &str) -> Option<Exception> {
        let fields = Fields::of(node, at, self.sink, "the exception", EXCEPTION)?;
        let (id, reason, owner) = (fields.full_text("id"), fields.full_text("reason"), fields.full_text("owner"));
        let select = self.selector(&fields);
        if fields.node("expires").is_none() {
            let message = "the exception has no `expires`: expected the time at which it ends";
            self.sink.error(PolicyError::new(fields.at("expires"), message).help("for example `2027-01-31T00:00:00Z`"));
        }
        let expires = self.maybe_time(&fields, "expires");
        Some(Exception {
            id: id?,
            select: select?,
            reason: reason?,
            justification: fields.maybe_text("justification"),
            owner: owner?,
            approver: fields.maybe_text("approver"),
            ticket: fields.maybe_text("ticket"),
            created: self.maybe_time(&fields, "created"),
            expires: expires?,
        })
    }

    fn assessment(&self, node: &'a Node, at: &str) -> Option<Assessment> {
        let fields = Fields::of(node, at, self.sink, "the assessment", ASSESSMENT)?;
        Some(Assessment {
            select: self.selector(&fields)?,
            exposed: self.maybe_bool(&fields, "exposed"),
            rating: self.whole_number(&fields, "rating"),
            evaluated_at: self.maybe_time(&fields, "evaluated_at"),
            reachable: self.maybe_bool(&fields, "reachable"),
            likely_exploitable: self.maybe_bool(&fields, "likely_exploitable"),
        })
    }

    fn selector(&self, parent: &Fields<'a>) -> Option<Selector> {
        let Some(node) = parent.node("select") else {
            parent.missing_object("select");
            return None;
        };
        let fields = Fields::of(node, &parent.at("select"), self.sink, "`select`", SELECT)?;
        if !SELECT.iter().any(|name| fields.node(name).is_some()) {
            let message = format!("`select` selects nothing: expected one of {}", quoted(SELECT.iter().copied()));
            self.sink.error(PolicyError::new(parent.at("select"), message));
        }
        let pattern = |name: &str| self.pattern(&fields, name);
        Some(Selector {
            vulnerability: pattern("vulnerability"),
            purl: pattern("purl"),
            version: self.version(&fields),
            path: pattern("path"),
            gate: pattern("gate"),
            trigger: pattern("trigger"),
            rule: pattern("rule"),
            control: pattern("control"),
            image: pattern("image"),
            tag: pattern("tag"),
        })
    }

    fn pattern(&self, fields: &Fields<'a>, name: &str) -> Option<Pattern> {
        let text = fields.maybe_text(name)?;
        let pattern = Pattern::new(&text);
        let fault = match pattern.fault() {
            Some(fault) => format!("the expression of `{name}` does not compile: {fault}"),
            None if text.trim().is_empty() => format!("`{name}` is empty: expected a text"),
            None => return Some(pattern),
        };
        self.sink.error(PolicyError::new(fields.at(name), fault));
        None
    }

    fn version(&self, fields: &Fields<'a>) -> Option<VersionSelector> {
        let text = fields.maybe_text("version")?;
        if !text.trim_start().starts_with(['<', '>', '=', '!']) {
            return self.pattern(fields, "version").map(VersionSelector::Exactly);
        }
        let parts: Option<Vec<_>> = text.split(',').map(comparison).collect();
        if parts.is_none() {
            let message = format!("`version` does not accept `{}`: expected a version, or a range", shown(&text));
            let help = "for example `1.2.3` or `>= 1.2, < 1.4`";
            self.sink.error(PolicyError::new(fields.at("version"), message).help(help));
        }
        parts.map(VersionSelector::Range)
    }

    fn maybe_time(&self, fields: &Fields<'a>, name: &str) -> Option<Expiry> {
        let text = fields.maybe_text(name)?;
        let time = expiry::parse(&text);
        if time.is_none() {
            let message = format!("`{name}` does not accept `{}`: expected a time of RFC 3339", shown(&text));
            self.sink.error(PolicyError::new(fields.at(name), message).help("for example `2027-01-31T00:00:00Z`"));
        }
        time.map(|time| Expiry { text, time })
    }

    fn maybe_bool(&self, fields: &Fields<'a>, name: &str) -> Option<bool> {
        let node = fields.node(name)?;
        let Tree::Bool(value) = node.tree else {
            let message = format!("`{name}` is {}: expected `true` or `false`", node.kind());
            self.sink.error(PolicyError::new(fields.at(name), message));
            return None;
        };
        Some(value)
    }

    fn whole_number(&self, fields: &Fields<'a>, name: &str) -> Option<u32> {
        let number = fields.maybe_number(name)?;
        let whole = number.as_u64().and_then(|number| u32::try_from(number).ok());
        if whole.is_none() {
            let message = format!("`{name}` does not accept `{number}`: expected a whole number");
            self.sink.error(PolicyError::new(fields.at(name), message));
        }
        whole
    }

    fn word<T: Copy>(&self, fields: &Fields<'a>, name: &str, known: &[(&'static str, T)]) -> Option<T> {
        let word = fields.maybe_text(name)?;
        let found = known.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
        if found.is_none() {
            let message = format!("`{name}` does not accept `{}`: expected one of {}", shown(&word), words(known));
            let error = PolicyError::new(fields.at(name), message);
            self.sink.error(match did_you_mean(&word, known.iter().map(|(known, _)| *known)) {
                Some(help) => error.help(help),
                None => error,
            });
        }
        found
    }
}

fn each<'a, T>(fields: &Fields<'a>, name: &str, read: impl Fn(&'a Node, &str) -> Option<T>) -> Vec<T> {
    fields.maybe_list(name).into_iter().filter_map(|(at, node)| read(node, &at)).collect()
}

fn words<T>(known: &[(&'static str, T)]) -> String {
    quoted(known.iter().map(|(word, _)| *word))
}

fn comparison(part: &str) -> Option<(Comparison, String)> {
    let part = part.trim();
    let end = part.find(|c: char| !matches!(c, '<' | '>' | '=' | '!'))?;
    let (operator, version) = part.split_at(end);
    let comparison = match operator {
        "=" | "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        ">" => Comparison::Greater,
        "<=" => Comparison::AtMost,
        ">=" => Comparison::AtLeast,
        _ => return None,
    };
    let version = version.trim();
    (!version.is_empty()).then(|| (comparison, version.to_owned()))
}

impl ParameterType {
    const WORDS: [(&'static str, Self); 5] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("list", Self::List),
    ];
}

impl Mode {
    const WORDS: [(&'static str, Self); 3] = [("enforce", Self::Enforce), ("audit", Self::Audit), ("off", Self::Off)];
}

impl GraceFrom {
    const WORDS: [(&'static str, Self); 3] =
        [("first_seen", Self::FirstSeen), ("fix_seen", Self::FixSeen), ("kev_added", Self::KevAdded)];
}
