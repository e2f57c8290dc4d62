//! Videos that end at their owner's wish: cancelled, deleted.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use domain::ids::{UserId, VideoId};
use domain::plan::{CONCURRENT_UPLOADS, Plan};
use domain::processing_mode::ProcessingMode;
use domain::video::VideoState;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Created, Ended, NewVideo, Origin, Purge, Retried, RetryFrom, Wish};
use tests::library;
use tests::runs::Runs;
use tests::wait::{caught, eventually, when};
use tests::world::World;
use uuid::Uuid;

/// Waits until the pipeline works on a job, and not a moment longer: a fast machine is soon done with it.
async fn under_way(job: &str) {
    let (store, id) = (World::get().store().await, job.parse().unwrap());
    caught("the pipeline works on it", async || {
        let video = store.video(id).await.unwrap().unwrap();
        when(matches!(video.state, VideoState::Processing { .. }), video)
    })
    .await;
}

/// So many looks at a bucket that is empty, a second and a half apart in the end: nobody writes to it any more.
const QUIET: u32 = 8;

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
    under_way(&job).await;
    let path = format!("/v1/api/jobs/{job}/cancel");
    let cancelled = client.api(Method::POST, &path, None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.body);
    assert_eq!(cancelled.body, json!({ "data": { "jobId": job, "status": "CANCELLED" } }));
    assert_eq!(Runs::of(world).await.status(&job, 1).await, ExecutionStatus::Aborted);
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
    eventually("nothing is in the bucket", async || {
        let left = objects(&job).await;
        when(left.is_empty(), left)
    })
    .await;
    // The bill stays.
    assert_eq!(world.settled_wallet("deleter").await, billed);
    let id: VideoId = job.parse().unwrap();
    assert!(
        world.store().await.tombstone_of(id).await.unwrap().is_some(),
        "steps under way need the tombstone"
    );
}

#[tokio::test]
async fn deleting_stops_the_run() {
    let world = World::get();
    let client = world.client("stopper", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    under_way(&job).await;
    let deleted = client.session(Method::DELETE, &format!("/videos/{job}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.body);
    assert_eq!(Runs::of(world).await.status(&job, 1).await, ExecutionStatus::Aborted);
    assert_eq!(world.settled_wallet("stopper").await.billed, 0);
    // A second removal follows when the steps that were under way can write no more; here it is brought forward.
    let message: Purge = serde_json::from_value(json!({ "video": job })).unwrap();
    let mut empty = 0;
    eventually("nothing is written any more", async || {
        let written = objects(&job).await;
        world.purge(&message).await;
        let left = objects(&job).await;
        empty = if written.is_empty() && left.is_empty() { empty + 1 } else { 0 };
        when(empty >= QUIET, (written, left))
    })
    .await;
}

#[tokio::test]
async fn other_people_can_neither_cancel_nor_delete() {
    let world = World::get();
    let owner = world.client("owner-of-endings", Plan::Pro).await;
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

/// Whatever the state of a YouTube video: its id is free as soon as its owner has ended it, and not before.
#[tokio::test]
async fn what_a_video_held_is_free_when_its_owner_ends_it() {
    let (store, now) = (World::get().store().await, Timestamp::now());
    let owner = store.account(UserId("user_claimer".to_owned()), now).await.unwrap().user;
    let youtube = || Origin::Youtube { youtube_id: "https://youtu.be/claimed1".parse().unwrap() };
    let ends = async |id, wish| store.end_video(id, owner.clone(), wish, now).await.unwrap();
    let taken = async || {
        let new = NewVideo {
            id: VideoId(Uuid::now_v7()),
            owner: owner.clone(),
            title: "again".to_owned(),
            origin: youtube(),
            processing_mode: ProcessingMode::All,
            max_cost: None,
            callback: None,
            trace_id: tests::library::no_request(),
        };
        let made = store.create_video(new, Plan::Enterprise, now).await.unwrap();
        if let Created::Yes(video) = &made {
            ends(video.id, Wish::Remove).await;
        }
        made == Created::Duplicate
    };

    let queued = library::made(&store, &owner, youtube(), now).await.id;
    assert!(taken().await);
    assert!(matches!(ends(queued, Wish::Cancel).await, Ended::Now(_)));
    assert_eq!(ends(queued, Wish::Cancel).await, Ended::Before);
    let processing = library::processing(&store, &owner, youtube()).await.id;
    // It has ended, and what it held is another's now.
    assert!(matches!(ends(queued, Wish::Remove).await, Ended::Now(_)));
    assert!(taken().await);
    assert!(matches!(ends(processing, Wish::Remove).await, Ended::Now(_)));
    assert_eq!(ends(processing, Wish::Remove).await, Ended::Unknown);
    let ready = library::ready(&store, &owner, youtube()).await;
    assert_eq!(ends(ready, Wish::Cancel).await, Ended::Before);
    assert!(taken().await);
    assert!(matches!(ends(ready, Wish::Remove).await, Ended::Now(_)));

    // A failed one holds nothing, and takes its claim again when it is retried, unless another has it.
    let failed = library::failed(&store, &owner, youtube()).await;
    let other = library::made(&store, &owner, youtube(), now).await.id;
    let retry = async || {
        let video = store.video(failed).await.unwrap().unwrap();
        store.retry(&video, RetryFrom::FailedStage, library::no_request(), now).await.unwrap()
    };
    assert_eq!(retry().await, Retried::Duplicate);
    ends(other, Wish::Remove).await;
    assert!(matches!(retry().await, Retried::Queued(_)));
    assert_eq!(retry().await, Retried::WrongState);
    assert!(taken().await);
    ends(failed, Wish::Remove).await;
    assert!(!taken().await);

    let wallet = store.wallet(owner.clone(), now).await.unwrap();
    assert_eq!((wallet.held, wallet.billed), (0, 30), "only the ready one is paid for");
    let account = store.account(owner.clone(), now).await.unwrap();
    assert_eq!(account.videos_used, 0);
}

#[tokio::test]
async fn a_cancelled_upload_makes_room_for_another() {
    let (store, now) = (World::get().store().await, Timestamp::now());
    let owner = store.account(UserId("user_roomy".to_owned()), now).await.unwrap().user;
    let upload = || Origin::Upload { upload_expires_at: now + SignedDuration::from_mins(15) };
    for wish in [Wish::Cancel, Wish::Remove] {
        // More than may be open at the same time.
        for _ in 0..CONCURRENT_UPLOADS {
            let video = library::made(&store, &owner, upload(), now).await;
            assert!(matches!(
                store.end_video(video.id, owner.clone(), wish, now).await.unwrap(),
                Ended::Now(_)
            ));
        }
    }
    let left = library::made(&store, &owner, upload(), now).await;
    store.end_video(left.id, owner.clone(), Wish::Remove, now).await.unwrap();
}
