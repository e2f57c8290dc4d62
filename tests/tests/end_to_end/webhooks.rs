//! Who may tell us things, and what becomes of an account whose user is deleted.

use domain::api_key::ApiKey;
use domain::ids::UserId;
use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::stripe;
use tests::wait::{eventually, when};
use tests::webhook::{from_clerk, from_stripe};
use tests::world::World;

fn user_event(kind: &str, name: &str) -> Value {
    json!({ "type": kind, "object": "event", "data": { "id": format!("user_{name}"), "object": "user" } })
}

#[tokio::test]
async fn stripe_is_believed_only_with_its_signature() {
    let world = World::get();
    let client = world.client("forger", Plan::Free).await;
    let event = stripe::event(
        "customer.subscription.created",
        0,
        stripe::subscription("forger", "active", "price_local_max"),
    );
    let body = event.to_string();
    let now = jiff::Timestamp::now().as_second();
    let secret = &world.stripe_secret;
    for (signature, word) in [
        (stripe::signature("whsec_of_another", now, &body), "signing secret"),
        (stripe::signature(secret, now, &body.replace("max", "pro")), "signing secret"),
        (stripe::signature(secret, now - 400, &body), "5 minutes"),
        (stripe::signature(secret, now + 400, &body), "5 minutes"),
        ("nonsense".to_owned(), "signature headers"),
    ] {
        let headers = [("stripe-signature", signature.as_str())];
        let answer = client.call(Method::POST, "/webhooks/stripe", Some(event.clone()), &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{signature}: {}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains(word), "{}", answer.body);
    }
    let unsigned = client.call(Method::POST, "/webhooks/stripe", Some(event.clone()), &[]).await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED);
    let usage = client.session(Method::GET, "/usage", None).await.body;
    assert_eq!(usage["plan"], "free", "{usage}");
}

#[tokio::test]
async fn clerk_is_believed_only_with_its_signature() {
    let world = World::get();
    let client = world.client("victim", Plan::Free).await;
    let event = user_event("user.deleted", "victim");
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (secret, age, word) in [(other, 0, "signing secret"), (world.clerk_secret.as_str(), 400, "5 minutes")]
    {
        let answer = from_clerk(&client, &event, secret, age).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains(word), "{}", answer.body);
    }
    let unsigned = client.call(Method::POST, "/webhooks/clerk", Some(event), &[]).await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED);
    assert_eq!(client.session(Method::GET, "/usage", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_webhook_of_an_unknown_kind_is_taken() {
    let world = World::get();
    let client = world.client("bystander", Plan::Free).await;
    for kind in ["user.created", "user.updated", "session.ended"] {
        let answer = from_clerk(&client, &user_event(kind, "bystander"), &world.clerk_secret, 0).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}: {}", answer.body);
        assert_eq!(answer.headers["x-ratelimit-limit"], "60", "counted");
    }
    assert_eq!(client.session(Method::GET, "/usage", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_deleted_user_is_erased() {
    let world = World::get();
    let client = world.client("erased", Plan::Pro).await;
    let done = client.upload(&world.clips.short()).await;
    assert_eq!(client.finished(&done).await["status"], "COMPLETED");
    let asked = client.ask(&done, json!({ "question": "What is it about?" })).await.unwrap();
    let session = asked[0].data["value"].as_str().unwrap();
    let open = json!({ "fileName": "never.mp4" });
    let open = client.api(Method::POST, "/v1/api/jobs", Some(open)).await.body["data"]["jobId"].clone();
    let subscribed = stripe::subscription("erased", "active", "price_local_pro");
    let subscribed = stripe::event("customer.subscription.created", 0, subscribed);
    assert_eq!(from_stripe(&client, &subscribed).await.status, StatusCode::OK);
    let told = from_clerk(&client, &user_event("user.deleted", "erased"), &world.clerk_secret, 0).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);

    let prefix = format!("videos/{done}/");
    eventually("nothing is in the bucket", async || {
        let left = world.objects(&prefix).await;
        when(left.is_empty(), left)
    })
    .await;
    let store = world.store().await;
    for id in [done.as_str(), open.as_str().unwrap()] {
        assert!(store.video(id.parse().unwrap()).await.unwrap().is_none(), "{id} is there");
    }
    eventually("the old key opens nothing", async || {
        let answer = client.api(Method::GET, "/v1/api/quota", None).await;
        when(answer.status == StatusCode::UNAUTHORIZED, answer.text)
    })
    .await;
    eventually("nobody pays for it", async || when(world.stripe.is_deleted("cus_erased"), ())).await;

    // What is left is the mark that keeps a token which is still valid from making the account anew.
    let http = reqwest::Client::new();
    let rows = async |partition: &str| world.rows(&http, partition, "").await;
    let mark = eventually("the mark alone is left", async || {
        let mut left = rows("USER#user_erased").await;
        if left.len() == 1 { Ok(left.remove(0)) } else { Err(left) }
    })
    .await;
    assert_eq!((&mark["SK"]["S"], mark["deleted_at"].is_null()), (&json!("PROFILE"), false), "{mark}");
    let key: ApiKey = client.key.parse().unwrap();
    assert_eq!(rows(&format!("KEY#{}", key.hash().0)).await, Vec::<Value>::new());
    let shards = store.stored_shards(UserId("user_erased".to_owned())).await.unwrap();
    assert_eq!(shards, [], "of its library nothing is left");
    eventually("the chat is gone", async || {
        let left = rows(&format!("SESSION#{session}")).await;
        when(left.is_empty(), left)
    })
    .await;
    for id in [done.as_str(), open.as_str().unwrap()] {
        assert_eq!(world.objects(&format!("uploads/{id}/")).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_deleted_user_stays_deleted() {
    let world = World::get();
    let client = world.client("leaver", Plan::Free).await;
    assert_eq!(client.session(Method::GET, "/usage", None).await.status, StatusCode::OK);
    // Twice: a webhook is delivered at least once. And what came before comes after, because order is not kept.
    for kind in ["user.deleted", "user.deleted", "user.updated", "user.created"] {
        let answer = from_clerk(&client, &user_event(kind, "leaver"), &world.clerk_secret, 0).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}: {}", answer.body);
    }
    let attempts = [
        (Method::GET, "/usage", None),
        (Method::POST, "/videos", Some(json!({ "youtube_url": "https://youtu.be/abc123" }))),
        (Method::POST, "/v1/api/keys", Some(json!({ "name": "again" }))),
        (Method::POST, "/billing/checkout", Some(json!({ "plan": "pro" }))),
    ];
    for (method, path, body) in attempts {
        let answer = client.session(method, path, body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.body);
    }
    let told = stripe::event(
        "customer.subscription.created",
        0,
        stripe::subscription("leaver", "active", "price_local_pro"),
    );
    assert_eq!(from_stripe(&client, &told).await.status, StatusCode::OK);
    assert_eq!(client.session(Method::GET, "/usage", None).await.status, StatusCode::UNAUTHORIZED);
}
