//! Accounts without the hours for the shortest video: nothing is begun that could not be paid for.

use domain::ids::UserId;
use domain::metering::MINIMUM_SECS;
use domain::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Origin, Reservation};
use tests::client::{Answer, Client};
use tests::library;
use tests::world::World;

/// Of the free plan.
const HOUR_SECS: u64 = 3_600;

/// An account on the free plan with so much of its hour left; the rest is set aside for a video.
async fn left_with(name: &str, secs: u64) -> Client {
    let world = World::get();
    let client = world.client(name, Plan::Free).await;
    let (store, now) = (world.store().await, Timestamp::now());
    let origin = Origin::Upload { upload_expires_at: now + SignedDuration::from_mins(15) };
    let aside = library::made(&store, &UserId(format!("user_{name}")), origin, now).await;
    let reserved = store.reserve(&aside, Plan::Free, HOUR_SECS - secs, now).await.unwrap();
    assert_eq!(reserved, Reservation::Held);
    client
}

/// Both ways to make a job.
async fn make_jobs(client: &Client) -> [Answer; 2] {
    let url = json!({ "url": format!("http://{}/files/none.mp4", World::get().web) });
    [
        client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" }))).await,
        client.api(Method::POST, "/v1/api/jobs/from-url", Some(url)).await,
    ]
}

async fn videos(client: &Client) -> Value {
    client.session(Method::GET, "/videos", None).await.body["total"].take()
}

#[tokio::test]
async fn a_second_too_few_makes_nothing() {
    let client = left_with("nearly-broke", MINIMUM_SECS - 1).await;
    for answer in make_jobs(&client).await {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        let error = answer.body["error"].as_str().unwrap();
        assert!(error.contains("1 hour") && error.contains("credit pack"), "{error}");
    }
    let body = json!({ "youtube_url": "https://youtu.be/unpaid" });
    let answer = client.session(Method::POST, "/videos", Some(body)).await;
    assert_eq!(answer.status, StatusCode::PAYMENT_REQUIRED, "{}", answer.body);
    assert_eq!(answer.body["type"], "https://frameiq.app/errors/plan-limit-exceeded", "{}", answer.body);
    assert!(answer.body["detail"].as_str().unwrap().contains("credit pack"), "{}", answer.body);
    assert_eq!(videos(&client).await, json!(1), "only the video that the seconds are set aside for");
}

#[tokio::test]
async fn the_shortest_video_can_be_paid_for_to_the_second() {
    let client = left_with("just-enough", MINIMUM_SECS).await;
    for answer in make_jobs(&client).await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!(videos(&client).await, json!(3));
}
