//! A second attempt resumes where the first one failed, and what was done is not done again.

use domain::ids::UserId;
use domain::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::json;
use store::{Origin, Reservation};
use tests::runs::Runs;
use tests::world::World;
use tests::{library, stripe};

/// Of the free plan's hour, what is left: enough to make a job, not for a minute of video.
const LEFT_SECS: u64 = 45;

#[tokio::test]
async fn credit_that_comes_later_is_enough_and_the_file_is_not_fetched_again() {
    let world = World::get();
    let client = world.client("latepayer", Plan::Free).await;
    let store = world.store().await;
    let origin = Origin::Upload { upload_expires_at: Timestamp::now() + SignedDuration::from_mins(15) };
    let aside = library::made(&store, &UserId("user_latepayer".to_owned()), origin, Timestamp::now()).await;
    let reserved = store.reserve(&aside, Plan::Free, 3_600 - LEFT_SECS, Timestamp::now()).await.unwrap();
    assert_eq!(reserved, Reservation::Held);
    world.clips.minute(false);
    let file = "/files/minute.mp4?for=latepayer";
    let body = json!({ "url": format!("http://{}{file}", world.web) });
    let made = client.api(Method::POST, "/v1/api/jobs/from-url", Some(body)).await.body;
    let job = made["data"]["jobId"].as_str().unwrap();
    let failed = client.finished(job).await;
    assert_eq!((&failed["status"], &failed["errorCode"]), (&"FAILED".into(), &"insufficient_credits".into()));
    let retry = format!("/videos/{job}/retry");
    let anew = client.session(Method::POST, &retry, Some(json!({ "from": "describe" }))).await;
    assert_eq!(anew.status, StatusCode::CONFLICT, "there is nothing to describe: {}", anew.body);
    assert!(anew.body["detail"].as_str().unwrap().contains("without from"), "{}", anew.body);
    let (fetched, folder) = (world.web.requests(file), format!("videos/{job}/source/"));
    let source = world.objects(&folder).await;
    assert_eq!((fetched > 0, source.len()), (true, 1), "{source:?}");

    let secret = &world.stripe_secret;
    let paid = stripe::paid_pack("latepayer", "cs_latepayer", 5);
    let paid = stripe::event("checkout.session.completed", 0, paid).to_string();
    let signed = stripe::signature(secret, Timestamp::now().as_second(), &paid);
    let headers = [("stripe-signature", signed.as_str()), ("content-type", "application/json")];
    let told = client.send(Method::POST, "/webhooks/stripe", Some(paid), &headers).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    // At once: a double click starts one attempt.
    let again = || client.session(Method::POST, &retry, None);
    let (one, other) = futures::join!(again(), again());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::ACCEPTED, StatusCode::CONFLICT]);
    let done = client.finished(job).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!(client.session(Method::POST, &retry, None).await.status, StatusCode::CONFLICT, "it is ready");
    assert_eq!((world.web.requests(file), world.objects(&folder).await), (fetched, source));
    let entered = Runs::of(world).await.entered(job, 2).await;
    assert!(entered.contains(&"Plan".to_owned()), "{entered:?}");
    assert!(!entered.contains(&"Download".to_owned()), "the download began again: {entered:?}");
}
