//! Content sets, matches and builds of data.

use crate::AccountId;
use crate::account;
use crate::content::{self, Identity, IdentityMatch, NewArtifact};
use crate::image::{self, AnalysisState, NewImage};
use crate::setting::{self, DataBuild};

use super::{at, on_both};

fn identity(n: u8) -> Identity {
    Identity {
        hash: [n; 32],
        kind: "deb".to_owned(),
        name: format!("Pkg{n}"),
        version: "1".to_owned(),
        distro: "debian 12".to_owned(),
        names: vec![format!("pkg{n}"), "source".to_owned()],
    }
}

fn matched(n: u8, id: &str, fix: &str) -> IdentityMatch {
    IdentityMatch {
        identity: [n; 32],
        namespace: "debian:distro:debian:12".to_owned(),
        vulnerability: id.to_owned(),
        severity: 5,
        kev: false,
        fix: fix.to_owned(),
        epss: Some(0.5),
        cvss: None,
    }
}

#[test]
fn equal_contents_are_one_set_and_matches_keep_their_first_day() {
    on_both(|store| async move {
        let tx = store.begin().await.unwrap();
        let db = tx.db();
        let set = content::record_set(db, &[identity(1), identity(2)]).await.unwrap();
        assert_eq!(content::record_set(db, &[identity(2), identity(1), identity(1)]).await.unwrap(), set);
        let other = content::record_set(db, &[identity(2), identity(3)]).await.unwrap();
        assert_ne!(set, other);
        assert_eq!(content::sets_with_names(db, &["pkg2".to_owned()]).await.unwrap(), [set, other]);
        assert_eq!(content::sets_with_names(db, &["pkg1".to_owned(), "none".to_owned()]).await.unwrap(), [set]);

        assert_eq!(content::sets_with_names(db, &["source".to_owned()]).await.unwrap(), [set, other]);
        assert_eq!(content::sets_after(db, 0, 10).await.unwrap(), Vec::<i64>::new(), "no artifact has them");

        let both = [[1; 32], [2; 32]];
        let first = [matched(1, "CVE-1", ""), matched(2, "CVE-2", "2")];
        content::record_matches(db, &both, &first, at(1)).await.unwrap();
        content::record_matches(db, &both, &[matched(1, "CVE-1", "2")], at(2)).await.unwrap();
        let times = content::match_times(db, set).await.unwrap();
        assert_eq!(times.len(), 1, "CVE-2 is gone");
        assert_eq!((times[0].first_seen, times[0].fix_seen), (at(1), Some(at(2))));
        // What comes back was not there in between.
        content::record_matches(db, &both, &first, at(3)).await.unwrap();
        let mut times = content::match_times(db, set).await.unwrap();
        times.sort_by(|a, b| a.vulnerability.cmp(&b.vulnerability));
        assert_eq!((times[0].first_seen, times[1].first_seen), (at(1), at(3)));
        assert_eq!(content::match_times(db, other).await.unwrap().len(), 1);

        let blob = store.blobs().stage(b"analysis".to_vec()).await.unwrap();
        blob.record(db).await.unwrap();
        let new = NewArtifact {
            account: AccountId::SHARED,
            manifest_digest: "sha256:m",
            origin: "server",
            semantics: "1",
            content_set: set,
            analysis_blob: blob.digest(),
            chain_id: "sha256:c",
            layers: "sha256:l",
            distro: "debian",
            distro_version: "12",
            architecture: "amd64",
            size: 10,
            gaps: 0,
        };
        let key = content::record_artifact(db, &new, at(1)).await.unwrap();
        assert_eq!(content::record_artifact(db, &new, at(2)).await.unwrap(), key);
        assert_eq!(content::shared_artifact(db, "sha256:m", "1").await.unwrap().unwrap().id, key);
        assert_eq!(content::shared_artifact(db, "sha256:m", "2").await.unwrap(), None);
        assert_eq!(content::artifacts(db, &[key]).await.unwrap()[0].content_set, set);
        let documents = content::documents_of_sets(db, &[set, other]).await.unwrap();
        assert_eq!(documents, [(set, blob.digest().to_owned())]);
        tx.commit().await.unwrap();
    });
}

#[test]
fn large_sets_take_few_statements() {
    on_both(|store| async move {
        let all: Vec<Identity> = (0..12_000_u32)
            .map(|n| {
                let mut hash = [0; 32];
                hash[..4].copy_from_slice(&n.to_be_bytes());
                Identity { hash, ..identity(0) }
            })
            .collect();
        let tx = store.begin().await.unwrap();
        let set = content::record_set(tx.db(), &all).await.unwrap();
        let matches: Vec<IdentityMatch> =
            all.iter().map(|identity| IdentityMatch { identity: identity.hash, ..matched(0, "CVE-1", "") }).collect();
        let hashes: Vec<[u8; 32]> = all.iter().map(|identity| identity.hash).collect();
        content::record_matches(tx.db(), &hashes, &matches, at(1)).await.unwrap();
        assert_eq!(content::match_times(tx.db(), set).await.unwrap().len(), 12_000);
        tx.commit().await.unwrap();
    });
}

#[test]
fn one_build_decides() {
    on_both(|store| async move {
        let build = |digest: &str| DataBuild {
            digest: digest.to_owned(),
            built_at: "2026-01-01T00:00:00Z".to_owned(),
            provider_rows: "{}".to_owned(),
            archive: None,
            activated_at: None,
        };
        let tx = store.begin().await.unwrap();
        assert_eq!(setting::current_build(tx.db()).await.unwrap(), None);
        for digest in ["a", "b", "a"] {
            setting::activate_build(tx.db(), &build(digest), at(1)).await.unwrap();
        }
        assert_eq!(setting::current_build(tx.db()).await.unwrap().unwrap().digest, "a");
        tx.commit().await.unwrap();
    });
}

#[test]
fn images_are_found_by_what_they_hold() {
    on_both(|store| async move {
        let tx = store.begin().await.unwrap();
        let db = tx.db();
        let set = content::record_set(db, &[identity(1), identity(2)]).await.unwrap();
        let blob = store.blobs().stage(b"analysis".to_vec()).await.unwrap();
        blob.record(db).await.unwrap();
        let mut keys = Vec::new();
        for (name, digest) in [("one", "sha256:a"), ("one", "sha256:b"), ("other", "sha256:a")] {
            let account = match account::find(db, name).await.unwrap() {
                Some(known) => known,
                None => account::create(db, name, "user", None, at(0)).await.unwrap(),
            };
            let new = imported(account.id, digest, set, blob.digest());
            let artifact = content::record_artifact(db, &new, at(1)).await.unwrap();
            let new = NewImage {
                digest,
                parent_digest: digest,
                image_id: "i",
                annotations: &serde_json::json!({}),
                requester: "ann",
                imported_by: Some("ann"),
                dockerfile: None,
                manifest: None,
            };
            let key = image::create(db, account.id, &new, at(1)).await.unwrap();
            image::set_artifact(db, key, artifact, at(1)).await.unwrap();
            let row = image::get(db, account.id, key).await.unwrap().unwrap();
            image::set_analysis(db, &row, AnalysisState::Analyzed, None, "h", at(1)).await.unwrap();
            keys.push((account.id, key));
        }
        assert_eq!(content::kinds_named(db, "Pkg1", None).await.unwrap(), ["deb"]);
        assert_eq!(content::kinds_named(db, "Pkg1", Some("2")).await.unwrap(), Vec::<String>::new());
        let (one, first) = keys[0];
        let deb = ["deb".to_owned()];
        let wanted = ("Pkg1", Some("1"), deb.as_slice());
        let all = content::holders(db, one, wanted, u64::MAX, 0).await.unwrap();
        assert_eq!(all.iter().map(|holder| holder.image).collect::<Vec<_>>(), [first, keys[1].1]);
        assert_eq!((all[0].name.as_str(), all[0].version.as_str(), all[0].kind.as_str()), ("Pkg1", "1", "deb"));
        let page = content::holders(db, one, wanted, 1, 1).await.unwrap();
        assert_eq!(page.iter().map(|holder| holder.image).collect::<Vec<_>>(), [keys[1].1]);
        assert_eq!(content::holders(db, one, ("Pkg1", None, &[]), 10, 0).await.unwrap(), []);
        let images = image::with_keys(db, one, &[first, keys[2].1]).await.unwrap();
        assert_eq!(images.iter().map(|image| image.id).collect::<Vec<_>>(), [first], "not those of another account");
        tx.commit().await.unwrap();
    });
}

fn imported<'a>(account: AccountId, digest: &'a str, content_set: i64, analysis_blob: &'a str) -> NewArtifact<'a> {
    NewArtifact {
        account,
        manifest_digest: digest,
        origin: "import",
        semantics: "1",
        content_set,
        analysis_blob,
        chain_id: "c",
        layers: "",
        distro: "debian",
        distro_version: "12",
        architecture: "amd64",
        size: 0,
        gaps: 0,
    }
}
