//! The Maven group of a package: what the build recorded, else the table of known artifacts, else fields
//! of the manifest that look like a domain.

use super::details::JavaArchive;
use super::group_table;

/// The group; empty when nothing tells it.
pub(super) fn group_id(name: &str, version: &str, archive: &JavaArchive<'_>) -> String {
    let properties = archive.pom_properties.as_ref();
    let project = archive.pom_project.as_ref();
    let recorded = [
        properties.map(|properties| (&properties.group_id, &properties.artifact_id)),
        project.map(|project| (&project.group_id, &project.artifact_id)),
        project.and_then(|project| project.parent.as_ref()).map(|parent| (&parent.group_id, &parent.artifact_id)),
    ];
    for (group, artifact) in recorded.into_iter().flatten() {
        if !group.is_empty() {
            return without_directives(group).trim().to_owned();
        }
        // Some publishers put the group into the artifact.
        if artifact.contains('.') {
            return without_directives(artifact).trim().to_owned();
        }
    }
    if let Some(group) = group_table::group_of(name, version) {
        return group.to_owned();
    }
    archive.manifest.and_then(|manifest| groups_in(|field| manifest.all(field)).into_iter().next()).unwrap_or_default()
}

/// Groups that a manifest suggests, sorted. `all` gives the values of one of its fields.
pub(crate) fn groups_in<'m, V: Iterator<Item = &'m str>>(all: impl Fn(&'static str) -> V) -> Vec<String> {
    const FIRST: [&str; 8] = [
        "Group-Id",
        "Bundle-SymbolicName",
        "Extension-Name",
        "Specification-Vendor",
        "Implementation-Vendor",
        "Implementation-Vendor-Id",
        "Implementation-Title",
        "Bundle-Activator",
    ];
    const LAST: [&str; 3] = ["Automatic-Module-Name", "Main-Class", "Package"];
    let groups = |fields: &[&'static str]| {
        let values = fields.iter().flat_map(|field| all(field)).filter(|value| looks_like_domain(value));
        let mut groups: Vec<_> = values.map(cleaned).collect();
        groups.sort_unstable();
        groups
    };
    let first = groups(&FIRST);
    if first.is_empty() { groups(&LAST) } else { first }
}

/// Whether a value begins like a reversed domain.
pub(crate) fn looks_like_domain(value: &str) -> bool {
    ["com", "org", "net", "io", "be"].iter().any(|domain| value.starts_with(domain))
}

/// A group without OSGi directives and fragment, under its present name.
pub(crate) fn cleaned(group: &str) -> String {
    let group = without_directives(group);
    let group = group.split('#').next().unwrap_or(group).trim();
    if group == "org.lz4.java" { "org.lz4".to_owned() } else { group.to_owned() }
}

/// `org.bar` of `org.bar;uses:="org.foo"`.
fn without_directives(group: &str) -> &str {
    group.split(';').next().unwrap_or(group)
}
