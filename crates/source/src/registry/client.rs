//! Talking to one repository of one registry. The async client is hidden: callers wait.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode};
use stopgate_model::{ImageReference, limits};
use tokio::runtime::Runtime;

use super::auth::{self, Challenge};
use crate::{Credentials, SourceError, SourceOptions};

const MANIFEST_TYPES: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Attempts at one request, with a pause that doubles between them.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A client for HTTP and HTTPS that trusts the system's certificates, the public roots and, given, one file more.
///
/// It is built here and nowhere else: without any certificates on the system a client made otherwise panics.
pub fn http_client(ca_file: Option<&Path>, insecure: bool) -> Result<reqwest::Client, SourceError> {
    // The second of two callers is told that a provider is there already, which is what it wants.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let setting = |what: &str, reason: String| SourceError::Setting { what: format!("`{what}`"), reason };
    let mut roots = Vec::new();
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        roots.extend(reqwest::Certificate::from_der(root).ok());
    }
    if let Some(path) = ca_file {
        let shown = path.display().to_string();
        let pem = std::fs::read(path).map_err(|error| setting(&shown, error.to_string()))?;
        let own =
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| setting(&shown, "it is no PEM file".to_owned()))?;
        if own.is_empty() {
            return Err(setting(&shown, "it holds no certificate".to_owned()));
        }
        roots.extend(own);
    }
    let builder = || {
        reqwest::Client::builder()
            .user_agent(concat!("stopgate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::limited(10))
            // Digests are over the bytes as they are stored.
            .no_gzip()
            .tls_danger_accept_invalid_certs(insecure)
    };
    let merged = builder().tls_certs_merge(roots.clone()).build();
    merged.or_else(|_| builder().tls_certs_only(roots).build()).map_err(|error| setting("TLS", error.to_string()))
}

/// One repository.
pub(crate) struct Client {
    http: reqwest::Client,
    runtime: Runtime,
    registry: String,
    repository: String,
    base: String,
    credentials: Option<Credentials>,
    authorization: Mutex<Option<HeaderValue>>,
}

impl Client {
    pub(crate) fn new(reference: &ImageReference, options: &SourceOptions) -> Result<Self, SourceError> {
        let registry = reference.registry.clone();
        let (host, repository) = if registry == "docker.io" {
            let official = if reference.repository.contains('/') { "" } else { "library/" };
            ("registry-1.docker.io".to_owned(), format!("{official}{}", reference.repository))
        } else {
            (registry.clone(), reference.repository.clone())
        };
        let scheme = if options.plain_http || is_loopback(&host) { "http" } else { "https" };
        let base = format!("{scheme}://{host}/v2/{repository}");
        let unreachable = |reason: String| SourceError::Unreachable { registry: registry.clone(), reason };
        reqwest::Url::parse(&base).map_err(|error| unreachable(error.to_string()))?;
        let credentials = match &options.credentials {
            Some(credentials) => Some(credentials.clone()),
            None => auth::from_docker_config(options.docker_config.as_deref(), &registry)?,
        };
        let authorization = match &credentials {
            Some(Credentials::Token(token)) => auth::bearer(token),
            _ => None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| unreachable(error.to_string()))?;
        Ok(Self {
            http: http_client(options.ca_file.as_deref(), options.insecure_skip_tls_verify)?,
            runtime,
            registry,
            repository,
            base,
            credentials,
            authorization: Mutex::new(authorization),
        })
    }

    pub(crate) fn shown(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    pub(crate) const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// A manifest's bytes, its media type and the digest that the registry claims.
    pub(crate) fn manifest(&self, name: &str) -> Result<(Vec<u8>, String, Option<String>), SourceError> {
        self.runtime.block_on(async {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(MANIFEST_TYPES));
            let mut response = self.get(&format!("manifests/{name}"), headers).await?;
            let header =
                |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let media_type = header(CONTENT_TYPE.as_str()).unwrap_or_default();
            let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
            let claimed = header("docker-content-digest");
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
                bytes.extend_from_slice(&chunk);
                let (seen, limit) = (bytes.len() as u64, limits::MANIFEST_BYTES);
                if seen > limit {
                    return Err(SourceError::Limit { what: name.to_owned(), seen, limit, unit: "bytes" });
                }
            }
            Ok((bytes, media_type, claimed))
        })
    }

    /// The response with a blob's bytes from an offset on, and whether the registry kept to the offset.
    pub(crate) async fn blob(&self, digest: &str, offset: u64) -> Result<(Response, bool), SourceError> {
        let mut headers = HeaderMap::new();
        if offset > 0
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={offset}-"))
        {
            headers.insert(RANGE, range);
        }
        let response = self.get(&format!("blobs/{digest}"), headers).await?;
        let partial = response.status() == StatusCode::PARTIAL_CONTENT;
        Ok((response, partial))
    }

    /// Asks, authenticates when told to, and tries again when the fault may pass.
    async fn get(&self, path: &str, headers: HeaderMap) -> Result<Response, SourceError> {
        let url = format!("{}/{path}", self.base);
        let (mut pause, mut asked_for_token) = (FIRST_PAUSE, false);
        let mut attempt = 1;
        loop {
            let mut request = self.http.get(&url).headers(headers.clone());
            if let Some(value) = self.authorization() {
                request = request.header(AUTHORIZATION, value);
            }
            let last = attempt >= ATTEMPTS;
            match request.send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) if response.status() == StatusCode::UNAUTHORIZED && !asked_for_token => {
                    asked_for_token = true;
                    self.authenticate(&response).await?;
                    continue;
                }
                Ok(response) if last || !may_pass(response.status()) => return Err(self.refused(response.status())),
                Ok(_) => {}
                Err(error) if last => return Err(self.broken(&error)),
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            attempt += 1;
        }
    }

    fn authorization(&self) -> Option<HeaderValue> {
        self.authorization.lock().ok()?.clone()
    }

    async fn authenticate(&self, response: &Response) -> Result<(), SourceError> {
        let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenges: Vec<Challenge> =
            challenges.filter_map(|value| value.to_str().ok()).filter_map(Challenge::parse).collect();
        let denied = |reason: &str| self.denied(reason);
        let value = if let Some(challenge) = challenges.iter().find(|challenge| challenge.is("bearer")) {
            let scope = format!("repository:{}:pull", self.repository);
            auth::token(&self.http, challenge, &scope, self.credentials.as_ref())
                .await
                .map_err(|reason| denied(&reason))?
        } else if challenges.iter().any(|challenge| challenge.is("basic")) {
            match &self.credentials {
                Some(Credentials::Basic { username, password }) => auth::basic(username, password),
                _ => None,
            }
            .ok_or_else(|| denied("it wants a user and a password: set STOPGATE_REGISTRY_USERNAME and STOPGATE_REGISTRY_PASSWORD, or log in with docker"))?
        } else {
            return Err(denied("it does not say how to log in"));
        };
        if let Ok(mut authorization) = self.authorization.lock() {
            *authorization = Some(value);
        }
        Ok(())
    }

    fn denied(&self, reason: &str) -> SourceError {
        SourceError::Denied {
            registry: self.registry.clone(),
            repository: self.repository.clone(),
            reason: reason.to_owned(),
        }
    }

    fn refused(&self, status: StatusCode) -> SourceError {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.denied("the credentials are not accepted"),
            StatusCode::NOT_FOUND => SourceError::NotInRegistry { reference: self.shown() },
            status => SourceError::Unreachable {
                registry: self.registry.clone(),
                reason: format!("it answers with {status}"),
            },
        }
    }

    /// A transport error, without the address: signed ones are secrets.
    pub(crate) fn broken(&self, error: &reqwest::Error) -> SourceError {
        let mut reason =
            if error.is_timeout() { "it did not answer in time" } else { "the connection failed" }.to_owned();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            if inner.source().is_none() {
                reason = format!("{reason}: {inner}");
            }
            cause = inner.source();
        }
        SourceError::Unreachable { registry: self.registry.clone(), reason }
    }
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

/// Whether a host (with port) is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_needs_no_flag() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["quay.io", "10.0.0.1:5000", "localhost.example.com", "[2001:db8::1]:5000"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
