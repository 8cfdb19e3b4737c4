//! Reads a policy: bytes to a tree, an old tree to a new one, the tree to a valid policy. All errors
//! are collected.

use std::collections::{BTreeMap, HashMap};

use stopgate_model::{Action, Digest, DigestAlgorithm, limits};

use super::convert::{self, Change};
use super::error::{PolicyError, child};
use super::extension::{Extension, RuleExtension};
use super::fields::{Fields, Sink};
use super::policy::{
    Allowlist, AllowlistItem, Expiry, ImageKind, ImageRule, ImageTarget, Mapping, Names, Policy, Rule, RuleSet, Target,
};
use super::suggest::{did_you_mean, quoted, shown};
use super::tree::{self, Node};
use super::{bind, expiry};
use crate::engine::allowlist::AllowlistIndex;
use crate::engine::exceptions::ExceptionIndex;
use crate::engine::paths::PathTexts;
use crate::pattern::Pattern;
use crate::trigger::ArtifactType;
use crate::trigger::params::Param;

/// How to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParseOptions {
    /// Refuse what is accepted with a warning otherwise: gates at the end of their life, expressions
    /// that do not compile. For policies that are written now.
    pub strict: bool,
}

/// Reads a policy with its side-car. `given` are values for its parameters.
///
/// Errors of the policy point into the policy, those that say that the side-car does not fit into the side-car.
pub fn parse_extended(
    document: &[u8],
    extension: Extension,
    given: &BTreeMap<String, String>,
    options: ParseOptions,
) -> Result<ParsedPolicy, Vec<PolicyError>> {
    let values = extension.values(given)?;
    let mut parsed = parse_with(document, options, &values)?;
    parsed.policy = parsed.policy.extended(extension, &values)?;
    Ok(parsed)
}

/// A policy with what a person should know of its document.
#[derive(Debug)]
pub struct ParsedPolicy {
    /// The policy.
    pub policy: Policy,
    /// What is accepted and may not be meant.
    pub warnings: Vec<PolicyError>,
    /// What was changed to make a v2 document of it; empty for one.
    pub converted: Vec<Change>,
}

/// Reads a policy document, v2 or v1 (`1_0`), in JSON or YAML. The error has every problem of the document.
pub fn parse(document: &[u8], options: ParseOptions) -> Result<ParsedPolicy, Vec<PolicyError>> {
    parse_with(document, options, &BTreeMap::new())
}

fn parse_with(
    document: &[u8],
    options: ParseOptions,
    values: &BTreeMap<String, String>,
) -> Result<ParsedPolicy, Vec<PolicyError>> {
    let root = tree::read(document).map_err(|error| vec![error])?;
    let converted = convert::to_v2(root).map_err(|error| located(document, vec![error]))?;
    let sink = Sink::default();
    sink.errors.borrow_mut().extend(converted.errors);
    let reader = Reader { sink: &sink, strict: options.strict, values };
    let policy = reader.policy(&converted.root);
    let errors = sink.errors.into_inner();
    match policy {
        Some(policy) if errors.is_empty() => {
            let warnings = located(document, sink.warnings.into_inner());
            Ok(ParsedPolicy { policy, warnings, converted: converted.changes })
        }
        _ => Err(located(document, errors)),
    }
}

fn located(document: &[u8], mut problems: Vec<PolicyError>) -> Vec<PolicyError> {
    tree::locate(document, &mut problems);
    problems
}

const POLICY: &[&str] = &[
    "$schema",
    "id",
    "name",
    "description",
    "version",
    "rule_sets",
    "mappings",
    "source_mappings",
    "sbom_mappings",
    "allowlists",
    "allowlisted_images",
    "denylisted_images",
    "last_updated",
];
const RULE_SET: &[&str] = &["id", "name", "description", "version", "artifact_type", "rules"];
const RULE: &[&str] = &["id", "gate", "trigger", "action", "params", "description", "recommendation"];
const PARAM: &[&str] = &["name", "value"];
const ALLOWLIST: &[&str] = &["id", "name", "description", "version", "items"];
const ITEM: &[&str] = &["id", "gate", "trigger_id", "expires_on", "description"];
const MAPPING: &[&str] =
    &["id", "name", "description", "registry", "repository", "image", "rule_set_ids", "allowlist_ids"];
const SOURCE_MAPPING: &[&str] = &["id", "name", "description", "host", "repository", "rule_set_ids", "allowlist_ids"];
const SBOM_MAPPING: &[&str] =
    &["id", "name", "description", "sbom_name", "sbom_version", "rule_set_ids", "allowlist_ids"];
const IMAGE_RULE: &[&str] = &["id", "name", "description", "registry", "repository", "image"];

pub(super) struct Reader<'a> {
    pub(super) sink: &'a Sink,
    pub(super) strict: bool,
    /// Values of the parameters that rules name; empty without a side-car.
    pub(super) values: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    fn policy(&self, root: &Node) -> Option<Policy> {
        let fields = Fields::of(root, "", self.sink, "the policy", POLICY)?;
        self.version(&fields);
        // For editors; it says nothing of the policy and is not kept.
        fields.maybe_text("$schema");
        let (id, name) = (fields.full_text("id"), fields.full_text("name"));
        let rule_sets = self.rule_sets(&fields);
        let allowlists: Vec<Allowlist> =
            fields.maybe_list("allowlists").into_iter().filter_map(|(at, node)| self.allowlist(node, &at)).collect();
        self.unique("rule set", &fields.at("rule_sets"), rule_sets.iter().map(|set| set.id.as_str()));
        self.unique("allowlist", &fields.at("allowlists"), allowlists.iter().map(|list| list.id.as_str()));
        let targets = Targets { rule_sets: &rule_sets, allowlists: &allowlists };
        fields.require_list("mappings");
        let mappings = self.mappings(&fields, "mappings", ArtifactType::Image, &targets);
        let source_mappings = self.mappings(&fields, "source_mappings", ArtifactType::Source, &targets);
        let mut sbom_mappings = self.mappings(&fields, "sbom_mappings", ArtifactType::Sbom, &targets);
        if fields.node("sbom_mappings").is_none() {
            sbom_mappings.extend(self.mapping_of_all(&fields, &rule_sets));
        }
        let images = |name: &str| -> Vec<ImageRule> {
            let rules = fields.maybe_list(name);
            let rules: Vec<_> = rules.into_iter().filter_map(|(at, node)| self.image_rule(node, &at)).collect();
            self.unique("image rule", &fields.at(name), rules.iter().map(|rule| rule.id.as_str()));
            rules
        };
        let (allowed_images, denied_images) = (images("allowlisted_images"), images("denylisted_images"));
        let mut policy = Policy {
            id: id?,
            name: name?,
            description: fields.maybe_text("description"),
            rule_sets,
            allowlists,
            mappings,
            source_mappings,
            sbom_mappings,
            allowed_images,
            denied_images,
            last_updated: fields.maybe_number("last_updated"),
            extension: None,
            exceptions: ExceptionIndex::default(),
            assessments: ExceptionIndex::default(),
            path_texts: PathTexts::default(),
            digest: Digest::new(DigestAlgorithm::Sha256, &"0".repeat(64))?,
        };
        policy.path_texts = PathTexts::new(&policy.rule_sets);
        policy.digest = policy.computed_digest();
        Some(policy)
    }

    fn version(&self, fields: &Fields<'_>) {
        if let Some(version) = fields.text("version")
            && version != "2"
        {
            let message = format!("version `{}` is not supported: expected `2`", shown(&version));
            self.sink.error(PolicyError::new(fields.at("version"), message));
        }
    }

    fn unique<'t>(&self, what: &str, list: &str, ids: impl Iterator<Item = &'t str>) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, id) in ids.enumerate() {
            if let Some(first) = seen.insert(id, index) {
                let message = format!("the {what} id `{}` is used twice: expected ids to be unique", shown(id));
                let help = format!("the first is member {first} of the list");
                self.sink.error(PolicyError::new(child(list, index), message).help(help));
            }
        }
    }

    fn rule_sets(&self, fields: &Fields<'_>) -> Vec<RuleSet> {
        let mut sets = Vec::new();
        let mut rules = 0;
        for (at, node) in fields.list("rule_sets") {
            let Some(set) = self.rule_set(node, &at, &mut rules) else { continue };
            sets.push(set);
        }
        if rules > limits::POLICY_RULES {
            let message = format!("the policy has {rules} rules: expected at most {}", limits::POLICY_RULES);
            self.sink.error(PolicyError::new(fields.at("rule_sets"), message));
        }
        sets
    }

    fn rule_set(&self, node: &Node, at: &str, count: &mut u64) -> Option<RuleSet> {
        let fields = Fields::of(node, at, self.sink, "the rule set", RULE_SET)?;
        self.version(&fields);
        let artifact_type = fields.maybe_text("artifact_type").and_then(|word| {
            let found = ArtifactType::ALL.into_iter().find(|kind| kind.name() == word);
            if found.is_none() {
                let words = ArtifactType::ALL.map(ArtifactType::name);
                let message =
                    format!("`artifact_type` does not accept `{}`: expected one of {}", shown(&word), quoted(words));
                self.sink.error(maybe_help(
                    PolicyError::new(fields.at("artifact_type"), message),
                    did_you_mean(&word, words),
                ));
            }
            found
        });
        let (id, name) = (fields.full_text("id"), fields.text("name"));
        let mut rules = Vec::new();
        for (at, node) in fields.list("rules") {
            *count += 1;
            // Beyond the limit the policy is refused anyway; binding the rest would only cost.
            if *count <= limits::POLICY_RULES
                && let Some(rule) = self.rule(node, &at, artifact_type.unwrap_or(ArtifactType::Image))
            {
                rules.push(rule);
            }
        }
        Some(RuleSet { id: id?, name: name?, description: fields.maybe_text("description"), artifact_type, rules })
    }

    fn rule(&self, node: &Node, at: &str, artifact_type: ArtifactType) -> Option<Rule> {
        let fields = Fields::of(node, at, self.sink, "the rule", RULE)?;
        let id = fields.full_text("id");
        let (gate, trigger) = (fields.text("gate"), fields.text("trigger"));
        let action = self.action(&fields);
        let (params, places) = self.params(&fields);
        let described = (fields.maybe_text("description"), fields.maybe_text("recommendation"));
        let request = bind::Request {
            rule: id.as_deref().unwrap_or("?"),
            gate: gate.as_deref()?,
            trigger: trigger.as_deref()?,
            artifact_type,
            params: &params,
            places: &places,
            fields: &fields,
        };
        let bound = bind::bind(self, &request)?;
        Some(Rule {
            id: id?,
            gate: bound.gate,
            trigger: bound.trigger,
            action: action?,
            params: bound.params,
            values: bound.values,
            description: described.0,
            recommendation: described.1,
            extension: RuleExtension::default(),
            bound: bound.does,
        })
    }

    fn action(&self, fields: &Fields<'_>) -> Option<Action> {
        let word = fields.text("action")?;
        let action = Action::parse(&word);
        if action.is_none() {
            let words = ["STOP", "WARN", "GO"];
            let message = format!("`action` does not accept `{}`: expected one of {}", shown(&word), quoted(words));
            self.sink.error(maybe_help(PolicyError::new(fields.at("action"), message), did_you_mean(&word, words)));
        }
        action
    }

    fn params(&self, fields: &Fields<'_>) -> (Vec<Param>, Vec<String>) {
        let mut params = Vec::new();
        let mut places = Vec::new();
        for (at, node) in fields.list("params") {
            let Some(fields) = Fields::of(node, &at, self.sink, "the parameter", PARAM) else { continue };
            if let (Some(name), Some(value)) = (fields.full_text("name"), fields.text("value")) {
                params.push(Param { name, value });
                places.push(at);
            }
        }
        (params, places)
    }

    fn allowlist(&self, node: &Node, at: &str) -> Option<Allowlist> {
        let fields = Fields::of(node, at, self.sink, "the allowlist", ALLOWLIST)?;
        self.version(&fields);
        let (id, name) = (fields.full_text("id"), fields.text("name"));
        let items: Vec<AllowlistItem> =
            fields.list("items").into_iter().filter_map(|(at, node)| self.item(node, &at)).collect();
        self.unique("allowlist item", &fields.at("items"), items.iter().map(|item| item.id.as_str()));
        let index = AllowlistIndex::new(&items);
        Some(Allowlist { id: id?, name: name?, description: fields.maybe_text("description"), items, index })
    }

    fn item(&self, node: &Node, at: &str) -> Option<AllowlistItem> {
        let fields = Fields::of(node, at, self.sink, "the allowlist item", ITEM)?;
        let (id, gate, trigger_id) = (fields.full_text("id"), fields.text("gate"), fields.text("trigger_id"));
        let expires_on = fields.maybe_text("expires_on").and_then(|text| {
            let time = expiry::parse(&text);
            if time.is_none() {
                let message = format!("`expires_on` does not accept `{}`: expected a time of RFC 3339", shown(&text));
                let error = PolicyError::new(fields.at("expires_on"), message);
                self.sink.error(error.help("for example `2027-01-31T00:00:00Z`"));
            }
            time.map(|time| Expiry { text, time })
        });
        let trigger_id = trigger_id?;
        let pattern = Pattern::new(&trigger_id);
        if let Some(fault) = pattern.fault() {
            let message = format!("the expression of `trigger_id` does not compile, so it accepts nothing: {fault}");
            self.doubt(PolicyError::new(fields.at("trigger_id"), message));
        }
        let gate = gate?.to_lowercase();
        Some(AllowlistItem {
            id: id?,
            gate,
            trigger_id,
            expires_on,
            description: fields.maybe_text("description"),
            pattern,
        })
    }

    /// An error when reading strictly, else a warning.
    pub(super) fn doubt(&self, problem: PolicyError) {
        if self.strict {
            self.sink.error(problem);
        } else {
            self.sink.warn(problem);
        }
    }

    fn mappings(&self, fields: &Fields<'_>, name: &str, kind: ArtifactType, targets: &Targets<'_>) -> Vec<Mapping> {
        let mappings = fields.maybe_list(name);
        let mappings: Vec<_> =
            mappings.into_iter().filter_map(|(at, node)| self.mapping(node, &at, kind, targets)).collect();
        self.unique("mapping", &fields.at(name), mappings.iter().map(|mapping| mapping.id.as_str()));
        mappings
    }

    /// COMPAT: rule sets for SBOMs are run for every SBOM when no mapping speaks of SBOMs.
    fn mapping_of_all(&self, fields: &Fields<'_>, rule_sets: &[RuleSet]) -> Option<Mapping> {
        let of_sboms = rule_sets.iter().enumerate().filter(|(_, set)| set.artifact_type == Some(ArtifactType::Sbom));
        let (indexes, ids): (Vec<usize>, Vec<String>) = of_sboms.map(|(index, set)| (index, set.id.clone())).unzip();
        if ids.is_empty() {
            return None;
        }
        let message = "there are rule sets for SBOMs and no `sbom_mappings`: they are used for every SBOM";
        self.sink.warn(PolicyError::new(fields.at("rule_sets"), message));
        let every = || Pattern::new("*");
        Some(Mapping {
            id: "every-sbom".to_owned(),
            name: "every SBOM".to_owned(),
            description: None,
            target: Target::Sbom(Names { first: every(), second: every() }),
            rule_set_ids: ids,
            allowlist_ids: Vec::new(),
            rule_sets: indexes,
            allowlists: Vec::new(),
            implied: true,
        })
    }

    fn mapping(&self, node: &Node, at: &str, kind: ArtifactType, targets: &Targets<'_>) -> Option<Mapping> {
        let known = match kind {
            ArtifactType::Image => MAPPING,
            ArtifactType::Source => SOURCE_MAPPING,
            ArtifactType::Sbom => SBOM_MAPPING,
        };
        let fields = Fields::of(node, at, self.sink, "the mapping", known)?;
        let (id, name) = (fields.full_text("id"), fields.text("name"));
        let target = match kind {
            ArtifactType::Image => self.image_target(&fields).map(Target::Image),
            ArtifactType::Source => self.names(&fields, "host", "repository").map(Target::Source),
            ArtifactType::Sbom => self.names(&fields, "sbom_name", "sbom_version").map(Target::Sbom),
        };
        let rule_sets = targets.rule_sets(self, &fields, kind);
        let allowlists = targets.allowlists(self, &fields);
        Some(Mapping {
            id: id?,
            name: name?,
            description: fields.maybe_text("description"),
            target: target?,
            rule_set_ids: rule_sets.iter().map(|(id, _)| id.clone()).collect(),
            allowlist_ids: allowlists.iter().map(|(id, _)| id.clone()).collect(),
            rule_sets: rule_sets.into_iter().map(|(_, index)| index).collect(),
            allowlists: allowlists.into_iter().map(|(_, index)| index).collect(),
            implied: false,
        })
    }

    fn image_rule(&self, node: &Node, at: &str) -> Option<ImageRule> {
        let fields = Fields::of(node, at, self.sink, "the image rule", IMAGE_RULE)?;
        let (id, name) = (fields.full_text("id"), fields.text("name"));
        let target = self.image_target(&fields);
        Some(ImageRule { id: id?, name: name?, description: fields.maybe_text("description"), target: target? })
    }

    fn image_target(&self, fields: &Fields<'_>) -> Option<ImageTarget> {
        let names = self.names(fields, "registry", "repository");
        let Some(image) = fields.node("image") else {
            fields.missing_object("image");
            return None;
        };
        let image = Fields::of(image, &fields.at("image"), self.sink, "`image`", &["type", "value"])?;
        let kind = image.text("type").and_then(|word| {
            let kinds = [ImageKind::Tag, ImageKind::Digest, ImageKind::Id];
            let found = kinds.into_iter().find(|kind| kind.name() == word);
            if found.is_none() {
                let words = kinds.map(ImageKind::name);
                let message = format!("`type` does not accept `{}`: expected one of {}", shown(&word), quoted(words));
                self.sink.error(maybe_help(PolicyError::new(image.at("type"), message), did_you_mean(&word, words)));
            }
            found
        });
        let value = self.pattern(&image, "value");
        let Names { first, second } = names?;
        Some(ImageTarget { registry: first, repository: second, kind: kind?, value: value? })
    }

    fn names(&self, fields: &Fields<'_>, first: &str, second: &str) -> Option<Names> {
        let (first, second) = (self.pattern(fields, first), self.pattern(fields, second));
        Some(Names { first: first?, second: second? })
    }

    fn pattern(&self, fields: &Fields<'_>, name: &str) -> Option<Pattern> {
        let pattern = Pattern::new(&fields.text(name)?);
        if let Some(fault) = pattern.fault() {
            let message = format!("the expression of `{name}` does not compile: {fault}");
            self.sink.error(PolicyError::new(fields.at(name), message));
        }
        Some(pattern)
    }
}

/// What mappings may refer to.
struct Targets<'a> {
    rule_sets: &'a [RuleSet],
    allowlists: &'a [Allowlist],
}

impl Targets<'_> {
    fn rule_sets(&self, reader: &Reader<'_>, fields: &Fields<'_>, kind: ArtifactType) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for (at, id) in fields.texts("rule_set_ids") {
            let ids = self.rule_sets.iter().map(|set| set.id.as_str());
            let Some(index) = find(reader, at.clone(), "rule set", &id, ids) else { continue };
            if let Some(set) = self.rule_sets.get(index) {
                check_kind(reader, at, set, kind);
            }
            found.push((id, index));
        }
        found
    }

    fn allowlists(&self, reader: &Reader<'_>, fields: &Fields<'_>) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for (at, id) in fields.texts("allowlist_ids") {
            let ids = self.allowlists.iter().map(|list| list.id.as_str());
            if let Some(index) = find(reader, at, "allowlist", &id, ids) {
                found.push((id, index));
            }
        }
        found
    }
}

fn find<'t>(
    reader: &Reader<'_>,
    at: String,
    what: &str,
    id: &str,
    ids: impl Iterator<Item = &'t str> + Clone,
) -> Option<usize> {
    let found = ids.clone().position(|known| known == id);
    if found.is_none() {
        let message = format!("there is no {what} `{}`", shown(id));
        reader.sink.error(maybe_help(PolicyError::new(at, message), did_you_mean(id, ids)));
    }
    found
}

/// A rule set serves the artifacts of its mapping.
fn check_kind(reader: &Reader<'_>, at: String, set: &RuleSet, kind: ArtifactType) {
    match set.artifact_type {
        Some(own) if own != kind => {
            let message = format!(
                "the rule set `{}` is for artifacts of type `{}`: expected one for `{}`",
                shown(&set.id),
                own.name(),
                kind.name()
            );
            reader.sink.error(PolicyError::new(at, message));
        }
        None if kind != ArtifactType::Image => {
            for rule in &set.rules {
                if !bind::serves(&rule.bound, kind) {
                    let message = format!(
                        "the rule `{}` of rule set `{}` cannot be used for artifacts of type `{}`",
                        shown(&rule.id),
                        shown(&set.id),
                        kind.name()
                    );
                    reader.sink.error(PolicyError::new(at.clone(), message));
                }
            }
        }
        _ => {}
    }
}

pub(super) fn maybe_help(error: PolicyError, help: Option<String>) -> PolicyError {
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}
