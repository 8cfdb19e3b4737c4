//! What is decided about an image.

use serde::Deserialize;
use serde_json::{Value, json};
use stopgate_api_types::evaluation::PolicyEvaluation;
use stopgate_service::ServiceError;
use stopgate_service::evaluation::{CheckOptions, Decided};
use stopgate_service::image::Base;
use stopgate_service::permission::granted;
use stopgate_service::store::account;
use utoipa::IntoParams;

use crate::answer::Written;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiQuery, ImageDigest, check_digest};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/images/{image_digest}/check", check);
}

#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// The policy; without, the active one.
    policy_id: Option<String>,
    /// `registry/repository:tag`: it chooses the mapping.
    tag: String,
    /// With findings, the policy and what to do.
    detail: Option<bool>,
    /// Every decision that was kept, the newest first.
    history: Option<bool>,
    /// Decide anew and keep nothing.
    interactive: Option<bool>,
    /// Digest of the base image, or `auto` for the nearest, to tell what comes from it.
    base_digest: Option<String>,
}

async fn check(
    call: Call<granted::GetImageEvaluation>,
    ImageDigest(digest): ImageDigest,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Written<PolicyEvaluation>, ApiError> {
    let base = asked.base_digest.as_deref().map(base).transpose()?;
    let detail = asked.detail.unwrap_or(true);
    let plain = !asked.history.unwrap_or(false) && !asked.interactive.unwrap_or(false) && base.is_none();
    // The generation is read anew: what changed in the account a moment ago counts in this answer.
    let generation =
        account::get(call.service().store().read(), call.account_id()).await?.map_or(0, |known| known.generation);
    let data = call.service().data().current().map(|data| data.identity().digest.to_string()).unwrap_or_default();
    let policy = asked.policy_id.clone().unwrap_or_default();
    let key = (call.account_id().0, generation, data, digest.clone(), asked.tag.clone(), policy, detail);
    if plain && let Some(known) = call.app().0.checks.get(&key) {
        return Ok(Written::new(known));
    }
    let options = CheckOptions {
        policy_id: asked.policy_id,
        interactive: asked.interactive.unwrap_or(false),
        history: asked.history.unwrap_or(false),
        base,
    };
    let decided = call.service().check(&call, &digest, &asked.tag, &options).await?;
    let first = decided.first().ok_or_else(|| ServiceError::internal("a check gave no decision"))?;
    let body = json!({
        "policy_id": first.policy_id,
        "image_digest": digest,
        "evaluated_tag": first.tag,
        "evaluations": decided.iter().map(|decided| result(decided, detail)).collect::<Vec<_>>(),
    });
    let bytes = bytes::Bytes::from(serde_json::to_vec(&body).map_err(ServiceError::internal)?);
    if plain {
        call.app().0.checks.insert(key, bytes.clone());
    }
    Ok(Written::new(bytes))
}

/// The part of a decision's document that has the published shape.
pub(super) fn result(decided: &Decided, detail: bool) -> Value {
    let mut result = decided.document.get("evaluation").cloned().unwrap_or_default();
    if let Some(members) = result.as_object_mut() {
        if !detail {
            members.insert("details".to_owned(), Value::Null);
        }
        if let Some(base) = &decided.base {
            members.insert("comparison_image_digest".to_owned(), base.as_str().into());
        }
    }
    result
}

/// The image that another is to be compared with: a digest, or `auto` for the nearest that it was built from.
pub(super) fn base(text: &str) -> Result<Base, ServiceError> {
    if text == "auto" {
        return Ok(Base::Nearest);
    }
    check_digest(text)?;
    Ok(Base::Digest(text.to_owned()))
}
