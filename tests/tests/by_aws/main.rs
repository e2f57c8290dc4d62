//! The product from outside, as in `end_to_end`, where AWS's services describe, transcribe, embed and answer. The emulator
//! speaks for Bedrock and Transcribe, on the wire and under each function's own role.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::model;
use tests::runs::Runs;
use tests::world::World;

#[tokio::test]
async fn a_lecture_is_understood_by_aws() {
    let world = World::by_aws(&model::serve());
    let client = world.client("cloud", Plan::Pro).await;
    let video = client.upload(&world.clips.lecture()).await;
    let done = client.finished(&video).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    let scenes = done["processedData"]["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 3, "{done}");
    assert!(scenes.iter().all(|scene| scene.to_string().contains(model::SENTENCE)), "{done}");
    let batch = stored(&world, &video, "descriptions/000000.json").await;
    let published = &batch["descriptions"];
    let board = &published[0]["detections"][0];
    assert_eq!((&board["name"], &board["x"], &board["width"]), (&json!("board"), &json!(0.1), &json!(0.5)));
    assert_eq!(published[0]["provenance"]["provider"], "aws");
    assert_eq!(batch["by"], published[0]["provenance"]);

    let transcript = stored(&world, &video, "transcript.json").await;
    assert_eq!(transcript["provenance"]["model"], "Amazon Transcribe");
    let spoken = transcript["utterances"].as_array().unwrap();
    assert!(spoken[0]["text"].as_str().unwrap().contains("mock transcript"), "{transcript}");
    assert_eq!((&spoken[0]["speaker"], &spoken[1]["speaker"]), (&json!(0), &json!(1)), "{transcript}");
    let runs = Runs::of(&world).await;
    let errors = async |attempt: u32| -> Vec<String> {
        let history = runs.history(&video, attempt).await;
        let failures = history.iter().filter_map(|event| event.task_failed_event_details());
        failures.filter_map(|details| details.error()).map(str::to_owned).collect()
    };
    assert_eq!(errors(1).await, ["Pending"], "it was begun, waited for and read");

    // The last step writes down its own when it is done; the emulator tells no tokens of embedding.
    let used = &done["cost"]["stages"].as_array().unwrap().iter().find(|stage| stage["stage"] == "describe");
    let used = used.unwrap();
    for what in ["inputTokens", "outputTokens", "audioSecs"] {
        assert!(used[what].as_u64().unwrap() > 0, "{used}");
    }

    let events = client.ask(&video, json!({ "question": "What is on the board?" })).await.unwrap();
    let answer: String = events
        .iter()
        .filter(|event| event.data["type"] == "token")
        .filter_map(|event| event.data["value"].as_str())
        .collect();
    assert_eq!(answer, model::ANSWER);
    let session = events[0].data["value"].as_str().unwrap();
    let kept = client.session(Method::GET, &format!("/chat/sessions/{session}"), None).await.body;
    let provenance = &kept["messages"][1]["provenance"];
    assert_eq!((&provenance["provider"], &provenance["prompt_version"]), (&json!("aws"), &json!("answer-2")));
    for scene in scenes {
        let (from, frame) = (&scene["provenance"], scene["provenance"]["frameTs"].as_f64().unwrap());
        assert_eq!((&from["provider"], &from["promptVersion"]), (&json!("aws"), &json!("aws-describe-1")));
        assert!((scene["startTs"].as_f64().unwrap()..=scene["endTs"].as_f64().unwrap()).contains(&frame));
    }
    assert_eq!(done["processedData"]["transcriptProvenance"]["model"], "Amazon Transcribe", "{done}");

    let anew = Some(json!({ "from": "describe" }));
    let retried = client.session(Method::POST, &format!("/videos/{video}/retry"), anew).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED, "{}", retried.body);
    assert_eq!(client.finished(&video).await["processedData"], done["processedData"]);
    assert_eq!(errors(2).await, Vec::<String>::new(), "the transcript was taken over, not asked for again");
}

/// What a step left behind.
async fn stored(world: &World, video: &str, name: &str) -> Value {
    let object = world.store().await.object(&format!("videos/{video}/g1/{name}")).await.unwrap();
    serde_json::from_slice(&object.unwrap()).unwrap()
}
