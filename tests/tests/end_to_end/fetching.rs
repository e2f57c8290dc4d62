//! Videos that this service fetches itself: from a web server, and by yt-dlp.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

async fn from_url(client: &Client, url: &str) -> Value {
    let made = client.api(Method::POST, "/v1/api/jobs/from-url", Some(json!({ "url": url }))).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(made.body["data"]["status"], "PENDING_FETCH", "{}", made.body);
    client.finished(made.body["data"]["jobId"].as_str().unwrap()).await
}

#[tokio::test]
async fn a_file_on_a_web_server() {
    let world = World::get();
    let client = world.client("fetcher", Plan::Starter).await;
    world.clips.short();
    let done = from_url(&client, &format!("http://{}/files/short.mp4?token=x", world.web)).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!((&done["originalFilename"], &done["source"]), (&"short.mp4".into(), &"api".into()));
}

#[tokio::test]
async fn what_cannot_be_fetched_says_why() {
    let world = World::get();
    let client = world.client("misfetcher", Plan::Starter).await;
    for (path, code) in
        [("/files/none.mp4", "fetch_failed"), ("/inside/", "fetch_forbidden"), ("/", "fetch_failed")]
    {
        let done = from_url(&client, &format!("http://{}{path}", world.web)).await;
        assert_eq!(
            (&done["status"], &done["errorCode"]),
            (&"FAILED_FETCH".into(), &code.into()),
            "{path}: {done}"
        );
        assert!(done["errorMessage"].as_str().unwrap().len() > 20, "{done}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_at_once() {
    let client = World::get().client("insider", Plan::Starter).await;
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:9001/",
        "http://[::1]/",
        "ftp://a.example/b",
    ] {
        let answer = client.api(Method::POST, "/v1/api/jobs/from-url", Some(json!({ "url": url }))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{url}: {}", answer.body);
        assert!(answer.body["error"].is_string(), "{}", answer.body);
    }
    let listed = client.api(Method::GET, "/v1/api/jobs", None).await.body;
    assert_eq!(listed, json!({ "data": [], "nextCursor": null }));
}

#[tokio::test]
async fn a_youtube_video() {
    let world = World::get();
    let client = world.client("viewer", Plan::Free).await;
    world.clips.lecture();
    let body = json!({ "youtube_url": "https://youtu.be/abc123?si=x" });
    let made = client.session(Method::POST, "/videos", Some(body.clone())).await;
    assert_eq!(made.status, StatusCode::ACCEPTED, "{}", made.body);
    assert_eq!(made.body["status"], "queued");
    assert_eq!(made.body["youtube_url"], "https://www.youtube.com/watch?v=abc123");
    let again = client.session(Method::POST, "/videos", Some(body)).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert_eq!(again.headers["content-type"], "application/problem+json");

    let done = client.finished(made.body["id"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["source"]), (&"COMPLETED".into(), &"youtube".into()), "{done}");
    let listed = client.session(Method::GET, "/videos?status=ready", None).await.body;
    assert_eq!(
        (&listed["total"], &listed["items"][0]["youtube_id"]),
        (&1.into(), &"abc123".into()),
        "{listed}"
    );
    // The source's own title; yt-dlp's generic extractor numbers the videos of a page.
    assert!(listed["items"][0]["title"].as_str().unwrap().starts_with("ML Lecture 12"), "{listed}");
}
