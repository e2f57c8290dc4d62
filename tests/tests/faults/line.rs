//! Videos on their way into the line and out of it, while services refuse what is asked of them.

use std::sync::{Arc, Mutex};

use domain::ids::UserId;
use domain::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Origin, Source};
use tests::faults::{Call, Fault};
use tests::library;
use tests::wait::eventually;

use crate::{own, world};

/// Whoever took its event before has died after the first write, or has not learnt that it was written.
#[tokio::test]
async fn an_upload_that_is_told_of_again_is_closed_and_counted_once() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let (owner, now) = (UserId("user_told-again".to_owned()), Timestamp::now());
    store.account(owner.clone(), now).await.unwrap();
    let http = reqwest::Client::new();
    let open = async || {
        let rows = world.rows(&http, &format!("USER#{owner}"), "UPLOADS").await;
        rows[0]["pending"]["SS"].as_array().map_or(0, Vec::len)
    };
    let closes = |call: &Call| call.is("UpdateItem") && call.mentions("\"UPLOADS\"");
    let pins = |call: &Call| call.is("UpdateItem") && call.mentions("\"META\"");
    for name in ["died", "lost"] {
        let upload = Origin::Upload { upload_expires_at: now + SignedDuration::from_mins(15) };
        let video = library::made(&store, &owner, upload, now).await;
        let object = |version: &str| Source {
            key: format!("uploads/{}/a.mp4", video.id),
            version_id: version.to_owned(),
            size: 1,
        };
        assert_eq!(open().await, 1, "{name}");
        if name == "died" {
            faults.next("died", 1, closes, |_| Fault::json(400, "AccessDeniedException"));
            store.upload_arrived(video.id, object("1"), now).await.unwrap_err();
            assert_eq!(open().await, 1, "it is queued, and its upload is open still");
        } else {
            faults.next("lost", 1, pins, |_| Fault::Lost);
        }
        let arrived = store.upload_arrived(video.id, object("1"), now).await.unwrap();
        let arrived = arrived.unwrap_or_else(|| panic!("{name}: it is this video's source"));
        assert_eq!((open().await, faults.count(name)), (0, 1), "{name}");
        assert_eq!(store.upload_arrived(video.id, object("2"), now).await.unwrap(), None, "{name}");

        faults.next("claim lost", 1, |call| call.is("TransactWriteItems"), |_| Fault::Lost);
        assert!(store.claim_upload_count(&arrived, now).await.unwrap(), "{name}: nobody has counted it");
        assert!(!store.claim_upload_count(&arrived, now).await.unwrap(), "{name}: counted twice");
    }
    assert_eq!(faults.count("claim lost"), 2);
}

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
