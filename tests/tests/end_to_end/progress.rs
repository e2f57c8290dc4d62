//! What both contracts show of a video while it is worked on, from rows as the pipeline leaves them half-way.

use domain::ids::UserId;
use domain::plan::Plan;
use domain::stage::Stage;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use store::Origin;
use tests::library;
use tests::world::World;

#[tokio::test]
async fn half_of_the_extraction_is_done() {
    let world = World::get();
    let client = world.client("onlooker", Plan::Pro).await;
    let (store, owner) = (world.store().await, UserId("user_onlooker".to_owned()));
    let ten_minutes_ago = Timestamp::now() - SignedDuration::from_mins(10);
    let origin = Origin::Url { url: "https://example.com/a.mp4".to_owned() };
    let video = library::made(&store, &owner, origin, Timestamp::now()).await;
    let video_shown = async || client.session(Method::GET, &format!("/videos/{}", video.id), None).await.body;
    let job_shown = async || {
        client.api(Method::GET, &format!("/v1/api/jobs/{}", video.id), None).await.body["data"].take()
    };

    let (queued, job) = (video_shown().await, job_shown().await);
    assert_eq!((&queued["status"], &queued["job"]["progress"]), (&json!("queued"), &json!(0)), "{queued}");
    assert_eq!(job["status"], "PENDING_FETCH", "{job}");
    assert_eq!(job.get("estimatedCompletionTimeSeconds"), None, "nothing is known yet: {job}");

    for stage in [Stage::Download, Stage::Extract] {
        store.stage_started(video.id, video.attempt, stage, Timestamp::now()).await.unwrap().unwrap();
    }
    store.stage_begun(video.id, Stage::Download, 1, ten_minutes_ago).await.unwrap();
    store.stage_finished(video.id, Stage::Download, Timestamp::now()).await.unwrap();
    store.stage_begun(video.id, Stage::Extract, 4, Timestamp::now()).await.unwrap();
    for part in [0, 2, 2] {
        store.part_done(video.id, Stage::Extract, part).await.unwrap();
    }
    let (indexing, job) = (video_shown().await, job_shown().await);
    assert_eq!(indexing["status"], "indexing", "{indexing}");
    assert_eq!(indexing["job"], json!({ "stage": "extract", "progress": 50 }), "{indexing}");
    let progress = client.session(Method::GET, &format!("/videos/{}/jobs", video.id), None).await.body;
    assert_eq!(progress["overall_progress"], 30, "20 % are the download, 10 half of the extraction");
    let stages = progress["stages"].as_array().unwrap().iter();
    let stages: Vec<(&Value, &Value)> = stages.map(|stage| (&stage["stage"], &stage["progress"])).collect();
    let expected = [(json!("download"), json!(100)), (json!("extract"), json!(50))];
    assert_eq!(stages, expected.each_ref().map(|(stage, percent)| (stage, percent)), "{progress}");

    assert_eq!(job["status"], "PROCESSING", "{job}");
    // Thirty per cent took ten minutes, to the second or so: seventy take 1,400 s.
    let left = job["estimatedCompletionTimeSeconds"].as_i64().unwrap();
    assert!((1_390..1_600).contains(&left), "{job}");

    client.session(Method::DELETE, &format!("/videos/{}", video.id), None).await;
}
