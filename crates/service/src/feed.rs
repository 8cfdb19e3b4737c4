//! New vulnerability data: uploaded, or fetched from where it is published. Either is kept as a blob first, so that what
//! was accepted is not lost, and taken in by a job.

use std::io::Write as _;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stopgate_model::Digest;
use stopgate_store::job::{self, Job, Lane, NewJob, Priority};
use stopgate_store::{AccountId, Db, account, setting};
use stopgate_vulndb::{ImportOptions, Listing};
use url::Url;

use crate::error::Kind;
use crate::events::Happened;
use crate::start::ADMIN;
use crate::{Service, ServiceError};

/// The kind of the job.
pub(crate) const FEED: &str = "feed";

/// Bytes of an upload.
pub const UPLOAD_BYTES: u64 = 1 << 30;
/// Bytes of an archive that is fetched.
const ARCHIVE_BYTES: u64 = 8 << 30;
/// A listing is a few hundred bytes.
const LISTING_BYTES: u64 = 1 << 20;
/// How long the listing, and the archive, may take.
const TIMES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(15));

/// Where data is published, unless the setting `feeds.url` names another place.
const PUBLISHED: &str = "https://grype.anchore.io/databases/v6/latest.json";

/// A file that is being received.
pub struct Upload {
    file: tempfile::NamedTempFile,
    hasher: Sha256,
    size: u64,
    limit: u64,
}

impl Upload {
    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ServiceError> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            let limit = self.limit >> 20;
            return Err(ServiceError::new(Kind::TooLarge, format!("the file is larger than {limit} MiB")));
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::StorageFull => {
                ServiceError::new(Kind::Full, "there is no room left on the server's disk")
            }
            _ => ServiceError::internal(error),
        })
    }

    /// Refuses a file that is not the one with this checksum.
    pub fn verify(&self, checksum: &str) -> Result<(), ServiceError> {
        let hex = checksum.trim().strip_prefix("sha256:").unwrap_or(checksum.trim());
        let seen = hex::encode(self.hasher.clone().finalize());
        if seen.eq_ignore_ascii_case(hex) {
            return Ok(());
        }
        Err(ServiceError::invalid(format!("the file has the checksum `sha256:{seen}`, expected `{checksum}`")))
    }
}

impl Service {
    /// A file to receive into.
    pub fn upload(&self) -> Result<Upload, ServiceError> {
        Ok(Upload { file: self.scratch_file()?, hasher: Sha256::new(), size: 0, limit: UPLOAD_BYTES })
    }

    /// Takes an uploaded archive of vulnerability data: kept now, imported by a job.
    pub async fn take_upload(&self, mut upload: Upload) -> Result<(), ServiceError> {
        if upload.size == 0 {
            return Err(ServiceError::invalid("`file` is empty: expected an archive of vulnerability data"));
        }
        upload.file.flush().map_err(ServiceError::internal)?;
        let archive = self.keep_archive(upload.file.path()).await?;
        self.ask_for_feed(json!({"archive": archive, "origin": "upload"}), &archive).await
    }

    /// Fetches the published data by a job; with `force`, also when it is in use already.
    pub async fn sync_feeds(&self, force: bool) -> Result<(), ServiceError> {
        self.ask_for_feed(json!({"force": force}), "sync").await
    }

    async fn ask_for_feed(&self, body: Value, key: &str) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        let unfinished = job::latest(tx.db(), FEED, key).await?;
        if unfinished.is_some_and(|job| matches!(job.state.as_str(), "ready" | "leased")) {
            let error = ServiceError::conflict("this vulnerability data is being taken in already");
            return Err(error.codes(&["FEED_SYNC_ALREADY_IN_PROGRESS"]));
        }
        let job = NewJob {
            kind: FEED,
            account: AccountId::SHARED,
            dedupe_key: key.to_owned(),
            lane: Lane::Feeds,
            priority: Priority::Interactive,
            max_attempts: 3,
            body,
            delay: Duration::ZERO,
        };
        job::enqueue(tx.db(), &job).await?;
        self.feed_event(tx.db(), "started", "vulnerability data is being taken in".to_owned(), json!({})).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    async fn feed_event(&self, db: Db<'_>, word: &str, message: String, details: Value) -> Result<(), ServiceError> {
        let Some(admin) = account::find(db, ADMIN).await? else { return Ok(()) };
        let kind = format!("system.feeds.sync.{word}");
        self.happened(db, Happened::new(&admin, &kind, ("feeds", "vulnerabilities"), message).details(details)).await
    }

    /// Does the job. Data that is not taken stays out for good: the same would be refused again.
    pub(crate) async fn feed_job(&self, job: &Job) -> Result<(), ServiceError> {
        let done = self.take_in(&job.body).await;
        let tx = self.store().begin().await?;
        match done {
            Ok(Some(built)) => {
                let message = format!("vulnerability data built {built} is in use");
                self.feed_event(tx.db(), "completed", message, json!({"built": built})).await?;
            }
            Ok(None) => {
                let message = "the vulnerability data in use is the newest there is".to_owned();
                self.feed_event(tx.db(), "completed", message, json!({})).await?;
            }
            Err(error) if error.kind == Kind::Unavailable && job.attempts < job.max_attempts => return Err(error),
            Err(error) => self.feed_event(tx.db(), "failed", error.message, json!({})).await?,
        }
        job::complete(tx.db(), job).await?;
        Ok(tx.commit().await?)
    }

    /// When the data was built that is in use now; nothing when it was in use before.
    async fn take_in(&self, body: &Value) -> Result<Option<String>, ServiceError> {
        if let Some(archive) = body.get("archive").and_then(Value::as_str) {
            let scratch = self.scratch_file()?;
            self.store().blobs().read_to(archive, scratch.path()).await?;
            let origin = body.get("origin").and_then(Value::as_str).unwrap_or_default().to_owned();
            let options = ImportOptions { origin, ..ImportOptions::default() };
            let taken = self.import_archive(scratch.path(), options, Some(archive.to_owned())).await?;
            return Ok(Some(taken.built));
        }
        let force = body.get("force").and_then(Value::as_bool).unwrap_or(false);
        // The address may hold credentials.
        let address = SecretString::from(
            setting::get(self.store().read(), "feeds.url").await?.unwrap_or_else(|| PUBLISHED.to_owned()),
        );
        let url = Url::parse(address.expose_secret());
        let url = url.map_err(|_| ServiceError::invalid("the setting `feeds.url` is no address"))?;
        let mut bytes = Vec::new();
        self.fetch(&url, TIMES.0, LISTING_BYTES, &mut bytes).await?;
        let listing = Listing::parse(&bytes).map_err(|error| ServiceError::invalid(error.to_string()))?;
        let ours = self.data().current().map(|data| data.identity().built.clone());
        let newest = ours.and_then(|ours| ours.parse::<jiff::Timestamp>().ok());
        if !force && newest.is_some_and(|ours| listing.built.parse().is_ok_and(|offered| ours >= offered)) {
            return Ok(None);
        }
        let from = url.join(&listing.path).map_err(|_| ServiceError::invalid("the listing names no archive"))?;
        let mut scratch = self.scratch_file()?;
        self.fetch(&from, TIMES.1, ARCHIVE_BYTES, &mut scratch).await?;
        scratch.flush().map_err(ServiceError::internal)?;
        let checksum: Option<Digest> = Some(listing.checksum);
        let archive = if self.store().shared() { Some(self.keep_archive(scratch.path()).await?) } else { None };
        let options = ImportOptions { force, origin: shown(&from), checksum };
        Ok(Some(self.import_archive(scratch.path(), options, archive).await?.built))
    }

    async fn fetch(
        &self,
        url: &Url,
        time: Duration,
        limit: u64,
        into: &mut (dyn std::io::Write + Send),
    ) -> Result<(), ServiceError> {
        let failed = |why: String| {
            ServiceError::new(
                Kind::Unavailable,
                format!("vulnerability data cannot be fetched from `{}`: {why}", shown(url)),
            )
        };
        let client = stopgate_source::http_client(self.options().ca_file.as_deref(), false);
        let client = client.map_err(|error| ServiceError::invalid(error.to_string()))?;
        let sent = client.get(url.clone()).timeout(time).send().await;
        let mut answer = sent.map_err(|error| failed(stopgate_source::http_reason(error)))?;
        if !answer.status().is_success() {
            return Err(failed(format!("the server answers {}", answer.status().as_u16())));
        }
        let mut seen = 0;
        while let Some(piece) = answer.chunk().await.map_err(|error| failed(stopgate_source::http_reason(error)))? {
            seen += piece.len() as u64;
            if seen > limit {
                return Err(failed(format!("it is longer than {limit} bytes")));
            }
            into.write_all(&piece).map_err(|error| failed(error.to_string()))?;
        }
        Ok(())
    }
}

/// An address without what may be a secret.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.to_string()
}
