//! Answers whose listener went away, or whose maker did.

use domain::answer::{EventId, Journal, Part};
use domain::ids::{MessageId, UserId};
use domain::plan::Plan;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{AnswerId, Ending, QuerySlot, Store};
use tests::client::{Answer, Client, Event};
use tests::wait::{PATIENCE, eventually, when};
use tests::world::World;
use uuid::Uuid;

fn question() -> Value {
    json!({ "question": "What was written on the whiteboard at the start?" })
}

/// The whole stream as it came; of an answer from its start, or from after an event.
async fn raw(client: &Client, video: &str, last_event_id: Option<&str>) -> Answer {
    let bearer = format!("Bearer {}", client.token);
    let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
    headers.extend(last_event_id.map(|id| ("last-event-id", id)));
    client.send(Method::POST, &format!("/chat/{video}"), Some(question().to_string()), &headers).await
}

/// The events of a stream, byte for byte; the comments that keep it open left out.
fn events_of(stream: &Answer) -> Vec<&str> {
    stream.text.split_inclusive("\n\n").filter(|block| !block.starts_with(':')).collect()
}

/// Ids and contents.
fn told(events: Vec<Event>) -> Vec<(String, Value)> {
    events.into_iter().map(|event| (event.id, event.data)).collect()
}

async fn queries_used(client: &Client) -> u64 {
    client.session(Method::GET, "/usage", None).await.body["queries"]["used"].as_u64().unwrap()
}

async fn unprocessed_video(client: &Client) -> String {
    let made = client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" }))).await.body;
    made["data"]["jobId"].as_str().unwrap().to_owned()
}

/// A function that makes an answer, played by the test: it stores what the function stores, and dies when it is told to.
struct Maker {
    store: Store,
    id: AnswerId,
    journal: Journal,
}

impl Maker {
    async fn begins(video: &str, asked_at: Timestamp, now: Timestamp) -> Self {
        let id = AnswerId { video: video.parse().unwrap(), message: MessageId(Uuid::now_v7()) };
        let (store, journal) = (World::get().store().await, Journal::begun(asked_at));
        let mut maker = Self { store, id, journal };
        assert!(maker.writes(now).await);
        maker
    }

    fn tells(&mut self, event: &Value, part: Part) {
        self.journal.record(event.to_string(), part);
    }

    /// Whether it still may.
    async fn writes(&mut self, now: Timestamp) -> bool {
        let written = self.store.put_chunk(self.id, &self.journal.cut(now)).await.unwrap();
        if written {
            self.journal.confirm();
        }
        written
    }

    async fn ends(&self) -> bool {
        let left = self.journal.close(r#"{"type":"done"}"#, Timestamp::now());
        self.store.end_answer(self.id, left, Ending::Lost).await.unwrap()
    }

    /// The id of one of its events.
    fn event(&self, seq: u32) -> String {
        EventId { message: self.id.message, seq }.to_string()
    }
}

#[tokio::test]
async fn a_lost_answer_is_taken_up_where_it_broke_off_and_counts_once() {
    let world = World::get();
    let client = world.client("reconnector", Plan::Pro).await;
    let video = client.upload(&world.clips.lecture()).await;
    assert_eq!(client.finished(&video).await["status"], "COMPLETED");

    let undisturbed = raw(&client, &video, None).await;
    assert_eq!(undisturbed.status, StatusCode::OK, "{}", undisturbed.text);
    let events = events_of(&undisturbed);
    let first = events[0].lines().next().unwrap().strip_prefix("id: ").unwrap();
    let message = first.strip_suffix(":1").unwrap();
    for (seq, event) in (1..).zip(&events) {
        let (id, data) = event.trim_end().split_once('\n').unwrap();
        assert_eq!(id, format!("id: {message}:{seq}"));
        assert!(data.starts_with(r#"data: {"type":""#), "{data}");
    }
    let last = events.len();
    assert_eq!(events[last - 1].lines().nth(1).unwrap(), r#"data: {"type":"done"}"#);

    for heard in [0, 1, 2, 3, last / 2, last - 1] {
        let rest = raw(&client, &video, Some(&format!("{message}:{heard}"))).await;
        assert_eq!(rest.status, StatusCode::OK, "{}", rest.text);
        assert_eq!(events_of(&rest), events[heard..], "after {heard}");
    }
    let nothing = raw(&client, &video, Some(&format!("{message}:{last}"))).await;
    assert_eq!((nothing.status, nothing.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(queries_used(&client).await, 1);

    // A listener who goes away while the answer is made.
    for leaves_after in [1, 3] {
        let mut listening = client.listen(&video, question(), None).await.unwrap();
        let mut heard: Vec<Event> = listening.by_ref().take(leaves_after).collect().await;
        drop(listening);
        let last_id = heard.last().unwrap().id.clone();
        let rest = client.listen(&video, question(), Some(&last_id)).await.unwrap();
        heard.extend(rest.collect::<Vec<_>>().await);
        let session = heard[0].data["value"].as_str().unwrap().to_owned();
        let from_the_start = format!("{}:0", last_id.split_once(':').unwrap().0);
        let whole = client.listen(&video, question(), Some(&from_the_start)).await.unwrap();
        let (heard, whole) = (told(heard), told(whole.collect().await));
        assert_eq!(heard, whole);
        assert_eq!((heard.len(), &heard.last().unwrap().1), (last, &json!({ "type": "done" })));
        let kept = client.session(Method::GET, &format!("/chat/sessions/{session}"), None).await.body;
        let words: String = heard.iter().skip(2).filter_map(|(_, data)| data["value"].as_str()).collect();
        assert_eq!(kept["messages"][1]["content"], words, "{kept}");
    }
    assert_eq!(queries_used(&client).await, 3);
}

#[tokio::test]
async fn the_rest_is_heard_while_it_is_made_elsewhere() {
    let client = World::get().client("relistener", Plan::Pro).await;
    let video = unprocessed_video(&client).await;
    let mut maker = Maker::begins(&video, Timestamp::now(), Timestamp::now()).await;
    let session = json!({ "type": "session_id", "value": Uuid::now_v7() });
    maker.tells(&session, Part::Preamble);
    maker.writes(Timestamp::now()).await;
    let mut listening = client.listen(&video, question(), Some(&maker.event(0))).await.unwrap();
    let mut next = async || tokio::time::timeout(PATIENCE, listening.next()).await.unwrap();
    let heard = next().await.unwrap();
    assert_eq!((heard.id, heard.data), (maker.event(1), session));
    for seq in 2..5 {
        // A sign of life comes between.
        maker.writes(Timestamp::now()).await;
        let token = json!({ "type": "token", "value": format!("word {seq}") });
        maker.tells(&token, Part::Words);
        maker.writes(Timestamp::now()).await;
        let heard = next().await.unwrap();
        assert_eq!((heard.id, heard.data), (maker.event(seq), token));
    }
    // What is written with the end is heard as well.
    maker.tells(&json!({ "type": "token", "value": "the end" }), Part::Words);
    assert!(maker.ends().await);
    assert_eq!(next().await.unwrap().data["value"], "the end");
    assert_eq!(next().await.unwrap().data, json!({ "type": "done" }));
    assert!(next().await.is_none(), "nothing comes after the end");
}

#[tokio::test]
async fn an_answer_whose_maker_died_ends_and_is_given_back_once() {
    let world = World::get();
    let client = world.client("survivor", Plan::Pro).await;
    let video = unprocessed_video(&client).await;
    let now = Timestamp::now();
    for _ in 0..3 {
        let taken = world.store().await.take_query(UserId("user_survivor".to_owned()), None, now).await;
        assert_eq!(taken.unwrap(), QuerySlot::Taken);
    }
    let long_ago = now - SignedDuration::from_mins(1);
    let session = json!({ "type": "session_id", "value": Uuid::now_v7() });
    let token = json!({ "type": "token", "value": "Well" });

    let mut silent = Maker::begins(&video, now, long_ago).await;
    silent.tells(&session, Part::Preamble);
    assert!(silent.writes(long_ago).await);
    let heard = silent.event(1);
    let (one, other) = futures::join!(raw(&client, &video, Some(&heard)), raw(&client, &video, Some(&heard)));
    assert_eq!(one.text, other.text);
    let (id, data) = one.text.trim_end().split_once("\ndata: ").unwrap();
    assert_eq!(id, format!("id: {}", silent.event(2)));
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["type"], "error");
    assert!(data["value"].as_str().unwrap().contains("Ask again"), "{data}");
    assert_eq!(queries_used(&client).await, 2, "given back exactly once");
    assert_eq!(raw(&client, &video, Some(&silent.event(2))).await.status, StatusCode::NO_CONTENT);
    assert_eq!(queries_used(&client).await, 2);

    // It was not dead after all: its answer has ended without it.
    silent.tells(&token, Part::Words);
    assert!(!silent.writes(Timestamp::now()).await);
    assert!(!silent.ends().await);
    // Somebody heard what it told before it found out.
    let more_heard = raw(&client, &video, Some(&silent.event(3))).await;
    assert_eq!(more_heard.text, one.text);

    let mut cut_short = Maker::begins(&video, now, long_ago).await;
    cut_short.tells(&session, Part::Preamble);
    cut_short.tells(&token, Part::Words);
    assert!(cut_short.writes(long_ago).await);
    let rest = raw(&client, &video, Some(&cut_short.event(1))).await;
    let events = events_of(&rest);
    assert_eq!(events.len(), 2, "{}", rest.text);
    assert!(events[0].contains("Well") && events[1].contains(r#""type":"error""#), "{}", rest.text);
    assert_eq!(queries_used(&client).await, 2, "some of it was answered");
}

#[tokio::test]
async fn only_its_owner_hears_an_answer_and_not_for_ever() {
    let world = World::get();
    let owner = world.client("confidant", Plan::Pro).await;
    let stranger = world.client("eavesdropper", Plan::Pro).await;
    let (video, other_video) = (unprocessed_video(&owner).await, unprocessed_video(&stranger).await);
    let mut maker = Maker::begins(&video, Timestamp::now(), Timestamp::now()).await;
    maker.tells(&json!({ "type": "token", "value": "secret" }), Part::Words);
    assert!(maker.ends().await);
    let start = maker.event(0);
    assert!(raw(&owner, &video, Some(&start)).await.text.contains("secret"));
    // It says nothing that the first request had not said.
    let bearer = format!("Bearer {}", owner.token);
    let headers = [("authorization", bearer.as_str()), ("last-event-id", start.as_str())];
    let bare = owner.send(Method::POST, &format!("/chat/{video}"), None, &headers).await;
    assert_eq!((bare.status, events_of(&bare).len()), (StatusCode::OK, 2));

    for asked_about in [&video, &other_video] {
        let refused = raw(&stranger, asked_about, Some(&start)).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text);
    }
    for malformed in ["", "7", "nonsense:1", &maker.id.message.to_string(), &format!("{start}x")] {
        let refused = raw(&owner, &video, Some(malformed)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{malformed}: {}", refused.text);
    }
    let yesterday = Timestamp::now() - SignedDuration::from_hours(25);
    let expired = Maker::begins(&video, yesterday, yesterday).await.event(0);
    for unknown in [format!("{}:1", Uuid::now_v7()), expired] {
        let refused = raw(&owner, &video, Some(&unknown)).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text);
        assert!(
            refused.body["detail"].as_str().unwrap().contains("Ask the question anew"),
            "{}",
            refused.body
        );
    }
    assert_eq!(queries_used(&owner).await, 0);

    let deleted = owner.session(Method::DELETE, &format!("/videos/{video}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text);
    assert_eq!(raw(&owner, &video, Some(&start)).await.status, StatusCode::NOT_FOUND);
    eventually("the answer goes with its video", async || {
        let left = maker.store.chunks(maker.id, 0, Timestamp::now()).await.unwrap();
        when(left.is_empty(), left)
    })
    .await;
}
