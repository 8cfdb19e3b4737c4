//! `gradle.lockfile` of Gradle (docs.gradle.org, "locking dependency versions"): `group:artifact:version=…`
//! per line.

use stopgate_model::{GapCode, PackageType, limits};

use super::details::{JavaArchive, JavaPackage, PomProject};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources};

pub(crate) static GRADLE_LOCK: Cataloger = Cataloger {
    name: "java-gradle-lockfile-cataloger",
    finds: &[PackageType::JAVA_ARCHIVE],
    sources: Sources::Directory,
    claims: &[Claim::Glob("**/gradle.lockfile*")],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_lock,
    assemble: Assemble::EachFile,
};

fn read_lock(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    for line in file.text(limits::METADATA_BYTES)?.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let coordinates = line.split('=').next().unwrap_or(line);
        let mut parts = coordinates.split(':');
        let (Some(group), Some(artifact), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let package = JavaPackage {
            name: artifact.to_owned(),
            version: version.to_owned(),
            package_type: PackageType::JAVA_ARCHIVE,
            licenses: Vec::new(),
            archive: JavaArchive {
                pom_project: Some(PomProject {
                    group_id: group.to_owned(),
                    artifact_id: artifact.to_owned(),
                    version: version.to_owned(),
                    name: artifact.to_owned(),
                    ..PomProject::default()
                }),
                ..JavaArchive::default()
            },
        };
        facts.packages.push(package.finish());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(directory "java": gradle, gradle_empty);
}
