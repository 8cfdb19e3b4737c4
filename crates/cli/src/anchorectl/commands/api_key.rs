//! `anchorectl apikey`: the caller's own keys.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use stopgate_api_types::api_key::{ApiKeyChange, ApiKeyUpdate, UserApiKey};
use stopgate_client::Reply;

use super::number;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, text, time, word};
use crate::anchorectl::session::Session;
use crate::clock;

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKey {
    /// Create a key; its value is shown this once
    Add(Add),
    /// List keys
    List,
    /// Show one key
    Get(Named),
    /// Revoke a key
    Revoke(Named),
    /// Delete a key
    #[command(visible_alias = "del")]
    Delete(Named),
}

/// A key to create.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Name
    name: String,
    /// What it is for
    #[arg(long, env = "ANCHORECTL_APIKEY_DESCRIPTION")]
    description: Option<String>,
    /// For how many days it is good
    #[arg(long, value_name = "DAYS", default_value = "90", env = "ANCHORECTL_APIKEY_DAYS")]
    days: String,
    /// When it expires (RFC 3339), instead of --days
    #[arg(long, value_name = "TIME", env = "ANCHORECTL_APIKEY_EXPIRES_AT")]
    expires_at: Option<String>,
}

/// One key.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name
    name: String,
}

pub(crate) fn run(session: &mut Session, command: &ApiKey) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        ApiKey::Add(options) => {
            let key = UserApiKey {
                name: options.name.clone(),
                description: options.description.clone(),
                expires_at: expiry(options)?,
                created_at: None,
                updated_at: None,
                version: None,
                value: None,
                status: None,
            };
            let reply = client.api_key_add(&key)?;
            session.done("Added API key", &options.name);
            session.print(&answer(&reply))
        }
        ApiKey::List => {
            let reply = client.api_key_list()?;
            session.done("Fetched API keys", "");
            let row = |key: &UserApiKey| {
                vec![key.name.clone(), word(&key.status), time(Some(key.expires_at)), text(key.description.as_ref())]
            };
            let rows: Vec<Vec<String>> = reply.value.items.iter().map(row).collect();
            let ids: Vec<String> = reply.value.items.iter().map(|key| key.name.clone()).collect();
            session.print(&Answer::new(reply.raw, table(&["NAME", "STATUS", "EXPIRES", "DESCRIPTION"], &rows)).ids(ids))
        }
        ApiKey::Get(named) => {
            let reply = client.api_key_get(&named.name)?;
            session.done("Fetched API key", &named.name);
            session.print(&answer(&reply))
        }
        ApiKey::Revoke(named) => {
            let update = ApiKeyUpdate { status: Some(ApiKeyChange::Revoked), ..ApiKeyUpdate::default() };
            let reply = client.api_key_update(&named.name, &update)?;
            session.done("Revoked API key", &named.name);
            session.print(&answer(&reply))
        }
        ApiKey::Delete(named) => {
            client.api_key_delete(&named.name)?;
            session.done("Deleted API key", &named.name);
            session.print(&Answer::new(Value::Null, String::new()).ids([named.name.clone()]))
        }
    }
}

fn expiry(options: &Add) -> Result<Timestamp, Failure> {
    if let Some(time) = &options.expires_at {
        return Ok(clock::now(Some(time))?);
    }
    let days = number(&options.days, "a number of days")?;
    let too_far = || Failure::new(format!("`{days}` is not a number of days that a key can be good for"));
    let hours = days.checked_mul(24).filter(|hours| *hours > 0).ok_or_else(too_far)?;
    clock::now(None)?.checked_add(SignedDuration::from_hours(hours)).map_err(|_| too_far())
}

fn answer(reply: &Reply<UserApiKey>) -> Answer {
    let key = &reply.value;
    let mut lines = vec![
        ("Name", key.name.clone()),
        ("Description", text(key.description.as_ref())),
        ("Status", word(&key.status)),
        ("Expires At", time(Some(key.expires_at))),
    ];
    lines.extend(key.value.as_ref().map(|value| ("Value", value.expose().to_owned())));
    Answer::new(reply.raw.clone(), block(&lines)).ids([key.name.clone()])
}
