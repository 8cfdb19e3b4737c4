//! Applications with what they are made of.

use serde_json::{Value, json};

use crate::support::{ADMIN, As, Server, with_servers};

#[test]
fn versions_are_made_of_images() {
    with_servers(|server: Server| async move {
        let digest = server.image("admin", "docker.io/shop/cart:1").await;
        let made =
            server.post(ADMIN, "/applications", json!({"name": "shop", "description": "sells"})).await.expect(200);
        let id = made["application_id"].as_str().unwrap().to_owned();
        server.post(ADMIN, "/applications", json!({"name": "shop"})).await.refused(409);
        server.post(ADMIN, "/applications", json!({"name": " "})).await.refused(400);
        server.post(ADMIN, "/applications", json!({})).await.refused(400);
        let base = format!("/applications/{id}");
        let renamed = server.put(ADMIN, &base, json!({"name": "store"})).await.expect(200);
        assert_eq!((&renamed["name"], &renamed["description"]), (&json!("store"), &json!("sells")));
        let version = server.post(ADMIN, &format!("{base}/versions"), json!({"version_name": "1.0"})).await.expect(200);
        server.post(ADMIN, &format!("{base}/versions"), json!({"version_name": "1.0"})).await.refused(409);
        let version = format!("{base}/versions/{}", version["application_version_id"].as_str().unwrap());
        let all = server.get(ADMIN, "/applications?include_versions=true").await.expect(200);
        assert_eq!(all[0]["application_versions"][0]["version_name"], "1.0");

        let part = json!({"artifact_type": "image", "artifact_keys": {"image_digest": digest}});
        let added = server.post(ADMIN, &format!("{version}/artifacts"), part.clone()).await.expect(200);
        assert_eq!(added["image"]["image_digest"], digest.as_str());
        // The same again is the same.
        let again = server.post(ADMIN, &format!("{version}/artifacts"), part).await.expect(200);
        assert_eq!(again["artifact_association_metadata"], added["artifact_association_metadata"]);
        let unknown = json!({"artifact_type": "source", "artifact_keys": {"source_id": "none"}});
        server.post(ADMIN, &format!("{version}/artifacts"), unknown).await.refused(404);
        let mixed = json!({"artifact_type": "source", "artifact_keys": {"image_digest": digest}});
        server.post(ADMIN, &format!("{version}/artifacts"), mixed).await.refused(400);
        let parts = server.get(ADMIN, &format!("{version}/artifacts?artifact_types=source")).await.expect(200);
        assert_eq!(parts["associated_image_artifacts"], json!([]));
        server.get(ADMIN, &format!("{version}/artifacts?artifact_types=disk")).await.refused(400);

        let sbom = server.get(ADMIN, &format!("{version}/sboms/native-json")).await.expect(200);
        assert_eq!(sbom["image_sboms"][0]["artifacts"][0]["name"], "leftpad");
        let report = server.get(ADMIN, &format!("{version}/vulnerabilities")).await.expect(200);
        assert_eq!(report["application"]["artifacts"]["images"][0]["image_digest"], digest.as_str());
        assert_eq!(report["vulnerabilities"][0]["id"], "CVE-2024-0001");
        assert_eq!(report["vulnerabilities"][0]["matches"][0]["location"]["package"]["name"], "leftpad");
        let refused = server.get(ADMIN, &format!("{version}/vulnerabilities?will_not_fix=true")).await.expect(200);
        assert_eq!(refused["vulnerabilities"], json!([]));

        server.account("team", "full-control").await;
        let team = As("team", None);
        server.get(team, &base).await.refused(404);
        server.delete(team, &base).await.refused(404);
        assert_eq!(server.get(team, "/applications").await.expect(200), json!([]));

        let tied = added["artifact_association_metadata"]["association_id"].as_str().unwrap();
        server.delete(ADMIN, &format!("{version}/artifacts/{tied}")).await.expect(204);
        server.delete(ADMIN, &format!("{version}/artifacts/{tied}")).await.refused(404);
        server.delete(ADMIN, &version).await.expect(204);
        server.get(ADMIN, &version).await.refused(404);
        server.delete(ADMIN, &base).await.expect(204);
        let none: Value = server.get(ADMIN, "/applications").await.expect(200);
        assert_eq!(none, json!([]));
    });
}
