//! Adding an image: by a tag or a digest that the server reads itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};
use stopgate_model::{ImageReference, limits};
use stopgate_source::Platform;
use stopgate_store::image::{self, AnalysisState, Image, NewImage};
use stopgate_store::job::{self, Lane, NewJob, Priority};
use stopgate_store::subscription::{self, Subscription};
use stopgate_store::tag;
use stopgate_store::{AccountId, Db};

use super::{ANALYZE, ImageView};
use crate::{Caller, Service, ServiceError, clock};

/// How often an analysis is tried.
const TRIES: i64 = 3;

/// What an image is added from.
#[derive(Debug, Clone)]
pub enum AddSource {
    /// What a tag names now.
    Tag {
        /// `registry/repository:tag`.
        pull_string: String,
    },
    /// An image by its digest, under a tag.
    Digest {
        /// `registry/repository@digest`.
        pull_string: String,
        /// `registry/repository:tag`.
        tag: String,
        /// Since when the tag names it.
        detected_at: Option<Timestamp>,
    },
}

/// A wish to add an image.
#[derive(Debug, Clone)]
pub struct AddImage {
    /// From where.
    pub source: AddSource,
    /// The Dockerfile, in base64.
    pub dockerfile: Option<String>,
    /// What its user writes to it.
    pub annotations: Map<String, Value>,
    /// Analyse it again when it is known.
    pub force: bool,
    /// Watch the tag for new images.
    pub auto_subscribe: bool,
    /// The platform, where there is a choice.
    pub platform: Option<String>,
}

/// For whom an image is added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requester<'a> {
    pub(crate) account: AccountId,
    /// Whether it may be one of a registry on this machine.
    pub(crate) admin: bool,
    pub(crate) name: &'a str,
}

impl Service {
    /// Adds an image. Its manifest is read at once, so that its digest is known; its layers are read by a job.
    pub async fn add_image(&self, caller: &Caller, wanted: &AddImage) -> Result<ImageView, ServiceError> {
        let by = Requester { account: caller.account_id(), admin: caller.is_admin(), name: &caller.user.name };
        let digest = self.add_image_for(by, wanted).await?;
        self.image(caller, &digest).await
    }

    /// Adds an image for somebody who may not be there any more; its digest.
    pub(crate) async fn add_image_for(&self, by: Requester<'_>, wanted: &AddImage) -> Result<String, ServiceError> {
        let (pull, name, detected_at) = names(&wanted.source)?;
        let dockerfile = wanted.dockerfile.as_deref().map(decoded).transpose()?;
        let platform = wanted.platform.as_deref().map(|text| {
            Platform::parse(text).ok_or_else(|| {
                ServiceError::invalid(format!("`{text}` is no platform: expected OS/ARCHITECTURE[/VARIANT]"))
            })
        });
        let options = self.source_options(by.account, by.admin, &pull, platform.transpose()?).await?;
        let opened = self.open_image(&pull, options).await?;
        let (digest, image_id) = (opened.manifest_digest.to_string(), opened.config_digest.hex().to_owned());
        let manifest = String::from_utf8_lossy(&opened.manifest).into_owned();
        let now = clock::now();
        let account = by.account;
        let tx = self.store().begin().await?;
        let known = image::find(tx.db(), account, &digest).await?;
        if known.is_some() && dockerfile.is_some() && !wanted.force {
            let same = known.as_ref().is_some_and(|known| known.dockerfile == dockerfile);
            if !same {
                return Err(ServiceError::invalid(
                    "the image is known with another Dockerfile or with none: add it with `force=true` to change that",
                ));
            }
        }
        if known.is_none() && wanted.force && matches!(wanted.source, AddSource::Digest { .. }) {
            return Err(ServiceError::not_found(format!(
                "`force` analyses an image again, and there is no image {digest} in the account yet"
            )));
        }
        let annotations = annotated(known.as_ref(), &wanted.annotations);
        let new = NewImage {
            digest: &digest,
            parent_digest: &digest,
            image_id: &image_id,
            annotations: &annotations,
            requester: by.name,
            imported_by: None,
            dockerfile: dockerfile.as_deref(),
            manifest: Some(&manifest),
        };
        let failed = known.as_ref().is_some_and(|known| known.analysis_state == AnalysisState::Failed);
        let again = known.is_none() || wanted.force || failed;
        let key = match &known {
            Some(known) => {
                image::update(tx.db(), known.id, &new, now).await?;
                if again {
                    let host = &self.options().host;
                    image::set_analysis(tx.db(), known, AnalysisState::NotAnalyzed, None, host, now).await?;
                }
                known.id
            }
            None => image::create(tx.db(), account, &new, now).await?,
        };
        let tag = name.tag.clone().unwrap_or_default();
        let parts = (name.registry.as_str(), name.repository.as_str(), tag.as_str());
        let moved = tag::assign(tx.db(), account, parts, key, detected_at.unwrap_or(now), now).await?;
        subscribe(tx.db(), account, &name.full_tag(), wanted.auto_subscribe, now).await?;
        if again {
            let job = NewJob {
                kind: ANALYZE,
                account,
                dedupe_key: key.0.to_string(),
                lane: Lane::Analyze,
                priority: Priority::New,
                max_attempts: TRIES,
                body: json!({"image": key.0, "pull": format!("{}/{}@{digest}", pull.registry, pull.repository),
                             "admin": by.admin, "force": wanted.force}),
                delay: std::time::Duration::ZERO,
            };
            job::enqueue(tx.db(), &job).await?;
        } else if moved {
            self.evaluate_tag(tx.db(), account, key, &name.full_tag(), Priority::New).await?;
        }
        stopgate_store::account::touch(tx.db(), account).await?;
        tx.commit().await?;
        self.wake();
        Ok(digest)
    }
}

/// What to read, under which tag, and since when it has it.
fn names(source: &AddSource) -> Result<(ImageReference, ImageReference, Option<Timestamp>), ServiceError> {
    let parse = |text: &str| ImageReference::parse(text).map_err(|error| ServiceError::invalid(error.to_string()));
    match source {
        AddSource::Tag { pull_string } => {
            let reference = parse(pull_string)?;
            if reference.digest.is_some() {
                return Err(ServiceError::invalid(format!(
                    "`{pull_string}` names a digest: expected a tag, or `source.digest` with a tag beside it"
                )));
            }
            Ok((reference.clone(), reference, None))
        }
        AddSource::Digest { pull_string, tag, detected_at } => {
            let pull = parse(pull_string)?;
            if pull.digest.is_none() {
                return Err(ServiceError::invalid(format!(
                    "`{pull_string}` names no digest: expected `REPOSITORY@sha256:...`"
                )));
            }
            let name = parse(tag)?;
            if name.tag.is_none() || name.digest.is_some() {
                return Err(ServiceError::invalid(format!("`{tag}` is no tag: expected `REGISTRY/REPOSITORY:TAG`")));
            }
            Ok((pull, name, *detected_at))
        }
    }
}

/// A Dockerfile from its base64.
pub(crate) fn decoded(base64: &str) -> Result<String, ServiceError> {
    let bad = |why: &str| ServiceError::invalid(format!("`dockerfile` {why}: expected the base64 of its text"));
    let bytes = STANDARD.decode(base64.trim()).map_err(|_| bad("is no base64"))?;
    if bytes.len() as u64 > limits::METADATA_BYTES {
        return Err(bad("is too large"));
    }
    String::from_utf8(bytes).map_err(|_| bad("is not UTF-8"))
}

/// The notes of an image with new ones; an empty value takes one away.
pub(crate) fn annotated(known: Option<&Image>, new: &Map<String, Value>) -> Value {
    let mut all = known.and_then(|known| known.annotations.as_object().cloned()).unwrap_or_default();
    for (name, value) in new {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        if text.is_empty() {
            all.remove(name);
        } else {
            all.insert(name.clone(), Value::String(text));
        }
    }
    Value::Object(all)
}

/// The subscriptions that every tag gets, as Anchore's engine makes them.
pub(crate) async fn subscribe(
    db: Db<'_>,
    account: AccountId,
    topic: &str,
    watch: bool,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let kinds = [("analysis_update", true), ("tag_update", watch), ("policy_eval", false), ("vuln_update", false)];
    for (kind, active) in kinds {
        let new = Subscription {
            subscription_id: subscription_id(account, topic, kind),
            account,
            topic: topic.to_owned(),
            kind: kind.to_owned(),
            value: None,
            active,
            checked_at: None,
            created_at: now,
            updated_at: now,
        };
        subscription::create(db, &new).await?;
    }
    Ok(())
}

/// The id of a subscription: a digest of whose it is, what it is about and its kind, so that clients can make it too.
pub(crate) fn subscription_id(account: AccountId, topic: &str, kind: &str) -> String {
    hex::encode(Md5::digest(format!("{}{topic}{kind}", account.0)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AddSource, annotated, decoded, names};

    #[test]
    fn a_source_is_a_tag_or_a_digest_with_a_tag() {
        let tag = |text: &str| names(&AddSource::Tag { pull_string: text.to_owned() });
        assert_eq!(tag("alpine").unwrap().1.full_tag(), "docker.io/alpine:latest");
        let digest = format!("docker.io/app@sha256:{}", "a".repeat(64));
        assert!(tag(&digest).unwrap_err().message.contains("source.digest"));
        let by_digest = |pull: &str, tag: &str| {
            names(&AddSource::Digest { pull_string: pull.to_owned(), tag: tag.to_owned(), detected_at: None })
        };
        assert!(by_digest(&digest, "docker.io/app:1").is_ok());
        assert!(by_digest("docker.io/app:1", "docker.io/app:1").is_err());
        assert!(by_digest(&digest, &digest).is_err());
    }

    #[test]
    fn notes_are_added_and_taken_away() {
        let new = json!({"team": "a", "n": 1, "gone": ""}).as_object().cloned().unwrap();
        assert_eq!(annotated(None, &new), json!({"team": "a", "n": "1"}));
    }

    #[test]
    fn dockerfiles_are_base64() {
        assert_eq!(decoded("RlJPTSBhCg==").unwrap(), "FROM a\n");
        assert!(decoded("FROM a").is_err() && decoded("/w==").is_err());
    }
}
