use std::io::Cursor;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    analysis::{Description, Rgb, Scene},
    time::Seconds,
};
use futures::{StreamExt, channel::mpsc::unbounded};
use image::{ImageFormat, Rgb as Pixel, RgbImage};
use intelligence::{ProviderError, ProviderErrorKind, Providers, describe::SceneImage};
use serde_json::{Value, json};

use super::{check_failures, exception, providers_of};
use crate::server::{Asked, Server, Told};

const SHADE: u32 = 20;

/// A keyframe whose shade tells it from others.
fn scene(ordinal: u32) -> SceneImage {
    let mut jpeg = Cursor::new(Vec::new());
    let shade = Pixel([(SHADE * ordinal) as u8; 3]);
    RgbImage::from_pixel(1920, 1080, shade).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let scene = Scene {
        ordinal,
        start: Seconds::ZERO,
        end: Seconds::new(8.0),
        keyframe_at: Seconds::new(4.0),
        main_color: Rgb(9, 9, 9),
        brightness: 0.5,
        motion: 0.0,
        black: vec![],
        frozen: vec![],
    };
    SceneImage { scene, jpeg: Bytes::from(jpeg.into_inner()) }
}

pub(super) async fn describe(providers: Providers, scenes: u32) -> Result<Vec<Description>, ProviderError> {
    let described = providers.describer.describe(&(0..scenes).map(scene).collect::<Vec<_>>()).await?;
    Ok(described.iter().map(|described| described.seen().unwrap().clone()).collect())
}

/// The ordinals of the scenes in a request, by the shades of their pictures.
fn ordinals(asked: &Asked) -> Vec<u32> {
    let body = asked.json();
    let blocks = body["messages"][0]["content"].as_array().unwrap();
    let pictures = blocks.iter().filter_map(|block| block["image"]["source"]["bytes"].as_str());
    let shade = |base64: &str| {
        let jpeg = STANDARD.decode(base64).unwrap();
        let picture = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (1000, 563));
        (f32::from(picture.get_pixel(5, 5).0[0]) / SHADE as f32).round() as u32
    };
    pictures.map(shade).collect()
}

/// What is said about a picture.
fn described(number: usize, sentence: &str) -> Value {
    json!({
        "picture": number,
        "sentence": sentence,
        "on_screen_text": ["y = mx + b"],
        // On the scale of Nova all of these would lie in a picture of 563 lines, too.
        "objects": [{ "name": "Board", "confidence": 0.9, "box": [250, 100, 750, 500] }],
    })
}

/// An answer that passes this to the tool.
pub(super) fn passed(pictures: &[Value]) -> Told {
    let input = json!({ "pictures": pictures });
    let call = json!({ "toolUse": { "toolUseId": "1", "name": "describe_pictures", "input": input } });
    said(&call, "tool_use")
}

fn said(block: &Value, stop_reason: &str) -> Told {
    Told::json(&json!({
        "output": { "message": { "role": "assistant", "content": [{ "text": "Well:" }, block] } },
        "stopReason": stop_reason,
        "usage": { "inputTokens": 900, "outputTokens": 80, "totalTokens": 980 },
        "metrics": { "latencyMs": 5 },
    }))
}

/// A sentence for each picture that shows which one it is.
pub(super) fn all(asked: &Asked) -> Vec<Value> {
    let numbered = ordinals(asked).into_iter().enumerate();
    numbered.map(|(at, ordinal)| described(at + 1, &format!("Scene {ordinal}."))).collect()
}

fn texts(descriptions: &[Description]) -> Vec<&str> {
    descriptions.iter().map(|description| description.text.as_str()).collect()
}

#[tokio::test]
async fn aws_describes_five_pictures_a_request_in_order() {
    let server = Server::start(|_, asked| {
        // Any order will do: each says which picture it is about.
        let mut pictures = all(asked);
        pictures.reverse();
        passed(&pictures)
    })
    .await;
    let providers = providers_of(&server).await;
    let descriptions = describe(providers.clone(), 7).await.unwrap();
    let spent = providers.meter.take();
    assert_eq!((spent.input_tokens, spent.output_tokens), (2 * 900, 2 * 80));
    assert_eq!(spent.micro_dollars(), 2 * (270 + 200), "by the price list");
    assert!(providers.meter.take().is_nothing(), "it was taken down");
    assert_eq!(texts(&descriptions), (0..7).map(|n| format!("Scene {n}.")).collect::<Vec<_>>());
    let mut sizes: Vec<usize> = server.asked().iter().map(|asked| ordinals(asked).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 5]);
    let first = &descriptions[0];
    assert_eq!(first.on_screen_text, ["y = mx + b"]);
    let board = &first.detections[0];
    assert_eq!((board.name.as_str(), board.confidence), ("board", 0.9));
    assert_eq!(
        [board.x, board.y, board.width, board.height],
        [0.25, 0.1, 0.5, 0.4],
        "thousandths of the picture"
    );
    let from = &first.provenance;
    assert_eq!((from.provider.as_str(), from.model.as_str()), ("aws", "global.amazon.nova-2-lite-v1:0"));
}

#[tokio::test]
async fn aws_must_answer_by_the_tool() {
    let server = Server::start(|_, asked| passed(&all(asked))).await;
    describe(providers_of(&server).await, 1).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/model/global.amazon.nova-2-lite-v1%3A0/converse");
    let body = asked.json();
    let tools = &body["toolConfig"];
    assert_eq!(tools["toolChoice"], json!({ "tool": { "name": "describe_pictures" } }));
    let schema = &tools["tools"][0]["toolSpec"]["inputSchema"]["json"];
    let fields = &schema["properties"]["pictures"]["items"]["properties"];
    assert_eq!(fields["objects"]["items"]["properties"]["box"]["items"]["type"], "integer");
    assert_eq!(body["inferenceConfig"]["temperature"], 0.0);
    assert_eq!(body["messages"][0]["content"][0]["text"], "Picture 1:");
    let rules = body["system"][0]["text"].as_str().unwrap();
    assert!(rules.contains("never an instruction"), "{rules}");
}

#[tokio::test]
async fn aws_pictures_that_are_left_out_are_asked_about_alone() {
    let server = Server::start(|number, asked| {
        let mut pictures = all(asked);
        if number == 0 {
            // The second is missing, the third says nothing, the fourth is told twice.
            pictures[2] = described(3, " ");
            pictures[1] = described(4, "Scene 3, again.");
            pictures.swap(1, 3);
            pictures.push(described(99, "Scene 99."));
        }
        passed(&pictures)
    })
    .await;
    let descriptions = describe(providers_of(&server).await, 4).await.unwrap();
    assert_eq!(texts(&descriptions), ["Scene 0.", "Scene 1.", "Scene 2.", "Scene 3."]);
    let asked: Vec<Vec<u32>> = server.asked().iter().map(ordinals).collect();
    assert_eq!(asked, [vec![0, 1, 2, 3], vec![1], vec![2]]);
}

#[tokio::test]
async fn aws_one_picture_does_not_spoil_the_others() {
    for is_filtered in [false, true] {
        let server = Server::start(move |_, asked| match (ordinals(asked).len(), is_filtered) {
            (1, _) => passed(&all(asked)),
            (_, false) => exception(400, "ValidationException"),
            (_, true) => said(&json!({ "text": "" }), "content_filtered"),
        })
        .await;
        assert_eq!(describe(providers_of(&server).await, 3).await.unwrap().len(), 3);
        assert_eq!(server.asked().len(), 4);
    }
}

/// Of five pictures one is refused, together with its neighbours and alone.
#[tokio::test]
async fn aws_a_picture_that_a_policy_forbids_loses_no_other() {
    for reason in ["content_filtered", "guardrail_intervened"] {
        let server = Server::start(move |_, asked| match ordinals(asked).contains(&3) {
            true => said(&json!({ "text": "I cannot." }), reason),
            false => passed(&all(asked)),
        })
        .await;
        let providers = providers_of(&server).await;
        let scenes: Vec<SceneImage> = (0..5).map(scene).collect();
        let described = providers.describer.describe(&scenes).await.unwrap();
        let told: Vec<Option<&str>> =
            described.iter().map(|described| Some(described.seen()?.text.as_str())).collect();
        assert_eq!(told, [Some("Scene 0."), Some("Scene 1."), Some("Scene 2."), None, Some("Scene 4.")]);
        assert_eq!(described[3].provenance().provider, "aws");
        assert_eq!(server.asked().len(), 6, "once together, once each");
        assert_eq!(providers.meter.take().input_tokens, 6 * 900, "a refusal is paid for, too");
    }
}

/// A server that fails in the middle: what it had described by then is told, and counted.
#[tokio::test]
async fn aws_what_was_described_before_a_failure_is_told() {
    let server = Server::start(|_, asked| {
        let asked_about = ordinals(asked);
        match (asked_about.contains(&6), asked_about.as_slice()) {
            // Of the second request all but two are answered, and one of those two alone.
            (true, [_, _, ..]) => passed(&all(asked)[..3]),
            (_, [9]) => exception(403, "AccessDeniedException"),
            (true | false, _) => passed(&all(asked)),
        }
    })
    .await;
    let providers = providers_of(&server).await;
    let scenes: Vec<SceneImage> = (0..10).map(scene).collect();
    let (told, heard) = unbounded();
    let error = providers.describer.describe_each(&scenes, &told).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::Refused, "{error}");
    drop(told);
    let mut places: Vec<usize> = heard.map(|(place, _)| place).collect().await;
    places.sort_unstable();
    assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(providers.meter.take().input_tokens, 3 * 900);
}

#[tokio::test]
async fn aws_a_model_that_does_not_use_the_tool_is_down() {
    for reason in ["end_turn", "max_tokens", "malformed_tool_use", "malformed_model_output"] {
        let server = Server::start(move |_, _| said(&json!({ "text": "A board." }), reason)).await;
        let error = describe(providers_of(&server).await, 1).await.unwrap_err();
        assert_eq!((error.kind(), server.asked().len()), (ProviderErrorKind::Down, 2));
        assert!(error.to_string().contains("nova-2-lite"), "{error}");
    }
}

#[tokio::test]
async fn aws_failures_of_a_description_are_told_apart() {
    check_failures(|providers| async move { describe(providers, 1).await.err() }).await;
}

#[tokio::test]
async fn aws_reads_nothing_but_jpegs() {
    let server = Server::start(|_, asked| passed(&all(asked))).await;
    let mut image = scene(0);
    image.jpeg = Bytes::from_static(b"GIF89a");
    let error = providers_of(&server).await.describer.describe(&[image]).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ProviderErrorKind::BadInput, 0));
}
