//! Every function on both databases: a test is a function of a store, run on each.

mod accounts;
mod contents;
mod events;
mod images;
mod jobs;
mod notify;
mod opening;

use std::future::Future;

use jiff::Timestamp;

use crate::{BlobPlace, Store, StoreOptions};

/// Runs a test on SQLite and, where there is one, on PostgreSQL.
fn on_both<F: Future<Output = ()>>(test: impl Fn(Store) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut places = vec![StoreOptions::folder(folder.path())];
    if let Some(database) = stopgate_testkit::postgres::database() {
        let blobs = BlobPlace::Folder(folder.path().join("other"));
        places.push(StoreOptions { database, blobs, connections: 4 });
    }
    for options in places {
        runtime.block_on(async {
            let store = Store::open(&options).await.unwrap();
            test(store.clone()).await;
            store.close().await;
        });
    }
}

/// A fixed time, some seconds later.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}
