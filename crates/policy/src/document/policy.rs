//! The policy document, bundle format v2, as typed values. A policy that exists is valid, and its
//! rules are bound to their triggers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stopgate_model::{Action, Digest};

use super::canonical;
use super::extension::{Extension, Mode, RuleExtension};
use crate::engine::allowlist::AllowlistIndex;
use crate::engine::exceptions::ExceptionIndex;
use crate::engine::paths::PathTexts;
use crate::pattern::Pattern;
use crate::trigger::params::Param;
use crate::trigger::{ArtifactType, BoundTrigger, Need, State};

/// A policy.
#[derive(Debug)]
pub struct Policy {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Rule sets.
    pub rule_sets: Vec<RuleSet>,
    /// Allowlists.
    pub allowlists: Vec<Allowlist>,
    /// Image mappings; the first that matches counts.
    pub mappings: Vec<Mapping>,
    /// Source mappings.
    pub source_mappings: Vec<Mapping>,
    /// SBOM mappings.
    pub sbom_mappings: Vec<Mapping>,
    /// Images that pass whatever the rules say.
    pub allowed_images: Vec<ImageRule>,
    /// Images that stop whatever the rules say.
    pub denied_images: Vec<ImageRule>,
    /// Written by servers; not part of the digest.
    pub last_updated: Option<serde_json::Number>,
    /// What the side-car adds to the policy as a whole; rules have their own part.
    pub(crate) extension: Option<Extension>,
    pub(crate) exceptions: ExceptionIndex,
    pub(crate) assessments: ExceptionIndex,
    pub(crate) path_texts: PathTexts,
    pub(crate) digest: Digest,
}

/// A set of rules.
#[derive(Debug)]
pub struct RuleSet {
    /// Id, unique in the policy.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// What it is for; `None` when the document does not say.
    pub artifact_type: Option<ArtifactType>,
    /// Rules.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Id.
    pub id: String,
    /// Gate, as the registry has it.
    pub gate: String,
    /// Trigger, as the registry has it.
    pub trigger: String,
    /// What it asks for.
    pub action: Action,
    /// Parameters as written.
    pub params: Vec<Param>,
    /// Parameters with the values of the policy's own parameters in place of `${name}`.
    pub(crate) values: Vec<Param>,
    /// Description.
    pub description: Option<String>,
    /// Text for its findings.
    pub recommendation: Option<String>,
    /// What the side-car adds.
    pub extension: RuleExtension,
    pub(crate) bound: Bound,
}

/// What a rule does.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    /// It runs a trigger.
    Runs { trigger: Arc<dyn BoundTrigger>, info: &'static crate::trigger::TriggerInfo },
    /// Its gate or trigger is at the end of its life.
    EndOfLife { superseded_by: Option<&'static str> },
}

impl Rule {
    /// The rule's trigger, bound; `None` when its gate or trigger is at the end of its life.
    pub fn trigger(&self) -> Option<&dyn BoundTrigger> {
        match &self.bound {
            Bound::Runs { trigger, .. } => Some(trigger.as_ref()),
            Bound::EndOfLife { .. } => None,
        }
    }

    /// Parameters as the rule runs with them.
    pub fn values(&self) -> &[Param] {
        &self.values
    }

    /// The action that counts at a time, and until when; `None` when the rule is off.
    pub fn effective_action(&self, now: Timestamp) -> (Option<Action>, Option<Timestamp>) {
        let audited = Some(self.action.min(Action::Warn));
        match (self.extension.mode, &self.extension.enforce_from) {
            (Mode::Off, _) => (None, None),
            (Mode::Audit, _) => (audited, None),
            (Mode::Enforce, Some(from)) if now < from.time => (audited, Some(from.time)),
            (Mode::Enforce, _) => (Some(self.action), None),
        }
    }

    /// State of its trigger.
    pub fn state(&self) -> State {
        match &self.bound {
            Bound::Runs { info, .. } => info.state,
            Bound::EndOfLife { .. } => State::Eol,
        }
    }
}

/// A list of accepted findings.
#[derive(Debug)]
pub struct Allowlist {
    /// Id, unique in the policy.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Items.
    pub items: Vec<AllowlistItem>,
    pub(crate) index: AllowlistIndex,
}

/// An accepted finding.
#[derive(Debug)]
pub struct AllowlistItem {
    /// Id, unique in the list.
    pub id: String,
    /// Gate, lower case.
    pub gate: String,
    /// Pattern of trigger ids.
    pub trigger_id: String,
    /// From when on it does not count.
    pub expires_on: Option<Expiry>,
    /// Why.
    pub description: Option<String>,
    pub(crate) pattern: Pattern,
}

/// A time as written and as understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// As written.
    pub text: String,
    /// As understood.
    pub time: Timestamp,
}

/// A mapping of artifacts to rule sets.
#[derive(Debug)]
pub struct Mapping {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// What it matches.
    pub target: Target,
    /// Rule sets, all run in this order.
    pub rule_set_ids: Vec<String>,
    /// Allowlists, the first that matches a finding counts.
    pub allowlist_ids: Vec<String>,
    pub(crate) rule_sets: Vec<usize>,
    pub(crate) allowlists: Vec<usize>,
    /// Whether the document does not have it and reading added it.
    pub(crate) implied: bool,
}

/// What a mapping matches.
#[derive(Debug)]
pub enum Target {
    /// Images.
    Image(ImageTarget),
    /// Source trees, by host and repository.
    Source(Names),
    /// SBOMs, by name and version.
    Sbom(Names),
}

/// Patterns of two names.
#[derive(Debug)]
pub struct Names {
    pub(crate) first: Pattern,
    pub(crate) second: Pattern,
}

/// Images by registry, repository and tag, digest or id.
#[derive(Debug)]
pub struct ImageTarget {
    pub(crate) registry: Pattern,
    pub(crate) repository: Pattern,
    pub(crate) kind: ImageKind,
    pub(crate) value: Pattern,
}

/// By what an image is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// By tag.
    Tag,
    /// By manifest digest.
    Digest,
    /// By the digest of its configuration, without `sha256:`.
    Id,
}

impl ImageKind {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Digest => "digest",
            Self::Id => "id",
        }
    }
}

/// An entry of the allowed or denied images.
#[derive(Debug)]
pub struct ImageRule {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// What it matches.
    pub target: ImageTarget,
}

impl Policy {
    /// Reads a policy document; see [`super::parse`].
    pub fn parse(
        document: &[u8],
        options: super::ParseOptions,
    ) -> Result<super::ParsedPolicy, Vec<super::PolicyError>> {
        super::parse(document, options)
    }

    /// Digest of the policy's canonical JSON, `last_updated` left out.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The policy as a v2 document, compact.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// The policy as a v2 document.
    pub fn to_value(&self) -> Value {
        let mut policy = Map::new();
        put(&mut policy, "id", &self.id);
        put(&mut policy, "name", &self.name);
        put_maybe(&mut policy, "description", self.description.as_ref());
        put(&mut policy, "version", "2");
        let mut list = |name: &str, values: Vec<Value>| policy.insert(name.to_owned(), Value::Array(values));
        list("rule_sets", self.rule_sets.iter().map(RuleSet::to_value).collect());
        list("mappings", self.mappings.iter().map(Mapping::to_value).collect());
        list("source_mappings", self.source_mappings.iter().map(Mapping::to_value).collect());
        if !self.sbom_mappings.is_empty() {
            list("sbom_mappings", self.sbom_mappings.iter().map(Mapping::to_value).collect());
        }
        list("allowlists", self.allowlists.iter().map(Allowlist::to_value).collect());
        list("allowlisted_images", self.allowed_images.iter().map(ImageRule::to_value).collect());
        list("denylisted_images", self.denied_images.iter().map(ImageRule::to_value).collect());
        if let Some(number) = &self.last_updated {
            policy.insert("last_updated".to_owned(), Value::Number(number.clone()));
        }
        Value::Object(policy)
    }

    /// Everything that its rules read, so that an analysis can provide it.
    pub fn needs(&self) -> BTreeSet<Need> {
        let rules = self.rule_sets.iter().flat_map(|set| &set.rules);
        let run = rules.filter(|rule| rule.extension.mode != Mode::Off);
        run.filter_map(|rule| rule.trigger()).flat_map(BoundTrigger::needs).collect()
    }

    /// The side-car, when there is one.
    pub const fn extension(&self) -> Option<&Extension> {
        self.extension.as_ref()
    }

    /// Puts the side-car to the policy. `values` are those of its parameters, which the rules have already.
    pub(super) fn extended(
        mut self,
        extension: Extension,
        values: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<super::PolicyError>> {
        let errors = super::extension::check(&extension, &self);
        if !errors.is_empty() {
            return Err(errors);
        }
        for rule in self.rule_sets.iter_mut().flat_map(|set| &mut set.rules) {
            if let Some(added) = extension.rules.get(&rule.id) {
                rule.extension = added.clone();
            }
        }
        // What a pack says of its own rules is no document of its own.
        if !extension.value.is_null() {
            self.digest = canonical::digest(&json!({
                "policy": self.digest.to_string(),
                "extension": extension.value,
                "values": values,
            }));
        }
        self.exceptions = ExceptionIndex::new(extension.exceptions.iter().map(|exception| &exception.select));
        self.assessments = ExceptionIndex::new(extension.assessments.iter().map(|assessment| &assessment.select));
        self.extension = Some(extension);
        Ok(self)
    }

    pub(crate) fn computed_digest(&self) -> Digest {
        let mut value = self.to_value();
        if let Value::Object(fields) = &mut value {
            fields.shift_remove("last_updated");
        }
        canonical::digest(&value)
    }
}

impl RuleSet {
    fn to_value(&self) -> Value {
        let mut set = Map::new();
        put(&mut set, "id", &self.id);
        put(&mut set, "name", &self.name);
        put_maybe(&mut set, "description", self.description.as_ref());
        put(&mut set, "version", "2");
        if let Some(artifact_type) = self.artifact_type {
            put(&mut set, "artifact_type", artifact_type.name());
        }
        set.insert("rules".to_owned(), self.rules.iter().map(Rule::to_value).collect());
        Value::Object(set)
    }
}

impl Rule {
    pub(crate) fn to_value(&self) -> Value {
        let mut rule = Map::new();
        put(&mut rule, "id", &self.id);
        put(&mut rule, "gate", &self.gate);
        put(&mut rule, "trigger", &self.trigger);
        put(&mut rule, "action", &self.action.name().to_ascii_uppercase());
        let params = self.params.iter().map(|param| json!({"name": param.name, "value": param.value}));
        rule.insert("params".to_owned(), params.collect());
        put_maybe(&mut rule, "description", self.description.as_ref());
        put_maybe(&mut rule, "recommendation", self.recommendation.as_ref());
        Value::Object(rule)
    }
}

impl Allowlist {
    fn to_value(&self) -> Value {
        let mut list = Map::new();
        put(&mut list, "id", &self.id);
        put(&mut list, "name", &self.name);
        put_maybe(&mut list, "description", self.description.as_ref());
        put(&mut list, "version", "2");
        list.insert("items".to_owned(), self.items.iter().map(AllowlistItem::to_value).collect());
        Value::Object(list)
    }
}

impl AllowlistItem {
    fn to_value(&self) -> Value {
        let mut item = Map::new();
        put(&mut item, "id", &self.id);
        put(&mut item, "gate", &self.gate);
        put(&mut item, "trigger_id", &self.trigger_id);
        put_maybe(&mut item, "expires_on", self.expires_on.as_ref().map(|expiry| &expiry.text));
        put_maybe(&mut item, "description", self.description.as_ref());
        Value::Object(item)
    }
}

impl Mapping {
    /// The mapping as it stands in the document.
    pub fn to_value(&self) -> Value {
        let mut mapping = Map::new();
        put(&mut mapping, "id", &self.id);
        put(&mut mapping, "name", &self.name);
        put_maybe(&mut mapping, "description", self.description.as_ref());
        match &self.target {
            Target::Image(target) => target.put(&mut mapping),
            Target::Source(names) => names.put(&mut mapping, "host", "repository"),
            Target::Sbom(names) => names.put(&mut mapping, "sbom_name", "sbom_version"),
        }
        mapping.insert("rule_set_ids".to_owned(), json!(self.rule_set_ids));
        mapping.insert("allowlist_ids".to_owned(), json!(self.allowlist_ids));
        Value::Object(mapping)
    }
}

impl ImageRule {
    /// The entry as it stands in the document.
    pub fn to_value(&self) -> Value {
        let mut rule = Map::new();
        put(&mut rule, "id", &self.id);
        put(&mut rule, "name", &self.name);
        put_maybe(&mut rule, "description", self.description.as_ref());
        self.target.put(&mut rule);
        Value::Object(rule)
    }
}

impl ImageTarget {
    fn put(&self, object: &mut Map<String, Value>) {
        put(object, "registry", self.registry.as_str());
        put(object, "repository", self.repository.as_str());
        object.insert("image".to_owned(), json!({"type": self.kind.name(), "value": self.value.as_str()}));
    }
}

impl Names {
    fn put(&self, object: &mut Map<String, Value>, first: &str, second: &str) {
        put(object, first, self.first.as_str());
        put(object, second, self.second.as_str());
    }
}

fn put(object: &mut Map<String, Value>, name: &str, text: &str) {
    object.insert(name.to_owned(), Value::from(text));
}

fn put_maybe(object: &mut Map<String, Value>, name: &str, text: Option<&String>) {
    if let Some(text) = text {
        put(object, name, text);
    }
}
