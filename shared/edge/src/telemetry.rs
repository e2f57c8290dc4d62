//! Logs: JSON lines with ids and durations, never bodies, tokens, keys or presigned URLs.

use std::time::Duration;

use http::StatusCode;
use tracing_subscriber::EnvFilter;

/// Sends the process's log to standard error, which Lambda collects like standard output.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_env("LOG_LEVEL").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Only a second call in the same process fails, and then the first one's subscriber stays.
    drop(subscriber.try_init());
}

/// The one line of an HTTP request.
pub(crate) fn answered(
    request_id: &str,
    resource: &str,
    status: StatusCode,
    took: Duration,
    cause: Option<&str>,
) {
    let (status, duration_ms) = (status.as_u16(), took.as_millis() as u64);
    match cause {
        Some(cause) => {
            tracing::error!(request.id = request_id, resource, status, duration_ms, cause, "failed")
        }
        None => tracing::info!(request.id = request_id, resource, status, duration_ms, "answered"),
    }
}
