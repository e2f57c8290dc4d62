//! Buying: the two pages of Stripe, and what its events do to an account.

use std::collections::BTreeSet;

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::{Answer, Client};
use tests::stripe::{self, BROKEN_CUSTOMER, SHAKY_CUSTOMER};
use tests::webhook::from_stripe;
use tests::world::World;

const PRO: &str = "price_local_pro";
const MAX: &str = "price_local_max";

async fn checkout(client: &Client, body: Value) -> Answer {
    client.session(Method::POST, "/billing/checkout", Some(body)).await
}

async fn portal(client: &Client) -> Answer {
    client.session(Method::POST, "/billing/portal", None).await
}

/// Sends an event that must be taken.
async fn tell(client: &Client, event: &Value) {
    let answer = from_stripe(client, event).await;
    assert_eq!((answer.status, &answer.body), (StatusCode::OK, &json!({ "received": true })), "{event}");
}

/// The plan, which both contracts must agree on.
async fn plan(client: &Client) -> String {
    let usage = client.session(Method::GET, "/usage", None).await.body;
    let quota = client.api(Method::GET, "/v1/api/quota", None).await.body;
    assert_eq!(usage["plan"], quota["data"]["plan"], "{usage} {quota}");
    usage["plan"].as_str().unwrap().to_owned()
}

async fn credits(client: &Client) -> f64 {
    let quota = client.api(Method::GET, "/v1/api/quota", None).await.body;
    quota["data"]["creditsBalanceHours"].as_f64().unwrap()
}

#[tokio::test]
async fn a_repeated_checkout_is_one_page() {
    let world = World::get();
    let client = world.client("buyer", Plan::Free).await;
    let first = checkout(&client, json!({ "plan": "pro" })).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    assert!(first.body["checkout_url"].as_str().unwrap().starts_with("https://checkout.stripe.com/"));
    let again = checkout(&client, json!({ "plan": "pro" })).await;
    assert_eq!(again.body, first.body, "a retried call must not open a second session");
    let pack = checkout(&client, json!({ "credit_hours": 5 })).await;
    assert_eq!(pack.status, StatusCode::OK, "{}", pack.body);
    assert_ne!(pack.body, first.body);

    let seen = world.stripe.requests("client_reference_id", "user_buyer");
    assert_eq!(seen.len(), 3);
    let keys: BTreeSet<&str> = seen.iter().map(|request| request.idempotency_key.as_str()).collect();
    assert_eq!(keys.len(), 2, "{seen:?}");
    assert!(seen.iter().all(|request| request.authorization == "Bearer sk_test_local"), "{seen:?}");
    let field = |n: usize, name: &str| seen[n].form.get(name).cloned().unwrap_or_default();
    assert_eq!((field(0, "mode"), field(0, "line_items[0][price]")), ("subscription".into(), PRO.into()));
    assert_eq!(field(0, "subscription_data[metadata][user_id]"), "user_buyer");
    assert_eq!((field(2, "mode"), field(2, "metadata[credit_hours]")), ("payment".into(), "5".into()));

    // Once something was bought, the next purchase is another page, and for the customer who is known now.
    tell(&client, &stripe::event("checkout.session.completed", 0, stripe::paid_pack("buyer", "cs_buyer", 5)))
        .await;
    let next = checkout(&client, json!({ "credit_hours": 5 })).await;
    assert_ne!(next.body, pack.body);
    let seen = world.stripe.requests("customer", "cus_buyer");
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[tokio::test]
async fn only_what_is_for_sale_can_be_bought() {
    let client = World::get().client("chooser", Plan::Free).await;
    for (body, word) in [
        (json!({}), "exactly one"),
        (json!({ "plan": "pro", "credit_hours": 5 }), "exactly one"),
        (json!({ "plan": "free" }), "free"),
        (json!({ "plan": "enterprise" }), "enterprise"),
        (json!({ "plan": "platinum" }), "starter, pro, max"),
        (json!({ "credit_hours": 6 }), "5 or 20"),
        (json!({ "credit_hours": -5 }), "credit_hours"),
    ] {
        let answer = checkout(&client, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(word) || word == "credit_hours", "{body}: {detail}");
    }
    assert!(World::get().stripe.requests("client_reference_id", "user_chooser").is_empty());
    let unsigned = client.call(Method::POST, "/billing/checkout", Some(json!({ "plan": "pro" })), &[]).await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_subscription_sets_the_plan_and_opens_the_portal() {
    let world = World::get();
    let client = world.client("subscriber", Plan::Free).await;
    let none = portal(&client).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND, "{}", none.body);
    assert!(none.body["detail"].as_str().unwrap().contains("/billing/checkout"), "{}", none.body);

    let subscription = |status, price| stripe::subscription("subscriber", status, price);
    tell(&client, &stripe::event("customer.subscription.created", 60, subscription("incomplete", PRO))).await;
    assert_eq!(plan(&client).await, "free", "nothing is paid for yet");
    tell(&client, &stripe::event("customer.subscription.updated", 60, subscription("active", PRO))).await;
    assert_eq!(plan(&client).await, "pro");
    let quota = client.api(Method::GET, "/v1/api/quota", None).await.body;
    assert_eq!(quota["data"]["includedHours"], 50, "{quota}");

    let page = portal(&client).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        page.body["portal_url"].as_str().unwrap().starts_with("https://billing.stripe.com/"),
        "{}",
        page.body
    );
    let second = checkout(&client, json!({ "plan": "max" })).await;
    assert_eq!(second.status, StatusCode::CONFLICT, "it would be charged twice: {}", second.body);

    // Changed in the portal, late with a payment, given up.
    tell(&client, &stripe::event("customer.subscription.updated", 50, subscription("active", MAX))).await;
    assert_eq!(plan(&client).await, "max");
    tell(&client, &stripe::event("customer.subscription.updated", 40, subscription("past_due", MAX))).await;
    assert_eq!(plan(&client).await, "max");
    tell(&client, &stripe::event("customer.subscription.deleted", 30, subscription("canceled", MAX))).await;
    assert_eq!(plan(&client).await, "free");
}

#[tokio::test]
async fn late_and_repeated_events_change_nothing() {
    let client = World::get().client("late-biller", Plan::Free).await;
    let subscription = |status, price| stripe::subscription("late-biller", status, price);
    let began = stripe::event("customer.subscription.created", 90, subscription("active", PRO));
    let changed = stripe::event("customer.subscription.updated", 60, subscription("active", MAX));
    let ended = stripe::event("customer.subscription.deleted", 30, subscription("canceled", MAX));
    tell(&client, &changed).await;
    tell(&client, &began).await;
    assert_eq!(plan(&client).await, "max", "an older event came later");
    tell(&client, &ended).await;
    for late in [&changed, &began, &changed, &ended] {
        tell(&client, late).await;
        assert_eq!(plan(&client).await, "free", "{late}");
    }
    // Whom and what nobody here knows: taken, so that Stripe does not send it for days.
    tell(
        &client,
        &stripe::event("customer.subscription.created", 0, stripe::subscription("nobody", "active", PRO)),
    )
    .await;
    let unknown_price =
        stripe::event("customer.subscription.created", 0, subscription("active", "price_of_another"));
    tell(&client, &unknown_price).await;
    tell(&client, &stripe::event("invoice.paid", 0, json!({ "id": "in_1" }))).await;
    assert_eq!(plan(&client).await, "free");
}

#[tokio::test]
async fn people_who_gave_a_plan_are_not_overruled() {
    let client = World::get().client("partner", Plan::Enterprise).await;
    let subscription = |status| stripe::subscription("partner", status, PRO);
    tell(&client, &stripe::event("customer.subscription.updated", 60, subscription("active"))).await;
    tell(&client, &stripe::event("customer.subscription.deleted", 30, subscription("canceled"))).await;
    assert_eq!(plan(&client).await, "enterprise");
    assert_eq!(checkout(&client, json!({ "plan": "pro" })).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_credit_pack_is_added_once() {
    let client = World::get().client("packer", Plan::Free).await;
    let bought =
        stripe::event("checkout.session.completed", 0, stripe::paid_pack("packer", "cs_packer_1", 5));
    let at_once = futures::future::join_all((0..4).map(|_| tell(&client, &bought))).await;
    assert_eq!((at_once.len(), credits(&client).await), (4, 5.0));
    // The same payment, told by another event.
    let again = stripe::event(
        "checkout.session.async_payment_succeeded",
        0,
        stripe::paid_pack("packer", "cs_packer_1", 5),
    );
    tell(&client, &again).await;
    assert_eq!(credits(&client).await, 5.0);
    // Two different packs at once are both there.
    let pack = |session, hours| {
        stripe::event("checkout.session.completed", 0, stripe::paid_pack("packer", session, hours))
    };
    let (second, third) = (pack("cs_packer_2", 20), pack("cs_packer_3", 5));
    futures::join!(tell(&client, &second), tell(&client, &third));
    assert_eq!(credits(&client).await, 30.0);
    let mut unpaid = stripe::paid_pack("packer", "cs_packer_4", 20);
    unpaid["payment_status"] = json!("unpaid");
    tell(&client, &stripe::event("checkout.session.completed", 0, unpaid)).await;
    assert_eq!(credits(&client).await, 30.0);
    assert_eq!(plan(&client).await, "free");
}

/// Makes `customer` the customer of the account.
async fn becomes(client: &Client, name: &str, customer: &str) {
    let mut subscription = stripe::subscription(name, "active", PRO);
    subscription["customer"] = json!(customer);
    tell(client, &stripe::event("customer.subscription.created", 0, subscription)).await;
}

#[tokio::test]
async fn when_stripe_fails_the_caller_learns_what_to_do_and_nothing_else() {
    let world = World::get();
    let client = world.client("unlucky", Plan::Free).await;
    becomes(&client, "unlucky", BROKEN_CUSTOMER).await;
    let answer = portal(&client).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("try again") && !answer.body.to_string().contains("sk_test"), "{detail}");
}

#[tokio::test]
async fn a_failure_that_stripe_replays_does_not_last() {
    let world = World::get();
    let client = world.client("shaken", Plan::Free).await;
    becomes(&client, "shaken", SHAKY_CUSTOMER).await;
    assert_eq!(portal(&client).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let second = portal(&client).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.body);
}
