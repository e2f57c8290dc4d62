//! Jobs that ask for a part of the work: only what is said, or only what is seen.

use std::path::Path;

use domain::metering::MINIMUM_SECS;
use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::clips::BOARD;
use tests::runs::Runs;
use tests::world::World;

/// Uploads a file in that mode; answers the job's id.
async fn upload(client: &Client, file: &Path, mode: &str) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap();
    let body = json!({ "fileName": name, "processingMode": mode });
    let made = client.api(Method::POST, "/v1/api/jobs", Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(client.put(&made.body, file).await, StatusCode::OK);
    made.body["data"]["jobId"].as_str().unwrap().to_owned()
}

/// The ended job as a client of the later API version reads it.
async fn as_2026_04(client: &Client, job: &str) -> Value {
    let headers = [("x-api-key", client.key.as_str()), ("x-api-version", "2026-04")];
    let answer = client.call(Method::GET, &format!("/v1/api/jobs/{job}"), None, &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body["data"].clone()
}

/// What is answered to a question, and how many frames are shown for it.
async fn asked(client: &Client, job: &str, question: &str) -> (String, usize) {
    let events = client.ask(job, json!({ "question": question })).await.unwrap();
    assert_eq!(events.last().unwrap().data["type"], "done");
    let of =
        |kind: &'static str| events.iter().map(|event| &event.data).filter(move |data| data["type"] == kind);
    let said = of("token").filter_map(|data| data["value"].as_str()).collect();
    (said, of("frames_used").map(|data| data["value"].as_array().unwrap().len()).sum())
}

async fn outputs(job: &str) -> Vec<String> {
    World::get().objects(&format!("videos/{job}/")).await
}

#[tokio::test]
async fn a_transcript_alone() {
    let world = World::get();
    let client = world.client("listener", Plan::Pro).await;
    let job = upload(&client, &world.clips.lecture(), "transcript").await;
    client.progress(&job).await;
    let done = client.finished(&job).await;
    // Under this version `COMPLETED_NO_SCENES` would come without the transcript.
    assert_eq!((&done["status"], &done["processingMode"]), (&"COMPLETED".into(), &"transcript".into()));
    let result = &done["processedData"];
    assert_eq!(result["scenes"], json!([]));
    assert!(!result["transcript"].as_array().unwrap().is_empty(), "{result}");
    assert!((result["length"].as_f64().unwrap() - 12.0).abs() < 0.1, "{result}");
    let later = as_2026_04(&client, &job).await;
    assert_eq!((&later["status"], &later["processedData"]), (&"VISION_COMPLETED".into(), result));

    let outputs = outputs(&job).await;
    assert!(outputs.iter().any(|key| key.ends_with("/transcript.json")), "{outputs:?}");
    for work in ["/descriptions/", "/scenes/", "/frames/"] {
        assert!(!outputs.iter().any(|key| key.contains(work)), "{work} in {outputs:?}");
    }
    let video = client.session(Method::GET, &format!("/videos/{job}"), None).await.body;
    assert_eq!((&video["status"], &video["frame_count"]), (&"ready".into(), &0.into()), "{video}");
    assert_eq!(world.settled_wallet("listener").await.billed, MINIMUM_SECS);
    let runs = Runs::of(world).await;
    assert_eq!((runs.maps(&job, 1, "Segment").await, runs.maps(&job, 1, "Batch").await), (1, 0));

    let (said, frames) = asked(&client, &job, "What is said?").await;
    assert!(said.contains("says") && frames == 0, "{frames} frames: {said}");
    let (counted, _) = asked(&client, &job, "How many scenes are there?").await;
    assert!(counted.contains("not looked at"), "{counted}");
}

#[tokio::test]
async fn pictures_alone() {
    let world = World::get();
    let client = world.client("looker", Plan::Pro).await;
    let job = upload(&client, &world.clips.lecture(), "vision").await;
    client.progress(&job).await;
    let done = client.finished(&job).await;
    assert_eq!((&done["status"], &done["processingMode"]), (&"COMPLETED".into(), &"vision".into()));
    let result = &done["processedData"];
    assert_eq!(result["transcript"], json!([]));
    let scenes = result["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 3, "{result}");
    assert!(scenes[0]["description"].as_str().unwrap().contains(BOARD), "{}", scenes[0]);
    let later = as_2026_04(&client, &job).await;
    assert_eq!((&later["status"], &later["processedData"]), (&"VISION_COMPLETED".into(), result));

    let outputs = outputs(&job).await;
    assert!(outputs.iter().any(|key| key.contains("/descriptions/")), "{outputs:?}");
    for work in ["/transcript.json", ".pcm"] {
        assert!(!outputs.iter().any(|key| key.ends_with(work)), "{work} in {outputs:?}");
    }
    assert_eq!(world.settled_wallet("looker").await.billed, MINIMUM_SECS);

    let (written, frames) = asked(&client, &job, "What was written on the whiteboard at the start?").await;
    assert!(written.to_lowercase().contains(&BOARD.to_lowercase()) && frames > 0, "{frames}: {written}");
    let (counted, _) = asked(&client, &job, "Who speaks?").await;
    assert!(counted.contains("not listened to"), "{counted}");
}

#[tokio::test]
async fn other_words_mean_everything() {
    let world = World::get();
    let client = world.client("hurried", Plan::Pro).await;
    world.clips.lecture();
    // What the SDK's documentation names as examples.
    let url = format!("http://{}/files/lecture.mp4", world.web);
    let body = json!({ "url": url, "processingMode": "quality" });
    let made = client.api(Method::POST, "/v1/api/jobs/from-url", Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let done = client.finished(made.body["data"]["jobId"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["processingMode"]), (&"COMPLETED".into(), &"all".into()));
    assert_eq!(done["processedData"]["scenes"].as_array().unwrap().len(), 3, "{done}");
    assert!(!done["processedData"]["transcript"].as_array().unwrap().is_empty(), "{done}");

    let null = json!({ "fileName": "a.mp4", "processingMode": null });
    let made = client.api(Method::POST, "/v1/api/jobs", Some(null)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let path = format!("/v1/api/jobs/{}", made.body["data"]["jobId"].as_str().unwrap());
    assert_eq!(client.api(Method::GET, &path, None).await.body["data"]["processingMode"], "all");
    let number = json!({ "fileName": "a.mp4", "processingMode": 5 });
    let refused = client.api(Method::POST, "/v1/api/jobs", Some(number)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
}

#[tokio::test]
async fn what_the_file_does_not_have() {
    let world = World::get();
    let client = world.client("optimist", Plan::Pro).await;
    // No scenes were asked for, so none are missing.
    let talk = client.finished(&upload(&client, &world.clips.audio_only(), "transcript").await).await;
    assert_eq!(talk["status"], "COMPLETED", "{talk}");
    assert!(!talk["processedData"]["transcript"].as_array().unwrap().is_empty(), "{talk}");

    let codec = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"];
    let mute = world.clips.silent("mute.mp4", &codec);
    let mute = client.finished(&upload(&client, &mute, "transcript").await).await;
    assert_eq!(mute["status"], "COMPLETED", "{mute}");
    let result = &mute["processedData"];
    assert_eq!((&result["scenes"], &result["transcript"]), (&json!([]), &json!([])));

    let job = upload(&client, &world.clips.audio_only(), "vision").await;
    assert_eq!(client.finished(&job).await["status"], "COMPLETED_NO_SCENES");
    let later = as_2026_04(&client, &job).await;
    assert_eq!(later["status"], "VIDEO_COMPLETED_NO_SCENES", "{later}");
    let result = &later["processedData"];
    assert_eq!((&result["scenes"], &result["transcript"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_retry_keeps_the_mode() {
    let world = World::get();
    let client = world.client("insister", Plan::Pro).await;
    let lecture = world.clips.lecture();
    let late = lecture.with_file_name("late-lecture.mp4");
    // An earlier run of the tests may have left it.
    let _ = std::fs::remove_file(&late);
    let url = format!("http://{}/files/late-lecture.mp4", world.web);
    let body = json!({ "url": url, "processingMode": "transcript" });
    let made = client.api(Method::POST, "/v1/api/jobs/from-url", Some(body)).await.body;
    let job = made["data"]["jobId"].as_str().unwrap();
    let failed = client.finished(job).await;
    assert_eq!(
        (&failed["status"], &failed["processingMode"]),
        (&"FAILED_FETCH".into(), &"transcript".into())
    );

    std::fs::copy(&lecture, &late).unwrap();
    let retried = client.session(Method::POST, &format!("/videos/{job}/retry"), None).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED, "{}", retried.body);
    let done = client.finished(job).await;
    assert_eq!((&done["status"], &done["processedData"]["scenes"]), (&"COMPLETED".into(), &json!([])));
    assert!(!done["processedData"]["transcript"].as_array().unwrap().is_empty(), "{done}");
}
