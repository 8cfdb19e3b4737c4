//! One call: its path, query, headers and body; sent, perhaps again, and read.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::connection::reasons;
use crate::{Client, ClientError, Reply};

/// A call that may be repeated is sent at most so often.
const TRIES: u32 = 4;
/// A server that wants more patience than this is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// No answer is longer; SBOMs of large images are some ten megabytes.
const ANSWER_BYTES: usize = 1 << 30;

/// A call that is being put together.
pub(crate) struct Call<'a> {
    client: &'a Client,
    method: Method,
    url: Url,
    body: Option<(String, Bytes)>,
    /// A body that could not be written as JSON.
    unfit: Option<String>,
}

impl Client {
    /// A call to `/v2` and these segments, each of which is encoded as one.
    pub(crate) fn call(&self, method: Method, segments: &[&str]) -> Call<'_> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        Call { client: self, method, url, body: None, unfit: None }
    }

    pub(crate) fn get(&self, segments: &[&str]) -> Call<'_> {
        self.call(Method::GET, segments)
    }

    pub(crate) fn post(&self, segments: &[&str]) -> Call<'_> {
        self.call(Method::POST, segments)
    }

    pub(crate) fn put(&self, segments: &[&str]) -> Call<'_> {
        self.call(Method::PUT, segments)
    }

    pub(crate) fn delete(&self, segments: &[&str]) -> Call<'_> {
        self.call(Method::DELETE, segments)
    }
}

impl Call<'_> {
    /// A query parameter, when there is a value.
    pub(crate) fn query(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// A query parameter that is true or false.
    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.query(name, Some(if value { "true" } else { "false" }))
    }

    /// A body in JSON.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body("application/json", bytes.into()),
            Err(error) => {
                self.unfit = Some(error.to_string());
                self
            }
        }
    }

    /// A body of any kind.
    pub(crate) fn body(mut self, media_type: &str, bytes: Bytes) -> Self {
        self.body = Some((media_type.to_owned(), bytes));
        self
    }

    /// Sends it and reads the answer as JSON.
    pub(crate) fn reply<T: DeserializeOwned>(self) -> Result<Reply<T>, ClientError> {
        let operation = self.operation();
        let bytes = self.bytes()?;
        let fail =
            |error: serde_json::Error| ClientError::Body { operation: operation.clone(), reason: error.to_string() };
        let raw: Value = match bytes.as_ref() {
            [] => Value::Null,
            bytes => serde_json::from_slice(bytes).map_err(fail)?,
        };
        let value = T::deserialize(&raw).map_err(fail)?;
        Ok(Reply { value, raw })
    }

    /// Sends it; what the answer holds does not matter.
    pub(crate) fn done(self) -> Result<(), ClientError> {
        self.bytes().map(|_| ())
    }

    /// Sends it and hands the answer on as it is.
    pub(crate) fn bytes(self) -> Result<Bytes, ClientError> {
        let operation = self.operation();
        if let Some(reason) = self.unfit {
            return Err(ClientError::Setup { reason: format!("the request cannot be written: {reason}") });
        }
        self.client.runtime.block_on(async {
            let mut tries = 1;
            loop {
                let failed = match self.send().await {
                    Ok(response) if response.status().is_success() => {
                        return read(response, &operation).await;
                    }
                    Ok(response) => {
                        let pause = self.pause_before_repeating(response.status(), response.headers(), tries);
                        let status = response.status().as_u16();
                        let body = read(response, &operation).await.ok();
                        let body = body.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(Box::new);
                        (ClientError::Status { status, operation: operation.clone(), body }, pause)
                    }
                    Err(error) => {
                        let pause = (error.is_connect() && self.may_repeat(tries)).then_some(self.client.retry_pause);
                        let reason = reasons(&error.without_url());
                        (ClientError::Unreachable { server: self.client.server(), reason }, pause)
                    }
                };
                match failed {
                    (_, Some(pause)) => tokio::time::sleep(pause).await,
                    (error, None) => return Err(error),
                }
                tries += 1;
            }
        })
    }

    async fn send(&self) -> Result<reqwest::Response, reqwest::Error> {
        let mut request = self.client.http.request(self.method.clone(), self.url.clone()).header(ACCEPT, "*/*");
        if let Some(password) = &self.client.password {
            request = request.basic_auth(&self.client.username, Some(password.expose_secret()));
        }
        if let Some(account) = &self.client.account {
            request = request.header("x-anchore-account", account);
        }
        match (&self.body, &self.method) {
            (Some((media_type, bytes)), _) => request = request.header(CONTENT_TYPE, media_type).body(bytes.clone()),
            // Servers that ask for a length also ask for that of nothing.
            (None, &Method::POST | &Method::PUT) => request = request.body(Bytes::new()),
            (None, _) => {}
        }
        request.send().await
    }

    /// How long to wait before the same call is sent again; `None`: it is not.
    fn pause_before_repeating(&self, status: StatusCode, headers: &HeaderMap, tries: u32) -> Option<Duration> {
        let passing = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        );
        if !passing || !self.may_repeat(tries) {
            return None;
        }
        let wanted = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        let pause = wanted.map_or(self.client.retry_pause * tries, Duration::from_secs);
        (pause <= LONGEST_PAUSE).then_some(pause)
    }

    /// Whether sending it twice does no more than sending it once.
    fn may_repeat(&self, tries: u32) -> bool {
        tries < TRIES && matches!(self.method, Method::GET | Method::PUT | Method::DELETE)
    }

    fn operation(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }
}

async fn read(mut response: reqwest::Response, operation: &str) -> Result<Bytes, ClientError> {
    let fail = |reason: String| ClientError::Body { operation: operation.to_owned(), reason };
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fail(reasons(&error.without_url())))? {
        if bytes.len() + chunk.len() > ANSWER_BYTES {
            return Err(fail(format!("it is longer than {ANSWER_BYTES} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}
