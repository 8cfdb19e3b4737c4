//! What surrounds a request: its id, the time, whether a browser sent it, and addresses with doubled slashes.

use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use stopgate_service::store::audit::{self, Entry};
use uuid::Uuid;

use crate::App;

/// A request as the log and errors name it.
#[derive(Debug, Clone)]
struct Surroundings {
    id: String,
    browser: bool,
}

tokio::task_local! {
    static REQUEST: Surroundings;
}

/// Who was found to ask, for the audit log: set when credentials were verified.
#[derive(Debug, Clone, Default)]
pub(crate) struct Who(pub(crate) std::sync::Arc<std::sync::Mutex<Option<(String, String)>>>);

/// Id of the request that is being answered.
pub(crate) fn id() -> Option<String> {
    REQUEST.try_with(|request| request.id.clone()).ok()
}

/// Whether a browser sent it: it must not ask its user for a password by itself.
pub(crate) fn of_browser() -> bool {
    REQUEST.try_with(|request| request.browser).unwrap_or(false)
}

/// Now.
#[expect(clippy::disallowed_methods, reason = "the rim is where the clock is read")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

const HEADER: &str = "anchore-request-id";

/// Gives each request an id, or takes the one that it has, and returns it.
pub(crate) async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let good = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let id = given.filter(good).map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
    let browser = request.headers().contains_key("sec-fetch-mode");
    let who = Who::default();
    request.extensions_mut().insert(who.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let started = Instant::now();
    let surroundings = Surroundings { id: id.clone(), browser };
    let mut response = REQUEST.scope(surroundings, next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    let (status, spent) = (response.status().as_u16(), started.elapsed());
    crate::metrics::answered(&method, route.as_deref().unwrap_or("-"), status, spent);
    tracing::info!(request_id = id, %method, path, status, ms = spent.as_millis(), "request");
    if audited(&method, &path) {
        let known = who.0.lock().ok().and_then(|who| who.clone());
        let (account, actor) = known.unwrap_or_default();
        let entry = Entry {
            account,
            actor,
            method: method.to_string(),
            target: path.chars().take(500).collect(),
            status: i64::from(status),
            at: now(),
        };
        if let Err(error) = write(&app, &entry).await {
            tracing::error!(%error, "the audit log could not be written");
        }
    }
    response
}

async fn write(app: &App, entry: &Entry) -> Result<(), stopgate_service::store::StoreError> {
    let tx = app.service().store().begin().await?;
    audit::add(tx.db(), entry).await?;
    tx.commit().await
}

/// What changes who may do what is written to the audit log.
fn audited(method: &Method, path: &str) -> bool {
    let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let about = ["/accounts", "/user", "/rbac-manager", "/system/user-groups", "/registries", "/policies"];
    changes && about.iter().any(|start| path.strip_prefix("/v2").is_some_and(|rest| rest.starts_with(start)))
}

/// Where a request comes from.
pub(crate) fn address(parts: &axum::http::request::Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>();
    peer.map_or_else(|| "unknown".to_owned(), |peer| peer.0.ip().to_string())
}

/// Agents whose address ends with a slash send `//version`, and some clients end every path with one.
pub(crate) fn tolerant<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let path = request.uri().path();
    if path.contains("//") || (path.len() > 1 && path.ends_with('/')) {
        let mut clean = String::with_capacity(path.len());
        for part in path.split('/').filter(|part| !part.is_empty()) {
            clean.push('/');
            clean.push_str(part);
        }
        if clean.is_empty() {
            clean.push('/');
        }
        if let Some(query) = request.uri().query() {
            clean = format!("{clean}?{query}");
        }
        if let Ok(uri) = clean.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::tolerant;

    #[test]
    fn slashes_too_many() {
        for (given, expected) in [
            ("//version", "/version"),
            ("/v2/images/?full_tag=a//b", "/v2/images?full_tag=a//b"),
            ("/v2//images", "/v2/images"),
            ("/", "/"),
            ("//", "/"),
        ] {
            let request = axum::http::Request::builder().uri(given).body(()).unwrap();
            assert_eq!(tolerant(request).uri().to_string(), expected, "{given}");
        }
    }
}
