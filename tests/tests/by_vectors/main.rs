//! The product from outside, as in `end_to_end`, where S3 Vectors tells which rows of a library are near in meaning.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

use domain::ids::{Generation, UserId, VideoId};
use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Backfill, Purge};
use tests::client::Client;
use tests::clips::BOARD;
use tests::vectors::VectorService;
use tests::wait::{eventually, when};
use tests::world::World;

/// What a scene of the lecture looks like, in none of the words of its description: "some movement" in a "picture".
const OTHER_WORDS: &str = "an image in motion";

/// The texts of the moments that a search finds.
async fn found(client: &Client, search: Value) -> Vec<String> {
    let answer = client.api(Method::POST, "/v1/api/search", Some(search)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let moments = answer.body["data"].as_array().unwrap();
    moments.iter().map(|moment| moment["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_library_is_searched_by_vectors_and_nothing_of_a_video_stays() {
    let vectors = VectorService::serve();
    let world = World::by_vectors(&vectors);
    let client = world.client("vectors", Plan::Pro).await;
    let store = world.store().await;
    let job = client.completed(&world.clips.lecture()).await;
    let id: VideoId = job.parse().unwrap();
    let first = vectors.keys(&format!("{job}/1/"));
    assert!(first.len() > 3, "more than a page of an answer: {first:?}");
    let sets = store.vector_sets(id).await.unwrap();
    assert_eq!((sets.len(), sets[0].rows as usize, sets[0].is_whole), (1, first.len(), true));

    let moments = found(&client, json!({ "query": BOARD })).await;
    assert!(!moments.is_empty() && vectors.queries() > 0);
    let by_meaning = found(&client, json!({ "query": OTHER_WORDS })).await;
    assert!(!by_meaning.is_empty(), "the vectors tell");
    for nonsense in ["volcano eruption in Iceland", "quarterly shareholder dividend"] {
        assert_eq!(found(&client, json!({ "query": nonsense })).await, Vec::<String>::new(), "{nonsense}");
    }
    let stranger = world.client("vectors-stranger", Plan::Pro).await;
    assert_eq!(found(&stranger, json!({ "query": BOARD })).await, Vec::<String>::new());
    let other = client.upload(&world.clips.short()).await;
    assert_eq!(client.finished(&other).await["status"], "COMPLETED");
    let elsewhere = json!({ "query": BOARD, "jobIds": [other] });
    assert_eq!(found(&client, elsewhere).await, Vec::<String>::new(), "only what was named is searched");

    // A service that does not answer.
    vectors.set_down(true);
    assert!(!found(&client, json!({ "query": BOARD })).await.is_empty(), "by its words");
    let unlucky = client.completed(&world.clips.lecture()).await;
    vectors.set_down(false);
    assert_eq!(vectors.keys(&unlucky), Vec::<String>::new());
    let unlucky_id: VideoId = unlucky.parse().unwrap();
    assert!(!store.vector_sets(unlucky_id).await.unwrap()[0].is_whole, "written down before it is put");
    world.purge(&Purge::Vectors(unlucky_id)).await;
    assert_eq!(vectors.keys(&unlucky).len(), first.len());

    // Described anew.
    let anew = Some(json!({ "from": "describe" }));
    let retried = client.session(Method::POST, &format!("/videos/{job}/retry"), anew).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED, "{}", retried.body);
    assert_eq!(client.finished(&job).await["status"], "COMPLETED");
    world.purge(&Purge::Vectors(id)).await;
    assert_eq!(vectors.keys(&format!("{job}/1/")), Vec::<String>::new());
    assert!(!vectors.keys(&format!("{job}/2/")).is_empty());
    assert_eq!(store.vector_sets(id).await.unwrap()[0].generation, Generation(2));
    assert_eq!(found(&client, json!({ "query": OTHER_WORDS, "jobIds": [job] })).await, by_meaning);

    // As if all of them had come in before the service was chosen.
    let account = Some(UserId("user_vectors".to_owned()));
    let all = vectors.keys("");
    for backfill in [Backfill { account, ..Backfill::default() }, Backfill::default()] {
        vectors.wipe();
        for video in [&job, &other, &unlucky] {
            let id: VideoId = video.parse().unwrap();
            for set in store.vector_sets(id).await.unwrap() {
                store.forget_vectors(id, set.generation).await.unwrap();
            }
        }
        let without = found(&client, json!({ "query": OTHER_WORDS })).await;
        assert_eq!(without, Vec::<String>::new(), "its words alone");
        world.purge(&Purge::Backfill(backfill)).await;
        eventually("all vectors are there again", async || {
            let now = vectors.keys("");
            when(now == all, now.len())
        })
        .await;
    }
    assert!(!found(&client, json!({ "query": OTHER_WORDS })).await.is_empty());

    let deleted = client.session(Method::DELETE, &format!("/videos/{job}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    eventually("its vectors are gone", async || {
        let left = vectors.keys(&job);
        when(left.is_empty(), left)
    })
    .await;
    assert_eq!(vectors.keys(&unlucky).len(), first.len(), "and no others");
    let sets = store.vector_sets(id).await.unwrap();
    assert_eq!(sets.len(), 1, "until nobody can be putting any more: {sets:?}");
}
