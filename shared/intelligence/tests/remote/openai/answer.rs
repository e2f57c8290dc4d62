use std::{io, time::Duration};

use bytes::Bytes;
use domain::time::Seconds;
use futures::StreamExt;
use intelligence::{
    ProviderError, ProviderErrorKind,
    answer::{Evidence, EvidenceKind, Question},
};
use serde_json::{Value, json};

use crate::{
    openai::{KEY, MODEL},
    server::{Server, Told},
};

fn evidence() -> Vec<Evidence> {
    let (start, end) = (Seconds::new(65.0), Seconds::new(70.0));
    let text = "the slope is rise over run".to_owned();
    vec![Evidence { start, end, kind: EvidenceKind::Speech, text, score: 0.9, frame: None, video: None }]
}

/// All that is told, and how it ends.
async fn answer(server: &Server, evidence: &[Evidence]) -> (Vec<String>, Option<ProviderError>) {
    let question =
        Question { text: "What is the slope?".to_owned(), earlier: vec!["Who speaks?".to_owned()] };
    let mut stream = match server.providers().await.answerer.answer(&question, evidence).await {
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

fn token(content: &str) -> String {
    let chunk =
        json!({ "choices": [{ "index": 0, "delta": { "content": content }, "finish_reason": null }] });
    format!("data: {chunk}\n\n")
}

fn finish(reason: &str) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
}

/// Events, sent in these pieces.
fn events(pieces: Vec<io::Result<Bytes>>) -> Told {
    Told { body: pieces, ..Told::json(&Value::Null) }.header("content-type", "text/event-stream")
}

fn whole(events_text: &str) -> Told {
    events(vec![Ok(Bytes::from(events_text.to_owned()))])
}

fn cut(events_text: &str) -> Told {
    let broken = Err(io::Error::other("the server fell over"));
    events(vec![Ok(Bytes::from(events_text.to_owned())), broken])
}

#[tokio::test]
async fn openai_answers_are_told_as_they_come() {
    let server = Server::start(|_, _| {
        let role = json!({ "choices": [{ "delta": { "role": "assistant", "content": "" } }] });
        let usage = json!({ "choices": [], "usage": { "total_tokens": 9 } });
        whole(&format!(
            ": waiting\n\ndata: {role}\n\n{}{}{}data: {usage}\n\ndata: [DONE]\n\n",
            token("Rise over"),
            token(" run [01:05]."),
            finish("stop")
        ))
    })
    .await;
    let (told, error) = answer(&server, &evidence()).await;
    assert_eq!(told, ["Rise over", " run [01:05]."]);
    assert!(error.is_none(), "{error:?}");
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/v1/chat/completions");
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    let body = asked.json();
    assert_eq!((&body["stream"], &body["stream_options"]["include_usage"]), (&true.into(), &true.into()));
    let said: Value = serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap();
    assert_eq!(said["evidence"][0]["time"], "01:05");
    assert_eq!(
        (&said["question"], &said["earlier_questions"][0]),
        (&"What is the slope?".into(), &"Who speaks?".into())
    );
}

#[tokio::test]
async fn openai_what_an_answer_took_is_counted_also_where_a_server_takes_no_such_option() {
    let server = Server::start(|_, asked| {
        if asked.json().get("stream_options").is_some() {
            return Told::status(422, "extra_forbidden");
        }
        let usage = json!({ "choices": [], "usage": { "prompt_tokens": 70, "completion_tokens": 6 } });
        whole(&format!("{}{}data: {usage}\n\ndata: [DONE]\n\n", token("Rise."), finish("stop")))
    })
    .await;
    let providers = server.providers().await;
    let question = Question { text: "What is the slope?".to_owned(), earlier: vec![] };
    let answer = providers.answerer.answer(&question, &evidence()).await.unwrap();
    assert_eq!((answer.by.provider.as_str(), answer.by.model.as_str()), ("openai", MODEL));
    let told: Vec<_> = answer.pieces.collect().await;
    assert_eq!((told.len(), server.asked().len()), (1, 2));
    let spent = providers.meter.take();
    assert_eq!((spent.input_tokens, spent.output_tokens), (70, 6));
}

#[tokio::test]
async fn openai_streams_may_be_cut_anywhere_and_use_crlf() {
    let words = "Größe 斜率 🎓 [01:05]";
    let text = format!(": hi\r\n{}{}data: [DONE]\n\n", token(words), finish("stop")).replace('\n', "\r\n");
    let server = Server::start(move |_, _| {
        // Every byte by itself: within letters, lines and line ends.
        events(text.bytes().map(|byte| Ok(Bytes::copy_from_slice(&[byte]))).collect())
    })
    .await;
    let (told, error) = answer(&server, &evidence()).await;
    assert_eq!(told.concat(), words);
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn openai_a_stream_that_breaks_before_the_first_word_is_asked_for_again() {
    let server = Server::start(|number, _| match number {
        0 => cut(": waiting\n\n"),
        1 => whole("data: {\"error\": {\"code\": \"overloaded\"}}\n\n"),
        _ => whole(&format!("{}{}data: [DONE]\n\n", token("Rise."), finish("stop"))),
    })
    .await;
    let (told, error) = answer(&server, &evidence()).await;
    assert_eq!((told.concat().as_str(), server.asked().len()), ("Rise.", 3));
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn openai_a_stream_that_breaks_after_the_first_word_is_an_error() {
    let text = token("Rise");
    for broken in [cut(&text), whole(&text), whole(&format!("{text}data: {{\"cho\n\n"))] {
        let broken = std::sync::Mutex::new(Some(broken));
        let server = Server::start(move |_, _| broken.lock().unwrap().take().unwrap()).await;
        let (told, error) = answer(&server, &evidence()).await;
        assert_eq!((told.concat().as_str(), server.asked().len()), ("Rise", 1));
        assert_eq!(error.unwrap().kind(), ProviderErrorKind::Down);
    }
}

#[tokio::test]
async fn openai_answers_end_with_a_reason_or_with_done() {
    for end in [finish("stop"), finish("length"), "data: [DONE]\n\n".to_owned()] {
        let server = Server::start(move |_, _| whole(&format!("{}{end}", token("Rise.")))).await;
        let (told, error) = answer(&server, &evidence()).await;
        assert_eq!(told.concat(), "Rise.");
        assert!(error.is_none(), "{error:?}");
    }
}

#[tokio::test]
async fn openai_a_content_policy_ends_an_answer() {
    let server = Server::start(|_, _| whole(&format!("{}{}", token("Rise"), finish("content_filter")))).await;
    let (told, error) = answer(&server, &evidence()).await;
    assert_eq!((told.concat().as_str(), error.unwrap().kind()), ("Rise", ProviderErrorKind::Policy));
    let refusal = json!({ "choices": [{ "delta": { "refusal": "No." } }] });
    let server = Server::start(move |_, _| whole(&format!("data: {refusal}\n\n"))).await;
    let (told, error) = answer(&server, &evidence()).await;
    assert!(told.is_empty());
    assert_eq!((error.unwrap().kind(), server.asked().len()), (ProviderErrorKind::Policy, 1));
}

#[tokio::test]
async fn openai_thoughts_are_not_told() {
    let text = [token("<think>The"), token(" user</think>\n\n"), token("Rise."), finish("stop")].concat();
    let server = Server::start(move |_, _| whole(&text)).await;
    assert_eq!(answer(&server, &evidence()).await.0, ["Rise."]);
}

/// Whatever a server does, an answer ends: with what was said until then, and an error.
#[tokio::test]
async fn openai_answers_that_do_not_end_are_ended() {
    let event = token("Rise");
    let words = whole(&event.repeat(20_000));
    let silent_events = whole(&format!("{event}{}", ": thinking, still thinking\n".repeat(400_000)));
    let line = whole(&format!("{event}data: {}", "x".repeat(300 << 10)));
    for (endless, most_said) in [(words, 64 << 10), (silent_events, 4), (line, 4)] {
        let endless = std::sync::Mutex::new(Some(endless));
        let server = Server::start(move |_, _| endless.lock().unwrap().take().unwrap()).await;
        let (told, error) = answer(&server, &evidence()).await;
        let (said, error) = (told.concat().len(), error.unwrap());
        assert_eq!((said, error.kind(), server.asked().len()), (most_said, ProviderErrorKind::Down, 1));
        assert!(error.to_string().contains("does not end"), "{error}");
    }
}

/// A model may think for longer than it may pause between words.
#[tokio::test]
async fn openai_the_first_word_has_more_time_than_the_next() {
    let (thoughts, words) = ("data: {\"choices\": []}\n\n", format!("{}{}", token("Rise."), finish("stop")));
    let late = |text: &str| Ok(Bytes::from(text.to_owned()));
    let server = Server::start(move |_, _| {
        let mut told = events(vec![late(thoughts), late(&words)]);
        told.between = Duration::from_millis(1_500);
        told
    })
    .await;
    let (told, error) = answer(&server, &evidence()).await;
    assert_eq!((told.concat().as_str(), server.asked().len()), ("Rise.", 1));
    assert!(error.is_none(), "{error:?}");

    let server = Server::start(move |_, _| {
        let mut told = events(vec![late(&token("Rise")), late(&finish("stop"))]);
        told.between = Duration::from_millis(1_500);
        told
    })
    .await;
    let (told, error) = answer(&server, &evidence()).await;
    assert_eq!((told.concat().as_str(), error.unwrap().kind()), ("Rise", ProviderErrorKind::Down));
}

#[tokio::test]
async fn openai_an_answer_has_an_end_in_time() {
    let server = Server::start(|_, _| {
        let mut told = events((0..100).map(|_| Ok(Bytes::from(token("Rise ")))).collect());
        told.between = Duration::from_millis(200);
        told
    })
    .await;
    let providers = server.providers_with(None, Duration::from_secs(1)).await;
    let question = Question { text: "What is the slope?".to_owned(), earlier: vec![] };
    let began = std::time::Instant::now();
    let answer = providers.answerer.answer(&question, &evidence()).await.unwrap();
    let told: Vec<_> = answer.pieces.collect().await;
    assert!(told.len() > 2 && told.last().unwrap().is_err(), "{told:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn openai_is_not_asked_without_evidence() {
    let server = Server::start(|_, _| Told::status(500, "asked")).await;
    let (told, error) = answer(&server, &[]).await;
    assert!(told.concat().starts_with("I found nothing in this video"), "{told:?}");
    assert!(error.is_none() && server.asked().is_empty());
}
