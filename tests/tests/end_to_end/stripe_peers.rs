//! Stripe as others wrote it: its official library, whose requests ours must equal, and localstripe, which makes and
//! signs events by itself.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::peers::{self, LocalStripe};
use tests::stripe::{self, Seen};
use tests::webhook::from_stripe;
use tests::world::World;

/// The version of Stripe's API that this service speaks.
const API_VERSION: &str = "2024-06-20";

/// Has the official library open a page with these parameters, at the same API as the service.
async fn official(page: &str, parameters: Value) -> String {
    let order = json!({
        "api": World::get().stripe.url,
        "key": "sk_test_local",
        "version": API_VERSION,
        "open": page,
        "with": parameters,
        "idempotency_key": format!("official {page} {parameters}"),
    });
    peers::run("stripe_sdk.py", &order).await.as_str().unwrap().to_owned()
}

/// The two requests so far with this field: of the service, then of the library.
fn both(field: &str, value: &str) -> [Seen; 2] {
    let mut seen = World::get().stripe.requests(field, value);
    assert_eq!(seen.len(), 2, "{seen:?}");
    let theirs = seen.remove(1);
    [seen.remove(0), theirs]
}

#[track_caller]
fn assert_same([ours, theirs]: [Seen; 2]) {
    assert_eq!(ours.form, theirs.form);
    assert_eq!((&ours.path, &ours.authorization), (&theirs.path, &theirs.authorization));
    assert_eq!((ours.version, ours.content_type), (theirs.version, theirs.content_type));
}

async fn checkout(name: &str, body: Value) -> Client {
    let client = World::get().client(name, Plan::Free).await;
    let opened = client.session(Method::POST, "/billing/checkout", Some(body)).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    client
}

#[tokio::test]
async fn a_plan_is_bought_as_the_official_library_does() {
    checkout("sdk_subscriber", json!({ "plan": "pro" })).await;
    let user = "user_sdk_subscriber";
    let parameters = json!({
        "mode": "subscription",
        "line_items": [{ "price": "price_local_pro", "quantity": 1 }],
        "client_reference_id": user,
        "metadata": { "user_id": user },
        "subscription_data": { "metadata": { "user_id": user } },
        "success_url": "https://frameiq.app/billing/success",
        "cancel_url": "https://frameiq.app/billing/cancelled",
    });
    let page = official("checkout", parameters).await;
    assert!(page.starts_with("https://checkout.stripe.com/"), "{page}");
    assert_same(both("client_reference_id", user));
}

#[tokio::test]
async fn a_pack_is_bought_as_the_official_library_does() {
    checkout("sdk_packer", json!({ "credit_hours": 20 })).await;
    let user = "user_sdk_packer";
    let parameters = json!({
        "mode": "payment",
        "line_items": [{ "price": "price_local_20h", "quantity": 1 }],
        "client_reference_id": user,
        "customer_creation": "always",
        "metadata": { "user_id": user, "credit_hours": "20" },
        "success_url": "https://frameiq.app/billing/success",
        "cancel_url": "https://frameiq.app/billing/cancelled",
    });
    official("checkout", parameters).await;
    assert_same(both("client_reference_id", user));
}

#[tokio::test]
async fn the_portal_is_opened_as_the_official_library_does() {
    let client = World::get().client("sdk_manager", Plan::Free).await;
    let subscription = stripe::subscription("sdk_manager", "active", "price_local_pro");
    let told = stripe::event("customer.subscription.created", 0, subscription);
    assert_eq!(from_stripe(&client, &told).await.status, StatusCode::OK);
    let opened = client.session(Method::POST, "/billing/portal", None).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    let parameters = json!({ "customer": "cus_sdk_manager", "return_url": "https://frameiq.app/account" });
    let page = official("portal", parameters).await;
    assert!(page.starts_with("https://billing.stripe.com/"), "{page}");
    assert_same(both("customer", "cus_sdk_manager"));
}

/// A subscription at localstripe, which tells of it with events of its own making.
#[tokio::test]
async fn a_subscription_elsewhere_becomes_a_plan_here() {
    let world = World::get();
    let client = world.client("elsewhere", Plan::Free).await;
    let plan = async || client.session(Method::GET, "/usage", None).await.body["plan"].clone();
    let mut peer = LocalStripe::start().await;
    let webhook = format!("{}/webhooks/stripe", world.url);

    peer.send_events_to(&webhook, "whsec_of_another").await;
    let product = peer.call(Method::POST, "products", json!({ "name": "Pro", "type": "service" })).await;
    assert_eq!(peer.sent("product.created").await, "failed with response code 401");

    peer.send_events_to(&webhook, &world.stripe_secret).await;
    let price = json!({
        "id": "price_local_pro",
        "product": product["id"],
        "amount": 0,
        "currency": "usd",
        "interval": "month",
    });
    peer.call(Method::POST, "plans", price).await;
    let customer = peer.call(Method::POST, "customers", json!({ "email": "a@example.com" })).await;
    let subscription = json!({
        "customer": customer["id"],
        "items": [{ "plan": "price_local_pro" }],
        "metadata": { "user_id": "user_elsewhere" },
    });
    let made = peer.call(Method::POST, "subscriptions", subscription).await;
    // Of all that happened meanwhile, events of other kinds are taken too.
    assert_eq!(peer.sent("plan.created").await, "successfully delivered");
    assert_eq!(peer.sent("customer.created").await, "successfully delivered");
    assert_eq!(peer.sent("customer.subscription.created").await, "successfully delivered");
    assert_eq!(plan().await, "pro");

    // The customer it named is the one whose portal opens.
    assert_eq!(client.session(Method::POST, "/billing/portal", None).await.status, StatusCode::OK);
    assert_eq!(world.stripe.requests("customer", customer["id"].as_str().unwrap()).len(), 1);

    let path = format!("subscriptions/{}", made["id"].as_str().unwrap());
    peer.call(Method::DELETE, &path, json!({})).await;
    assert_eq!(peer.sent("customer.subscription.deleted").await, "successfully delivered");
    assert_eq!(plan().await, "free");
}
