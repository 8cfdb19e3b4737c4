//! Groups of users, which carry roles for all their members.

use serde::Deserialize;
use stopgate_api_types::user_group::{
    GroupRole, UserGroup, UserGroupList, UserGroupPatch, UserGroupPost, UserGroupRole, UserGroupRolePost,
    UserGroupRoles, UserGroupUser, UserGroupUsers, UserGroupUsersPost,
};
use stopgate_service::permission::granted;
use stopgate_service::store::group as stored;
use stopgate_service::{Service, ServiceError};
use utoipa::IntoParams;

use crate::answer::{Answer, Created, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery, list as parts};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/my-user-groups", own)
        .get("/system/user-groups", list)
        .post("/system/user-groups", create)
        .fails(409)
        .get("/system/user-groups/{group_uuid}", get)
        .patch("/system/user-groups/{group_uuid}", update)
        .delete("/system/user-groups/{group_uuid}", delete)
        .get("/system/user-groups/{group_uuid}/roles", roles)
        .post("/system/user-groups/{group_uuid}/roles", give)
        .delete("/system/user-groups/{group_uuid}/roles", take)
        .get("/system/user-groups/{group_uuid}/users", members)
        .post("/system/user-groups/{group_uuid}/users", add)
        .delete("/system/user-groups/{group_uuid}/users", remove);
}

fn told(group: stored::Group, roles: Option<UserGroupRoles>) -> Result<UserGroup, ApiError> {
    Ok(UserGroup {
        group_uuid: group.uuid.parse().map_err(ServiceError::internal)?,
        name: group.name,
        description: Some(group.description),
        created_at: Some(group.created_at),
        last_updated: Some(group.updated_at),
        account_roles: roles,
    })
}

fn told_all(groups: Vec<stored::Group>) -> Result<Answer<UserGroupList>, ApiError> {
    let groups: Result<Vec<_>, _> = groups.into_iter().map(|group| told(group, None)).collect();
    Ok(Answer(UserGroupList(groups?)))
}

async fn own(call: Call<granted::Known>) -> Result<Answer<UserGroupList>, ApiError> {
    told_all(call.service().own_groups(&call).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// Only groups with this member.
    contains_user: Option<String>,
    /// Only the group of this name.
    user_group_name: Option<String>,
    /// Only groups with roles in this account.
    contains_account: Option<String>,
}

async fn list(
    call: Call<granted::ListUserGroups>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<UserGroupList>, ApiError> {
    let (member, account) = (filter.contains_user.as_deref(), filter.contains_account.as_deref());
    told_all(call.service().groups(member, filter.user_group_name.as_deref(), account).await?)
}

async fn create(
    call: Call<granted::CreateUserGroup>,
    ApiJson(new): ApiJson<UserGroupPost>,
) -> Result<Created<UserGroup>, ApiError> {
    let group = call.service().add_group(&new.name, new.description.as_deref().unwrap_or_default()).await?;
    Ok(Created(told(group, Some(UserGroupRoles::default()))?))
}

/// Roles of a group, an account at a time.
async fn roles_of(service: &Service, group: &stored::Group) -> Result<UserGroupRoles, ApiError> {
    let mut items: Vec<UserGroupRole> = Vec::new();
    for role in service.group_roles(group).await? {
        let one =
            GroupRole { role: Some(role.role), created_at: Some(role.created_at), membership_id: Some(role.uuid) };
        match items.last_mut().filter(|last| last.for_account == role.domain) {
            Some(last) => last.roles.push(one),
            None => items.push(UserGroupRole {
                for_account: role.domain.clone(),
                domain_name: Some(role.domain),
                roles: vec![one],
            }),
        }
    }
    Ok(UserGroupRoles { items })
}

async fn get(call: Call<granted::GetUserGroup>, ApiPath(uuid): ApiPath<String>) -> Result<Answer<UserGroup>, ApiError> {
    let group = call.service().group(&uuid).await?;
    let roles = roles_of(call.service(), &group).await?;
    Ok(Answer(told(group, Some(roles))?))
}

async fn update(
    call: Call<granted::UpdateUserGroup>,
    ApiPath(uuid): ApiPath<String>,
    ApiJson(change): ApiJson<UserGroupPatch>,
) -> Result<Answer<UserGroup>, ApiError> {
    let group = call.service().describe_group(&uuid, &change.description).await?;
    let roles = roles_of(call.service(), &group).await?;
    Ok(Answer(told(group, Some(roles))?))
}

async fn delete(call: Call<granted::DeleteUserGroup>, ApiPath(uuid): ApiPath<String>) -> Result<NoContent, ApiError> {
    call.service().delete_group(&uuid).await?;
    Ok(NoContent)
}

async fn roles(
    call: Call<granted::GetUserGroupRoles>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<UserGroupRoles>, ApiError> {
    let group = call.service().group(&uuid).await?;
    Ok(Answer(roles_of(call.service(), &group).await?))
}

async fn give(
    call: Call<granted::AddUserGroupRole>,
    ApiPath(uuid): ApiPath<String>,
    ApiJson(new): ApiJson<UserGroupRolePost>,
) -> Result<Created<UserGroupRoles>, ApiError> {
    let group = call.service().group(&uuid).await?;
    let domain = new.domain_name.or(new.for_account);
    let domain = domain.ok_or_else(|| ServiceError::invalid("expected `domain_name` or `for_account`"))?;
    let named = new.roles.into_iter().map(|named| named.role);
    let roles: Option<Vec<String>> = named.collect();
    let roles = roles.ok_or_else(|| ServiceError::invalid("`roles`: each has a `role`"))?;
    call.service().give_group_roles(&group, &domain, &roles).await?;
    Ok(Created(roles_of(call.service(), &group).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Taken {
    /// Ids of roles, joined by commas.
    membership_id: Option<String>,
    /// Accounts of which all roles are taken, joined by commas.
    all_roles_for_account: Option<String>,
}

async fn take(
    call: Call<granted::DeleteUserGroupRole>,
    ApiPath(uuid): ApiPath<String>,
    ApiQuery(taken): ApiQuery<Taken>,
) -> Result<NoContent, ApiError> {
    let group = call.service().group(&uuid).await?;
    let (ids, domains) = (parts(taken.membership_id.as_deref()), parts(taken.all_roles_for_account.as_deref()));
    call.service().take_group_roles(&group, &ids, &domains).await?;
    Ok(NoContent)
}

async fn members_of(service: &Service, group: &stored::Group) -> Result<UserGroupUsers, ApiError> {
    let members = service.group_members(group).await?.into_iter();
    let items = members.map(|(username, added)| UserGroupUser { username, added_on: Some(added) });
    Ok(UserGroupUsers { items: items.collect() })
}

async fn members(
    call: Call<granted::GetUserGroupUsers>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<UserGroupUsers>, ApiError> {
    let group = call.service().group(&uuid).await?;
    Ok(Answer(members_of(call.service(), &group).await?))
}

async fn add(
    call: Call<granted::AddUserGroupUser>,
    ApiPath(uuid): ApiPath<String>,
    ApiJson(new): ApiJson<UserGroupUsersPost>,
) -> Result<Created<UserGroupUsers>, ApiError> {
    let group = call.service().group(&uuid).await?;
    let names: Option<Vec<String>> = new.usernames.into_iter().map(|member| member.username).collect();
    let names = names.ok_or_else(|| ServiceError::invalid("`usernames`: each has a `username`"))?;
    call.service().add_group_members(&group, &names).await?;
    Ok(Created(members_of(call.service(), &group).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Removed {
    /// Names of users, joined by commas.
    username: String,
}

async fn remove(
    call: Call<granted::DeleteUserGroupUser>,
    ApiPath(uuid): ApiPath<String>,
    ApiQuery(removed): ApiQuery<Removed>,
) -> Result<NoContent, ApiError> {
    let group = call.service().group(&uuid).await?;
    call.service().remove_group_members(&group, &parts(Some(&removed.username))).await?;
    Ok(NoContent)
}
