//! Licence files beside packages: what they hold, for packages that do not say it themselves.
//!
//! This reader finds no packages; other catalogers ask it for the licences of a folder.

use stopgate_model::{EvidenceKind, GapCode, License, LicenseKind};

use crate::assembly::location_of;
use crate::license_text::{is_license_file, licenses_of};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, FileFacts, MergedView, ReadError, Record, Sources, license};

pub(crate) static LICENSE_FILES: Cataloger = Cataloger {
    name: "license-files",
    finds: &[],
    sources: Sources::All,
    claims: &[
        Claim::Glob("**/LICENSE*"),
        Claim::Glob("**/License*"),
        Claim::Glob("**/license*"),
        Claim::Glob("**/LICENCE*"),
        Claim::Glob("**/Licence*"),
        Claim::Glob("**/licence*"),
        Claim::Glob("**/COPYING*"),
        Claim::Glob("**/Copying*"),
        Claim::Glob("**/copying*"),
        Claim::Glob("**/NOTICE*"),
        Claim::Glob("**/Notice*"),
        Claim::Glob("**/notice*"),
        Claim::Glob("**/UNLICEN*"),
        Claim::Glob("**/unlicen*"),
        Claim::Glob("**/MIT-LICEN*"),
    ],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_license_file,
    assemble: Assemble::Joined(|_, _| {}),
};

const LICENSES: &str = "licenses";

/// Larger files are no licences, whatever their name.
const LONGEST: u64 = 4 << 20;

fn read_license_file(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    // Kernel headers, man pages and programs have such names too; packages are never beside them.
    let folder = file.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    if !is_license_file(file.name()) || file.size() > LONGEST || folder.starts_with("usr/share/doc/") {
        return Ok(());
    }
    let values: Vec<String> = licenses_of(&file.bytes(LONGEST)?).into_iter().map(|license| license.value).collect();
    facts.record(LICENSES, &values);
    Ok(())
}

/// Licences of the licence files in the folder of a file.
pub(crate) fn beside(view: &MergedView<'_>, path: &str) -> Vec<License> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    in_folder(view, folder, is_license_file)
}

/// Licences of the files of a folder (no trailing slash) whose name is wanted.
pub(crate) fn in_folder(view: &MergedView<'_>, folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<License> {
    let prefix = format!("{folder}/");
    let start = view.facts.partition_point(|file| file.path < prefix.as_str());
    let mut found = Vec::new();
    for file in view.facts.get(start..).unwrap_or_default() {
        let Some(name) = file.path.strip_prefix(&prefix) else { break };
        if !name.contains('/') && file.cataloger == LICENSE_FILES.name && wanted(name) {
            found.extend(of_file(file));
        }
    }
    found
}

/// Licences of the licence file at a path; nothing when there is none.
pub(crate) fn at(view: &MergedView<'_>, path: &str) -> Option<Vec<License>> {
    view.at(LICENSE_FILES.name, path).map(of_file)
}

/// Licences of one licence file.
pub(crate) fn of_file(file: &FileFacts<'_>) -> Vec<License> {
    let values =
        file.facts.records.iter().filter(|record| record.kind == LICENSES).filter_map(Record::read::<Vec<String>>);
    let location = location_of(file, EvidenceKind::Supporting);
    values
        .flatten()
        .map(|value| License {
            spdx: license::expression_of(&value).unwrap_or_default(),
            value,
            kind: LicenseKind::Concluded,
            urls: Vec::new(),
            locations: vec![location.clone()],
        })
        .collect()
}

/// Licences that a package's own metadata states. A value of several lines is the text of a licence.
pub(crate) fn declared(value: &str) -> Vec<License> {
    if value.contains('\n') {
        let mut licenses = licenses_of(value.as_bytes());
        for license in &mut licenses {
            license.kind = LicenseKind::Declared;
        }
        return licenses;
    }
    vec![License {
        value: value.trim().to_owned(),
        spdx: String::new(),
        kind: LicenseKind::Declared,
        urls: Vec::new(),
        locations: Vec::new(),
    }]
}
