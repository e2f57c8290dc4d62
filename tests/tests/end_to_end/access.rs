//! Who may do what: keys, scopes, other people's things, limits.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::client::Answer;
use tests::world::World;

#[tokio::test]
async fn both_key_headers_work_and_a_revoked_key_does_not() {
    let client = World::get().client("keyholder", Plan::Free).await;
    let bearer = format!("Bearer {}", client.key);
    for header in [("x-api-key", client.key.as_str()), ("authorization", bearer.as_str())] {
        let answer = client.call(Method::GET, "/v1/api/quota", None, &[header]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.body["data"]["plan"], "free");
        assert_eq!(answer.headers["x-ratelimit-limit"], "100");
    }
    let prefix = &client.key["fq_live_".len()..][..8];
    let listed = client.session(Method::GET, "/v1/api/keys", None).await.body;
    assert_eq!(
        (&listed["data"][0]["keyPrefix"], &listed["data"][0]["revoked"]),
        (&prefix.into(), &false.into())
    );
    assert!(!listed.to_string().contains(&client.key), "a key is shown once");
    let revoked = client.session(Method::DELETE, &format!("/v1/api/keys/{prefix}"), None).await;
    assert_eq!(revoked.body, json!({ "data": { "revoked": true } }));
    let after = client.api(Method::GET, "/v1/api/quota", None).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED, "{}", after.body);
}

#[tokio::test]
async fn a_key_does_only_what_its_scopes_say() {
    let client = World::get().client("scoped", Plan::Free).await;
    let body = json!({ "name": "reader", "scopes": ["jobs:read"] });
    let made = client.session(Method::POST, "/v1/api/keys", Some(body)).await.body;
    let key = [("x-api-key", made["data"]["key"].as_str().unwrap())];
    let read = client.call(Method::GET, "/v1/api/jobs", None, &key).await;
    assert_eq!(read.status, StatusCode::OK);
    for (method, path) in [(Method::GET, "/v1/api/quota"), (Method::POST, "/v1/api/jobs")] {
        let refused = client.call(method, path, Some(json!({ "fileName": "a.mp4" })), &key).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.body);
    }
}

#[tokio::test]
async fn other_peoples_things_do_not_exist() {
    let world = World::get();
    let (owner, stranger) =
        (world.client("keeper", Plan::Free).await, world.client("stranger", Plan::Free).await);
    let made = owner.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" }))).await.body;
    let id = made["data"]["jobId"].as_str().unwrap();
    assert_eq!(
        stranger.api(Method::GET, &format!("/v1/api/jobs/{id}"), None).await.status,
        StatusCode::NOT_FOUND
    );
    for path in [format!("/videos/{id}"), format!("/videos/{id}/jobs"), format!("/chat/{id}/sessions")] {
        let answer = stranger.session(Method::GET, &path, None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.body["instance"], path, "{}", answer.body);
    }
}

#[tokio::test]
async fn the_limits_of_a_plan_hold() {
    let client = World::get().client("hoarder", Plan::Free).await;
    let create = || client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" })));
    let answers = futures::future::join_all((0..8).map(|_| create())).await;
    let admitted = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(admitted, 3, "a free plan has three videos");
    assert!(answers.iter().all(|answer| [StatusCode::OK, StatusCode::FORBIDDEN].contains(&answer.status)));
    let usage = client.session(Method::GET, "/usage", None).await.body;
    assert_eq!(usage["videos"], json!({ "used": 3, "limit": 3 }));
}

#[tokio::test]
async fn no_more_than_ten_uploads_are_open() {
    let client = World::get().client("opener", Plan::Pro).await;
    let make = || client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "a.mp4" })));
    let made = futures::future::join_all((0..25).map(|_| make())).await;
    let (open, refused): (Vec<_>, Vec<_>) = made.iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(open.len(), 10, "{:?}", made.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for answer in refused {
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
        assert!(answer.body["error"].as_str().unwrap().contains("10 uploads"), "{}", answer.body);
        // Until the first URL ends by itself.
        assert!((840..=900).contains(&answer.body["retryAfter"].as_i64().unwrap()), "{}", answer.body);
    }
    // A cancelled one makes room, and so does one that has arrived.
    let job = open[0].body["data"]["jobId"].as_str().unwrap();
    client.api(Method::POST, &format!("/v1/api/jobs/{job}/cancel"), None).await;
    assert_eq!(make().await.status, StatusCode::OK);
    assert_eq!(make().await.status, StatusCode::TOO_MANY_REQUESTS);
    client.put(&open[1].body, &World::get().clips.short()).await;
    client.finished(open[1].body["data"]["jobId"].as_str().unwrap()).await;
    assert_eq!(make().await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_manages_keys_has_ten_requests_a_minute() {
    let number =
        |answer: &Answer, name: &str| -> i64 { answer.headers[name].to_str().unwrap().parse().unwrap() };
    // Tries until all of one fall into the same minute.
    for attempt in 0..5 {
        // Whose first request is the making of a key.
        let client = World::get().client(&format!("key-counter-{attempt}"), Plan::Free).await;
        let mut answers = vec![];
        for _ in 0..10 {
            answers.push(client.session(Method::GET, "/v1/api/keys", None).await);
        }
        let resets: Vec<i64> = answers.iter().map(|answer| number(answer, "x-ratelimit-reset")).collect();
        if resets.iter().any(|reset| *reset != resets[0]) || number(&answers[0], "x-ratelimit-remaining") != 8
        {
            continue;
        }
        let eleventh = answers.pop().unwrap();
        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
        assert!(answers.iter().chain([&eleventh]).all(|answer| number(answer, "x-ratelimit-limit") == 10));
        assert_eq!(eleventh.status, StatusCode::TOO_MANY_REQUESTS, "{}", eleventh.body);
        assert_eq!(eleventh.body["retryAfter"], number(&eleventh, "retry-after"), "{}", eleventh.body);
        // What the key opens is counted by itself.
        assert_eq!(client.api(Method::GET, "/v1/api/quota", None).await.status, StatusCode::OK);
        return;
    }
    unreachable!("a minute ended within ten requests, five times");
}

#[tokio::test]
async fn a_key_keeps_its_api_version_and_a_header_overrides_it() {
    let world = World::get();
    let client = world.client("versioner", Plan::Pro).await;
    let new = json!({ "name": "later", "apiVersion": "2026-04" });
    let made = client.session(Method::POST, "/v1/api/keys", Some(new)).await.body;
    assert_eq!(made["data"]["apiVersion"], "2026-04", "{made}");
    let later = made["data"]["key"].as_str().unwrap();
    let job = client.upload(&world.clips.audio_only()).await;
    assert_eq!(client.finished(&job).await["status"], "COMPLETED_NO_SCENES");

    let path = format!("/v1/api/jobs/{job}");
    let shown = client.call(Method::GET, &path, None, &[("x-api-key", later)]).await.body;
    assert_eq!(shown["data"]["status"], "VIDEO_COMPLETED_NO_SCENES", "{shown}");
    assert!(shown["data"]["processedData"]["transcript"].is_array(), "{shown}");
    let list = "/v1/api/jobs?status=VIDEO_COMPLETED_NO_SCENES";
    let listed = client.call(Method::GET, list, None, &[("x-api-key", later)]).await.body;
    assert_eq!(listed["data"][0]["status"], "VIDEO_COMPLETED_NO_SCENES", "{listed}");
    let old = [("x-api-key", later), ("x-api-version", "2026-02")];
    let shown = client.call(Method::GET, &path, None, &old).await.body;
    assert_eq!(shown["data"]["status"], "COMPLETED_NO_SCENES", "{shown}");
    assert_eq!(shown["data"]["processedData"], json!(null), "{shown}");
    let unknown = [("x-api-key", later), ("x-api-version", "1999-01")];
    let refused = client.call(Method::GET, &path, None, &unknown).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    let quota = client.call(Method::GET, "/v1/api/quota", None, &[("x-api-key", later)]).await.body;
    assert_eq!(quota["data"]["currentPlan"], "pro", "{quota}");
}
