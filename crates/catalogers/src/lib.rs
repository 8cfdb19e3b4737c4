//! Catalogers: what files say about packages.
//!
//! A cataloger is one file in this crate and one line in [`CATALOGERS`]. `extract` is pure, sees one file
//! and runs once per layer; its [`Facts`] are cached by the analyzer. `assemble` runs per image over the
//! merged facts. Nothing here touches the network, starts a process or knows a vulnerability.

mod claims;
mod contract;
mod facts;
mod view;

mod assembly;
mod cpe;
mod dependency;
mod distro;
mod identity;
mod license;
mod license_corpus;
mod license_files;
mod license_notices;
mod license_text;
mod license_urls;
mod license_words;
mod os_record;
mod ownership;
mod sqlite;
mod tree;

mod alpm;
mod apk;
mod dpkg;
mod rpm;

mod executable;
mod gemfile_lock;
mod go;
mod java;
mod javascript;
mod python;
mod rust;

#[cfg(test)]
mod golden;

pub use assembly::{Assembled, assemble};
pub use claims::{ClaimIndex, extract_file, is_executable};
pub use contract::{Assemble, Cataloger, Claim, Claimed, ReadError, Sources};
pub use facts::{Facts, Record};
pub use license::expression_of;
pub use view::{FileFacts, Found, MergedView, SourceClass};

/// Every cataloger, in the order in which they assemble.
pub static CATALOGERS: &[&Cataloger] = &[
    &distro::DISTRO,
    &license_files::LICENSE_FILES,
    &alpm::ALPM_DB,
    &apk::APK_DB,
    &dpkg::DPKG_DB,
    &rpm::RPM_DB,
    &javascript::JAVASCRIPT_PACKAGE,
    &javascript::JAVASCRIPT_LOCK,
    &python::PYTHON_INSTALLED,
    &python::PYTHON_PACKAGE,
    &go::GO_BINARY,
    &go::GO_MODULE_FILE,
    &rust::RUST_AUDIT,
    &rust::RUST_LOCK,
    &java::JAVA_ARCHIVE,
    &java::GRADLE_LOCK,
    &java::MAVEN_POM,
    &gemfile_lock::GEMFILE_LOCK,
];
