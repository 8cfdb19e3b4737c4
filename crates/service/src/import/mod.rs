//! Imports: somebody analysed an image or a source elsewhere, and sends what was found in parts.
//!
//! An operation is opened, parts are sent to it in any order, and at last it is said which of them make what is
//! imported. From then on it takes no parts. A part is known by the digest of the bytes that were sent.

mod build;
mod image;
mod parts;

pub use image::ImportedImage;
pub use parts::Part;

pub(crate) use parts::{FoundElsewhere, KeptElsewhere, hits_of, retrieved_of};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use stopgate_store::Db;
use stopgate_store::import::{self, Operation};
use stopgate_store::job::Job;
use uuid::Uuid;

use crate::{Caller, Kind, Service, ServiceError, clock};

/// The kind of the job.
pub(crate) const IMPORT: &str = "import";

/// How long an operation takes parts.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What an operation imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A container image.
    Image,
    /// A revision of a source tree.
    Source,
}

impl Subject {
    const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Source => "source",
        }
    }
}

fn unknown(uuid: &str) -> ServiceError {
    let shown: String = uuid.chars().take(64).collect();
    ServiceError::not_found(format!("there is no import operation `{shown}` in the account"))
}

/// Refuses an operation that takes nothing more.
pub(crate) fn still_open(operation: &Operation, now: Timestamp) -> Result<(), ServiceError> {
    let state = if operation.state == "pending" && operation.expires_at <= now { "expired" } else { &operation.state };
    if state == "pending" {
        return Ok(());
    }
    let message = format!("the import operation {} is {state}; open a new one", operation.uuid);
    Err(ServiceError::new(Kind::Conflict, message))
}

/// Writes down how the operation of a job ended; other jobs have none.
pub(crate) async fn ended(db: Db<'_>, job: &Job, state: &str) -> Result<(), ServiceError> {
    if let Some(operation) = job.body.get("operation").and_then(Value::as_i64) {
        import::set_state(db, operation, state, clock::now()).await?;
    }
    Ok(())
}

impl Service {
    /// Opens an operation.
    pub async fn open_import(&self, caller: &Caller, subject: Subject) -> Result<Operation, ServiceError> {
        let (uuid, now) = (Uuid::new_v4().to_string(), clock::now());
        let times = (now, now + LIFE);
        let tx = self.store().begin().await?;
        import::create(tx.db(), caller.account_id(), subject.name(), &uuid, &caller.user.name, times).await?;
        tx.commit().await?;
        self.import(caller, subject, &uuid).await
    }

    /// The operations of the account that are not over.
    pub async fn imports(&self, caller: &Caller, subject: Subject) -> Result<Vec<Operation>, ServiceError> {
        let now = clock::now();
        let mut all = import::list(self.store().read(), caller.account_id(), subject.name()).await?;
        all.retain(|operation| operation.state != "pending" || operation.expires_at > now);
        Ok(all)
    }

    /// An operation of the account.
    pub async fn import(&self, caller: &Caller, subject: Subject, uuid: &str) -> Result<Operation, ServiceError> {
        let found = import::find(self.store().read(), caller.account_id(), subject.name(), uuid).await?;
        let mut found = found.ok_or_else(|| unknown(uuid))?;
        // Whoever asks is told so at once, also before the house was kept.
        if found.state == "pending" && found.expires_at <= clock::now() {
            "expired".clone_into(&mut found.state);
        }
        Ok(found)
    }

    /// Gives an operation up. One that is being worked on goes on.
    pub async fn abandon_import(
        &self,
        caller: &Caller,
        subject: Subject,
        uuid: &str,
    ) -> Result<Operation, ServiceError> {
        let found = self.import(caller, subject, uuid).await?;
        if matches!(found.state.as_str(), "queued" | "processing") {
            let message = format!("the import operation {uuid} is {}; it cannot be given up any more", found.state);
            return Err(ServiceError::conflict(message));
        }
        let tx = self.store().begin().await?;
        import::delete(tx.db(), found.id).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Takes a part; its digest and when it was sent first.
    pub async fn add_import_part(
        &self,
        caller: &Caller,
        (subject, uuid, part): (Subject, &str, Part),
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<(String, Timestamp), ServiceError> {
        let operation = self.import(caller, subject, uuid).await?;
        still_open(&operation, clock::now())?;
        let checked = tokio::task::spawn_blocking(move || part.check(&bytes).map(|()| bytes)).await;
        let bytes = checked.map_err(ServiceError::internal)??;
        let staged = self.store().blobs().stage(bytes).await?;
        let now = clock::now();
        let tx = self.store().begin().await?;
        // It may have been submitted while the part was sent.
        let operation = import::get(tx.db(), caller.account_id(), operation.id).await?;
        let operation = operation.ok_or_else(|| unknown(uuid))?;
        still_open(&operation, now)?;
        staged.record(tx.db()).await?;
        let media_type: String = media_type.chars().take(200).collect();
        import::add_part(tx.db(), operation.id, part.name(), staged.digest(), &media_type, now).await?;
        let parts = import::parts(tx.db(), operation.id, part.name()).await?;
        tx.commit().await?;
        let sent = parts.iter().find(|(digest, ..)| digest == staged.digest());
        Ok((staged.digest().to_owned(), sent.map_or(now, |(.., at)| *at)))
    }

    /// Digests of the parts of a kind that were sent, with when.
    pub async fn import_parts(
        &self,
        caller: &Caller,
        (subject, uuid, part): (Subject, &str, Part),
    ) -> Result<Vec<(String, Timestamp)>, ServiceError> {
        let operation = self.import(caller, subject, uuid).await?;
        let parts = import::parts(self.store().read(), operation.id, part.name()).await?;
        Ok(parts.into_iter().map(|(digest, _, at)| (digest, at)).collect())
    }
}
