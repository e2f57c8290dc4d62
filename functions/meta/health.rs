//! `GET /health`: whether everything that a request needs answers.

use edge::{Call, Door, Problem, Reply};
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
    let checks = [database, storage, queue, workflow].map(|check| match check {
        Ok(()) => "connected",
        Err(error) => {
            tracing::error!(error = %error, "health check failed");
            "unreachable"
        }
    });
    let healthy = checks.iter().all(|check| *check == "connected");
    let [database, storage, queue, workflow] = checks;
    let body = Body {
        status: if healthy { "ok" } else { "unavailable" },
        database,
        storage,
        queue,
        workflow,
        version: env!("CARGO_PKG_VERSION"),
    };
    Reply::json(if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Public, check_health).await
}
