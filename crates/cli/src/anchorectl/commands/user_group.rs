//! `anchorectl usergroup`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::user_group::{
    MemberName, RoleName, UserGroup as Record, UserGroupPatch, UserGroupPost, UserGroupRolePost, UserGroupRoles,
    UserGroupUsers, UserGroupUsersPost,
};
use stopgate_client::{Client, Reply};
use uuid::Uuid;

use super::shaped;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::arguments::InputFile;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, text, time};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum UserGroup {
    /// Create a group
    Add(Add),
    /// List groups
    List(List),
    /// Show one group
    Get(Named),
    /// Delete a group
    #[command(visible_alias = "del")]
    Delete(Named),
    /// Change its description
    Update(Update),
    /// Roles that the group gives
    #[command(subcommand)]
    Role(Role),
    /// Members of the group
    #[command(subcommand)]
    User(Member),
}

/// A group to create.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Name
    name: String,
    /// What it is for
    #[arg(short, long, env = "ANCHORECTL_USERGROUPPOST_DESCRIPTION")]
    description: Option<String>,
}

/// Groups.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those with a role in this account
    #[arg(short = 'a', long, env = "ANCHORECTL_USERGROUP_CONTAINS_ACCOUNT")]
    contains_account: Option<String>,
    /// Only those with this member
    #[arg(short = 'u', long, env = "ANCHORECTL_USERGROUP_CONTAINS_USER")]
    contains_user: Option<String>,
    /// Only the one of this name
    #[arg(short = 'g', long, env = "ANCHORECTL_USERGROUP_USER_GROUP_NAME")]
    user_group_name: Option<String>,
}

/// One group.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name or id
    group: String,
}

/// A group to describe.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Name or id
    group: String,
    /// What it is for
    #[arg(short, long, env = "ANCHORECTL_USERGROUP_DESCRIPTION")]
    description: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// Give roles in an account
    Add(RoleAdd),
    /// List roles
    List(RoleOf),
    /// Take all roles in an account away
    #[command(visible_alias = "del")]
    Delete(RoleOf),
}

/// Roles to give.
#[derive(Debug, Args)]
pub(crate) struct RoleAdd {
    /// Name or id
    group: String,
    /// The account
    domain: String,
    #[command(flatten)]
    document: InputFile,
    /// A role (repeatable)
    #[arg(short, long = "role", env = "ANCHORECTL_ROLE")]
    roles: Vec<String>,
}

/// Roles of a group.
#[derive(Debug, Args)]
pub(crate) struct RoleOf {
    /// Name or id
    group: String,
    /// The account
    domain: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// Add members
    Add(Members),
    /// List members
    List(Named),
    /// Remove members
    #[command(visible_alias = "del")]
    Delete(Members),
}

/// Members.
#[derive(Debug, Args)]
pub(crate) struct Members {
    /// Name or id
    group: String,
    #[command(flatten)]
    document: InputFile,
    /// A user (repeatable)
    #[arg(short, long = "user", env = "ANCHORECTL_USER")]
    users: Vec<String>,
}

pub(crate) fn run(session: &mut Session, command: &UserGroup) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        UserGroup::Add(options) => {
            let request = UserGroupPost { name: options.name.clone(), description: options.description.clone() };
            let reply = client.user_group_add(&request)?;
            session.done("Added user group", &options.name);
            session.print(&answer(&reply))
        }
        UserGroup::List(options) => list(session, &client, options),
        UserGroup::Get(named) => {
            let reply = client.user_group_get(&id_of(&client, &named.group)?)?;
            session.done("Fetched user group", &named.group);
            session.print(&answer(&reply))
        }
        UserGroup::Delete(named) => {
            let id = id_of(&client, &named.group)?;
            client.user_group_delete(&id)?;
            session.done("Deleted user group", &named.group);
            session.print(&Answer::new(Value::Null, String::new()).ids([id]))
        }
        UserGroup::Update(options) => {
            let patch = UserGroupPatch { description: options.description.clone().unwrap_or_default() };
            let reply = client.user_group_update(&id_of(&client, &options.group)?, &patch)?;
            session.done("Updated user group", &options.group);
            session.print(&answer(&reply))
        }
        UserGroup::Role(command) => roles(session, &client, command),
        UserGroup::User(command) => members(session, &client, command),
    }
}

fn list(session: &mut Session, client: &Client, options: &List) -> Result<(), Failure> {
    let reply = client.user_group_list(
        options.contains_user.as_deref(),
        options.user_group_name.as_deref(),
        options.contains_account.as_deref(),
    )?;
    session.done("Fetched user groups", "");
    let row = |group: &Record| {
        vec![group.name.clone(), group.group_uuid.to_string(), text(group.description.as_ref()), time(group.created_at)]
    };
    let rows: Vec<Vec<String>> = reply.value.0.iter().map(row).collect();
    let ids: Vec<String> = reply.value.0.iter().map(|group| group.group_uuid.to_string()).collect();
    session.print(&Answer::new(reply.raw, table(&["NAME", "UUID", "DESCRIPTION", "CREATED"], &rows)).ids(ids))
}

fn answer(reply: &Reply<Record>) -> Answer {
    let group = &reply.value;
    let shown = block(&[
        ("Name", group.name.clone()),
        ("UUID", group.group_uuid.to_string()),
        ("Description", text(group.description.as_ref())),
        ("Created At", time(group.created_at)),
    ]);
    Answer::new(reply.raw.clone(), shown).ids([group.group_uuid.to_string()])
}

fn roles(session: &mut Session, client: &Client, command: &Role) -> Result<(), Failure> {
    match command {
        Role::Add(options) => {
            let request = match &options.document.input {
                Some(path) => shaped(session, Some(path))?,
                None => UserGroupRolePost {
                    for_account: Some(options.domain.clone()),
                    domain_name: Some(options.domain.clone()),
                    roles: options.roles.iter().map(|role| RoleName { role: Some(role.clone()) }).collect(),
                },
            };
            let reply = client.user_group_role_add(&id_of(client, &options.group)?, &request)?;
            session.done("Added roles", &options.group);
            session.print(&roles_of(reply))
        }
        Role::List(options) => {
            let mut reply = client.user_group_roles(&id_of(client, &options.group)?)?;
            if let Some(domain) = &options.domain {
                reply.value.items.retain(|role| &role.for_account == domain);
            }
            session.done("Fetched roles", &options.group);
            session.print(&roles_of(reply))
        }
        Role::Delete(options) => {
            let domain = options.domain.as_deref();
            let domain = domain.ok_or_else(|| Failure::new("there is no account: expected GROUP DOMAIN"))?;
            client.user_group_role_delete(&id_of(client, &options.group)?, domain)?;
            session.done("Deleted roles", &options.group);
            Ok(())
        }
    }
}

fn roles_of(reply: Reply<UserGroupRoles>) -> Answer {
    let mut rows = Vec::new();
    for account in &reply.value.items {
        rows.extend(account.roles.iter().map(|role| {
            vec![account.for_account.clone(), text(role.role.as_ref()), text(role.membership_id.as_ref())]
        }));
    }
    let ids: Vec<String> = rows.iter().filter_map(|row| row.last().cloned()).collect();
    Answer::new(reply.raw, table(&["DOMAIN", "ROLE", "MEMBERSHIP ID"], &rows)).ids(ids)
}

fn members(session: &mut Session, client: &Client, command: &Member) -> Result<(), Failure> {
    match command {
        Member::Add(options) => {
            let request = UserGroupUsersPost {
                usernames: users(session, options)?
                    .into_iter()
                    .map(|user| MemberName { username: Some(user) })
                    .collect(),
            };
            let reply = client.user_group_user_add(&id_of(client, &options.group)?, &request)?;
            session.done("Added users", &options.group);
            session.print(&members_of(reply))
        }
        Member::List(named) => {
            let reply = client.user_group_users(&id_of(client, &named.group)?)?;
            session.done("Fetched users", &named.group);
            session.print(&members_of(reply))
        }
        Member::Delete(options) => {
            let users = users(session, options)?;
            client.user_group_user_delete(&id_of(client, &options.group)?, &users)?;
            session.done("Deleted users", &options.group);
            session.print(&Answer::new(Value::Null, String::new()).ids(users))
        }
    }
}

fn users(session: &mut Session, options: &Members) -> Result<Vec<String>, Failure> {
    let mut users = options.users.clone();
    if let Some(path) = &options.document.input {
        let post: UserGroupUsersPost = shaped(session, Some(path))?;
        users.extend(post.usernames.into_iter().filter_map(|member| member.username));
    }
    if users.is_empty() { Err(Failure::new("there is no user: expected --user or --input")) } else { Ok(users) }
}

fn members_of(reply: Reply<UserGroupUsers>) -> Answer {
    let rows: Vec<Vec<String>> =
        reply.value.items.iter().map(|user| vec![user.username.clone(), time(user.added_on)]).collect();
    let ids: Vec<String> = reply.value.items.iter().map(|user| user.username.clone()).collect();
    Answer::new(reply.raw, table(&["USERNAME", "ADDED ON"], &rows)).ids(ids)
}

fn id_of(client: &Client, group: &str) -> Result<String, Failure> {
    if Uuid::parse_str(group).is_ok() {
        return Ok(group.to_owned());
    }
    let groups = client.user_group_list(None, Some(group), None)?.value.0;
    let found = groups.iter().find(|record| record.name == group);
    let found = found.ok_or_else(|| Failure::new(format!("there is no user group `{group}`")))?;
    Ok(found.group_uuid.to_string())
}
