use intelligence::ProviderErrorKind;
use serde_json::json;

use super::{check_failures, exception, providers_of};
use crate::server::{Server, Told};

const DIMENSIONS: usize = 512;

#[tokio::test]
async fn aws_vectors_are_titans_one_text_a_request_and_in_order() {
    let server = Server::start(|_, asked| {
        let body = asked.json();
        assert_eq!((&body["dimensions"], &body["normalize"]), (&json!(DIMENSIONS), &json!(true)));
        let length = body["inputText"].as_str().unwrap().chars().count();
        let mut vector = vec![0.0; DIMENSIONS];
        (vector[0], vector[1]) = (length as f64, 1.0);
        Told::json(&json!({ "embedding": vector, "inputTextTokenCount": 1 }))
    })
    .await;
    let providers = providers_of(&server).await;
    let embedder = providers.embedder;
    let texts: Vec<String> =
        (0..20).map(|n| if n == 7 { " ".to_owned() } else { "x".repeat(n + 1) }).collect();
    let made = embedder.embed(&texts).await.unwrap();
    assert_eq!((made.len(), server.asked().len()), (20, 19));
    assert_eq!(providers.meter.take().input_tokens, 19);
    for (n, vector) in made.iter().enumerate() {
        assert_eq!(vector.len(), DIMENSIONS);
        if n == 7 {
            assert!(vector.iter().all(|x| *x == 0.0), "there is nothing to embed");
            continue;
        }
        assert!((vector[0] / vector[1] - (n + 1) as f32).abs() < 1e-2, "{n}");
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
    }
    assert_eq!(embedder.id().as_str(), "aws/512/amazon.titan-embed-text-v2:0");
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/model/amazon.titan-embed-text-v2%3A0/invoke");
    let signed = asked.headers["authorization"].to_str().unwrap();
    assert!(signed.contains("/eu-central-1/bedrock/aws4_request"), "{signed}");
}

#[tokio::test]
async fn aws_vectors_of_another_form_are_an_error() {
    for answer in [json!({ "embedding": [1.0, 2.0] }), json!({ "results": [{ "outputText": "hi" }] })] {
        let server = Server::start(move |_, _| Told::json(&answer)).await;
        let error = providers_of(&server).await.embedder.embed(&["one".to_owned()]).await.unwrap_err();
        assert_eq!(error.kind(), ProviderErrorKind::Down, "{error}");
    }
}

#[tokio::test]
async fn aws_failures_of_an_embedding_are_told_apart() {
    check_failures(|providers| async move { providers.embedder.embed(&["one".to_owned()]).await.err() })
        .await;
}

#[tokio::test]
async fn aws_says_when_to_come_back() {
    let server =
        Server::start(|_, _| exception(429, "ThrottlingException").header("retry-after", "60")).await;
    let error = providers_of(&server).await.embedder.embed(&["one".to_owned()]).await.unwrap_err();
    assert_eq!(
        (error.kind(), server.asked().len()),
        (ProviderErrorKind::Throttled, 1),
        "the time ends before"
    );
}

#[tokio::test]
async fn aws_that_cannot_be_reached_is_down() {
    let closed =
        Server::start(|_, _| Told::json(&json!({}))).await.endpoint().replace("127.0.0.1", "127.0.0.9");
    let providers = super::providers(&super::config(&closed, 2).await);
    let error = providers.embedder.embed(&["one".to_owned()]).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::Down);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");
}
