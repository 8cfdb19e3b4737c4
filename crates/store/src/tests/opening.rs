//! Opening a store: tables, addresses, blobs.

use crate::sql::sql;
use crate::{BlobPlace, Store, StoreError, StoreOptions};

use super::on_both;

#[test]
fn tables_are_made_once_and_a_newer_database_is_refused() {
    on_both(|store| async move {
        crate::schema::migrate(&store).await.unwrap();
        let tx = store.begin().await.unwrap();
        sql("INSERT INTO schema_step (step, program, at) VALUES (999, '9.9.0', 0)").run(tx.db()).await.unwrap();
        tx.commit().await.unwrap();
        let refused = crate::schema::migrate(&store).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Newer { found: 999, needed, .. } if needed == "9.9.0"), "{refused}");
    });
}

#[test]
fn both_databases_have_the_same_tables() {
    let names = std::sync::Mutex::new(Vec::new());
    on_both(|store| {
        let names = &names;
        async move {
            let text = if store.shared() {
                "SELECT table_name AS name, column_name AS col FROM information_schema.columns WHERE table_schema = 'public'"
            } else {
                "SELECT m.name AS name, p.name AS col FROM sqlite_master m, pragma_table_info(m.name) p \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
            };
            let read = |row: &crate::sql::Row| Ok((row.get::<String>("name")?, row.get::<String>("col")?));
            let mut found = sql(text).all(store.read(), read).await.unwrap();
            found.sort();
            assert!(found.len() > 200);
            names.lock().unwrap().push(found);
        }
    });
    let names = names.into_inner().unwrap();
    assert!(names.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn an_address_that_is_none_is_told_without_its_password() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options =
        StoreOptions { database: "mysql://root:hunter2@host/name".to_owned(), ..StoreOptions::folder(folder.path()) };
    let told = runtime.block_on(Store::open(&options)).err().unwrap().to_string();
    assert!(told.contains("mysql://***@host/name") && !told.contains("hunter2"), "{told}");
    let options = StoreOptions {
        database: "postgres://nobody:hunter2@127.0.0.1:1/name".to_owned(),
        ..StoreOptions::folder(folder.path())
    };
    let told = runtime.block_on(Store::open(&options)).err().unwrap();
    assert!(told.passes() && !told.to_string().contains("hunter2"), "{told}");
}

#[test]
fn places_for_blobs_are_folders_and_buckets() {
    let s3 = |bucket: &str, endpoint: Option<&str>| BlobPlace::S3 {
        bucket: bucket.to_owned(),
        endpoint: endpoint.map(str::to_owned),
    };
    assert_eq!(BlobPlace::parse("s3://scans").unwrap(), s3("scans", None));
    assert_eq!(
        BlobPlace::parse("s3://scans?endpoint=http://127.0.0.1:9000").unwrap(),
        s3("scans", Some("http://127.0.0.1:9000"))
    );
    assert_eq!(BlobPlace::parse("/srv/data").unwrap(), BlobPlace::Folder("/srv/data".into()));
    for wrong in ["s3://", "s3://a/b", "s3://a?region=x"] {
        assert!(BlobPlace::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn blobs_are_verified_and_the_large_ones_lie_beside_the_database() {
    on_both(|store| async move {
        for size in [10, 200_000] {
            let bytes = vec![7_u8; size];
            let staged = store.blobs().stage(bytes.clone()).await.unwrap();
            let unrecorded = store.blobs().read(store.read(), staged.digest()).await;
            assert!(matches!(unrecorded, Err(StoreError::BlobMissing(_))));
            let tx = store.begin().await.unwrap();
            staged.record(tx.db()).await.unwrap();
            staged.record(tx.db()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(store.blobs().read(store.read(), staged.digest()).await.unwrap(), bytes);
        }
        let small = store.blobs().stage(vec![7_u8; 10]).await.unwrap();
        let tx = store.begin().await.unwrap();
        sql("UPDATE blob SET bytes = $1 WHERE digest = $2")
            .bind(vec![8_u8])
            .bind(small.digest())
            .run(tx.db())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let damaged = store.blobs().read(store.read(), small.digest()).await;
        assert!(matches!(damaged, Err(StoreError::BlobDamaged(_))));
        assert!(store.blobs().read(store.read(), "sha256:../../etc/passwd").await.is_err());
    });
}
