//! Vulnerability data of the server.

use bytes::Bytes;
use stopgate_api_types::feed::{FeedMetadata, FeedSyncStarted};

use crate::{Client, ClientError, Reply};

/// Between the parts of an upload. It cannot occur in what is uploaded by chance.
const BOUNDARY: &str = "stopgate-4f1f9a0d2c7e4b6c8a53f0b1d6e79c24";

impl Client {
    /// Lists feeds with their groups.
    pub fn feed_list(&self) -> Result<Reply<Vec<FeedMetadata>>, ClientError> {
        self.get(&["system", "feeds"]).reply()
    }

    /// Starts to fetch data.
    pub fn feed_sync(&self, force: bool) -> Result<Reply<Option<FeedSyncStarted>>, ClientError> {
        self.post(&["system", "feeds"]).flag("force_sync", force).reply()
    }

    /// Uploads the data of one feed.
    pub fn feed_upload(
        &self,
        feed: &str,
        version: &str,
        built: &str,
        checksum: &str,
        content: &[u8],
    ) -> Result<(), ClientError> {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{feed}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let body = [head.as_bytes(), content, tail.as_bytes()].concat();
        self.post(&["system", "feeds", feed])
            .query("version", Some(version))
            .query("built", Some(built))
            .query("checksum", Some(checksum))
            .body(&format!("multipart/form-data; boundary={BOUNDARY}"), Bytes::from(body))
            .done()
    }
}
