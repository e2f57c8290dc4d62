//! Videos that end at their owner's wish: cancelled, deleted.

use std::time::Duration;

use domain::ids::VideoId;
use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

/// Waits until the pipeline works on a job.
async fn under_way(client: &Client, job: &str) {
    for tries in 0.. {
        let shown = client.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await.body;
        let video = client.session(Method::GET, &format!("/videos/{job}"), None).await.body;
        assert_eq!(shown["data"]["jobId"], job, "{shown}");
        if video["status"] == "indexing" {
            return;
        }
        assert!(tries < 200, "{job} never began");
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
}

/// Keys of the objects that a video has in the bucket.
async fn objects(video: &str) -> Vec<String> {
    let mut keys = World::get().objects(&format!("videos/{video}/")).await;
    keys.extend(World::get().objects(&format!("uploads/{video}/")).await);
    keys
}

#[tokio::test]
async fn a_cancelled_job_ends_and_costs_nothing() {
    let world = World::get();
    let client = world.client("canceller", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    under_way(&client, &job).await;
    let path = format!("/v1/api/jobs/{job}/cancel");
    let cancelled = client.api(Method::POST, &path, None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.body);
    assert_eq!(cancelled.body, json!({ "data": { "jobId": job, "status": "CANCELLED" } }));
    assert_eq!(client.finished(&job).await["status"], "CANCELLED");
    let again = client.api(Method::POST, &path, None).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert!(again.body["error"].is_string());
    let shown = client.session(Method::GET, &format!("/videos/{job}"), None).await.body;
    assert_eq!(shown["status"], "cancelled", "{shown}");

    // Whatever was under way has come to its end by then, and changed nothing.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(client.finished(&job).await["status"], "CANCELLED");
    assert_eq!(world.settled_wallet("canceller").await.billed, 0);
}

#[tokio::test]
async fn an_upload_that_comes_after_the_cancellation_is_ignored() {
    let world = World::get();
    let client = world.client("latecomer", Plan::Pro).await;
    let made = client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "late.mp4" }))).await.body;
    let job = made["data"]["jobId"].as_str().unwrap();
    let cancelled = client.api(Method::POST, &format!("/v1/api/jobs/{job}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.body);
    client.put(&made, &world.clips.short()).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(client.finished(job).await["status"], "CANCELLED");
}

#[tokio::test]
async fn a_deleted_video_leaves_nothing_behind() {
    let world = World::get();
    let client = world.client("deleter", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    assert_eq!(client.finished(&job).await["status"], "COMPLETED");
    let events = client.ask(&job, json!({ "question": "What is on the board?" })).await.unwrap();
    let session = events.iter().find(|event| event.data["type"] == "session_id").unwrap();
    let session = session.data["value"].as_str().unwrap();
    assert!(!objects(&job).await.is_empty());
    let billed = world.settled_wallet("deleter").await;

    let path = format!("/videos/{job}");
    let deleted = client.session(Method::DELETE, &path, None).await;
    assert_eq!((deleted.status, &deleted.body), (StatusCode::NO_CONTENT, &Value::Null));
    // At once, in both contracts.
    assert_eq!(client.session(Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.session(Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        client.session(Method::GET, &format!("{path}/jobs"), None).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        client.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await.status,
        StatusCode::NOT_FOUND
    );
    let chat = client.session(Method::GET, &format!("/chat/sessions/{session}"), None).await;
    assert_eq!(chat.status, StatusCode::NOT_FOUND, "{}", chat.body);
    let listed = client.session(Method::GET, "/videos", None).await.body;
    assert_eq!((&listed["total"], &listed["items"]), (&json!(0), &json!([])), "{listed}");
    assert_eq!(client.session(Method::GET, "/usage", None).await.body["videos"]["used"], 0);

    // Soon after.
    for _ in 0..100 {
        if objects(&job).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(objects(&job).await, Vec::<String>::new());
    // The bill stays.
    assert_eq!(world.settled_wallet("deleter").await, billed);
    let id: VideoId = job.parse().unwrap();
    assert!(world.store().await.buried(id).await.unwrap().is_some(), "steps under way need the tombstone");
}

#[tokio::test]
async fn deleting_stops_the_run() {
    let world = World::get();
    let client = world.client("stopper", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    under_way(&client, &job).await;
    let deleted = client.session(Method::DELETE, &format!("/videos/{job}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.body);
    assert_eq!(world.settled_wallet("stopper").await.billed, 0);
    // A second removal follows when the steps that were under way can write no more; here it is brought forward.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let message = json!({ "video": job }).to_string();
    let message = json!({ "Records": [{ "messageId": "m", "body": message, "eventSource": "aws:sqs" }] });
    assert_eq!(world.invoke("UpkeepPurge", &message).await["batchItemFailures"], json!([]));
    assert_eq!(objects(&job).await, Vec::<String>::new());
}

#[tokio::test]
async fn other_people_can_neither_cancel_nor_delete() {
    let world = World::get();
    let owner = world.client("owner", Plan::Pro).await;
    let stranger = world.client("stranger-to-endings", Plan::Pro).await;
    let made = owner.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "mine.mp4" }))).await.body;
    let job = made["data"]["jobId"].as_str().unwrap();
    let cancelled = stranger.api(Method::POST, &format!("/v1/api/jobs/{job}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::NOT_FOUND, "{}", cancelled.body);
    let deleted = stranger.session(Method::DELETE, &format!("/videos/{job}"), None).await;
    assert_eq!(deleted.status, StatusCode::NOT_FOUND, "{}", deleted.body);
    let shown = owner.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await.body;
    assert_eq!(shown["data"]["status"], "PENDING_UPLOAD", "{shown}");
}
