//! Who may do what: every operation for everybody, from the routes themselves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use stopgate_server::{Listening, RouteFacts, ServerOptions, facts, serve};
use stopgate_service::permission::{Permission, ROLES, Role};
use stopgate_service::store::StoreOptions;
use stopgate_service::{Service, ServiceOptions};
use tokio::sync::watch;

const PASSWORD: &str = "a long enough password";

/// A running server with accounts and a user for each role.
struct Place {
    url: String,
    client: Client,
    service: Service,
    stop: watch::Sender<bool>,
    listening: Listening,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let options = ServiceOptions {
            folder: folder.path().to_owned(),
            store: StoreOptions::folder(folder.path()),
            admin_password: Some(SecretString::from(PASSWORD.to_owned())),
            master_key: None,
            host: "test".to_owned(),
            program: "/nonexistent".into(),
            loopback: true,
            egress_allow: Vec::new(),
            ca_file: None,
        };
        let (service, _) = Service::open(options).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let server =
            ServerOptions { listen: ([127, 0, 0, 1], 0).into(), tls: None, cli_folder: None, guarded_metrics: true };
        let listening = serve(service.clone(), &server, stopped).await.unwrap();
        let url = format!("http://{}/v2", listening.address);
        Self { url, client: Client::new(), service, stop, listening, _folder: folder }
    }

    async fn end(self) {
        self.stop.send(true).unwrap();
        self.listening.ended().await.unwrap();
    }

    /// An operation without a body, its parameters filled in.
    fn request(&self, route: &RouteFacts, account: &str) -> reqwest::RequestBuilder {
        self.request_about(route, account, "nobody")
    }

    /// The same about a user.
    fn request_about(&self, route: &RouteFacts, account: &str, user: &str) -> reqwest::RequestBuilder {
        let mut path = route.path.clone();
        for (name, value) in [
            ("{account_name}", account),
            ("{image_digest}", &format!("sha256:{}", "0".repeat(64))),
            ("{registry}", "reg.example.org"),
            ("{username}", user),
        ] {
            path = path.replace(name, value);
        }
        while let Some((start, rest)) = path.clone().split_once('{') {
            path = format!("{start}nobody{}", rest.split_once('}').unwrap().1);
        }
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url)).timeout(Duration::from_mins(1))
    }

    async fn status(&self, request: reqwest::RequestBuilder) -> StatusCode {
        request.send().await.unwrap().status()
    }

    async fn admin(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method, format!("{}{path}", self.url)).basic_auth("admin", Some(PASSWORD));
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// An account with a user for each role, and one without any.
    async fn account(&self, name: &str) {
        self.admin(Method::POST, "/accounts", json!({"name": name})).await;
        for role in ROLES.iter().map(|role| role.name).chain(["nobody"]) {
            let user = json!({"username": format!("{name}-{role}"), "password": PASSWORD});
            self.admin(Method::POST, &format!("/accounts/{name}/users"), user).await;
            if role != "nobody" {
                let member = json!({"username": format!("{name}-{role}"), "domain_name": name});
                self.admin(Method::POST, &format!("/rbac-manager/roles/{role}/members"), member).await;
            }
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

#[test]
fn every_operation_asks_for_its_permission() {
    runtime().block_on(async {
        let place = Place::new().await;
        for account in ["ours", "theirs", "closed"] {
            place.account(account).await;
        }
        place.admin(Method::PUT, "/accounts/closed/state", json!({"state": "disabled"})).await;
        let mut wrong = Vec::new();
        let mut asked = 0;
        for route in facts() {
            let Some(permission) = route.permission else {
                let open = place.status(place.request(&route, "ours")).await;
                // Login itself is open, and refuses who has nothing to show.
                let login = route.path.starts_with("/oauth/");
                if !login && matches!(open.as_u16(), 401 | 403) {
                    wrong.push(format!("{} {}: anybody may, and gets {open}", route.method, route.path));
                }
                continue;
            };
            let mut expect = |who: String, status: StatusCode, good: bool| {
                asked += 1;
                if !good {
                    wrong.push(format!("{} {} as {who}: {status}", route.method, route.path));
                }
            };
            let request = || place.request(&route, "ours");
            let status = place.status(request()).await;
            expect("nobody".to_owned(), status, status == 401);
            let status = place.status(request().basic_auth("ours-full-control", Some("a wrong password"))).await;
            expect("wrong password".to_owned(), status, matches!(status.as_u16(), 401 | 429));
            let status = place.status(request().bearer_auth("sgt_unknown")).await;
            expect("unknown token".to_owned(), status, status == 401);
            let status = place.status(request().basic_auth("closed-full-control", Some(PASSWORD))).await;
            expect("a disabled account".to_owned(), status, status == 403);
            let other = request().basic_auth("theirs-full-control", Some(PASSWORD)).header("x-anchore-account", "ours");
            let status = place.status(other).await;
            expect("another account".to_owned(), status, status == 403);
            for role in ROLES {
                let name = format!("ours-{}", role.name);
                let request = place.request_about(&route, "ours", &name);
                let status = place.status(request.basic_auth(&name, Some(PASSWORD))).await;
                let oneself = own(permission);
                let may = oneself || role.allows(permission);
                expect(role.name.to_owned(), status, (status == 403) != may && status != 401 && status.as_u16() != 500);
            }
            let request = place.request_about(&route, "ours", "ours-nobody");
            let status = place.status(request.basic_auth("ours-nobody", Some(PASSWORD))).await;
            expect("no role".to_owned(), status, (status == 403) != own(permission));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(asked > 1_000, "{asked}");
        assert!(Role::find("full-control").is_some());
        place.end().await;
    });
}

/// What everybody who is known may do.
fn own(permission: Permission) -> bool {
    permission == Permission::Known || permission.name().starts_with("self")
}

#[test]
fn nothing_of_an_account_is_seen_from_another() {
    const MARK: &str = "canary-of-ours";
    runtime().block_on(async {
        let place = Place::new().await;
        place.account("ours").await;
        place.account("theirs").await;
        let as_ours = |method: Method, path: &str, body: Value| {
            let request = place.client.request(method, format!("{}{path}", place.url));
            request.basic_auth("ours-full-control", Some(PASSWORD)).json(&body).send()
        };
        let spec = json!({
            "id": MARK, "name": MARK, "version": "2", "rule_sets": [], "mappings": [], "allowlists": [],
            "allowlisted_images": [], "denylisted_images": [],
        });
        let made = as_ours(Method::POST, "/policies", spec).await.unwrap();
        assert_eq!(made.status(), 200, "{}", made.text().await.unwrap());
        let registry = json!({"registry": format!("{MARK}.example.org"), "registry_user": MARK, "registry_pass": "x"});
        let made = as_ours(Method::POST, "/registries?validate=false", registry).await.unwrap();
        assert_eq!(made.status(), 200, "{}", made.text().await.unwrap());
        let watched = json!({"subscription_key": format!("docker.io/{MARK}:1"), "subscription_type": "policy_eval"});
        let made: Value = as_ours(Method::POST, "/subscriptions", watched).await.unwrap().json().await.unwrap();
        let subscription = made[0]["subscription_id"].as_str().unwrap().to_owned();

        let mut leaks = Vec::new();
        for route in facts().iter().filter(|route| route.method == "GET" && route.permission.is_some()) {
            let request = place.request(route, "theirs").basic_auth("theirs-full-control", Some(PASSWORD));
            let body = request.send().await.unwrap().text().await.unwrap();
            if body.contains(MARK) || body.contains("\"ours\"") {
                leaks.push(format!("{} {}: {body}", route.method, route.path));
            }
        }
        assert!(leaks.is_empty(), "{}", leaks.join("\n"));
        // Ids of another account name nothing, whatever is done with them, and all answers are alike.
        for (method, path) in [
            (Method::GET, format!("/policies/{MARK}")),
            (Method::DELETE, format!("/policies/{MARK}")),
            (Method::GET, format!("/registries/{MARK}.example.org")),
            (Method::DELETE, format!("/registries/{MARK}.example.org")),
            (Method::GET, format!("/subscriptions/{subscription}")),
            (Method::DELETE, format!("/subscriptions/{subscription}")),
        ] {
            let request = place.client.request(method.clone(), format!("{}{path}", place.url));
            let status = place.status(request.basic_auth("theirs-full-control", Some(PASSWORD))).await;
            assert_eq!(status, 404, "{method} {path}");
        }
        // A password goes in and never comes out.
        let shown = as_ours(Method::GET, "/registries", Value::Null).await.unwrap().text().await.unwrap();
        assert!(shown.contains(MARK) && !shown.contains("registry_pass"), "{shown}");
        place.end().await;
    });
}

#[test]
fn changes_of_rights_count_within_seconds() {
    runtime().block_on(async {
        let place = Place::new().await;
        place.account("ours").await;
        let ask = |user: &str, password: &str| {
            let request = place.client.get(format!("{}/images", place.url));
            request.basic_auth(user, Some(password)).send()
        };
        let until = |wanted: u16, user: &'static str, password: &'static str| async move {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
            loop {
                let status = ask(user, password).await.unwrap().status();
                if status.as_u16() == wanted {
                    return;
                }
                assert!(tokio::time::Instant::now() < deadline, "{user}: {status}, not {wanted}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        until(200, "ours-read-only", PASSWORD).await;
        let path = "/rbac-manager/roles/read-only/members?username=ours-read-only&domain_name=ours";
        place.admin(Method::DELETE, path, Value::Null).await;
        until(403, "ours-read-only", PASSWORD).await;

        until(200, "ours-read-write", PASSWORD).await;
        let new = json!({"type": "password", "value": "another long password"});
        place.admin(Method::POST, "/accounts/ours/users/ours-read-write/credentials", new).await;
        until(401, "ours-read-write", PASSWORD).await;
        until(200, "ours-read-write", "another long password").await;

        place.admin(Method::PUT, "/accounts/ours/state", json!({"state": "disabled"})).await;
        until(403, "ours-full-control", PASSWORD).await;
        let changes = stopgate_service::store::audit::list(place.service.store().read(), 100, 0).await.unwrap();
        assert!(changes.iter().any(|entry| entry.target == "/v2/accounts/ours/state" && entry.actor == "admin"));
        assert_eq!(stopgate_service::store::audit::verify(place.service.store().read()).await.unwrap(), None);
        place.end().await;
    });
}

#[test]
fn keys_and_tokens_stand_for_their_owner() {
    runtime().block_on(async {
        let place = Place::new().await;
        place.account("ours").await;
        let url = |path: &str| format!("{}{path}", place.url);
        let basic = |request: reqwest::RequestBuilder| request.basic_auth("ours-read-only", Some(PASSWORD));
        let expires = "2999-01-01T00:00:00Z";
        let key = json!({"name": "ci", "expires_at": expires});
        let refused = basic(place.client.post(url("/user/api-keys"))).json(&key).send().await.unwrap();
        assert_eq!(refused.status(), 400, "a key ends within a year");
        let soon = (now() + jiff::SignedDuration::from_hours(24)).to_string();
        let key = json!({"name": "ci", "expires_at": soon.split('.').next().map(|t| format!("{}Z", t.trim_end_matches('Z')))});
        let made: Value = basic(place.client.post(url("/user/api-keys"))).json(&key).send().await.unwrap().json().await.unwrap();
        let value = made["value"].as_str().unwrap().to_owned();
        assert!(value.starts_with("sgk_"), "{made}");
        let with_key = |path: &str| place.client.get(url(path)).basic_auth("_api_key", Some(&value)).send();
        assert_eq!(with_key("/images").await.unwrap().status(), 200);
        let listed = with_key("/user/api-keys").await.unwrap().text().await.unwrap();
        assert!(listed.contains("\"ci\"") && !listed.contains(&value));
        let another = place.client.post(url("/user/api-keys")).basic_auth("_api_key", Some(&value)).json(&key);
        assert_eq!(another.send().await.unwrap().status(), 403, "a key makes no keys");
        let revoked = basic(place.client.patch(url("/user/api-keys/ci"))).json(&json!({"status": "revoked"}));
        assert_eq!(revoked.send().await.unwrap().status(), 200);
        assert_eq!(with_key("/images").await.unwrap().status(), 401);

        let form = [("grant_type", "password"), ("username", "ours-read-only"), ("password", PASSWORD)];
        let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
        let login = |body: String| {
            let request = place.client.post(url("/oauth/token"));
            request.header("content-type", "application/x-www-form-urlencoded").body(body).send()
        };
        let pair: Value = login(form.join("&")).await.unwrap().json().await.unwrap();
        let text = |pair: &Value, name: &str| pair[name].as_str().unwrap().to_owned();
        let images = |token: String| place.client.get(url("/images")).bearer_auth(token).send();
        assert_eq!(images(text(&pair, "access_token")).await.unwrap().status(), 200);
        let again = format!("grant_type=refresh_token&refresh_token={}", text(&pair, "refresh_token"));
        let next: Value = login(again.clone()).await.unwrap().json().await.unwrap();
        assert_eq!(images(text(&next, "access_token")).await.unwrap().status(), 200);
        // A refresh token that is used twice was stolen: all that came of the login ends.
        assert_eq!(login(again).await.unwrap().status(), 401);
        assert_eq!(images(text(&next, "access_token")).await.unwrap().status(), 401);
        place.end().await;
    });
}

#[expect(clippy::disallowed_methods, reason = "an expiry is a time from now")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
