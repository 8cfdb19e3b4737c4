//! Credentials: challenges (RFC 9110, 11), tokens (the distribution project's token authentication), Docker's file.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::{Credentials, SourceError};

/// A token service's answer is small.
const TOKEN_BYTES: usize = 1 << 20;

/// One `WWW-Authenticate` challenge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, mut rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let mut parameters = Vec::new();
        while let Some((name, after)) = rest.split_once('=') {
            let name = name.trim_matches([' ', ',']).to_ascii_lowercase();
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_once(',').unwrap_or((after, "")),
            };
            parameters.push((name, value.trim().to_owned()));
            rest = after;
        }
        (!scheme.is_empty()).then(|| Self { scheme: scheme.to_ascii_lowercase(), parameters })
    }

    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme == scheme
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

pub(crate) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    secret(&format!("Bearer {}", token.expose_secret()))
}

pub(crate) fn basic(username: &str, password: &SecretString) -> Option<HeaderValue> {
    secret(&format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose_secret()))))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

/// Asks the token service that a challenge names. The error is one clause for the person.
pub(crate) async fn token(
    http: &reqwest::Client,
    challenge: &Challenge,
    scope: &str,
    credentials: Option<&Credentials>,
) -> Result<HeaderValue, String> {
    let realm = challenge.parameter("realm").ok_or("its challenge names no token service")?;
    let mut url = reqwest::Url::parse(realm).map_err(|_| "its token service has no valid address".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its token service has no valid address".to_owned());
    }
    url.query_pairs_mut().append_pair("scope", challenge.parameter("scope").unwrap_or(scope));
    if let Some(service) = challenge.parameter("service") {
        url.query_pairs_mut().append_pair("service", service);
    }
    let mut request = http.get(url);
    match credentials {
        Some(Credentials::Basic { username, password }) => {
            request = request
                .header(AUTHORIZATION, basic(username, password).ok_or("the credentials hold control characters")?);
        }
        Some(Credentials::Token(_)) => return Err("the token is not accepted".to_owned()),
        None => {}
    }
    let mut response =
        request.send().await.map_err(|error| format!("its token service fails: {}", error.without_url()))?;
    if !response.status().is_success() {
        return Err(format!("its token service answers with {}", response.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > TOKEN_BYTES {
            return Err("its token service answers too much".to_owned());
        }
    }
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| "its token service answers no token".to_owned())?;
    let token = answer.token.or(answer.access_token).ok_or("its token service answers no token")?;
    bearer(&SecretString::from(token)).ok_or_else(|| "its token service answers no valid token".to_owned())
}

/// What Docker's `config.json` has for a registry: stored credentials, or those of its helper.
pub(crate) fn from_docker_config(folder: Option<&Path>, registry: &str) -> Result<Option<Credentials>, SourceError> {
    let Some(path) = folder.map(|folder| folder.join("config.json")) else { return Ok(None) };
    let Ok(file) = std::fs::File::open(&path) else { return Ok(None) };
    let key = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
    match docker_credential::get_credential_from_reader(std::io::BufReader::new(file), key) {
        Ok(DockerCredential::UsernamePassword(username, password)) => {
            Ok(Some(Credentials::Basic { username, password: password.into() }))
        }
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Credentials::Token(token.into()))),
        Err(
            CredentialRetrievalError::NoCredentialConfigured
            | CredentialRetrievalError::ConfigNotFound
            // A helper that knows nothing of this registry says so by failing.
            | CredentialRetrievalError::HelperFailure { .. },
        ) => Ok(None),
        Err(error) => {
            let reason = format!("it gives no credentials for `{registry}`: {error}");
            Err(SourceError::Setting { what: format!("`{}`", path.display()), reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn reads_challenges() {
        let text = r#"Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push""#;
        let challenge = Challenge::parse(text).unwrap();
        assert!(challenge.is("bearer"));
        assert_eq!(challenge.parameter("service"), Some("registry.example.com"));
        assert_eq!(challenge.parameter("scope"), Some("repository:a/b:pull,push"));
        assert!(Challenge::parse(r#"Basic realm="x""#).unwrap().is("basic"));
        assert!(Challenge::parse("").is_none());
    }
}
