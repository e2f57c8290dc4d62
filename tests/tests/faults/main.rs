//! What AWS's services do and the emulator does not: `docs/real-services.md` has the list. A proxy does it to the
//! functions of a whole stack, or to single calls of the store.

mod line;

use std::sync::OnceLock;
use std::time::Duration;

use domain::ids::{UserId, VideoId};
use domain::library::{ShardEntry, ShardId};
use domain::plan::Plan;
use domain::processing_mode::ProcessingMode;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Claim, Created, LibraryChange, NamedRequest, NewVideo, Origin, Store};
use tests::faults::{Call, Fault, FaultProxy};
use tests::wait::eventually;
use tests::world::World;
use uuid::Uuid;

/// How far the indexes of this program's world are behind. On AWS it is less than a second, usually.
const LAG: Duration = Duration::from_secs(2);

/// The world and the proxy that its functions speak through.
fn world() -> &'static (World, FaultProxy) {
    static WORLD: OnceLock<(World, FaultProxy)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let faults = FaultProxy::serve();
        let world = World::through(&faults);
        bad_moments(&faults);
        (world, faults)
    })
}

/// What happens to every call of a function. No call meets two of these in a row, so that the SDK's three tries do.
fn bad_moments(faults: &FaultProxy) {
    faults.rule("index behind", |call| call.reads_index().then_some(Fault::Behind(LAG)));
    faults.each("row throttled", 9, Call::writes_rows, |call| match call.operation.as_str() {
        "TransactWriteItems" => Fault::cancelled("ThrottlingError"),
        _ => Fault::json(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    });
    faults.each("row in a transaction", 11, Call::writes_rows, |call| match call.operation.as_str() {
        "TransactWriteItems" => Fault::cancelled("TransactionConflict"),
        _ => Fault::json(400, "com.amazonaws.dynamodb.v20120810#TransactionConflictException"),
    });
    faults.each("answer to a write lost", 7, Call::writes_rows, |_| Fault::Lost);
    faults.each(
        "put at the same time",
        3,
        |call| call.is_conditional_put,
        |_| Fault::xml(409, "ConditionalRequestConflict"),
    );
    faults.each("S3 slowed down", 6, |call| call.service == "s3", |_| Fault::xml(503, "SlowDown"));
    faults.each(
        "answer of S3 lost",
        10,
        |call| call.service == "s3" && call.operation == "PUT",
        |_| Fault::Lost,
    );
    faults.each(
        "message or start repeated",
        2,
        |call| matches!(call.service.as_str(), "sqs" | "states"),
        |_| Fault::Lost,
    );
    faults.each("slow", 13, |_| true, |_| Fault::Late(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_video_is_processed_and_billed_once_whatever_the_services_do() {
    let (world, faults) = world();
    let client = world.client("patient", Plan::Starter).await;
    let job = client.completed(&world.clips.lecture()).await;
    let wallet = world.settled_wallet("patient").await;
    assert_eq!(wallet.billed, 30, "once, by the shortest length that is billed: {wallet:?}");

    let listed = eventually("the job is listed", async || {
        let listed = client.api(Method::GET, "/v1/api/jobs", None).await.body;
        let is_there = listed["data"][0]["status"] == "COMPLETED";
        if is_there { Ok(listed) } else { Err(listed) }
    })
    .await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    let search = json!({ "query": "slope of the line" });
    let found = client.api(Method::POST, "/v1/api/search", Some(search)).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    let deleted = client.session(Method::DELETE, &format!("/videos/{job}"), None).await;
    assert!(deleted.status.is_success(), "{}", deleted.body);

    for name in [
        "index behind",
        "row throttled",
        "row in a transaction",
        "answer to a write lost",
        "put at the same time",
        "S3 slowed down",
        "answer of S3 lost",
        "message or start repeated",
        "slow",
    ] {
        assert!(faults.count(name) > 0, "nothing was done by the rule: {name}");
    }
}

/// The index names what is shown; whether it may be made or shown is asked of the table.
#[tokio::test]
async fn an_index_that_is_behind_lets_nothing_be_made_twice_or_shown_after_its_end() {
    let (world, _) = world();
    let client = world.client("early", Plan::Free).await;
    world.clips.lecture();
    let wanted = json!({ "youtube_url": "https://youtu.be/behind1" });
    let made = client.session(Method::POST, "/videos", Some(wanted.clone())).await;
    assert_eq!(made.status, StatusCode::ACCEPTED, "{}", made.body);
    let list = async || client.session(Method::GET, "/videos", None).await.body;
    let early = list().await;
    assert_eq!(early["items"], json!([]), "the index of this test is behind: {early}");
    let again = client.session(Method::POST, "/videos", Some(wanted)).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    eventually("it is listed", async || {
        let listed = list().await;
        if listed["total"] == 1 { Ok(()) } else { Err(listed) }
    })
    .await;
    let id = made.body["id"].as_str().unwrap();
    let deleted = client.session(Method::DELETE, &format!("/videos/{id}"), None).await;
    assert!(deleted.status.is_success(), "{}", deleted.body);
    let listed = list().await;
    assert_eq!(listed["items"], json!([]), "the index still has it: {listed}");
}

/// The store's way to the emulator through a proxy of its own, so that its calls can be told from those of functions.
async fn own(world: &World) -> (Store, FaultProxy) {
    let faults = FaultProxy::serve();
    faults.aim(&world.aws_endpoint);
    let store = world.store_through(&faults.url).await;
    (store, faults)
}

fn shard() -> ShardEntry {
    ShardEntry { id: ShardId(Uuid::now_v7()), embedder: "any".to_owned(), rows: 1 }
}

/// Whoever is told that its merge was somebody else's removes the shard that it has just listed.
#[tokio::test]
async fn a_merge_whose_answer_is_lost_is_known_as_ones_own() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let user = UserId("user_merger".to_owned());
    let (first, second, merged) = (shard(), shard(), shard());
    let change = LibraryChange { added: vec![first.clone(), second.clone()], removed: vec![] };
    assert!(store.change_library(user.clone(), change).await.unwrap());

    faults.next("lost", 1, |call| call.is("PutItem"), |_| Fault::Lost);
    let change = LibraryChange { added: vec![merged.clone()], removed: vec![first.id, second.id] };
    assert!(store.change_library(user.clone(), change).await.unwrap());
    assert_eq!(faults.count("lost"), 1);
    assert_eq!(store.library(user.clone()).await.unwrap().shards, [merged]);
    // And another merge of the same shards is refused, as it was before.
    let change = LibraryChange { added: vec![shard()], removed: vec![first.id, second.id] };
    assert!(!store.change_library(user, change).await.unwrap());
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_known_as_ones_own() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let request = NamedRequest {
        user: UserId("user_claimer".to_owned()),
        route: "POST /videos".to_owned(),
        name: "once".to_owned(),
        fingerprint: "f".to_owned(),
    };
    let (makes, now) = (VideoId(Uuid::now_v7()), Timestamp::now());
    faults.next("lost", 1, |call| call.is("PutItem"), |_| Fault::Lost);
    assert_eq!(store.claim_request(&request, makes, now).await.unwrap(), Claim::Ours(makes));
    assert_eq!(faults.count("lost"), 1);
    let other = store.claim_request(&request, VideoId(Uuid::now_v7()), now).await.unwrap();
    assert_eq!(other, Claim::UnderWay);
}

fn video(owner: &UserId) -> NewVideo {
    NewVideo {
        id: VideoId(Uuid::now_v7()),
        owner: owner.clone(),
        title: "throttled".to_owned(),
        origin: Origin::Url { url: "https://example.com/a.mp4".to_owned() },
        processing_mode: ProcessingMode::default(),
        max_cost: None,
        callback: None,
        trace_id: tests::library::no_request(),
    }
}

#[tokio::test]
async fn a_transaction_with_a_throttled_row_is_written_later_and_one_whose_answer_is_lost_once() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let (owner, now) = (UserId("user_throttled".to_owned()), Timestamp::now());
    store.account(owner.clone(), now).await.unwrap();
    let is_transaction = |call: &Call| call.is("TransactWriteItems");
    for (name, reason) in [
        ("throttled", "ThrottlingError"),
        ("exceeded", "ProvisionedThroughputExceeded"),
        ("met", "TransactionConflict"),
    ] {
        faults.next(name, 3, is_transaction, move |_| Fault::cancelled(reason));
        let created = store.create_video(video(&owner), Plan::Starter, now).await.unwrap();
        assert!(matches!(created, Created::Yes(_)), "{name}: {created:?}");
        assert_eq!(faults.count(name), 3);
    }
    faults.next("lost", 1, is_transaction, |_| Fault::Lost);
    let created = store.create_video(video(&owner), Plan::Starter, now).await.unwrap();
    assert!(matches!(created, Created::Yes(_)) && faults.count("lost") == 1, "{created:?}");
    assert_eq!(store.account(owner, now).await.unwrap().videos_used, 4);
}

#[tokio::test]
async fn rows_that_a_batch_leaves_out_are_read_later() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let (owner, now) = (UserId("user_batch".to_owned()), Timestamp::now());
    store.account(owner.clone(), now).await.unwrap();
    let video = video(&owner);
    let id = video.id;
    store.create_video(video, Plan::Starter, now).await.unwrap();
    faults.next(
        "left out",
        3,
        |call| call.is("BatchGetItem"),
        |call| {
            let asked: Value = serde_json::from_slice(&call.body).unwrap();
            Fault::Refused(
                200,
                json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] }).to_string(),
            )
        },
    );
    let found = store.videos(vec![id]).await.unwrap();
    assert_eq!((found.len(), faults.count("left out")), (1, 3));
}

#[tokio::test]
async fn an_output_that_two_put_at_once_is_put() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    faults.next(
        "conflict",
        3,
        |call| call.is_conditional_put,
        |_| Fault::xml(409, "ConditionalRequestConflict"),
    );
    faults.next("lost", 1, |call| call.is_conditional_put, |_| Fault::Lost);
    let key = format!("videos/{}/g1/plan.json", Uuid::now_v7());
    store.put_once(&key, "application/json", "{}".into()).await.unwrap();
    assert_eq!((faults.count("conflict"), faults.count("lost")), (3, 1));
    assert_eq!(world.versions(&key).await.len(), 1);
}
