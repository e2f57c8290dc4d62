//! What a completed job is exported as: captions, keyframes, a contact sheet. ffmpeg reads the captions, who has not
//! written them.

use std::process::Command;

use domain::plan::Plan;
use image::{ImageFormat, RgbImage};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::wait::{eventually, when};
use tests::world::World;

/// What is at the end of an export's redirect.
struct File {
    content_type: String,
    disposition: String,
    bytes: Vec<u8>,
}

/// Follows an export to its file. The URL is all that is needed there.
async fn export(client: &Client, job: &str, export: &str) -> File {
    let answer = client.api(Method::GET, &format!("/v1/api/jobs/{job}/{export}"), None).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{export}: {}", answer.body);
    let url = answer.headers["location"].to_str().unwrap();
    assert!(url.contains("X-Amz-Expires=900"), "{url}");
    let file = reqwest::get(url).await.unwrap();
    assert_eq!(file.status(), StatusCode::OK, "{export}");
    let header = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
    let (content_type, disposition) = (header("content-type"), header("content-disposition"));
    File { content_type, disposition, bytes: file.bytes().await.unwrap().to_vec() }
}

async fn status_of(client: &Client, job: &str, export: &str) -> StatusCode {
    client.api(Method::GET, &format!("/v1/api/jobs/{job}/{export}"), None).await.status
}

/// A caption as ffmpeg understands it: from when until when, in hundredths of a second, and its lines.
#[derive(Debug, PartialEq)]
struct Dialogue {
    start: u64,
    end: u64,
    lines: Vec<String>,
}

/// Has ffmpeg read captions and say what they are in its own format for that (ASS).
fn read_by_ffmpeg(name: &str, captions: &[u8]) -> Vec<Dialogue> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, captions).unwrap();
    let read =
        Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&path).args(["-f", "ass", "-"]).output();
    let read = read.unwrap();
    assert!(read.status.success() && read.stderr.is_empty(), "{}", String::from_utf8_lossy(&read.stderr));
    let events = String::from_utf8(read.stdout).unwrap();
    events.lines().filter_map(|line| line.strip_prefix("Dialogue: ")).map(dialogue).collect()
}

/// `0,0:00:00.50,0:00:02.25,Default,,0,0,0,,First line\NSecond line`
fn dialogue(event: &str) -> Dialogue {
    let fields: Vec<&str> = event.splitn(10, ',').collect();
    let time = |field: &str| {
        let numbers: Vec<u64> = field.split([':', '.']).map(|number| number.parse().unwrap()).collect();
        ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * 100 + numbers[3]
    };
    let lines = fields[9].split("\\N").map(str::to_owned).collect();
    Dialogue { start: time(fields[1]), end: time(fields[2]), lines }
}

fn jpeg(file: &File) -> RgbImage {
    assert_eq!(file.content_type, "image/jpeg");
    image::load_from_memory_with_format(&file.bytes, ImageFormat::Jpeg).unwrap().into_rgb8()
}

/// No person would tell the colour from that of the lecture's last scene.
fn is_blue(picture: &RgbImage, x: u32, y: u32) -> bool {
    picture.get_pixel(x, y).0.iter().zip([0x3b, 0x82, 0xf6]).all(|(found, truth)| found.abs_diff(truth) <= 12)
}

#[tokio::test]
async fn captions_say_what_the_transcript_says() {
    let world = World::get();
    let client = world.client("captioner", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    let done = client.finished(&job).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");

    let (srt, vtt) =
        (export(&client, &job, "captions.srt").await, export(&client, &job, "captions.vtt").await);
    assert_eq!(srt.content_type, "application/x-subrip; charset=utf-8");
    assert_eq!(vtt.content_type, "text/vtt; charset=utf-8");
    assert!(srt.disposition.starts_with("attachment; filename=\"lecture.srt\";"), "{}", srt.disposition);
    assert!(vtt.disposition.starts_with("attachment; filename=\"lecture.vtt\";"), "{}", vtt.disposition);
    assert!(vtt.bytes.starts_with(b"WEBVTT\n"));

    let (subrip, webvtt) = (read_by_ffmpeg("c.srt", &srt.bytes), read_by_ffmpeg("c.vtt", &vtt.bytes));
    assert!(!webvtt.is_empty(), "somebody speaks in it");
    let length = done["processedData"]["length"].as_f64().unwrap();
    let times = |captions: &[Dialogue]| captions.iter().map(|c| (c.start, c.end)).collect::<Vec<_>>();
    assert_eq!(times(&subrip), times(&webvtt));
    assert!(webvtt.windows(2).all(|two| two[0].end <= two[1].start), "{webvtt:?}");
    for caption in subrip.iter().chain(&webvtt) {
        assert!(caption.start < caption.end && caption.end - caption.start <= 700, "{caption:?}");
        assert!(caption.end as f64 / 100.0 <= length + 0.01, "after the end of {length}: {caption:?}");
        assert!((1..=2).contains(&caption.lines.len()), "{caption:?}");
        assert!(caption.lines.iter().all(|line| line.chars().count() <= 42), "{caption:?}");
    }
    let shown: Vec<&str> =
        webvtt.iter().flat_map(|c| &c.lines).flat_map(|line| line.split_whitespace()).collect();
    let spoken = done["processedData"]["transcript"].as_array().unwrap();
    let said: Vec<&str> =
        spoken.iter().flat_map(|s| s["Text"].as_str().unwrap().split_whitespace()).collect();
    assert_eq!(shown, said);
    let speakers: std::collections::BTreeSet<_> = spoken.iter().map(|s| s["Speaker"].to_string()).collect();
    let names = |file: &File, mark: &str| String::from_utf8_lossy(&file.bytes).contains(mark);
    assert_eq!(
        (names(&srt, "Speaker 1: "), names(&vtt, "<v Speaker 1>")),
        (speakers.len() > 1, speakers.len() > 1)
    );
}

#[tokio::test]
async fn scenes_have_thumbnails_and_a_contact_sheet() {
    let world = World::get();
    let client = world.client("thumber", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    let done = client.finished(&job).await;
    let scenes = done["processedData"]["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 3, "{done}");

    let mut seen = vec![];
    for (number, scene) in (1..).zip(scenes) {
        let by_number = export(&client, &job, &format!("thumbnails/{number}")).await;
        let id = scene["sceneId"].as_str().unwrap();
        let by_id = export(&client, &job, &format!("thumbnails/{id}")).await;
        assert!(by_number.bytes == by_id.bytes, "scene {number} and {id}");
        let name = format!("filename=\"lecture-scene-{number}.jpg\"");
        assert!(by_id.disposition.contains(&name), "{}", by_id.disposition);
        let picture = jpeg(&by_id);
        assert_eq!(picture.dimensions(), (1280, 720));
        assert_eq!(is_blue(&picture, 640, 360), number == 3, "scene {number}");
        seen.push(by_id.bytes);
    }
    // A whiteboard, a test card, a colour.
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);

    let sheet = export(&client, &job, "contact-sheet").await;
    assert!(sheet.disposition.contains("filename=\"lecture-contact-sheet.jpg\""), "{}", sheet.disposition);
    let sheet = jpeg(&sheet);
    // Two by two places of 320 by 180, with 20 for the time under each, and 8 between and around.
    assert_eq!(sheet.dimensions(), (2 * 328 + 8, 2 * 208 + 8));
    // The middles of the four places, the last of which is empty.
    let blue = [(168, 98), (496, 98), (168, 306), (496, 306)].map(|(x, y)| is_blue(&sheet, x, y));
    assert_eq!(blue, [false, false, true, false]);
}

#[tokio::test]
async fn only_a_jobs_owner_exports_it_and_only_what_it_has() {
    let world = World::get();
    let owner = world.client("exporter", Plan::Pro).await;
    let stranger = world.client("collector", Plan::Pro).await;
    let exports = ["captions.srt", "captions.vtt", "thumbnails/1", "contact-sheet"];
    let job = owner.upload(&world.clips.short()).await;
    assert_eq!(owner.finished(&job).await["status"], "COMPLETED");
    for name in exports {
        assert_eq!(status_of(&owner, &job, name).await, StatusCode::FOUND, "{name}");
        assert_eq!(status_of(&stranger, &job, name).await, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(status_of(&owner, "no-job", name).await, StatusCode::NOT_FOUND, "{name}");
        let keyless = owner.call(Method::GET, &format!("/v1/api/jobs/{job}/{name}"), None, &[]).await;
        assert_eq!(keyless.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    let other_id = format!("thumbnails/scene_{job}_2.0");
    for unknown in ["thumbnails/0", "thumbnails/2", "thumbnails/01", "thumbnails/x", &other_id] {
        assert_eq!(status_of(&owner, &job, unknown).await, StatusCode::NOT_FOUND, "{unknown}");
    }
    // Nobody speaks: valid files with no captions in them.
    assert_eq!(export(&owner, &job, "captions.srt").await.bytes, b"");
    assert_eq!(export(&owner, &job, "captions.vtt").await.bytes, b"WEBVTT\n");

    let (key, _) = owner.new_key(json!({ "name": "quota", "scopes": ["quota:read"] })).await;
    for name in exports {
        let path = format!("/v1/api/jobs/{job}/{name}");
        let answer = owner.call(Method::GET, &path, None, &[("x-api-key", &key)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn what_is_not_completed_is_not_exported() {
    let client = World::get().client("impatient", Plan::Pro).await;
    let made = client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" }))).await.body;
    let job = made["data"]["jobId"].as_str().unwrap();
    for (path, word) in [("captions.srt", "upload"), ("captions.vtt", "upload"), ("thumbnails/1", "upload")] {
        let answer = client.api(Method::GET, &format!("/v1/api/jobs/{job}/{path}"), None).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        assert!(answer.body["error"].as_str().unwrap().contains(word), "{}", answer.body);
    }
    client.api(Method::POST, &format!("/v1/api/jobs/{job}/cancel"), None).await;
    let cancelled = client.api(Method::GET, &format!("/v1/api/jobs/{job}/contact-sheet"), None).await;
    assert_eq!(cancelled.status, StatusCode::CONFLICT, "{}", cancelled.body);
    assert!(cancelled.body["error"].as_str().unwrap().contains("cancelled"), "{}", cancelled.body);
}

#[tokio::test]
async fn sound_alone_has_captions_and_no_pictures() {
    let world = World::get();
    let client = world.client("podcaster", Plan::Pro).await;
    let job = client.upload(&world.clips.audio_only()).await;
    assert_eq!(client.finished(&job).await["status"], "COMPLETED_NO_SCENES");
    let captions = export(&client, &job, "captions.vtt").await;
    assert!(!read_by_ffmpeg("c.vtt", &captions.bytes).is_empty(), "somebody speaks in it");
    for name in ["thumbnails/1", "contact-sheet"] {
        let answer = client.api(Method::GET, &format!("/v1/api/jobs/{job}/{name}"), None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}: {}", answer.body);
        assert!(answer.body["error"].as_str().unwrap().contains("no scenes"), "{}", answer.body);
    }
}

#[tokio::test]
async fn exports_go_with_their_video() {
    let world = World::get();
    let client = world.client("cleaner", Plan::Pro).await;
    let job = client.upload(&world.clips.short()).await;
    assert_eq!(client.finished(&job).await["status"], "COMPLETED");
    let folder = format!("videos/{job}/");
    let before = world.objects(&folder).await;
    for name in ["captions.srt", "captions.vtt", "contact-sheet.jpg"] {
        let is_it = |key: &&String| key.ends_with(&format!("/{name}"));
        assert_eq!(before.iter().filter(is_it).count(), 1, "{name} in {before:?}");
    }
    let url = client.api(Method::GET, &format!("/v1/api/jobs/{job}/captions.vtt"), None).await;
    let url = url.headers["location"].to_str().unwrap().to_owned();

    let deleted = client.session(Method::DELETE, &format!("/videos/{job}"), None).await;
    assert_eq!((deleted.status, &deleted.body), (StatusCode::NO_CONTENT, &Value::Null));
    assert_eq!(status_of(&client, &job, "captions.vtt").await, StatusCode::NOT_FOUND);
    eventually("nothing is in the bucket", async || {
        let left = world.objects(&folder).await;
        when(left.is_empty(), left)
    })
    .await;
    // The URL still holds; there is nothing behind it any more.
    assert!(reqwest::get(url).await.unwrap().status().is_client_error());
}
