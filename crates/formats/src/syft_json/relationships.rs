//! The `artifactRelationships` block: stored edges, and those that follow from the packages.

use stopgate_model::{Artifact, Element, EvidenceKind, PackageId, RelationshipKind};

use super::files::Files;
use super::write::evidence_name;
use crate::json::JsonWriter;

/// An edge between elements with ids of ours, sorted as syft sorts: parent, child, type.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    parent: u64,
    child: u64,
    kind: Kind,
}

// In the order of the names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Contains,
    DependencyOf,
    EvidentBy(EvidenceKind),
    Owns(usize),
}

pub(super) fn write(w: &mut JsonWriter<'_>, artifact: &Artifact, files: &Files<'_>) {
    let edges = edges(artifact, files);
    w.key("artifactRelationships").array(|w| body(w, artifact, files, &edges));
}

fn body(w: &mut JsonWriter<'_>, artifact: &Artifact, files: &Files<'_>, edges: &[Edge]) {
    let mut ids: Vec<PackageId> = artifact.packages.iter().map(|package| package.id).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        w.object(|w| {
            w.text_field("parent", &artifact.source.id);
            w.key("child").id(id.0);
            w.text_field("type", "contains");
        });
    }
    for edge in edges {
        w.object(|w| {
            w.key("parent").id(edge.parent);
            w.key("child").id(edge.child);
            match &edge.kind {
                Kind::Contains => w.text_field("type", "contains"),
                Kind::DependencyOf => w.text_field("type", "dependency-of"),
                Kind::EvidentBy(kind) => {
                    w.text_field("type", "evident-by");
                    w.key("metadata").object(|w| w.text_field("kind", evidence_name(*kind)));
                }
                Kind::Owns(position) => overlap(w, artifact, *position),
            }
        });
    }
    for edge in &artifact.relationships {
        if !matches!(edge.kind, RelationshipKind::Other(_)) && !foreign(&edge.from) && !foreign(&edge.to) {
            continue;
        }
        w.object(|w| {
            w.text_field("parent", &element_id(artifact, files, &edge.from));
            w.text_field("child", &element_id(artifact, files, &edge.to));
            match &edge.kind {
                RelationshipKind::DependencyOf => w.text_field("type", "dependency-of"),
                RelationshipKind::OwnershipByFileOverlap(paths) => overlap_fields(w, paths),
                RelationshipKind::Other(name) => w.text_field("type", name),
            }
        });
    }
}

fn overlap(w: &mut JsonWriter<'_>, artifact: &Artifact, position: usize) {
    if let Some(RelationshipKind::OwnershipByFileOverlap(paths)) =
        artifact.relationships.get(position).map(|edge| &edge.kind)
    {
        overlap_fields(w, paths);
    }
}

fn overlap_fields(w: &mut JsonWriter<'_>, paths: &[String]) {
    w.text_field("type", "ownership-by-file-overlap");
    w.key("metadata").object(|w| w.texts_field("files", paths));
}

fn edges(artifact: &Artifact, files: &Files<'_>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (position, package) in artifact.packages.iter().enumerate() {
        let parent = package.id.0;
        for &child in files.owned.get(position).into_iter().flatten() {
            edges.push(Edge { parent, child, kind: Kind::Contains });
        }
        for location in &package.locations {
            let child = files.id_in(&location.path, location.layer.as_ref());
            edges.push(Edge { parent, child, kind: Kind::EvidentBy(location.evidence) });
        }
    }
    for (position, edge) in artifact.relationships.iter().enumerate() {
        let (Some(parent), Some(child)) = (own_id(artifact, files, &edge.from), own_id(artifact, files, &edge.to))
        else {
            continue;
        };
        match &edge.kind {
            RelationshipKind::DependencyOf => edges.push(Edge { parent, child, kind: Kind::DependencyOf }),
            RelationshipKind::OwnershipByFileOverlap(_) => {
                edges.push(Edge { parent, child, kind: Kind::Owns(position) });
            }
            RelationshipKind::Other(_) => {}
        }
    }
    edges.sort_unstable();
    // A file that is evidence by two paths is named once, by what it proves most.
    edges.dedup_by(|a, b| a.parent == b.parent && a.child == b.child && same_type(&a.kind, &b.kind));
    edges
}

const fn same_type(a: &Kind, b: &Kind) -> bool {
    matches!(
        (a, b),
        (Kind::Contains, Kind::Contains)
            | (Kind::DependencyOf, Kind::DependencyOf)
            | (Kind::EvidentBy(_), Kind::EvidentBy(_))
    )
}

const fn foreign(element: &Element) -> bool {
    matches!(element, Element::Source | Element::Foreign(_))
}

fn own_id(artifact: &Artifact, files: &Files<'_>, element: &Element) -> Option<u64> {
    match element {
        Element::Package(id) => Some(id.0),
        Element::File(path) => Some(files.id_at(artifact.files.as_ref(), path)),
        Element::Source | Element::Foreign(_) => None,
    }
}

fn element_id(artifact: &Artifact, files: &Files<'_>, element: &Element) -> String {
    match element {
        Element::Source => artifact.source.id.clone(),
        Element::Package(id) => id.to_string(),
        Element::File(path) => PackageId(files.id_at(artifact.files.as_ref(), path)).to_string(),
        Element::Foreign(id) => id.clone(),
    }
}
