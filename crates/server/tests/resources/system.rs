//! Settings, services, alerts, and what is published and not there.

use serde_json::json;

use crate::annotations::{TAG, policy};
use crate::support::{ADMIN, As, Server, with_servers};

#[test]
fn settings_are_set_within_their_bounds() {
    with_servers(|server: Server| async move {
        const PATH: &str = "/system/configurations/inventory_ttl_days";
        let fresh = server.get(ADMIN, PATH).await.expect(200);
        assert_eq!((&fresh["value"], &fresh["source"]), (&json!(120), &json!("default")));
        let set = json!({"key": "inventory_ttl_days", "value": 30});
        let set = server.put(ADMIN, PATH, set).await.expect(200);
        assert_eq!((&set["value"], &set["source"]), (&json!(30), &json!("api")));
        server.put(ADMIN, PATH, json!({"key": "inventory_ttl_days", "value": 0})).await.refused(400);
        server.put(ADMIN, PATH, json!({"key": "inventory_ttl_days", "value": "many"})).await.refused(400);
        server.put(ADMIN, PATH, json!({"key": "other", "value": 1})).await.refused(400);
        // One that does not fit undoes the others.
        let several = json!([{"key": "inventory_ttl_days", "value": 40}, {"key": "inventory_ttl_days", "value": -1}]);
        server.patch(ADMIN, "/system/configurations", several).await.refused(400);
        let unknown = json!([{"key": "colour", "value": "red"}]);
        server.patch(ADMIN, "/system/configurations", unknown).await.refused(400);
        let all = server.get(ADMIN, "/system/configurations").await.expect(200);
        assert_eq!(all["items"][0]["value"], 30);
        let schema = server.get(ADMIN, "/system/configurations/schema").await.expect(200);
        assert_eq!(schema["properties"]["inventory_ttl_days"]["maximum"], 3650);
        server.get(ADMIN, "/system/configurations/colour").await.refused(404);
        server.delete(ADMIN, PATH).await.expect(204);
        assert_eq!(server.get(ADMIN, PATH).await.expect(200)["value"], 120);
        server.account("team", "full-control").await;
        server.get(As("team", None), PATH).await.refused(403);
    });
}

#[test]
fn tags_that_stop_are_told_until_they_pass() {
    with_servers(|server: Server| async move {
        let digest = server.image("admin", TAG).await;
        policy(&server).await;
        let subscription = json!({"subscription_key": TAG, "subscription_type": "alerts"});
        server.post(ADMIN, "/subscriptions", subscription).await.expect(200);
        let check = format!("/images/{digest}/check?tag={TAG}");
        server.get(ADMIN, &check).await.expect(200);
        let alerts = server.get(ADMIN, "/alerts/compliance-violations").await.expect(200);
        assert_eq!(alerts[0]["resource"]["image_tag"], TAG);
        assert_eq!((&alerts[0]["state"], &alerts[0]["type"]), (&json!("open"), &json!("compliance_violation")));
        let path = format!("/alerts/compliance-violations/{}", alerts[0]["uuid"].as_str().unwrap());
        let closed = server.patch(ADMIN, &path, json!({"state": "closed"})).await.expect(200);
        assert_eq!(closed["closed_by"], "admin");
        assert_eq!(server.get(ADMIN, "/alerts/compliance-violations").await.expect(200), json!([]));
        server.patch(ADMIN, &path, json!({"state": "open"})).await.expect(200);
        let label = format!("/alerts/summaries?resource_label=image_digest={digest}");
        let summaries = server.get(ADMIN, &label).await.expect(200);
        assert_eq!(summaries.as_array().map(Vec::len), Some(1));
        let none = server.get(ADMIN, "/alerts/summaries?resource_label=registry=quay.io").await.expect(200);
        assert_eq!(none, json!([]));
        server.get(ADMIN, "/alerts/summaries?state=ajar").await.refused(400);
        server.get(ADMIN, "/alerts/summaries?resource_label=registry").await.refused(400);
        server.patch(ADMIN, &path, json!({"state": "ajar"})).await.refused(400);
        server.account("team", "full-control").await;
        server.get(As("team", None), &path).await.refused(404);

        let note = json!({"annotation": {"vulnerability_id": "CVE-2024-0001", "status": "fixed"}});
        server.post(ADMIN, &format!("/images/{digest}/vuln-annotations"), note).await.expect(201);
        server.get(ADMIN, &check).await.expect(200);
        let over = server.get(ADMIN, &path).await.expect(200);
        assert_eq!((&over["state"], &over["closed_by"]), (&json!("closed"), &json!("system")));
    });
}

#[test]
fn what_is_not_there_says_so() {
    with_servers(|server: Server| async move {
        for path in ["/actions", "/rbac-manager/saml/idps", "/archives/images", "/artifact-relationships"] {
            assert_eq!(server.get(ADMIN, path).await.expect(200), json!([]), "{path}");
        }
        server.post(ADMIN, "/actions", json!({})).await.refused(501);
        let level = json!({"service_name": "api", "logging_level": "debug"});
        server.post(ADMIN, "/system/logging", level).await.refused(501);
        server.get(ADMIN, "/rbac-manager/saml/idps/okta").await.refused(404);
        server.get(ADMIN, "/rbac-manager/saml/login/okta").await.refused(501);
        server.get(ADMIN, "/reporting/scheduled-query-results/1").await.refused(404);
        server.get(ADMIN, "/system/services/apiext/nowhere").await.refused(404);
        assert_eq!(server.get(ADMIN, "/system/services/none").await.expect(200), json!([]));
        let counted = server.get(ADMIN, "/system/statistics").await.expect(200);
        assert_eq!(counted["items"][0]["value"], 1);
        server.account("team", "full-control").await;
        server.get(As("team", None), "/rbac-manager/saml/idps").await.refused(403);
    });
}
