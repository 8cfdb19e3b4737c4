//! A conversation with one repository of a registry: requests, logging in, trying again.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::auth::{self, Challenge, Identity};
use super::http::{self, NoAnswer, Patience, Request, is_temporary, retry_after};
use crate::SourceError;
use crate::options::Credentials;

const ERROR_BODY_BYTES: u64 = 64 << 10;

/// One repository.
pub(super) struct Session {
    pub(super) client: Client,
    /// Scheme, host and port of the registry.
    pub(super) base: Url,
    /// The registry as the user wrote it.
    pub(super) registry: String,
    pub(super) repository: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) docker_config: Option<PathBuf>,
    pub(super) patience: Patience,
    pub(super) login: Mutex<Login>,
}

/// What was found out about logging in.
#[derive(Default)]
pub(super) struct Login {
    identity: Option<Arc<Identity>>,
    authorization: Option<HeaderValue>,
    /// How often it changed, to see whether someone else logged in meanwhile.
    generation: u64,
}

impl Session {
    /// The address of a manifest or blob.
    pub(super) fn url(&self, kind: &str, name: &str) -> Result<Url, SourceError> {
        self.base
            .join(&format!("/v2/{}/{kind}/{name}", self.repository))
            .map_err(|_| SourceError::malformed(&self.repository, "it makes no valid address"))
    }

    /// Sends a GET until there is an answer that is neither temporary nor a demand to log in.
    pub(super) async fn get(&self, url: &Url, accept: Option<&str>, from: u64) -> Result<Response, SourceError> {
        let mut attempt = 0;
        loop {
            let failed = match self.get_once(url, accept, from).await? {
                Ok(response) if !is_temporary(&response) => return Ok(response),
                Ok(response) => {
                    let status = response.status().as_u16();
                    (NoAnswer { reason: format!("it answers {status}"), again: true }, retry_after(&response))
                }
                Err(error) => (error, None),
            };
            attempt += 1;
            if !failed.0.again || attempt >= self.patience.attempts {
                return Err(self.unreachable(failed.0.reason));
            }
            tracing::debug!(registry = %self.registry, reason = %failed.0.reason, "trying again");
            self.patience.pause(attempt - 1, failed.1).await;
        }
    }

    async fn get_once(
        &self,
        url: &Url,
        accept: Option<&str>,
        from: u64,
    ) -> Result<Result<Response, NoAnswer>, SourceError> {
        let (authorization, generation) = {
            let login = self.login.lock().await;
            (login.authorization.clone(), login.generation)
        };
        let mut request = Request { url: url.clone(), accept, from, authorization };
        let response = match http::get(&self.client, &request).await {
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => response,
            other => return Ok(other),
        };
        let Some(challenge) = Challenge::read(response.headers().get_all(WWW_AUTHENTICATE).iter()) else {
            return Ok(Ok(response));
        };
        request.authorization = self.log_in(challenge, generation).await?;
        Ok(http::get(&self.client, &request).await)
    }

    /// The header that answers a challenge.
    async fn log_in(&self, challenge: Challenge, seen: u64) -> Result<Option<HeaderValue>, SourceError> {
        // Held while a token is fetched, so that layers in parallel log in once.
        let mut login = self.login.lock().await;
        if login.generation != seen {
            return Ok(login.authorization.clone());
        }
        let known = login.identity.clone();
        let identity = if let Some(identity) = known { identity } else { Arc::new(self.identity().await?) };
        login.identity = Some(Arc::clone(&identity));
        let header = match (&challenge, identity.as_ref()) {
            (_, Identity::Bearer(token)) => auth::bearer(token),
            (Challenge::Basic, Identity::Basic { username, password }) => auth::basic(username, password),
            (Challenge::Basic, _) => None,
            (Challenge::Bearer { realm, service, scope }, identity) => {
                let challenge = (realm.as_str(), service.as_deref(), scope.as_deref());
                let token = auth::fetch_token(&self.client, &self.base, &self.repository, challenge, identity)
                    .await
                    .map_err(|reason| self.denied(reason))?;
                auth::bearer(&token)
            }
        };
        login.authorization.clone_from(&header);
        login.generation += 1;
        Ok(header)
    }

    async fn identity(&self) -> Result<Identity, SourceError> {
        let credentials = self.credentials.clone();
        let docker_config = self.docker_config.clone();
        let host = match (self.base.host_str(), self.base.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let find = move || auth::identity(credentials.as_ref(), docker_config.as_deref(), &host);
        match tokio::task::spawn_blocking(find).await {
            Ok(found) => found.map_err(|reason| self.denied(reason)),
            Err(_) => Err(self.denied("the credentials could not be looked up".to_owned())),
        }
    }

    /// The error for an answer that is not the content.
    pub(super) async fn refused(&self, response: Response, what: &str) -> SourceError {
        let status = response.status().as_u16();
        let said = match http::body(response, ERROR_BODY_BYTES).await {
            Ok(Some(body)) => first_message(&body),
            _ => None,
        };
        match status {
            404 => SourceError::NotInRegistry { reference: what.to_owned() },
            401 | 403 => {
                let anonymous = self.login.lock().await.identity.as_ref().is_none_or(|who| who.is_anonymous());
                let mut reason = if anonymous {
                    format!(
                        "expected credentials from `docker login {}` or `STOPGATE_REGISTRY_USERNAME` and `_PASSWORD`",
                        self.registry
                    )
                } else {
                    "the credentials are not accepted".to_owned()
                };
                if let Some(said) = said {
                    reason = format!("{reason}; it says: {said}");
                }
                self.denied(reason)
            }
            _ => {
                let said = said.map(|said| format!(" and says: {said}")).unwrap_or_default();
                self.unreachable(format!("it answers {status}{said}"))
            }
        }
    }

    pub(super) fn unreachable(&self, reason: String) -> SourceError {
        SourceError::Unreachable { registry: self.registry.clone(), reason }
    }

    fn denied(&self, reason: String) -> SourceError {
        SourceError::Denied { registry: self.registry.clone(), repository: self.repository.clone(), reason }
    }
}

/// The first message of an error body (distribution-spec, "Error Codes"), made safe to show.
fn first_message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        errors: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let body: Body = serde_json::from_slice(body).ok()?;
    let row = body.errors.into_iter().next()?;
    let text = if row.message.is_empty() { row.code } else { row.message };
    let shown: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    (!shown.is_empty()).then_some(shown)
}
