//! `--get`: results that are fetched into files when an analysis is done.

use std::path::PathBuf;

use serde_json::Value;
use stopgate_api_types::image::AnchoreImage;
use stopgate_api_types::source::SourceManifest;
use stopgate_client::{CheckOptions, Client, Reply, SourceVulnerabilityOptions, VulnerabilityOptions};

use crate::anchorectl::answer::pretty;
use crate::anchorectl::camel::camel;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::session::Session;

/// What can be fetched of an image.
pub(super) const IMAGE_KEYS: [&str; 7] =
    ["image-metadata", "sbom", "sbomspdx", "sbomcyclonedx", "content", "vulnerability", "policy-evaluation"];
/// What can be fetched of a source.
pub(super) const SOURCE_KEYS: [&str; 5] = ["source-metadata", "sbom", "content", "vulnerability", "policy-evaluation"];

/// Results with their files, in the order of the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted(Vec<(&'static str, PathBuf)>);

impl Wanted {
    /// Reads `KEY`, `KEY=FILE`, `all` and `all=FOLDER`. Without a name a file is called `KEY.json`.
    pub(super) fn parse(words: &[String], keys: &[&'static str]) -> Result<Self, Failure> {
        let mut wanted = Vec::new();
        for word in words.iter().filter(|word| !word.is_empty()) {
            let (key, file) = word.split_once('=').map_or((word.as_str(), None), |(key, file)| (key, Some(file)));
            if key == "all" {
                let folder = PathBuf::from(file.unwrap_or("."));
                wanted.extend(keys.iter().map(|key| (*key, folder.join(format!("{key}.json")))));
                continue;
            }
            let known = keys.iter().find(|known| **known == key).ok_or_else(|| {
                Failure::new(format!("`{key}` cannot be fetched: expected one of {}, all", keys.join(", ")))
            })?;
            wanted.push((*known, file.map_or_else(|| PathBuf::from(format!("{key}.json")), PathBuf::from)));
        }
        Ok(Self(wanted))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(super) fn fetch_image(
    session: &mut Session,
    client: &Client,
    wanted: &Wanted,
    image: &Reply<AnchoreImage>,
    digest: &str,
) -> Result<(), Failure> {
    for (key, path) in &wanted.0 {
        let bytes = match *key {
            "image-metadata" => shown(&image.raw),
            "sbom" => client.image_sbom(digest, "native-json")?.to_vec(),
            "sbomspdx" => client.image_sbom(digest, "spdx-json")?.to_vec(),
            "sbomcyclonedx" => client.image_sbom(digest, "cyclonedx-json")?.to_vec(),
            "content" => {
                let kinds = client.image_content_types(digest)?.value;
                let packages = kinds.iter().filter(|kind| !is_search(kind));
                let bodies = packages.map(|kind| Ok(client.image_content(digest, kind)?.raw));
                shown(&Value::Array(bodies.collect::<Result<_, Failure>>()?))
            }
            "vulnerability" => {
                shown(&client.image_vulnerabilities(digest, "all", &VulnerabilityOptions::default())?.raw)
            }
            _ => {
                let tag = image.value.image_detail.first().and_then(|detail| detail.full_tag.clone());
                let options = CheckOptions { tag: tag.unwrap_or_default(), detail: true, ..CheckOptions::default() };
                shown(&client.image_check(digest, &options)?.raw)
            }
        };
        save(session, key, path, &bytes)?;
    }
    Ok(())
}

/// These lie elsewhere in the API; the packages are what a reader of `content` looks for.
fn is_search(kind: &str) -> bool {
    matches!(kind, "secret_search" | "content_search" | "retrieved_files")
}

pub(super) fn fetch_source(
    session: &mut Session,
    client: &Client,
    wanted: &Wanted,
    source: &Reply<SourceManifest>,
    id: &str,
) -> Result<(), Failure> {
    for (key, path) in &wanted.0 {
        let bytes = match *key {
            "source-metadata" => shown(&source.raw),
            "sbom" => client.source_sbom(id, "native-json")?.to_vec(),
            "content" => {
                let kinds = client.source_content_types(id)?.value;
                let bodies = kinds.iter().map(|kind| Ok(client.source_content(id, kind)?.raw));
                shown(&Value::Array(bodies.collect::<Result<_, Failure>>()?))
            }
            "vulnerability" => {
                shown(&client.source_vulnerabilities(id, "all", &SourceVulnerabilityOptions::default())?.raw)
            }
            _ => shown(&client.source_check(id, None)?.raw),
        };
        save(session, key, path, &bytes)?;
    }
    Ok(())
}

fn shown(body: &Value) -> Vec<u8> {
    pretty(&camel(body)).into_bytes()
}

fn save(session: &mut Session, key: &str, path: &std::path::Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::new(format!("cannot create `{}`: {error}", folder.display())))?;
    }
    session.write_file(path, bytes, true)?;
    session.done(&format!("Fetched {key}"), &path.display().to_string());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{IMAGE_KEYS, Wanted};

    #[test]
    fn what_is_wanted() {
        let parse = |words: &[&str]| {
            Wanted::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &IMAGE_KEYS)
        };
        assert!(parse(&[]).unwrap().is_empty());
        assert_eq!(
            parse(&["sbom=x.json", "content"]).unwrap().0,
            [("sbom", "x.json".into()), ("content", "content.json".into())]
        );
        let all = parse(&["all=out"]).unwrap().0;
        assert_eq!((all.len(), all[0].1.clone()), (7, "out/image-metadata.json".into()));
        assert!(parse(&["everything"]).is_err());
    }
}
