//! Reads the `files` block: gaps from `unknowns`, and the file tree when every file is listed.

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Digest, FileEntry, FileIndex, FileIndexBuilder, FileKind, Gap, GapClass, GapCode, SourceDescription,
};

use super::files::unix_mode;
use super::read::{Descriptor, rooted};
use crate::elements::{Broken, named_gap};

#[derive(Deserialize)]
struct RawFile {
    location: RawLocation,
    metadata: Option<RawMetadata>,
    digests: Option<Vec<RawDigest>>,
    unknowns: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RawLocation {
    path: String,
    #[serde(rename = "layerID")]
    layer_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    mode: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    link_destination: Option<String>,
    #[serde(rename = "userID")]
    user_id: Option<u32>,
    #[serde(rename = "groupID")]
    group_id: Option<u32>,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct RawDigest {
    algorithm: String,
    value: String,
}

/// The tree, when the document lists every file. `old_modes`: modes are numbers, not octal digits.
pub(super) fn read(
    files: Vec<&RawValue>,
    descriptor: &Descriptor<'_>,
    old_modes: bool,
    source: &SourceDescription,
    broken: &mut Broken,
) -> Option<FileIndex> {
    let whole = lists_all(descriptor);
    let layers: Vec<&Digest> =
        source.image().map(|image| image.layers.iter().map(|l| &l.diff_id).collect()).unwrap_or_default();
    let mut tree = FileIndexBuilder::default();
    for (at, raw) in files.into_iter().enumerate() {
        if !whole && !raw.get().contains("\"unknowns\"") {
            continue;
        }
        let Some(file) = broken.object::<RawFile>("file", at, raw) else { continue };
        let layer = file.location.layer_id.as_deref().and_then(|layer| Digest::parse(layer).ok());
        for unknown in file.unknowns.iter().flatten() {
            broken.gap(gap(unknown, &file.location.path, layer.clone()));
        }
        if whole && !push(&mut tree, &file, old_modes, &layers, layer.as_ref()) {
            broken.gap(Gap::new(GapCode::PathRefused, "a file of the document has a path or link that is too long"));
        }
    }
    whole.then(|| tree.finish())
}

/// Whether the run that made the document catalogued every file, not only those of packages.
fn lists_all(descriptor: &Descriptor<'_>) -> bool {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Configuration {
        files: Option<Selection>,
        file: Option<Old>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Old {
        metadata: Option<Selection>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Selection {
        selection: Option<String>,
    }
    let Some(raw) = descriptor.configuration else { return false };
    let configuration: Configuration = serde_json::from_str(raw.get()).unwrap_or_default();
    let selection = configuration.files.or(configuration.file.and_then(|old| old.metadata));
    selection.and_then(|selection| selection.selection).as_deref() == Some("all")
}

fn push(
    tree: &mut FileIndexBuilder,
    file: &RawFile,
    old_modes: bool,
    layers: &[&Digest],
    layer: Option<&Digest>,
) -> bool {
    // A file of which only the place is known has no metadata.
    let Some(metadata) = &file.metadata else { return true };
    let kind = metadata.kind.as_deref().and_then(FileKind::parse).unwrap_or(FileKind::Irregular);
    let digest = file.digests.iter().flatten().find(|digest| digest.algorithm.eq_ignore_ascii_case("sha256"));
    let sha256: Option<[u8; 32]> =
        digest.and_then(|digest| hex::decode(&digest.value).ok()).and_then(|bytes| bytes.try_into().ok());
    let link = metadata.link_destination.as_deref().filter(|link| !link.is_empty());
    tree.push(&FileEntry {
        path: &rooted(file.location.path.clone()),
        kind,
        mode: mode(metadata.mode.unwrap_or_default(), old_modes),
        uid: metadata.user_id.unwrap_or_default(),
        gid: metadata.group_id.unwrap_or_default(),
        size: metadata.size.unwrap_or_default(),
        sha256: sha256.as_ref(),
        link,
        layer: layers.iter().position(|known| Some(*known) == layer).unwrap_or_default() as u32,
    })
}

fn mode(written: u64, as_number: bool) -> u32 {
    let mode = if as_number { Some(written) } else { u64::from_str_radix(&written.to_string(), 8).ok() };
    unix_mode(mode.unwrap_or_default() as u32)
}

fn gap(unknown: &str, path: &str, layer: Option<Digest>) -> Gap {
    let mut gap = named_gap(unknown).unwrap_or_else(|| theirs(unknown));
    gap.path = (path != "/").then(|| path.to_owned());
    gap.layer = layer;
    gap
}

/// syft marks what no cataloger took as well as what one could not read.
fn theirs(unknown: &str) -> Gap {
    let note = |code| Gap { class: GapClass::Note, ..Gap::new(code, unknown) };
    if unknown.ends_with("no package identified in executable file") {
        note(GapCode::ExecutableUnreadable)
    } else if unknown.ends_with("archive not cataloged") {
        note(GapCode::ArchiveUnreadable)
    } else {
        Gap::new(GapCode::MetadataUnreadable, unknown)
    }
}
