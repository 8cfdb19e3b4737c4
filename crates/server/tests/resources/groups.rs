//! Groups of users.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN, As, Server, with_servers};

#[test]
fn members_have_the_roles_of_their_groups() {
    with_servers(|server: Server| async move {
        server.account("team", "policy-editor").await;
        server.account("other", "full-control").await;
        let made = server.post(ADMIN, "/system/user-groups", json!({"name": "ops team"})).await.expect(201);
        let uuid = made["group_uuid"].as_str().unwrap().to_owned();
        server.post(ADMIN, "/system/user-groups", json!({"name": "ops team"})).await.refused(409);
        server.post(ADMIN, "/system/user-groups", json!({"name": "-"})).await.refused(400);
        let base = format!("/system/user-groups/{uuid}");
        let change = json!({"description": "who runs it"});
        let described = server.ask(ADMIN, Method::PATCH, &base, Some(change)).await.expect(200);
        assert_eq!(described["description"], "who runs it");

        let in_other = As("team", Some("other"));
        server.get(in_other, "/images").await.refused(403);
        let members = json!({"usernames": [{"username": "team"}]});
        let members = server.post(ADMIN, &format!("{base}/users"), members).await.expect(201);
        assert_eq!(members["items"][0]["username"], "team");
        let roles = json!({"for_account": "other", "roles": [{"role": "read-only"}, {"role": "policy-editor"}]});
        let roles = server.post(ADMIN, &format!("{base}/roles"), roles).await.expect(201);
        assert_eq!(roles["items"][0]["roles"].as_array().unwrap().len(), 2);
        server.get(in_other, "/images").await.expect(200);
        server.delete(in_other, "/inventories?inventory_type=ecs&context=a").await.refused(403);
        let own = server.get(As("team", None), "/my-user-groups").await.expect(200);
        assert_eq!(own[0]["name"], "ops team");
        assert_eq!(server.get(As("other", None), "/my-user-groups").await.expect(200), json!([]));

        let found =
            server.get(ADMIN, "/system/user-groups?contains_user=team&contains_account=other").await.expect(200);
        assert_eq!(found.as_array().map(Vec::len), Some(1));
        let none = server.get(ADMIN, "/system/user-groups?contains_account=team").await.expect(200);
        assert_eq!(none, json!([]));

        let id = roles["items"][0]["roles"].as_array().unwrap().iter().find(|role| role["role"] == "read-only");
        let id = id.and_then(|role| role["membership_id"].as_str()).unwrap();
        server.delete(ADMIN, &format!("{base}/roles?membership_id={id}")).await.expect(204);
        server.get(in_other, "/inventories").await.refused(403);
        server.delete(ADMIN, &format!("{base}/roles")).await.refused(400);
        server.delete(ADMIN, &format!("{base}/roles?all_roles_for_account=other")).await.expect(204);
        server.delete(ADMIN, &format!("{base}/roles?all_roles_for_account=other")).await.refused(404);
        server.delete(ADMIN, &format!("{base}/users?username=team")).await.expect(204);
        server.delete(ADMIN, &format!("{base}/users?username=team")).await.refused(404);
        server.delete(ADMIN, &base).await.expect(204);
        server.get(ADMIN, &base).await.refused(404);
    });
}

#[test]
fn what_does_not_fit_changes_nothing() {
    with_servers(|server: Server| async move {
        server.account("team", "full-control").await;
        let made = server.post(ADMIN, "/system/user-groups", json!({"name": "group"})).await.expect(201);
        let base = format!("/system/user-groups/{}", made["group_uuid"].as_str().unwrap());
        let members = json!({"usernames": [{"username": "team"}, {"username": "nobody"}]});
        server.post(ADMIN, &format!("{base}/users"), members).await.refused(400);
        let members = server.get(ADMIN, &format!("{base}/users")).await.expect(200);
        assert_eq!(members["items"], json!([]));
        let unknown = json!({"domain_name": "team", "roles": [{"role": "read-only"}, {"role": "emperor"}]});
        server.post(ADMIN, &format!("{base}/roles"), unknown).await.refused(404);
        let nowhere = json!({"roles": [{"role": "read-only"}]});
        server.post(ADMIN, &format!("{base}/roles"), nowhere).await.refused(400);
        let roles: Value = server.get(ADMIN, &format!("{base}/roles")).await.expect(200);
        assert_eq!(roles["items"], json!([]));
        // Groups are the installation's: full control of an account does not reach them.
        server.get(As("team", None), "/system/user-groups").await.refused(403);
        server.post(As("team", None), "/system/user-groups", json!({"name": "mine"})).await.refused(403);
    });
}
