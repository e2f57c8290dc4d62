use std::time::Duration;

use intelligence::{
    ProviderErrorKind,
    embed::{Embedder, HashedTerms},
};
use serde_json::{Value, json};

use crate::{
    openai::MODEL,
    server::{Asked, Server, Told},
};

/// The vector of a text: its length and one, so that each can be known again.
fn vectors(asked: &Asked) -> Vec<Value> {
    let body = asked.json();
    assert_eq!((&body["model"], &body["encoding_format"]), (&MODEL.into(), &"float".into()));
    let texts = body["input"].as_array().unwrap().clone();
    assert!(!texts.is_empty() && texts.len() <= 64 && texts.iter().all(|text| text != ""));
    let length = |text: &Value| text.as_str().unwrap().chars().count();
    let one = |(index, text): (usize, &Value)| json!({ "index": index, "embedding": [length(text), 1.0] });
    texts.iter().enumerate().map(one).collect()
}

fn told(data: Vec<Value>) -> Told {
    Told::json(&json!({ "object": "list", "data": data, "model": MODEL }))
}

#[tokio::test]
async fn openai_vectors_are_normalised_and_in_the_order_of_the_texts() {
    let server = Server::start(|_, asked| {
        let mut data = vectors(asked);
        data.reverse();
        told(data)
    })
    .await;
    let embedder = server.providers().await.embedder;
    let texts: Vec<String> =
        (0..150).map(|n| if n == 70 { " ".to_owned() } else { "x".repeat(n + 1) }).collect();
    let made = embedder.embed(&texts).await.unwrap();
    assert_eq!((made.len(), server.asked().len()), (150, 3));
    for (n, vector) in made.iter().enumerate() {
        if n == 70 {
            assert_eq!(vector, &[0.0, 0.0], "there is nothing to embed");
            continue;
        }
        assert!((vector[0] / vector[1] - (n + 1) as f32).abs() < 1e-2, "{n}: {vector:?}");
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
    }
    assert!(embedder.embed(&[]).await.unwrap().is_empty());
    assert_eq!(server.asked()[0].path, "/v1/embeddings");
    assert!(server.asked()[0].json().get("dimensions").is_none());
}

#[tokio::test]
async fn openai_vectors_of_a_chosen_length_have_an_id_of_their_own() {
    let server = Server::start(|_, asked| {
        assert_eq!(asked.json()["dimensions"], 2);
        told(vectors(asked))
    })
    .await;
    let providers = server.providers_with(Some(2), Duration::from_secs(20)).await;
    assert_eq!(providers.embedder.embed(&["slope".to_owned()]).await.unwrap().len(), 1);
    assert_eq!(providers.embedder.id().as_str(), "openai/2/test-model");
    let own = server.providers().await;
    assert_eq!(own.embedder.id().as_str(), "openai/test-model");
    assert!(own.embedder_named(providers.embedder.id()).is_none(), "their vectors are never compared");
    assert!(own.embedder_named(HashedTerms::new().id()).is_some());
}

#[tokio::test]
async fn openai_vectors_that_are_missing_or_of_another_length_are_an_error() {
    type Change = fn(&mut Vec<Value>);
    let changes: [Change; 4] = [
        |data| data.truncate(1),
        |data| data[1]["index"] = json!(0),
        |data| data[1]["embedding"] = json!([1.0]),
        |data| data[1]["embedding"] = json!([]),
    ];
    for change in changes {
        let server = Server::start(move |_, asked| {
            let mut data = vectors(asked);
            change(&mut data);
            told(data)
        })
        .await;
        let texts = ["one".to_owned(), "two".to_owned()];
        let error = server
            .providers_with(Some(2), Duration::from_secs(20))
            .await
            .embedder
            .embed(&texts)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ProviderErrorKind::Down, "{error}");
    }
}
