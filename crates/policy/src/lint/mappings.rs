//! Mappings and image lists: hidden entries, artifacts that nothing maps.

use super::patterns::{cost, includes, is_anything};
use super::scope::{Scope, Told};
use super::{LintInfo, LintSeverity, LintSubject};
use crate::document::error::child;
use crate::document::suggest::shown;
use crate::document::{ImageKind, ImageRule, ImageTarget, Mapping, Names, Target};
use crate::trigger::ArtifactType;

pub(super) static NO_CATCH_ALL: LintInfo = LintInfo {
    code: "no-catch-all",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "No mapping is for every artifact of a kind.",
    why: "An artifact that no mapping matches is decided by no rule: `check` then ends in \"could not decide\", and a \
          server lets it pass unless it is told otherwise. End the list with a mapping whose patterns are all `*`.",
    bad: &["mapping docker.io * *", "rule stop always.always"],
    good: &["mapping docker.io * *", "mapping * * *", "rule stop always.always"],
    check: no_catch_all,
};

fn no_catch_all(scope: &Scope<'_>, told: &mut Told<'_>) {
    let nothing = scope.mappings().iter().all(|(_, mappings)| mappings.is_empty());
    let for_images = scope.policy.rule_sets.iter().any(|set| set.artifact_type == Some(ArtifactType::Image));
    for (list, mappings) in scope.mappings() {
        let (pointer, what) = (child("", list), kind(list));
        if mappings.is_empty() {
            if list == "mappings" && (nothing || for_images) {
                told.tell(pointer, "there is no mapping for images, so no image is decided by a rule".to_owned(), "");
            }
        } else if !mappings.iter().any(|mapping| is_catch_all(&mapping.target)) {
            let help = "add a last mapping whose patterns are all `*`";
            told.tell(pointer, format!("no mapping is for every {what}: one that none matches is not decided"), help);
        }
    }
}

fn kind(list: &str) -> &'static str {
    match list {
        "mappings" => "image",
        "source_mappings" => "source tree",
        _ => "SBOM",
    }
}

fn is_catch_all(target: &Target) -> bool {
    match target {
        Target::Image(image) => {
            image.kind == ImageKind::Tag
                && [&image.registry, &image.repository, &image.value].into_iter().all(is_anything)
        }
        Target::Source(names) | Target::Sbom(names) => is_anything(&names.first) && is_anything(&names.second),
    }
}

pub(super) static MAPPING_HIDDEN: LintInfo = LintInfo {
    code: "mapping-hidden",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "An earlier mapping matches everything that this one matches.",
    why: "The first mapping that matches counts, so the later one is never used. Put the narrower mapping first.",
    bad: &["mapping * team/* *", "mapping docker.io team/app latest", "mapping * * *", "rule stop always.always"],
    good: &["mapping docker.io team/app latest", "mapping * team/* *", "mapping * * *", "rule stop always.always"],
    check: |scope, told| {
        for (list, mappings) in scope.mappings() {
            hidden(mappings, told, |told, index, earlier| {
                let (own, other) = (name(mappings, index), name(mappings, earlier));
                let message =
                    format!("mapping `{own}` is never used: `{other}` in front of it matches all that it does");
                told.tell(child(&child("", list), index), message, "put the narrower mapping first");
            });
        }
    },
};

fn name(mappings: &[Mapping], index: usize) -> String {
    mappings.get(index).map_or(String::new(), |mapping| shown(&mapping.name))
}

/// Tells each entry that an earlier one includes, with that one.
fn hidden<T: Place>(entries: &[T], told: &mut Told<'_>, tell: impl Fn(&mut Told<'_>, usize, usize)) {
    for (index, entry) in entries.iter().enumerate() {
        for (earlier, other) in entries.iter().take(index).enumerate() {
            if !told.spend(other.cost()) {
                return;
            }
            if other.covers(entry) {
                tell(told, index, earlier);
                break;
            }
        }
    }
}

/// What matches artifacts.
trait Place {
    /// Whether it matches everything that the other matches.
    fn covers(&self, other: &Self) -> bool;
    /// Steps of asking it about one other.
    fn cost(&self) -> usize;
}

impl Place for Names {
    fn covers(&self, other: &Self) -> bool {
        includes(&self.first, &other.first) && includes(&self.second, &other.second)
    }
    fn cost(&self) -> usize {
        cost(&self.first) + cost(&self.second)
    }
}

impl Place for ImageTarget {
    fn covers(&self, other: &Self) -> bool {
        // A tag that is anything asks nothing, so it includes digests and ids too.
        let value = if self.kind == other.kind {
            includes(&self.value, &other.value)
        } else {
            self.kind == ImageKind::Tag && is_anything(&self.value)
        };
        value && includes(&self.registry, &other.registry) && includes(&self.repository, &other.repository)
    }
    fn cost(&self) -> usize {
        [&self.registry, &self.repository, &self.value].into_iter().map(cost).sum()
    }
}

impl Place for Mapping {
    fn covers(&self, other: &Self) -> bool {
        match (&self.target, &other.target) {
            (Target::Image(own), Target::Image(other)) => own.covers(other),
            (Target::Source(own), Target::Source(other)) | (Target::Sbom(own), Target::Sbom(other)) => {
                own.covers(other)
            }
            _ => false,
        }
    }
    fn cost(&self) -> usize {
        match &self.target {
            Target::Image(target) => target.cost(),
            Target::Source(names) | Target::Sbom(names) => names.cost(),
        }
    }
}

impl Place for ImageRule {
    fn covers(&self, other: &Self) -> bool {
        self.target.covers(&other.target)
    }
    fn cost(&self) -> usize {
        self.target.cost()
    }
}

pub(super) static MAPPING_WITHOUT_RULES: LintInfo = LintInfo {
    code: "mapping-without-rules",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "A mapping names no rule set that has a rule.",
    why: "What it matches passes without any check. To let certain images pass whatever is found, list them in \
          `allowlisted_images`, which is what readers and reports look at.",
    bad: &["mapping docker.io * * rule_sets=", "mapping * * *", "rule stop always.always"],
    good: &["mapping docker.io * *", "mapping * * *", "rule stop always.always"],
    check: |scope, told| {
        for (list, mappings) in scope.mappings() {
            for (index, mapping) in mappings.iter().enumerate() {
                let mut sets = mapping.rule_sets.iter().filter_map(|set| scope.policy.rule_sets.get(*set));
                if sets.all(|set| set.rules.is_empty()) {
                    let message =
                        format!("mapping `{}` has no rule: what it matches passes unchecked", shown(&mapping.name));
                    told.tell(child(&child(&child("", list), index), "rule_set_ids"), message, "");
                }
            }
        }
    },
};

pub(super) static SBOM_NOT_MAPPED: LintInfo = LintInfo {
    code: "sbom-not-mapped",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "There are rule sets for SBOMs and no `sbom_mappings`.",
    why: "As in Anchore they are then used for every SBOM, in their order and without any allowlist. A mapping says \
          the same openly.",
    bad: &["set s image", "rule stop always.always", "set t sbom", "rule stop always.always"],
    good: &[
        "set s image",
        "rule stop always.always",
        "set t sbom",
        "rule stop always.always",
        "mapping * * * rule_sets=s",
        "sbom * * rule_sets=t",
    ],
    check: |scope, told| {
        if let [only] = scope.policy.sbom_mappings.as_slice()
            && only.implied
        {
            let message = "there are rule sets for SBOMs and no `sbom_mappings`: they are used for every SBOM";
            told.tell("/rule_sets".to_owned(), message.to_owned(), "add a mapping for SBOMs");
        }
    },
};

pub(super) static IMAGE_RULE_HIDDEN: LintInfo = LintInfo {
    code: "image-rule-hidden",
    severity: LintSeverity::Note,
    subject: LintSubject::Policy,
    summary: "An earlier entry of an image list matches everything that this one matches.",
    why: "The later entry changes nothing. Often the earlier one is wider than was meant.",
    bad: &["allowed docker.io * *", "allowed docker.io team/app *", "rule stop always.always"],
    good: &["allowed docker.io team/app *", "allowed docker.io team/other *", "rule stop always.always"],
    check: |scope, told| {
        let lists =
            [("allowlisted_images", &scope.policy.allowed_images), ("denylisted_images", &scope.policy.denied_images)];
        for (list, rules) in lists {
            hidden(rules, told, |told, index, earlier| {
                let name = |index: usize| rules.get(index).map_or(String::new(), |rule| shown(&rule.name));
                let message = format!("`{}` matches nothing that `{}` does not", name(index), name(earlier));
                told.tell(child(&child("", list), index), message, "");
            });
        }
    },
};

pub(super) static ALLOWED_AND_DENIED: LintInfo = LintInfo {
    code: "allowed-and-denied",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "An image on the list of allowed images is denied as well.",
    why: "A denied image stops whatever else holds, so the entry that allows it means nothing.",
    bad: &["allowed docker.io team/app *", "denied docker.io team/* *", "rule stop always.always"],
    good: &["allowed docker.io team/app *", "denied docker.io other/* *", "rule stop always.always"],
    check: |scope, told| {
        for (index, allowed) in scope.policy.allowed_images.iter().enumerate() {
            for denied in &scope.policy.denied_images {
                if !told.spend(denied.cost()) {
                    return;
                }
                if denied.covers(allowed) {
                    let (own, other) = (shown(&allowed.name), shown(&denied.name));
                    let message = format!("the images of `{own}` are denied by `{other}`, which counts first");
                    told.tell(child("/allowlisted_images", index), message, "");
                    break;
                }
            }
        }
    },
};
