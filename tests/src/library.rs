//! Videos as the pipeline leaves them, without running it: rows that the store itself wrote, and no objects behind
//! them.

use domain::failure::{Failure, FailureCode};
use domain::ids::{Attempt, TraceId, UserId, VideoId};
use domain::plan::Plan;
use domain::processing_mode::ProcessingMode;
use domain::stage::Stage;
use domain::time::Seconds;
use jiff::Timestamp;
use store::{Created, NewVideo, Origin, Source, Store, Video};
use uuid::Uuid;

/// What videos are made by that no request made.
pub fn no_request() -> TraceId {
    TraceId("a test".to_owned())
}

/// A video of the account, which exists, as it is made.
pub async fn made(store: &Store, owner: &UserId, origin: Origin, now: Timestamp) -> Video {
    let new = NewVideo {
        id: VideoId(Uuid::now_v7()),
        owner: owner.clone(),
        title: "rows.mp4".to_owned(),
        origin,
        processing_mode: ProcessingMode::All,
        max_cost: None,
        callback: None,
        trace_id: no_request(),
    };
    // The plan with room for any number.
    match store.create_video(new, Plan::Enterprise, now).await.expect("a video") {
        Created::Yes(video) => *video,
        other => panic!("no video was made: {other:?}"),
    }
}

/// A video in its last stage, with the shortest billable length set aside.
pub async fn processing(store: &Store, owner: &UserId, origin: Origin) -> Video {
    let now = Timestamp::now();
    let video = made(store, owner, origin, now).await;
    let source =
        Source { key: format!("uploads/{}/rows.mp4", video.id), version_id: "1".to_owned(), size: 1 };
    if !video.origin.is_fetched() {
        store.upload_arrived(video.id, source, now).await.expect("an arrival").expect("an awaited upload");
    }
    let started = store.stage_started(video.id, Attempt::FIRST, Stage::Index, now).await;
    let video = started.expect("a start").expect("a queued video");
    store.reserve(&video, Plan::Enterprise, 30, now).await.expect("a reservation");
    video
}

/// A video that is ready and billed.
pub async fn ready(store: &Store, owner: &UserId, origin: Origin) -> VideoId {
    let (video, now) = (processing(store, owner, origin).await, Timestamp::now());
    let finished = store.finished(video.id, video.attempt, true, 1, Seconds::new(12.0), now).await;
    let video = finished.expect("an end").expect("a video in its last stage");
    store.settle(&video, now).await.expect("a bill");
    video.id
}

/// A video that failed, and was given back.
pub async fn failed(store: &Store, owner: &UserId, origin: Origin) -> VideoId {
    let (video, now) = (processing(store, owner, origin).await, Timestamp::now());
    let failure = Failure::new(FailureCode::Internal, "Something went wrong on our side.");
    let failed = store.failed(video.id, video.attempt, Stage::Index, failure, now).await;
    let video = failed.expect("an end").expect("a video in its last stage");
    store.settle(&video, now).await.expect("a release");
    video.id
}
