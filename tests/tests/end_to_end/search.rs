//! Finding moments of everything that an account has.

use domain::ids::UserId;
use domain::library::{ShardEntry, ShardId};
use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{LibraryChange, Purge, keys};
use tests::client::Client;
use tests::clips::BOARD;
use tests::wait::{eventually, when};
use tests::world::World;
use uuid::Uuid;

/// The moments that a key finds, and where the next page begins.
async fn found(client: &Client, search: Value) -> (Vec<Value>, Value) {
    let answer = client.api(Method::POST, "/v1/api/search", Some(search)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    (answer.body["data"].as_array().unwrap().clone(), answer.body["nextCursor"].clone())
}

#[tokio::test]
async fn moments_are_found_in_both_contracts_and_seen() {
    let world = World::get();
    let client = world.client("searcher", Plan::Pro).await;
    let job = client.completed(&world.clips.lecture()).await;
    let other = client.upload(&world.clips.short()).await;
    assert_eq!(client.finished(&other).await["status"], "COMPLETED");

    let (moments, next) = found(&client, json!({ "query": "regression", "kinds": ["screen_text"] })).await;
    assert_eq!((moments.len(), next), (1, Value::Null), "{moments:?}");
    let moment = &moments[0];
    assert_eq!((&moment["jobId"], &moment["kind"]), (&json!(job), &json!("screen_text")), "{moment}");
    assert!(moment["text"].as_str().unwrap().to_lowercase().contains(&BOARD.to_lowercase()), "{moment}");
    let (start, end) = (moment["startTs"].as_f64().unwrap(), moment["endTs"].as_f64().unwrap());
    assert!(start == 0.0 && (end - 4.0).abs() < 0.05, "the first scene: {moment}");
    let picture = reqwest::get(moment["thumbnailUrl"].as_str().unwrap()).await.unwrap();
    assert_eq!(
        (picture.status(), &picture.headers()["content-type"]),
        (StatusCode::OK, &"image/jpeg".parse().unwrap())
    );
    let picture = image::load_from_memory(&picture.bytes().await.unwrap()).unwrap();
    assert_eq!((picture.width(), picture.height()), (1280, 720));

    let search = json!({ "query": "regression", "kinds": ["screen_text"] });
    let answer = client.session(Method::POST, "/search", Some(search)).await;
    assert_eq!(
        (answer.status, &answer.body["next_cursor"]),
        (StatusCode::OK, &Value::Null),
        "{}",
        answer.body
    );
    let item = &answer.body["items"][0];
    for (videos, jobs) in
        [("video_id", "jobId"), ("start_ts", "startTs"), ("end_ts", "endTs"), ("score", "score")]
    {
        assert_eq!(item[videos], moment[jobs], "{item}");
    }
    assert_eq!(item["text"], moment["text"]);

    for nonsense in ["volcano eruption in Iceland", "quarterly shareholder dividend", "the of and"] {
        assert_eq!(found(&client, json!({ "query": nonsense })).await.0, Vec::<Value>::new(), "{nonsense}");
    }
    let elsewhere = json!({ "query": "regression", "jobIds": [other] });
    assert_eq!(found(&client, elsewhere).await.0, Vec::<Value>::new(), "only what was named is searched");
}

#[tokio::test]
async fn pages_put_together_are_the_whole() {
    let world = World::get();
    let client = world.client("leafer", Plan::Pro).await;
    let clip = world.clips.lecture();
    let (_, _) = futures::join!(client.completed(&clip), client.completed(&clip));
    // Every scene's description speaks of the picture.
    let search = |more: Value| {
        let mut search = json!({ "query": "picture" });
        search.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        search
    };
    let (whole, next) = found(&client, search(json!({ "limit": 50 }))).await;
    assert!(whole.len() >= 4 && next.is_null(), "{whole:?}");
    let scores: Vec<f64> = whole.iter().map(|moment| moment["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|score| *score >= 0.25), "{scores:?}");
    let place = |moment: &Value| (moment["jobId"].clone(), moment["startTs"].clone(), moment["kind"].clone());
    let (mut pages, mut cursor) = (vec![], Value::Null);
    loop {
        let (page, next) = found(&client, search(json!({ "limit": 1, "cursor": cursor }))).await;
        assert_eq!(page.len(), 1);
        pages.extend(page);
        cursor = next;
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(pages.iter().map(place).collect::<Vec<_>>(), whole.iter().map(place).collect::<Vec<_>>());

    let (_, cursor) = found(&client, search(json!({ "limit": 1 }))).await;
    let foreign = json!({ "query": "another", "cursor": cursor });
    for search in [foreign, search(json!({ "cursor": "nonsense" })), search(json!({ "cursor": "" }))] {
        let answer = client.api(Method::POST, "/v1/api/search", Some(search)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(answer.body["error"].as_str().unwrap().contains("nextCursor"), "{}", answer.body);
    }
}

#[tokio::test]
async fn other_peoples_videos_are_neither_found_nor_told_of() {
    let world = World::get();
    let (owner, stranger) =
        (world.client("found-owner", Plan::Pro).await, world.client("found-stranger", Plan::Pro).await);
    let job = owner.completed(&world.clips.lecture()).await;
    assert_eq!(found(&stranger, json!({ "query": BOARD })).await.0, Vec::<Value>::new());
    for unknown in [job.as_str(), "0197f1e2-0000-7000-8000-000000000000"] {
        let search = json!({ "query": BOARD, "jobIds": [unknown] });
        let answer = stranger.api(Method::POST, "/v1/api/search", Some(search)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
        let search = json!({ "query": BOARD, "video_ids": [unknown] });
        let answer = stranger.session(Method::POST, "/search", Some(search)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
        assert_eq!(answer.body["type"], "https://frameiq.app/errors/not-found");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let world = World::get();
    let client = world.client("search-refused", Plan::Free).await;
    for (search, name) in [
        (json!({}), "query"),
        (json!({ "query": "  " }), "query"),
        (json!({ "query": "x".repeat(501) }), "query"),
        (json!({ "query": 7 }), "query"),
        (json!({ "query": "x", "limit": 0 }), "limit"),
        (json!({ "query": "x", "limit": 51 }), "limit"),
        (json!({ "query": "x", "limit": 1e300 }), "limit"),
        (json!({ "query": "x", "jobIds": [] }), "jobIds"),
        (json!({ "query": "x", "jobIds": ["a"] }), "jobIds"),
        (json!({ "query": "x", "jobIds": vec![Uuid::nil(); 101] }), "jobIds"),
        (json!({ "query": "x", "kinds": [] }), "kinds"),
        (json!({ "query": "x", "kinds": ["smell"] }), "kinds[0]"),
        (json!({ "query": "x", "speaker": "Bob" }), "speaker"),
        (json!({ "query": "x", "from": -1 }), "from"),
        (json!({ "query": "x", "from": "2026-01-01" }), "from"),
        (json!({ "query": "x", "from": 5, "to": 5 }), "from"),
    ] {
        let answer = client.api(Method::POST, "/v1/api/search", Some(search.clone())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{search}: {}", answer.body);
        let error = answer.body["error"].as_str().unwrap();
        assert!(error.starts_with(name), "{search}: {error}");
    }
}

async fn library(world: &World) -> Vec<ShardEntry> {
    world.store().await.library(UserId("user_forgotten".to_owned())).await.unwrap().shards
}

#[tokio::test]
async fn what_is_deleted_is_not_found_and_nothing_of_it_stays() {
    let world = World::get();
    let client = world.client("forgotten", Plan::Pro).await;
    let clip = world.clips.lecture();
    let (gone, stays) = futures::join!(client.completed(&clip), client.completed(&clip));
    let jobs = async || {
        let (moments, _) = found(&client, json!({ "query": BOARD })).await;
        let mut jobs: Vec<String> =
            moments.iter().map(|moment| moment["jobId"].as_str().unwrap().to_owned()).collect();
        jobs.sort();
        jobs.dedup();
        jobs
    };
    let mut both = vec![gone.clone(), stays.clone()];
    both.sort();
    assert_eq!(jobs().await, both);
    let shards = library(world).await;
    let deleted = client.session(Method::DELETE, &format!("/videos/{gone}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let stays = [stays];
    assert_eq!(jobs().await, stays, "at once");
    eventually("its shard is gone", async || {
        let left = library(world).await;
        when(left.len() == 1 && shards.contains(&left[0]), left)
    })
    .await;
    assert_eq!(jobs().await, stays);
}

#[tokio::test]
async fn many_shards_become_one_and_nothing_is_found_twice() {
    let world = World::get();
    let client = world.client("merger", Plan::Pro).await;
    let job = client.completed(&world.clips.lecture()).await;
    let before = found(&client, json!({ "query": BOARD })).await.0;
    assert!(!before.is_empty());
    // As if the last step of eight runs had been delivered twice, and the shards of a ninth never listed.
    let store = world.store().await;
    let user = UserId("user_merger".to_owned());
    let listed = store.library(user.clone()).await.unwrap().shards;
    let content = store.object(&keys::shard(&user, listed[0].id)).await.unwrap().unwrap();
    let mut copies = vec![];
    for _ in 0..8 {
        let mut copy = listed[0].clone();
        copy.id = ShardId(Uuid::now_v7());
        store
            .put_once(&keys::shard(&user, copy.id), "application/octet-stream", content.clone())
            .await
            .unwrap();
        copies.push(copy);
    }
    let change = LibraryChange { added: copies.clone(), removed: vec![] };
    assert!(store.change_library(user.clone(), change.clone()).await.unwrap());
    assert!(store.change_library(user.clone(), change).await.unwrap(), "twice is once");
    assert_eq!(store.library(user.clone()).await.unwrap().shards.len(), 9);
    let same = |moments: &[Value]| {
        let part =
            |moment: &Value| (moment["jobId"].clone(), moment["startTs"].clone(), moment["text"].clone());
        moments.iter().map(part).collect::<Vec<_>>()
    };
    assert_eq!(same(&found(&client, json!({ "query": BOARD })).await.0), same(&before));

    let tidy = Purge::Library(user.clone());
    futures::join!(world.purge(&tidy), world.purge(&tidy));
    let (listed, stored) = futures::join!(store.library(user.clone()), store.stored_shards(user.clone()));
    assert_eq!((listed.unwrap().shards.len(), stored.unwrap().len()), (2, 2));
    assert_eq!(same(&found(&client, json!({ "query": BOARD })).await.0), same(&before));

    // A merge of what another one has taken away changes nothing.
    let late = LibraryChange { added: vec![], removed: vec![copies[0].id] };
    assert!(!store.change_library(user.clone(), late).await.unwrap());
    assert_eq!(client.finished(&job).await["status"], "COMPLETED");

    // A library that lists nothing has no row: an account that is erased would keep it.
    let last = store.library(user.clone()).await.unwrap().shards;
    let last = LibraryChange { added: vec![], removed: last.iter().map(|shard| shard.id).collect() };
    assert!(store.change_library(user.clone(), last).await.unwrap());
    let row = world.rows(&reqwest::Client::new(), "USER#user_merger", "LIBRARY").await;
    assert_eq!(row, Vec::<Value>::new());
}
