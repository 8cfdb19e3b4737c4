//! The rules of all packs and variants in both flavours, and one policy that has each of them once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::hardened::{Desk, site};

/// What a site says further: where a pack has no value of its own.
const FURTHER: [(&str, &str); 9] = [
    // Of the certificates in the whole image.
    ("ca_bundle_sha256", "09849ebeffef4740fca48520bce0d76a9b5436161ab51b1be76fe372820dd2fc"),
    ("critical_open_days", "30"),
    ("expected_builder", "https://ci\\.example\\.org/.*"),
    ("expected_source", "git\\+https://git\\.example\\.org/acme/.*"),
    // There is no search beside those that every pack asks for, so this is one of them.
    ("further_secret_names", "API_KEY"),
    ("hardened_builders", "https://ci\\.example\\.org/hosted"),
    ("high_open_days", "30"),
    ("low_open_days", "180"),
    ("medium_open_days", "90"),
];

/// What a rule does. Its action is left out: it says what a finding counts, not whether there is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deed {
    gate: String,
    trigger: String,
    params: Vec<(String, String)>,
    pub(super) for_sources: bool,
}

/// A rule that stands for all that do the same.
pub(super) struct Rule {
    pub(super) deed: Deed,
    /// Where it stands: pack, flavour, id.
    first: String,
    library: BTreeSet<String>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Deed { gate, trigger, params, for_sources } = &self.deed;
        let library: Vec<&str> = self.library.iter().map(String::as_str).collect();
        let params: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let kind = if *for_sources { "sources" } else { "images" };
        write!(f, "{} {gate}.{trigger} of {kind}: {} ({})", library.join(" "), params.join(" "), self.first)
    }
}

/// The rules of all packs.
pub(super) struct Rules {
    pub(super) all: Vec<Rule>,
    /// In how many places they stand.
    pub(super) places: usize,
    /// Rules of the library that no flavour has.
    pub(super) left_out: BTreeSet<String>,
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn list<'v>(value: &'v Value, key: &str) -> Result<&'v Vec<Value>> {
    value[key].as_array().with_context(|| format!("no `{key}` in {value}"))
}

/// A pack in one flavour.
fn shown(desk: &Desk, pack: &str, flavour: &str, params: &[String]) -> Result<Value> {
    let words = ["pack", "show", pack, "--flavour", flavour, "-o", "json"].map(str::to_owned);
    let params = params.iter().flat_map(|param| ["--param".to_owned(), param.clone()]);
    desk.stopgate.run(words.into_iter().chain(params))?.json()
}

/// The site's values for the parameters of a pack.
fn values(pack: &Value, base_digest: &str) -> Result<Vec<String>> {
    let mut values = Vec::new();
    for parameter in list(pack, "parameters")? {
        let (key, default) = (text(parameter, "key"), text(parameter, "default"));
        let further = FURTHER.into_iter().filter(|_| default.is_empty());
        let given = site(base_digest).into_iter().chain(further).find(|(known, _)| *known == key);
        ensure!(given.is_some() || !default.is_empty(), "the site has no value for `{key}`");
        values.extend(given.map(|(key, value)| format!("{key}={value}")));
    }
    Ok(values)
}

impl Rules {
    pub(super) fn of_packs(desk: &Desk, base_digest: &str) -> Result<Self> {
        let mut deeds: BTreeMap<Deed, (String, BTreeSet<String>)> = BTreeMap::new();
        let (mut places, mut left_out, mut used) = (0, BTreeSet::new(), BTreeSet::new());
        for pack in names(desk)? {
            let values = values(&shown(desk, &pack, "extended", &[])?, base_digest)?;
            for flavour in ["strict", "extended"] {
                let page = shown(desk, &pack, flavour, &values)?;
                for rule in list(&page, "rules")? {
                    let first = || (format!("{pack}, {flavour}, {}", text(rule, "id")), BTreeSet::new());
                    deeds.entry(Deed::of(rule)?).or_insert_with(first).1.insert(text(rule, "library"));
                    used.insert(text(rule, "library"));
                    places += 1;
                }
                for control in list(&page, "controls")? {
                    for rule in list(control, "left_out")? {
                        let reason = text(rule, "reason");
                        ensure!(reason.starts_with("rule not available: "), "{pack}, {flavour}: {rule}");
                        left_out.insert(text(rule, "rule"));
                    }
                }
            }
        }
        let rule = |(deed, (first, library))| Rule { deed, first, library };
        Ok(Self { all: deeds.into_iter().map(rule).collect(), places, left_out: &left_out - &used })
    }

    /// The policy: a rule's id tells its place.
    pub(super) fn policy(&self) -> Value {
        let set = |id: &str, for_sources: bool| {
            let own = self.all.iter().enumerate().filter(|(_, rule)| rule.deed.for_sources == for_sources);
            let rules: Vec<Value> = own.map(|(at, rule)| rule.deed.rule(at)).collect();
            let kind = if for_sources { "source" } else { "image" };
            json!({"id": id, "name": id, "version": "2", "artifact_type": kind, "rules": rules})
        };
        json!({
            "id": "every-rule", "name": "every rule", "version": "2", "allowlists": [],
            "rule_sets": [set("images", false), set("sources", true)],
            "mappings": [{"id": "images", "name": "images", "registry": "*", "repository": "*",
                          "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["images"], "allowlist_ids": []}],
            "source_mappings": [{"id": "sources", "name": "sources", "host": "*", "repository": "*",
                                 "rule_set_ids": ["sources"], "allowlist_ids": []}],
            "allowlisted_images": [], "denylisted_images": [],
        })
    }
}

impl Deed {
    fn of(rule: &Value) -> Result<Self> {
        let params = rule["params"].as_object().context("params")?;
        let params = params.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
        Ok(Self {
            gate: text(rule, "gate"),
            trigger: text(rule, "trigger"),
            params: params.collect(),
            for_sources: rule["for_sources"] == true,
        })
    }

    fn rule(&self, at: usize) -> Value {
        let params: Vec<Value> =
            self.params.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        json!({"id": format!("r{at}"), "gate": self.gate, "trigger": self.trigger, "action": "WARN", "params": params})
    }
}

/// All packs and their variants.
fn names(desk: &Desk) -> Result<Vec<String>> {
    let shown = desk.stopgate.run(["pack", "list", "-o", "json"])?.json()?;
    let mut names = Vec::new();
    for pack in list(&shown, "packs")? {
        let id = text(pack, "id");
        let variants = list(pack, "variants")?.iter().map(|variant| format!("{id}-{}", text(variant, "id")));
        names.extend(variants.collect::<Vec<_>>());
        names.push(id);
    }
    Ok(names)
}
