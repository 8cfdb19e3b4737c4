//! The relay: numbers events in the order in which they became visible, and plans what is sent of them where.
//!
//! Numbers, plans and jobs are one transaction, so an event is planned once, however often a process dies.

use std::time::Duration;

use serde_json::json;
use stopgate_store::event;
use stopgate_store::job::{self, Lane, NewJob, Priority};
use stopgate_store::{notify, setting};

use super::deliver::{NOTIFY, TRIES};
use super::selector::hears;
use crate::{Service, ServiceError, clock};

/// Events that are planned at once.
const AT_ONCE: u64 = 500;
/// The setting that holds the number of the last event that was planned.
const SEEN: &str = "relay.seen";

impl Service {
    /// Plans events until there is none left.
    pub(crate) async fn relay(&self) -> Result<(), ServiceError> {
        // A look that takes no lock: where nothing happens, nothing is written.
        while event::unnumbered(self.store().read()).await? || self.behind().await? {
            if !self.relay_some().await? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn seen(&self, db: stopgate_store::Db<'_>) -> Result<i64, ServiceError> {
        let seen = setting::get(db, SEEN).await?;
        Ok(seen.and_then(|seen| seen.parse().ok()).unwrap_or(0))
    }

    async fn behind(&self) -> Result<bool, ServiceError> {
        let db = self.store().read();
        Ok(event::highest(db).await? > self.seen(db).await?)
    }

    /// `false` when another process is at it.
    async fn relay_some(&self) -> Result<bool, ServiceError> {
        let kinds = self.endpoint_kinds().await?;
        let tx = self.store().begin().await?;
        let db = tx.db();
        // The row of the turn is held until the commit: one process at a time.
        if !setting::take_turn(db, "relay", Duration::from_millis(50)).await? {
            return Ok(false);
        }
        event::number(db).await?;
        let seen = self.seen(db).await?;
        let events = event::after(db, seen, AT_ONCE).await?;
        let Some((_, last, _)) = events.last() else { return Ok(false) };
        let listening = notify::listening(db).await?;
        let mut planned = 0_u64;
        for (key, _, event) in &events {
            for (account, kind, selector) in &listening {
                let on = kinds.iter().any(|(known, on, _)| *on && known.name() == kind);
                if on && hears(selector, *account, event) && notify::plan(db, *key, selector.endpoint).await? {
                    let job = NewJob {
                        kind: NOTIFY,
                        account: *account,
                        dedupe_key: format!("{key}:{}", selector.endpoint),
                        lane: Lane::Notify,
                        priority: Priority::New,
                        max_attempts: TRIES,
                        body: json!({"outbox": key, "endpoint": selector.endpoint}),
                        delay: Duration::ZERO,
                    };
                    job::enqueue(db, &job).await?;
                    planned += 1;
                }
            }
        }
        setting::set(db, SEEN, &last.to_string(), clock::now()).await?;
        tx.commit().await?;
        if planned > 0 {
            self.wake();
        }
        Ok(true)
    }
}
