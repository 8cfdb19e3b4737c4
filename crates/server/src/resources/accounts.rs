//! Accounts.

use serde::Deserialize;
use stopgate_api_types::account::{
    Account, AccountActivation, AccountCreationRequest, AccountInfo, AccountList, AccountState, AccountStatus,
    AccountType,
};
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::store::account::{self as stored, AccountState as State};
use utoipa::IntoParams;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/account", own)
        .get("/accounts", list)
        .post("/accounts", create)
        .fails(409)
        .get("/accounts/{account_name}", get)
        .put("/accounts/{account_name}", update)
        .delete("/accounts/{account_name}", delete)
        .put("/accounts/{account_name}/state", set_state);
}

pub(super) fn told(account: &stored::Account) -> Account {
    Account {
        name: account.name.clone(),
        kind: Some(match account.kind.as_str() {
            "admin" => AccountType::Admin,
            "service" => AccountType::Service,
            _ => AccountType::User,
        }),
        state: Some(match account.state {
            State::Enabled => AccountState::Enabled,
            State::Disabled => AccountState::Disabled,
            State::Deleting => AccountState::Deleting,
        }),
        email: account.email.clone(),
        created_at: Some(account.created_at),
        last_updated: Some(account.updated_at),
    }
}

async fn own(call: Call<granted::GetAccount>) -> Result<Answer<Account>, ApiError> {
    Ok(Answer(told(&call.account)))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// `enabled`, `disabled` or `deleting`.
    state: Option<String>,
}

async fn list(
    call: Call<granted::ListAccounts>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<AccountList>, ApiError> {
    let state = filter.state.map(|name| {
        let expected = "expected `enabled`, `disabled` or `deleting`";
        State::parse(&name).ok_or_else(|| ServiceError::invalid(format!("`state`: {expected}")))
    });
    let all = call.service().accounts(state.transpose()?).await?;
    Ok(Answer(AccountList(all.iter().map(told).collect())))
}

async fn create(
    call: Call<granted::CreateAccount>,
    ApiJson(new): ApiJson<AccountCreationRequest>,
) -> Result<Answer<Account>, ApiError> {
    Ok(Answer(told(&call.service().add_account(&new.name, new.email.as_deref()).await?)))
}

async fn get(call: Call<granted::GetAccount>, ApiPath(name): ApiPath<String>) -> Result<Answer<Account>, ApiError> {
    call.require_account(&name)?;
    Ok(Answer(told(&call.service().account(&name).await?)))
}

async fn update(
    call: Call<granted::UpdateAccount>,
    ApiPath(name): ApiPath<String>,
    ApiJson(info): ApiJson<AccountInfo>,
) -> Result<Answer<Account>, ApiError> {
    Ok(Answer(told(&call.service().set_email(&name, info.email.as_deref()).await?)))
}

async fn delete(call: Call<granted::DeleteAccount>, ApiPath(name): ApiPath<String>) -> Result<NoContent, ApiError> {
    call.service().delete_account(&name).await?;
    Ok(NoContent)
}

async fn set_state(
    call: Call<granted::UpdateAccount>,
    ApiPath(name): ApiPath<String>,
    ApiJson(wanted): ApiJson<AccountStatus>,
) -> Result<Answer<AccountStatus>, ApiError> {
    let state = match wanted.state {
        Some(AccountActivation::Enabled) => State::Enabled,
        Some(AccountActivation::Disabled) => State::Disabled,
        None => return Err(ServiceError::invalid("`state` is missing: expected `enabled` or `disabled`").into()),
    };
    call.service().set_account_state(&name, state).await?;
    Ok(Answer(wanted))
}
