//! `anchorectl feed`.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use stopgate_api_types::feed::FeedMetadata;
use stopgate_client::Client;

use super::number;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{flag, table, text, time};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Feed {
    /// List feeds with their groups
    List,
    /// Fetch data now
    Sync(Sync),
}

/// How to fetch.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// Fetch it although nothing changed
    // COMPAT: spelt with an underscore in Anchore's client.
    #[arg(short, long = "force_sync", alias = "force-sync", env = "ANCHORECTL_FORCE_SYNC")]
    force_sync: bool,
    /// Wait so many seconds for new data; below zero: do not wait
    #[arg(
        short,
        long,
        value_name = "SECONDS",
        default_value = "-1",
        allow_hyphen_values = true,
        env = "ANCHORECTL_TIMEOUT"
    )]
    timeout: String,
}

pub(crate) fn run(session: &mut Session, command: &Feed) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Feed::List => {
            let reply = client.feed_list()?;
            session.done("List feed", "");
            let rows: Vec<Vec<String>> = reply.value.iter().flat_map(rows).collect();
            let ids: Vec<String> = reply.value.iter().filter_map(|feed| feed.name.clone()).collect();
            let heads = ["FEED", "GROUP", "ENABLED", "LAST UPDATED", "RECORD COUNT"];
            session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids))
        }
        Feed::Sync(options) => sync(session, &client, options),
    }
}

/// A row per group; a feed without groups has one all the same.
fn rows(feed: &FeedMetadata) -> Vec<Vec<String>> {
    let name = text(feed.name.as_ref());
    if feed.groups.is_empty() {
        let updated = feed.last_full_sync.or(feed.updated_at);
        return vec![vec![name, String::new(), flag(feed.enabled), time(updated), String::new()]];
    }
    let row = |group: &stopgate_api_types::feed::FeedGroupMetadata| {
        let count = group.record_count.map(|count| count.to_string()).unwrap_or_default();
        vec![
            name.clone(),
            text(group.name.as_ref()),
            flag(group.enabled.or(feed.enabled)),
            time(group.last_sync),
            count,
        ]
    };
    feed.groups.iter().map(row).collect()
}

fn sync(session: &mut Session, client: &Client, options: &Sync) -> Result<(), Failure> {
    let seconds = number(&options.timeout, "seconds")?;
    let before = newest(&client.feed_list()?.value);
    client.feed_sync(options.force_sync)?;
    session.done("Synced feed", "");
    let Ok(seconds) = u64::try_from(seconds) else { return Ok(()) };
    // Counted in questions, not on a clock: that a machine sleeps in between does not count.
    let poll = session.settings.poll().max(Duration::from_millis(1));
    let questions = Duration::from_secs(seconds).as_millis().div_ceil(poll.as_millis());
    for _ in 0..questions {
        if newest(&client.feed_list()?.value) > before {
            session.done("Feed data is new", "");
            return Ok(());
        }
        session.pause();
    }
    Err(Failure::new(format!("there was no new data within {seconds} seconds")))
}

/// The latest time at which any group got data.
fn newest(feeds: &[FeedMetadata]) -> Option<Timestamp> {
    let groups = feeds.iter().flat_map(|feed| &feed.groups).filter_map(|group| group.last_sync);
    groups.chain(feeds.iter().filter_map(|feed| feed.last_full_sync)).max()
}
