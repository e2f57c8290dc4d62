//! The product from outside, as in `end_to_end`, where a server that speaks OpenAI's protocol describes pictures: one
//! that refuses some, fails in the middle, or is left in the middle.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

mod server;

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::wait::{eventually, when};
use tests::world::World;

use server::{ANSWER, INPUT_TOKENS, Model, OUTPUT_TOKENS, SENTENCE, Temper, WORDS};

/// Scenes of the lecture, and so pictures.
const SCENES: usize = 3;

/// What is said of each scene.
fn said(job: &Value) -> Vec<&str> {
    let scenes = job["processedData"]["scenes"].as_array().unwrap();
    scenes.iter().map(|scene| scene["description"].as_str().unwrap()).collect()
}

/// Tokens that descriptions took.
fn tokens(job: &Value) -> (u64, u64) {
    let stages = job["cost"]["stages"].as_array().unwrap();
    let describe = stages.iter().find(|stage| stage["stage"] == "describe").unwrap();
    (describe["inputTokens"].as_u64().unwrap(), describe["outputTokens"].as_u64().unwrap())
}

fn of(answers: usize) -> (u64, u64) {
    (answers as u64 * INPUT_TOKENS, answers as u64 * OUTPUT_TOKENS)
}

async fn retry(client: &Client, job: &str) {
    let retried = client.session(Method::POST, &format!("/videos/{job}/retry"), None).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED, "{}", retried.body);
}

/// What an answer took is on it, and on the job's receipt.
async fn answers(client: &Client, job: &str) {
    let events = client.ask(job, json!({ "question": "Who writes an equation?" })).await.unwrap();
    let told: String = events.iter().skip(2).filter_map(|event| event.data["value"].as_str()).collect();
    assert_eq!(told, ANSWER);
    let session = events[0].data["value"].as_str().unwrap();
    let kept = client.session(Method::GET, &format!("/chat/sessions/{session}"), None).await.body;
    let answer = &kept["messages"][1];
    assert_eq!(
        (&answer["provenance"]["provider"], &answer["provenance"]["model"]),
        (&json!("openai"), &json!("mouth"))
    );
    let of = |cost: &Value, names: [&str; 2]| names.map(|name| cost[name].as_u64().unwrap());
    let tokens = [INPUT_TOKENS, OUTPUT_TOKENS];
    assert_eq!(of(&answer["cost"], ["input_tokens", "output_tokens"]), tokens, "{answer}");
    let shown = client.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await.body;
    let receipt = &shown["data"]["cost"];
    assert_eq!(of(&receipt["answers"], ["inputTokens", "outputTokens"]), tokens, "{receipt}");
}

/// One after another, because there is one server, which does to everybody's pictures what it was last told.
#[tokio::test]
async fn what_was_described_is_kept_whatever_happens_to_the_rest() {
    let model = Model::serve();
    let world = World::by_openai(&model.url);
    let client = world.client("remote", Plan::Pro).await;
    let upload = async || client.upload(&world.clips.lecture()).await;

    model.set(Temper::Refuses(1));
    let refused = client.finished(&upload().await).await;
    assert_eq!(refused["status"], "COMPLETED", "{refused}");
    let (described, not): (Vec<&str>, Vec<&str>) = said(&refused).into_iter().partition(|it| *it == SENTENCE);
    assert_eq!((described.len(), not.len(), model.asked()), (SCENES - 1, 1, SCENES), "{refused}");
    assert!(not[0].starts_with("Not described: the content policy"), "{not:?}");
    for scene in refused["processedData"]["scenes"].as_array().unwrap() {
        let is_refused = scene["description"] != SENTENCE;
        assert_eq!(scene.get("refused"), is_refused.then_some(&json!(true)), "{scene}");
        assert_eq!(scene["provenance"]["provider"], "openai", "{scene}");
    }
    let job = refused["jobId"].as_str().unwrap();
    assert_eq!(refused["processedData"]["transcript"][0]["Text"], WORDS, "{refused}");
    let heard = world.objects(&format!("videos/{job}/g1/transcription/openai-transcribe-1/ears/")).await;
    assert_eq!(heard.len(), 1, "what was paid for is kept: {heard:?}");
    answers(&client, job).await;
    let search = json!({ "query": "content policy", "kinds": ["description"] });
    let found = client.api(Method::POST, "/v1/api/search", Some(search)).await.body;
    assert_eq!(found["data"], json!([]), "a refusal is not something that the video shows");

    model.set(Temper::RefusesAll);
    let job = upload().await;
    let failed = client.finished(&job).await;
    assert_eq!((&failed["status"], &failed["errorCode"]), (&json!("FAILED"), &json!("content_refused")));
    let message = failed["errorMessage"].as_str().unwrap();
    assert!(message.contains("processingMode transcript"), "{message}");
    let shown = client.session(Method::GET, &format!("/videos/{job}"), None).await.body;
    assert_eq!(shown["failure"]["code"], "content_refused", "{shown}");
    retry(&client, &job).await;
    assert_eq!(client.finished(&job).await["errorCode"], "content_refused");
    assert_eq!(model.asked(), SCENES, "refusals are kept, too");

    model.set(Temper::Fails(SCENES - 1));
    let job = upload().await;
    let failed = client.finished(&job).await;
    assert_eq!((&failed["status"], &failed["errorCode"]), (&json!("FAILED"), &json!("internal")), "{failed}");
    assert_eq!(tokens(&failed), of(SCENES - 1), "what a failed attempt took was taken");
    model.set(Temper::Describes);
    retry(&client, &job).await;
    let done = client.finished(&job).await;
    assert_eq!((said(&done), model.asked()), (vec![SENTENCE; SCENES], 1), "{done}");
    assert_eq!(tokens(&done), of(SCENES), "each is paid for once");

    model.set(Temper::Hangs(SCENES - 1));
    let job = upload().await;
    let pieces = format!("videos/{job}/g1/descriptions/pieces/");
    eventually("the others are described and kept", async || {
        when(model.asked() == SCENES && !world.objects(&pieces).await.is_empty(), model.asked())
    })
    .await;
    let kept = eventually("what they cost is counted", async || {
        let shown = client.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await.body;
        let counted = shown["data"]["cost"]["stages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["stage"] == "describe" && it["inputTokens"].as_u64() == Some(of(SCENES - 1).0));
        when(counted, world.objects(&pieces).await)
    })
    .await;
    model.set(Temper::Describes);
    assert_eq!(world.kill("PipelineDescribe"), 1);
    let done = client.finished(&job).await;
    assert_eq!((said(&done), model.asked()), (vec![SENTENCE; SCENES], 1), "{done}");
    assert_eq!(tokens(&done), of(SCENES), "{kept:?}");
}
