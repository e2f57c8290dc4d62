use std::{io::Cursor, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    analysis::{Described, Description, Rgb, Scene},
    time::Seconds,
};
use futures::{StreamExt, channel::mpsc::unbounded};
use image::{ImageFormat, Rgb as Pixel, RgbImage};
use intelligence::{ProviderError, ProviderErrorKind, describe::SceneImage};
use serde_json::{Value, json};

use crate::{
    openai::{KEY, MODEL},
    server::{Asked, Server, Told},
};

/// A keyframe whose shade tells it from others.
fn scene(ordinal: u32, width: u32, height: u32) -> SceneImage {
    let mut jpeg = Cursor::new(Vec::new());
    let shade = Pixel([40 * ordinal as u8; 3]);
    RgbImage::from_pixel(width, height, shade).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let scene = Scene {
        ordinal,
        start: Seconds::ZERO,
        end: Seconds::new(8.0),
        keyframe_at: Seconds::new(4.0),
        main_color: Rgb(9, 9, 9),
        brightness: 0.5,
        motion: 0.0,
        black: Vec::new(),
        frozen: Vec::new(),
    };
    SceneImage { scene, jpeg: Bytes::from(jpeg.into_inner()) }
}

async fn describe(server: &Server, scenes: &[SceneImage]) -> Result<Vec<Description>, ProviderError> {
    Ok(seen(&server.providers().await.describer.describe(scenes).await?))
}

fn seen(described: &[Described]) -> Vec<Description> {
    described.iter().map(|described| described.seen().unwrap().clone()).collect()
}

fn picture(asked: &Asked) -> RgbImage {
    let body = asked.json();
    let url = body["messages"][1]["content"][0]["image_url"]["url"].as_str().unwrap().to_owned();
    let jpeg = STANDARD.decode(url.strip_prefix("data:image/jpeg;base64,").unwrap()).unwrap();
    image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn reply(sentence: &str) -> Value {
    json!({
        "sentence": sentence,
        "on_screen_text": ["y = mx + b"],
        "objects": [{
            "name": "Board", "confidence": 0.9, "box": { "left": 0.25, "top": 0.1, "right": 0.75, "bottom": 0.5 },
        }],
    })
}

#[tokio::test]
async fn openai_describes_each_scene_by_its_own_picture_in_order() {
    let server = Server::start(|_, asked| {
        let shade = f32::from(picture(asked).get_pixel(5, 5).0[0]) / 40.0;
        Told::said(&reply(&format!("Shade {}.", shade.round())).to_string())
    })
    .await;
    let scenes: Vec<SceneImage> = (0..6).map(|n| scene(n, 1920, 1080)).collect();
    let providers = server.providers().await;
    let described = seen(&providers.describer.describe(&scenes).await.unwrap());
    let spent = providers.meter.take();
    assert_eq!((spent.input_tokens, spent.output_tokens), (6 * 700, 6 * 60));
    assert_eq!(spent.micro_dollars(), 0, "it is in no price list");
    let told: Vec<&str> = described.iter().map(|description| description.text.as_str()).collect();
    assert_eq!(told, ["Shade 0.", "Shade 1.", "Shade 2.", "Shade 3.", "Shade 4.", "Shade 5."]);
    let first = &described[0];
    assert_eq!(first.on_screen_text, ["y = mx + b"]);
    let board = &first.detections[0];
    assert_eq!((board.name.as_str(), board.x, board.width), ("board", 0.25, 0.5));
    let provenance = &first.provenance;
    assert_eq!((provenance.provider.as_str(), provenance.model.as_str()), ("openai", "test-model-7"));
    assert_eq!(provenance.prompt_version, "openai-describe-1");

    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/v1/chat/completions");
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(picture(asked).dimensions(), (1000, 563));
    let body = asked.json();
    assert_eq!(body["model"], MODEL);
    assert_eq!(body["response_format"]["type"], "json_schema");
    strict(&body["response_format"]["json_schema"]["schema"]);
}

/// What OpenAI's strict mode wants of a schema, all the way down.
fn strict(schema: &Value) {
    match schema["type"].as_str().unwrap() {
        "object" => {
            assert_eq!(schema["additionalProperties"], false, "{schema}");
            let properties = schema["properties"].as_object().unwrap();
            let names: Vec<&String> = properties.keys().collect();
            assert_eq!(schema["required"], json!(names));
            properties.values().for_each(strict);
        }
        "array" => strict(&schema["items"]),
        other => assert!(["string", "number"].contains(&other), "{other}"),
    }
}

#[tokio::test]
async fn openai_small_pictures_are_sent_as_they_are() {
    let server = Server::start(|_, _| Told::said(&reply("x").to_string())).await;
    describe(&server, &[scene(1, 640, 360)]).await.unwrap();
    assert_eq!(picture(&server.asked()[0]).dimensions(), (640, 360));
}

#[tokio::test]
async fn openai_waits_as_long_as_it_is_told_and_tries_again_after_faults() {
    let server = Server::start(|number, _| match number {
        0 => Told::status(429, "rate_limit_exceeded").header("retry-after", "1"),
        1 => Told::status(500, "server_error"),
        _ => Told::said(&reply("At last.").to_string()),
    })
    .await;
    let begun = std::time::Instant::now();
    let described = describe(&server, &[scene(1, 64, 64)]).await.unwrap();
    assert_eq!(described[0].text, "At last.");
    assert!(begun.elapsed().as_millis() >= 1_000, "{:?}", begun.elapsed());
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn openai_gives_up_with_the_kind_of_what_went_wrong() {
    let cases = [
        (429, "rate_limit_exceeded", ProviderErrorKind::Throttled, 3),
        (429, "insufficient_quota", ProviderErrorKind::Refused, 1),
        (500, "server_error", ProviderErrorKind::Down, 3),
        (401, "invalid_api_key", ProviderErrorKind::Refused, 1),
        (403, "forbidden", ProviderErrorKind::Refused, 1),
        (400, "invalid_image", ProviderErrorKind::BadInput, 1),
    ];
    for (status, code, kind, asked) in cases {
        let server = Server::start(move |_, _| Told::status(status, code)).await;
        let error = describe(&server, &[scene(1, 64, 64)]).await.unwrap_err();
        assert_eq!((error.kind(), server.asked().len()), (kind, asked), "{status} {code}: {error}");
        let told = format!("{error} {error:?}");
        assert!(told.contains(code) && !told.contains(KEY), "{told}");
    }
}

/// Each of the ways in which a server says so.
#[tokio::test]
async fn openai_a_picture_that_a_policy_forbids_spoils_no_other() {
    let filtered = || Told::completion(&json!({ "role": "assistant", "content": "A" }), "content_filter");
    let refusal = json!({ "role": "assistant", "content": null, "refusal": "I cannot describe this." });
    let refused = move || Told::completion(&refusal, "stop");
    let violation = || Told::status(400, "content_policy_violation");
    let ways: [Box<dyn Fn() -> Told + Send + Sync>; 3] =
        [Box::new(filtered), Box::new(refused), Box::new(violation)];
    for way in ways {
        let server = Server::start(move |_, asked| match picture(asked).get_pixel(5, 5).0[0] / 39 {
            1 => way(),
            _ => Told::said(&reply("A board.").to_string()),
        })
        .await;
        let scenes: Vec<SceneImage> = (0..3).map(|n| scene(n, 64, 64)).collect();
        let described = server.providers().await.describer.describe(&scenes).await.unwrap();
        let told: Vec<Option<&str>> =
            described.iter().map(|described| Some(described.seen()?.text.as_str())).collect();
        assert_eq!(told, [Some("A board."), None, Some("A board.")]);
        let by = described[1].provenance();
        assert_eq!((by.provider.as_str(), by.model.as_str()), ("openai", MODEL));
        assert_eq!(server.asked().len(), 3, "it is not asked about again");
    }
}

/// A server that fails in the middle: what it had described by then is told, and counted.
#[tokio::test]
async fn openai_what_was_described_before_a_failure_is_told() {
    let server = Server::start(|_, asked| match picture(asked).get_pixel(5, 5).0[0] / 39 {
        // By then the others of the first four are answered.
        2 => Told::status(401, "invalid_api_key").after(Duration::from_millis(500)),
        _ => Told::said(&reply("A board.").to_string()),
    })
    .await;
    let providers = server.providers().await;
    let scenes: Vec<SceneImage> = (0..6).map(|n| scene(n, 64, 64)).collect();
    let (told, heard) = unbounded();
    let error = providers.describer.describe_each(&scenes, &told).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::Refused, "{error}");
    drop(told);
    let mut places: Vec<usize> = heard.map(|(place, _)| place).collect().await;
    places.sort_unstable();
    assert_eq!(places, [0, 1, 3, 4, 5]);
    let spent = providers.meter.take();
    assert_eq!((spent.input_tokens, spent.output_tokens), (5 * 700, 5 * 60));
}

#[tokio::test]
async fn openai_an_answer_of_another_form_is_asked_for_once_more() {
    let server = Server::start(|number, _| match number {
        0 => Told::said("A whiteboard with some text on it."),
        _ => Told::said(&format!("<think>JSON, then</think>```json\n{}\n```", reply("A board."))),
    })
    .await;
    assert_eq!(describe(&server, &[scene(1, 64, 64)]).await.unwrap()[0].text, "A board.");
    let stubborn = Server::start(|_, _| Told::said("{\"sentence\": \"A bo")).await;
    let error = describe(&stubborn, &[scene(1, 64, 64)]).await.unwrap_err();
    assert_eq!((error.kind(), stubborn.asked().len()), (ProviderErrorKind::Down, 2), "{error}");
}

#[tokio::test]
async fn openai_bad_keyframes_and_wrong_servers_are_told_apart() {
    let server = Server::start(|_, _| Told::json(&json!({ "hello": "world" }))).await;
    let mut broken = scene(1, 64, 64);
    broken.jpeg = Bytes::from_static(b"not a picture");
    let error = describe(&server, &[broken]).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ProviderErrorKind::BadInput, 0));
    let error = describe(&server, &[scene(1, 64, 64)]).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::Down);
    assert!(error.to_string().contains("OPENAI_BASE_URL"), "{error}");
    assert!(describe(&server, &[]).await.unwrap().is_empty());
}
