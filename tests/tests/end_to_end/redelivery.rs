//! Everything is delivered at least once, and anything may be lost: nothing is done twice, billed twice or forgotten.

use domain::ids::{UserId, VideoId};
use domain::metering::MINIMUM_SECS;
use domain::plan::Plan;
use domain::processing_mode::ProcessingMode;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Created, NewVideo, Origin};
use tests::client::Client;
use tests::wait::eventually;
use tests::world::World;
use uuid::Uuid;

/// A job made by the API, and the answer that holds its upload URL.
async fn job(client: &Client, file_name: &str) -> (VideoId, Value) {
    let made = client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": file_name }))).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    (made.body["data"]["jobId"].as_str().unwrap().parse().unwrap(), made.body)
}

/// A message of the ingest queue, as the dispatcher gets it.
fn queued(body: &Value) -> Value {
    json!({ "Records": [{ "messageId": "m", "body": body.to_string(), "eventSource": "aws:sqs" }] })
}

/// A video that was made hours ago, and that its maker died before queueing.
async fn forgotten(owner: &str, origin: Origin) -> VideoId {
    let new = NewVideo {
        id: VideoId(Uuid::now_v7()),
        owner: UserId(format!("user_{owner}")),
        title: "forgotten".to_owned(),
        origin,
        processing_mode: ProcessingMode::All,
        max_cost: None,
        callback: None,
        trace_id: tests::library::no_request(),
    };
    let id = new.id;
    let hours_ago = Timestamp::now() - SignedDuration::from_hours(3);
    let made = World::get().store().await.create_video(new, Plan::Pro, hours_ago).await.unwrap();
    assert!(matches!(made, Created::Yes(_)), "{made:?}");
    id
}

#[tokio::test]
async fn a_second_put_changes_nothing() {
    let world = World::get();
    let client = world.client("overwriter", Plan::Pro).await;
    let (id, made) = job(&client, "first.mp4").await;
    assert_eq!(client.put(&made, &world.clips.lecture()).await, StatusCode::OK);
    assert_eq!(client.put(&made, &world.clips.short()).await, StatusCode::OK);
    let done = client.finished(&id.to_string()).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    let length = done["processedData"]["length"].as_f64().unwrap();
    assert!((length - 12.0).abs() < 0.1, "the second file was processed: {length} s");
    assert_eq!(world.settled_wallet("overwriter").await.billed, MINIMUM_SECS);
}

#[tokio::test]
async fn a_message_that_comes_again_and_again_starts_one_run() {
    let world = World::get();
    let client = world.client("repeater", Plan::Pro).await;
    world.clips.short();
    let url = format!("http://{}/files/short.mp4", world.web);
    let id = forgotten("repeater", Origin::Url { url }).await;
    let message = queued(&json!({ "videoId": id, "attempt": 1 }));
    let at_once = futures::future::join_all((0..4).map(|_| world.invoke("PipelineDispatch", &message))).await;
    assert!(at_once.iter().all(|answer| answer["batchItemFailures"] == json!([])), "{at_once:?}");
    let done = client.finished(&id.to_string()).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    let wallet = world.settled_wallet("repeater").await;

    // Long after: the video has ended, and so has its story.
    world.invoke("PipelineDispatch", &message).await;
    for step in ["PipelineIndex", "PipelineFail"] {
        let failure = json!({ "Error": "States.Timeout", "Cause": "late" });
        let late = json!({ "videoId": id, "attempt": 1, "generation": 1, "failure": failure });
        world.invoke(step, &late).await;
    }
    assert_eq!(client.finished(&id.to_string()).await, done);
    assert_eq!(world.settled_wallet("repeater").await, wallet);
    assert_eq!(wallet.billed, MINIMUM_SECS);
}

#[tokio::test]
async fn the_sweep_ends_or_begins_what_was_lost() {
    let world = World::get();
    let client = world.client("sweeper", Plan::Pro).await;
    world.clips.short();
    let unstarted =
        forgotten("sweeper", Origin::Url { url: format!("http://{}/files/short.mp4", world.web) }).await;
    let upload_expires_at = Timestamp::now() - SignedDuration::from_hours(2);
    let unsent = forgotten("sweeper", Origin::Upload { upload_expires_at }).await;
    world.invoke("UpkeepSweep", &json!({})).await;

    assert_eq!(client.finished(&unstarted.to_string()).await["status"], "COMPLETED");
    let expired = client.finished(&unsent.to_string()).await;
    assert_eq!((&expired["status"], &expired["errorCode"]), (&"FAILED".into(), &"upload_expired".into()));
    assert_eq!(world.settled_wallet("sweeper").await.billed, MINIMUM_SECS);
    line_before_videos(unsent).await;
    let due = world.store().await.due(Timestamp::now() + SignedDuration::from_hours(24)).await.unwrap();
    assert!(!due.contains(&unstarted) && !due.contains(&unsent), "what is settled is looked after no more");
}

/// The sweep that ended this video had told how long the line is before: looking after videos may use up its time.
async fn line_before_videos(ended: VideoId) {
    let line = eventually("its end is logged", async || {
        let lines = World::get().log_lines(&ended.to_string()).await;
        let end = lines.iter().find(|line| line["message"] == "video ended from outside").cloned();
        end.ok_or(lines)
    })
    .await;
    let invocation = line["requestId"].as_str().unwrap();
    let of_it = World::get().log_lines(invocation).await;
    let told = of_it.iter().find(|line| line["message"] == "videos run, and wait");
    let at = |line: &Value| line["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(told.is_some_and(|told| at(told) < at(&line)), "{line} {of_it:?}");
}
