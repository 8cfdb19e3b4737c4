//! Images, tags, policies, evaluations, imports, sources.

use serde_json::{Value, json};

use crate::evaluation::{EvaluationRow, Subject};
use crate::image::{AnalysisState, ImageFilter, ImageKey, NewImage};
use crate::policy::{NewPolicy, Revision};
use crate::tag::{TagFilter, TagOrder, TagSummary};
use crate::{AccountId, Store, StoreError, account, evaluation, image, import, policy, source, tag};

use super::{at, on_both};

async fn home(store: &Store, name: &str) -> AccountId {
    let tx = store.begin().await.unwrap();
    let made = account::create(tx.db(), name, "user", None, at(0)).await.unwrap();
    tx.commit().await.unwrap();
    made.id
}

async fn add(store: &Store, account: AccountId, digest: &str, name: (&str, &str, &str), seconds: i64) -> ImageKey {
    let annotations = json!({"team": "a"});
    let new = NewImage {
        digest,
        parent_digest: digest,
        image_id: "0123",
        annotations: &annotations,
        requester: "ann",
        imported_by: None,
        dockerfile: None,
        manifest: None,
    };
    let tx = store.begin().await.unwrap();
    let key = image::create(tx.db(), account, &new, at(seconds)).await.unwrap();
    assert!(tag::assign(tx.db(), account, name, key, at(seconds), at(seconds)).await.unwrap());
    assert!(!tag::assign(tx.db(), account, name, key, at(seconds), at(seconds)).await.unwrap());
    tx.commit().await.unwrap();
    key
}

#[test]
fn a_tag_moves_and_its_past_is_kept() {
    on_both(|store| async move {
        let (one, other) = (home(&store, "one").await, home(&store, "other").await);
        let name = ("docker.io", "app", "1");
        let old = add(&store, one, "sha256:a", name, 1).await;
        let new = add(&store, one, "sha256:b", name, 2).await;
        let foreign = add(&store, other, "sha256:a", name, 3).await;
        let db = store.read();
        let current = tag::current(db, one, "docker.io", "app", "1").await.unwrap().unwrap();
        assert_eq!((current.image, current.full().as_str()), (new, "docker.io/app:1"));
        let before = tag::before(db, one, &current).await.unwrap();
        assert_eq!(before.iter().map(|tag| tag.image).collect::<Vec<_>>(), [old]);
        let filter = |history| ImageFilter { tag: Some(name), history, ..ImageFilter::default() };
        let digests = |images: Vec<image::Image>| images.into_iter().map(|image| image.digest).collect::<Vec<_>>();
        assert_eq!(digests(image::list(db, one, &filter(false), 10, 0).await.unwrap()), ["sha256:b"]);
        assert_eq!(digests(image::list(db, one, &filter(true), 10, 0).await.unwrap()), ["sha256:a", "sha256:b"]);
        assert_eq!(image::find(db, other, "sha256:b").await.unwrap(), None);
        assert_eq!(image::get(db, one, foreign).await.unwrap(), None);
        assert_eq!(tag::of_images(db, one, &[old, new, foreign]).await.unwrap().len(), 2);

        let known = image::find(db, one, "sha256:b").await.unwrap().unwrap();
        let tx = store.begin().await.unwrap();
        image::set_analysis(tx.db(), &known, AnalysisState::Failed, Some("no such layer"), "h", at(5)).await.unwrap();
        let again = image::create(
            tx.db(),
            one,
            &NewImage {
                digest: "sha256:b",
                parent_digest: "",
                image_id: "",
                annotations: &Value::Null,
                requester: "",
                imported_by: None,
                dockerfile: None,
                manifest: None,
            },
            at(6),
        )
        .await;
        assert!(matches!(again, Err(StoreError::Duplicate)));
        drop(tx);
        let tx = store.begin().await.unwrap();
        image::set_analysis(tx.db(), &known, AnalysisState::Failed, Some("no such layer"), "h", at(5)).await.unwrap();
        tx.commit().await.unwrap();
        let known = image::find(db, one, "sha256:b").await.unwrap().unwrap();
        assert_eq!((known.analysis_state, known.cause.as_deref()), (AnalysisState::Failed, Some("no such layer")));
        assert_eq!(image::states(db, new).await.unwrap()[0].from, "not_analyzed");
        assert_eq!(image::counts(db, one, Some("active")).await.unwrap(), [1, 2, 0, 0, 1, 1]);

        let tx = store.begin().await.unwrap();
        image::mark_deleting(tx.db(), old, at(7)).await.unwrap();
        image::delete(tx.db(), old).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(image::counts(db, one, None).await.unwrap(), [1, 1, 0, 0, 0, 1]);
    });
}

#[test]
fn lists_of_tags_are_filtered_and_sorted() {
    on_both(|store| async move {
        let one = home(&store, "one").await;
        add(&store, one, "sha256:a", ("docker.io", "lib/app", "1"), 1).await;
        add(&store, one, "sha256:b", ("docker.io", "lib/App_x", "2"), 3).await;
        add(&store, one, "sha256:c", ("ghcr.io", "other", "1"), 2).await;
        let names = |filter: TagFilter<'static>, order| {
            let store = store.clone();
            async move {
                let rows = tag::rows(store.read(), one, &filter, order, 10, 0).await.unwrap();
                assert_eq!(tag::count(store.read(), one, &filter).await.unwrap(), i64::try_from(rows.len()).unwrap());
                rows.into_iter().map(|row| row.digest).collect::<Vec<_>>()
            }
        };
        let part = TagFilter { part: Some("APP"), ..TagFilter::default() };
        assert_eq!(names(part, (TagOrder::Detected, true)).await, ["sha256:b", "sha256:a"]);
        let wild = TagFilter { part: Some("p_x"), ..TagFilter::default() };
        assert_eq!(names(wild, (TagOrder::Name, false)).await, ["sha256:b"]);
        let registry = TagFilter { registry: Some("ghcr.io"), states: &["active"], ..TagFilter::default() };
        assert_eq!(names(registry, (TagOrder::Digest, false)).await, ["sha256:c"]);
        let analysed = TagFilter { analysis_states: &["analyzed"], running: Some(false), ..TagFilter::default() };
        assert_eq!(names(analysed, (TagOrder::Created, false)).await, Vec::<String>::new());
        for order in [TagOrder::Analyzed, TagOrder::AnalysisState, TagOrder::Name] {
            assert_eq!(names(TagFilter::default(), (order, true)).await.len(), 3);
        }
    });
}

#[test]
fn one_policy_is_active_and_an_evaluation_is_kept_when_it_changes() {
    on_both(|store| async move {
        let one = home(&store, "one").await;
        let key = add(&store, one, "sha256:a", ("docker.io", "app", "1"), 1).await;
        let revision = |n: &str| Revision { digest: format!("sha256:{n}"), body: "{}".to_owned(), ext: None };
        let (first, second) = (revision("1"), revision("2"));
        let new = |revision| NewPolicy {
            policy_id: "p",
            name: "P",
            description: "",
            source: "local",
            revision,
            author: "ann",
        };
        let tx = store.begin().await.unwrap();
        policy::create(tx.db(), one, &new(&first), at(1)).await.unwrap();
        policy::create(tx.db(), one, &NewPolicy { policy_id: "q", ..new(&first) }, at(1)).await.unwrap();
        policy::activate(tx.db(), one, "q", at(2)).await.unwrap();
        policy::activate(tx.db(), one, "p", at(2)).await.unwrap();
        policy::update(tx.db(), one, &new(&second), at(3)).await.unwrap();
        tx.commit().await.unwrap();
        let db = store.read();
        let active = policy::active(db, one).await.unwrap().unwrap();
        assert_eq!((active.policy_id.as_str(), active.revision.as_str()), ("p", "sha256:2"));
        assert_eq!(policy::list(db, one).await.unwrap().iter().filter(|row| row.active).count(), 1);
        assert_eq!(policy::history(db, one, "p").await.unwrap().len(), 2);
        assert_eq!(policy::revision(db, "sha256:2").await.unwrap(), Some(second));
        assert!(account::get(db, one).await.unwrap().unwrap().generation >= 5);

        let subject = Subject { kind: "image", id: key.0, tag: "docker.io/app:1" };
        let document = store.blobs().stage(b"{}".to_vec()).await.unwrap();
        let row = EvaluationRow {
            id: 0,
            policy_id: "p".to_owned(),
            revision: "sha256:2".to_owned(),
            cache_key: "k".to_owned(),
            build: String::new(),
            decision: "stop".to_owned(),
            final_action: "stop".to_owned(),
            outcome: "o".to_owned(),
            findings: 3,
            document: document.digest().to_owned(),
            evaluated_at: at(4),
            checked_at: at(4),
            due_at: None,
        };
        let tx = store.begin().await.unwrap();
        document.record(tx.db()).await.unwrap();
        let id = evaluation::create(tx.db(), one, subject, &row).await.unwrap();
        let again = EvaluationRow { cache_key: "k2".to_owned(), checked_at: at(5), due_at: Some(at(9)), ..row };
        evaluation::confirm(tx.db(), id, &again).await.unwrap();
        let tags = tag::of_images(tx.db(), one, &[key]).await.unwrap();
        let summary = TagSummary {
            verdict: "stop".to_owned(),
            findings: [1, 2, 0],
            severities: [1, 0, 0, 0, 0],
            kev: 1,
            fixable: 1,
            evaluation: id,
        };
        tag::set_summary(tx.db(), tags[0].id, &summary, at(5)).await.unwrap();
        tx.commit().await.unwrap();
        let latest = evaluation::latest(db, one, subject, "p").await.unwrap().unwrap();
        assert_eq!(latest, EvaluationRow { id, ..again });
        assert_eq!(evaluation::history(db, one, subject, "q", 10).await.unwrap(), []);
        let tags = tag::of_images(db, one, &[key]).await.unwrap();
        assert_eq!((tags[0].verdict.as_deref(), tags[0].evaluated_at), (Some("stop"), Some(at(5))));
        assert_eq!(tag::page(db, 0, 10).await.unwrap(), [], "nothing is analysed");

        let tx = store.begin().await.unwrap();
        policy::delete(tx.db(), one, "p").await.unwrap();
        image::delete(tx.db(), key).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(policy::active(db, one).await.unwrap(), None);
    });
}

#[test]
fn imports_take_parts_until_they_end() {
    on_both(|store| async move {
        let (one, other) = (home(&store, "one").await, home(&store, "other").await);
        let tx = store.begin().await.unwrap();
        import::create(tx.db(), one, "image", "u1", "ann", (at(0), at(10))).await.unwrap();
        assert_eq!(import::find(tx.db(), other, "image", "u1").await.unwrap(), None);
        assert_eq!(import::find(tx.db(), one, "source", "u1").await.unwrap(), None);
        let operation = import::find(tx.db(), one, "image", "u1").await.unwrap().unwrap();
        for _ in 0..2 {
            import::add_part(tx.db(), operation.id, "packages", "sha256:p", "application/json", at(1)).await.unwrap();
        }
        assert_eq!(import::parts(tx.db(), operation.id, "packages").await.unwrap().len(), 1);
        assert_eq!(import::expire(tx.db(), at(5)).await.unwrap(), 0);
        assert_eq!(import::expire(tx.db(), at(11)).await.unwrap(), 1);
        assert_eq!(import::list(tx.db(), one, "image").await.unwrap(), []);
        import::set_state(tx.db(), operation.id, "complete", at(12)).await.unwrap();
        tx.commit().await.unwrap();
    });
}

#[test]
fn an_import_is_submitted_once_and_forgotten_with_its_parts() {
    on_both(|store| async move {
        let (one, other) = (home(&store, "one").await, home(&store, "other").await);
        let tx = store.begin().await.unwrap();
        import::create(tx.db(), one, "image", "u1", "ann", (at(0), at(10))).await.unwrap();
        let operation = import::find(tx.db(), one, "image", "u1").await.unwrap().unwrap();
        assert_eq!(operation.submitted, None);
        import::add_part(tx.db(), operation.id, "packages", "sha256:p", "", at(1)).await.unwrap();
        let said = json!({"digest": "sha256:d"});
        assert!(import::submit(tx.db(), operation.id, "queued", &said, at(2)).await.unwrap());
        assert!(!import::submit(tx.db(), operation.id, "queued", &json!({}), at(3)).await.unwrap());
        let known = import::get(tx.db(), one, operation.id).await.unwrap().unwrap();
        assert_eq!((known.state.as_str(), known.submitted, known.updated_at), ("queued", Some(said), at(2)));
        assert_eq!(import::get(tx.db(), other, operation.id).await.unwrap(), None);
        import::delete(tx.db(), operation.id).await.unwrap();
        assert_eq!(import::get(tx.db(), one, operation.id).await.unwrap(), None);
        assert_eq!(import::parts(tx.db(), operation.id, "packages").await.unwrap(), []);
        tx.commit().await.unwrap();
    });
}

#[test]
fn a_source_revision_is_kept_once() {
    on_both(|store| async move {
        let one = home(&store, "one").await;
        let tx = store.begin().await.unwrap();
        let set = crate::content::record_set(tx.db(), &[]).await.unwrap();
        let blob = store.blobs().stage(b"analysis of a source".to_vec()).await.unwrap();
        blob.record(tx.db()).await.unwrap();
        let row = source::SourceRow {
            id: 0,
            uuid: "u".to_owned(),
            host: "github.com".to_owned(),
            repository: "team/app".to_owned(),
            revision: "abc".to_owned(),
            state: "active".to_owned(),
            analysis_state: AnalysisState::Analyzed,
            cause: None,
            content_set: Some(set),
            analysis_blob: Some(blob.digest().to_owned()),
            sbom_blob: None,
            metadata: json!([]),
            created_at: at(1),
            updated_at: at(1),
        };
        source::put(tx.db(), one, &row, "ann").await.unwrap();
        let again = source::SourceRow { uuid: "v".to_owned(), updated_at: at(2), ..row };
        source::put(tx.db(), one, &again, "ann").await.unwrap();
        let all = source::list(tx.db(), one).await.unwrap();
        assert_eq!((all.len(), all[0].uuid.as_str(), all[0].updated_at), (1, "u", at(2)));
        // New data is matched with what sources hold as well.
        assert_eq!(crate::content::sets_after(tx.db(), 0, 10).await.unwrap(), [set]);
        let documents = crate::content::documents_of_sets(tx.db(), &[set]).await.unwrap();
        assert_eq!(documents, [(set, blob.digest().to_owned())]);
        let named = source::of_revision(tx.db(), one, ("github.com", "team/app", "abc")).await.unwrap().unwrap();
        source::delete(tx.db(), named.id).await.unwrap();
        assert_eq!(source::find(tx.db(), one, "u").await.unwrap(), None);
        tx.commit().await.unwrap();
    });
}
