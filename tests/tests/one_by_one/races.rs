//! Many requests at once against one limit: exactly as many pass as there is room for.

use std::time::Duration;

use domain::ids::UserId;
use domain::plan::Plan;
use futures::future::join_all;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::{Answer, Client};
use tests::world::World;

use crate::alone;

/// More at once than any limit here allows.
const MANY: usize = 200;
/// Source addresses that they come from: each may send 60 requests a minute.
const ADDRESSES: u8 = 20;

/// The account at many addresses of the network `127.0.{net}.0`, which no other test uses.
fn crowd(client: &Client, net: u8) -> Vec<Client> {
    (1..=ADDRESSES).map(|host| client.at([127, 0, net, host])).collect()
}

/// The whole number in a header.
fn number(answer: &Answer, header: &str) -> i64 {
    answer.headers[header].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_hundred_videos_at_once_on_a_plan_of_three() {
    let _turn = alone().await;
    let client = World::get().client("racer", Plan::Free).await;
    let crowd = crowd(&client, 2);
    // Fifty more processes of the function each time: were all of them to start in the race, a slow machine would be
    // busy with that for longer than the function may take.
    for waiting in [50, 100, 150, MANY] {
        let refused = |n: usize| crowd[n % crowd.len()].session(Method::POST, "/videos", Some(json!({})));
        let refused = join_all((0..waiting).map(refused)).await;
        assert!(refused.iter().all(|answer| answer.status == StatusCode::BAD_REQUEST));
    }
    let create = |n: usize| {
        let body = json!({ "youtube_url": format!("https://youtu.be/race{n:04}") });
        crowd[n % crowd.len()].session(Method::POST, "/videos", Some(body))
    };
    let answers = join_all((0..MANY).map(create)).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == StatusCode::ACCEPTED);
    assert_eq!(made.len(), 3, "the free plan has three videos");
    for answer in refused {
        assert_eq!(answer.status, StatusCode::PAYMENT_REQUIRED, "{}", answer.body);
        assert_eq!(answer.body["type"], "https://frameiq.app/errors/plan-limit-exceeded", "{}", answer.body);
    }
    let usage = client.session(Method::GET, "/usage", None).await.body;
    assert_eq!(usage["videos"], json!({ "used": 3, "limit": 3 }));
    let listed = client.session(Method::GET, "/videos", None).await.body;
    assert_eq!(listed["total"], 3, "{listed}");
    // What was not made has no claim on its YouTube video: with a slot free, any of them can be made.
    let gone = made[0].body["id"].as_str().unwrap();
    client.session(Method::DELETE, &format!("/videos/{gone}"), None).await;
    let refused = answers.iter().position(|answer| answer.status != StatusCode::ACCEPTED).unwrap();
    assert_eq!(create(refused).await.status, StatusCode::ACCEPTED);
    // Nobody waits for them.
    let listed = client.session(Method::GET, "/videos", None).await.body;
    let ids = listed["items"].as_array().unwrap().iter().map(|video| video["id"].as_str().unwrap());
    join_all(ids.map(async |id| client.session(Method::DELETE, &format!("/videos/{id}"), None).await)).await;
}

#[tokio::test]
async fn two_hundred_questions_at_once_with_five_left() {
    let _turn = alone().await;
    let world = World::get();
    let client = world.client("curious", Plan::Free).await;
    let video = client.upload(&world.clips.short()).await;
    assert_eq!(client.finished(&video).await["status"], "COMPLETED");
    let (store, user) = (world.store().await, UserId("user_curious".to_owned()));
    let limit = Plan::Free.limits().queries_per_month.unwrap();
    for _ in 0..limit - 5 {
        store.take_query(user.clone(), Some(limit), Timestamp::now()).await.unwrap();
    }
    let crowd = crowd(&client, 3);
    let ask = |n: usize| crowd[n % crowd.len()].ask(&video, json!({ "question": "What is it about?" }));
    let answers = join_all((0..MANY).map(ask)).await;
    let answered: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(answered.len(), 5, "five questions are left");
    for events in answered {
        assert_eq!(events.last().unwrap().data["type"], "done");
    }
    let refusals: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(refusals.iter().all(|status| **status == StatusCode::PAYMENT_REQUIRED), "{refusals:?}");
    let usage = client.session(Method::GET, "/usage", None).await.body;
    assert_eq!((&usage["queries"]["used"], &usage["queries"]["limit"]), (&json!(50), &json!(50)), "{usage}");
    let sessions = client.session(Method::GET, &format!("/chat/{video}/sessions"), None).await.body;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 5, "{sessions}");
}

/// Waits until this many seconds of the clock minute are left; answers when it ends, in Unix seconds.
async fn minute_with(secs: i64) -> i64 {
    loop {
        let now = Timestamp::now().as_second();
        let end = (now.div_euclid(60) + 1) * 60;
        if end - now >= secs {
            return end;
        }
        tokio::time::sleep(Duration::from_secs((end - now).unsigned_abs())).await;
    }
}

/// Tries until all of one fall into the same minute.
const TRIES: usize = 5;

/// What a new key of the account is answered: to forty requests at once, after ninety-nine others.
async fn forty_after_ninety_nine(client: &Client) -> Vec<Answer> {
    let (key, _) = client.new_key(json!({ "name": "hasty" })).await;
    let key = [("x-api-key", key.as_str())];
    let quota = || client.call(Method::GET, "/v1/api/quota", None, &key);
    for _ in 0..3 {
        let answers = join_all((0..33).map(|_| quota())).await;
        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK), "99 of 100 are allowed");
    }
    join_all((0..40).map(|_| quota())).await
}

#[tokio::test]
async fn forty_requests_at_once_at_ninety_nine_of_a_hundred() {
    let _turn = alone().await;
    let client = World::get().client("hasty", Plan::Free).await;
    // Starts the function's processes, so that a minute is enough for what follows.
    join_all((0..40).map(|_| client.api(Method::GET, "/v1/api/quota", None))).await;
    let mut tries = 0;
    let answers = loop {
        let end = minute_with(30).await;
        let answers = forty_after_ninety_nine(&client).await;
        let minutes: Vec<i64> = answers.iter().map(|answer| number(answer, "x-ratelimit-reset")).collect();
        if minutes.iter().all(|minute| *minute == end) {
            break answers;
        }
        tries += 1;
        assert!(tries < TRIES, "{minutes:?}: 30 s are not enough for 139 requests");
    };
    let (passed, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(passed.len(), 1, "one request is left");
    assert_eq!(number(passed[0], "x-ratelimit-remaining"), 0);
    for answer in refused {
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
        assert_eq!(number(answer, "x-ratelimit-remaining"), 0);
        let wait = number(answer, "retry-after");
        assert!((1..=60).contains(&wait) && answer.body["retryAfter"] == wait, "{}", answer.body);
    }
    // The key is counted, not its owner.
    let (fresh, _) = client.new_key(json!({ "name": "fresh" })).await;
    let answer = client.call(Method::GET, "/v1/api/quota", None, &[("x-api-key", &fresh)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}
