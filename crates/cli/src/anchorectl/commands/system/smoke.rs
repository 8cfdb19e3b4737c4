//! `anchorectl system smoke-tests run`: what a new installation must be able to do, in an account of its own.

use serde_json::json;
use stopgate_api_types::account::{AccountActivation, AccountCreationRequest, AccountStatus};
use stopgate_client::{Client, ClientError};

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::table;
use crate::anchorectl::session::Session;

/// COMPAT: a public chart looks for this name to see whether the tests have ended.
const ACCOUNT: &str = "smoke-test-account";

/// One test.
struct Test {
    name: &'static str,
    description: &'static str,
    run: fn(&Client) -> Result<(), String>,
}

const TESTS: [Test; 7] = [
    Test { name: "wait-for-api", description: "The API answers and says its version", run: version },
    Test { name: "check-services", description: "Every service is up", run: services },
    Test { name: "check-feeds", description: "There is vulnerability data", run: feeds },
    Test { name: "check-admin-credentials", description: "The caller is known to the service", run: caller },
    Test { name: "create-account", description: "An account can be created", run: create },
    Test { name: "list-policies", description: "An active policy is there", run: policies },
    Test { name: "delete-account", description: "The account can be disabled and deleted", run: delete },
];

pub(super) fn run(session: &mut Session, client: &Client) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for test in &TESTS {
        let result = (test.run)(client);
        let word = if result.is_ok() { "pass" } else { "fail" };
        session.done(test.name, &format!("[{word}]"));
        let error = result.err().unwrap_or_default();
        if !error.is_empty() {
            failed.push(format!("{}: {error}", test.name));
        }
        rows.push(vec![test.name.to_owned(), test.description.to_owned(), word.to_owned(), error]);
    }
    let body: Vec<_> = rows
        .iter()
        .map(|row| json!({"name": row.first(), "description": row.get(1), "result": row.get(2), "stderr": row.get(3)}))
        .collect();
    session.print(&Answer::new(json!(body), table(&["NAME", "DESCRIPTION", "RESULT", "STDERR"], &rows)))?;
    if failed.is_empty() { Ok(()) } else { Err(Failure::several(failed)) }
}

fn said(error: &ClientError) -> String {
    error.to_string()
}

fn version(client: &Client) -> Result<(), String> {
    let version = client.version().map_err(|error| said(&error))?.value;
    version.api.and_then(|api| api.version).map(|_| ()).ok_or_else(|| "the service names no API version".to_owned())
}

fn services(client: &Client) -> Result<(), String> {
    let services = client.system_status().map_err(|error| said(&error))?.value.service_states;
    let services = services.map(|list| list.0).unwrap_or_default();
    let down: Vec<String> = services
        .iter()
        .filter(|service| service.status != Some(true))
        .map(|service| service.service_name.clone().unwrap_or_default())
        .collect();
    match (services.is_empty(), down.is_empty()) {
        (true, _) => Err("the service names no parts".to_owned()),
        (false, false) => Err(format!("down: {}", down.join(", "))),
        (false, true) => Ok(()),
    }
}

fn feeds(client: &Client) -> Result<(), String> {
    let feeds = client.feed_list().map_err(|error| said(&error))?.value;
    let filled = feeds.iter().any(|feed| {
        feed.last_full_sync.is_some() || feed.groups.iter().any(|group| group.record_count.unwrap_or(0) > 0)
    });
    if filled { Ok(()) } else { Err("no feed has data".to_owned()) }
}

fn caller(client: &Client) -> Result<(), String> {
    client.user_current().map(|_| ()).map_err(|error| said(&error))
}

/// An account that an earlier run left behind goes first.
fn create(client: &Client) -> Result<(), String> {
    if client.account_get(ACCOUNT).is_ok() {
        delete(client)?;
    }
    let request = AccountCreationRequest { name: ACCOUNT.to_owned(), email: None };
    client.account_add(&request).map(|_| ()).map_err(|error| said(&error))
}

fn policies(client: &Client) -> Result<(), String> {
    let policies = client.policy_list(false).map_err(|error| said(&error))?.value.0;
    let active = policies.iter().any(|policy| policy.active);
    if active { Ok(()) } else { Err("no policy is active".to_owned()) }
}

fn delete(client: &Client) -> Result<(), String> {
    let disabled = AccountStatus { state: Some(AccountActivation::Disabled) };
    client.account_state(ACCOUNT, &disabled).map_err(|error| said(&error))?;
    client.account_delete(ACCOUNT).map_err(|error| said(&error))
}
