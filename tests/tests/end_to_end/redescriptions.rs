//! Other words for what was extracted: a ready video is described anew, and nothing else is done again.

use domain::failure::{Failure, FailureCode};
use domain::ids::{Attempt, Generation, UserId};
use domain::plan::Plan;
use domain::stage::Stage;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::keys;
use tests::client::Client;
use tests::clips::BOARD;
use tests::runs::Runs;
use tests::wait::{eventually, when};
use tests::world::World;

/// What is asked for.
fn anew() -> Option<Value> {
    Some(json!({ "from": "describe" }))
}

/// Every moment that a search for a word of the board or of every description finds, with where it is.
async fn moments(client: &Client) -> Vec<Value> {
    let mut found = vec![];
    for query in ["regression", "picture"] {
        let search = json!({ "query": query, "limit": 50 });
        let mut answer = client.api(Method::POST, "/v1/api/search", Some(search)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        found.push(answer.body["data"].take());
    }
    for moment in found.iter_mut().flat_map(|moments| moments.as_array_mut().unwrap()) {
        // It is signed anew at every search.
        moment.as_object_mut().unwrap().remove("thumbnailUrl");
    }
    found
}

#[tokio::test]
async fn a_ready_video_is_described_anew_from_what_was_extracted() {
    let world = World::get();
    let client = world.client("redescriber", Plan::Pro).await;
    let (store, runs) = (world.store().await, Runs::of(world).await);
    let id = client.upload(&world.clips.lecture()).await;
    let done = client.finished(&id).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    let bill = world.settled_wallet("redescriber").await;
    let found = moments(&client).await;
    assert!(found.iter().all(|found| !found.as_array().unwrap().is_empty()), "{found:?}");
    let outputs = async |generation: u32| world.objects(&format!("videos/{id}/g{generation}/")).await;
    let frames = async || world.objects(&format!("videos/{id}/scenes/")).await;
    let (first, kept) = (outputs(1).await, frames().await);
    // Whoever wants to decode again cannot.
    let source = store.video(id.parse().unwrap()).await.unwrap().unwrap().source.unwrap();
    world.remove_object(&source.key, &source.version_id).await;

    let retry = format!("/videos/{id}/retry");
    let accepted = client.session(Method::POST, &retry, anew()).await;
    assert_eq!((accepted.status, &accepted.body["status"]), (StatusCode::ACCEPTED, &json!("queued")));
    let asked = client.ask(&id, json!({ "question": "What does the board say?" })).await;
    assert_eq!(asked.err(), Some(StatusCode::CONFLICT), "it is not ready");
    let again = client.session(Method::POST, &retry, anew()).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "it is being processed: {}", again.body);
    let progress = client.session(Method::GET, &format!("/videos/{id}/jobs"), None).await.body;
    for stage in &progress["stages"].as_array().unwrap()[..2] {
        assert_eq!(stage["progress"], 100, "{progress}");
    }

    // It goes back to the descriptions once, and never again; what has not begun anew is not there.
    let seen = client.progress(&id).await;
    assert!(seen.first().is_some_and(|first| *first >= 40), "{seen:?}");
    let redone = client.finished(&id).await;
    assert_eq!((&redone["status"], &redone["processedData"]), (&done["status"], &done["processedData"]));
    assert_eq!(world.settled_wallet("redescriber").await, bill, "it is billed once");
    assert_eq!((outputs(1).await, frames().await), (first, kept));
    let second = outputs(2).await;
    for output in
        ["transcript.json", "index.bin", "analysis.json", "captions.srt", "descriptions/000000.json"]
    {
        assert_eq!(second.iter().filter(|key| key.ends_with(output)).count(), 1, "{output}: {second:?}");
    }
    assert!(second.iter().all(|key| !key.contains("segments")), "{second:?}");
    let entered = runs.entered(&id, 2).await;
    assert_eq!(entered.first().map(String::as_str), Some("Resume"), "{entered:?}");
    for state in ["Download", "Plan", "Extract", "Join"] {
        assert!(!entered.contains(&state.to_owned()), "{state} began again: {entered:?}");
    }
    let progress = client.session(Method::GET, &format!("/videos/{id}/jobs"), None).await.body;
    assert_eq!(progress["overall_progress"], 100, "{progress}");

    let events = client.ask(&id, json!({ "question": "What does the whiteboard say?" })).await.unwrap();
    let answer: String = events.iter().filter_map(|event| event.data["value"].as_str()).collect();
    assert!(answer.to_lowercase().contains(&BOARD.to_lowercase()), "{answer}");
    assert_eq!(moments(&client).await, found, "each moment is found once");
    let owner = UserId("user_redescriber".to_owned());
    eventually("rows of the first generation are left out of the library", async || {
        let shards = store.library(owner.clone()).await.unwrap().shards;
        when(shards.len() == 1, shards)
    })
    .await;
    assert_eq!(moments(&client).await, found);
    for export in ["contact-sheet", "captions.srt", "thumbnails/1"] {
        let sent = client.api(Method::GET, &format!("/v1/api/jobs/{id}/{export}"), None).await;
        let url = sent.headers["location"].to_str().unwrap();
        assert_eq!(reqwest::get(url).await.unwrap().status(), StatusCode::OK, "{export}");
    }
}

/// What the same describer and transcriber said before is not asked of them again. What they would say is changed here
/// in the bucket, so that it shows whose words they are.
#[tokio::test]
async fn the_same_providers_words_are_taken_over_and_anothers_are_not() {
    let world = World::get();
    let client = world.client("rewriter", Plan::Pro).await;
    let store = world.store().await;
    let id = client.upload(&world.clips.lecture()).await;
    assert_eq!(client.finished(&id).await["status"], "COMPLETED");
    let video = id.parse().unwrap();
    let outputs = |generation: u32| keys::Outputs { video, generation: Generation(generation) };
    let read = async |key: String| -> Value {
        serde_json::from_slice(&store.object(&key).await.unwrap().unwrap()).unwrap()
    };
    let write = async |key: String, value: &Value| {
        for version in world.versions(&key).await {
            world.remove_object(&key, &version).await;
        }
        store.put_once(&key, "application/json", value.to_string().into()).await.unwrap();
    };
    let mut described = read(outputs(1).descriptions(0)).await;
    described["descriptions"][0]["text"] = json!("Somebody was paid to say this.");
    // As it was stored before batches said who was asked.
    write(outputs(1).descriptions(0), &described["descriptions"]).await;
    let mut transcript = read(outputs(1).transcript()).await;
    let heard = transcript["utterances"].as_array().unwrap().len();
    transcript["provenance"]["model"] = json!("ears of old");
    transcript["utterances"] = json!([]);
    write(outputs(1).transcript(), &transcript).await;

    let retry = format!("/videos/{id}/retry");
    assert_eq!(client.session(Method::POST, &retry, anew()).await.status, StatusCode::ACCEPTED);
    let redone = client.finished(&id).await;
    assert_eq!(redone["processedData"]["scenes"][0]["description"], "Somebody was paid to say this.");
    assert_eq!(redone["processedData"]["transcript"].as_array().unwrap().len(), heard, "{redone}");
    assert!(heard > 0);

    // Another describer's words are of no use to this one, nor is what it said two generations ago lost.
    let mut foreign = read(outputs(2).descriptions(0)).await;
    foreign["by"]["model"] = json!("eyes of old");
    foreign["descriptions"][0]["text"] = json!("This was somebody else.");
    write(outputs(2).descriptions(0), &foreign).await;
    assert_eq!(client.session(Method::POST, &retry, anew()).await.status, StatusCode::ACCEPTED);
    let redone = client.finished(&id).await;
    assert_eq!(redone["processedData"]["scenes"][0]["description"], "Somebody was paid to say this.");
}

#[tokio::test]
async fn one_that_fails_can_be_retried_and_stays_paid_for() {
    let world = World::get();
    let client = world.client("unlucky-redescriber", Plan::Pro).await;
    let (store, runs) = (world.store().await, Runs::of(world).await);
    let id = client.upload(&world.clips.short()).await;
    assert_eq!(client.finished(&id).await["status"], "COMPLETED");
    let bill = world.settled_wallet("unlucky-redescriber").await;
    let retry = format!("/videos/{id}/retry");
    assert_eq!(client.session(Method::POST, &retry, anew()).await.status, StatusCode::ACCEPTED);
    let failure = Failure::new(FailureCode::Internal, "Something went wrong on our side.");
    let now = Timestamp::now();
    let failed = store.failed(id.parse().unwrap(), Attempt(2), Stage::Describe, failure, now).await.unwrap();
    store.settle(&failed.expect("it was over too soon"), now).await.unwrap();
    let shown = client.session(Method::GET, &format!("/videos/{id}"), None).await.body;
    assert_eq!(shown["status"], "failed", "{shown}");
    assert_eq!(world.settled_wallet("unlucky-redescriber").await, bill, "the first result is still owed");

    assert_eq!(client.session(Method::POST, &retry, None).await.status, StatusCode::ACCEPTED);
    assert_eq!(client.finished(&id).await["status"], "COMPLETED");
    assert_eq!(world.settled_wallet("unlucky-redescriber").await, bill);
    let entered = runs.entered(&id, 3).await;
    assert!(!entered.contains(&"Plan".to_owned()), "{entered:?}");
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let world = World::get();
    let (owner, stranger) =
        (world.client("reworder", Plan::Pro).await, world.client("reword-stranger", Plan::Pro).await);
    let made = owner.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" }))).await.body;
    let retry = format!("/videos/{}/retry", made["data"]["jobId"].as_str().unwrap());
    let waiting = owner.session(Method::POST, &retry, anew()).await;
    assert_eq!(waiting.status, StatusCode::CONFLICT, "{}", waiting.body);
    assert!(waiting.body["detail"].as_str().unwrap().contains("wait for its end"), "{}", waiting.body);
    assert_eq!(stranger.session(Method::POST, &retry, anew()).await.status, StatusCode::NOT_FOUND);
    for (body, detail) in [
        (json!({ "from": "extract" }), "from must be describe."),
        (json!([]), "The body is not a JSON object. Send one."),
        (json!({ "from": 7 }), "from is not of the form that it must have. Its description is at /docs."),
    ] {
        let answer = owner.session(Method::POST, &retry, Some(body)).await;
        assert_eq!((answer.status, &answer.body["detail"]), (StatusCode::BAD_REQUEST, &json!(detail)));
    }
    // As without a body: only a failed video is retried.
    for body in [json!({}), json!({ "from": null })] {
        let answer = owner.session(Method::POST, &retry, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains("failed"), "{}", answer.body);
    }
}

/// Of the five scenes three are described: what looks like one before it is not described again.
#[tokio::test]
async fn a_slide_that_comes_back_is_described_once() {
    let world = World::get();
    let client = world.client("slideshow", Plan::Pro).await;
    let id = client.upload(&world.clips.returning_slide()).await;
    let done = client.finished(&id).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    let described = keys::Outputs { video: id.parse().unwrap(), generation: Generation::FIRST };
    let stored = world.store().await.object(&described.descriptions(0)).await.unwrap().unwrap();
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    assert_eq!(stored["descriptions"].as_array().unwrap().len(), 3, "{stored}");
    let scenes = done["processedData"]["scenes"].as_array().unwrap();
    let said: Vec<&str> = scenes.iter().map(|scene| scene["description"].as_str().unwrap()).collect();
    assert_eq!((said.len(), said[2], said[3]), (5, said[0], said[1]), "{said:?}");
    assert!(said[0].contains("Gradient descent") && !said[0].contains("momentum"), "{said:?}");
    assert!(said[4].contains("momentum"), "{said:?}");
    // Each is a moment of its own, at its own time.
    let search = json!({ "query": "gradient descent", "kinds": ["screen_text"] });
    let found = client.api(Method::POST, "/v1/api/search", Some(search)).await.body;
    let mut starts: Vec<f64> =
        found["data"].as_array().unwrap().iter().map(|moment| moment["startTs"].as_f64().unwrap()).collect();
    starts.sort_by(f64::total_cmp);
    assert_eq!(starts, [0.0, 6.0, 12.0], "{found}");
}
