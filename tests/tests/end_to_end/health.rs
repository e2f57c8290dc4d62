//! What is broken is named: each function's own program, with the name of something that does not exist.

use serde_json::{Value, json};
use tests::event;
use tests::hosted::{Answered, Hosted};
use tests::world::World;

/// The ARN of no state machine.
const NO_MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:none";

async fn health(bin: &str, function: &str, instead: &[(&str, &str)]) -> Answered {
    let hosted = Hosted::start(World::get(), bin, function, instead).await;
    hosted.invoke(&event::request(bin, &[])).await
}

fn problem(answered: &Answered) -> Value {
    serde_json::from_str(&answered.text).unwrap_or_default()
}

#[tokio::test]
async fn whatever_is_broken_is_named() {
    let no_queue = format!("{}/000000000000/none", World::get().aws_endpoint);
    let broken = [
        ("database", ("TABLE", "none")),
        ("storage", ("BUCKET", "none")),
        ("queue", ("INGEST_QUEUE_URL", no_queue.as_str())),
        ("workflow", ("STATE_MACHINE_ARN", NO_MACHINE)),
    ];
    for (name, variable) in broken {
        let answered = health("meta-health", "MetaHealth", &[variable]).await;
        // A broken table cannot count the request either, which goes on all the same.
        assert_eq!(answered.status, 503, "{name}: {}", answered.text);
        let problem = problem(&answered);
        assert_eq!(problem["type"], "https://frameiq.app/errors/service-unavailable", "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        for (other, _) in broken {
            assert_eq!(detail.contains(other), other == name, "with a broken {name}: {detail}");
        }
        assert!(!answered.text.contains("none"), "{name}: internals are for the log: {}", answered.text);
    }
    let all = broken.map(|(_, variable)| variable);
    let answered = health("meta-health", "MetaHealth", &all).await;
    let problem = problem(&answered);
    assert_eq!(answered.status, 503, "{}", answered.text);
    assert!(problem["detail"].as_str().unwrap().contains("database, storage, queue, workflow"), "{problem}");
    let whole = health("meta-health", "MetaHealth", &[]).await;
    assert_eq!(whole.status, 200, "{}", whole.text);
}

#[tokio::test]
async fn a_worker_without_a_queue_is_not_well() {
    let no_queue = format!("{}/000000000000/none", World::get().aws_endpoint);
    let broken = health("meta-health-worker", "MetaHealthWorker", &[("INGEST_QUEUE_URL", &no_queue)]).await;
    assert_eq!(broken.status, 503, "{}", broken.text);
    assert!(problem(&broken)["detail"].as_str().unwrap().contains("queue"), "{}", broken.text);
    // It needs the table for counting only.
    let uncounted = health("meta-health-worker", "MetaHealthWorker", &[("TABLE", "none")]).await;
    assert_eq!(uncounted.status, 200, "{}", uncounted.text);
    assert_eq!(problem(&uncounted)["status"], json!("ok"), "{}", uncounted.text);
}
