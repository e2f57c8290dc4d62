//! Ends that are told: signed so that an independent library believes them, tried again until they are taken, and never
//! sent inside.

use std::time::Duration;

use domain::api_version::ApiVersion;
use domain::callback::{Callback, CallbackStatus};
use domain::ids::{UserId, VideoId};
use domain::plan::Plan;
use domain::processing_mode::ProcessingMode;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use store::{Created, NewVideo, Origin};
use tests::client::Client;
use tests::openapi;
use tests::receiver::{REDIRECT_TARGET, Received};
use tests::wait::{at_rest, eventually, when};
use tests::world::World;
use uuid::Uuid;

/// A job that is told at `url`.
async fn job(client: &Client, url: &str) -> (String, Value) {
    let body = json!({ "fileName": "told.mp4", "callbackUrl": url });
    let made = client.api(Method::POST, "/v1/api/jobs", Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    (made.body["data"]["jobId"].as_str().unwrap().to_owned(), made.body)
}

/// The quickest way for a job to end.
async fn cancelled(client: &Client, url: &str) -> String {
    let (job, _) = job(client, url).await;
    let ended = client.api(Method::POST, &format!("/v1/api/jobs/{job}/cancel"), None).await;
    assert_eq!(ended.status, StatusCode::OK, "{}", ended.body);
    job
}

async fn shown(client: &Client, job: &str) -> Value {
    let answer = client.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body["data"].clone()
}

/// The job, once its callback is as expected.
async fn until(client: &Client, job: &str, expected: impl Fn(&Value) -> bool) -> Value {
    eventually("the callback is as it should be", async || {
        let shown = shown(client, job).await;
        if expected(&shown["callback"]) { Ok(shown) } else { Err(shown) }
    })
    .await
}

fn attempts(callback: &Value) -> usize {
    callback["attempts"].as_array().map_or(0, Vec::len)
}

fn is(status: CallbackStatus) -> impl Fn(&Value) -> bool {
    move |callback| callback["status"] == status.name()
}

/// What was sent, if an independent library believes it and the document describes it.
fn believed(received: &Received, secret: &str) -> Value {
    Webhook::new(secret).unwrap().verify(&received.body, &received.headers).unwrap();
    let body = serde_json::from_slice(&received.body).unwrap();
    openapi::check_callback(&body);
    body
}

fn webhook_id(received: &Received) -> String {
    received.headers["webhook-id"].to_str().unwrap().to_owned()
}

/// A message of the callback queue, as its consumer gets it.
fn queued(body: &str) -> Value {
    json!({ "Records": [{ "messageId": "m", "body": body, "eventSource": "aws:sqs" }] })
}

async fn attempt(job: &str, number: usize) -> Value {
    let message = json!({ "videoId": job, "run": 1, "number": number }).to_string();
    World::get().invoke("UpkeepCallback", &queued(&message)).await
}

#[tokio::test]
async fn a_completed_job_is_told() {
    let world = World::get();
    let client = world.client("told", Plan::Pro).await;
    let url = format!("{}?token=hush", world.receiver.url("completed", &[]));
    let (job, made) = job(&client, &url).await;
    let expected = json!({ "url": url, "status": "pending", "attempts": [] });
    assert_eq!(shown(&client, &job).await["callback"], expected);
    assert_eq!(client.put(&made, &world.clips.short()).await, StatusCode::OK);
    assert_eq!(client.finished(&job).await["status"], "COMPLETED");

    let mut done = until(&client, &job, is(CallbackStatus::Delivered)).await;
    let callback = done["callback"].take();
    assert_eq!((&callback["url"], attempts(&callback)), (&json!(url), 1), "{callback}");
    assert_eq!(callback["attempts"][0]["httpStatus"], 204, "{callback}");
    assert!(callback["attempts"][0].get("error").is_none() && callback.get("nextAttemptAt").is_none());
    let received = world.receiver.received("completed");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].headers["content-type"], "application/json");
    let told = believed(&received[0], &client.webhook_secret);
    assert_eq!((&told["type"], &told["timestamp"]), (&json!("job.completed"), &done["updatedAt"]));
    // The job as it is shown, without what was found.
    let fields = done.as_object_mut().unwrap();
    fields.retain(|name, _| !["processedData", "callback", "cost"].contains(&name.as_str()));
    assert_eq!(told["data"], done);

    let (_, other_secret) = client.new_key(json!({ "name": "rotated" })).await;
    let forged = Webhook::new(&other_secret).unwrap().verify(&received[0].body, &received[0].headers);
    assert!(forged.is_err(), "another key has another secret");
}

#[tokio::test]
async fn what_is_not_taken_is_told_again() {
    let world = World::get();
    let client = world.client("retold", Plan::Pro).await;
    let job = cancelled(&client, &world.receiver.url("shaky", &[500, 503, 500])).await;
    // At once, and five seconds later.
    let twice = until(&client, &job, |callback| attempts(callback) == 2).await["callback"].clone();
    assert_eq!(twice["status"], "pending", "{twice}");
    let next: Timestamp = twice["nextAttemptAt"].as_str().unwrap().parse().unwrap();
    let second: Timestamp = twice["attempts"][1]["at"].as_str().unwrap().parse().unwrap();
    let pause = next.duration_since(second).as_secs();
    assert!((300..320).contains(&pause), "five minutes, not {pause} s");
    for (n, status) in [500, 503].into_iter().enumerate() {
        let attempt = &twice["attempts"][n];
        assert_eq!(attempt["httpStatus"], status, "{attempt}");
        assert!(attempt["error"].as_str().unwrap().contains(&status.to_string()), "{attempt}");
    }

    // The third is brought forward, by several deliveries of its message at once: one of them makes it.
    let at_once = futures::future::join_all((0..4).map(|_| attempt(&job, 3))).await;
    assert!(at_once.iter().all(|answer| answer["batchItemFailures"] == json!([])), "{at_once:?}");
    assert_eq!(attempts(&shown(&client, &job).await["callback"]), 3);
    assert_eq!(world.receiver.received("shaky").len(), 3);

    // The fourth is too far off for a queue.
    let scheduler = aws_sdk_scheduler::Client::new(&world.aws().await);
    let listed = scheduler.list_schedules().name_prefix(&job).send().await.unwrap();
    let [schedule] = listed.schedules() else { panic!("{listed:?}") };
    assert_eq!(schedule.name(), Some(format!("{job}-1-4").as_str()));
    let (group, name) = (schedule.group_name().unwrap(), schedule.name().unwrap());
    let schedule = scheduler.get_schedule().group_name(group).name(name).send().await.unwrap();
    assert_eq!(schedule.action_after_completion().unwrap().as_str(), "DELETE");
    let at = schedule.schedule_expression().unwrap().strip_prefix("at(").unwrap().trim_end_matches(')');
    let at: Timestamp = format!("{at}Z").parse().unwrap();
    let wait = at.duration_since(Timestamp::now()).as_mins();
    assert!((25..=30).contains(&wait), "half an hour, not {wait} minutes");
    let message = schedule.target().unwrap().input().unwrap();
    world.invoke("UpkeepCallback", &queued(message)).await;

    let told = until(&client, &job, is(CallbackStatus::Delivered)).await["callback"].clone();
    assert_eq!((attempts(&told), told.get("nextAttemptAt")), (4, None), "{told}");
    // Long after: every message comes again, and nothing follows.
    for number in 1..=5 {
        attempt(&job, number).await;
    }
    let received = world.receiver.received("shaky");
    assert_eq!((received.len(), &shown(&client, &job).await["callback"]), (4, &told));
    for again in &received {
        assert_eq!(believed(again, &client.webhook_secret)["type"], "job.cancelled");
        assert_eq!((webhook_id(again), &again.body), (webhook_id(&received[0]), &received[0].body));
    }
}

#[tokio::test]
async fn private_addresses_are_refused_at_once() {
    let client = World::get().client("callback-insider", Plan::Pro).await;
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:9001/",
        "http://[::1]/",
        "http://2130706433/",
        "ftp://a.example/b",
        "https://user:hush@a.example/",
        "nonsense",
        "",
    ] {
        for (path, mut body) in [
            ("/v1/api/jobs", json!({ "fileName": "a.mp4" })),
            ("/v1/api/jobs/from-url", json!({ "url": "https://a.example/a.mp4" })),
        ] {
            body["callbackUrl"] = json!(url);
            let answer = client.api(Method::POST, path, Some(body)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{url}: {}", answer.body);
            assert!(answer.body["error"].as_str().unwrap().starts_with("callbackUrl: "), "{}", answer.body);
        }
    }
    let listed = client.api(Method::GET, "/v1/api/jobs", None).await.body;
    assert_eq!(listed, json!({ "data": [], "nextCursor": null }));
}

#[tokio::test]
async fn nothing_is_posted_inside() {
    let world = World::get();
    let client = world.client("callback-redirect", Plan::Pro).await;
    let redirected = cancelled(&client, &world.receiver.url("redirecting", &[302, 307])).await;
    // The same server, under a name that the local stack does not let through.
    let named = world.receiver.url("by-name", &[]).replace("127.0.0.1", "localhost");
    let named = cancelled(&client, &named).await;

    let first = |callback: &Value| attempts(callback) >= 1;
    let attempt = until(&client, &redirected, first).await["callback"]["attempts"][0].clone();
    assert_eq!(attempt["httpStatus"], 302, "{attempt}");
    assert!(attempt["error"].as_str().unwrap().contains("Redirects are not followed"), "{attempt}");
    let attempt = until(&client, &named, first).await["callback"]["attempts"][0].clone();
    assert!(attempt.get("httpStatus").is_none(), "{attempt}");
    assert!(attempt["error"].as_str().unwrap().contains("private or internal"), "{attempt}");
    assert_eq!(world.receiver.received(REDIRECT_TARGET).len(), 0);
    assert_eq!(world.receiver.received("by-name").len(), 0);
}

#[tokio::test]
async fn a_cancelled_job_is_told_once_and_in_the_words_of_its_request() {
    let world = World::get();
    let client = world.client("callback-canceller", Plan::Pro).await;
    let url = world.receiver.url("cancelled", &[]);
    let (key, secret) = client.new_key(json!({ "name": "older", "apiVersion": "2026-02" })).await;
    let headers = [("x-api-key", key.as_str()), ("x-api-version", "2026-04")];
    let body = json!({ "fileName": "a.mp4", "callbackUrl": url });
    let made = client.call(Method::POST, "/v1/api/jobs", Some(body), &headers).await;
    let job = made.body["data"]["jobId"].as_str().unwrap();
    let path = format!("/v1/api/jobs/{job}/cancel");
    let ended = client.call(Method::POST, &path, None, &headers).await;
    assert_eq!(ended.body["data"]["status"], "FAILED_CANCELLED", "{}", ended.body);
    until(&client, job, is(CallbackStatus::Delivered)).await;

    // Whatever looks after it again finds it told.
    world.invoke("UpkeepSweep", &json!({})).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let received = world.receiver.received("cancelled");
    assert_eq!(received.len(), 1);
    let told = believed(&received[0], &secret);
    assert_eq!(
        (&told["type"], &told["data"]["status"]),
        (&json!("job.cancelled"), &json!("FAILED_CANCELLED"))
    );
}

#[tokio::test]
async fn gone_is_gone() {
    let world = World::get();
    let client = world.client("callback-gone", Plan::Pro).await;
    let job = cancelled(&client, &world.receiver.url("gone", &[410])).await;
    let callback = until(&client, &job, is(CallbackStatus::Failed)).await["callback"].clone();
    assert_eq!((attempts(&callback), callback.get("nextAttemptAt")), (1, None), "{callback}");
    assert!(callback["attempts"][0]["error"].as_str().unwrap().contains("410"), "{callback}");
    attempt(&job, 2).await;
    assert_eq!(world.receiver.received("gone").len(), 1);
}

#[tokio::test]
async fn a_retried_job_is_told_of_again() {
    let world = World::get();
    let client = world.client("callback-retrier", Plan::Pro).await;
    let url = world.receiver.url("failed", &[]);
    let body = json!({ "url": format!("http://{}/files/none.mp4", world.web), "callbackUrl": url });
    let made = client.api(Method::POST, "/v1/api/jobs/from-url", Some(body)).await.body;
    let job = made["data"]["jobId"].as_str().unwrap();
    until(&client, job, is(CallbackStatus::Delivered)).await;
    let retried = client.session(Method::POST, &format!("/videos/{job}/retry"), None).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED, "{}", retried.body);
    client.finished(job).await;
    let again = until(&client, job, is(CallbackStatus::Delivered)).await;
    assert_eq!(attempts(&again["callback"]), 1, "{again}");

    let received = world.receiver.received("failed");
    let ids: Vec<String> = received.iter().map(webhook_id).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1], "another end is another message");
    for told in received.iter().map(|received| believed(received, &client.webhook_secret)) {
        assert_eq!((&told["type"], &told["data"]["status"]), (&json!("job.failed"), &json!("FAILED_FETCH")));
        assert_eq!(told["data"]["errorCode"], "fetch_failed", "{told}");
    }
}

#[tokio::test]
async fn of_a_deleted_job_nobody_is_told() {
    let world = World::get();
    let client = world.client("callback-deleter", Plan::Pro).await;
    let (open, _) = job(&client, &world.receiver.url("deleted-open", &[])).await;
    let ended = cancelled(&client, &world.receiver.url("deleted-later", &[500])).await;
    // The second may be made by then: five seconds are short on a busy machine.
    until(&client, &ended, |callback| attempts(callback) >= 1).await;
    for job in [&open, &ended] {
        let deleted = client.session(Method::DELETE, &format!("/videos/{job}"), None).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.body);
    }
    // What was on its way has arrived by then.
    let told = at_rest("what it was told", async || world.receiver.received("deleted-later").len()).await;
    attempt(&open, 1).await;
    attempt(&ended, told + 1).await;
    // Past the second attempt's own message.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(world.receiver.received("deleted-open").len(), 0);
    assert_eq!(world.receiver.received("deleted-later").len(), told);
    let (store, id) = (world.store().await, ended.parse().unwrap());
    eventually("what was known of it is gone with the job", async || {
        let known = store.delivery(id).await.unwrap();
        when(known.is_none(), known)
    })
    .await;
}

#[tokio::test]
async fn the_sweep_tells_what_was_lost() {
    let world = World::get();
    let client = world.client("callback-sweeper", Plan::Pro).await;
    // An upload that never came, of a job whose maker asked to be told.
    let callback = Callback {
        url: world.receiver.url("swept", &[]),
        key: client.key["fq_live_".len()..][..8].parse().unwrap(),
        api_version: ApiVersion::default(),
    };
    let id = VideoId(Uuid::now_v7());
    let upload_expires_at = Timestamp::now() - SignedDuration::from_hours(2);
    let new = NewVideo {
        id,
        owner: UserId("user_callback-sweeper".to_owned()),
        title: "never.mp4".to_owned(),
        origin: Origin::Upload { upload_expires_at },
        processing_mode: ProcessingMode::All,
        max_cost: None,
        callback: Some(callback),
        trace_id: tests::library::no_request(),
    };
    let hours_ago = Timestamp::now() - SignedDuration::from_hours(3);
    let store = world.store().await;
    let made = store.create_video(new, Plan::Pro, hours_ago).await.unwrap();
    assert!(matches!(made, Created::Yes(_)), "{made:?}");
    world.invoke("UpkeepSweep", &json!({})).await;

    until(&client, &id.to_string(), is(CallbackStatus::Delivered)).await;
    let received = world.receiver.received("swept");
    let told = believed(&received[0], &client.webhook_secret);
    assert_eq!((received.len(), &told["data"]["errorCode"]), (1, &json!("upload_expired")));
    let due = store.due(Timestamp::now() + SignedDuration::from_hours(48)).await.unwrap();
    assert!(!due.contains(&id), "what is told is looked after no more");
}
