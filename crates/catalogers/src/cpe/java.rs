//! Vendor and product of Java packages, in groups, artifacts and manifests.

use std::borrow::Cow;

use super::candidates::{Candidates, Form};
use super::hints::{Java, Text};
use super::names;
use crate::java::{cleaned_group, group_of_artifact, groups_of_manifest, looks_like_domain};

/// The artifact, and those parts of a group that it is named after.
pub(super) fn add_products(java: &Java<'_>, products: &mut Candidates<'_>) {
    let artifact = artifact(java);
    if !artifact.is_empty() {
        products.add(artifact.to_owned());
    }
    for group in &java.groups {
        let plugin = artifact.contains("plugin") || group.contains("plugin");
        for field in fields(group, &["plugin", "plugins", "client"]).filter_map(|(at, field)| (at > 1).then_some(field))
        {
            let namesake = artifact.starts_with(field) || artifact.ends_with(field);
            if artifact.is_empty() || (namesake && !plugin) {
                products.add(field.to_owned());
            }
        }
    }
}

/// Groups, their parts but the first, and who the manifest says made it.
pub(super) fn add_vendors(java: &Java<'_>, vendors: &mut Candidates<'_>) {
    for group in &java.groups {
        vendors.push(Cow::Owned(group.clone()), Form::Exact);
        for (_, field) in fields(group, &["plugin", "plugins"]).filter(|(at, _)| *at > 0) {
            vendors.add(field.to_owned());
        }
    }
    let Some(manifest) = &java.manifest else { return };
    for key in ["Specification-Vendor", "Implementation-Vendor"] {
        for value in manifest.all(key).filter(|value| !looks_like_domain(value)) {
            vendors.push(Cow::Owned(names::person(value)), Form::Whole);
        }
    }
}

/// Parts of a group that say something, with their positions.
fn fields<'g>(group: &'g str, telling_nothing: &'static [&'static str]) -> impl Iterator<Item = (usize, &'g str)> {
    let fields = group.split('.').map(str::trim).enumerate();
    fields
        .filter(|(_, field)| !field.is_empty() && !telling_nothing.iter().any(|word| word.eq_ignore_ascii_case(field)))
}

/// The artifact that the build recorded; empty when that is a group.
fn artifact<'j>(java: &'j Java<'_>) -> &'j str {
    let artifact = java.pom_properties.as_ref().map_or("", |properties| properties.artifact_id.trim());
    if artifact.contains('.') { "" } else { artifact }
}

/// Every group that something suggests.
pub(super) fn groups(name: &str, version: &str, java: &Java<'_>) -> Vec<String> {
    let mut groups = Vec::new();
    let properties = java.pom_properties.as_ref().map(|properties| (&properties.group_id, &properties.artifact_id));
    let project = java.pom_project.as_ref();
    let own = project.map(|project| (&project.group_id, &project.artifact_id));
    let parent = project.and_then(|project| project.parent.as_ref());
    let parent = parent.map(|parent| (&parent.group_id, &parent.artifact_id));
    for (group, artifact) in [properties, own, parent].into_iter().flatten() {
        add_recorded(group, artifact, &mut groups);
    }
    match (group_of_artifact(name, version), &java.manifest) {
        (Some(group), _) => groups.push(group.to_owned()),
        (None, Some(manifest)) => groups.extend(groups_of_manifest(|key| manifest.all(key))),
        (None, None) => {}
    }
    groups
}

/// A recorded group, and an artifact that is one by mistake.
fn add_recorded(group: &Text<'_>, artifact: &Text<'_>, groups: &mut Vec<String>) {
    if looks_like_domain(group) {
        groups.push(cleaned_group(group));
    }
    if looks_like_domain(artifact) && artifact.contains('.') {
        groups.push(cleaned_group(artifact));
    }
}

/// Whether this is the part of Tomcat that holds the expression language alone; it is not the server.
pub(super) fn is_expression_language(java: &Java<'_>) -> bool {
    let properties = java.pom_properties.as_ref();
    properties.is_some_and(|properties| {
        *properties.group_id == *"org.apache.tomcat.embed" && *properties.artifact_id == *"tomcat-embed-el"
    })
}
