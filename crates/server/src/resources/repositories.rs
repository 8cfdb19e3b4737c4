//! Watching a repository.

use serde::Deserialize;
use stopgate_api_types::subscription::SubscriptionList;
use stopgate_service::permission::granted;
use stopgate_service::watch::WatchRepository;
use utoipa::IntoParams;

use super::subscriptions;
use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::ApiQuery;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.post("/repositories", watch);
}

#[derive(Debug, Deserialize, IntoParams)]
struct Wanted {
    /// `[HOST[:PORT]/]REPOSITORY`; a pattern of tags after `:`, with `*` for any part, watches these alone.
    repository: String,
    /// Watch its tags for new images too.
    auto_subscribe: Option<bool>,
    /// Only tell which tags there are.
    dry_run: Option<bool>,
    /// Leave out the tags that are there already.
    exclude_existing_tags: Option<bool>,
}

async fn watch(
    call: Call<granted::CreateRepository>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Answer<SubscriptionList>, ApiError> {
    let wanted = WatchRepository {
        repository: wanted.repository,
        auto_subscribe: wanted.auto_subscribe.unwrap_or(false),
        dry_run: wanted.dry_run.unwrap_or(false),
        exclude_existing_tags: wanted.exclude_existing_tags.unwrap_or(false),
    };
    let made = call.service().watch_repository(&call, &wanted).await?;
    Ok(subscriptions::one(made, &call.account.name))
}
