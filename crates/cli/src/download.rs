//! Fetching vulnerability data: the listing, then the archive that it names, relative to the listing.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use stopgate_model::Digest;

use crate::arguments::Global;
use crate::failure::Failure;

/// A listing is a few hundred bytes.
const LISTING_BYTES: u64 = 1 << 20;
/// No public archive comes near this.
const ARCHIVE_BYTES: u64 = 8 << 30;
const LISTING_TIMEOUT: Duration = Duration::from_secs(30);
const ARCHIVE_TIMEOUT: Duration = Duration::from_mins(5);

/// An archive to fetch.
pub(crate) struct Archive {
    pub(crate) url: String,
    pub(crate) checksum: Option<Digest>,
    pub(crate) built: Option<String>,
}

/// `latest.json` of a Grype DB distribution.
#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    status: String,
    built: String,
    path: String,
    checksum: String,
}

/// Reads the listing at an address.
pub(crate) fn listing(global: &Global, url: &str) -> Result<Archive, Failure> {
    let shown = without_credentials(url);
    let mut bytes = Vec::new();
    get(global, url, LISTING_TIMEOUT, LISTING_BYTES, &mut bytes)?;
    let listing: Listing = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("`{shown}` is not a listing of vulnerability data: {error}")))?;
    if listing.status == "eol" {
        return Err(Failure::new(format!("`{shown}` says that this kind of data has reached its end of life")));
    }
    let checksum = Digest::parse(&listing.checksum).map_err(|error| Failure::of(&error))?;
    let base =
        reqwest::Url::parse(url).map_err(|error| Failure::new(format!("`{shown}` is not an address: {error}")))?;
    let full =
        base.join(&listing.path).map_err(|error| Failure::new(format!("`{}` is not a path: {error}", listing.path)))?;
    Ok(Archive { url: full.to_string(), checksum: Some(checksum), built: Some(listing.built) })
}

/// Fetches an archive into a temporary file beside the data.
pub(crate) fn archive(global: &Global, archive: &Archive, store: &Path) -> Result<tempfile::NamedTempFile, Failure> {
    let fail = |error: &std::io::Error| Failure::new(format!("cannot write in `{}`: {error}", store.display()));
    std::fs::create_dir_all(store).map_err(|error| fail(&error))?;
    let mut file = tempfile::NamedTempFile::new_in(store).map_err(|error| fail(&error))?;
    get(global, &archive.url, ARCHIVE_TIMEOUT, ARCHIVE_BYTES, &mut file)?;
    file.flush().map_err(|error| fail(&error))?;
    Ok(file)
}

/// An address without user and password, fit for messages and records.
pub(crate) fn without_credentials(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(mut parsed) => {
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.set_query(None);
            parsed.to_string()
        }
        Err(_) => "an address that cannot be read".to_owned(),
    }
}

/// A path as it is, an address without its secrets.
pub(crate) fn shown(from: &str) -> String {
    if from.contains("://") { without_credentials(from) } else { from.to_owned() }
}

fn get(
    global: &Global,
    url: &str,
    timeout: Duration,
    limit: u64,
    into: &mut dyn std::io::Write,
) -> Result<(), Failure> {
    let shown = without_credentials(url);
    if global.offline {
        return Err(Failure::new(format!("`{shown}` was not asked: --offline is set")));
    }
    let fail = |what: &dyn std::fmt::Display| Failure::new(format!("cannot fetch `{shown}`: {what}"));
    let client = stopgate_source::http_client(global.ca_file.as_deref(), false).map_err(|error| Failure::of(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| fail(&error))?;
    runtime.block_on(async {
        let request = client.get(url).timeout(timeout).send().await;
        let mut response = request.map_err(|error| fail(&error.without_url()))?;
        if !response.status().is_success() {
            return Err(fail(&format!("the server answered {}", response.status())));
        }
        let mut seen = 0;
        while let Some(chunk) = response.chunk().await.map_err(|error| fail(&error.without_url()))? {
            seen += chunk.len() as u64;
            if seen > limit {
                return Err(fail(&format!("it is longer than {limit} bytes")));
            }
            into.write_all(&chunk).map_err(|error| fail(&error))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        assert_eq!(without_credentials("https://me:secret@host/db?token=x"), "https://host/db");
        assert_eq!(super::shown("https://me:secret@[bad/db"), "an address that cannot be read");
        assert_eq!(super::shown("a@b.tar.zst"), "a@b.tar.zst");
    }
}
