//! Finding images, with what a list tells of each.

use std::collections::BTreeMap;

use serde_json::Value;
use stopgate_model::ImageReference;
use stopgate_store::AccountId;
use stopgate_store::content::{self, ArtifactRow};
use stopgate_store::image::{self, AnalysisState, Image, ImageFilter, ImageKey, StateChange};
use stopgate_store::job;
use stopgate_store::tag::{self, Tag};

use super::ANALYZE;
use crate::error::Kind;
use crate::events::Happened;
use crate::{Caller, Service, ServiceError};

/// An image with its tags, and what is known of its content without opening it.
#[derive(Debug, Clone)]
pub struct ImageView {
    /// The image.
    pub image: Image,
    /// Its tags, the newest first; without the wish for history only those that name it still.
    pub tags: Vec<Tag>,
    /// What was found in it.
    pub artifact: Option<ArtifactRow>,
}

impl Service {
    /// Images that fit a filter.
    pub async fn images(&self, caller: &Caller, filter: &ImageFilter<'_>) -> Result<Vec<ImageView>, ServiceError> {
        let images = image::list(self.store().read(), caller.account_id(), filter, u64::MAX, 0).await?;
        self.views(caller, images, filter.history).await
    }

    /// Images that a text names: `registry/repository:tag`.
    pub async fn images_tagged(
        &self,
        caller: &Caller,
        full_tag: &str,
        filter: &ImageFilter<'_>,
    ) -> Result<Vec<ImageView>, ServiceError> {
        let reference = ImageReference::parse(full_tag).map_err(|error| ServiceError::invalid(error.to_string()))?;
        let Some(name) = &reference.tag else {
            return Err(ServiceError::invalid(format!("`{full_tag}` names a digest: expected a tag")));
        };
        let tag = Some((reference.registry.as_str(), reference.repository.as_str(), name.as_str()));
        self.images(caller, &ImageFilter { tag, ..filter.clone() }).await
    }

    /// The image with this digest.
    pub async fn image(&self, caller: &Caller, digest: &str) -> Result<ImageView, ServiceError> {
        let found = image::find(self.store().read(), caller.account_id(), digest).await?;
        let found = found.ok_or_else(|| unknown(digest))?;
        let views = self.views(caller, vec![found], true).await?;
        views.into_iter().next().ok_or_else(|| unknown(digest))
    }

    /// The image with this digest, whose content must be known.
    pub async fn analyzed(&self, caller: &Caller, digest: &str) -> Result<(ImageView, ArtifactRow), ServiceError> {
        let view = self.image(caller, digest).await?;
        match (&view.artifact, view.image.analysis_state) {
            (Some(artifact), AnalysisState::Analyzed) => {
                let artifact = artifact.clone();
                Ok((view, artifact))
            }
            (_, state) => {
                let cause = view.image.cause.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default();
                let message = format!("image is not analyzed - analysis_status: {}{cause}", state.name());
                Err(ServiceError::not_found(message))
            }
        }
    }

    async fn views(&self, caller: &Caller, images: Vec<Image>, history: bool) -> Result<Vec<ImageView>, ServiceError> {
        let db = self.store().read();
        let keys: Vec<ImageKey> = images.iter().map(|image| image.id).collect();
        let mut tags: BTreeMap<ImageKey, Vec<Tag>> = BTreeMap::new();
        for tag in tag::of_images(db, caller.account_id(), &keys).await? {
            if history || tag.current {
                tags.entry(tag.image).or_default().push(tag);
            }
        }
        let ids: Vec<i64> = images.iter().filter_map(|image| image.artifact).collect();
        let artifacts: BTreeMap<i64, ArtifactRow> =
            content::artifacts(db, &ids).await?.into_iter().map(|row| (row.id, row)).collect();
        Ok(images
            .into_iter()
            .map(|image| ImageView {
                tags: tags.remove(&image.id).unwrap_or_default(),
                artifact: image.artifact.and_then(|id| artifacts.get(&id).cloned()),
                image,
            })
            .collect())
    }

    /// The steps of an image's analysis.
    pub async fn image_states(&self, image: &Image) -> Result<Vec<StateChange>, ServiceError> {
        Ok(image::states(self.store().read(), image.id).await?)
    }

    /// Deletes an image. One that is being analysed, or that the newest name with an active subscription stands for, only
    /// when that is forced.
    pub async fn delete_image(&self, caller: &Caller, digest: &str, force: bool) -> Result<(), ServiceError> {
        let view = self.image(caller, digest).await?;
        let busy = matches!(view.image.analysis_state, AnalysisState::NotAnalyzed | AnalysisState::Analyzing);
        if busy && !force {
            return Err(ServiceError::conflict(format!(
                "the image {digest} is in analysis; wait for its end, or delete it with `force=true`"
            )));
        }
        let tx = self.store().begin().await?;
        for tag in view.tags.iter().filter(|tag| tag.current) {
            let topic = tag.full();
            let watched = stopgate_store::subscription::list(tx.db(), caller.account_id(), Some(&topic), None).await?;
            for subscription in watched.iter().filter(|subscription| subscription.active) {
                if !force && subscription.kind != "analysis_update" {
                    return Err(ServiceError::new(
                        Kind::Conflict,
                        format!(
                            "the tag `{topic}` has an active subscription `{}`; deactivate it, or delete with `force=true`",
                            subscription.kind
                        ),
                    ));
                }
                stopgate_store::subscription::delete(tx.db(), caller.account_id(), &subscription.subscription_id)
                    .await?;
            }
        }
        job::cancel(tx.db(), caller.account_id(), ANALYZE, &view.image.id.0.to_string()).await?;
        image::delete(tx.db(), view.image.id).await?;
        stopgate_store::account::touch(tx.db(), caller.account_id()).await?;
        let message = format!("the image {digest} was deleted");
        let what = Happened::new(&caller.account, "user.image.deleted", ("image_digest", digest), message)
            .details(Value::Object(serde_json::Map::new()))
            .request(&caller.request_id);
        self.happened(tx.db(), what).await?;
        tx.commit().await?;
        Ok(())
    }
}

pub(crate) fn unknown(digest: &str) -> ServiceError {
    ServiceError::not_found(format!("there is no image {digest} in the account"))
}

/// Which image another is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The nearest of its ancestors.
    Nearest,
    /// One that is named.
    Digest(String),
}

/// An image that another was built from.
#[derive(Debug, Clone)]
pub struct AncestorView {
    /// The image.
    pub image: Image,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its layers' diffIDs.
    pub layers: Vec<String>,
}

impl Service {
    /// Images of the account whose layers are the first of an image's, the nearest first.
    pub async fn ancestors(&self, caller: &Caller, digest: &str) -> Result<Vec<AncestorView>, ServiceError> {
        let (_, row) = self.analyzed(caller, digest).await?;
        self.ancestors_of(caller.account_id(), digest, &row).await
    }

    /// The same for an image whose content is at hand.
    pub(crate) async fn ancestors_of(
        &self,
        account: AccountId,
        digest: &str,
        row: &ArtifactRow,
    ) -> Result<Vec<AncestorView>, ServiceError> {
        let layers: Vec<&str> = row.layers.lines().collect();
        let db = self.store().read();
        let found = image::with_chain(db, account, &chains(&layers)).await?;
        let mut all = Vec::new();
        for (image, own) in found {
            let own: Vec<String> = own.lines().map(str::to_owned).collect();
            if own.is_empty() || own.len() >= layers.len() || image.digest == digest {
                continue;
            }
            let tags = tag::of_images(db, account, &[image.id]).await?;
            all.push(AncestorView { image, tags, layers: own });
        }
        all.sort_by_key(|ancestor| std::cmp::Reverse(ancestor.layers.len()));
        Ok(all)
    }

    /// The image of the account that an image is compared with; nothing when the nearest ancestor is wanted and there is
    /// none.
    pub(crate) async fn base_of(
        &self,
        caller: &Caller,
        digest: &str,
        wanted: &Base,
    ) -> Result<Option<Image>, ServiceError> {
        let (_, row) = self.analyzed(caller, digest).await?;
        match wanted {
            Base::Nearest => {
                let nearest = self.ancestors_of(caller.account_id(), digest, &row).await?.into_iter().next();
                Ok(nearest.map(|ancestor| ancestor.image))
            }
            Base::Digest(base) => {
                let (view, below) = self.analyzed(caller, base).await?;
                let (own, prefix): (Vec<&str>, Vec<&str>) =
                    (row.layers.lines().collect(), below.layers.lines().collect());
                if prefix.is_empty() || prefix.len() >= own.len() || !own.starts_with(&prefix) {
                    return Err(ServiceError::invalid(format!(
                        "`base_digest`: {base} is no base of {digest}: expected its {} layers to be the first of the \
                         image's {}",
                        prefix.len(),
                        own.len()
                    )));
                }
                Ok(Some(view.image))
            }
        }
    }

    /// The artifact of an image, whole.
    pub async fn content(
        &self,
        caller: &Caller,
        digest: &str,
    ) -> Result<(ImageView, stopgate_model::Artifact), ServiceError> {
        let (view, row) = self.analyzed(caller, digest).await?;
        let artifact = self.artifact_of(&view.image, &row).await?;
        Ok((view, artifact))
    }
}

/// Chain ids of all proper prefixes of layers, as hexadecimal digits.
fn chains(layers: &[&str]) -> Vec<String> {
    let mut all = chain_ids(layers);
    all.pop();
    all
}

/// Chain ids of all prefixes of layers, the whole included (OCI image specification, "Layer ChainID"), as hexadecimal
/// digits.
pub(crate) fn chain_ids(layers: &[&str]) -> Vec<String> {
    use sha2::{Digest as _, Sha256};
    let mut all = Vec::new();
    let mut chain = String::new();
    for layer in layers {
        chain = if chain.is_empty() {
            (*layer).to_owned()
        } else {
            format!("sha256:{}", hex::encode(Sha256::digest(format!("{chain} {layer}"))))
        };
        all.push(chain.trim_start_matches("sha256:").to_owned());
    }
    all
}
