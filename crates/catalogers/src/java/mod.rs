//! Java packages: archives with all that is nested in them, and what Maven and Gradle declare.

mod archive;
mod details;
mod file_name;
mod gradle_lock;
mod group_id;
mod group_table;
mod identity;
mod licenses;
mod manifest;
mod pom;
mod pom_file;
mod pom_properties;

pub(crate) use archive::JAVA_ARCHIVE;
pub(crate) use gradle_lock::GRADLE_LOCK;
pub(crate) use group_id::{cleaned as cleaned_group, groups_in as groups_of_manifest, looks_like_domain};
pub(crate) use group_table::group_of as group_of_artifact;
pub(crate) use pom_file::MAVEN_POM;
