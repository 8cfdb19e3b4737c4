//! Content of images and sources: a title and a table per kind.

use serde_json::Value;
use stopgate_api_types::content::{FilesContent, JavaPackageContent, MalwareScan, PackageContent};
use stopgate_api_types::search::{FileContentSearchResult, RetrievedFile};

use crate::anchorectl::answer::Answer;
use crate::anchorectl::layout::{table, text};

pub(super) const PACKAGES: [&str; 6] = ["PACKAGE", "VERSION", "TYPE", "ORIGIN", "LICENSES", "LOCATION"];
pub(super) const JAVA: [&str; 8] =
    ["PACKAGE", "IMPL. VERSION", "SPEC. VERSION", "MAVEN VERSION", "TYPE", "ORIGIN", "LOCATION", "VERSION"];
pub(super) const FILES: [&str; 7] = ["FILENAME", "TYPE", "MODE", "UID", "GID", "SIZE", "SHA256"];
pub(super) const MALWARE: [&str; 3] = ["SCANNER", "MATCHED SIGNATURE", "PATH"];
pub(super) const SEARCH: [&str; 3] = ["SEARCH NAME", "PATH", "AT LINE(S)"];
pub(super) const RETRIEVED: [&str; 1] = ["PATH"];

/// One kind of content.
pub(super) struct Part {
    raw: Value,
    shown: String,
    ids: Vec<String>,
}

impl Part {
    pub(super) fn new(kind: &str, raw: Value, heads: &[&str], rows: Vec<Vec<String>>) -> Self {
        let shown = format!("{}:\n{}", title(kind), table(heads, &rows));
        let ids = rows.into_iter().filter_map(|row| row.into_iter().next()).collect();
        Self { raw, shown, ids }
    }
}

/// All wanted kinds; one alone is the body itself.
pub(super) fn answer(parts: Vec<Part>) -> Answer {
    let shown: Vec<&str> = parts.iter().map(|part| part.shown.as_str()).collect();
    let shown = shown.join("\n");
    let ids: Vec<String> = parts.iter().flat_map(|part| part.ids.clone()).collect();
    let mut raw: Vec<Value> = parts.into_iter().map(|part| part.raw).collect();
    let raw = if raw.len() == 1 { raw.remove(0) } else { Value::Array(raw) };
    Answer::new(raw, shown).ids(ids)
}

/// `secret_search` is `Secret Search`, `java` is `Java Packages`.
fn title(kind: &str) -> String {
    let mut words: Vec<String> = kind
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
        })
        .collect();
    if !kind.contains('_') && !matches!(kind, "files" | "malware") {
        words.push("Packages".to_owned());
    }
    words.join(" ")
}

pub(super) fn packages(content: &[PackageContent]) -> Vec<Vec<String>> {
    let row = |package: &PackageContent| {
        vec![
            text(package.package.as_ref()),
            text(package.version.as_ref()),
            text(package.kind.as_ref()),
            text(package.origin.as_ref()),
            package.licenses.join(", "),
            text(package.location.as_ref()),
        ]
    };
    content.iter().map(row).collect()
}

pub(super) fn java(content: &[JavaPackageContent]) -> Vec<Vec<String>> {
    let row = |package: &JavaPackageContent| {
        vec![
            text(package.package.as_ref()),
            text(package.implementation_version.as_ref()),
            text(package.specification_version.as_ref()),
            text(package.maven_version.as_ref()),
            text(package.kind.as_ref()),
            text(package.origin.as_ref()),
            text(package.location.as_ref()),
            text(package.version.as_ref()),
        ]
    };
    content.iter().map(row).collect()
}

pub(super) fn files(content: &[FilesContent]) -> Vec<Vec<String>> {
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let row = |file: &FilesContent| {
        vec![
            text(file.filename.as_ref()),
            text(file.kind.as_ref()),
            text(file.mode.as_ref()),
            number(file.uid),
            number(file.gid),
            number(file.size),
            text(file.sha256.as_ref()),
        ]
    };
    content.iter().map(row).collect()
}

pub(super) fn malware(content: &[MalwareScan]) -> Vec<Vec<String>> {
    let rows = |scan: &MalwareScan| {
        let scanner = text(scan.scanner.as_ref());
        let row = move |finding: &stopgate_api_types::content::MalwareFinding| {
            vec![scanner.clone(), text(finding.signature.as_ref()), text(finding.path.as_ref())]
        };
        scan.findings.iter().map(row).collect::<Vec<_>>()
    };
    content.iter().flat_map(rows).collect()
}

pub(super) fn search(content: &[FileContentSearchResult]) -> Vec<Vec<String>> {
    let rows = |file: &FileContentSearchResult| {
        let path = text(file.path.as_ref());
        let row = move |hit: &stopgate_api_types::search::RegexContentMatch| {
            let lines: Vec<String> = hit.lines.iter().map(ToString::to_string).collect();
            vec![hit.name.clone().or_else(|| hit.regex.clone()).unwrap_or_default(), path.clone(), lines.join(", ")]
        };
        file.matches.iter().map(row).collect::<Vec<_>>()
    };
    content.iter().flat_map(rows).collect()
}

pub(super) fn retrieved(content: &[RetrievedFile]) -> Vec<Vec<String>> {
    content.iter().map(|file| vec![text(file.path.as_ref())]).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn titles() {
        for (kind, title) in [("java", "Java Packages"), ("secret_search", "Secret Search"), ("malware", "Malware")] {
            assert_eq!(super::title(kind), title);
        }
    }
}
