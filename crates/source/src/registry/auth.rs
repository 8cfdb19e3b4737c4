//! Logging in to a registry: basic, and bearer tokens (distribution-spec, token authentication).
//!
//! Credentials are looked up only when a registry asks for them, and are sent only to the registry itself
//! or to a token server of the same organisation.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use reqwest::header::HeaderValue;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::http::{self, IDLE_TIMEOUT, Request};
use crate::options::Credentials;

const TOKEN_ANSWER_BYTES: u64 = 1 << 20;
const CONFIG_BYTES: u64 = 4 << 20;

/// Token servers that do not share a domain with their registry.
const KNOWN_TOKEN_SERVERS: &[(&str, &str)] = &[("registry-1.docker.io", "auth.docker.io")];

/// What a registry wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

impl Challenge {
    /// Reads `WWW-Authenticate` headers (RFC 9110 11.6.1); bearer wins over basic.
    pub(super) fn read<'a>(headers: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let challenges: Vec<Self> = headers.filter_map(|value| value.to_str().ok()).filter_map(Self::parse).collect();
        challenges.iter().find(|challenge| **challenge != Self::Basic).or_else(|| challenges.first()).cloned()
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, parameters) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let value =
            |name: &str| parameter_list(parameters).into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        Some(Self::Bearer {
            realm: value("realm")?.1,
            service: value("service").map(|(_, value)| value),
            scope: value("scope").map(|(_, value)| value),
        })
    }
}

/// `name="value", name=value`, where quoted values may hold commas.
fn parameter_list(mut text: &str) -> Vec<(String, String)> {
    let mut list = Vec::new();
    while let Some((name, rest)) = text.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_owned();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        list.push((name, value.trim().to_owned()));
        text = rest;
    }
    list
}

/// Who we are for a registry.
pub(super) enum Identity {
    Anonymous,
    Basic {
        username: String,
        password: SecretString,
    },
    /// A token to send as it is.
    Bearer(SecretString),
    /// A token to exchange at the token server.
    Refresh(SecretString),
}

impl Identity {
    pub(super) const fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }
}

/// Looks up credentials: given ones, else those of the docker configuration. Blocks: it may run a
/// credential helper.
pub(super) fn identity(
    given: Option<&Credentials>,
    docker_config: Option<&Path>,
    host: &str,
) -> Result<Identity, String> {
    match given {
        Some(Credentials::Token(token)) => return Ok(Identity::Bearer(token.clone())),
        Some(Credentials::Basic { username, password }) => {
            return Ok(Identity::Basic { username: username.clone(), password: password.clone() });
        }
        None => {}
    }
    let Some(folder) = docker_config else { return Ok(Identity::Anonymous) };
    let path = folder.join("config.json");
    let Ok(file) = File::open(&path) else { return Ok(Identity::Anonymous) };
    let mut config = Vec::new();
    let name = path.display();
    file.take(CONFIG_BYTES)
        .read_to_end(&mut config)
        .map_err(|_| format!("the docker configuration `{name}` cannot be read"))?;
    let mut problem = None;
    for server in servers(host) {
        match docker_credential::get_credential_from_reader(config.as_slice(), server) {
            Ok(DockerCredential::UsernamePassword(username, password)) => {
                return Ok(Identity::Basic { username, password: password.into() });
            }
            Ok(DockerCredential::IdentityToken(token)) => return Ok(Identity::Refresh(token.into())),
            // A helper that knows nothing of the registry fails, too; it may print secrets, so it is not quoted.
            Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::HelperFailure { .. }) => {}
            Err(CredentialRetrievalError::HelperCommunicationError) => {
                problem = Some(format!("the credential helper named in `{name}` cannot be run"));
            }
            Err(CredentialRetrievalError::MalformedHelperResponse) => {
                problem = Some(format!("the credential helper named in `{name}` gives no valid answer"));
            }
            Err(_) => problem = Some(format!("the credentials in `{name}` are not valid")),
        }
    }
    problem.map_or(Ok(Identity::Anonymous), Err)
}

/// Under which names the docker configuration may know a registry.
fn servers(host: &str) -> Vec<&str> {
    match host {
        "registry-1.docker.io" => vec!["https://index.docker.io/v1/", "index.docker.io", "docker.io"],
        host => vec![host],
    }
}

pub(super) fn basic(username: &str, password: &SecretString) -> Option<HeaderValue> {
    secret_header(&format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose_secret()))))
}

pub(super) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    secret_header(&format!("Bearer {}", token.expose_secret()))
}

fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Fetches a token for pulling from a repository. Errors are one clause.
pub(super) async fn fetch_token(
    client: &Client,
    registry: &Url,
    repository: &str,
    challenge: (&str, Option<&str>, Option<&str>),
    identity: &Identity,
) -> Result<SecretString, String> {
    let (realm, service, scope) = challenge;
    let mut url = Url::parse(realm).map_err(|_| "its token server has no valid address".to_owned())?;
    let host = url.host_str().unwrap_or_default().to_owned();
    if !matches!(url.scheme(), "http" | "https") || registry.scheme() == "https" && url.scheme() != "https" {
        return Err(format!("its token server `{host}` is not reached by https"));
    }
    let trusted = may_know_credentials(registry.host_str().unwrap_or_default(), &host);
    if !trusted && !identity.is_anonymous() {
        tracing::warn!(token_server = %host, "credentials are not sent to a token server of another domain");
    }
    let identity = if trusted { identity } else { &Identity::Anonymous };
    let scope = scope.map_or_else(|| format!("repository:{repository}:pull"), str::to_owned);
    let answer = if let Identity::Refresh(token) = identity {
        refresh(client, url, service, &scope, token).await?
    } else {
        let service = service.map(|service| ("service", service));
        url.query_pairs_mut().extend_pairs(service).append_pair("scope", &scope);
        let authorization = match identity {
            Identity::Basic { username, password } => basic(username, password),
            _ => None,
        };
        let request = Request { url, accept: None, from: 0, authorization };
        http::get(client, &request).await.map_err(|error| format!("its token server `{host}`: {}", error.reason))?
    };
    if !answer.status().is_success() {
        let status = answer.status().as_u16();
        let because = if trusted { "" } else { ", credentials are only sent to a token server of the same domain" };
        return Err(format!("its token server `{host}` answers {status}{because}"));
    }
    let body = http::body(answer, TOKEN_ANSWER_BYTES).await.map_err(|error| error.reason)?;
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        token: Option<String>,
        #[serde(default)]
        access_token: Option<String>,
    }
    let answer: Option<Answer> = body.and_then(|body| serde_json::from_slice(&body).ok());
    let token = answer.and_then(|answer| answer.token.filter(|token| !token.is_empty()).or(answer.access_token));
    token.map(SecretString::from).ok_or_else(|| format!("its token server `{host}` gives no token"))
}

/// Exchanges an identity token (OAuth 2 refresh grant, as docker login stores it).
async fn refresh(
    client: &Client,
    url: Url,
    service: Option<&str>,
    scope: &str,
    token: &SecretString,
) -> Result<reqwest::Response, String> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("client_id", "stopgate")
        .append_pair("scope", scope)
        .append_pair("refresh_token", token.expose_secret())
        .extend_pairs(service.map(|service| ("service", service)))
        .finish();
    let request = client
        .post(url)
        .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .timeout(IDLE_TIMEOUT)
        .body(form);
    request.send().await.map_err(http::reason)
}

/// Whether credentials of a registry may be shown to a token server: the same host, one known to belong to
/// it, or a host below the domain in which the registry lies.
fn may_know_credentials(registry: &str, server: &str) -> bool {
    if registry == server || KNOWN_TOKEN_SERVERS.contains(&(registry, server)) {
        return true;
    }
    let Some((_, parent)) = registry.split_once('.') else { return false };
    if registry.parse::<std::net::IpAddr>().is_ok() || is_public_suffix(parent) {
        return false;
    }
    server == parent || server.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// Good enough for a rule that only ever withholds: `com`, `co.uk`, `com.au`.
fn is_public_suffix(domain: &str) -> bool {
    match domain.rsplit_once('.') {
        None => true,
        Some((second, top)) => {
            top.len() == 2 && matches!(second, "co" | "com" | "net" | "org" | "gov" | "edu" | "ac" | "or" | "ne")
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use secrecy::ExposeSecret;

    use super::{Challenge, Identity, identity, may_know_credentials};

    #[test]
    fn reads_challenges_and_prefers_bearer() {
        let bearer =
            r#"Bearer realm="https://auth.example/token",service="reg, istry",scope="repository:a/b:pull,push""#;
        let headers = [HeaderValue::from_static("Basic realm=\"x\""), HeaderValue::from_static(bearer)];
        let expected = Challenge::Bearer {
            realm: "https://auth.example/token".to_owned(),
            service: Some("reg, istry".to_owned()),
            scope: Some("repository:a/b:pull,push".to_owned()),
        };
        assert_eq!(Challenge::read(headers.iter()), Some(expected));
        assert_eq!(Challenge::read(headers.iter().take(1)), Some(Challenge::Basic));
        for text in ["", "Negotiate", "Bearer", "Bearer realm", "Bearer service=\"x\""] {
            assert_eq!(Challenge::parse(text), None, "{text}");
        }
    }

    #[test]
    fn credentials_stay_in_their_domain() {
        for (registry, server, allowed) in [
            ("ghcr.io", "ghcr.io", true),
            ("registry-1.docker.io", "auth.docker.io", true),
            ("registry.gitlab.com", "gitlab.com", true),
            ("registry.corp.example", "login.corp.example", true),
            ("ghcr.io", "evil.io", false),
            ("registry.example.com", "evilexample.com", false),
            ("example.co.uk", "evil.co.uk", false),
            ("localhost", "evil.example", false),
            ("10.0.0.1", "9.0.0.1", false),
        ] {
            assert_eq!(may_know_credentials(registry, server), allowed, "{registry} {server}");
        }
    }

    #[test]
    fn takes_credentials_of_the_docker_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let find = |host: &str| identity(None, Some(folder.path()), host);
        assert!(find("quay.io").unwrap().is_anonymous());
        let config = r#"{"auths": {
            "quay.io": {"auth": "dXNlcjpwYTpzcw=="},
            "https://index.docker.io/v1/": {"auth": "aHViOmh1Yg=="},
            "token.example": {"identitytoken": "secret"},
            "broken.example": {"auth": "!"}
        }, "credHelpers": {"helper.example": "does-not-exist-here"}}"#;
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let Ok(Identity::Basic { username, password }) = find("quay.io") else { panic!("no credentials") };
        assert_eq!((username.as_str(), password.expose_secret()), ("user", "pa:ss"));
        assert!(matches!(find("registry-1.docker.io"), Ok(Identity::Basic { username, .. }) if username == "hub"));
        assert!(matches!(find("token.example"), Ok(Identity::Refresh(_))));
        assert!(find("broken.example").is_err());
        assert!(find("helper.example").is_err());
        assert!(find("other.example").unwrap().is_anonymous());
    }
}
