//! A server in this process on a folder of its own, with a small set of vulnerability data, and images to send to it.

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use stopgate_analyzer::{AnalyzeOptions, analyze};
use stopgate_archive::write::{Built, ImageBuilder};
use stopgate_model::Artifact;
use stopgate_server::ServerOptions;
use stopgate_service::store::{BlobPlace, StoreOptions};
use stopgate_service::worker::Workers;
use stopgate_service::{Service, ServiceOptions};
use stopgate_source::{SourceOptions, SourceSpec};
use tokio::sync::watch;

const PASSWORD: &str = "correct-horse";

/// A running server.
pub(crate) struct Running {
    pub(crate) service: Service,
    address: String,
    client: reqwest::Client,
    stop: watch::Sender<bool>,
    work: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answered {
    /// The body, when it is a success.
    pub(crate) fn ok(self) -> Result<Value> {
        ensure!(self.status == 200, "{}: {}", self.status, self.body);
        Ok(self.body)
    }

    /// What the server says went wrong.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// Runs a test with a server on SQLite and, where there is one, with one on PostgreSQL.
pub(crate) fn on_both<F: Future<Output = Result<()>>>(test: impl Fn(std::sync::Arc<Running>) -> F) -> Result<()> {
    let databases = std::iter::once(None).chain(stopgate_testkit::postgres::database().map(Some));
    for database in databases {
        on(database, &test)?;
    }
    Ok(())
}

/// Runs a test with a server on SQLite.
pub(crate) fn on_sqlite<F: Future<Output = Result<()>>>(test: impl Fn(std::sync::Arc<Running>) -> F) -> Result<()> {
    on(None, &test)
}

fn on<F: Future<Output = Result<()>>>(
    database: Option<String>,
    test: &impl Fn(std::sync::Arc<Running>) -> F,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let running = std::sync::Arc::new(Running::start(database).await?);
        test(running.clone()).await?;
        let running = std::sync::Arc::into_inner(running).context("a test holds its server")?;
        running.stop.send(true)?;
        running.work.await?;
        running.service.store().close().await;
        Ok(())
    })
}

impl Running {
    async fn start(database: Option<String>) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir()?;
        advisories(&folder.path().join("db"))?;
        let mut store = StoreOptions::folder(folder.path());
        if let Some(database) = database {
            store = StoreOptions { database, blobs: BlobPlace::Folder(folder.path().join("other")), connections: 8 };
        }
        let options = ServiceOptions {
            folder: folder.path().to_owned(),
            store,
            admin_password: Some(PASSWORD.to_owned().into()),
            master_key: None,
            host: "test".to_owned(),
            program: std::env::var_os("STOPGATE_BIN").map(PathBuf::from).unwrap_or_default(),
            loopback: true,
            egress_allow: Vec::new(),
            ca_file: None,
        };
        let (service, _) = Service::open(options).await.map_err(|error| anyhow::anyhow!(error.message))?;
        let (stop, stopped) = watch::channel(false);
        let listen =
            ServerOptions { listen: "127.0.0.1:0".parse()?, tls: None, cli_folder: None, guarded_metrics: false };
        let listening = stopgate_server::serve(service.clone(), &listen, stopped.clone()).await;
        let listening = listening.map_err(|error| anyhow::anyhow!(error.message))?;
        let address = format!("http://{}/v2", listening.address);
        let worker = service.clone();
        let work = tokio::spawn(async move { worker.work(Workers::all(), stopped).await });
        Ok(Self { service, address, client: reqwest::Client::new(), stop, work, _folder: folder })
    }

    /// Sends bytes as somebody, with a content type unless it is empty.
    pub(crate) async fn send(
        &self,
        (user, password): (&str, &str),
        (method, path): (Method, &str),
        (media_type, bytes): (&str, Vec<u8>),
    ) -> Result<Answered> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.address)).basic_auth(user, Some(password));
        if !media_type.is_empty() {
            request = request.header("content-type", media_type).body(bytes);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.bytes().await?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_slice(&text)? };
        Ok(Answered { status, body })
    }

    /// Sends bytes as the first user.
    pub(crate) async fn raw(&self, method: Method, path: &str, media_type: &str, bytes: &[u8]) -> Result<Answered> {
        self.send(("admin", PASSWORD), (method, path), (media_type, bytes.to_vec())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answered> {
        self.raw(Method::GET, path, "", &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Answered> {
        self.raw(Method::DELETE, path, "", &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answered> {
        self.raw(Method::POST, path, "application/json", body.to_string().as_bytes()).await
    }

    /// Another account with a user who may do everything in it: name and password.
    pub(crate) async fn stranger(&self) -> Result<(&'static str, &'static str)> {
        self.post("/accounts", &json!({"name": "other", "email": "other@example.org"})).await?.ok()?;
        let user = json!({"username": "stranger", "password": "battery-staple"});
        self.post("/accounts/other/users", &user).await?.ok()?;
        let member = json!({"username": "stranger", "domain_name": "other"});
        let granted = self.post("/rbac-manager/roles/full-control/members", &member).await?;
        ensure!(granted.status < 300, "{granted:?}");
        Ok(("stranger", "battery-staple"))
    }

    /// Until the analysis of an image has ended; the image.
    pub(crate) async fn analyzed(&self, digest: &str) -> Result<Value> {
        let start = Instant::now();
        loop {
            let image = self.get(&format!("/images/{digest}")).await?.ok()?;
            if ["analyzed", "analysis_failed"].contains(&image["analysis_status"].as_str().unwrap_or_default()) {
                return Ok(image);
            }
            ensure!(start.elapsed() < Duration::from_mins(1), "{image}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Adds a policy that stops what is known to be of high severity, in images and in sources of one host.
    pub(crate) async fn policy(&self) -> Result<()> {
        self.post("/policies", &policy()).await?.ok().map(drop)
    }
}

fn policy() -> Value {
    let rule = |id: &str| {
        json!({"id": id, "gate": "vulnerabilities", "trigger": "package", "action": "STOP", "params": [
            {"name": "package_type", "value": "all"}, {"name": "severity_comparison", "value": ">="},
            {"name": "severity", "value": "high"}]})
    };
    let secret = json!({"id": "secret", "gate": "secret_scans", "trigger": "content_regex_checks", "action": "WARN",
                        "params": []});
    let set = |id: &str, kind: &str, rules: Value| json!({"id": id, "name": id, "version": "2", "artifact_type": kind, "rules": rules});
    json!({
        "id": "test", "name": "test", "version": "2", "allowlists": [], "allowlisted_images": [], "denylisted_images": [],
        "rule_sets": [set("images", "image", json!([rule("a"), secret])), set("sources", "source", json!([rule("b")]))],
        "mappings": [{"id": "m", "name": "m", "registry": "*", "repository": "*", "rule_set_ids": ["images"],
                      "allowlist_ids": [], "image": {"type": "tag", "value": "*"}}],
        "source_mappings": [{"id": "s", "name": "s", "host": "git.example.org", "repository": "*",
                             "rule_set_ids": ["sources"], "allowlist_ids": []}],
    })
}

/// The advisories of the demo, compiled.
fn advisories(store: &std::path::Path) -> Result<()> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../../cli/data/demo-advisories.json"))?;
    let documents = all.iter().enumerate().map(|(n, one)| (n.to_string(), one.to_string().into_bytes()));
    std::fs::create_dir_all(store)?;
    stopgate_vulndb::build(documents, store, "2026-01-01T00:00:00Z", "test").map(drop)?;
    Ok(())
}

/// An image and what is in it.
pub(crate) struct Analyzed {
    pub(crate) built: Built,
    pub(crate) artifact: Artifact,
}

impl Analyzed {
    pub(crate) fn of(image: &ImageBuilder) -> Result<Self> {
        let built = image.build()?;
        let folder = tempfile::tempdir()?;
        let layout = folder.path().join("image");
        built.write_oci_dir(&layout)?;
        let spec = SourceSpec::parse(&format!("oci-dir:{}", layout.display()))?;
        let opened = stopgate_source::open(&spec, &SourceOptions { offline: true, ..SourceOptions::default() })?;
        let artifact = analyze(&opened, &AnalyzeOptions::default())?;
        Ok(Self { built, artifact })
    }

    /// Debian with a vulnerable jar and a vulnerable npm package.
    pub(crate) fn mixed() -> Result<Self> {
        Self::of(&stopgate_testkit::images::mixed()?)
    }

    pub(crate) fn digest(&self) -> String {
        self.built.manifest.digest.to_string()
    }

    pub(crate) fn sbom(&self) -> Result<Vec<u8>> {
        stopgate_service::sbom::native(&self.artifact).map_err(|error| anyhow::anyhow!(error.message))
    }

    pub(crate) fn document(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        stopgate_formats::analysis::write(&self.artifact, &mut out)?;
        Ok(out)
    }
}

/// An open import of an image, with the digests of what was sent.
pub(crate) struct Import {
    pub(crate) uuid: String,
    pub(crate) contents: serde_json::Map<String, Value>,
}

impl Import {
    pub(crate) async fn open(server: &Running) -> Result<Self> {
        let opened = server.raw(Method::POST, "/imports/images", "", &[]).await?.ok()?;
        ensure!(opened["status"] == "pending", "{opened}");
        let uuid = opened["uuid"].as_str().context("no uuid")?.to_owned();
        Ok(Self { uuid, contents: serde_json::Map::new() })
    }

    pub(crate) fn path(&self, part: &str) -> String {
        format!("/imports/images/{}/{part}", self.uuid)
    }

    /// Sends a part, and names it.
    pub(crate) async fn part(&mut self, server: &Running, part: &str, media_type: &str, bytes: &[u8]) -> Result<()> {
        let (method, path) = match part {
            "analysis" => (Method::PUT, format!("/x{}", self.path(part))),
            _ => (Method::POST, self.path(part)),
        };
        let sent = server.raw(method, &path, media_type, bytes).await?.ok()?;
        self.contents.insert(part.replace('-', "_"), sent["digest"].clone());
        Ok(())
    }

    /// Sends what every import has.
    pub(crate) async fn parts(&mut self, server: &Running, image: &Analyzed) -> Result<()> {
        self.part(server, "packages", "application/json", &image.sbom()?).await?;
        let manifest = "application/vnd.oci.image.manifest.v1+json";
        self.part(server, "manifest", manifest, &image.built.manifest.bytes).await?;
        self.part(server, "image-config", "application/json", &image.built.config.bytes).await
    }

    /// The body of the last step.
    pub(crate) fn body(&self, digest: &str, tags: &[&str]) -> Value {
        json!({"source": {"import": {"operation_uuid": self.uuid, "digest": digest, "tags": tags,
                                     "contents": self.contents}}})
    }
}

/// Imports an image with what every import has; the image when it is analysed.
pub(crate) async fn imported(server: &Running, image: &Analyzed, tag: &str) -> Result<Value> {
    let mut import = Import::open(server).await?;
    import.parts(server, image).await?;
    server.post("/images", &import.body(&image.digest(), &[tag])).await?.ok()?;
    server.analyzed(&image.digest()).await
}
