//! Watching registries: repositories for new tags, tags for new images.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stopgate_model::ImageReference;
use stopgate_source::{Platform, TagList};
use stopgate_store::account::{self, Account, AccountState};
use stopgate_store::job::{self, Job, Lane, NewJob, Priority};
use stopgate_store::subscription::{self, Subscription};
use stopgate_store::{AccountId, Db, content, image, setting, tag};

use crate::events::Happened;
use crate::image::{AddImage, AddSource, Requester, subscription_id};
use crate::pattern::fits;
use crate::registry::registry_failure;
use crate::{Caller, Service, ServiceError, clock};

/// The kind of the job.
pub(crate) const WATCH: &str = "watch";

/// Tags of a repository that are watched.
const TAGS: usize = 10_000;
/// Tags that one job adds; the rest is left to the next.
const AT_ONCE: usize = 100;
/// Subscriptions that are asked for in one turn.
const TURN: u64 = 500;
/// Who adds what a subscription finds.
const WATCHER: &str = "watcher";

/// What is watched, the setting that says how often in seconds, and how often without it.
const WATCHED: [(&str, &str, u64); 2] =
    [("repo_update", "watch.repo_update", 60), ("tag_update", "watch.tag_update", 3_600)];

/// What a subscription to a repository remembers, as JSON in its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// Whether new tags are watched too.
    #[serde(default)]
    autosubscribe: bool,
    /// Which tags count; `*` stands for any part. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag_pattern: Option<String>,
    /// Tags that were seen.
    #[serde(default)]
    repotags: BTreeSet<String>,
    /// How many tags there are.
    #[serde(default)]
    tagcount: usize,
    /// More tags than are watched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tags_cut: bool,
}

impl Known {
    fn read(value: Option<&str>) -> Self {
        value.and_then(|value| serde_json::from_str(value).ok()).unwrap_or_default()
    }

    fn text(&self) -> Result<String, ServiceError> {
        serde_json::to_string(self).map_err(ServiceError::internal)
    }

    fn wants(&self, tag: &str) -> bool {
        self.tag_pattern.as_deref().is_none_or(|pattern| fits(pattern, tag))
    }
}

/// A wish to watch a repository.
#[derive(Debug, Clone)]
pub struct WatchRepository {
    /// `[registry/]repository[:PATTERN]`, `*` in the pattern for any part of a tag.
    pub repository: String,
    /// Watch its tags for new images too.
    pub auto_subscribe: bool,
    /// Only tell what would be watched.
    pub dry_run: bool,
    /// Leave out the tags that are there already.
    pub exclude_existing_tags: bool,
}

impl Service {
    /// Watches a repository: its tags are added, and new ones when they come.
    pub async fn watch_repository(
        &self,
        caller: &Caller,
        wanted: &WatchRepository,
    ) -> Result<Subscription, ServiceError> {
        let (reference, tag_pattern) = repository(&wanted.repository)?;
        let account = caller.account_id();
        let found = self.tags_of(account, caller.is_admin(), &reference).await?;
        let mut known = Known { autosubscribe: wanted.auto_subscribe, tag_pattern, ..Known::default() };
        let tags: BTreeSet<String> = found.tags.into_iter().filter(|tag| known.wants(tag)).collect();
        (known.tagcount, known.tags_cut) = (tags.len(), found.cut);
        if wanted.dry_run || wanted.exclude_existing_tags {
            known.repotags = tags;
        }
        let (topic, now) = (format!("{}/{}", reference.registry, reference.repository), clock::now());
        let new = Subscription {
            subscription_id: subscription_id(account, &topic, "repo_update"),
            account,
            topic,
            kind: "repo_update".to_owned(),
            value: Some(known.text()?),
            active: !wanted.dry_run,
            checked_at: None,
            created_at: now,
            updated_at: now,
        };
        if wanted.dry_run {
            return Ok(new);
        }
        let tx = self.store().begin().await?;
        if !subscription::create(tx.db(), &new).await? {
            subscription::update(tx.db(), account, &new.subscription_id, new.value.as_deref(), true, now).await?;
        }
        subscription::checked(tx.db(), &new.subscription_id, now).await?;
        self.ask_to_watch(tx.db(), &new, Priority::New, 0).await?;
        let made = subscription::find(tx.db(), account, &new.subscription_id).await?;
        tx.commit().await?;
        self.wake();
        made.ok_or_else(|| ServiceError::internal("a subscription was made and is not there"))
    }

    async fn tags_of(
        &self,
        account: AccountId,
        admin: bool,
        reference: &ImageReference,
    ) -> Result<TagList, ServiceError> {
        let options = self.source_options(account, admin, reference, None).await?;
        let reference = reference.clone();
        let listed = tokio::task::spawn_blocking(move || stopgate_source::list_tags(&reference, &options, TAGS)).await;
        listed.map_err(ServiceError::internal)?.map_err(|error| registry_failure(&error))
    }

    async fn ask_to_watch(
        &self,
        db: Db<'_>,
        what: &Subscription,
        priority: Priority,
        part: usize,
    ) -> Result<(), ServiceError> {
        let job = NewJob {
            kind: WATCH,
            account: what.account,
            // A job that asks for its own continuation is unfinished itself.
            dedupe_key: format!("{}:{part}", what.subscription_id),
            lane: Lane::Feeds,
            priority,
            max_attempts: 1,
            body: json!({"subscription": what.subscription_id}),
            delay: Duration::ZERO,
        };
        Ok(job::enqueue(db, &job).await?)
    }

    /// Asks for a look at everything that is watched and whose time has come.
    pub(crate) async fn ask_for_watching(&self, db: Db<'_>) -> Result<(), ServiceError> {
        let now = clock::now();
        for (kind, name, seconds) in WATCHED {
            let chosen = setting::get(db, name).await?.and_then(|text| text.parse().ok());
            let before = now - Duration::from_secs(chosen.unwrap_or(seconds));
            for due in subscription::due(db, kind, before, TURN).await? {
                subscription::checked(db, &due.subscription_id, now).await?;
                self.ask_to_watch(db, &due, Priority::Scheduled, 0).await?;
            }
        }
        Ok(())
    }

    /// Does the job.
    pub(crate) async fn watch(&self, job: &Job) -> Result<(), ServiceError> {
        let id = job.body.get("subscription").and_then(Value::as_str).unwrap_or_default();
        let db = self.store().read();
        let what = subscription::find(db, job.account, id).await?.filter(|what| what.active);
        let account = account::get(db, job.account).await?.filter(|account| account.state == AccountState::Enabled);
        if let (Some(what), Some(account)) = (what, account) {
            match what.kind.as_str() {
                "repo_update" => self.look_at_repository(&account, &what).await?,
                "tag_update" => self.look_at_tag(&account, &what).await?,
                _ => {}
            }
        }
        let tx = self.store().begin().await?;
        job::complete(tx.db(), job).await?;
        Ok(tx.commit().await?)
    }

    async fn look_at_repository(&self, account: &Account, what: &Subscription) -> Result<(), ServiceError> {
        let (reference, _) = repository(&what.topic)?;
        let mut known = Known::read(what.value.as_deref());
        let found = match self.tags_of(account.id, is_admin(account), &reference).await {
            Ok(found) => found,
            Err(error) => {
                let message = format!("the tags of `{}` cannot be listed: {}", what.topic, error.message);
                return self
                    .tell(account, "system.repository.list_tags_fail", ("repository", &what.topic), message)
                    .await;
            }
        };
        let all: BTreeSet<String> = found.tags.into_iter().filter(|tag| known.wants(tag)).collect();
        let before = known.clone();
        known.repotags.retain(|tag| all.contains(tag));
        (known.tagcount, known.tags_cut) = (all.len(), found.cut);
        let new: Vec<&String> = all.difference(&known.repotags).collect();
        let more = new.len() > AT_ONCE;
        let mut added = Vec::new();
        for tag in new.into_iter().take(AT_ONCE) {
            let full = format!("{}:{tag}", what.topic);
            match self.add_watched(account, &full, known.autosubscribe, None).await {
                // The registry is gone: what is left is new the next time too.
                Err(error) if unreachable(&error) => {
                    self.lookup_failed(account, &full, &error).await?;
                    break;
                }
                Err(error) => self.lookup_failed(account, &full, &error).await?,
                Ok(_) => {}
            }
            added.push(tag.clone());
        }
        known.repotags.extend(added.iter().cloned());
        if known == before {
            return Ok(());
        }
        let tx = self.store().begin().await?;
        subscription::remember(tx.db(), &what.subscription_id, &known.text()?).await?;
        if more && !added.is_empty() {
            self.ask_to_watch(tx.db(), what, Priority::Scheduled, known.repotags.len()).await?;
        }
        if !added.is_empty() {
            let message = format!("`{}` has {} new tags", what.topic, added.len());
            let details = json!({"tags": added, "tags_cut": known.tags_cut});
            let happened = Happened::new(account, "user.repository.tags.added", ("repository", &what.topic), message);
            self.happened(tx.db(), happened.details(details)).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn look_at_tag(&self, account: &Account, what: &Subscription) -> Result<(), ServiceError> {
        let reference = ImageReference::parse(&what.topic).map_err(ServiceError::internal)?;
        let name = reference.tag.clone().unwrap_or_default();
        let db = self.store().read();
        let current = tag::current(db, account.id, &reference.registry, &reference.repository, &name).await?;
        let Some(current) = current else { return Ok(()) };
        let Some(known) = image::get(db, account.id, current.image).await? else { return Ok(()) };
        // Of an image for several platforms, the one that was chosen before is followed.
        let architecture = match known.artifact {
            Some(artifact) => content::artifacts(db, &[artifact]).await?.pop().map(|row| row.architecture),
            None => None,
        };
        let platform = architecture.filter(|name| !name.is_empty()).map(|name| format!("linux/{name}"));
        let wanted = platform.as_deref().and_then(Platform::parse);
        let options = self.source_options(account.id, is_admin(account), &reference, wanted).await;
        let opened = match options {
            Ok(options) => self.open_image(&reference, options).await,
            Err(error) => Err(error),
        };
        let digest = match opened {
            Ok(opened) => opened.manifest_digest.to_string(),
            Err(error) => return self.lookup_failed(account, &what.topic, &error).await,
        };
        if digest == known.digest {
            return Ok(());
        }
        let digest = match self.add_watched(account, &what.topic, true, platform).await {
            Ok(digest) => digest,
            Err(error) => return self.lookup_failed(account, &what.topic, &error).await,
        };
        let message = format!("`{}` names another image now", what.topic);
        let details = json!({"current": {"image_digest": digest}, "previous": {"image_digest": known.digest}});
        let tx = self.store().begin().await?;
        let happened = Happened::new(account, "user.image.tag.updated", ("image_tag", &what.topic), message);
        self.happened(tx.db(), happened.details(details)).await?;
        Ok(tx.commit().await?)
    }

    async fn add_watched(
        &self,
        account: &Account,
        full: &str,
        auto_subscribe: bool,
        platform: Option<String>,
    ) -> Result<String, ServiceError> {
        let by = Requester { account: account.id, admin: is_admin(account), name: WATCHER };
        let wanted = AddImage {
            source: AddSource::Tag { pull_string: full.to_owned() },
            dockerfile: None,
            annotations: serde_json::Map::new(),
            force: false,
            auto_subscribe,
            platform,
        };
        self.add_image_for(by, &wanted).await
    }

    async fn lookup_failed(&self, account: &Account, full: &str, error: &ServiceError) -> Result<(), ServiceError> {
        let message = format!("`{full}` cannot be read from its registry: {}", error.message);
        self.tell(account, "system.image_analysis.registry_lookup_failed", ("image_reference", full), message).await
    }

    async fn tell(
        &self,
        account: &Account,
        kind: &str,
        resource: (&str, &str),
        message: String,
    ) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        self.happened(tx.db(), Happened::new(account, kind, resource, message)).await?;
        Ok(tx.commit().await?)
    }
}

fn is_admin(account: &Account) -> bool {
    account.kind == "admin"
}

fn unreachable(error: &ServiceError) -> bool {
    let codes = error.detail.get("error_codes").and_then(Value::as_array);
    codes.is_some_and(|codes| codes.iter().any(|code| code == "REGISTRY_NOT_ACCESSIBLE"))
}

/// A repository, and which of its tags are meant.
fn repository(text: &str) -> Result<(ImageReference, Option<String>), ServiceError> {
    let invalid = |why: &str| ServiceError::invalid(format!("`repository`: {why}"));
    let (name, pattern) = match text.rsplit_once(':') {
        Some((name, rest)) if !rest.contains('/') => (name, Some(rest)),
        _ => (text, None),
    };
    if text.contains('@') {
        return Err(invalid("names a digest: expected `[HOST[:PORT]/]REPOSITORY[:PATTERN]`"));
    }
    if name.contains('*') {
        return Err(invalid("a `*` may stand in the tag only: registries do not list their repositories alike"));
    }
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'*');
    if pattern.is_some_and(|pattern| pattern.is_empty() || pattern.len() > 128 || !pattern.bytes().all(good)) {
        return Err(invalid("the part after `:` is no tag and no pattern of tags"));
    }
    let reference = ImageReference::parse(name).map_err(|error| invalid(&error.to_string()))?;
    Ok((reference, pattern.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn a_repository_with_and_without_a_pattern() {
        let read = |text: &str| {
            let (reference, pattern) = repository(text).unwrap();
            (format!("{}/{}", reference.registry, reference.repository), pattern)
        };
        assert_eq!(read("localhost:5000/team/app"), ("localhost:5000/team/app".to_owned(), None));
        assert_eq!(read("alpine:3.*"), ("docker.io/alpine".to_owned(), Some("3.*".to_owned())));
        for bad in ["reg.example.org/te*/app", "app@sha256:00", "app:", "app:a b", ""] {
            assert!(repository(bad).is_err(), "{bad}");
        }
    }
}
