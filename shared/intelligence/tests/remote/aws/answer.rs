use std::io;

use aws_sdk_bedrockruntime::primitives::event_stream::{Header, HeaderValue, Message};
use aws_smithy_eventstream::frame::write_message_to;
use bytes::Bytes;
use domain::time::Seconds;
use futures::StreamExt;
use intelligence::{
    ProviderError, ProviderErrorKind, Providers,
    answer::{Evidence, EvidenceKind, Question},
};
use serde_json::{Value, json};

use super::{check_failures, providers_of};
use crate::server::{Server, Told};

fn evidence() -> Vec<Evidence> {
    let (start, end) = (Seconds::new(65.0), Seconds::new(70.0));
    let text = "the slope is rise over run".to_owned();
    vec![Evidence { start, end, kind: EvidenceKind::Speech, text, score: 0.9, frame: None, video: None }]
}

/// All that is told, and how it ends.
async fn answer(providers: Providers) -> (Vec<String>, Option<ProviderError>) {
    let question =
        Question { text: "What is the slope?".to_owned(), earlier: vec!["Who speaks?".to_owned()] };
    let mut stream = match providers.answerer.answer(&question, &evidence()).await {
        Ok(answer) => answer.pieces,
        Err(error) => return (vec![], Some(error)),
    };
    let mut told = vec![];
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => told.push(piece),
            Err(error) => {
                assert!(stream.next().await.is_none(), "nothing comes after an error");
                return (told, Some(error));
            }
        }
    }
    (told, None)
}

/// A message of an event stream, of this type and kind.
fn message(message_type: &'static str, kind: (&'static str, &str), body: &Value) -> Vec<u8> {
    let text = |text: &str| HeaderValue::String(text.to_owned().into());
    let message = Message::new(body.to_string())
        .add_header(Header::new(":message-type", text(message_type)))
        .add_header(Header::new(kind.0, text(kind.1)))
        .add_header(Header::new(":content-type", text("application/json")));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn event(name: &str, body: &Value) -> Vec<u8> {
    message("event", (":event-type", name), body)
}

fn token(text: &str) -> Vec<u8> {
    event("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": { "text": text } }))
}

fn thought(text: &str) -> Vec<u8> {
    let delta = json!({ "reasoningContent": { "text": text } });
    event("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": delta }))
}

fn stop(reason: &str) -> Vec<u8> {
    event("messageStop", &json!({ "stopReason": reason }))
}

fn exception(name: &str) -> Vec<u8> {
    message("exception", (":exception-type", name), &json!({ "message": "you sent a slope" }))
}

fn usage() -> Vec<u8> {
    let usage = json!({ "inputTokens": 9, "outputTokens": 3, "totalTokens": 12 });
    event("metadata", &json!({ "usage": usage, "metrics": { "latencyMs": 5 } }))
}

fn told(parts: &[Vec<u8>]) -> Told {
    let body = parts.iter().map(|part| Ok(Bytes::from(part.clone()))).collect();
    Told { body, ..Told::json(&Value::Null) }.header("content-type", "application/vnd.amazon.eventstream")
}

fn cut(parts: &[Vec<u8>]) -> Told {
    let mut told = told(parts);
    told.body.push(Err(io::Error::other("the server fell over")));
    told
}

#[tokio::test]
async fn aws_answers_are_told_as_they_come() {
    let server = Server::start(|_, _| {
        let start = event("messageStart", &json!({ "role": "assistant" }));
        let end = event("contentBlockStop", &json!({ "contentBlockIndex": 0 }));
        let parts = [start, thought("Hm."), token("Rise over"), token(" run [01:05]."), end];
        told(&[&parts[..], &[stop("end_turn"), usage()]].concat())
    })
    .await;
    let (said, error) = answer(providers_of(&server).await).await;
    assert_eq!(said, ["Rise over", " run [01:05]."]);
    assert!(error.is_none(), "{error:?}");
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/model/global.amazon.nova-2-lite-v1%3A0/converse-stream");
    let body = asked.json();
    assert!(
        body["system"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("You answer questions about a video, or about several.")
    );
    let said = body["messages"][0]["content"][0]["text"].as_str().unwrap();
    let said: Value = serde_json::from_str(said).unwrap();
    assert_eq!(
        (&said["evidence"][0]["time"], &said["question"]),
        (&"01:05".into(), &"What is the slope?".into())
    );
}

#[tokio::test]
async fn aws_streams_may_be_cut_anywhere() {
    let words = "Größe 斜率 🎓 [01:05]";
    let bytes = [token(words), stop("end_turn"), usage()].concat();
    let server =
        Server::start(move |_, _| told(&bytes.chunks(7).map(<[u8]>::to_vec).collect::<Vec<_>>())).await;
    let (said, error) = answer(providers_of(&server).await).await;
    assert_eq!(said.concat(), words);
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn aws_a_stream_that_breaks_before_the_first_word_is_asked_for_again() {
    let server = Server::start(|number, _| match number {
        0 => cut(&[thought("Hm.")]),
        1 => told(&[exception("modelStreamErrorException")]),
        _ => told(&[token("Rise."), stop("end_turn")]),
    })
    .await;
    let (said, error) = answer(providers_of(&server).await).await;
    assert_eq!((said.concat().as_str(), server.asked().len()), ("Rise.", 3));
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn aws_a_stream_that_breaks_after_the_first_word_is_an_error() {
    use ProviderErrorKind::{BadInput, Down, Policy, Throttled};
    let broken = [
        (cut as fn(&[Vec<u8>]) -> Told, vec![], Down),
        (told, vec![], Down),
        (told, exception("internalServerException"), Down),
        (told, exception("modelStreamErrorException"), Down),
        (told, exception("serviceUnavailableException"), Down),
        (told, exception("throttlingException"), Throttled),
        (told, exception("validationException"), BadInput),
        (told, stop("content_filtered"), Policy),
        (told, stop("guardrail_intervened"), Policy),
    ];
    for (how, last, kind) in broken {
        let server = Server::start(move |_, _| how(&[token("Rise"), last.clone()])).await;
        let (said, error) = answer(providers_of(&server).await).await;
        assert_eq!((said.concat().as_str(), server.asked().len()), ("Rise", 1));
        let error = error.unwrap();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!format!("{error:?}").contains("slope"), "what was sent is not repeated: {error:?}");
    }
}

/// Whatever a model does, an answer ends: with what was said until then, and an error.
#[tokio::test]
async fn aws_answers_that_do_not_end_are_ended() {
    let words = vec![token(&"Rise ".repeat(1_000)); 20];
    let thoughts = [vec![token("Rise")], vec![thought(&"Hm. ".repeat(100_000)); 25]].concat();
    for (endless, least_said) in [(words, 60_000), (thoughts, 4)] {
        // A thousand pieces would wait for each other.
        let endless = endless.concat();
        let server = Server::start(move |_, _| told(std::slice::from_ref(&endless))).await;
        let (said, error) = answer(providers_of(&server).await).await;
        let (said, error) = (said.concat().len(), error.unwrap());
        assert!((least_said..=64 << 10).contains(&said), "{said}");
        assert_eq!((error.kind(), server.asked().len()), (ProviderErrorKind::Down, 1));
        assert!(error.to_string().contains("does not end"), "{error}");
    }
}

#[tokio::test]
async fn aws_answers_that_stop_for_another_reason_are_complete() {
    for end in [vec![stop("end_turn")], vec![stop("max_tokens"), usage()], vec![stop("stop_sequence")]] {
        let parts = [vec![token("Rise.")], end].concat();
        let server = Server::start(move |_, _| told(&parts)).await;
        let (said, error) = answer(providers_of(&server).await).await;
        assert_eq!(said.concat(), "Rise.");
        assert!(error.is_none(), "{error:?}");
    }
}

#[tokio::test]
async fn aws_failures_of_an_answer_are_told_apart() {
    check_failures(|providers| async move {
        let (said, error) = answer(providers).await;
        assert!(said.is_empty());
        error
    })
    .await;
}
