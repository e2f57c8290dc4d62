//! What processing costs: said before, limited, and written down.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::wait::eventually;
use tests::world::World;

async fn created(client: &Client, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = client.api(Method::POST, path, Some(body)).await;
    (answer.status, answer.body)
}

/// Micro-dollars of each stage, by its name, which together are the whole.
fn stages(cost: &Value) -> Vec<(String, u64)> {
    let stages = cost["stages"].as_array().unwrap();
    let stages: Vec<(String, u64)> = stages
        .iter()
        .map(|stage| (stage["stage"].as_str().unwrap().to_owned(), stage["microDollars"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        stages.iter().map(|(_, cost)| cost).sum::<u64>(),
        cost["microDollars"].as_u64().unwrap(),
        "{cost}"
    );
    stages
}

#[tokio::test]
async fn a_dry_run_makes_nothing_and_says_what_it_would_cost() {
    let world = World::get();
    let client = world.client("dry", Plan::Pro).await;
    let hour = json!({ "fileName": "a.mp4", "dryRun": true, "durationSecs": 3600 });
    let (status, body) = created(&client, "/v1/api/jobs", hour.clone()).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let estimate = &body["data"]["estimate"];
    assert_eq!((&estimate["durationSecs"], &estimate["billableSecs"]), (&json!(3600.0), &json!(3600)));
    let names: Vec<String> = stages(estimate).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["download", "extract", "describe", "index"]);

    let fetched = json!({ "url": "https://example.com/a.mp4", "dryRun": true, "durationSecs": 1800.5 });
    let (status, half) = created(&client, "/v1/api/jobs/from-url", fetched).await;
    assert_eq!((status, &half["data"]["estimate"]["billableSecs"]), (StatusCode::OK, &json!(1801)), "{half}");
    let share = half["data"]["estimate"]["microDollars"].as_f64().unwrap()
        / estimate["microDollars"].as_f64().unwrap();
    assert!((share - 0.5).abs() < 0.01, "half an hour costs half as much: {share}");

    let mut transcript = hour.clone();
    transcript["processingMode"] = json!("transcript");
    let (_, heard) = created(&client, "/v1/api/jobs", transcript).await;
    assert!(heard["data"]["estimate"]["microDollars"].as_u64() < estimate["microDollars"].as_u64());

    for duration in [json!(null), json!(0), json!(-1), json!(604_801), json!(1e300)] {
        let mut unknown = hour.clone();
        unknown["durationSecs"] = duration.clone();
        let (status, body) = created(&client, "/v1/api/jobs", unknown).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{duration}: {body}");
        assert!(body["error"].as_str().unwrap().starts_with("durationSecs"), "{body}");
    }
    let listed = client.api(Method::GET, "/v1/api/jobs", None).await.body;
    assert_eq!(listed["data"], json!([]), "nothing was made");
}

#[tokio::test]
async fn what_would_cost_more_than_its_limit_ends_before_anything_is_spent() {
    let world = World::get();
    let client = world.client("thrifty", Plan::Pro).await;
    let limited = async |most: u64| {
        let job = json!({ "fileName": "lecture.mp4", "maxCost": most });
        client.upload_as(job, &world.clips.lecture()).await
    };
    let dear = limited(10).await;
    let ended = client.finished(&dear).await;
    assert_eq!(
        (&ended["status"], &ended["errorCode"]),
        (&json!("FAILED"), &json!("max_cost_exceeded")),
        "{ended}"
    );
    assert!(ended["errorMessage"].as_str().unwrap().contains("maxCost"), "{ended}");
    let names: Vec<String> = stages(&ended["cost"]).into_iter().map(|(name, _)| name).collect();
    assert!(!names.contains(&"describe".to_owned()), "{ended}");
    assert_eq!(world.settled_wallet("thrifty").await.billed, 0);

    let within = limited(100_000).await;
    assert_eq!(client.finished(&within).await["status"], "COMPLETED");
    let (status, body) =
        created(&client, "/v1/api/jobs", json!({ "fileName": "a.mp4", "maxCost": 0.5 })).await;
    assert_eq!(
        (status, &body["error"]),
        (StatusCode::BAD_REQUEST, &json!("maxCost must be a whole number."))
    );
}

#[tokio::test]
async fn a_receipt_names_every_stage() {
    let world = World::get();
    let client = world.client("receipts", Plan::Pro).await;
    let job = client.upload(&world.clips.lecture()).await;
    client.finished(&job).await;
    // The last step writes down its own when it is done.
    let cost = eventually("all four stages are on the receipt", async || {
        let mut job = client.finished(&job).await;
        let names: Vec<String> = stages(&job["cost"]).into_iter().map(|(name, _)| name).collect();
        if names == ["download", "extract", "describe", "index"] {
            Ok(job["cost"].take())
        } else {
            Err(names)
        }
    })
    .await;
    for stage in cost["stages"].as_array().unwrap() {
        assert!(stage["gigabyteSeconds"].as_f64().unwrap() > 0.0, "{stage}");
        // The builtin provider asks no service.
        assert_eq!((&stage["inputTokens"], &stage["audioSecs"]), (&json!(0), &json!(0)), "{stage}");
    }
}
