//! Deciding about what was analysed, and keeping what was decided.
//!
//! A decision is named by everything that it rests on. As long as that is the same and time alone cannot have changed it,
//! the stored one is told; else it is made anew, with the same functions as on the command line.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stopgate_model::{Engine, ImageReference};
use stopgate_policy::Need;
use stopgate_store::account::Account;
use stopgate_store::annotation::AnnotationRow;
use stopgate_store::content::ArtifactRow;
use stopgate_store::evaluation::{self, EvaluationRow, Subject};
use stopgate_store::image::Image;
use stopgate_store::policy::PolicyRow;
use stopgate_store::tag::Tag;

use self::ground::ancestor;
pub(crate) use self::ground::{Ground, match_keys};
pub(crate) use self::made::Made;
use crate::image::Base;
use crate::{Caller, Service, ServiceError, clock};

mod ground;
mod jobs;
mod keep;
mod made;

/// The kind of the job.
pub(crate) const EVALUATE: &str = "evaluate";

/// For how long a stored decision is told without being made again: rules that count days change with time.
const FRESH: Duration = Duration::from_hours(1);

/// A decision with its document.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Policy's own id.
    pub policy_id: String,
    /// The name that chose the mapping.
    pub tag: String,
    /// The document `stopgate-check/1`.
    pub document: Arc<Value>,
    /// `stop`, `warn` or `go`.
    pub final_action: String,
    /// Digest of the image that was asked to be compared with.
    pub base: Option<String>,
}

/// How to answer a question for a decision.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// The policy; `None`: the active one.
    pub policy_id: Option<String>,
    /// Decide anew and keep nothing.
    pub interactive: bool,
    /// Every decision that was kept, the newest first.
    pub history: bool,
    /// The image to compare with. Such a decision is made anew and not kept.
    pub base: Option<Base>,
}

impl Service {
    /// What is decided about an image under one of its tags: at least one decision, the newest first.
    pub async fn check(
        &self,
        caller: &Caller,
        digest: &str,
        full_tag: &str,
        options: &CheckOptions,
    ) -> Result<Vec<Decided>, ServiceError> {
        let reference = ImageReference::parse(full_tag).map_err(|error| ServiceError::invalid(error.to_string()))?;
        let (view, artifact) = self.analyzed(caller, digest).await?;
        let wanted = reference.full_tag();
        let Some(tag) = view.tags.iter().find(|tag| tag.full() == wanted) else {
            return Err(ServiceError::not_found(format!("the tag `{wanted}` is none of the image {digest}")));
        };
        let policy = self.deciding(caller.account_id(), options.policy_id.as_deref()).await?;
        let base = match &options.base {
            Some(wanted) => self.base_of(caller, digest, wanted).await?,
            None => None,
        };
        if options.interactive || options.base.is_some() {
            let compared = base.as_ref().map(|base| base.digest.clone());
            let decided = self.decide(&caller.account, &view.image, &artifact, tag, (&policy, base)).await?;
            return Ok(vec![Decided { base: compared, ..decided.told }]);
        }
        let newest = self.decided(&caller.account, &view.image, &artifact, tag, &policy).await?;
        if !options.history {
            return Ok(vec![newest]);
        }
        let subject = Subject { kind: "image", id: view.image.id.0, tag: &wanted };
        let rows =
            evaluation::history(self.store().read(), caller.account_id(), subject, &policy.policy_id, 100).await?;
        let mut all = Vec::new();
        for row in rows {
            all.push(self.stored(&row, &wanted).await?);
        }
        Ok(all)
    }

    pub(crate) async fn stored(&self, row: &EvaluationRow, tag: &str) -> Result<Decided, ServiceError> {
        let bytes = self.store().blobs().read(self.store().read(), &row.document).await?;
        let json = zstd::decode_all(bytes.as_slice()).map_err(ServiceError::internal)?;
        let document: Value = serde_json::from_slice(&json).map_err(ServiceError::internal)?;
        Ok(Decided {
            policy_id: row.policy_id.clone(),
            tag: tag.to_owned(),
            document: Arc::new(document),
            final_action: row.final_action.clone(),
            base: None,
        })
    }

    /// The stored decision when it still holds, else a new one.
    async fn decided(
        &self,
        account: &Account,
        image: &Image,
        artifact: &ArtifactRow,
        tag: &Tag,
        policy: &PolicyRow,
    ) -> Result<Decided, ServiceError> {
        let full = tag.full();
        let subject = Subject { kind: "image", id: image.id.0, tag: &full };
        let known = evaluation::latest(self.store().read(), account.id, subject, &policy.policy_id).await?;
        if let Some(known) = known
            && known.cache_key == self.cache_key(image, artifact, policy, &self.notes(image).await?)
            && known.due_at.is_none_or(|due| due > clock::now())
        {
            return self.stored(&known, &full).await;
        }
        let made = self.decide(account, image, artifact, tag, (policy, None)).await?;
        let tx = self.store().begin().await?;
        self.keep_decision(tx.db(), account, image, tag, &made).await?;
        tx.commit().await?;
        Ok(made.told)
    }

    fn cache_key(&self, image: &Image, artifact: &ArtifactRow, policy: &PolicyRow, notes: &[AnnotationRow]) -> String {
        let dockerfile = image.dockerfile.as_deref().unwrap_or_default();
        self.grounds_key(&policy.revision, &artifact.analysis_blob, dockerfile, notes)
    }

    /// A digest of everything that a decision rests on beside the time.
    pub(crate) fn grounds_key(
        &self,
        revision: &str,
        analysis: &str,
        dockerfile: &str,
        notes: &[AnnotationRow],
    ) -> String {
        let data = self.data().current().map(|data| data.identity().digest.to_string()).unwrap_or_default();
        let engine = Engine::own();
        let mut hasher = Sha256::new();
        for part in [revision, analysis, dockerfile, &data, &engine.version, &engine.semantics] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        for note in notes {
            hasher.update(format!("{} {}\n", note.uuid, note.version));
        }
        hex::encode(hasher.finalize())
    }

    /// Decides anew.
    async fn decide(
        &self,
        account: &Account,
        image: &Image,
        artifact: &ArtifactRow,
        tag: &Tag,
        (policy, base): (&PolicyRow, Option<Image>),
    ) -> Result<Made, ServiceError> {
        let compiled = self.compiled(&policy.revision).await?;
        let full = tag.full();
        let subject = Subject { kind: "image", id: image.id.0, tag: &full };
        let before = evaluation::latest(self.store().read(), account.id, subject, &policy.policy_id).await?;
        let notes = self.notes(image).await?;
        let cache_key = self.cache_key(image, artifact, policy, &notes);
        let grounds = self.ground(account, image, (artifact, notes), tag, before.as_ref());
        let mut ground = Box::pin(grounds).await?;
        let ancestors = self.ancestors_of(account.id, &image.digest, artifact).await?;
        // A rule that asks what comes from the base image gets an answer also when nobody named one.
        let nearest = || ancestors.first().map(|nearest| nearest.image.clone());
        let base = if compiled.needs().contains(&Need::Base) { base.or_else(nearest) } else { base };
        if let Some(base) = &base {
            ground.base = self.base_ground(base).await?;
        }
        ground.ancestors = Some(ancestors.iter().filter_map(ancestor).collect());
        let row = policy.clone();
        let made = tokio::task::spawn_blocking(move || Made::new(&ground, &compiled, &row, cache_key)).await;
        let made = made.map_err(ServiceError::internal)??;
        Ok(Made { before, ..made })
    }
}
