//! API keys: one's own, and those of other users.

use stopgate_api_types::api_key::{ApiKeyChange, ApiKeyList, ApiKeyStatus, ApiKeyUpdate, UserApiKey};
use stopgate_api_types::secret::Secret;
use stopgate_service::permission::granted;
use stopgate_service::store::api_key::ApiKey;
use stopgate_service::store::user::User;
use stopgate_service::{Caller, Service, ServiceError};

use crate::answer::{Answer, Created, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath};
use crate::request;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/user/api-keys", list_own)
        .post("/user/api-keys", create_own)
        .get("/user/api-keys/{key_name}", get_own)
        .patch("/user/api-keys/{key_name}", update_own)
        .delete("/user/api-keys/{key_name}", delete_own)
        .get("/accounts/{account_name}/users/{username}/api-keys", list)
        .post("/accounts/{account_name}/users/{username}/api-keys", create)
        .get("/accounts/{account_name}/users/{username}/api-keys/{key_name}", get)
        .patch("/accounts/{account_name}/users/{username}/api-keys/{key_name}", update)
        .delete("/accounts/{account_name}/users/{username}/api-keys/{key_name}", delete);
}

fn told(key: &ApiKey, value: Option<String>) -> UserApiKey {
    let status = if key.revoked {
        ApiKeyStatus::Revoked
    } else if key.expires_at <= request::now() {
        ApiKeyStatus::Expired
    } else {
        ApiKeyStatus::Active
    };
    UserApiKey {
        name: key.name.clone(),
        description: key.description.clone(),
        expires_at: key.expires_at,
        created_at: Some(key.created_at),
        updated_at: Some(key.updated_at),
        version: Some("1".to_owned()),
        value: value.map(Secret::from),
        status: Some(status),
    }
}

async fn listed(service: &Service, user: &User) -> Result<Answer<ApiKeyList>, ApiError> {
    let keys = service.api_keys(user).await?;
    Ok(Answer(ApiKeyList { items: keys.iter().map(|key| told(key, None)).collect() }))
}

async fn made(
    service: &Service,
    caller: &Caller,
    user: &User,
    new: &UserApiKey,
) -> Result<Created<UserApiKey>, ApiError> {
    let description = new.description.as_deref();
    let (key, value) = service.add_api_key(caller, user, &new.name, description, Some(new.expires_at)).await?;
    Ok(Created(told(&key, Some(value))))
}

async fn changed(
    service: &Service,
    user: &User,
    name: &str,
    change: ApiKeyUpdate,
) -> Result<Answer<UserApiKey>, ApiError> {
    if change.name.is_none() && change.description.is_none() && change.status.is_none() {
        let message = "nothing is to be changed: expected at least one of `name`, `description` and `status`";
        return Err(ServiceError::invalid(message).into());
    }
    let key = service.update_api_key(user, name, |key| {
        if let Some(name) = change.name {
            key.name = name;
        }
        if let Some(description) = change.description {
            key.description = Some(description);
        }
        if let Some(ApiKeyChange::Revoked) = change.status {
            key.revoked = true;
        }
    });
    Ok(Answer(told(&key.await?, None)))
}

async fn list_own(call: Call<granted::SelfListApiKeys>) -> Result<Answer<ApiKeyList>, ApiError> {
    listed(call.service(), &call.user).await
}

async fn create_own(
    call: Call<granted::SelfCreateApiKey>,
    ApiJson(new): ApiJson<UserApiKey>,
) -> Result<Created<UserApiKey>, ApiError> {
    made(call.service(), &call, &call.user, &new).await
}

async fn get_own(
    call: Call<granted::SelfGetApiKey>,
    ApiPath(name): ApiPath<String>,
) -> Result<Answer<UserApiKey>, ApiError> {
    Ok(Answer(told(&call.service().api_key(&call.user, &name).await?, None)))
}

async fn update_own(
    call: Call<granted::SelfUpdateApiKey>,
    ApiPath(name): ApiPath<String>,
    ApiJson(change): ApiJson<ApiKeyUpdate>,
) -> Result<Answer<UserApiKey>, ApiError> {
    changed(call.service(), &call.user, &name, change).await
}

async fn delete_own(
    call: Call<granted::SelfDeleteApiKey>,
    ApiPath(name): ApiPath<String>,
) -> Result<NoContent, ApiError> {
    call.service().delete_api_key(&call.user, &name).await?;
    Ok(NoContent)
}

async fn of(call_account: &Caller, service: &Service, account: &str, name: &str) -> Result<User, ApiError> {
    call_account.require_account(account)?;
    Ok(service.user_of(account, name).await?)
}

async fn list(
    call: Call<granted::ListApiKeys>,
    ApiPath((account, name)): ApiPath<(String, String)>,
) -> Result<Answer<ApiKeyList>, ApiError> {
    let user = of(&call, call.service(), &account, &name).await?;
    listed(call.service(), &user).await
}

async fn create(
    call: Call<granted::CreateApiKey>,
    ApiPath((account, name)): ApiPath<(String, String)>,
    ApiJson(new): ApiJson<UserApiKey>,
) -> Result<Created<UserApiKey>, ApiError> {
    let user = of(&call, call.service(), &account, &name).await?;
    made(call.service(), &call, &user, &new).await
}

type KeyPath = (String, String, String);

async fn get(
    call: Call<granted::GetApiKey>,
    ApiPath((account, name, key)): ApiPath<KeyPath>,
) -> Result<Answer<UserApiKey>, ApiError> {
    let user = of(&call, call.service(), &account, &name).await?;
    Ok(Answer(told(&call.service().api_key(&user, &key).await?, None)))
}

async fn update(
    call: Call<granted::UpdateApiKey>,
    ApiPath((account, name, key)): ApiPath<KeyPath>,
    ApiJson(change): ApiJson<ApiKeyUpdate>,
) -> Result<Answer<UserApiKey>, ApiError> {
    let user = of(&call, call.service(), &account, &name).await?;
    changed(call.service(), &user, &key, change).await
}

async fn delete(
    call: Call<granted::DeleteApiKey>,
    ApiPath((account, name, key)): ApiPath<KeyPath>,
) -> Result<NoContent, ApiError> {
    let user = of(&call, call.service(), &account, &name).await?;
    call.service().delete_api_key(&user, &key).await?;
    Ok(NoContent)
}
