//! The one place where HTTP clients are made, and requests with redirects, retries and time limits.
//!
//! Certificates: the system's, those of `--ca-file` and Mozilla's, so that a container without any works.
//! Redirects are followed here, at most five, never from https to http, and credentials are dropped when
//! host, port or scheme change. Messages never hold an address with its query, which may be signed.

use std::error::Error as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RANGE, RETRY_AFTER};
use reqwest::{Certificate, Client, ClientBuilder, Response, StatusCode, Url, redirect};

use crate::{SourceError, SourceOptions};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// No byte for this long ends a transfer.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 5;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// How often and how patiently something is tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Attempts in a row without any progress.
    pub(super) attempts: u32,
    /// First pause; each further one is twice as long.
    pub(super) pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 4, pause: Duration::from_millis(250) }
    }
}

impl Patience {
    pub(super) async fn pause(self, attempt: u32, asked: Option<Duration>) {
        let own = self.pause.saturating_mul(1 << attempt.min(6));
        let asked = if self.pause.is_zero() { None } else { asked };
        tokio::time::sleep(own.max(asked.unwrap_or_default().min(MAX_RETRY_AFTER))).await;
    }
}

/// A client for everything that is no registry, such as vulnerability data: it follows redirects by itself,
/// but never from https to http.
pub fn http_client(ca_file: Option<&Path>, insecure_skip_tls_verify: bool) -> Result<Client, SourceError> {
    let policy = redirect::Policy::custom(|attempt| {
        let from_https = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if from_https && attempt.url().scheme() != "https" {
            attempt.error("a redirect from https to http")
        } else {
            attempt.follow()
        }
    });
    let builder = builder(ca_file, insecure_skip_tls_verify)?;
    finish(builder.redirect(policy).read_timeout(IDLE_TIMEOUT))
}

/// A client that connects a host to these addresses alone, follows no redirect and asks no proxy: for addresses that
/// others chose, once they were checked.
pub fn pinned_client(
    ca_file: Option<&Path>,
    insecure_skip_tls_verify: bool,
    host: &str,
    addresses: &[SocketAddr],
) -> Result<Client, SourceError> {
    let builder = builder(ca_file, insecure_skip_tls_verify)?.redirect(redirect::Policy::none()).no_proxy();
    finish(builder.resolve_to_addrs(host, addresses).timeout(IDLE_TIMEOUT))
}

/// A client for a registry; redirects are left to [`get`].
pub(super) fn registry_client(options: &SourceOptions, local: bool) -> Result<Client, SourceError> {
    let builder = builder(options.ca_file.as_deref(), options.insecure_skip_tls_verify)?;
    let builder = builder.redirect(redirect::Policy::none());
    finish(if local { builder.no_proxy() } else { builder })
}

/// A client for a daemon on a Unix socket.
pub(crate) fn socket_client(socket: &Path) -> Result<Client, SourceError> {
    finish(builder(None, false)?.unix_socket(socket).redirect(redirect::Policy::none()).no_proxy())
}

/// INVARIANT: no client is made elsewhere. One made without certificates on the system would panic.
fn builder(ca_file: Option<&Path>, insecure_skip_tls_verify: bool) -> Result<ClientBuilder, SourceError> {
    // A second installation is refused, which is fine: some provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = Vec::new();
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        roots.extend(Certificate::from_der(root).ok());
    }
    if let Some(path) = ca_file {
        let setting = |reason: String| SourceError::Setting { what: format!("`--ca-file {}`", path.display()), reason };
        let pem = fs::read(path).map_err(|error| setting(error.to_string()))?;
        let own = Certificate::from_pem_bundle(&pem).map_err(|_| setting("it is not valid PEM".to_owned()))?;
        if own.is_empty() {
            return Err(setting("it holds no certificate in PEM form".to_owned()));
        }
        roots.extend(own);
    }
    Ok(Client::builder()
        .user_agent(concat!("stopgate/", env!("CARGO_PKG_VERSION")))
        .tls_certs_merge(roots)
        .tls_danger_accept_invalid_certs(insecure_skip_tls_verify)
        .connect_timeout(CONNECT_TIMEOUT)
        // Digests are those of the bytes as stored.
        .no_gzip())
}

fn finish(builder: ClientBuilder) -> Result<Client, SourceError> {
    builder
        .build()
        .map_err(|error| SourceError::Setting { what: "the set-up of TLS".to_owned(), reason: reason(error) })
}

/// One request to send, any number of times.
pub(super) struct Request<'a> {
    pub(super) url: Url,
    pub(super) accept: Option<&'a str>,
    /// First byte that is wanted.
    pub(super) from: u64,
    pub(super) authorization: Option<HeaderValue>,
}

/// Why no answer came.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    /// One clause.
    pub(crate) reason: String,
    /// Whether trying again makes sense.
    pub(super) again: bool,
}

/// Sends a GET and follows redirects.
pub(super) async fn get(client: &Client, request: &Request<'_>) -> Result<Response, NoAnswer> {
    let mut url = request.url.clone();
    for _ in 0..=MAX_REDIRECTS {
        let mut headers = HeaderMap::new();
        if let Some(value) = request.accept.and_then(|accept| HeaderValue::from_str(accept).ok()) {
            headers.insert(ACCEPT, value);
        }
        if request.from > 0
            && let Ok(value) = HeaderValue::from_str(&format!("bytes={}-", request.from))
        {
            headers.insert(RANGE, value);
        }
        if let Some(value) = &request.authorization
            && is_same_place(&url, &request.url)
        {
            headers.insert(AUTHORIZATION, value.clone());
        }
        let sending = client.get(url.clone()).headers(headers).send();
        let response = match tokio::time::timeout(IDLE_TIMEOUT, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(NoAnswer { again: may_pass(&error), reason: reason(error) }),
            Err(_) => return Err(NoAnswer { reason: no_answer_in_time(), again: true }),
        };
        if !is_redirect(response.status()) {
            return Ok(response);
        }
        url = redirected(&url, response.headers())?;
    }
    Err(NoAnswer { reason: format!("it redirects more than {MAX_REDIRECTS} times"), again: false })
}

fn no_answer_in_time() -> String {
    format!("no answer within {} seconds", IDLE_TIMEOUT.as_secs())
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, NoAnswer> {
    let refuse = |reason: &str| NoAnswer { reason: reason.to_owned(), again: false };
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or_else(|| refuse("it redirects to no valid address"))?;
    match (from.scheme(), to.scheme()) {
        ("http", "http" | "https") | ("https", "https") => Ok(to),
        ("https", "http") => Err(refuse("it redirects from https to http")),
        _ => Err(refuse("it redirects to something else than http")),
    }
}

/// Whether credentials for one address may be sent to the other.
fn is_same_place(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}

/// Whether an answer invites to try again.
pub(super) fn is_temporary(response: &Response) -> bool {
    matches!(response.status().as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// After which time an answer wants to be asked again.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The whole body, when it has at most `limit` bytes.
pub(crate) async fn body(mut response: Response, limit: u64) -> Result<Option<Vec<u8>>, NoAnswer> {
    let mut bytes = Vec::new();
    loop {
        let chunk = match tokio::time::timeout(IDLE_TIMEOUT, response.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => return Err(NoAnswer { reason: reason(error), again: true }),
            Err(_) => return Err(NoAnswer { reason: no_answer_in_time(), again: true }),
        };
        let Some(chunk) = chunk else { return Ok(Some(bytes)) };
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// Whether the same request may do better: not when nobody listens, or is not who they should be.
fn may_pass(error: &reqwest::Error) -> bool {
    let cause = root_cause(error);
    !["certificate", "refused", "lookup"].iter().any(|lasting| cause.contains(lasting))
}

fn is_certificate(error: &reqwest::Error) -> bool {
    root_cause(error).contains("certificate")
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The innermost cause, which is what a person can act on; without the address, which may hold a secret.
pub fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.source().is_none() {
        return error.to_string();
    }
    let cause = root_cause(&error);
    if is_certificate(&error) {
        return format!("{cause}; expected a certificate of a known authority or of `--ca-file`");
    }
    cause
}
