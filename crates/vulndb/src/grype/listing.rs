//! `latest.json`: which database is the newest and where it is.

use stopgate_model::{DataIdentity, Digest};

/// The listing of a feed of Grype databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// `active`, `deprecated` or `eol`.
    pub status: String,
    /// `v6.1.9`.
    pub schema: String,
    /// When the database was built, RFC 3339.
    pub built: String,
    /// The archive, relative to the listing: a file name or an address.
    pub path: String,
    /// Digest of the archive.
    pub checksum: Digest,
}

/// Why a listing cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// Not what a listing is.
    #[error("the listing cannot be read: {0}")]
    Malformed(String),
    /// Another model of database.
    #[error("the listing offers a database of schema `{0}`, expected `v6`")]
    Schema(String),
    /// The feed ended.
    #[error("the listing says that databases of schema `{0}` are no longer made")]
    Ended(String),
}

#[derive(serde::Deserialize)]
struct Document {
    #[serde(default)]
    status: String,
    #[serde(rename = "schemaVersion")]
    schema: String,
    built: String,
    path: String,
    checksum: String,
}

impl Listing {
    /// Reads and checks a listing.
    pub fn parse(bytes: &[u8]) -> Result<Self, ListingError> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| ListingError::Malformed(error.to_string()))?;
        let malformed = |what: String| ListingError::Malformed(what);
        let checksum = Digest::parse(&document.checksum).map_err(|error| malformed(error.to_string()))?;
        document
            .built
            .parse::<jiff::Timestamp>()
            .map_err(|_| malformed(format!("`built` is `{}`, expected a time of RFC 3339", document.built)))?;
        if document.path.is_empty() {
            return Err(malformed("`path` is empty".to_owned()));
        }
        let model = document.schema.trim_start_matches('v').split('.').next();
        if model != Some("6") {
            return Err(ListingError::Schema(document.schema));
        }
        if document.status.eq_ignore_ascii_case("eol") {
            return Err(ListingError::Ended(document.schema));
        }
        Ok(Self {
            status: document.status,
            schema: document.schema,
            built: document.built,
            path: document.path,
            checksum,
        })
    }

    /// Whether its database is newer than the one in use.
    pub fn is_newer_than(&self, current: &DataIdentity) -> bool {
        match (self.built.parse::<jiff::Timestamp>(), current.built.parse::<jiff::Timestamp>()) {
            (Ok(offered), Ok(current)) => offered > current,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Listing, ListingError};

    fn listing(status: &str, schema: &str, built: &str, checksum: &str) -> Result<Listing, ListingError> {
        let text = format!(
            r#"{{"status":"{status}","schemaVersion":"{schema}","built":"{built}","path":"a.tar.zst","checksum":"{checksum}"}}"#
        );
        Listing::parse(text.as_bytes())
    }

    #[test]
    fn reads_a_listing_and_refuses_others() {
        let (time, sum) = ("2026-01-02T03:04:05Z", format!("sha256:{}", "ab".repeat(32)));
        assert_eq!(listing("active", "v6.1.9", time, &sum).unwrap().path, "a.tar.zst");
        assert_eq!(listing("deprecated", "v6.2.0", time, &sum).unwrap().status, "deprecated");
        assert!(matches!(listing("active", "v5.0.0", time, &sum), Err(ListingError::Schema(_))));
        assert!(matches!(listing("eol", "v6.1.9", time, &sum), Err(ListingError::Ended(_))));
        for bad in [listing("active", "v6.1.9", "yesterday", &sum), listing("active", "v6.1.9", time, "md5:1")] {
            assert!(matches!(bad, Err(ListingError::Malformed(_))));
        }
        assert!(Listing::parse(b"[]").is_err());
    }
}
