//! The HTTP API: routes, authentication, documents, limits.
//!
//! A handler says with its types what it reads and what it answers, and with the type of its caller which permission it
//! needs; routes, the OpenAPI document and the refusals follow from these types.

mod anchorectl;
mod answer;
mod call;
mod error;
mod extract;
mod metrics;
mod openapi;
mod request;
mod resources;
mod routes;
mod serve;

pub use openapi::{document, own_document};
pub use routes::{RouteFacts, facts};
pub use serve::{Listening, ServerOptions, Tls, serve};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache;
use stopgate_service::Service;

/// What all handlers share.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    service: Service,
    /// Folder with `<os>-<arch>/anchorectl` of other platforms.
    cli_folder: Option<PathBuf>,
    /// Answers to checks as they were sent, for as long as nothing of their account has changed.
    checks: Cache<CheckKey, Bytes>,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    started: jiff::Timestamp,
    /// Whether `/metrics` asks for credentials.
    guarded_metrics: bool,
}

/// An answer to a check: generation of the account, data, image, tag, policy, whether details are wanted.
type CheckKey = (i64, i64, String, String, String, String, bool);

/// Bytes of answers that are kept.
const CHECK_BYTES: u64 = 64 << 20;
/// For how long: rules that count days change with time, and a decision is made anew every hour.
const CHECK_LIFE: Duration = Duration::from_mins(1);

impl App {
    pub(crate) fn new(service: Service, options: &ServerOptions) -> Self {
        let checks = Cache::builder()
            .max_capacity(CHECK_BYTES)
            .weigher(|_, bytes: &Bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX).max(1))
            .time_to_live(CHECK_LIFE)
            .build();
        Self(Arc::new(Inner {
            service,
            cli_folder: options.cli_folder.clone(),
            checks,
            metrics: metrics::recorder(),
            started: request::now(),
            guarded_metrics: options.guarded_metrics,
        }))
    }

    pub(crate) fn service(&self) -> &Service {
        &self.0.service
    }
}
