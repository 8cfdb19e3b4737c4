//! `anchorectl system wait`: until the service answers, its parts are up and its data is there.

use std::time::Duration;

use clap::Args;
use stopgate_client::{Client, ClientError};

use crate::anchorectl::commands::number;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::session::Session;

/// How long to wait.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Give up after so many seconds; below zero: never
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "-1",
        allow_hyphen_values = true,
        env = "ANCHORECTL_SYSTEM_WAIT_TIMEOUT"
    )]
    timeout: String,
    /// Seconds between two questions
    #[arg(long, value_name = "SECONDS", default_value = "5", env = "ANCHORECTL_SYSTEM_WAIT_INTERVAL")]
    interval: String,
    /// Feeds that must have data
    #[arg(long, value_name = "NAME,NAME", default_value = "vulnerabilities", env = "ANCHORECTL_SYSTEM_WAIT_FEEDS")]
    feeds: String,
}

pub(super) fn run(session: &mut Session, client: &Client, options: &Wait) -> Result<(), Failure> {
    let interval = number(&options.interval, "seconds")?;
    let interval = u64::try_from(interval).ok().filter(|seconds| *seconds > 0);
    let interval = interval.ok_or_else(|| Failure::new("the interval must be a second at least"))?;
    let timeout = number(&options.timeout, "seconds")?;
    let questions = u64::try_from(timeout).ok().map(|seconds| seconds.div_ceil(interval).max(1));
    let mut patience = Patience { left: questions, pause: Duration::from_secs(interval) };
    patience.until(session, "the API does not answer", || answers(client))?;
    session.done("API available", "");
    let count = patience.until(session, "the services are not up", || services(client))?;
    session.done("Services available", &format!("[{count} up]"));
    let wanted: Vec<&str> = options.feeds.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    patience.until(session, "there is no vulnerability data", || data(client, &wanted))?;
    session.done("Vulnerabilities feed ready", "");
    Ok(())
}

/// How often there may be another question.
struct Patience {
    left: Option<u64>,
    pause: Duration,
}

impl Patience {
    fn until<T>(
        &mut self,
        session: &Session,
        why: &str,
        ask: impl Fn() -> Result<Option<T>, ClientError>,
    ) -> Result<T, Failure> {
        loop {
            let reason = match ask() {
                Ok(Some(value)) => return Ok(value),
                Ok(None) => why.to_owned(),
                // Wrong credentials do not get better by waiting.
                Err(error) if matches!(error.status(), Some(401 | 403)) => return Err(error.into()),
                Err(error) => format!("{why}: {error}"),
            };
            match &mut self.left {
                Some(left) if *left <= 1 => return Err(Failure::new(reason)),
                Some(left) => *left -= 1,
                None => {}
            }
            session.pause_for(self.pause);
        }
    }
}

fn answers(client: &Client) -> Result<Option<()>, ClientError> {
    client.version().map(|_| Some(()))
}

fn services(client: &Client) -> Result<Option<usize>, ClientError> {
    let services = client.system_status()?.value.service_states.map(|list| list.0).unwrap_or_default();
    let up = services.iter().all(|service| service.status == Some(true));
    Ok((up && !services.is_empty()).then_some(services.len()))
}

/// Each wanted feed must have been filled once. A name that no feed has can only be waited for.
fn data(client: &Client, wanted: &[&str]) -> Result<Option<()>, ClientError> {
    let feeds = client.feed_list()?.value;
    let filled = |name: &&str| {
        feeds
            .iter()
            .filter(|feed| feed.name.as_deref() == Some(*name))
            .any(|feed| feed.last_full_sync.is_some() || feed.groups.iter().any(|group| group.last_sync.is_some()))
    };
    Ok(wanted.iter().all(filled).then_some(()))
}
