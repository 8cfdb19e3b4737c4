//! `anchorectl account`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::account::{
    Account as Record, AccountActivation, AccountCreationRequest, AccountInfo, AccountStatus,
};
use stopgate_client::Reply;

use super::user;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, text, time, word};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Create an account
    Add(Change),
    /// List accounts
    List(List),
    /// Show one account
    Get(Named),
    /// Let its users in again
    Enable(Named),
    /// Lock its users out
    Disable(Named),
    /// Delete an account that is disabled, with all that is in it
    #[command(visible_alias = "del")]
    Delete(Named),
    /// Change its e-mail address
    Update(Change),
    // COMPAT: a public page nests users so.
    #[command(subcommand, hide = true)]
    User(user::User),
}

/// An account with its e-mail address.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// Name
    name: String,
    /// E-mail address
    #[arg(long, env = "ANCHORECTL_ACCOUNT_EMAIL")]
    email: Option<String>,
}

/// Accounts.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those in this state
    #[arg(long, value_parser = ["enabled", "disabled", "deleting"], env = "ANCHORECTL_ACCOUNT_STATE")]
    state: Option<String>,
}

/// One account.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name
    name: String,
}

pub(crate) fn run(session: &mut Session, command: &Account) -> Result<(), Failure> {
    if let Account::User(command) = command {
        return user::run(session, command);
    }
    let client = session.client()?;
    let (done, reply) = match command {
        Account::Add(options) => {
            let request = AccountCreationRequest { name: options.name.clone(), email: options.email.clone() };
            ("Added account", client.account_add(&request)?)
        }
        Account::Update(options) => {
            let info = AccountInfo { email: options.email.clone() };
            ("Updated account", client.account_update(&options.name, &info)?)
        }
        Account::Get(named) => ("Fetched account", client.account_get(&named.name)?),
        Account::Enable(named) | Account::Disable(named) => {
            let enable = matches!(command, Account::Enable(_));
            let state = if enable { AccountActivation::Enabled } else { AccountActivation::Disabled };
            client.account_state(&named.name, &AccountStatus { state: Some(state) })?;
            (if enable { "Enabled account" } else { "Disabled account" }, client.account_get(&named.name)?)
        }
        Account::Delete(named) => {
            client.account_delete(&named.name)?;
            session.done("Deleted account", &named.name);
            return session.print(&Answer::new(Value::Null, String::new()).ids([named.name.clone()]));
        }
        Account::List(options) => {
            let reply = client.account_list(options.state.as_deref())?;
            session.done("Fetched accounts", "");
            let rows: Vec<Vec<String>> = reply.value.0.iter().map(row).collect();
            let ids: Vec<String> = reply.value.0.iter().map(|account| account.name.clone()).collect();
            return session.print(&Answer::new(reply.raw, table(&["NAME", "EMAIL", "TYPE", "STATE"], &rows)).ids(ids));
        }
        Account::User(_) => return Ok(()),
    };
    session.done(done, &reply.value.name);
    session.print(&answer(&reply))
}

fn row(account: &Record) -> Vec<String> {
    vec![account.name.clone(), text(account.email.as_ref()), word(&account.kind), word(&account.state)]
}

fn answer(reply: &Reply<Record>) -> Answer {
    let account = &reply.value;
    let shown = block(&[
        ("Name", account.name.clone()),
        ("Email", text(account.email.as_ref())),
        ("Type", word(&account.kind)),
        ("State", word(&account.state)),
        ("Created At", time(account.created_at)),
        ("Last Updated", time(account.last_updated)),
    ]);
    Answer::new(reply.raw.clone(), shown).ids([account.name.clone()])
}
