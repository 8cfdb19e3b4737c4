//! A server to ask, with an account beside the admin's, and images that nobody had to fetch.

use std::future::Future;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stopgate_server::{ServerOptions, serve};
use stopgate_service::store::content::{self, NewArtifact};
use stopgate_service::store::image::{self, AnalysisState, NewImage};
use stopgate_service::store::{AccountId, BlobPlace, StoreOptions, account, tag};
use stopgate_service::{Service, ServiceOptions};
use tokio::sync::watch;

pub(crate) const PASSWORD: &str = "correct horse";

/// A server, and what keeps it running.
pub(crate) struct Server {
    pub(crate) service: Service,
    base: String,
    client: reqwest::Client,
    _stop: watch::Sender<bool>,
}

/// An answer that was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    /// Its body, when it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// The sentence of a failure with this status.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        let body = self.expect(status);
        body.get("message").and_then(Value::as_str).expect("a failure has a message").to_owned()
    }
}

/// Who asks, in which account.
#[derive(Clone, Copy)]
pub(crate) struct As<'a>(pub(crate) &'a str, pub(crate) Option<&'a str>);

pub(crate) const ADMIN: As<'static> = As("admin", None);

impl Server {
    async fn start(database: Option<String>, folder: &std::path::Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let advisory = json!({
            "id": "CVE-2024-0001", "modified": "2024-01-02T00:00:00Z", "summary": "leftpad pads too far",
            "affected": [{
                "package": {"ecosystem": "npm", "name": "leftpad"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
            }],
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        });
        let documents = vec![("advisory".to_owned(), advisory.to_string().into_bytes())].into_iter();
        stopgate_vulndb::build(documents, &folder.join("db"), "2024-02-01T00:00:00Z", "test").unwrap();
        let store = match database {
            Some(database) => StoreOptions { database, blobs: BlobPlace::Folder(folder.join("blobs")), connections: 4 },
            None => StoreOptions::folder(folder),
        };
        let options = ServiceOptions {
            folder: folder.to_owned(),
            store,
            admin_password: Some(PASSWORD.to_owned().into()),
            master_key: None,
            host: "test".to_owned(),
            program: "stopgate".into(),
            loopback: true,
            egress_allow: Vec::new(),
            ca_file: None,
        };
        let (service, _) = Service::open(options).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let options =
            ServerOptions { listen: ([127, 0, 0, 1], 0).into(), tls: None, cli_folder: None, guarded_metrics: false };
        let listening = serve(service.clone(), &options, stopped).await.unwrap();
        let base = format!("http://{}/v2", listening.address);
        Self { service, base, client: reqwest::Client::new(), _stop: stop }
    }

    pub(crate) async fn ask(&self, who: As<'_>, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).basic_auth(who.0, Some(PASSWORD));
        if let Some(account) = who.1 {
            request = request.header("x-anchore-account", account);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::read(request).await
    }

    pub(crate) async fn read(request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    pub(crate) async fn get(&self, who: As<'_>, path: &str) -> Answer {
        self.ask(who, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, who: As<'_>, path: &str, body: Value) -> Answer {
        self.ask(who, Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, who: As<'_>, path: &str, body: Value) -> Answer {
        self.ask(who, Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, who: As<'_>, path: &str, body: Value) -> Answer {
        self.ask(who, Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, who: As<'_>, path: &str) -> Answer {
        self.ask(who, Method::DELETE, path, None).await
    }

    /// An account with a user of the same name, who has a role in it.
    pub(crate) async fn account(&self, name: &str, role: &str) {
        self.post(ADMIN, "/accounts", json!({"name": name})).await.expect(200);
        let user = json!({"username": name, "password": PASSWORD});
        self.post(ADMIN, &format!("/accounts/{name}/users"), user).await.expect(200);
        let member = json!({"username": name, "for_account": name});
        self.post(ADMIN, &format!("/rbac-manager/roles/{role}/members"), member).await.expect(200);
    }

    async fn account_id(&self, name: &str) -> AccountId {
        account::find(self.service.store().read(), name).await.unwrap().unwrap().id
    }

    /// An analysed image of an account that holds `leftpad` 1.0.0, under a tag; its digest.
    pub(crate) async fn image(&self, owner: &str, full_tag: &str) -> String {
        let owner = self.account_id(owner).await;
        let digest = format!("sha256:{}", stopgate_service::sha256_hex(full_tag.as_bytes()));
        let sbom = json!({
            "schema": {"version": "16.1.10", "url": ""}, "descriptor": {"name": "syft", "version": "1.0.0"},
            "distro": {}, "artifactRelationships": [],
            "source": {
                "id": digest.trim_start_matches("sha256:"), "name": full_tag, "version": digest, "type": "image",
                "metadata": {
                    "userInput": full_tag, "imageID": digest, "manifestDigest": digest, "mediaType": "", "tags": [],
                    "imageSize": 1, "layers": [], "manifest": "", "config": "", "repoDigests": [],
                    "architecture": "amd64", "os": "linux",
                },
            },
            "artifacts": [{
                "id": "1", "name": "leftpad", "version": "1.0.0", "type": "npm", "foundBy": "test", "locations": [],
                "licenses": [], "language": "javascript", "cpes": [], "purl": "pkg:npm/leftpad@1.0.0",
            }],
        });
        let artifact = stopgate_formats::syft_json::read(sbom.to_string().as_bytes()).unwrap();
        let mut document = Vec::new();
        stopgate_formats::analysis::write(&artifact, &mut document).unwrap();
        let store = self.service.store();
        let staged = store.blobs().stage(document).await.unwrap();
        let now = artifact_time();
        let tx = store.begin().await.unwrap();
        staged.record(tx.db()).await.unwrap();
        let set = content::record_set(tx.db(), &[]).await.unwrap();
        let new = NewArtifact {
            account: owner,
            manifest_digest: &digest,
            origin: "import",
            semantics: "test",
            content_set: set,
            analysis_blob: staged.digest(),
            chain_id: "",
            layers: "",
            distro: "",
            distro_version: "",
            architecture: "amd64",
            size: 1,
            gaps: 0,
        };
        let row = content::record_artifact(tx.db(), &new, now).await.unwrap();
        let annotations = json!({});
        let new = NewImage {
            digest: &digest,
            parent_digest: &digest,
            image_id: digest.trim_start_matches("sha256:"),
            annotations: &annotations,
            requester: "test",
            imported_by: None,
            dockerfile: None,
            manifest: None,
        };
        let key = image::create(tx.db(), owner, &new, now).await.unwrap();
        image::set_artifact(tx.db(), key, row, now).await.unwrap();
        let made = image::get(tx.db(), owner, key).await.unwrap().unwrap();
        image::set_analysis(tx.db(), &made, AnalysisState::Analyzed, None, "test", now).await.unwrap();
        let (repository, name) = full_tag.rsplit_once(':').unwrap();
        let (registry, repository) = repository.split_once('/').unwrap();
        tag::assign(tx.db(), owner, (registry, repository, name), key, now, now).await.unwrap();
        account::touch(tx.db(), owner).await.unwrap();
        tx.commit().await.unwrap();
        digest
    }
}

fn artifact_time() -> jiff::Timestamp {
    "2024-03-01T00:00:00Z".parse().unwrap()
}

/// Runs a test with a server on each database.
pub(crate) fn with_servers<F: Future<Output = ()>>(test: impl Fn(Server) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut databases = vec![None];
    databases.extend(stopgate_testkit::postgres::database().map(Some));
    for database in databases {
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(async { test(Server::start(database, folder.path()).await).await });
    }
}
