//! `anchorectl user`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::rbac::RbacManagerRoleMember;
use stopgate_api_types::secret::Secret;
use stopgate_api_types::user::{AccessCredential, CredentialType, User as Record, UserCreationRequest, UserType};
use stopgate_client::{Client, Reply};

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, text, time, word};
use crate::anchorectl::session::Session;

/// The account whose users are administrators by themselves.
const ADMIN: &str = "admin";
/// What a user of any other account gets when no role is named.
const DEFAULT_ROLE: &str = "read-write";

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Create a user; the password comes from ANCHORECTL_USER_PASSWORD
    Add(Add),
    /// List users
    List(List),
    /// Show one user
    Get(Named),
    /// Delete a user
    #[command(visible_alias = "del")]
    Delete(Named),
    /// Set a user's password, from ANCHORECTL_USER_PASSWORD or standard input
    SetPassword(Named),
}

/// A user to create.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Name
    username: String,
    /// The account, instead of the caller's
    #[arg(long, env = "ANCHORECTL_USER_ACCOUNT")]
    account: Option<String>,
    /// The identity provider that the user logs in with
    // COMPAT: spelt with an underscore in Anchore's client.
    #[arg(long = "idp_name", alias = "idp-name", env = "ANCHORECTL_IDP_NAME")]
    idp_name: Option<String>,
    /// A role in the account (repeatable); outside the account admin read-write when there is none
    #[arg(long = "role", env = "ANCHORECTL_USER_ROLE")]
    roles: Vec<String>,
}

/// Users.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The account, instead of the caller's
    #[arg(long, env = "ANCHORECTL_USER_ACCOUNT")]
    account: Option<String>,
}

/// One user.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name
    username: String,
    /// The account, instead of the caller's
    #[arg(long, env = "ANCHORECTL_USER_ACCOUNT")]
    account: Option<String>,
}

pub(crate) fn run(session: &mut Session, command: &User) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        User::Add(options) => add(session, &client, options),
        User::List(options) => {
            let reply = client.user_list(&account(session, &client, options.account.as_deref())?)?;
            session.done("Fetched users", "");
            let row = |user: &Record| {
                vec![user.username.clone(), text(user.account_name.as_ref()), word(&user.kind), time(user.created_at)]
            };
            let rows: Vec<Vec<String>> = reply.value.iter().map(row).collect();
            let ids: Vec<String> = reply.value.iter().map(|user| user.username.clone()).collect();
            session.print(&Answer::new(reply.raw, table(&["USERNAME", "ACCOUNT", "TYPE", "CREATED"], &rows)).ids(ids))
        }
        User::Get(named) => {
            let account = account(session, &client, named.account.as_deref())?;
            let reply = client.user_get(&account, &named.username)?;
            session.done("Fetched user", &named.username);
            session.print(&answer(&reply))
        }
        User::Delete(named) => {
            let account = account(session, &client, named.account.as_deref())?;
            client.user_delete(&account, &named.username)?;
            session.done("Deleted user", &named.username);
            session.print(&Answer::new(Value::Null, String::new()).ids([named.username.clone()]))
        }
        User::SetPassword(named) => set_password(session, &client, named),
    }
}

fn add(session: &mut Session, client: &Client, options: &Add) -> Result<(), Failure> {
    let account = account(session, client, options.account.as_deref())?;
    let password = session.settings.get("ANCHORECTL_USER_PASSWORD");
    if options.idp_name.is_none() && password.is_none() {
        return Err(Failure::new("there is no password for the user: the variable ANCHORECTL_USER_PASSWORD sets it"));
    }
    let request = UserCreationRequest {
        username: options.username.clone(),
        password: password.filter(|_| options.idp_name.is_none()).map(Into::into),
        user_type: Some(if options.idp_name.is_some() { UserType::Saml } else { UserType::Native }),
        idp_name: options.idp_name.clone(),
    };
    let reply = client.user_add(&account, &request)?;
    session.done("Added user", &options.username);
    for role in roles(&options.roles, &account) {
        let member = RbacManagerRoleMember {
            username: options.username.clone(),
            for_account: Some(account.clone()),
            domain_name: Some(account.clone()),
            created_at: None,
        };
        client.role_member_add(role, &member).map_err(|error| {
            Failure::from(error).while_doing(&format!("the user is there, but not the role `{role}`"))
        })?;
        session.done("Added role", role);
    }
    session.print(&answer(&reply))
}

fn roles<'a>(wanted: &'a [String], account: &str) -> Vec<&'a str> {
    match wanted {
        [] if account == ADMIN => Vec::new(),
        [] => vec![DEFAULT_ROLE],
        wanted => wanted.iter().map(String::as_str).collect(),
    }
}

fn set_password(session: &mut Session, client: &Client, named: &Named) -> Result<(), Failure> {
    let password = match session.settings.get("ANCHORECTL_USER_PASSWORD") {
        Some(password) => password,
        // On a terminal it would be seen while it is typed.
        None if session.io.input_is_terminal => {
            return Err(Failure::new("there is no password: expected ANCHORECTL_USER_PASSWORD or standard input"));
        }
        None => {
            let bytes = session.read("-".as_ref())?;
            let text = String::from_utf8(bytes).map_err(|_| Failure::new("the password is not UTF-8"))?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    let credential =
        AccessCredential { kind: CredentialType::Password, value: Secret::from(password), created_at: None };
    let account = account(session, client, named.account.as_deref())?;
    client.user_credential_set(&account, &named.username, &credential)?;
    session.done("Set password", &named.username);
    Ok(())
}

/// The account of a user: the named one, else the one that the run acts in, else the caller's own.
fn account(session: &Session, client: &Client, named: Option<&str>) -> Result<String, Failure> {
    if let Some(name) = named {
        return Ok(name.to_owned());
    }
    match session.settings.get("ANCHORECTL_ACCOUNT") {
        Some(name) => Ok(name),
        None => Ok(client.account_current()?.value.name),
    }
}

fn answer(reply: &Reply<Record>) -> Answer {
    let user = &reply.value;
    let roles: Vec<&str> = user.unified_roles.iter().filter_map(|role| role.role_name.as_deref()).collect();
    let shown = block(&[
        ("Username", user.username.clone()),
        ("Account", text(user.account_name.as_ref())),
        ("Type", word(&user.kind)),
        ("Roles", roles.join(", ")),
        ("Created At", time(user.created_at)),
    ]);
    Answer::new(reply.raw.clone(), shown).ids([user.username.clone()])
}

#[cfg(test)]
mod tests {
    #[test]
    fn roles_of_a_new_user() {
        assert_eq!(super::roles(&[], "payments"), ["read-write"]);
        assert!(super::roles(&[], "admin").is_empty());
        assert_eq!(super::roles(&["read-only".to_owned()], "payments"), ["read-only"]);
    }
}
