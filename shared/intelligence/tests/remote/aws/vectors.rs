use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    analysis::{Provenance, Transcript, Utterance},
    ids::{Generation, UserId, VideoId},
    time::Seconds,
    vectors::VectorSet,
};
use intelligence::{
    Budget, ProviderError, ProviderErrorKind,
    answer::EvidenceKind,
    embed::{Embedder, EmbedderId, HashedTerms},
    index::{Candidate, CandidateSource, Filter, Findings, LibraryQuery, Shard, VectorBucket, VideoIndex},
};
use serde_json::{Value, json};

use super::{config, exception};
use crate::server::{Asked, Server, Told};

const BUCKET: &str = "arn:aws:s3vectors:us-east-1:000000000000:bucket/vectors";
const VIDEO: VideoId = VideoId(uuid::Uuid::from_u128(7));

/// Gives each text the direction of its length; the empty one has none.
struct Lengths(EmbedderId, usize);

#[async_trait]
impl Embedder for Lengths {
    fn id(&self) -> &EmbedderId {
        &self.0
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        let vector = |text: &String| {
            let mut vector = vec![0.0; self.1];
            if !text.starts_with('-') {
                vector[text.len() % self.1] = 1.0;
            }
            vector
        };
        Ok(texts.iter().map(vector).collect())
    }
}

fn owner() -> UserId {
    UserId("user_1".to_owned())
}

/// A video in which this is said, each for a second, by two speakers in turn.
async fn said(embedder: &dyn Embedder, texts: impl IntoIterator<Item = String>) -> VideoIndex {
    let utterance = |(n, text): (u32, String)| Utterance {
        speaker: n % 2,
        start: Seconds::new(f64::from(n)),
        end: Seconds::new(f64::from(n + 1)),
        text,
    };
    let provenance = Provenance { provider: "test".into(), model: "test".into(), prompt_version: "1".into() };
    let transcript = Transcript { utterances: (0..).zip(texts).map(utterance).collect(), provenance };
    let findings = Findings { length: Seconds::new(9.0), scenes: None, transcript: Some(&transcript) };
    VideoIndex::build(embedder, &findings).await.unwrap()
}

fn lengths(dimensions: usize) -> Lengths {
    Lengths(EmbedderId::new("lengths"), dimensions)
}

async fn bucket(endpoint: &str) -> VectorBucket {
    let budget = Budget {
        time: Duration::from_secs(20),
        attempt: Duration::from_secs(10),
        attempts: 3,
        ..crate::BUDGET
    };
    VectorBucket::new(&config(endpoint, 3).await.sdk, BUCKET.to_owned(), budget)
}

/// The set of a video's vectors, after it was put.
async fn put(server: &Server, index: &VideoIndex) -> (VectorSet, Result<(), ProviderError>) {
    let bucket = bucket(&server.endpoint()).await;
    let set = bucket.set_of(&owner(), Generation::FIRST, index).unwrap();
    let outcome = bucket.put(&owner(), VIDEO, &set, index).await;
    (set, outcome)
}

fn paths(server: &Server) -> Vec<String> {
    server.asked().into_iter().map(|asked| asked.path).collect()
}

fn done() -> Told {
    Told::json(&json!({}))
}

#[tokio::test]
async fn vectors_are_put_under_their_names_with_what_they_are_filtered_by() {
    let server = Server::start(|_, _| done()).await;
    let index = said(&lengths(4), ["one".into(), "-".into(), "seven".into()]).await;
    let (set, outcome) = put(&server, &index).await;
    outcome.unwrap();
    assert_eq!((set.rows, set.bucket.as_str(), set.is_whole), (3, BUCKET, false));
    let asked = &server.asked()[0];
    assert_eq!((server.asked().len(), asked.path.as_str()), (1, "/PutVectors"));
    let signed = asked.headers["authorization"].to_str().unwrap();
    assert!(signed.contains("/us-east-1/s3vectors/aws4_request"), "{signed}");
    let body = asked.json();
    assert_eq!(body["indexArn"], format!("{BUCKET}/index/{}", set.index));
    let vectors = body["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 2, "the one in the middle has no meaning, and the service takes no zeros");
    assert_eq!(vectors[0]["key"], format!("{VIDEO}/1/0"));
    assert_eq!(vectors[1]["key"], format!("{VIDEO}/1/2"));
    assert_eq!(vectors[0]["data"], json!({ "float32": [0.0, 0.0, 0.0, 1.0] }));
    let expected = json!({
        "owner": "user_1", "video": VIDEO, "kind": "speech", "start": 2000, "end": 3000,
        "speaker": VIDEO.speaker_id(0),
    });
    assert_eq!(vectors[1]["metadata"], expected);
}

#[tokio::test]
async fn many_vectors_go_in_as_many_requests_as_they_need() {
    for (dimensions, most) in [(8, 500), (2048, 287)] {
        let server = Server::start(|_, _| done()).await;
        let index = said(&lengths(dimensions), (0..1201).map(|n| "x".repeat(n % 7 + 1))).await;
        let (set, outcome) = put(&server, &index).await;
        outcome.unwrap();
        let mut names = vec![];
        for asked in server.asked() {
            assert!(asked.body.len() < 20 << 20, "{} bytes", asked.body.len());
            let body = asked.json();
            let vectors = body["vectors"].as_array().unwrap();
            assert!(vectors.len() <= most, "{}", vectors.len());
            names.extend(vectors.iter().map(|vector| vector["key"].as_str().unwrap().to_owned()));
        }
        assert_eq!(server.asked().len(), 1201usize.div_ceil(most));
        let mut expected: Vec<String> = set.names(VIDEO).map(|name| name.to_string()).collect();
        names.sort();
        expected.sort();
        assert_eq!(names, expected, "each once");
    }
}

#[tokio::test]
async fn the_first_vector_of_an_index_makes_it() {
    let made = Arc::new(Mutex::new(false));
    let server = Server::start(move |_, asked| {
        let mut made = made.lock().unwrap();
        match asked.path.as_str() {
            "/CreateIndex" if *made => exception(409, "ConflictException"),
            "/CreateIndex" => {
                *made = true;
                done()
            }
            _ if *made => done(),
            _ => exception(404, "NotFoundException"),
        }
    })
    .await;
    let index = said(&lengths(4), (0..1100).map(|_| "x".to_owned())).await;
    put(&server, &index).await.1.unwrap();
    let created: Vec<Asked> =
        server.asked().into_iter().filter(|asked| asked.path == "/CreateIndex").collect();
    // Three requests at the same time may each find that there is none.
    assert!((1..=3).contains(&created.len()), "{:?}", paths(&server));
    let body = created[0].json();
    assert_eq!((&body["vectorBucketArn"], &body["dimension"]), (&json!(BUCKET), &json!(4)));
    assert_eq!((&body["dataType"], &body["distanceMetric"]), (&json!("float32"), &json!("cosine")));
}

#[tokio::test]
async fn what_throttles_is_asked_again_and_what_refuses_is_not() {
    for (status, code, kind, asked) in [
        (429, "TooManyRequestsException", ProviderErrorKind::Throttled, 3),
        (503, "ServiceUnavailableException", ProviderErrorKind::Down, 3),
        (500, "InternalServerException", ProviderErrorKind::Down, 3),
        (408, "RequestTimeoutException", ProviderErrorKind::Down, 3),
        (403, "AccessDeniedException", ProviderErrorKind::Refused, 1),
        (400, "ValidationException", ProviderErrorKind::BadInput, 1),
    ] {
        let server = Server::start(move |_, _| exception(status, code)).await;
        let index = said(&lengths(4), ["one".to_owned()]).await;
        let (set, outcome) = put(&server, &index).await;
        let putting = outcome.unwrap_err();
        assert_eq!((putting.kind(), server.asked().len()), (kind, asked), "{code}");
        let removing = bucket(&server.endpoint()).await.delete(VIDEO, &set).await.unwrap_err();
        assert_eq!((removing.kind(), server.asked().len()), (kind, asked * 2), "{code}");
        for (error, name) in [(putting, "PutVectors"), (removing, "DeleteVectors")] {
            let told = error.to_string();
            assert!(told.contains(name) && told.contains(code) && !told.contains("mx + b"), "{told}");
        }
    }
    let server = Server::start(|number, _| match number {
        0 => exception(429, "TooManyRequestsException"),
        _ => done(),
    })
    .await;
    put(&server, &said(&lengths(4), ["one".to_owned()]).await).await.1.unwrap();
    assert_eq!(paths(&server), ["/PutVectors", "/PutVectors"]);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named_by_its_failure() {
    let server = Server::start(|_, _| exception(404, "NotFoundException")).await;
    let error = put(&server, &said(&lengths(4), ["one".to_owned()]).await).await.1.unwrap_err();
    assert_eq!(
        (error.kind(), paths(&server)),
        (ProviderErrorKind::Refused, vec!["/PutVectors".to_owned(), "/CreateIndex".to_owned()])
    );
    assert!(error.to_string().contains("check that the vector bucket is there"), "{error}");
}

#[tokio::test]
async fn every_name_is_removed_also_where_there_is_no_index() {
    let server = Server::start(|number, _| match number {
        0..3 => done(),
        _ => exception(404, "NotFoundException"),
    })
    .await;
    let index = said(&lengths(4), (0..1201).map(|_| "x".to_owned())).await;
    let bucket = bucket(&server.endpoint()).await;
    let set = bucket.set_of(&owner(), Generation(3), &index).unwrap();
    bucket.delete(VIDEO, &set).await.unwrap();
    let mut names = vec![];
    for asked in server.asked() {
        assert_eq!(asked.path, "/DeleteVectors");
        let body = asked.json();
        assert_eq!(body["indexArn"], format!("{BUCKET}/index/{}", set.index));
        names.extend(body["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()));
    }
    let mut expected: Vec<String> = (0..1201).map(|row| format!("{VIDEO}/3/{row}")).collect();
    names.sort();
    expected.sort();
    assert_eq!((names, server.asked().len()), (expected, 3));
    bucket.delete(VIDEO, &set).await.unwrap();
}

#[tokio::test]
async fn what_has_no_meaning_has_no_vectors() {
    let bucket = bucket("http://127.0.0.1:9").await;
    let index = said(&HashedTerms::new(), ["one".to_owned()]).await;
    assert_eq!(bucket.set_of(&owner(), Generation::FIRST, &index), None);
    let silent = said(&lengths(4), []).await;
    assert_eq!(bucket.set_of(&owner(), Generation::FIRST, &silent), None, "an overview is no moment");
}

/// The candidates for a text in one video, and what the service was asked.
async fn candidates(
    filter: Filter,
    answers: impl Fn(usize, &Asked) -> Told + Send + Sync + 'static,
) -> (Vec<Candidate>, Vec<Value>) {
    let server = Server::start(answers).await;
    let embedder = lengths(4);
    let index = said(&embedder, ["abc".into(), "word".into(), "ab".into()]).await;
    let shards = [Arc::new(Shard::of(VIDEO, Generation::FIRST, &index))];
    let vector = embedder.embed(&["word".to_owned()]).await.unwrap().remove(0);
    let query = LibraryQuery::new("word", HashMap::from([(embedder.0.clone(), vector)]), filter);
    let bucket = bucket(&server.endpoint()).await;
    assert!(!bucket.reads_sketches());
    let found = bucket.candidates(&owner(), &shards, &query, 10).await;
    (found, server.asked().iter().map(Asked::json).collect())
}

#[tokio::test]
async fn a_search_asks_for_what_is_near_page_by_page() {
    let page = |rows: &[(&str, f32)], next: Option<&str>| {
        let vector = |(key, distance): &(&str, f32)| json!({ "key": key, "distance": distance });
        let vectors: Vec<Value> = rows.iter().map(vector).collect();
        Told::json(&json!({ "vectors": vectors, "distanceMetric": "cosine", "nextToken": next }))
    };
    let (first, second, other) =
        (format!("{VIDEO}/1/0"), format!("{VIDEO}/1/2"), format!("{}/1/0", VideoId(uuid::Uuid::nil())));
    let (found, asked) = candidates(Filter::default(), move |number, _| match number {
        0 => page(&[(&second, 0.1), (&other, 0.2)], Some("more")),
        _ => page(&[(&first, 0.3)], None),
    })
    .await;
    let vector = json!({ "float32": [1.0, 0.0, 0.0, 0.0] });
    let expected = json!({
        "indexArn": asked[0]["indexArn"], "topK": 256, "queryVector": vector,
        "filter": { "owner": { "$eq": "user_1" } }, "returnDistance": true,
    });
    assert_eq!(asked[0], expected);
    assert_eq!((&asked[1]["nextToken"], asked.len()), (&json!("more"), 2));
    assert_eq!(
        found.len(),
        3,
        "two that are near, and one that has the word; a stranger's is none: {found:?}"
    );
}

#[tokio::test]
async fn a_search_is_filtered_by_the_service() {
    let filter = Filter {
        videos: Some([VideoId(uuid::Uuid::nil()), VIDEO].into()),
        kinds: Some(vec![EvidenceKind::Speech, EvidenceKind::ScreenText]),
        speaker: Some(VIDEO.speaker_id(1)),
        from: Some(Seconds::new(0.5)),
        to: Some(Seconds::new(60.0)),
    };
    let near = format!("{VIDEO}/1/0");
    let answer = json!({ "vectors": [{ "key": near, "distance": 0.1 }], "distanceMetric": "cosine" });
    let (found, asked) = candidates(filter, move |_, _| Told::json(&answer)).await;
    let expected = json!({ "$and": [
        { "owner": { "$eq": "user_1" } },
        { "video": { "$in": [uuid::Uuid::nil(), VIDEO] } },
        { "kind": { "$in": ["speech", "screen_text"] } },
        { "speaker": { "$eq": VIDEO.speaker_id(1) } },
        { "end": { "$gt": 500 } },
        { "start": { "$lt": 60_000 } },
    ] });
    assert_eq!(asked[0]["filter"], expected);
    assert_eq!(found.len(), 1, "what the other speaker says is left out, whoever names it: {found:?}");
}

#[tokio::test]
async fn a_search_goes_on_by_words_when_the_service_does_not_answer() {
    for (status, code, asked) in [
        (404, "NotFoundException", 1),
        (403, "AccessDeniedException", 1),
        (429, "TooManyRequestsException", 3),
    ] {
        let (found, requests) = candidates(Filter::default(), move |_, _| exception(status, code)).await;
        assert_eq!((found.len(), requests.len()), (1, asked), "{code}");
    }
    let (found, requests) =
        candidates(Filter::default(), |_, _| Told::json(&json!({ "vectors": [{ "key": "what" }] }))).await;
    assert_eq!((found.len(), requests.len()), (1, 3), "an answer of another form");
}
