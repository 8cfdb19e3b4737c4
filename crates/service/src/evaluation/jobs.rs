//! The jobs that decide anew: about a tag, about all of an account, and after new data.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use stopgate_store::account::{self, Account};
use stopgate_store::content;
use stopgate_store::image::{self, Image, ImageKey};
use stopgate_store::job::{self, Job, Lane, NewJob, Priority};
use stopgate_store::tag::{self, Tag};
use stopgate_store::{AccountId, Db};

use super::{EVALUATE, Made};
use crate::{Service, ServiceError};

impl Service {
    /// Asks for a decision about an image under a tag.
    pub(crate) async fn evaluate_tag(
        &self,
        db: Db<'_>,
        account: AccountId,
        image: ImageKey,
        full: &str,
        priority: Priority,
    ) -> Result<(), ServiceError> {
        let new = NewJob {
            kind: EVALUATE,
            account,
            dedupe_key: format!("{}:{full}", image.0),
            lane: Lane::Evaluate,
            priority,
            max_attempts: 5,
            body: json!({"image": image.0, "tag": full}),
            delay: Duration::ZERO,
        };
        Ok(job::enqueue(db, &new).await?)
    }

    /// Asks for decisions about everything that an account has now.
    pub(crate) async fn evaluate_all(&self, db: Db<'_>, account: AccountId) -> Result<(), ServiceError> {
        const AT_ONCE: u64 = 1_000;
        let mut offset = 0;
        loop {
            let filter =
                tag::TagFilter { analysis_states: &["analyzed"], states: &["active"], ..tag::TagFilter::default() };
            let rows = tag::rows(db, account, &filter, (tag::TagOrder::Created, false), AT_ONCE, offset).await?;
            for row in &rows {
                self.evaluate_tag(db, account, row.tag.image, &row.tag.full(), Priority::Changed).await?;
            }
            if (rows.len() as u64) < AT_ONCE {
                return Ok(());
            }
            offset += AT_ONCE;
        }
    }

    /// Does a job of deciding under the active policy.
    pub(crate) async fn evaluate_job(&self, job: &Job) -> Result<(), ServiceError> {
        let key = ImageKey(job.body.get("image").and_then(Value::as_i64).unwrap_or_default());
        let full = job.body.get("tag").and_then(Value::as_str).unwrap_or_default();
        let db = self.store().read();
        let made = self.made_for(db, job.account, key, full).await?;
        let tx = self.store().begin().await?;
        if let Some((account, image, tag, made)) = &made {
            self.keep_decision(tx.db(), account, image, tag, made).await?;
            account::touch(tx.db(), account.id).await?;
        }
        job::complete(tx.db(), job).await?;
        Ok(tx.commit().await?)
    }

    async fn made_for(
        &self,
        db: Db<'_>,
        account: AccountId,
        key: ImageKey,
        full: &str,
    ) -> Result<Option<(Account, Image, Tag, Made)>, ServiceError> {
        let Some(account) = account::get(db, account).await? else { return Ok(None) };
        let Some(image) = image::get(db, account.id, key).await? else { return Ok(None) };
        let Some(row) = image.artifact else { return Ok(None) };
        let rows = content::artifacts(db, &[row]).await?;
        let tags = tag::of_images(db, account.id, &[key]).await?;
        let tag = tags.into_iter().find(|tag| tag.full() == full);
        let policy = stopgate_store::policy::active(db, account.id).await?;
        let (Some(row), Some(tag), Some(policy)) = (rows.first(), tag, policy) else { return Ok(None) };
        let made = self.decide(&account, &image, row, &tag, (&policy, None)).await?;
        Ok(Some((account, image, tag, made)))
    }

    /// Matches sets of packages again with new data, and asks for decisions about the images whose matches changed.
    pub(crate) async fn rematch(&self, job: &Job) -> Result<(), ServiceError> {
        let sets: Vec<i64> =
            job.body.get("sets").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect();
        let documents = content::documents_of_sets(self.store().read(), &sets).await?;
        let tx = self.store().begin().await?;
        let mut changed = Vec::new();
        for (set, blob) in documents {
            let before = content::match_times(tx.db(), set).await?;
            let artifact = self.artifact(&blob).await?;
            self.record_content(tx.db(), &artifact).await?;
            let after = content::match_times(tx.db(), set).await?;
            let ids = |times: &[content::MatchTimes]| -> BTreeSet<_> {
                times.iter().map(|t| (t.identity.clone(), t.namespace.clone(), t.vulnerability.clone())).collect()
            };
            if ids(&before) != ids(&after) {
                changed.push(set);
            }
        }
        for tag in tag::of_sets(tx.db(), &changed).await? {
            self.evaluate_tag(tx.db(), tag.account, tag.image, &tag.full(), Priority::Changed).await?;
        }
        job::complete(tx.db(), job).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }
}
