//! Logs: JSON lines with ids and durations, never bodies, tokens, keys or presigned URLs.
//!
//! Every line carries `trace.id`, the request that the work was asked for by, from the API to the last step of the
//! pipeline: it stands in the video's row, and whoever reads the row follows it.

pub(crate) mod line;

use std::time::Duration;

use domain::ids::TraceId;
use http::StatusCode;
use store::Video;
use tracing::Span;
use tracing::field::Empty;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends the process's log to standard error, which Lambda collects like standard output. `LOG_LEVEL` says how much, as
/// a level or per crate (`info,store=debug`). No `EnvFilter`: it would link a regex engine into every function.
pub(crate) fn init() {
    let asked = std::env::var("LOG_LEVEL").ok().and_then(|asked| asked.parse::<Targets>().ok());
    let filter = asked.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .event_format(line::JsonLine)
        .fmt_fields(JsonFields::new())
        .with_writer(std::io::stderr);
    // Only a second call in the same process fails, and then the first one's subscriber stays.
    drop(tracing_subscriber::registry().with(lines).with(filter).try_init());
}

/// What is done for a request.
pub(crate) fn request(id: &TraceId) -> Span {
    tracing::info_span!("request", trace.id = id.0, video.id = Empty)
}

/// What is done for nobody in particular, until it is known for which video: a step, a message, a look at a video.
pub fn work() -> Span {
    tracing::info_span!("work", trace.id = Empty, video.id = Empty)
}

/// From here on, the work is for this video: its lines carry the ids of the video and of the request that its run was
/// asked for by. A video from before that was written down has its own id only.
pub fn follow(video: &Video) {
    let span = Span::current();
    span.record("video.id", tracing::field::display(video.id));
    if let Some(id) = &video.trace_id {
        span.record("trace.id", id.0.as_str());
    }
}

/// The one line of an HTTP request.
pub(crate) fn answered(resource: &str, status: StatusCode, took: Duration, cause: Option<&str>) {
    let (status, duration_ms) = (status.as_u16(), took.as_millis() as u64);
    match cause {
        Some(cause) => tracing::error!(resource, status, duration_ms, cause, "failed"),
        None => tracing::info!(resource, status, duration_ms, "answered"),
    }
}
