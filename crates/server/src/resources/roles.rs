//! Roles, and who has them.

use serde::Deserialize;
use stopgate_api_types::rbac::{
    RbacManagerAccountRole, RbacManagerPermission, RbacManagerPermissionList, RbacManagerRole, RbacManagerRoleMember,
    RbacManagerRoleMemberList, RbacManagerRoleMembership, RbacManagerRoleSummary, RbacManagerRoleSummaryList,
    RbacManagerUserRoleListing, RbacManagerUserRoleMembership,
};
use stopgate_service::permission::{Permission, ROLES, Role, granted};
use stopgate_service::store::role::Membership;
use stopgate_service::{ServiceError, users};
use utoipa::IntoParams;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/rbac-manager/my-roles", my_roles)
        .get("/rbac-manager/roles", list)
        .get("/rbac-manager/roles/{role_name}", get)
        .get("/rbac-manager/roles/{role_name}/members", members)
        .post("/rbac-manager/roles/{role_name}/members", give)
        .delete("/rbac-manager/roles/{role_name}/members", take)
        .get("/rbac-manager/users/{username}/roles", of_user);
}

fn membership(held: &Membership) -> RbacManagerRoleMembership {
    RbacManagerRoleMembership {
        role: Some(held.role.clone()),
        for_account: Some(held.domain.clone()),
        domain_name: Some(held.domain.clone()),
        created_at: Some(held.granted_at),
    }
}

async fn my_roles(call: Call<granted::Known>) -> Result<Answer<RbacManagerUserRoleListing>, ApiError> {
    let held = call.service().memberships(Some(&call.user), None, None).await?;
    let of = |held: &Membership| RbacManagerAccountRole {
        for_account: Some(held.domain.clone()),
        domain_name: Some(held.domain.clone()),
        roles: Role::find(&held.role).map(told),
        account: None,
    };
    Ok(Answer(RbacManagerUserRoleListing(held.iter().map(of).collect())))
}

async fn list(_: Call<granted::ListRoles>) -> Result<Answer<RbacManagerRoleSummaryList>, ApiError> {
    let of = |role: &Role| RbacManagerRoleSummary {
        name: Some(role.name.to_owned()),
        description: Some(role.description.to_owned()),
        created_at: None,
    };
    Ok(Answer(RbacManagerRoleSummaryList(ROLES.iter().map(of).collect())))
}

fn known(name: &str) -> Result<&'static Role, ServiceError> {
    Role::find(name).ok_or_else(|| users::no_role(name))
}

async fn get(_: Call<granted::GetRole>, ApiPath(name): ApiPath<String>) -> Result<Answer<RbacManagerRole>, ApiError> {
    Ok(Answer(told(known(&name)?)))
}

fn told(role: &Role) -> RbacManagerRole {
    let allowed =
        Permission::ALL.iter().filter(|permission| role.allows(**permission) && !permission.name().is_empty());
    let permissions = allowed.map(|permission| RbacManagerPermission {
        action: Some(permission.name().to_owned()),
        target: Some("*".to_owned()),
    });
    RbacManagerRole {
        name: role.name.to_owned(),
        description: Some(role.description.to_owned()),
        permissions: Some(RbacManagerPermissionList(permissions.collect())),
        immutable: Some(true),
        created_at: None,
        last_updated: None,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Domain {
    /// The account that the role is for.
    for_account: Option<String>,
    /// The same, in its newer name.
    domain_name: Option<String>,
}

/// The account that is meant: the one that is named, else the one that is acted in. Others are for the admin account.
fn domain<P>(call: &Call<P>, newer: Option<&str>, older: Option<&str>) -> Result<String, ServiceError> {
    let wanted = newer.or(older).unwrap_or(&call.account.name).to_owned();
    call.require_account(&wanted)?;
    Ok(wanted)
}

fn member(held: &Membership) -> RbacManagerRoleMember {
    RbacManagerRoleMember {
        username: held.username.clone(),
        for_account: Some(held.domain.clone()),
        domain_name: Some(held.domain.clone()),
        created_at: Some(held.granted_at),
    }
}

async fn members(
    call: Call<granted::ListRoleMembers>,
    ApiPath(name): ApiPath<String>,
    ApiQuery(filter): ApiQuery<Domain>,
) -> Result<Answer<RbacManagerRoleMemberList>, ApiError> {
    let role = known(&name)?;
    let domain = match (filter.domain_name.as_deref(), filter.for_account.as_deref()) {
        (None, None) if call.is_admin() => None,
        (newer, older) => Some(domain(&call, newer, older)?),
    };
    let held = call.service().memberships(None, Some(role.name), domain.as_deref()).await?;
    Ok(Answer(RbacManagerRoleMemberList(held.iter().map(member).collect())))
}

async fn give(
    call: Call<granted::CreateRoleMember>,
    ApiPath(name): ApiPath<String>,
    ApiJson(new): ApiJson<RbacManagerRoleMember>,
) -> Result<Answer<RbacManagerRoleMember>, ApiError> {
    let domain = domain(&call, new.domain_name.as_deref(), new.for_account.as_deref())?;
    let role = known(&name)?;
    let user = call.service().user(&new.username).await?;
    Ok(Answer(member(&call.service().give_role(&call, &user, role.name, &domain).await?)))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Taken {
    /// Whose role.
    username: String,
    /// The account that the role is for.
    for_account: Option<String>,
    /// The same, in its newer name.
    domain_name: Option<String>,
}

async fn take(
    call: Call<granted::DeleteRoleMember>,
    ApiPath(name): ApiPath<String>,
    ApiQuery(taken): ApiQuery<Taken>,
) -> Result<NoContent, ApiError> {
    let domain = domain(&call, taken.domain_name.as_deref(), taken.for_account.as_deref())?;
    let role = known(&name)?;
    let user = call.service().user(&taken.username).await?;
    call.service().take_role(&user, role.name, &domain).await?;
    Ok(NoContent)
}

#[derive(Debug, Deserialize, IntoParams)]
struct Held {
    /// The account that the roles are for.
    for_account: Option<String>,
    /// The same, in its newer name.
    domain_name: Option<String>,
    /// One role.
    role: Option<String>,
}

async fn of_user(
    call: Call<granted::Known>,
    ApiPath(name): ApiPath<String>,
    ApiQuery(filter): ApiQuery<Held>,
) -> Result<Answer<RbacManagerUserRoleMembership>, ApiError> {
    let domain = filter.domain_name.as_deref().or(filter.for_account.as_deref());
    // One's own roles are one's own business; those of others only of who may list users.
    if name != call.user.name {
        call.require(Permission::ListUsers)?;
    }
    let user = call.service().user(&name).await?;
    if name != call.user.name && !call.is_admin() && user.account != call.account.id {
        return Err(ServiceError::not_found(format!("there is no user `{name}`")).into());
    }
    let held = call.service().memberships(Some(&user), filter.role.as_deref(), domain).await?;
    Ok(Answer(RbacManagerUserRoleMembership(held.iter().map(membership).collect())))
}
