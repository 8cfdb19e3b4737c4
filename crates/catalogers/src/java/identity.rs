//! Which of the Maven coordinates in an archive are those of the archive itself.

use std::collections::BTreeMap;

use super::details::JavaPackage;
use super::file_name::FileName;
use super::group_id::group_id;
use super::manifest::Manifest;
use super::pom::Pom;
use super::pom_properties::PomProperties;

/// A project and its path in the archive.
pub(super) struct PlacedPom {
    pub(super) path: String,
    pub(super) pom: Pom,
}

/// What Maven left in an archive, by folder.
#[derive(Default)]
pub(super) struct MavenFiles {
    pub(super) properties: BTreeMap<String, PomProperties>,
    pub(super) projects: BTreeMap<String, PlacedPom>,
}

/// Name and version of the archive itself, with the project that describes it.
pub(super) struct Identity<'a> {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) project: Option<&'a PlacedPom>,
}

/// In this order: coordinates that fit the file name, the only project, the file name, the manifest.
pub(super) fn identify<'a>(files: &'a MavenFiles, file: &FileName<'_>, manifest: &Manifest) -> Identity<'a> {
    let (properties, mut project) = best_match(files, file);
    if files.properties.is_empty() && files.projects.len() == 1 {
        project = files.projects.values().next();
    }
    let mut name = properties.map_or_else(String::new, |properties| properties.artifact_id.clone());
    let mut version = properties.map_or_else(String::new, |properties| properties.version.clone());
    if let Some(project) = project.filter(|_| name.is_empty() || version.is_empty()) {
        let own = project.pom.coordinates();
        name = if name.is_empty() { own.artifact } else { name };
        version = if version.is_empty() { own.version } else { version };
    }
    if name.is_empty() {
        name = name_from(manifest, file);
    }
    if version.is_empty() {
        version = version_from(manifest, file);
    }
    Identity { name, version, project }
}

/// The coordinates whose artifact fits the file name, rather ones with a project, rather exact ones.
fn best_match<'a>(files: &'a MavenFiles, file: &FileName<'_>) -> (Option<&'a PomProperties>, Option<&'a PlacedPom>) {
    let exists = files.properties.values().any(|properties| properties.artifact_id == file.name);
    let mut best: (Option<&PomProperties>, Option<&PlacedPom>) = (None, None);
    let is_exact =
        |properties: &PomProperties| file.name.contains(&properties.group_id) || file.name == properties.artifact_id;
    for (folder, properties) in &files.properties {
        if !fits(&properties.artifact_id, file.name, exists) {
            continue;
        }
        let project = files.projects.get(folder);
        best = match best {
            (None, project_so_far) => (Some(properties), project.or(project_so_far)),
            (_, None) if project.is_some() => (Some(properties), project),
            _ if project.is_some() && is_exact(properties) => (Some(properties), project),
            best => best,
        };
        if best.1.is_some() && is_exact(properties) {
            break;
        }
    }
    best
}

/// Whether an artifact may be the archive: some build tools put the group in front of the file name, some
/// a suffix behind it. When an artifact is called exactly like the file, only that one fits.
fn fits(artifact: &str, file: &str, exists: bool) -> bool {
    if artifact.is_empty() || file.is_empty() {
        return false;
    }
    if exists { artifact == file } else { artifact.starts_with(file) || file.ends_with(artifact) }
}

fn name_from(manifest: &Manifest, file: &FileName<'_>) -> String {
    let bundle = name_of_bundle(manifest);
    let name = if bundle.is_empty() { name_in_file(file.name) } else { bundle };
    if !name.is_empty() {
        return name.to_owned();
    }
    let fields = ["Name", "Bundle-Name", "Short-Name", "Extension-Name", "Implementation-Title"];
    let field = fields.iter().map(|field| manifest.main(field)).find(|value| !value.is_empty());
    field.unwrap_or("").to_owned()
}

/// The Maven plug-in for bundles names them `GROUP.ARTIFACT`.
fn name_of_bundle(manifest: &Manifest) -> &str {
    if !manifest.main("Created-By").contains("Apache Maven Bundle Plugin") {
        return "";
    }
    let name = manifest.main("Bundle-SymbolicName");
    // Sometimes it is the group alone.
    if name == manifest.main("Implementation-Vendor-Id") {
        return "";
    }
    name.rsplit('.').next().unwrap_or(name)
}

/// A file name with dots may be group and artifact; the artifact is its last part.
fn name_in_file(name: &str) -> &str {
    let is_word = |part: &str| part.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$');
    if name.starts_with("org.eclipse.") || !name.contains('.') || !name.split('.').all(is_word) {
        return name;
    }
    name.rsplit('.').next().unwrap_or(name)
}

fn version_from(manifest: &Manifest, file: &FileName<'_>) -> String {
    if !file.version.is_empty() {
        return file.version.to_owned();
    }
    let fields = ["Implementation-Version", "Specification-Version", "Plugin-Version", "Bundle-Version"];
    fields.iter().map(|field| manifest.anywhere(field)).find(|value| !value.is_empty()).unwrap_or("").to_owned()
}

/// Whether coordinates found in an archive are those of the archive's own package.
pub(super) fn is_same(found: &JavaPackage<'_>, own: &JavaPackage<'_>) -> bool {
    let key = |package: &JavaPackage<'_>| {
        (group_id(&package.name, &package.version, &package.archive), package.name.clone(), package.version.clone())
    };
    let artifact = found.archive.pom_properties.as_ref().map_or("", |properties| &properties.artifact_id);
    key(found) == key(own)
        || found.archive.virtual_path == own.archive.virtual_path
        // COMPAT: one artifact of several groups counts as one here, as in syft.
        || (!artifact.is_empty() && artifact == own.name)
}
