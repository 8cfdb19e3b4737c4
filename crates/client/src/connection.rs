//! Where the server is, who asks, and the client that keeps both.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Certificate, Url, redirect};
use secrecy::SecretString;
use tokio::runtime::Runtime;

use crate::ClientError;

/// A server that does not accept a connection within this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Where the server is and who asks.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The server's address, with or without a trailing slash and `/v2`.
    pub url: String,
    /// User name; `_api_key` when the password is the value of an API key.
    pub username: String,
    /// Password; `None`: calls are made without credentials.
    pub password: Option<SecretString>,
    /// The account to act in; `None`: the user's own.
    pub account: Option<String>,
    /// Certificates to trust beside the public ones, PEM.
    pub ca_file: Option<PathBuf>,
    /// Do not verify the server's certificate.
    pub insecure: bool,
    /// Without any byte for so long, an answer no longer counts as coming.
    pub timeout: Duration,
    /// Pause before a call is tried again, when the server names none.
    pub retry_pause: Duration,
    /// Name and version of the program, as `anchorectl/0.1.0`.
    pub user_agent: String,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            url: "http://localhost:8228".to_owned(),
            username: "admin".to_owned(),
            password: None,
            account: None,
            ca_file: None,
            insecure: false,
            timeout: Duration::from_mins(5),
            retry_pause: Duration::from_millis(500),
            user_agent: concat!("stopgate-client/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Talks to one server as one user. Calls block, so none may be made on a thread that drives asynchronous tasks.
#[derive(Debug)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) runtime: Runtime,
    /// Ends in `/v2`.
    pub(crate) base: Url,
    pub(crate) username: String,
    pub(crate) password: Option<SecretString>,
    pub(crate) account: Option<String>,
    pub(crate) retry_pause: Duration,
}

impl Client {
    /// Prepares a client; nothing is sent.
    pub fn new(connection: &Connection) -> Result<Self, ClientError> {
        let setup = |reason: String| ClientError::Setup { reason };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        Ok(Self {
            http: http(connection)?,
            runtime,
            base: base(&connection.url)?,
            username: connection.username.clone(),
            password: connection.password.clone(),
            account: connection.account.clone().filter(|name| !name.is_empty()),
            retry_pause: connection.retry_pause,
        })
    }

    /// The server's address, as calls use it, for messages.
    pub fn server(&self) -> String {
        self.base.as_str().trim_end_matches("/v2").to_owned()
    }
}

fn http(connection: &Connection) -> Result<reqwest::Client, ClientError> {
    let setup = |reason: String| ClientError::Setup { reason };
    // A second installation is refused, which is fine: some provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = Vec::new();
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        roots.extend(Certificate::from_der(root).ok());
    }
    if let Some(path) = &connection.ca_file {
        let fail = |what: &dyn std::fmt::Display| setup(format!("certificates of `{}`: {what}", path.display()));
        let pem = std::fs::read(path).map_err(|error| fail(&error))?;
        let own = Certificate::from_pem_bundle(&pem).map_err(|_| fail(&"this is not valid PEM"))?;
        if own.is_empty() {
            return Err(fail(&"the file holds no certificate in PEM form"));
        }
        roots.extend(own);
    }
    reqwest::Client::builder()
        .user_agent(&connection.user_agent)
        .tls_certs_merge(roots)
        .tls_danger_accept_invalid_certs(connection.insecure)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(connection.timeout)
        // A followed redirect would turn a POST into a GET, or carry the credentials elsewhere.
        .redirect(redirect::Policy::none())
        .build()
        .map_err(|error| setup(reasons(&error)))
}

/// The address with `/v2` exactly once at its end.
fn base(text: &str) -> Result<Url, ClientError> {
    let shown = || text.rsplit_once('@').map_or(text, |(_, after)| after).to_owned();
    let fail = |reason: &str| ClientError::Address { url: shown(), reason: reason.to_owned() };
    let mut url = Url::parse(text.trim()).map_err(|_| fail("expected for example `https://stopgate.example:8228`"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(fail("expected `http://` or `https://` and a host"));
    }
    // Credentials have settings of their own; in an address they would end up in messages.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/v2").unwrap_or(path).trim_end_matches('/').to_owned();
    url.set_path(&format!("{path}/v2"));
    Ok(url)
}

/// An error with its causes, which hold what a person needs to know (`certificate has expired`).
pub(crate) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn every_spelling_of_an_address_leads_to_the_same_place() {
        for text in ["http://h:8228", "http://h:8228/", "http://h:8228/v2", "http://h:8228/v2/", "http://u:p@h:8228//"]
        {
            assert_eq!(base(text).unwrap().as_str(), "http://h:8228/v2", "{text}");
        }
        assert_eq!(base("https://h/anchore/v2/").unwrap().as_str(), "https://h/anchore/v2");
        assert_eq!(base("https://h/anchore").unwrap().as_str(), "https://h/anchore/v2");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_a_password() {
        for text in ["h:8228", "ftp://h", "", "me:secret@h"] {
            let error = base(text).unwrap_err().to_string();
            assert!(error.contains("expected") && !error.contains("secret"), "{error}");
        }
    }
}
