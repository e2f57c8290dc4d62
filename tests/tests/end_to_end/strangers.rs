//! What belongs to somebody else is to everybody else as if it were not there: same status, same words.

use std::path::Path;

use domain::answer::Journal;
use domain::ids::{MessageId, SessionId, UserId, VideoId};
use domain::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{AnswerId, Ending, Exchange, Message, Origin, Role, Session, Store};
use tests::client::{Answer, Client};
use tests::library;
use tests::world::World;
use uuid::Uuid;

/// An operation that names something in its path.
#[derive(Debug, Clone)]
struct Operation {
    method: Method,
    /// With one `{parameter}`.
    path: String,
    parameter: String,
}

/// Those of both contracts.
fn operations() -> Vec<Operation> {
    let mut operations = vec![];
    for document in ["videos.yaml", "jobs.yaml"] {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/openapi"));
        let document = tests::yaml::read(&folder.join(document));
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some((_, rest)) = path.split_once('{') else { continue };
            let (parameter, rest) = rest.split_once('}').unwrap();
            // A scene is named within its job: whoever may not see the one does not see the other.
            let path = path.replace("{scene}", "1");
            let rest = rest.replace("{scene}", "1");
            assert!(!rest.contains('{'), "{path} names two things: teach this test about it");
            for method in item.as_object().unwrap().keys().filter(|name| *name != "parameters") {
                let method = method.to_uppercase().parse().unwrap();
                operations.push(Operation { method, path: path.clone(), parameter: parameter.to_owned() });
            }
        }
    }
    operations
}

impl Operation {
    /// Calls it about `id`. What it takes besides is always in order.
    async fn call(&self, client: &Client, id: &str) -> Answer {
        let path = self.path.replace(&format!("{{{}}}", self.parameter), id);
        let body = (self.path == "/chat/{video_id}").then(|| json!({ "question": "What is it about?" }));
        if self.path.starts_with("/v1/api/jobs") {
            client.api(self.method.clone(), &path, body).await
        } else {
            client.session(self.method.clone(), &path, body).await
        }
    }
}

/// What an account has that can be named.
struct Things {
    video: VideoId,
    session: SessionId,
    answer: MessageId,
    key_prefix: String,
}

impl Things {
    async fn of(store: &Store, user: &str, client: &Client) -> Self {
        let owner = UserId(format!("user_{user}"));
        let upload_expires_at = Timestamp::now() + SignedDuration::from_mins(15);
        let video = library::ready(store, &owner, Origin::Upload { upload_expires_at }).await;
        let now = Timestamp::now();
        let session =
            Session { id: SessionId(Uuid::new_v4()), owner, video, created_at: now, message_count: 0 };
        let message = |role, content: &str| Message {
            id: MessageId(Uuid::now_v7()),
            role,
            content: content.to_owned(),
            frame_timestamps: vec![],
            created_at: now,
            made: None,
        };
        let (question, answer) = (message(Role::User, "Why?"), message(Role::Assistant, "Because."));
        let (session_id, id) = (session.id, AnswerId { video, message: answer.id });
        let chunks = Journal::begun(now).close(r#"{"type":"done"}"#, now);
        let kept = Ending::Kept(Box::new(Exchange { session, question, answer }));
        assert!(store.end_answer(id, chunks, kept).await.unwrap());
        let made = client.session(Method::POST, "/v1/api/keys", Some(json!({ "name": "named" }))).await.body;
        let key_prefix = made["data"]["keyPrefix"].as_str().unwrap().to_owned();
        Self { video, session: session_id, answer: id.message, key_prefix }
    }

    /// What a path's parameter means.
    #[expect(clippy::panic, reason = "a parameter that nobody has thought of here is a failed test")]
    fn named(&self, parameter: &str) -> String {
        match parameter {
            "video_id" | "jobId" => self.video.to_string(),
            "session_id" => self.session.to_string(),
            "keyPrefix" => self.key_prefix.clone(),
            other => panic!("{{{other}}} is new: say here what it names"),
        }
    }
}

/// An id of that form that nobody has.
fn unknown(parameter: &str) -> String {
    match parameter {
        "keyPrefix" => "00000000".to_owned(),
        _ => Uuid::now_v7().to_string(),
    }
}

/// The refusal without what repeats the request.
fn words(answer: &Answer) -> (StatusCode, Value, Vec<String>) {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("instance");
    }
    let mut headers: Vec<String> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
    headers.sort();
    headers.dedup();
    (answer.status, body, headers)
}

#[tokio::test]
async fn every_endpoint_that_takes_an_id_hides_what_is_not_the_callers() {
    let (world, store) = (World::get(), World::get().store().await);
    let owner = world.client("named-owner", Plan::Pro).await;
    let stranger = world.client("named-stranger", Plan::Pro).await;
    let things = Things::of(&store, "named-owner", &owner).await;
    let operations = operations();
    assert!(operations.len() >= 10, "{operations:?}");
    for operation in &operations {
        let nobodys = operation.call(&stranger, &unknown(&operation.parameter)).await;
        let expected = words(&nobodys);
        assert_eq!(expected.0, StatusCode::NOT_FOUND, "{operation:?}: {}", nobodys.body);
        let theirs = things.named(&operation.parameter);
        let malformed = ["nonsense", "0197f1e2000070008000000000000000", "%27--", "ABCDEF12"];
        for id in malformed.into_iter().chain([theirs.as_str()]) {
            let answer = operation.call(&stranger, id).await;
            assert_eq!(words(&answer), expected, "{operation:?} about {id}");
        }
    }
    // To its owner all of it is there, and as it was.
    let video = owner.session(Method::GET, &format!("/videos/{}", things.video), None).await;
    assert_eq!(video.body["status"], "ready", "{}", video.body);
    let keys = owner.session(Method::GET, "/v1/api/keys", None).await.body;
    let revoked = keys["data"].as_array().unwrap().iter().any(|key| key["revoked"] == json!(true));
    assert!(!revoked, "{keys}");
    // What is ready can be neither retried nor cancelled, and rows alone cannot be asked: but none is not found.
    // Deletions last.
    let (last, first): (Vec<_>, Vec<_>) =
        operations.iter().partition(|operation| operation.method == Method::DELETE);
    for operation in first.into_iter().chain(last) {
        if ["/v1/api/jobs/{jobId}", "/v1/api/jobs/{jobId}/thumbnails/1"].contains(&operation.path.as_str()) {
            continue; // They read what is only in a real video's bucket.
        }
        let answer = operation.call(&owner, &things.named(&operation.parameter)).await;
        assert_ne!(answer.status, StatusCode::NOT_FOUND, "{operation:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_question_goes_on_only_in_a_session_of_its_own() {
    let (world, store) = (World::get(), World::get().store().await);
    let owner = world.client("chat-owner", Plan::Pro).await;
    let stranger = world.client("chat-stranger", Plan::Pro).await;
    let theirs = Things::of(&store, "chat-owner", &owner).await;
    let mine = Things::of(&store, "chat-stranger", &stranger).await;
    let about_another = Things::of(&store, "chat-stranger", &stranger).await;
    let ask = async |session: &str| {
        let body = json!({ "question": "What is it about?", "session_id": session });
        stranger.session(Method::POST, &format!("/chat/{}", mine.video), Some(body)).await
    };
    let expected = words(&ask(&Uuid::new_v4().to_string()).await);
    assert_eq!(expected.0, StatusCode::NOT_FOUND, "{expected:?}");
    for session in [theirs.session.to_string(), about_another.session.to_string(), "nonsense".to_owned()] {
        assert_eq!(words(&ask(&session).await), expected, "{session}");
    }
    assert_eq!(ask(&mine.session.to_string()).await.status, StatusCode::OK);
    let used = stranger.session(Method::GET, "/usage", None).await.body;
    assert!(used["queries"]["used"].as_u64().unwrap() <= 1, "refused questions cost nothing: {used}");
    let kept = owner.session(Method::GET, &format!("/chat/sessions/{}", theirs.session), None).await.body;
    assert_eq!(kept["messages"].as_array().unwrap().len(), 2, "{kept}");
}

#[tokio::test]
async fn an_answer_is_taken_up_only_by_who_asked() {
    let (world, store) = (World::get(), World::get().store().await);
    let owner = world.client("answer-owner", Plan::Pro).await;
    let stranger = world.client("answer-stranger", Plan::Pro).await;
    let theirs = Things::of(&store, "answer-owner", &owner).await;
    let mine = Things::of(&store, "answer-stranger", &stranger).await;
    let take_up = async |client: &Client, video: VideoId, answer: MessageId| {
        let (bearer, last) = (format!("Bearer {}", client.token), format!("{answer}:0"));
        let headers = [("authorization", bearer.as_str()), ("last-event-id", last.as_str())];
        client.call(Method::POST, &format!("/chat/{video}"), None, &headers).await
    };
    for video in [mine.video, theirs.video] {
        let expected = words(&take_up(&stranger, video, MessageId(Uuid::now_v7())).await);
        assert_eq!(expected.0, StatusCode::NOT_FOUND, "{expected:?}");
        assert_eq!(words(&take_up(&stranger, video, theirs.answer).await), expected, "about {video}");
    }
    let own = take_up(&owner, theirs.video, theirs.answer).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.text);
    assert!(own.text.contains(r#"{"type":"done"}"#), "{}", own.text);
}

/// A cursor is a place in time, whosever job was made then.
#[tokio::test]
async fn a_cursor_shows_nothing_of_another_account() {
    let world = World::get();
    let owner = world.client("cursor-owner", Plan::Pro).await;
    let stranger = world.client("cursor-stranger", Plan::Pro).await;
    let make = async |client: &Client| {
        let made = client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" }))).await.body;
        made["data"]["jobId"].as_str().unwrap().to_owned()
    };
    let (before, theirs, after) = (make(&stranger).await, make(&owner).await, make(&stranger).await);
    let page = async |query: &str| stranger.api(Method::GET, &format!("/v1/api/jobs?{query}"), None).await;
    let ids = |answer: &Answer| -> Vec<String> {
        let jobs = answer.body["data"].as_array().unwrap().iter();
        jobs.map(|job| job["jobId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&page("").await), [after.clone(), before.clone()]);
    assert_eq!(ids(&page(&format!("cursor={theirs}")).await), std::slice::from_ref(&before));
    // The same place, where nobody has a job.
    let mut place = *theirs.parse::<Uuid>().unwrap().as_bytes();
    place[15] ^= 1;
    let nobodys = page(&format!("cursor={}", Uuid::from_bytes(place))).await;
    assert_eq!(words(&nobodys), words(&page(&format!("cursor={theirs}")).await));
    assert_eq!(page("cursor=nonsense").await.status, StatusCode::BAD_REQUEST);
    for (client, count) in [(&stranger, 2), (&owner, 1)] {
        let listed = client.session(Method::GET, "/videos", None).await.body;
        assert_eq!(listed["total"], count, "{listed}");
    }
}
