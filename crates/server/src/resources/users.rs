//! Users and their passwords.

use serde::Deserialize;
use stopgate_api_types::secret::Secret;
use stopgate_api_types::user::{
    AccessCredential, CredentialType, GrantType, UnifiedRoles, User, UserCreationRequest, UserType, Users,
};
use stopgate_service::permission::granted;
use stopgate_service::store::role::Membership;
use stopgate_service::store::user as stored;
use stopgate_service::{Service, ServiceError};
use utoipa::IntoParams;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/user", own)
        .get("/user/credentials", own_credentials)
        .post("/user/credentials", set_own_password)
        .get("/accounts/users", list_all)
        .get("/accounts/{account_name}/users", list)
        .post("/accounts/{account_name}/users", create)
        .get("/accounts/{account_name}/users-with-roles", with_roles)
        .get("/accounts/{account_name}/users/{username}", get)
        .delete("/accounts/{account_name}/users/{username}", delete)
        .get("/accounts/{account_name}/users/{username}/credentials", credentials)
        .post("/accounts/{account_name}/users/{username}/credentials", set_password)
        .delete("/accounts/{account_name}/users/{username}/credentials", drop_password);
}

pub(super) fn told(user: &stored::User, roles: &[Membership]) -> User {
    let of_user = roles.iter().filter(|held| held.user == user.id);
    User {
        username: user.name.clone(),
        account_name: Some(user.account_name.clone()),
        kind: Some(if user.kind == "native" { UserType::Native } else { UserType::Saml }),
        source: user.idp.clone(),
        created_at: Some(user.created_at),
        last_updated: Some(user.updated_at),
        idp_name: user.idp.clone(),
        password_last_updated: user.password_at,
        unified_roles: of_user
            .map(|held| UnifiedRoles {
                role_name: Some(held.role.clone()),
                domain_name: Some(held.domain.clone()),
                granter: Some(held.group.clone().unwrap_or_else(|| held.granter.clone())),
                grant_type: Some(match held.group {
                    Some(_) => GrantType::GroupMembership,
                    None => GrantType::Direct,
                }),
                granted_at: Some(held.granted_at),
            })
            .collect(),
    }
}

async fn with_own_roles(service: &Service, user: &stored::User) -> Result<User, ApiError> {
    let roles = service.memberships(Some(user), None, None).await?;
    Ok(told(user, &roles))
}

async fn own(call: Call<granted::Known>) -> Result<Answer<User>, ApiError> {
    Ok(Answer(with_own_roles(call.service(), &call.user).await?))
}

/// A password as it is shown.
fn masked(user: &stored::User) -> Vec<AccessCredential> {
    user.password_at
        .iter()
        .map(|at| AccessCredential {
            kind: CredentialType::Password,
            value: Secret::from("****".to_owned()),
            created_at: Some(at.to_string()),
        })
        .collect()
}

async fn own_credentials(call: Call<granted::Known>) -> Result<Answer<Vec<AccessCredential>>, ApiError> {
    Ok(Answer(masked(&call.user)))
}

async fn set(
    service: &Service,
    user: &stored::User,
    new: &AccessCredential,
) -> Result<Answer<AccessCredential>, ApiError> {
    let user = service.set_password(user, Some(new.value.expose())).await?;
    let mut shown = masked(&user);
    let first = shown.pop().ok_or_else(|| ServiceError::internal("a password was set and is not there"))?;
    Ok(Answer(first))
}

async fn set_own_password(
    call: Call<granted::Known>,
    ApiJson(new): ApiJson<AccessCredential>,
) -> Result<Answer<AccessCredential>, ApiError> {
    if call.origin == stopgate_service::auth::Origin::ApiKey {
        let message = "an API key cannot change the password of its owner; log in with the password";
        return Err(ServiceError::new(stopgate_service::Kind::Forbidden, message).into());
    }
    set(call.service(), &call.user, &new).await
}

async fn list_all(call: Call<granted::ListAllUsers>) -> Result<Answer<Users>, ApiError> {
    let users = call.service().users(None).await?;
    let roles = call.service().memberships(None, None, None).await?;
    let items: Vec<User> = users.iter().map(|user| told(user, &roles)).collect();
    Ok(Answer(Users { total_rows: Some(items.len() as u64), items }))
}

async fn list(
    call: Call<granted::ListUsers>,
    ApiPath(account): ApiPath<String>,
) -> Result<Answer<Vec<User>>, ApiError> {
    call.require_account(&account)?;
    let users = call.service().users(Some(&account)).await?;
    let roles = call.service().memberships(None, None, None).await?;
    Ok(Answer(users.iter().map(|user| told(user, &roles)).collect()))
}

async fn create(
    call: Call<granted::CreateUser>,
    ApiPath(account): ApiPath<String>,
    ApiJson(new): ApiJson<UserCreationRequest>,
) -> Result<Answer<User>, ApiError> {
    call.require_account(&account)?;
    if matches!(new.user_type, Some(UserType::Saml)) || new.idp_name.is_some() {
        return Err(ServiceError::invalid("users of an identity provider are made at their first login").into());
    }
    let password = new.password.as_ref().map(Secret::expose);
    let made = call.service().add_user(&account, &new.username, password).await?;
    Ok(Answer(told(&made, &[])))
}

async fn with_roles(
    call: Call<granted::ListAccountUsersWithRoles>,
    ApiPath(account): ApiPath<String>,
) -> Result<Answer<Users>, ApiError> {
    call.require_account(&account)?;
    let service = call.service();
    service.account(&account).await?;
    let roles = service.memberships(None, None, Some(&account)).await?;
    let all = service.users(None).await?;
    let held = all.iter().filter(|user| roles.iter().any(|role| role.user == user.id));
    let items: Vec<User> = held.map(|user| told(user, &roles)).collect();
    Ok(Answer(Users { total_rows: Some(items.len() as u64), items }))
}

type UserPath = (String, String);

async fn get(
    call: Call<granted::GetUser>,
    ApiPath((account, name)): ApiPath<UserPath>,
) -> Result<Answer<User>, ApiError> {
    call.require_account(&account)?;
    let user = call.service().user_of(&account, &name).await?;
    Ok(Answer(with_own_roles(call.service(), &user).await?))
}

async fn delete(
    call: Call<granted::DeleteUser>,
    ApiPath((account, name)): ApiPath<UserPath>,
) -> Result<NoContent, ApiError> {
    call.require_account(&account)?;
    let user = call.service().user_of(&account, &name).await?;
    call.service().delete_user(&call, &user).await?;
    Ok(NoContent)
}

async fn credentials(
    call: Call<granted::GetUser>,
    ApiPath((account, name)): ApiPath<UserPath>,
) -> Result<Answer<Vec<AccessCredential>>, ApiError> {
    call.require_account(&account)?;
    Ok(Answer(masked(&call.service().user_of(&account, &name).await?)))
}

async fn set_password(
    call: Call<granted::UpdateUser>,
    ApiPath((account, name)): ApiPath<UserPath>,
    ApiJson(new): ApiJson<AccessCredential>,
) -> Result<Answer<AccessCredential>, ApiError> {
    call.require_account(&account)?;
    let user = call.service().user_of(&account, &name).await?;
    set(call.service(), &user, &new).await
}

#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// `password`, the only type there is.
    credential_type: String,
}

async fn drop_password(
    call: Call<granted::UpdateUser>,
    ApiPath((account, name)): ApiPath<UserPath>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<NoContent, ApiError> {
    call.require_account(&account)?;
    if which.credential_type != "password" {
        return Err(ServiceError::invalid("`credential_type`: expected `password`").into());
    }
    let user = call.service().user_of(&account, &name).await?;
    call.service().set_password(&user, None).await?;
    Ok(NoContent)
}
