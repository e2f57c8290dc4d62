//! Requests that name themselves: carried out once, answered as often as they come.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::{Answer, Client};
use tests::world::World;

async fn create(client: &Client, name: &str, body: Value) -> Answer {
    let headers = [("x-api-key", client.key.as_str()), ("idempotency-key", name)];
    client.call(Method::POST, "/v1/api/jobs", Some(body), &headers).await
}

async fn jobs(client: &Client) -> usize {
    client.api(Method::GET, "/v1/api/jobs", None).await.body["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let client = World::get().client("repeats-itself", Plan::Pro).await;
    let first = create(&client, "n-1", json!({ "fileName": "a.mp4" })).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let again = create(&client, "n-1", json!({ "fileName": "a.mp4" })).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    // The body's field is the same name.
    let body = json!({ "fileName": "b.mp4", "idempotencyKey": "n-2" });
    let named = client.api(Method::POST, "/v1/api/jobs", Some(body.clone())).await.body;
    assert_eq!(client.api(Method::POST, "/v1/api/jobs", Some(body)).await.body, named);
    assert_ne!(named["data"]["jobId"], first.body["data"]["jobId"]);
    assert_eq!(jobs(&client).await, 2);

    let other = create(&client, "n-1", json!({ "fileName": "other.mp4" })).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.body);
    assert!(other.body["error"].is_string(), "{}", other.body);
}

#[tokio::test]
async fn many_at_once_make_one() {
    let client = World::get().client("stampede", Plan::Pro).await;
    let at_once = (0..12).map(|_| create(&client, "n-1", json!({ "fileName": "a.mp4" })));
    let answers = futures::future::join_all(at_once).await;
    let made = answers.iter().filter(|answer| answer.status == StatusCode::OK).map(|answer| &answer.body);
    let made: Vec<&Value> = made.collect();
    assert!(made.iter().all(|body| *body == made[0]), "{made:?}");
    for answer in &answers {
        assert!([StatusCode::OK, StatusCode::CONFLICT].contains(&answer.status), "{}", answer.body);
    }
    assert_eq!(jobs(&client).await, 1);
}

#[tokio::test]
async fn a_refused_request_frees_its_name_and_names_are_private() {
    let world = World::get();
    let client = world.client("refused-once", Plan::Free).await;
    let refused = create(&client, "n-1", json!({ "fileName": "" })).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    let mine = create(&client, "n-1", json!({ "fileName": "a.mp4" })).await;
    assert_eq!(mine.status, StatusCode::OK, "{}", mine.body);
    let stranger = world.client("same-name", Plan::Free).await;
    let theirs = create(&stranger, "n-1", json!({ "fileName": "a.mp4" })).await;
    assert_eq!(theirs.status, StatusCode::OK, "{}", theirs.body);
    assert_ne!(theirs.body["data"]["jobId"], mine.body["data"]["jobId"]);
    let too_long = create(&client, &"n".repeat(256), json!({ "fileName": "a.mp4" })).await;
    assert_eq!(too_long.status, StatusCode::BAD_REQUEST, "{}", too_long.body);
}
