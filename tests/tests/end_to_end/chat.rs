//! Questions about a video.

use std::time::Duration;

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::Event;
use tests::clips::BOARD;
use tests::event;
use tests::hosted::Hosted;
use tests::world::World;

/// The answer without what comes around it.
fn text_of(events: &[Event]) -> String {
    events.iter().filter_map(|event| event.data["value"].as_str()).skip(1).collect()
}

#[tokio::test]
async fn an_answer_arrives_word_by_word_and_is_kept() {
    let world = World::get();
    let client = world.client("asker", Plan::Pro).await;
    let video = client.upload(&world.clips.lecture()).await;
    assert_eq!(client.finished(&video).await["status"], "COMPLETED");

    let question = "What was written on the whiteboard at the start?";
    let events = client.ask(&video, json!({ "question": question })).await.unwrap();
    let types: Vec<&str> = events.iter().map(|event| event.data["type"].as_str().unwrap()).collect();
    assert_eq!(&types[..2], ["session_id", "frames_used"], "{types:?}");
    assert_eq!(types.last(), Some(&"done"));
    assert!(types[2..types.len() - 1].iter().all(|kind| *kind == "token"), "{types:?}");
    assert!(types.len() > 6, "one lump is no stream: {types:?}");
    let spread = events.last().unwrap().at - events[0].at;
    assert!(spread > Duration::from_millis(1), "all at once: {spread:?}");
    let answer = text_of(&events);
    assert!(answer.to_lowercase().contains(&BOARD.to_lowercase()), "{answer}");
    assert!(answer.contains("[00:0"), "no time is cited: {answer}");
    let frame = &events[1].data["value"][0];
    assert_eq!(frame["r2_key"], format!("videos/{video}/scenes/scene_000001.jpg"), "{frame}");

    let session = events[0].data["value"].as_str().unwrap();
    let follow_up = json!({ "question": "How many scenes are there?", "session_id": session });
    let second = client.ask(&video, follow_up).await.unwrap();
    assert_eq!(second[0].data["value"], session);

    // Its subject is in an earlier question of the session.
    let board = json!({ "question": "What does the whiteboard say?", "session_id": session });
    client.ask(&video, board).await.unwrap();
    let refers_back = "And when was it shown?";
    let in_session = json!({ "question": refers_back, "session_id": session });
    let found = text_of(&client.ask(&video, in_session).await.unwrap());
    assert!(found.to_lowercase().contains(&BOARD.to_lowercase()), "{found}");
    let out_of_the_blue = text_of(&client.ask(&video, json!({ "question": refers_back })).await.unwrap());
    assert!(!out_of_the_blue.to_lowercase().contains(&BOARD.to_lowercase()), "{out_of_the_blue}");

    let sessions = client.session(Method::GET, &format!("/chat/{video}/sessions"), None).await.body;
    let sessions: Vec<_> =
        sessions["sessions"].as_array().unwrap().iter().filter(|s| s["id"] == session).collect();
    assert_eq!((sessions.len(), &sessions[0]["message_count"]), (1, &8.into()));
    let kept = client.session(Method::GET, &format!("/chat/sessions/{session}"), None).await.body;
    assert_eq!(kept["video_id"], video);
    assert_eq!(
        (&kept["messages"][0]["role"], &kept["messages"][0]["content"]),
        (&"user".into(), &question.into())
    );
    assert_eq!(
        (&kept["messages"][1]["role"], &kept["messages"][1]["content"]),
        (&"assistant".into(), &answer.into())
    );
    assert!(kept["messages"][1]["frame_timestamps"].is_array());
    let made = |name: &str| (&kept["messages"][0][name], &kept["messages"][1][name]);
    assert_eq!(made("provenance").0, &json!(null), "a question is nobody's");
    assert_eq!(made("provenance").1["provider"], "builtin", "{kept}");
    let cost = made("cost").1;
    assert!(cost["gigabyte_seconds"].as_f64().unwrap() > 0.0, "{cost}");
    assert_eq!((&cost["input_tokens"], &cost["output_tokens"]), (&json!(0), &json!(0)), "no model was asked");
    let job = client.api(Method::GET, &format!("/v1/api/jobs/{video}"), None).await.body;
    let answers = &job["data"]["cost"]["answers"];
    assert!(
        answers["gigabyteSeconds"].as_f64() > cost["gigabyte_seconds"].as_f64(),
        "of all five: {answers}"
    );
}

#[tokio::test]
async fn several_videos_answer_together() {
    let world = World::get();
    let client = world.client("librarian", Plan::Pro).await;
    let clips = (world.clips.short(), world.clips.lecture());
    let (short, lecture) = futures::join!(client.upload(&clips.0), client.upload(&clips.1));
    futures::join!(client.finished(&short), client.finished(&lecture));
    let question = "What does the whiteboard say?";
    let alone = text_of(&client.ask(&short, json!({ "question": question })).await.unwrap());
    assert!(!alone.to_lowercase().contains(&BOARD.to_lowercase()), "{alone}");
    let body = json!({ "question": question, "video_ids": [lecture, short, lecture] });
    let events = client.ask(&short, body).await.unwrap();
    let together = text_of(&events);
    assert!(together.to_lowercase().contains(&BOARD.to_lowercase()), "{together}");
    assert!(together.contains("[lecture.mp4, 00:0"), "the video is named: {together}");
    let frames = events.iter().find(|event| event.data["type"] == "frames_used").unwrap();
    assert!(
        frames.data["value"].to_string().contains(&format!("videos/{lecture}/scenes/")),
        "{}",
        frames.data
    );

    let stranger = world.client("librarian-not", Plan::Pro).await;
    let own = stranger.upload(&world.clips.short()).await;
    stranger.finished(&own).await;
    for foreign in [lecture.as_str(), "0197f1e2-0000-7000-8000-000000000000", "nonsense"] {
        let body = json!({ "question": question, "video_ids": [foreign] });
        assert_eq!(stranger.ask(&own, body).await.err(), Some(StatusCode::NOT_FOUND), "{foreign}");
    }
    let many: Vec<uuid::Uuid> = (0..10).map(|_| uuid::Uuid::now_v7()).collect();
    let body = json!({ "question": question, "video_ids": many });
    assert_eq!(client.ask(&short, body).await.err(), Some(StatusCode::BAD_REQUEST));
}

/// Its embedder is one whose key cannot be read: words alone are searched for.
#[tokio::test]
async fn an_answer_does_not_need_the_embedders_key() {
    let world = World::get();
    let client = world.client("keyless", Plan::Pro).await;
    let video = client.upload(&world.clips.lecture()).await;
    assert_eq!(client.finished(&video).await["status"], "COMPLETED");
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:gone";
    let openai =
        [("EMBED_PROVIDER", "openai"), ("OPENAI_EMBED_MODEL", "vectors"), ("OPENAI_API_KEY_ARN", arn)];
    let hosted = Hosted::start(world, "chat-ask", "ChatAsk", &openai).await;
    let authorization = format!("Bearer {}", client.token);
    let mut event = event::request("chat-ask", &[("authorization", &authorization)]);
    event["path"] = json!(format!("/chat/{video}"));
    event["pathParameters"] = json!({ "video_id": video });
    event["body"] = json!(json!({ "question": "What does the whiteboard say?" }).to_string());
    assert_eq!(hosted.invoke(&event).await.status, 200);
    let sessions = client.session(Method::GET, &format!("/chat/{video}/sessions"), None).await.body;
    let session = sessions["sessions"][0]["id"].as_str().unwrap();
    let kept = client.session(Method::GET, &format!("/chat/sessions/{session}"), None).await.body;
    let answer = kept["messages"][1]["content"].as_str().unwrap();
    assert!(answer.to_lowercase().contains(&BOARD.to_lowercase()), "{kept}");
}

#[tokio::test]
async fn what_the_video_does_not_contain_is_not_made_up() {
    let world = World::get();
    let client = world.client("doubter", Plan::Pro).await;
    let video = client.upload(&world.clips.short()).await;
    client.finished(&video).await;
    let body = json!({ "question": "Which year did the volcano erupt?" });
    let events = client.ask(&video, body).await.unwrap();
    let frames = events.iter().find(|event| event.data["type"] == "frames_used").unwrap();
    assert_eq!(frames.data["value"], json!([]), "nothing was used");
    assert!(events.iter().any(|event| event.data["type"] == "token"), "it says so");
}

#[tokio::test]
async fn refusals_are_true_statuses() {
    let world = World::get();
    let client = world.client("refused", Plan::Free).await;
    let ask = |video: String| {
        let client = &client;
        async move { client.ask(&video, json!({ "question": "What is it?" })).await.err() }
    };
    assert_eq!(ask("0197f1e2-0000-7000-8000-000000000000".to_owned()).await, Some(StatusCode::NOT_FOUND));
    assert_eq!(ask("nonsense".to_owned()).await, Some(StatusCode::NOT_FOUND));
    let waiting = client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" }))).await.body;
    let waiting = waiting["data"]["jobId"].as_str().unwrap().to_owned();
    assert_eq!(ask(waiting).await, Some(StatusCode::CONFLICT));
}
