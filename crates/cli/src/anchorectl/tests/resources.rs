//! The other groups: which calls they make, and what they show.

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use super::Server;

fn policy(id: &str, name: &str, active: bool) -> Value {
    json!({"policy_id": id, "name": name, "active": active, "account_name": "admin", "policy_source": "local",
           "last_updated": "2026-01-02T03:04:05Z", "policy": {"id": id}})
}

#[test]
fn policies() {
    let server = Server::start();
    server.on("GET", "/v2/policies", &json!([policy("p-1", "CIS", true), policy("p-2", "mine", false)]));
    server.on("GET", "/v2/policies/p-2", &policy("p-2", "mine", false));
    server.on("PUT", "/v2/policies/p-2", &policy("p-2", "mine", true));
    server.on("POST", "/v2/policies", &policy("p-2", "mine", false));
    let text = "\
┌──────┬───────────┬────────┬──────────────────────┐
│ NAME │ POLICY ID │ ACTIVE │ UPDATED              │
├──────┼───────────┼────────┼──────────────────────┤
│ CIS  │ p-1       │ true   │ 2026-01-02T03:04:05Z │
│ mine │ p-2       │ false  │ 2026-01-02T03:04:05Z │
└──────┴───────────┴────────┴──────────────────────┘
";
    assert_eq!(server.run("policy list").out, text);
    assert_eq!(server.run("policy list -o id").out, "p-1\np-2\n");
    assert_eq!(server.run("policy list -o json").json()[0]["policyId"], "p-1");
    let run = server.run("policy activate mine");
    assert_eq!(run.out, "Name: mine\nPolicy Id: p-2\nActive: true\nUpdated: 2026-01-02T03:04:05Z\n");
    assert_eq!(run.err, " ✔ Activate policy                          mine\n");
    assert_eq!(server.calls().pop().unwrap(), "PUT /v2/policies/p-2?active=true");
    let mut record = policy("p-2", "mine", true);
    assert_eq!(server.bodies("/v2/policies/p-2"), [record.clone()]);
    assert!(server.run_with("policy add -i -", &[], "{\"id\": \"p-2\"}").ok);
    assert_eq!(server.bodies("/v2/policies"), [json!({"id": "p-2"})]);
    assert!(server.run_with("policy update -i -", &[], "{\"id\": \"p-2\", \"name\": \"new\"}").ok);
    record["active"] = json!(false);
    record["name"] = json!("new");
    record["policy"] = json!({"id": "p-2", "name": "new"});
    assert_eq!(server.bodies("/v2/policies/p-2").pop().unwrap(), record);
    let run = server.run_with("policy add -i -", &[], "{");
    assert!(!run.ok && run.err.contains("`-` is not valid JSON"), "{run:?}");
}

#[test]
fn a_policy_is_validated_without_a_server() {
    let server = Server::start();
    let path = server.home.path().join("policy.json");
    let good = json!({"id": "p", "name": "p", "version": "2", "rule_sets": [], "mappings": []});
    std::fs::write(&path, good.to_string()).unwrap();
    let line = format!("policy validate {}", path.display());
    let run = server.run(&line);
    assert!(run.ok && run.out.ends_with("policy.json is valid\n"), "{run:?}");
    let bad = json!({"id": "p", "name": "p", "version": "2", "rule_sets": [], "mappings": [], "rulesets": []});
    std::fs::write(&path, bad.to_string()).unwrap();
    let run = server.run(&line);
    assert!(!run.ok && run.out.is_empty() && run.err.contains("`rulesets`"), "{run:?}");
    assert_eq!(server.run(&format!("{line} -o json")).json()["valid"], false);
    assert!(server.calls().is_empty());
}

fn subscription(active: bool) -> Value {
    json!([{"subscription_key": "docker.io/app:1", "subscription_type": "policy_eval", "subscription_id": "abc",
            "active": active}])
}

#[test]
fn a_subscription_that_is_not_there_is_added_and_switched_on() {
    let server = Server::start();
    server.on("GET", "/v2/subscriptions", &json!([]));
    server.on("POST", "/v2/subscriptions", &subscription(false));
    server.on("PUT", "/v2/subscriptions/abc", &subscription(true));
    let run = server.run("subscription activate policy_eval app:1");
    assert_eq!(run.out, "Key: docker.io/app:1\nType: policy_eval\nId: abc\nActive: true\n");
    assert_eq!(
        server.calls(),
        [
            "GET /v2/subscriptions?subscription_key=docker.io%2Fapp%3A1&subscription_type=policy_eval",
            "POST /v2/subscriptions",
            "PUT /v2/subscriptions/abc"
        ]
    );
    let run = server.run("subscription deactivate app:1 policy_eval");
    assert!(!run.ok && run.err.contains("there is no subscription of type `policy_eval`"), "{run:?}");
}

#[test]
fn repositories_are_subscriptions() {
    let server = Server::start();
    server.on("POST", "/v2/repositories", &subscription(true));
    server.on("GET", "/v2/subscriptions", &subscription(true));
    server.on("PUT", "/v2/subscriptions/abc", &subscription(false));
    assert!(server.run("repo add --dry-run host.example/team/app").out.contains("│ KEY "));
    assert!(server.run("repo unwatch host.example/team/app").out.contains("Active: false"));
    assert_eq!(
        server.calls()[0],
        "POST /v2/repositories?repository=host.example%2Fteam%2Fapp&auto_subscribe=false&dry_run=true&exclude_existing_tags=false"
    );
    assert_eq!(server.bodies("/v2/subscriptions/abc"), [json!({"active": false})]);
}

#[test]
fn a_registry_gets_its_password_from_the_environment_alone() {
    let server = Server::start();
    let record = json!([{"registry": "host.example:5000/team/*", "registry_name": "ours", "registry_verify": true}]);
    server.on("POST", "/v2/registries", &record);
    server.on("GET", "/v2/registries", &record);
    let variables = [("ANCHORECTL_REGISTRY_PASSWORD", "s3cret")];
    let run = server.run_with(
        "registry add host.example:5000/team/* --username me --secure-connection=false",
        &variables,
        "",
    );
    assert!(run.ok && !run.out.contains("s3cret") && !run.err.contains("s3cret"), "{run:?}");
    assert_eq!(server.calls(), ["POST /v2/registries?validate=true"]);
    let body = json!({
        "registry_user": "me", "registry_pass": "s3cret", "registry_type": "docker_v2",
        "registry": "host.example:5000/team/*", "registry_name": "host.example:5000/team/*", "registry_verify": false,
    });
    assert_eq!(server.bodies("/v2/registries"), [body]);
    let text = server.run("registry list").out;
    assert!(text.contains("│ LAST UPATED │") && text.contains("host.example:5000/team/*"), "{text}");
}

#[test]
fn accounts_and_users() {
    let server = Server::start();
    let account = json!({"name": "shop", "type": "user", "state": "enabled", "email": "a@x.example"});
    server.on("GET", "/v2/accounts", &json!([account]));
    server.on("GET", "/v2/accounts/shop", &account);
    server.on("PUT", "/v2/accounts/shop/state", &json!({"state": "disabled"}));
    server.on("POST", "/v2/accounts/shop/users", &json!({"username": "me", "account_name": "shop"}));
    server.on("POST", "/v2/rbac-manager/roles/read-write/members", &json!({"username": "me"}));
    assert!(server.run("account list").out.contains("│ shop │ a@x.example │ user │ enabled │"));
    assert_eq!(server.run("account list -o id").out, "shop\n");
    assert!(server.run("account disable shop").ok);
    assert_eq!(server.bodies("/v2/accounts/shop/state"), [json!({"state": "disabled"})]);
    let variables = [("ANCHORECTL_USER_PASSWORD", "s3cret-")];
    for line in ["user add me --account shop", "account user add me --account shop"] {
        let run = server.run_with(line, &variables, "");
        assert!(run.ok && run.out.starts_with("Username: me\nAccount: shop\n"), "{run:?}");
    }
    let member = json!({"username": "me", "for_account": "shop", "domain_name": "shop"});
    assert_eq!(server.bodies("/v2/rbac-manager/roles/read-write/members")[0], member);
    let run = server.run("user add me --account shop");
    assert!(!run.ok && run.err.contains("ANCHORECTL_USER_PASSWORD"), "{run:?}");
}

#[test]
fn a_password_may_come_from_standard_input() {
    let server = Server::start();
    server.on("GET", "/v2/account", &json!({"name": "shop"}));
    server.on("POST", "/v2/accounts/shop/users/me/credentials", &json!({}));
    assert!(server.run_with("user set-password me", &[], "s3cret-\n").ok);
    let body = json!({"type": "password", "value": "s3cret-"});
    assert_eq!(server.bodies("/v2/accounts/shop/users/me/credentials"), [body]);
}

#[test]
fn an_api_key_shows_its_value_once() {
    let server = Server::start();
    let key = json!({"name": "ci", "expires_at": "2027-01-01T00:00:00Z", "value": "sgk_x", "status": "active"});
    server.on("POST", "/v2/user/api-keys", &key);
    let run = server.run("apikey add ci --expires-at 2027-01-01T00:00:00Z");
    assert!(run.out.ends_with("Expires At: 2027-01-01T00:00:00Z\nValue: sgk_x\n"), "{run:?}");
    assert_eq!(server.bodies("/v2/user/api-keys"), [json!({"name": "ci", "expires_at": "2027-01-01T00:00:00Z"})]);
    assert!(!server.run("apikey add ci --days 0").ok);
}

#[test]
fn user_groups_are_named_by_name() {
    let server = Server::start();
    let id = "0b0e8400-e29b-41d4-a716-446655440000";
    server.on("GET", "/v2/system/user-groups", &json!([{"name": "ops", "group_uuid": id}]));
    let roles = json!({"items": [{"for_account": "shop", "roles": [{"role": "read-only", "membership_id": "m"}]}]});
    server.on("POST", &format!("/v2/system/user-groups/{id}/roles"), &roles);
    server.mount(Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(204)));
    let run = server.run("usergroup role add ops shop -r read-only");
    assert!(run.out.contains("│ shop   │ read-only │ m             │"), "{run:?}");
    assert!(server.run("usergroup user del ops -u me -u you").ok);
    let last = server.calls().pop().unwrap();
    assert_eq!(last, format!("DELETE /v2/system/user-groups/{id}/users?username=me%2Cyou"));
}

#[test]
fn inventories_ask_before_they_forget() {
    let server = Server::start();
    let item =
        json!({"context": "c/ns", "image_tag": "app:1", "image_digest": "sha256:x", "inventory_type": "kubernetes"});
    server.on("GET", "/v2/inventories", &json!({"items": [item]}));
    server.mount(Mock::given(method("DELETE")).and(path("/v2/inventories")).respond_with(ResponseTemplate::new(204)));
    assert_eq!(server.run("inventory list -o json").json()[0]["imageTag"], "app:1");
    let line = "inventory delete --context c/ns --type kubernetes";
    let run = server.run(line);
    assert!(!run.ok && run.err.contains("Nobody can be asked here"), "{run:?}");
    assert!(server.run(&format!("{line} -y")).ok);
    assert_eq!(server.calls().pop().unwrap(), "DELETE /v2/inventories?inventory_type=kubernetes&context=c%2Fns");
}

#[test]
fn every_page_of_events() {
    let server = Server::start();
    let page = |id: &str, more: bool| json!({"results": [{"event_id": id, "event": {"type": "x", "level": "INFO"}}], "next_page": more});
    server.on_query("/v2/events", ("page", "1"), &page("e1", true));
    server.on_query("/v2/events", ("page", "2"), &page("e2", false));
    assert_eq!(server.run("event list -o id").out, "e1\n");
    assert_eq!(server.run("event list --all -o id").out, "e1\ne2\n");
    assert!(!server.run("event list --page one").ok);
    assert!(server.run("event delete").err.contains("nothing says which events"));
}

fn feeds() -> Value {
    json!([{"name": "vulnerabilities", "enabled": true, "groups": [
        {"name": "debian:12", "record_count": 5, "last_sync": "2026-01-02T03:04:05Z"}]}])
}

#[test]
fn feeds_have_a_row_per_group() {
    let server = Server::start();
    server.on("GET", "/v2/system/feeds", &feeds());
    server.on("POST", "/v2/system/feeds", &json!({"message": "started"}));
    let text = server.run("feed list").out;
    assert!(text.contains("│ vulnerabilities │ debian:12 │ true    │ 2026-01-02T03:04:05Z │ 5            │"), "{text}");
    assert!(server.run("feed sync -f").ok);
    assert_eq!(server.calls().pop().unwrap(), "POST /v2/system/feeds?force_sync=true");
}

fn services(up: bool) -> Value {
    json!({"service_states": [{"service_name": "api", "host_id": "h", "base_url": "http://h", "status": up,
        "status_message": "available", "service_detail": {"version": "1.2", "db_version": "7"}}]})
}

#[test]
fn the_system_and_its_state() {
    let server = Server::start();
    server.on("GET", "/v2/system", &services(true));
    let text = server.run("system status").out;
    assert!(
        text.contains("│ api     │ h       │ http://h │ true │ available      │ 7          │ 1.2          │"),
        "{text}"
    );
}

#[test]
fn waiting_for_the_system_ends_in_either_way() {
    let server = Server::start();
    server.on("GET", "/v2/version", &json!({"api": {"version": "2"}}));
    let services_at = || Mock::given(method("GET")).and(path("/v2/system"));
    let answer = |up: bool| ResponseTemplate::new(200).set_body_json(services(up));
    server.mount(services_at().respond_with(answer(false)).up_to_n_times(2));
    server.mount(services_at().respond_with(answer(true)));
    server.on("GET", "/v2/system/feeds", &feeds());
    let run = server.run("system wait");
    assert!(run.ok && run.out.is_empty(), "{run:?}");
    assert!(run.err.contains("✔ API available\n") && run.err.contains("[1 up]\n"), "{}", run.err);
    let run = server.run("system wait --feeds malware --timeout 20");
    assert!(!run.ok && run.err.contains("there is no vulnerability data"), "{run:?}");
}

#[test]
fn smoke_tests_use_an_account_of_their_own() {
    let server = Server::start();
    let account = json!({"name": "smoke-test-account", "state": "disabled"});
    server.on("GET", "/v2/version", &json!({"api": {"version": "2"}}));
    server.on("GET", "/v2/system", &services(true));
    server.on("GET", "/v2/system/feeds", &feeds());
    server.on("GET", "/v2/user", &json!({"username": "admin"}));
    server.on("POST", "/v2/accounts", &account);
    server.on("GET", "/v2/policies", &json!([policy("p", "x", true)]));
    server.on("PUT", "/v2/accounts/smoke-test-account/state", &json!({"state": "disabled"}));
    server.mount(Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(204)));
    let run = server.run("system smoke-tests run");
    assert!(run.ok, "{run:?}");
    assert_eq!(server.calls().pop().unwrap(), "DELETE /v2/accounts/smoke-test-account");
    let empty = Server::start();
    let run = empty.run("system smoke-tests run");
    assert!(!run.ok && run.err.starts_with(" ✔ wait-for-api") && run.err.contains("errors occurred:"), "{run:?}");
}

#[test]
fn applications_and_their_artifacts() {
    let server = Server::start();
    server.on("GET", "/v2/applications", &json!([{"application_id": "A", "name": "shop"}]));
    server.on("GET", "/v2/applications/A/versions", &json!([{"application_version_id": "V", "version_name": "v1"}]));
    let listed = json!({
        "associated_image_artifacts": [{"artifact_association_metadata": {"association_id": "x"},
            "image": {"image_digest": "sha256:d", "distro": "debian", "distro_version": "12"}}],
        "associated_source_artifacts": [],
    });
    server.on("GET", "/v2/applications/A/versions/V/artifacts", &listed);
    server.mount(Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(204)));
    let text = server.run("application artifact list shop@v1").out;
    assert!(text.contains("│ debian 12   │ image │ sha256:d │"), "{text}");
    assert!(server.run("application artifact remove shop@v1 sha256:d").ok);
    assert_eq!(server.calls().pop().unwrap(), "DELETE /v2/applications/A/versions/V/artifacts/x");
    assert!(server.run("application version get shop@v2").err.contains("has no version `v2`"));
}

#[test]
fn corrections_are_made_of_pairs() {
    let server = Server::start();
    server.on("POST", "/v2/corrections", &json!({"type": "package", "match": {"type": "java"}, "replace": []}));
    assert!(server.run("correction add --type java --match package=x --replace cpes=cpe:2.3:a:b:c").ok);
    let body = json!({
        "type": "package", "match": {"type": "java", "field_matches": [{"field_name": "package", "field_value": "x"}]},
        "replace": [{"field_name": "cpes", "field_value": "cpe:2.3:a:b:c"}],
    });
    assert_eq!(server.bodies("/v2/corrections"), [body]);
    assert!(!server.run("correction add --type java").ok);
}

#[test]
fn archived_images() {
    let server = Server::start();
    let item = json!({"image_digest": "sha256:d", "status": "archived", "archive_size_bytes": 5,
        "analyzed_at": "2026-01-02T03:04:05Z", "image_detail": [{"pull_string": "docker.io/app:1"}]});
    server.on("GET", "/v2/archives/images", &json!([item]));
    let text = server.run("archive image list").out;
    assert!(text.contains("│ sha256:d     │ docker.io/app:1 │ archived │ 5            │"), "{text}");
    server.on("POST", "/v2/archives/rules", &json!({"rule_id": "r"}));
    let line = "archive rule add --analysis-age-days 30 --transition delete --exclude-last-seen-in-days 7";
    assert!(server.run(line).ok);
    let body = json!({"transition": "delete", "system_global": false, "analysis_age_days": 30, "exclude": {"last_seen_in_days": 7},
        "selector": {"registry": "*", "repository": "*", "tag": "*"}});
    assert_eq!(server.bodies("/v2/archives/rules"), [body]);
}
