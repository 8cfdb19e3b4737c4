//! Java archives: the package that an archive is, those shaded into it, and all archives inside it.
//!
//! Only the directory, `META-INF` files, Maven files and nested archives are read. An archive without a
//! manifest is no package, as in syft, but what it holds may be. Classes are not looked at, so relocated
//! code without metadata stays unseen.

use sha1::{Digest as _, Sha1};
use stopgate_archive::zip::{Archive, Entry, ZipError};
use stopgate_archive::{Budget, Nesting, ReadAt};
use stopgate_model::{Confidence, Digest, Gap, GapCode, License, LicenseKind, PackageType};

use super::details::{ArchiveDigest, JavaArchive, JavaPackage};
use super::file_name::FileName;
use super::group_id::group_id;
use super::identity::{MavenFiles, PlacedPom, identify, is_same};
use super::licenses;
use super::manifest::Manifest;
use super::pom::{Parts, Pom};
use super::pom_properties::PomProperties;
use crate::license_text::{is_license_file, licenses_of};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources};

pub(crate) static JAVA_ARCHIVE: Cataloger = Cataloger {
    name: "java-archive-cataloger",
    finds: &[PackageType::JAVA_ARCHIVE, PackageType::JENKINS_PLUGIN],
    sources: Sources::All,
    claims: &[
        Claim::Suffix(".jar"),
        Claim::Suffix(".war"),
        Claim::Suffix(".ear"),
        Claim::Suffix(".par"),
        Claim::Suffix(".sar"),
        Claim::Suffix(".nar"),
        Claim::Suffix(".jpi"),
        Claim::Suffix(".hpi"),
        Claim::Suffix(".kar"),
        Claim::Suffix(".far"),
        Claim::Suffix(".lpkg"),
        Claim::Suffix(".rar"),
        Claim::Suffix(".zap"),
        Claim::Suffix(".zip"),
    ],
    unreadable: GapCode::ArchiveUnreadable,
    extract: read_file,
    assemble: Assemble::EachFile,
};

/// Suffixes of archives inside archives.
const NESTED: [&str; 13] = ["jar", "war", "ear", "par", "sar", "nar", "jpi", "hpi", "kar", "far", "lpkg", "rar", "zap"];

/// A manifest, a Maven file or a licence.
const LONGEST_TEXT: u64 = 16 << 20;
/// Nested archives that are inflated into memory, all levels together.
const MOST_IN_MEMORY: u64 = 192 << 20;

fn read_file(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let budget = Budget::default();
    let path = format!("/{}", file.path());
    let is_zip = extension(file.path()).eq_ignore_ascii_case("zip");
    let archive = match Archive::open(file.content(), Nesting::outermost(&budget)) {
        Ok(archive) => archive,
        // Other programs use these suffixes for their own formats.
        Err(ZipError::NotZip) if !is_surely_zip(file.path()) => return Ok(()),
        Err(error) => return Err(malformed(&error, facts)),
    };
    let place = Place { virtual_path: &path, name: file.path(), in_memory: 0 };
    if is_zip {
        read_nested(&archive, &place, None, facts);
    } else {
        read_archive(file.content(), &archive, &place, None, facts);
    }
    Ok(())
}

fn is_surely_zip(path: &str) -> bool {
    ["jar", "war", "ear", "jpi", "hpi", "zip"].iter().any(|known| extension(path).eq_ignore_ascii_case(known))
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The error of the outermost archive; a limit becomes a gap of its own kind.
fn malformed(error: &ZipError, facts: &mut Facts) -> ReadError {
    if let ZipError::Budget(limit) = error {
        facts.gaps.push(Gap::new(limit.gap_code(), limit.to_string()).limited(limit.limit(), 0));
    }
    ReadError::Malformed(format!("cannot be read: {error}"))
}

/// Where an archive stands.
struct Place<'a> {
    /// Path of the outermost archive, then the names of the archives inside.
    virtual_path: &'a str,
    /// Its own path in the archive around it.
    name: &'a str,
    /// Bytes that the archives around it hold in memory.
    in_memory: u64,
}

/// Adds the packages of an archive and of all inside it; `parent` is the position of the package of the
/// archive around it.
fn read_archive(
    content: &dyn ReadAt,
    archive: &Archive<'_>,
    place: &Place<'_>,
    parent: Option<u32>,
    facts: &mut Facts,
) {
    if archive.doubts().entry_count {
        let message = format!("`{}` cannot be read to its end: its directory counts other entries", place.virtual_path);
        facts.gaps.push(Gap::new(GapCode::ArchiveUnreadable, message));
    }
    let mut manifests = archive.entries().iter().filter(|entry| is_file(entry) && entry.name == "META-INF/MANIFEST.MF");
    let manifest = manifests.next().and_then(|entry| text_of(archive, entry, place, facts));
    let manifest = manifest.map(|text| Manifest::read(&String::from_utf8_lossy(&text)));
    // Instrumentation of other libraries carries their names.
    let manifest = manifest.filter(|manifest| !manifest.has("Weave-Classes"));
    let position = manifest.map(|manifest| add_own(content, archive, place, &manifest, parent, facts));
    read_nested(archive, place, position, facts);
}

/// Adds the archive's own package and those shaded into it; returns the position of the former.
fn add_own(
    content: &dyn ReadAt,
    archive: &Archive<'_>,
    place: &Place<'_>,
    manifest: &Manifest,
    parent: Option<u32>,
    facts: &mut Facts,
) -> u32 {
    let files = maven_files(archive, place, facts);
    let file = FileName::read(place.name);
    let identity = identify(&files, &file, manifest);
    let mut version = identity.version;
    if version.is_empty() {
        version = version_in_properties(archive, place, manifest, facts);
    }
    let digest = sha1_of(content);
    let mut own = JavaPackage {
        name: identity.name,
        version,
        package_type: file.package_type(),
        licenses: licenses_in(archive, place, manifest, identity.project, facts),
        archive: JavaArchive {
            virtual_path: place.virtual_path.to_owned(),
            manifest: Some(manifest),
            pom_project: identity.project.map(|project| project.pom.summary(&project.path)),
            digests: digest.iter().map(ArchiveDigest::sha1).collect(),
            ..JavaArchive::default()
        },
    };
    let shaded = shaded_packages(&files, &mut own);
    let position = facts.packages.len() as u32;
    let mut package = own.finish();
    let guessed = own.archive.pom_properties.is_none() && own.archive.pom_project.is_none();
    package.confidence = if guessed { Confidence::Low } else { Confidence::High };
    facts.packages.push(package);
    facts.dependencies.extend(parent.map(|parent| (position, parent)));
    for package in shaded {
        facts.dependencies.push((facts.packages.len() as u32, position));
        facts.packages.push(package.finish());
    }
    position
}

/// Packages of the coordinates in an archive that are not its own; its own ones complete `own`.
fn shaded_packages<'a>(files: &MavenFiles, own: &mut JavaPackage<'a>) -> Vec<JavaPackage<'a>> {
    let mut shaded = Vec::new();
    for (folder, properties) in &files.properties {
        let project = files.projects.get(folder);
        let group = group_id(&own.name, &own.version, &own.archive);
        let PomProperties { group_id, artifact_id, version, .. } = properties;
        let is_own = (&group, &own.name, &own.version) == (group_id, artifact_id, version);
        let suffix = if is_own { String::new() } else { format!(":{group_id}:{artifact_id}") };
        let found = JavaPackage {
            name: artifact_id.clone(),
            version: version.clone(),
            package_type: indicated_type(group_id),
            licenses: project.map(|project| licenses::in_pom(&project.pom)).unwrap_or_default(),
            archive: JavaArchive {
                virtual_path: format!("{}{suffix}", own.archive.virtual_path),
                pom_properties: Some(properties.clone()),
                pom_project: project.map(|project| project.pom.summary(&project.path)),
                ..JavaArchive::default()
            },
        };
        if is_same(&found, own) {
            own.name = found.name;
            own.version = found.version;
            own.package_type = found.package_type;
            own.archive.pom_properties.get_or_insert_with(|| properties.clone());
        } else {
            shaded.push(found);
        }
    }
    shaded
}

/// The type that a group implies.
fn indicated_type(group: &str) -> PackageType {
    const JENKINS: [&str; 5] = [
        "io.jenkins.plugins",
        "org.jenkins.plugins",
        "org.jenkins-ci.plugins",
        "io.jenkins-ci.plugins",
        "com.cloudbees.jenkins.plugins",
    ];
    let jenkins = JENKINS.iter().any(|prefix| group.starts_with(prefix)) || group.contains(".jenkins.plugin");
    if jenkins { PackageType::JENKINS_PLUGIN } else { PackageType::JAVA_ARCHIVE }
}

fn maven_files(archive: &Archive<'_>, place: &Place<'_>, facts: &mut Facts) -> MavenFiles {
    let mut files = MavenFiles::default();
    for entry in archive.entries().iter().filter(|entry| is_file(entry)) {
        let folder = entry.name.rsplit_once('/').map_or(".", |(folder, _)| folder);
        if entry.name.ends_with("pom.properties") {
            let Some(text) = text_of(archive, entry, place, facts) else { continue };
            let properties = PomProperties::read(&entry.name, &String::from_utf8_lossy(&text));
            // Without artifact and version they name nothing.
            let complete = |read: &PomProperties| !read.version.is_empty() && !read.artifact_id.is_empty();
            if let Some(properties) = properties.filter(complete) {
                files.properties.insert(folder.to_owned(), properties);
            }
        } else if entry.name.ends_with("pom.xml") {
            let Some(text) = text_of(archive, entry, place, facts) else { continue };
            // Archives of tools carry broken projects on purpose, as templates; the properties count.
            if let Ok(pom) = Pom::read(&text, Parts::Project) {
                files.projects.insert(folder.to_owned(), PlacedPom { path: entry.name.clone(), pom });
            }
        }
    }
    files
}

fn licenses_in(
    archive: &Archive<'_>,
    place: &Place<'_>,
    manifest: &Manifest,
    project: Option<&PlacedPom>,
    facts: &mut Facts,
) -> Vec<License> {
    let stated = licenses::in_manifest(manifest);
    if !stated.is_empty() {
        return stated;
    }
    let in_files = licenses_of_files(archive, place, facts);
    if !in_files.is_empty() {
        return in_files;
    }
    project.map(|project| licenses::in_pom(&project.pom)).unwrap_or_default()
}

/// Licences of the licence files in `META-INF`, else of those in the root; known ones hide unknown ones.
fn licenses_of_files(archive: &Archive<'_>, place: &Place<'_>, facts: &mut Facts) -> Vec<License> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for folder in ["META-INF/", ""] {
        let in_folder = |entry: &&Entry| {
            let head = entry.name.get(..folder.len()).is_some_and(|head| head.eq_ignore_ascii_case(folder));
            let name = entry.name.get(folder.len()..).unwrap_or("");
            is_file(entry) && head && !name.contains('/') && is_license_file(name)
        };
        for entry in archive.entries().iter().filter(in_folder) {
            let Some(text) = text_of(archive, entry, place, facts) else { continue };
            for license in licenses_of(&text) {
                debug_assert!(license.kind == LicenseKind::Concluded);
                if license.spdx.is_empty() { &mut unknown } else { &mut known }.push(license);
            }
        }
        if !known.is_empty() {
            return known;
        }
    }
    unknown
}

/// Programs that were built without Maven may name their version in a file of properties.
fn version_in_properties(archive: &Archive<'_>, place: &Place<'_>, manifest: &Manifest, facts: &mut Facts) -> String {
    if manifest.main("Main-Class").is_empty() {
        return String::new();
    }
    let is_it = |entry: &&Entry| is_file(entry) && entry.name.eq_ignore_ascii_case("version.properties");
    let mut found = archive.entries().iter().filter(is_it);
    let (Some(entry), None) = (found.next(), found.next()) else { return String::new() };
    let text = text_of(archive, entry, place, facts).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = |wanted: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.rfind(|(key, _)| key.trim().eq_ignore_ascii_case(wanted)).map_or("", |(_, value)| value.trim())
    };
    let plain = |value: &str| {
        let version = value.strip_prefix('v').unwrap_or(value);
        let valid = version.starts_with(|c: char| c.is_ascii_digit())
            && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte));
        valid.then(|| version.to_owned())
    };
    ["version", "tag"].iter().find_map(|key| plain(value(key))).unwrap_or_default()
}

/// Reads the archives inside an archive, sorted by name. What cannot be read is a gap.
fn read_nested(archive: &Archive<'_>, place: &Place<'_>, parent: Option<u32>, facts: &mut Facts) {
    let is_archive = |entry: &&Entry| is_file(entry) && NESTED.contains(&extension(&entry.name));
    let mut nested: Vec<&Entry> = archive.entries().iter().filter(is_archive).collect();
    nested.sort_by(|a, b| a.name.cmp(&b.name));
    nested.dedup_by(|a, b| a.name == b.name);
    if nested.is_empty() {
        return;
    }
    let nesting = match archive.nesting().deeper() {
        Ok(nesting) => nesting,
        Err(limit) => {
            let message = format!("{} archives in `{}` were not opened: {limit}", nested.len(), place.virtual_path);
            facts.gaps.push(Gap::new(limit.gap_code(), message).limited(limit.limit(), limit.limit() + 1));
            return;
        }
    };
    for entry in nested {
        let virtual_path = format!("{}:{}", place.virtual_path, entry.name);
        let place = Place { virtual_path: &virtual_path, name: &entry.name, in_memory: place.in_memory };
        if let Err(error) = read_inner(archive, entry, nesting, &place, parent, facts)
            && (!matches!(error, ZipError::NotZip) || is_surely_zip(&entry.name))
        {
            facts.gaps.push(gap_of(&error, &virtual_path));
        }
    }
}

fn read_inner(
    archive: &Archive<'_>,
    entry: &Entry,
    nesting: Nesting<'_>,
    place: &Place<'_>,
    parent: Option<u32>,
    facts: &mut Facts,
) -> Result<(), ZipError> {
    if let Some(slice) = archive.stored(entry)? {
        let inner = Archive::open(&slice, nesting)?;
        read_archive(&slice, &inner, place, parent, facts);
        return Ok(());
    }
    let content = archive.read(entry, MOST_IN_MEMORY.saturating_sub(place.in_memory))?;
    let inner = Archive::open(&content, nesting)?;
    let place = Place { in_memory: place.in_memory + content.len() as u64, ..*place };
    read_archive(&content, &inner, &place, parent, facts);
    Ok(())
}

fn gap_of(error: &ZipError, virtual_path: &str) -> Gap {
    let message = format!("`{virtual_path}` cannot be read: {error}");
    match error {
        ZipError::Budget(limit) => Gap::new(limit.gap_code(), message).limited(limit.limit(), 0),
        ZipError::TooLarge { size, limit } => Gap::new(GapCode::NestedBytes, message).limited(*limit, *size),
        _ => Gap::new(GapCode::ArchiveUnreadable, message),
    }
}

const fn is_file(entry: &Entry) -> bool {
    !entry.is_directory && entry.refused.is_none()
}

/// The content of a file in an archive; a gap when it cannot be read.
fn text_of(archive: &Archive<'_>, entry: &Entry, place: &Place<'_>, facts: &mut Facts) -> Option<Vec<u8>> {
    match archive.read(entry, LONGEST_TEXT) {
        Ok(content) => Some(content),
        Err(error) => {
            facts.gaps.push(gap_of(&error, &format!("{}:{}", place.virtual_path, entry.name)));
            None
        }
    }
}

fn sha1_of(content: &dyn ReadAt) -> Option<Digest> {
    let mut hasher = Sha1::new();
    if let Some(bytes) = content.in_memory() {
        hasher.update(bytes);
    } else {
        let mut buffer = vec![0; 1 << 20];
        let mut at = 0;
        loop {
            let count = content.read_at(at, &mut buffer).ok()?;
            if count == 0 {
                break;
            }
            hasher.update(buffer.get(..count)?);
            at += count as u64;
        }
    }
    Some(Digest::sha1(&hasher.finalize().into()))
}
