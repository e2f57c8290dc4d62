//! The main job: an upload becomes scenes and a transcript.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::clips::{BOARD, SPEECH};
use tests::world::World;

#[tokio::test]
async fn an_upload_becomes_scenes_and_a_transcript() {
    let world = World::get();
    let client = world.client("uploader", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    let done = client.finished(&job).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!(done["originalFilename"], "lecture.mp4");
    assert_eq!(done["source"], "api");
    let result = &done["processedData"];
    assert!((result["length"].as_f64().unwrap() - 12.0).abs() < 0.1, "{result}");

    let scenes = result["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 3, "{result}");
    let times: Vec<f64> = scenes.iter().map(|scene| scene["startTs"].as_f64().unwrap()).collect();
    for (time, truth) in times.iter().zip([0.0, 4.0, 8.0]) {
        assert!((time - truth).abs() < 0.05, "{times:?}");
    }
    assert!(scenes[0]["description"].as_str().unwrap().contains(BOARD), "{}", scenes[0]);
    assert!(scenes[0]["detections"].as_array().unwrap().iter().all(|d| d["name"] == "text"), "{}", scenes[0]);
    assert!(!scenes[0]["detections"].as_array().unwrap().is_empty());
    assert_eq!(near(scenes[2]["mainColor"].as_str().unwrap(), [0x3b, 0x82, 0xf6]), Ok(()));
    let id = format!("_{}", scenes[0]["endTs"]);
    assert!(scenes[0]["sceneId"].as_str().unwrap().ends_with(&id), "{}", scenes[0]);

    let spoken = result["transcript"].as_array().unwrap();
    let heard: String = spoken.iter().map(|s| s["Text"].as_str().unwrap().to_lowercase() + " ").collect();
    let words = SPEECH.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let (known, missed): (Vec<&str>, Vec<&str>) =
        words.partition(|word| heard.contains(&word.to_lowercase()));
    assert!(known.len() >= 9 * missed.len(), "{missed:?} of {heard}");
    let ends: Vec<f64> =
        spoken.iter().flat_map(|s| [s["StartTime"].as_f64(), s["EndTime"].as_f64()]).flatten().collect();
    assert!(ends.is_sorted(), "{ends:?}");
    assert!(spoken.iter().all(|s| !s["Text"].as_str().unwrap().is_empty() && s["Speaker"].is_string()));

    // The other contract shows the same video.
    let video = client.session(Method::GET, &format!("/videos/{job}"), None).await.body;
    assert_eq!((&video["status"], &video["job"]), (&Value::from("ready"), &Value::Null), "{video}");
    assert_eq!(
        (&video["frame_count"], &video["duration_secs"]),
        (&Value::from(1), &Value::from(12)),
        "{video}"
    );
    let stages = client.session(Method::GET, &format!("/videos/{job}/jobs"), None).await.body;
    assert_eq!(stages["overall_progress"], 100, "{stages}");
    let names: Vec<&str> =
        stages["stages"].as_array().unwrap().iter().map(|s| s["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["download", "extract", "describe", "index"]);

    // Billed once, at the minimum.
    let wallet = world.settled_wallet("uploader").await;
    assert_eq!((wallet.billed, wallet.included_used), (30, 30));
    let usage = client.session(Method::GET, "/usage", None).await;
    assert_eq!(usage.body["videos"]["used"], 1, "{}", usage.body);
    assert_eq!(usage.status, StatusCode::OK);
}

#[tokio::test]
async fn progress_moves_and_never_goes_back() {
    let world = World::get();
    let client = world.client("watcher", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    let seen = client.progress(&job).await;
    assert!(seen.iter().any(|percent| (1..100).contains(percent)), "it moved in one jump: {seen:?}");
}

/// A colour is near enough when no person would tell it from the truth.
fn near(hex: &str, truth: [u8; 3]) -> Result<(), String> {
    let found = u32::from_str_radix(&hex[1..], 16).map_err(|error| error.to_string())?.to_be_bytes();
    let off = found[1..].iter().zip(truth).map(|(a, b)| a.abs_diff(b)).max().unwrap();
    if off <= 12 { Ok(()) } else { Err(format!("{hex} is {off} off")) }
}
