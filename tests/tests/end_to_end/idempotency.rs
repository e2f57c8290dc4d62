//! Requests that name themselves: carried out once, answered as often as they come.

use aws_lc_rs::digest::{SHA256, digest};
use domain::ids::{UserId, VideoId};
use domain::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Claim, NamedRequest};
use tests::client::{Answer, Client};
use tests::webhook::hex;
use tests::world::World;
use uuid::Uuid;

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

/// A request that makes a video, in three ways.
#[derive(Clone, Copy)]
enum Way {
    Video,
    Upload,
    Url,
}

impl Way {
    const ALL: [Self; 3] = [Self::Video, Self::Upload, Self::Url];

    /// The path of each contract, and how the template has it.
    fn paths(self) -> (&'static str, &'static str) {
        match self {
            Self::Video => ("/videos", "/videos"),
            Self::Upload => ("/v1/api/jobs", "/api/jobs"),
            Self::Url => ("/v1/api/jobs/from-url", "/api/jobs/from-url"),
        }
    }

    /// What makes a video of its own.
    fn body(self, number: u32) -> Value {
        match self {
            Self::Video => json!({ "youtube_url": format!("https://youtu.be/named-{number}") }),
            Self::Upload => json!({ "fileName": format!("named-{number}.mp4") }),
            // Not there, so that nobody waits for what is in it.
            Self::Url => json!({ "url": format!("http://{}/files/none-{number}.mp4", World::get().web) }),
        }
    }

    async fn send(self, client: &Client, name: &str, body: Value) -> Answer {
        let bearer = match self {
            Self::Video => format!("Bearer {}", client.token),
            Self::Upload | Self::Url => format!("Bearer {}", client.key),
        };
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", name)];
        client.call(Method::POST, self.paths().0, Some(body), &headers).await
    }

    /// The id of what was made.
    fn made(self, answer: &Answer) -> VideoId {
        assert!(answer.status.is_success(), "{}", answer.body);
        let id = match self {
            Self::Video => &answer.body["id"],
            Self::Upload | Self::Url => &answer.body["data"]["jobId"],
        };
        id.as_str().unwrap().parse().unwrap()
    }

    /// A refusal in the form of the contract.
    #[track_caller]
    fn assert_refused(self, answer: &Answer, status: StatusCode, slug: &str) {
        assert_eq!(answer.status, status, "{}", answer.body);
        match self {
            Self::Video => {
                let kind = format!("https://frameiq.app/errors/{slug}");
                assert_eq!(
                    (&answer.body["type"], &answer.body["instance"]),
                    (&kind.into(), &"/videos".into())
                );
                assert_eq!(answer.headers["content-type"], "application/problem+json");
            }
            Self::Upload | Self::Url => {
                assert!(answer.body["error"].is_string(), "{}", answer.body);
                assert_eq!(answer.headers["content-type"], "application/json");
            }
        }
    }

    /// The request as the service names it.
    fn request(self, user: &str, name: &str, body: &Value) -> NamedRequest {
        NamedRequest {
            user: UserId(user.to_owned()),
            route: self.paths().1.to_owned(),
            name: sha256(name),
            fingerprint: sha256(&body.to_string()),
        }
    }
}

fn sha256(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn new_id() -> VideoId {
    VideoId(Uuid::now_v7())
}

#[tokio::test]
async fn whatever_makes_a_video_makes_it_once() {
    let client = World::get().client("names-all", Plan::Pro).await;
    for way in Way::ALL {
        let first = way.send(&client, "n-1", way.body(1)).await;
        let again = way.send(&client, "n-1", way.body(1)).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        let other = way.send(&client, "n-1", way.body(2)).await;
        way.assert_refused(&other, StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused");
        assert_ne!(way.made(&way.send(&client, "n-2", way.body(2)).await), way.made(&first));
    }
    // The same name each time: it belongs to the endpoint.
    assert_eq!(jobs(&client).await, 2 * Way::ALL.len());
}

/// The first attempt is played by the test, which claims the name as a function does, and then does nothing.
#[tokio::test]
async fn a_repetition_waits_for_the_first_and_takes_over_from_the_dead() {
    let world = World::get();
    let client = world.client("names-early", Plan::Pro).await;
    let (store, now) = (world.store().await, Timestamp::now());
    for way in Way::ALL {
        let (body, claimed) = (way.body(11), new_id());
        let request = way.request("user_names-early", "alive", &body);
        assert_eq!(
            store.claim_request(&request, claimed, Timestamp::now()).await.unwrap(),
            Claim::Ours(claimed)
        );
        let early = way.send(&client, "alive", body).await;
        way.assert_refused(&early, StatusCode::CONFLICT, "request-in-progress");

        let (body, claimed) = (way.body(12), new_id());
        let request = way.request("user_names-early", "dead", &body);
        let died = now - SignedDuration::from_secs(31);
        assert_eq!(store.claim_request(&request, claimed, died).await.unwrap(), Claim::Ours(claimed));
        let answer = way.send(&client, "dead", body.clone()).await;
        assert_eq!(way.made(&answer), claimed, "it may have been made before its maker died");
        assert_eq!(way.send(&client, "dead", body).await.body, answer.body);
    }
    assert_eq!(jobs(&client).await, Way::ALL.len());
}

#[tokio::test]
async fn a_name_is_kept_for_a_day() {
    let world = World::get();
    let client = world.client("names-late", Plan::Pro).await;
    let (store, way, began) = (world.store().await, Way::Upload, Timestamp::now());
    let body = way.body(21);
    let after = |secs| began + SignedDuration::from_secs(secs);
    let claim = async |name: &str, body: &Value, id, secs| {
        store.claim_request(&way.request("user_names-late", name, body), id, after(secs)).await.unwrap()
    };
    let (first, second, other) = (new_id(), new_id(), json!({}));
    assert_eq!(claim("dead", &body, first, 0).await, Claim::Ours(first));
    assert_eq!(claim("dead", &body, second, 29).await, Claim::UnderWay);
    assert_eq!(claim("dead", &other, second, 31).await, Claim::OtherBody);
    assert_eq!(claim("dead", &body, second, 31).await, Claim::Ours(first), "the id of the attempt that died");
    assert_eq!(claim("dead", &body, second, 60).await, Claim::UnderWay, "whoever took over has its own time");

    const DAY: i64 = 24 * 60 * 60;
    let answer = way.send(&client, "done", body.clone()).await;
    let answered = Claim::Answered { status: 200, body: answer.text.clone() };
    assert_eq!(claim("done", &body, second, 60 * 60).await, answered);
    assert_eq!(claim("done", &body, second, DAY - 1).await, answered);
    assert_eq!(claim("done", &other, second, DAY - 1).await, Claim::OtherBody);
    // A request that took some time began later than this test.
    let day_later = DAY + 60;
    assert_eq!(claim("done", &other, second, day_later).await, Claim::Ours(second), "the name is free again");
}
