//! Files as people have them: each ends in a defined status, with a reason that a person understands.

use std::path::PathBuf;

use domain::metering::MINIMUM_SECS;
use domain::plan::Plan;
use reqwest::Method;
use serde_json::Value;
use tests::clips;
use tests::world::World;

/// Uploads a file, waits for its end and checks what holds for every end.
async fn processed(name: &str, file: PathBuf) -> Value {
    let client = World::get().client(name, Plan::Starter).await;
    let job = client.upload(&file).await;
    let done = client.finished(&job).await;
    let status = done["status"].as_str().unwrap();
    assert_eq!(done["errorMessage"].is_string(), status.contains("FAILED"), "{done}");
    assert_eq!(done["processedData"].is_object(), status == "COMPLETED", "{done}");
    let listed = client.api(Method::GET, &format!("/v1/api/jobs?status={status}"), None).await.body;
    assert_eq!(listed["data"][0]["jobId"], Value::from(job), "{listed}");
    assert_eq!(listed["nextCursor"], Value::Null);
    // All of these are short: completed ones cost the minimum, failed ones nothing, and nothing stays reserved.
    let wallet = World::get().settled_wallet(name).await;
    let expected = if status.starts_with("COMPLETED") { MINIMUM_SECS } else { 0 };
    assert_eq!(wallet.billed, expected, "{status}");
    done
}

fn tiles(done: &Value, length: f64) {
    let result = &done["processedData"];
    assert!((result["length"].as_f64().unwrap() - length).abs() < 0.2, "{result}");
    let scenes = result["scenes"].as_array().unwrap();
    let mut at = 0.0;
    for scene in scenes {
        assert_eq!(scene["startTs"].as_f64(), Some(at), "{result}");
        at = scene["endTs"].as_f64().unwrap();
    }
    assert_eq!(result["length"].as_f64(), Some(at), "{result}");
}

#[tokio::test]
async fn a_rotated_phone_clip() {
    let done = processed("rotated", World::get().clips.rotated()).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    tiles(&done, 6.0);
    // Lying, the board could not be read; upright, its text runs down the left of a tall picture.
    assert_eq!(done["processedData"]["scenes"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(done["processedData"]["timecode"], clips::TIMECODE, "{done}");
    assert_eq!(done["processedData"]["recordedAt"], clips::RECORDED_AT, "{done}");
}

#[tokio::test]
async fn a_variable_frame_rate() {
    let done = processed("variable", World::get().clips.variable_rate()).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    tiles(&done, 6.0);
}

#[tokio::test]
async fn a_matroska_file() {
    let clip = World::get()
        .clips
        .silent("clip.mkv", &["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]);
    let done = processed("mkv", clip).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    tiles(&done, 6.0);
    assert_eq!(done["processedData"]["scenes"].as_array().unwrap().len(), 3, "{done}");
}

#[tokio::test]
async fn a_webm_file() {
    let clip = World::get()
        .clips
        .silent("clip.webm", &["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"]);
    let done = processed("webm", clip).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    tiles(&done, 6.0);
}

#[tokio::test]
async fn no_sound() {
    let clip = World::get()
        .clips
        .silent("mute.mp4", &["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]);
    let done = processed("mute", clip).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!(done["processedData"]["transcript"], serde_json::json!([]));
}

#[tokio::test]
async fn a_still_image() {
    let done = processed("still", World::get().clips.still_image()).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    tiles(&done, 5.0);
    assert_eq!(done["processedData"]["scenes"].as_array().unwrap().len(), 1, "{done}");
}

#[tokio::test]
async fn two_seconds() {
    let done = processed("short", World::get().clips.short()).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    tiles(&done, 2.0);
}

#[tokio::test]
async fn sound_without_a_picture() {
    let done = processed("talk", World::get().clips.audio_only()).await;
    assert_eq!(done["status"], "COMPLETED_NO_SCENES", "{done}");
}

#[tokio::test]
async fn a_truncated_file() {
    let done = processed("truncated", World::get().clips.truncated()).await;
    assert_eq!((&done["status"], &done["errorCode"]), (&"FAILED".into(), &"damaged".into()), "{done}");
}

#[tokio::test]
async fn words_called_a_video() {
    let done = processed("words", World::get().clips.text()).await;
    assert_eq!((&done["status"], &done["errorCode"]), (&"FAILED".into(), &"not_a_video".into()), "{done}");
}
