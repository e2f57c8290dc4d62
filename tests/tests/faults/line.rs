//! Videos on their way into the line and out of it, while services refuse what is asked of them.

use std::sync::{Arc, Mutex};

use domain::ids::UserId;
use domain::plan::Plan;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Origin;
use tests::faults::Fault;
use tests::library;
use tests::wait::eventually;

use crate::{own, world};

/// Whoever asks in vain is told so by the count, and holds no row that others need.
#[tokio::test]
async fn while_all_slots_are_taken_asking_for_one_is_a_read() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let calls = Arc::new(Mutex::new(vec![]));
    let seen = calls.clone();
    faults.rule("calls", move |call| {
        seen.lock().unwrap().push(call.operation.clone());
        None
    });
    store.start_waiting(0, Timestamp::now()).await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["GetItem"]);
}

#[tokio::test]
async fn a_run_that_cannot_be_started_fails_no_message() {
    let (world, faults) = world();
    let client = world.client("unstarted", Plan::Pro).await;
    let (store, owner) = (world.store().await, UserId("user_unstarted".to_owned()));
    let url = Origin::Url { url: format!("http://{}/files/none.mp4", world.web) };
    let id = library::made(&store, &owner, url, Timestamp::now()).await.id.to_string();
    let refused = id.clone();
    faults.first_rule("start refused", move |call| {
        let is_its_start = call.operation == "StartExecution" && call.mentions(&refused);
        is_its_start.then(|| Fault::json(400, "AccessDeniedException"))
    });
    let body = json!({ "videoId": id, "attempt": 1 }).to_string();
    let message = json!({ "Records": [{ "messageId": "m", "body": body, "eventSource": "aws:sqs" }] });
    let answer = world.invoke("PipelineDispatch", &message).await;
    assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    let http = reqwest::Client::new();
    eventually("it has a slot", async || {
        let rows: Vec<Value> = world.rows(&http, "ADMISSION", &format!("RUNNING#{id}")).await;
        if rows.len() == 1 { Ok(()) } else { Err(rows) }
    })
    .await;
    eventually("its start is refused", async || {
        let lines = world.log_lines(&id).await;
        let refusal =
            lines.iter().find(|line| line["error"].as_str().is_some_and(|e| e.contains("AccessDenied")));
        match refusal {
            Some(line) if line["trace.id"] == library::no_request().0 && line["video.id"] == *id => Ok(()),
            Some(_) | None => Err(lines),
        }
    })
    .await;
    assert!(faults.count("start refused") > 0);
    let cancelled = client.api(reqwest::Method::POST, &format!("/v1/api/jobs/{id}/cancel"), None).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
}
