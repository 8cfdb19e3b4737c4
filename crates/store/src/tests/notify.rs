//! Endpoints, what they hear, what is sent to them; large blobs.

use serde_json::json;

use crate::event::{self, Event};
use crate::notify::{self, Selector};
use crate::{AccountId, account};

use super::{at, on_both};

fn happened(uuid: &str, account: AccountId) -> Event {
    Event {
        uuid: uuid.to_owned(),
        account,
        account_name: "team".to_owned(),
        kind: "user.image.analysis.failed".to_owned(),
        level: "error".to_owned(),
        category: "user".to_owned(),
        resource_type: "image_digest".to_owned(),
        resource_id: "sha256:1".to_owned(),
        message: "it happened".to_owned(),
        details: json!({}),
        request_id: String::new(),
        host: "h".to_owned(),
        at: at(1),
    }
}

#[test]
fn endpoints_hear_and_what_is_sent_to_them_is_written_down_once() {
    on_both(|store| async move {
        let tx = store.begin().await.unwrap();
        let db = tx.db();
        let team = account::create(db, "team", "user", None, at(0)).await.unwrap().id;
        notify::create_endpoint(db, team, "webhook", "e1", &json!({"url": "https://a"}), at(0)).await.unwrap();
        let endpoint = notify::endpoint(db, team, "webhook", "e1").await.unwrap().unwrap();
        assert!(notify::endpoint(db, AccountId(team.0 + 1), "webhook", "e1").await.unwrap().is_none());
        assert!(notify::endpoint(db, team, "slack", "e1").await.unwrap().is_none());
        let selector = Selector {
            uuid: "s1".to_owned(),
            endpoint: endpoint.id,
            endpoint_uuid: "e1".to_owned(),
            global: false,
            level: "*".to_owned(),
            resource_type: "*".to_owned(),
            kind: "user.*".to_owned(),
        };
        notify::put_selector(db, &selector, at(0)).await.unwrap();
        let changed = Selector { level: "error".to_owned(), ..selector.clone() };
        notify::put_selector(db, &changed, at(1)).await.unwrap();
        assert_eq!(notify::listening(db).await.unwrap(), [(team, "webhook".to_owned(), changed.clone())]);
        assert_eq!(notify::selectors(db, team, Some(endpoint.id)).await.unwrap(), [changed]);
        account::set_state(db, team, account::AccountState::Disabled, at(1)).await.unwrap();
        assert!(notify::listening(db).await.unwrap().is_empty());

        event::write(db, &happened("one", team)).await.unwrap();
        assert!(event::unnumbered(db).await.unwrap());
        event::number(db).await.unwrap();
        let (key, _, _) = event::after(db, 0, 10).await.unwrap().pop().unwrap();
        assert!(notify::plan(db, key, endpoint.id).await.unwrap());
        assert!(!notify::plan(db, key, endpoint.id).await.unwrap());
        assert_eq!(notify::waiting(db, key, endpoint.id).await.unwrap().unwrap().uuid, "one");
        notify::sent(db, (key, endpoint.id), "waiting", 1, Some("it answers 500")).await.unwrap();
        notify::went(db, endpoint.id, Some("it answers 500"), at(2)).await.unwrap();
        assert!(notify::waiting(db, key, endpoint.id).await.unwrap().is_some());
        notify::sent(db, (key, endpoint.id), "delivered", 2, None).await.unwrap();
        notify::went(db, endpoint.id, None, at(3)).await.unwrap();
        assert!(notify::waiting(db, key, endpoint.id).await.unwrap().is_none());
        let known = notify::endpoint_of(db, team, endpoint.id).await.unwrap().unwrap();
        assert_eq!((known.delivered_at, known.failed_at, known.failure), (Some(at(3)), Some(at(2)), None));

        notify::sweep(db, at(1), at(10)).await.unwrap();
        assert!(event::after(db, 0, 10).await.unwrap().is_empty());
        notify::delete_endpoint(db, endpoint.id).await.unwrap();
        assert!(notify::selectors(db, team, None).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    });
}

#[test]
fn large_files_become_blobs_and_files_again() {
    on_both(|store| async move {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let bytes: Vec<u8> = (0..20_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        std::fs::write(&from, &bytes).unwrap();
        for _ in 0..2 {
            let staged = store.blobs().stage_file(&from).await.unwrap();
            let tx = store.begin().await.unwrap();
            staged.record(tx.db()).await.unwrap();
            tx.commit().await.unwrap();
            store.blobs().read_to(staged.digest(), &to).await.unwrap();
            assert!(std::fs::read(&to).unwrap() == bytes);
        }
    });
}
