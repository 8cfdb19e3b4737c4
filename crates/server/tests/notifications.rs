//! Events reach those who asked for them: a real server in this process, a real receiver, a real registry.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, reason = "a test")]

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::SecretString;
use serde_json::{Value, json};
use stopgate_server::{Listening, ServerOptions, serve};
use stopgate_service::store::{AccountId, BlobPlace, StoreOptions, evaluation, setting};
use stopgate_service::worker::Workers;
use stopgate_service::{Service, ServiceOptions};
use stopgate_testkit::Registry;
use stopgate_testkit::images;
use tokio::sync::watch;

const PASSWORD: &str = "correct-horse";

/// A request that a receiver got.
#[derive(Debug, Clone)]
struct Got {
    headers: BTreeMap<String, String>,
    body: String,
}

/// A receiver that fails the first times.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    fn start(failures: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Ok(copy) = stream.try_clone() else { continue };
                let Ok(request) = read(&mut BufReader::new(copy)) else { continue };
                let mut kept = kept.lock().unwrap();
                kept.push(request);
                let status = if kept.len() > failures { "204 No Content" } else { "500 Oh" };
                let mut stream = stream;
                let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Ok(Self { url, got })
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn read(stream: &mut impl std::io::BufRead) -> Result<Got> {
    let (mut headers, mut line) = (BTreeMap::new(), String::new());
    stream.read_line(&mut line)?;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length: u64 = headers.get("content-length").context("no length")?.parse()?;
    let mut body = String::new();
    stream.take(length).read_to_string(&mut body)?;
    Ok(Got { headers, body })
}

/// A server in this process with its workers.
struct Desk {
    service: Service,
    url: String,
    client: reqwest::Client,
    stop: watch::Sender<bool>,
    _listening: Listening,
}

impl Desk {
    async fn open(folder: &Path, store: StoreOptions) -> Result<Self> {
        Self::named(folder, store, "test").await
    }

    async fn named(folder: &Path, store: StoreOptions, host: &str) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let program = std::env::var_os("STOPGATE_BIN").context("STOPGATE_BIN is not set; run `cargo xtask test`")?;
        let (service, _) = Service::open(ServiceOptions {
            folder: folder.to_owned(),
            store,
            admin_password: Some(SecretString::from(PASSWORD)),
            master_key: Some((SecretString::from("ab".repeat(32)), None)),
            host: host.to_owned(),
            program: program.into(),
            loopback: true,
            egress_allow: vec!["127.0.0.0/8".to_owned()],
            ca_file: None,
        })
        .await?;
        let (stop, stopped) = watch::channel(false);
        let options =
            ServerOptions { listen: "127.0.0.1:0".parse()?, tls: None, cli_folder: None, guarded_metrics: false };
        let listening = serve(service.clone(), &options, stopped.clone()).await?;
        let url = format!("http://{}/v2", listening.address);
        let working = service.clone();
        tokio::spawn(async move { working.work(Workers::all(), stopped).await });
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { service, url, client, stop, _listening: listening })
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.url)).basic_auth("admin", Some(PASSWORD));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status().as_u16(), answer.text().await?);
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    async fn get(&self, path: &str) -> Result<Value> {
        good(self.ask(reqwest::Method::GET, path, None).await?)
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        good(self.ask(reqwest::Method::POST, path, Some(body)).await?)
    }

    async fn put(&self, path: &str, body: Value) -> Result<Value> {
        good(self.ask(reqwest::Method::PUT, path, Some(body)).await?)
    }

    /// Adds an image and waits until it is analysed; its digest.
    async fn add(&self, tag: &str) -> Result<String> {
        let added = self.post("/images", json!({"source": {"tag": {"pull_string": tag}}})).await?;
        let digest = added["image_digest"].as_str().context("no digest")?.to_owned();
        let state = until(|| async {
            let image = self.get(&format!("/images/{digest}")).await?;
            let state = image["analysis_status"].as_str().unwrap_or_default().to_owned();
            Ok((state.starts_with("analyzed") || state.ends_with("failed")).then_some(image))
        });
        let image = state.await?;
        if image["analysis_status"] != "analyzed" {
            bail!("{image}");
        }
        Ok(digest)
    }

    /// How often an image was decided about with another outcome, and when last.
    async fn decided(&self, digest: &str, tag: &str) -> Result<(usize, Option<jiff::Timestamp>)> {
        use stopgate_service::store::image;
        let (db, account) = (self.service.store().read(), AccountId(1));
        let image = image::find(db, account, digest).await?.context("no image")?;
        let subject = evaluation::Subject { kind: "image", id: image.id.0, tag };
        let rows = evaluation::history(db, account, subject, "p", 100).await?;
        Ok((rows.len(), rows.first().map(|row| row.checked_at)))
    }

    async fn set(&self, name: &str, value: &str) -> Result<()> {
        let tx = self.service.store().begin().await?;
        setting::set(tx.db(), name, value, jiff::Timestamp::now()).await?;
        Ok(tx.commit().await?)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

fn good((status, body): (u16, Value)) -> Result<Value> {
    if status >= 300 {
        bail!("{status}: {body}");
    }
    Ok(body)
}

/// Asks again until there is an answer.
async fn until<T, F: Future<Output = Result<Option<T>>>>(ask: impl Fn() -> F) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if start.elapsed() > Duration::from_secs(90) {
            bail!("it did not happen in time");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs a test on SQLite and, where there is one, on PostgreSQL.
fn on_both<F: Future<Output = Result<()>>>(test: impl Fn(std::path::PathBuf, StoreOptions) -> F) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    std::fs::create_dir_all(&one)?;
    std::fs::create_dir_all(&other)?;
    runtime.block_on(test(one.clone(), StoreOptions::folder(&one)))?;
    if let Some(database) = stopgate_testkit::postgres::database() {
        let blobs = BlobPlace::Folder(other.clone());
        runtime.block_on(test(other, StoreOptions { database, blobs, connections: 8 }))?;
    }
    Ok(())
}

fn osv(id: &str, ecosystem: &str, name: &str) -> (String, Vec<u8>) {
    let text = json!({"id": id, "modified": "2024-01-01T00:00:00Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]}]});
    (format!("{id}.json"), text.to_string().into_bytes())
}

/// A policy that stops what has a vulnerability of severity high.
fn policy() -> Value {
    let params = [("package_type", "all"), ("severity_comparison", ">="), ("severity", "high")];
    let params: Vec<Value> = params.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let rule = json!({"id": "r", "gate": "vulnerabilities", "trigger": "package", "action": "STOP", "params": params});
    json!({
        "id": "p", "name": "team", "version": "2",
        "rule_sets": [{"id": "rs", "name": "rules", "version": "2", "rules": [rule]}],
        "allowlists": [],
        "mappings": [{"id": "m", "name": "all", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["rs"], "allowlist_ids": []}],
    })
}

/// Whether a request is signed as Standard Webhooks says.
fn is_signed(got: &Got, secret: &str) -> Result<bool> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").context("no key")?)?;
    let text = format!("{}.{}.{}", got.headers["webhook-id"], got.headers["webhook-timestamp"], got.body);
    let signature = STANDARD.decode(got.headers["webhook-signature"].strip_prefix("v1,").context("no version")?)?;
    Ok(hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes(), &signature).is_ok())
}

#[test]
fn new_data_changes_a_verdict_and_a_webhook_says_so() -> Result<()> {
    on_both(|folder, store| async move {
        let data = folder.join("db");
        stopgate_vulndb::build([osv("GHSA-1", "npm", "nothing")].into_iter(), &data, "2026-01-01T00:00:00Z", "own")?;
        let registry = Registry::start()?;
        registry.push("shop", "1", &images::mixed()?.build()?)?;
        registry.push("clean", "2", &images::good().build()?)?;
        let desk = Desk::open(&folder, store).await?;
        desk.post("/policies", policy()).await?;
        let record = desk.get("/policies/p?detail=true").await?;
        desk.put("/policies/p?active=true", record).await?;
        let (shop, clean) = (format!("{}/shop:1", registry.host()), format!("{}/clean:2", registry.host()));
        let (shop_digest, clean_digest) = (desk.add(&shop).await?, desk.add(&clean).await?);
        let receiver = Receiver::start(2)?;
        let place = "/notifications/endpoints/webhook";
        let sent = json!({"url": receiver.url, "username": "me", "password": "hunter2", "description": "ours"});
        let made = desk.post(&format!("{place}/configurations"), sent).await?;
        assert_eq!((&made["password"], &made["url"]), (&json!("****"), &json!(receiver.url)));
        let place = format!("{place}/configurations/{}", made["uuid"].as_str().context("no id")?);
        let event = json!({"level": "*", "type": "user.checks.*", "resource_type": "*"});
        desk.post(&format!("{place}/selectors"), json!({"scope": "account", "event": event})).await?;
        assert_eq!(desk.get(&format!("{place}/status")).await?["status"], "unknown");
        desk.post("/subscriptions", json!({"subscription_key": shop, "subscription_type": "policy_eval"})).await?;
        desk.post("/subscriptions", json!({"subscription_key": clean, "subscription_type": "policy_eval"})).await?;
        let before = until(|| async {
            let (ours, other) = (desk.decided(&shop_digest, &shop).await?, desk.decided(&clean_digest, &clean).await?);
            Ok((ours.0 == 1 && other.0 == 1).then_some(other))
        });
        let before = before.await?;

        // Another program puts new data into the folder: a package of one image becomes vulnerable.
        let new = [osv("GHSA-1", "npm", "nothing"), osv("GHSA-2", "npm", "lodash")];
        stopgate_vulndb::build(new.into_iter(), &data, "2026-02-01T00:00:00Z", "own")?;
        let got = until(|| async { Ok(Some(receiver.got()).filter(|got| got.len() >= 3)) }).await?;
        let body: Value = serde_json::from_str(&got[2].body)?;
        assert_eq!(body["type"], "user.checks.tag.policy_evaluation.update");
        assert_eq!(body["resource"], json!({"account_name": "admin", "type": "image_tag", "id": shop}));
        assert_eq!((&body["level"], &body["source"]["service_name"]), (&json!("INFO"), &json!("stopgate")));
        assert_eq!(body["details"]["current"]["final_action"], "stop");
        assert_eq!(body["details"]["previous"]["final_action"], "go");
        let secret = desk.get("/x/settings").await?["webhook_secret"].as_str().context("no secret")?.to_owned();
        for try_ in &got {
            assert!(is_signed(try_, &secret)?);
            assert_eq!(try_.body, got[2].body);
            assert_eq!(
                (&try_.headers["webhook-id"], &json!(try_.headers["webhook-id"])),
                (&got[0].headers["webhook-id"], &body["id"])
            );
            assert_eq!(try_.headers["authorization"], format!("Basic {}", STANDARD.encode("me:hunter2")));
        }
        let healthy =
            until(|| async { Ok((desk.get(&format!("{place}/status")).await?["status"] == "healthy").then_some(())) });
        healthy.await?;
        assert_eq!(receiver.got().len(), 3, "what arrived is not sent again");
        assert_eq!(desk.decided(&shop_digest, &shop).await?.0, 2);
        assert_eq!(desk.decided(&clean_digest, &clean).await?, before, "what nothing changed for is not decided again");
        Ok(())
    })
}

#[test]
fn endpoints_are_checked_masked_and_tried() -> Result<()> {
    on_both(|folder, store| async move {
        let desk = Desk::open(&folder, store).await?;
        let receiver = Receiver::start(1)?;
        let place = "/notifications/endpoints/slack";
        for url in ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://me:pw@127.0.0.1/", "ftp://127.0.0.1/"]
        {
            let (status, body) =
                desk.ask(reqwest::Method::POST, &format!("{place}/configurations"), Some(json!({"url": url}))).await?;
            assert_eq!(status, 400, "{url}: {body}");
        }
        let made =
            desk.post(&format!("{place}/configurations"), json!({"url": receiver.url, "description": "a"})).await?;
        assert_eq!(made["url"], "http://127.0.0.1/****");
        let own = format!("{place}/configurations/{}", made["uuid"].as_str().context("no id")?);
        let change = json!({"url": made["url"], "description": "b"});
        assert_eq!(desk.put(&own, change).await?["description"], "b");
        let tried = desk.get(&format!("{own}/test")).await?;
        assert_eq!(tried, json!({"status": "failure", "response": "it answers 500"}));
        assert_eq!(desk.get(&format!("{own}/status")).await?["status"], "unhealthy");
        assert_eq!(desk.get(&format!("{own}/test")).await?["status"], "success");
        assert_eq!(desk.get(&format!("{own}/status")).await?["status"], "healthy");
        assert!(receiver.got()[1].body.contains("this is a test"));
        let unsaved = desk.post("/notifications/endpoints/teams/test", json!({"url": receiver.url})).await?;
        assert_eq!(unsaved["status"], "success");
        let mail = json!({"host": "mail.example.org", "port": 25, "from": "a@example.org", "to": "b@example.org"});
        let smtp = "/notifications/endpoints/smtp/configurations";
        assert_eq!(desk.ask(reqwest::Method::POST, smtp, Some(mail)).await?.0, 501);
        let kinds = desk.get("/notifications/endpoints").await?;
        assert_eq!(kinds.as_array().map(Vec::len), Some(6));
        desk.put("/notifications/endpoints/slack", json!({"enabled": false})).await?;
        let event = json!({"level": "error", "type": "user.*", "resource_type": "*"});
        let selector = desk.post(&format!("{own}/selectors"), json!({"scope": "global", "event": event})).await?;
        let one = format!("{own}/selectors/{}", selector["uuid"].as_str().context("no id")?);
        assert_eq!(desk.get(&one).await?, selector);
        assert_eq!(desk.get("/notifications/selectors").await?, json!([selector]));
        assert_eq!(desk.ask(reqwest::Method::DELETE, &one, None).await?.0, 200);
        assert_eq!(desk.ask(reqwest::Method::DELETE, &own, None).await?.0, 200);
        assert_eq!(desk.ask(reqwest::Method::GET, &own, None).await?.0, 404);
        Ok(())
    })
}

#[test]
fn watched_repositories_and_tags_are_followed() -> Result<()> {
    on_both(|folder, store| async move {
        let registry = Registry::start()?;
        registry.push("team/app", "1", &images::good().build()?)?;
        registry.push("team/app", "2", &images::mixed()?.build()?)?;
        let desk = Desk::open(&folder, store).await?;
        let repository = format!("{}/team/app", registry.host());
        let tried = desk.post(&format!("/repositories?repository={repository}&dry_run=true"), json!({})).await?;
        let value: Value = serde_json::from_str(tried[0]["subscription_value"].as_str().context("no value")?)?;
        assert_eq!((&value["repotags"], &value["tagcount"]), (&json!(["1", "2"]), &json!(2)));
        assert_eq!(desk.get("/subscriptions").await?, json!([]));
        desk.post(&format!("/repositories?repository={repository}:1&auto_subscribe=true"), json!({})).await?;
        let digest = async |tag: &str| -> Result<Option<String>> {
            let found = desk.ask(reqwest::Method::GET, &format!("/images?full_tag={repository}:{tag}"), None).await?.1;
            Ok(found["items"][0]["image_digest"].as_str().map(str::to_owned))
        };
        let first = until(|| digest("1")).await?;
        assert_eq!(digest("2").await?, None, "only what fits the pattern");
        desk.post(&format!("/repositories?repository={repository}&exclude_existing_tags=true"), json!({})).await?;
        desk.set("watch.repo_update", "1").await?;
        registry.push("team/app", "3", &images::good().build()?)?;
        until(|| digest("3")).await?;
        assert_eq!(digest("2").await?, None, "what was there before is left out");
        let kind = "user.image.tag.updated";
        assert_eq!(desk.get(&format!("/events?event_type={kind}")).await?["item_count"], 0);
        desk.set("watch.tag_update", "1").await?;
        registry.push("team/app", "1", &images::mixed()?.build()?)?;
        let event = until(|| async {
            let found = desk.get(&format!("/events?event_type={kind}")).await?;
            Ok(found["results"][0].as_object().map(|event| json!(event)))
        });
        let event = event.await?;
        assert_eq!(event["event"]["details"]["previous"]["image_digest"], json!(first));
        assert_ne!(digest("1").await?, Some(first));
        let gone = format!("/repositories?repository={}/team/none", registry.host());
        assert_eq!(desk.ask(reqwest::Method::POST, &gone, None).await?.0, 404);
        Ok(())
    })
}

#[test]
fn uploads_are_verified_and_bad_data_leaves_the_old() -> Result<()> {
    on_both(|folder, store| async move {
        let data = folder.join("db");
        stopgate_vulndb::build([osv("GHSA-1", "npm", "nothing")].into_iter(), &data, "2026-01-01T00:00:00Z", "own")?;
        let desk = Desk::open(&folder, store).await?;
        let upload = async |feed: &str, checksum: &str, version: &str| -> Result<u16> {
            let form =
                "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nnot data\r\n--b--\r\n";
            let url = format!(
                "{}/system/feeds/{feed}?version={version}&built=2026-02-01T00:00:00Z&checksum={checksum}",
                desk.url
            );
            let request = desk.client.post(url).basic_auth("admin", Some(PASSWORD)).body(form);
            let request = request.header("content-type", "multipart/form-data; boundary=b");
            Ok(request.send().await?.status().as_u16())
        };
        let checksum = stopgate_service::sha256_hex(b"not data");
        assert_eq!(upload("vulnerabilities", "sha256:00", "v6.1.9").await?, 400);
        assert_eq!(upload("vulnerabilities", &checksum, "5").await?, 400);
        assert_eq!(upload("other", &checksum, "6").await?, 400);
        assert_eq!(upload("kev", &checksum, "6").await?, 501);
        assert_eq!(upload("vulnerabilities", &checksum, "v6.1.9").await?, 202);
        let failed = until(|| async {
            let found = desk.get("/events?event_type=system.feeds.sync.failed").await?;
            Ok(found["results"][0]["event"].as_object().map(|event| json!(event)))
        });
        let failed = failed.await?;
        assert_eq!(failed["level"], "ERROR");
        assert!(failed["message"].as_str().unwrap_or_default().contains("the old stays in use"), "{failed}");
        assert_eq!(desk.get("/system/feeds/vulnerabilities?version=6").await?["version"], "osv");
        assert_eq!(desk.ask(reqwest::Method::DELETE, "/system/feeds/vulnerabilities", None).await?.0, 501);
        let types = desk.get("/event-types").await?;
        assert_eq!(types[0]["name"], "user");
        Ok(())
    })
}

#[test]
fn processes_of_one_installation_share_uploaded_data() -> Result<()> {
    let Some(database) = stopgate_testkit::postgres::database() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("vulnerability.db");
    let connection = rusqlite::Connection::open(&file)?;
    connection.execute_batch(include_str!("testdata/grype.sql"))?;
    connection.close().map_err(|(_, error)| error)?;
    let bytes = std::fs::read(&file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let registry = Registry::start()?;
        registry.push("shop", "1", &images::mixed()?.build()?)?;
        let shop = format!("{}/shop:1", registry.host());
        let mut desks = Vec::new();
        for host in ["one", "two"] {
            let own = folder.path().join(host);
            std::fs::create_dir_all(&own)?;
            let blobs = BlobPlace::Folder(folder.path().join("blobs"));
            let store = StoreOptions { database: database.clone(), blobs, connections: 8 };
            desks.push(Desk::named(&own, store, host).await?);
        }
        let (one, two) = (&desks[0], &desks[1]);
        let digest = one.add(&shop).await?;
        let found = async |desk: &Desk| -> Result<usize> {
            let report = desk.get(&format!("/images/{digest}/vuln/all")).await?;
            Ok(report["vulnerabilities"].as_array().map_or(0, Vec::len))
        };
        let mut form = b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n".to_vec();
        form.extend(&bytes);
        form.extend(b"\r\n--b--\r\n");
        let checksum = stopgate_service::sha256_hex(&bytes);
        let query = format!("version=v6.1.9&built=2026-03-01T00:00:00Z&checksum={checksum}");
        let request = one.client.post(format!("{}/system/feeds/vulnerabilities?{query}", one.url));
        let request = request.basic_auth("admin", Some(PASSWORD)).body(form);
        let sent = request.header("content-type", "multipart/form-data; boundary=b").send().await?;
        assert_eq!(sent.status().as_u16(), 202);
        for desk in [one, two] {
            until(|| async { Ok((found(desk).await.unwrap_or(0) == 1).then_some(())) }).await?;
            let known = desk.get("/system/feeds/vulnerabilities?version=6").await?;
            assert_eq!((&known["version"], &known["built_at"]), (&json!("v6.1.9"), &json!("2026-03-01T00:00:00Z")));
        }
        Ok(())
    })
}
