//! Events and the audit log.

use serde_json::json;

use crate::audit::{self, Entry};
use crate::event::{self, Event, EventFilter};
use crate::sql::sql;
use crate::{AccountId, Store};

use super::{at, on_both};

async fn write(store: &Store, account: i64, kind: &str, seconds: i64) {
    let event = Event {
        uuid: format!("{account}-{kind}-{seconds}"),
        account: AccountId(account),
        account_name: "team".to_owned(),
        kind: kind.to_owned(),
        level: if kind.ends_with("failed") { "error" } else { "info" }.to_owned(),
        category: "user".to_owned(),
        resource_type: "image_digest".to_owned(),
        resource_id: "sha256:1".to_owned(),
        message: "it happened".to_owned(),
        details: json!({"n": 1}),
        request_id: String::new(),
        host: "h".to_owned(),
        at: at(seconds),
    };
    let tx = store.begin().await.unwrap();
    event::write(tx.db(), &event).await.unwrap();
    tx.commit().await.unwrap();
}

#[test]
fn events_are_filtered_numbered_and_deleted() {
    on_both(|store| async move {
        write(&store, 1, "user.image.analysis.completed", 1).await;
        write(&store, 1, "user.image.analysis.failed", 2).await;
        write(&store, 1, "user.policy.active.updated", 3).await;
        write(&store, 2, "user.image.analysis.completed", 4).await;
        let kinds = |filter: EventFilter| {
            let store = store.clone();
            async move {
                let found = event::list(store.read(), AccountId(1), &filter, 10, 0).await.unwrap();
                found.into_iter().map(|event| event.kind).collect::<Vec<_>>()
            }
        };
        let of = |kind: &str| EventFilter { kind: Some(kind.to_owned()), ..EventFilter::default() };
        assert_eq!(kinds(of("user.image.*")).await, ["user.image.analysis.failed", "user.image.analysis.completed"]);
        assert_eq!(kinds(of("user.p")).await, ["user.policy.active.updated"]);
        let errors = EventFilter { level: Some("error".to_owned()), ..EventFilter::default() };
        assert_eq!(kinds(errors).await, ["user.image.analysis.failed"]);
        let window = EventFilter { since: Some(at(2)), before: Some(at(3)), ..EventFilter::default() };
        assert_eq!(kinds(window).await, ["user.image.analysis.failed"]);

        let tx = store.begin().await.unwrap();
        assert!(event::delete(tx.db(), AccountId(1), &EventFilter::default(), None).await.unwrap().is_empty());
        assert_eq!(event::number(tx.db()).await.unwrap(), 4);
        tx.commit().await.unwrap();
        write(&store, 1, "user.policy.active.updated", 5).await;
        let tx = store.begin().await.unwrap();
        assert_eq!(event::number(tx.db()).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let after = event::after(store.read(), 3, 10).await.unwrap();
        assert_eq!(after.iter().map(|(_, seq, _)| *seq).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(event::highest(store.read()).await.unwrap(), 5);

        assert!(event::find(store.read(), AccountId(2), "1-user.policy.active.updated-3").await.unwrap().is_none());
        let tx = store.begin().await.unwrap();
        let gone = event::delete(tx.db(), AccountId(1), &EventFilter::default(), None).await.unwrap();
        assert_eq!(gone.len(), 4);
        tx.commit().await.unwrap();
        assert_eq!(event::list(store.read(), AccountId(2), &EventFilter::default(), 10, 0).await.unwrap().len(), 1);
    });
}

#[test]
fn an_altered_audit_entry_breaks_the_chain() {
    on_both(|store| async move {
        for n in 0..5 {
            let entry = Entry {
                account: "admin".to_owned(),
                actor: "ann".to_owned(),
                method: "POST".to_owned(),
                target: format!("/v2/accounts/{n}"),
                status: 200,
                at: at(n),
            };
            let tx = store.begin().await.unwrap();
            audit::add(tx.db(), &entry).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(audit::verify(store.read()).await.unwrap(), None);
        assert_eq!(audit::list(store.read(), 2, 1).await.unwrap()[0].target, "/v2/accounts/3");
        let tx = store.begin().await.unwrap();
        sql("UPDATE audit SET status = 403 WHERE seq = 3").run(tx.db()).await.unwrap();
        assert_eq!(audit::verify(tx.db()).await.unwrap(), Some(3));
        drop(tx);
        let tx = store.begin().await.unwrap();
        sql("DELETE FROM audit WHERE seq = 2").run(tx.db()).await.unwrap();
        assert_eq!(audit::verify(tx.db()).await.unwrap(), Some(3));
    });
}
