//! `GET /health`: whether everything that a request needs answers.

use edge::{Call, Door, Problem, Reply, refusals};
use http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
struct Body {
    status: &'static str,
    database: &'static str,
    storage: &'static str,
    queue: &'static str,
    workflow: &'static str,
    version: &'static str,
}

async fn check_health(call: Call) -> Result<Reply, Problem> {
    let store = &call.app.store;
    let (database, storage, queue, workflow) = futures::join!(
        store.ping_database(),
        store.ping_storage(),
        store.ping_queue(),
        store.ping_workflow()
    );
    let checks = [("database", database), ("storage", storage), ("queue", queue), ("workflow", workflow)];
    let failing = checks.into_iter().filter_map(|(name, check)| {
        let error = check.err()?;
        tracing::error!(error = %error, "health check failed");
        Some(name)
    });
    let failing: Vec<&str> = failing.collect();
    if !failing.is_empty() {
        return Err(refusals::unavailable(&failing));
    }
    let connected = "connected";
    let body = Body {
        status: "ok",
        database: connected,
        storage: connected,
        queue: connected,
        workflow: connected,
        version: env!("CARGO_PKG_VERSION"),
    };
    Reply::json(StatusCode::OK, &body)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Public, check_health).await
}
