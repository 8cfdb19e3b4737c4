//! Listening: plain or with TLS, until the process is told to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum_server::tls_rustls::RustlsConfig;
use stopgate_service::{Kind, Service, ServiceError};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::error::ApiError;
use crate::{App, request, resources};

/// Certificate and key.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Key, PEM.
    pub key: PathBuf,
}

/// How to listen.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Address and port; port 0 is any free one.
    pub listen: SocketAddr,
    /// Certificate and key; plain HTTP without.
    pub tls: Option<Tls>,
    /// Folder with `<os>-<arch>/anchorectl` of other platforms.
    pub cli_folder: Option<PathBuf>,
    /// Whether `/metrics` asks for credentials.
    pub guarded_metrics: bool,
}

/// A server that listens.
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Listening {
    /// Until it has stopped.
    pub async fn ended(self) -> Result<(), ServiceError> {
        self.task.await.map_err(ServiceError::internal)?.map_err(ServiceError::internal)
    }
}

/// Bytes of a body, unless its route takes more.
const BODY: usize = 100 << 20;
/// How long a request may take.
const TIME: Duration = Duration::from_mins(15);
/// How long requests that are being answered have when the server stops.
const FAREWELL: Duration = Duration::from_secs(20);

/// Listens, and answers until `stop` becomes true.
pub async fn serve(
    service: Service,
    options: &ServerOptions,
    mut stop: watch::Receiver<bool>,
) -> Result<Listening, ServiceError> {
    let make = Tolerant(router(App::new(service, options)));
    let listener = std::net::TcpListener::bind(options.listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| ServiceError::invalid(format!("cannot listen on {}: {error}", options.listen)))?;
    let address = listener.local_addr().map_err(ServiceError::internal)?;
    let handle = axum_server::Handle::new();
    let stopping = handle.clone();
    tokio::spawn(async move {
        while !*stop.borrow_and_update() {
            if stop.changed().await.is_err() {
                break;
            }
        }
        stopping.graceful_shutdown(Some(FAREWELL));
    });
    let task = if let Some(tls) = &options.tls {
        let config = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await.map_err(|error| {
            ServiceError::invalid(format!(
                "cannot use the certificate `{}` with the key `{}`: {error}",
                tls.certificate.display(),
                tls.key.display()
            ))
        })?;
        let server = axum_server::from_tcp_rustls(listener, config).map_err(ServiceError::internal)?;
        tokio::spawn(server.handle(handle).serve(make))
    } else {
        let server = axum_server::from_tcp(listener).map_err(ServiceError::internal)?;
        tokio::spawn(server.handle(handle).serve(make))
    };
    Ok(Listening { address, task })
}

/// The router, for connections: requests get the address of their sender, and their own addresses are mended.
#[derive(Clone)]
struct Tolerant(Router);

/// The router for one connection.
#[derive(Clone)]
struct Connection(Router, SocketAddr);

impl tower::Service<SocketAddr> for Tolerant {
    type Response = Connection;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Connection, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, peer: SocketAddr) -> Self::Future {
        std::future::ready(Ok(Connection(self.0.clone(), peer)))
    }
}

impl<B> tower::Service<axum::http::Request<B>> for Connection
where
    B: axum::body::HttpBody<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = <Router as tower::Service<axum::extract::Request>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<B>) -> Self::Future {
        let mut request = request::tolerant(request).map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(self.1));
        tower::Service::call(&mut self.0, request)
    }
}

/// Everything that is answered.
fn router(app: App) -> Router {
    let (api, _) = resources::routes().router();
    let header = |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        .nest("/v2", api)
        .route("/", get(|| async { "Stopgate" }))
        .route("/health", get(|| async { StatusCode::OK }))
        .route("/health/ready", get(resources::system::ready))
        .route("/version", get(resources::system::version_at_root))
        .route("/metrics", get(resources::system::metrics))
        .route("/v2/openapi.json", get(resources::system::openapi))
        .route("/v2/x/openapi.json", get(resources::system::own_openapi))
        .fallback(|uri: axum::http::Uri| async move {
            ApiError(ServiceError::not_found(format!("there is nothing at `{}`", uri.path()))).into_response()
        })
        .method_not_allowed_fallback(|| async {
            let body = ApiError(ServiceError::invalid("this address does not take this method"));
            (StatusCode::METHOD_NOT_ALLOWED, body.into_response().into_body()).into_response()
        })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIME))
        .layer(CompressionLayer::new().gzip(true))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            ApiError(ServiceError::new(Kind::Internal, "the server failed on this request")).into_response()
        }))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(axum::middleware::from_fn_with_state(app.clone(), request::identify))
        .with_state(app)
}
