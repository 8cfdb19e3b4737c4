//! `anchorectl event`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use stopgate_api_types::event::EventResponse;
use stopgate_client::{Client, EventFilter, Reply};

use super::number;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, text, time};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// List events, newest first
    List(List),
    /// Show one event
    Get {
        /// Id
        id: String,
    },
    /// Delete one event, or many by time and level
    #[command(visible_alias = "del")]
    Delete(Delete),
}

/// Events.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Every page
    #[arg(long, env = "ANCHORECTL_EVENT_ALL")]
    all: bool,
    /// Only before this time (RFC 3339)
    #[arg(long, value_name = "TIME", env = "ANCHORECTL_EVENT_BEFORE")]
    before: Option<String>,
    /// Only since this time (RFC 3339)
    #[arg(long, value_name = "TIME", env = "ANCHORECTL_EVENT_SINCE")]
    since: Option<String>,
    /// Only of types that begin so
    #[arg(long, env = "ANCHORECTL_EVENT_TYPE")]
    event_type: Option<String>,
    /// Only of this host
    #[arg(long, env = "ANCHORECTL_EVENT_SOURCE_HOST_ID")]
    host: Option<String>,
    /// Only of this service
    #[arg(long, env = "ANCHORECTL_EVENT_SOURCE_SERVICE_NAME")]
    service: Option<String>,
    /// Only of this level
    #[arg(long, value_parser = ["INFO", "ERROR"], ignore_case = true, env = "ANCHORECTL_EVENT_LEVEL")]
    level: Option<String>,
    /// Which page, from 1
    #[arg(long, default_value = "1", env = "ANCHORECTL_PAGE")]
    page: String,
    /// Only of this resource
    #[arg(long, env = "ANCHORECTL_EVENT_RESOURCE_ID")]
    resource_id: Option<String>,
    /// Only of resources of this type
    #[arg(long, env = "ANCHORECTL_EVENT_RESOURCE_TYPE")]
    resource_type: Option<String>,
}

/// Events to delete.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Id of one event
    id: Option<String>,
    /// Every event
    #[arg(long)]
    all: bool,
    /// Those before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// Those since this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Those of this level
    #[arg(long, value_parser = ["INFO", "ERROR"], ignore_case = true)]
    level: Option<String>,
    /// Accepted for scripts; nobody is asked in any case
    #[arg(long, env = "ANCHORECTL_EVENT_FORCE", hide = true)]
    force: bool,
}

pub(crate) fn run(session: &mut Session, command: &Event) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Event::List(options) => list(session, &client, options),
        Event::Get { id } => {
            let reply = client.event_get(id)?;
            session.done("Fetched event", id);
            session.print(&answer(&reply))
        }
        Event::Delete(options) => delete(session, &client, options),
    }
}

fn list(session: &mut Session, client: &Client, options: &List) -> Result<(), Failure> {
    let filter = EventFilter {
        service: options.service.clone(),
        host: options.host.clone(),
        event_type: options.event_type.clone(),
        resource_type: options.resource_type.clone(),
        resource_id: options.resource_id.clone(),
        level: options.level.clone(),
        since: options.since.clone(),
        before: options.before.clone(),
    };
    let first = number(&options.page, "a page")?;
    let mut page = u64::try_from(first).ok().filter(|page| *page > 0).unwrap_or(1);
    let mut events = Vec::new();
    let mut bodies = Vec::new();
    loop {
        let reply = client.event_list(&filter, page)?;
        let more = reply.value.next_page == Some(true) && !reply.value.results.is_empty();
        events.extend(reply.value.results);
        bodies.push(reply.raw);
        if !options.all || !more {
            break;
        }
        page += 1;
    }
    session.done("List events", "");
    let rows: Vec<Vec<String>> = events.iter().map(row).collect();
    let ids: Vec<String> = events.iter().filter_map(|event| event.event_id.clone()).collect();
    let results: Vec<&Value> = bodies.iter().filter_map(|body| body.get("results")?.as_array()).flatten().collect();
    let json = json!(results);
    let raw = if bodies.len() == 1 { bodies.remove(0) } else { Value::Array(bodies) };
    let heads = ["UUID", "EVENT TYPE", "LEVEL", "RESOURCE", "TIMESTAMP", "MESSAGE"];
    session.print(&Answer::new(raw, table(&heads, &rows)).json(json).ids(ids))
}

fn row(record: &EventResponse) -> Vec<String> {
    let event = record.event.as_ref();
    let resource = event.and_then(|event| event.resource.as_ref());
    vec![
        text(record.event_id.as_ref()),
        text(event.and_then(|event| event.kind.as_ref())),
        text(event.and_then(|event| event.level.as_ref())),
        text(resource.and_then(|resource| resource.id.as_ref())),
        time(event.and_then(|event| event.timestamp).or(record.created_at)),
        text(event.and_then(|event| event.message.as_ref())).replace('\n', " "),
    ]
}

fn answer(reply: &Reply<EventResponse>) -> Answer {
    let heads = ["UUID", "Event Type", "Level", "Resource", "Timestamp", "Message"];
    let lines: Vec<(&str, String)> = heads.into_iter().zip(row(&reply.value)).collect();
    Answer::new(reply.raw.clone(), block(&lines)).ids(reply.value.event_id.clone())
}

fn delete(session: &mut Session, client: &Client, options: &Delete) -> Result<(), Failure> {
    if let Some(id) = &options.id {
        client.event_delete(id)?;
        session.done("Deleted event", id);
        return session.print(&Answer::new(Value::Null, String::new()).ids([id.clone()]));
    }
    let filter = EventFilter {
        since: options.since.clone(),
        before: options.before.clone(),
        level: options.level.clone(),
        ..EventFilter::default()
    };
    if filter.since.is_none() && filter.before.is_none() && filter.level.is_none() && !options.all {
        return Err(Failure::new("nothing says which events: expected ID, --before, --since, --level or --all"));
    }
    let reply = client.events_delete(&filter)?;
    let ids: Vec<String> =
        reply.raw.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    session.done("Deleted events", &format!("[{} events]", ids.len()));
    session.print(&Answer::new(reply.raw, String::new()).ids(ids))
}
