//! Leases, retries, fairness, cancelling.

use std::time::Duration;

use serde_json::json;

use crate::job::{self, Lane, NewJob, Priority};
use crate::sql::sql;
use crate::{AccountId, Store, StoreError};

use super::on_both;

fn wanted(account: i64, key: &str, priority: Priority) -> NewJob {
    NewJob {
        kind: "analyze",
        account: AccountId(account),
        dedupe_key: key.to_owned(),
        lane: Lane::Analyze,
        priority,
        max_attempts: 2,
        body: json!({"image": key}),
        delay: Duration::ZERO,
    }
}

async fn ask(store: &Store, jobs: &[NewJob]) {
    let tx = store.begin().await.unwrap();
    for wanted in jobs {
        job::enqueue(tx.db(), wanted).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn keys(store: &Store) -> Vec<String> {
    let mut keys = Vec::new();
    while let Some(job) = store.lease("w", &[Lane::Analyze]).await.unwrap() {
        keys.push(job.body["image"].as_str().unwrap().to_owned());
    }
    keys
}

#[test]
fn the_urgent_goes_first_and_no_account_waits_for_another() {
    on_both(|store| async move {
        let jobs = [
            wanted(1, "a1", Priority::New),
            wanted(1, "a2", Priority::New),
            wanted(1, "a3", Priority::New),
            wanted(2, "b1", Priority::New),
            wanted(2, "late", Priority::Scheduled),
            wanted(1, "now", Priority::Interactive),
            // Asked for again, and more urgently: still one job.
            wanted(1, "a3", Priority::Interactive),
        ];
        ask(&store, &jobs).await;
        assert_eq!(keys(&store).await, ["a3", "now", "b1", "a1", "a2", "late"]);
        assert_eq!(job::depth(store.read()).await.unwrap(), [("analyze".to_owned(), 6)]);
    });
}

#[test]
fn other_lanes_and_later_jobs_wait() {
    on_both(|store| async move {
        let later = NewJob { delay: Duration::from_mins(1), ..wanted(1, "later", Priority::New) };
        let other = NewJob { lane: Lane::Notify, ..wanted(1, "other", Priority::New) };
        ask(&store, &[later, other]).await;
        assert!(store.lease("w", &[Lane::Analyze, Lane::Evaluate]).await.unwrap().is_none());
        assert!(store.lease("w", &[Lane::Notify]).await.unwrap().is_some());
    });
}

#[test]
fn a_lost_lease_commits_nothing() {
    on_both(|store| async move {
        ask(&store, &[wanted(1, "a", Priority::New)]).await;
        let first = store.lease("w1", &[Lane::Analyze]).await.unwrap().unwrap();
        assert!(store.renew(&first, Some("half")).await.unwrap());
        assert!(store.expire_leases().await.unwrap().is_empty());
        // As if the worker had been frozen for longer than its lease.
        let tx = store.begin().await.unwrap();
        sql("UPDATE job SET lease_until = 0").run(tx.db()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.expire_leases().await.unwrap().is_empty());
        let second = store.lease("w2", &[Lane::Analyze]).await.unwrap().unwrap();
        assert_eq!((second.attempts, second.lease_no, second.progress.as_deref()), (2, 2, Some("half")));

        assert!(matches!(store.renew(&first, None).await, Err(StoreError::LeaseLost)));
        let tx = store.begin().await.unwrap();
        assert!(matches!(job::complete(tx.db(), &first).await, Err(StoreError::LeaseLost)));
        drop(tx);
        let tx = store.begin().await.unwrap();
        job::complete(tx.db(), &second).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(job::latest(store.read(), "analyze", "a").await.unwrap().unwrap().state, "done");
        assert_eq!(job::sweep(store.read(), i64::MAX).await.unwrap(), 1);
    });
}

#[test]
fn a_job_that_kills_its_workers_ends() {
    on_both(|store| async move {
        ask(&store, &[wanted(1, "poison", Priority::Interactive), wanted(1, "good", Priority::New)]).await;
        for try_no in 1..=2 {
            let job = store.lease("w", &[Lane::Analyze]).await.unwrap().unwrap();
            assert_eq!((job.body["image"].as_str(), job.attempts), (Some("poison"), try_no));
            let dead = store.release_holder("w").await.unwrap();
            assert_eq!(dead.len(), usize::from(try_no == 2));
        }
        let poison = job::latest(store.read(), "analyze", "poison").await.unwrap().unwrap();
        assert_eq!((poison.state.as_str(), poison.error.as_deref()), ("dead", Some(job::WORKER_LOST)));
        assert_eq!(keys(&store).await, ["good"]);
    });
}

#[test]
fn a_failure_is_tried_again_and_ends_with_its_cause() {
    on_both(|store| async move {
        ask(&store, &[wanted(1, "a", Priority::New)]).await;
        let job = store.lease("w", &[Lane::Analyze]).await.unwrap().unwrap();
        let over = store.fail(store.begin().await.unwrap(), &job, "503", Some(Duration::ZERO)).await.unwrap();
        assert!(!over);
        let job = store.lease("w", &[Lane::Analyze]).await.unwrap().unwrap();
        assert_eq!(job.error.as_deref(), Some("503"));
        assert!(store.fail(store.begin().await.unwrap(), &job, "gone", Some(Duration::ZERO)).await.unwrap());
        let job = job::latest(store.read(), "analyze", "a").await.unwrap().unwrap();
        assert_eq!((job.state.as_str(), job.error.as_deref()), ("dead", Some("gone")));
    });
}

#[test]
fn what_a_stopping_server_gives_back_was_not_tried() {
    on_both(|store| async move {
        ask(&store, &[wanted(1, "a", Priority::New)]).await;
        // More often than it may be tried.
        for _ in 0..3 {
            let job = store.lease("w", &[Lane::Analyze]).await.unwrap().unwrap();
            assert_eq!(job.attempts, 1);
            store.give_back(&job).await.unwrap();
            assert!(matches!(store.give_back(&job).await, Err(StoreError::LeaseLost)));
        }
        assert_eq!(keys(&store).await, ["a"]);
    });
}

#[test]
fn cancelling_stops_what_waits_and_tells_what_runs() {
    on_both(|store| async move {
        ask(&store, &[wanted(1, "runs", Priority::Interactive), wanted(1, "waits", Priority::New)]).await;
        let running = store.lease("w", &[Lane::Analyze]).await.unwrap().unwrap();
        let tx = store.begin().await.unwrap();
        for key in ["runs", "waits"] {
            job::cancel(tx.db(), AccountId(2), "analyze", key).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert!(store.renew(&running, None).await.unwrap(), "another account cancels nothing");
        let tx = store.begin().await.unwrap();
        for key in ["runs", "waits"] {
            job::cancel(tx.db(), AccountId(1), "analyze", key).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert!(!store.renew(&running, None).await.unwrap());
        store.cancel_leased(&running).await.unwrap();
        assert!(store.lease("w", &[Lane::Analyze]).await.unwrap().is_none());
    });
}

#[test]
fn many_workers_take_each_job_once() {
    on_both(|store| async move {
        let jobs: Vec<NewJob> = (0..60).map(|n| wanted(n % 3, &format!("j{n}"), Priority::New)).collect();
        ask(&store, &jobs).await;
        let workers = (0..4).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while let Some(job) = store.lease(&format!("w{n}"), &[Lane::Analyze]).await.unwrap() {
                    let tx = store.begin().await.unwrap();
                    job::complete(tx.db(), &job).await.unwrap();
                    tx.commit().await.unwrap();
                    taken.push(job.id);
                }
                taken
            })
        });
        let mut all = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            all.extend(worker.await.unwrap());
        }
        all.sort_unstable();
        let n = all.len();
        all.dedup();
        assert_eq!((n, all.len()), (60, 60));
    });
}
