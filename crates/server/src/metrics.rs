//! Numbers for those who watch, in the text format of Prometheus.

use std::time::Duration;

use axum::http::Method;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of the histograms, in seconds.
const SECONDS: [f64; 11] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();

/// The recorder of the process; it is installed once.
pub(crate) fn recorder() -> PrometheusHandle {
    let made = || {
        let builder = PrometheusBuilder::new();
        let builder = match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS) {
            Ok(builder) => builder,
            Err(_) => PrometheusBuilder::new(),
        };
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let _ = metrics::set_global_recorder(recorder);
        handle
    };
    HANDLE.get_or_init(made).clone()
}

/// A request was answered.
pub(crate) fn answered(method: &Method, route: &str, status: u16, spent: Duration) {
    let labels = [("method", method.to_string()), ("path", route.to_owned()), ("status", status.to_string())];
    metrics::histogram!("anchore_http_request_duration_seconds", &labels).record(spent.as_secs_f64());
}
