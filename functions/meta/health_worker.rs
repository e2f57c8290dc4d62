//! `GET /health/worker`: how much work is waiting.

use edge::{Call, Door, Problem, Reply, refusals};
use http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
struct Body {
    status: &'static str,
    queue_depth: u64,
}

async fn check_worker(call: Call) -> Result<Reply, Problem> {
    let queue_depth = call.app.store.queue_depth().await.map_err(|error| {
        tracing::error!(error = %error, "health check failed");
        refusals::unavailable(&["queue"])
    })?;
    Reply::json(StatusCode::OK, &Body { status: "ok", queue_depth })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Public, check_worker).await
}
