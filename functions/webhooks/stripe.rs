//! `POST /webhooks/stripe`: a subscription begins, changes or ends, or a credit pack is paid for.

#[path = "stripe/event.rs"]
mod event;

use domain::billing::{Grant, Product, Subscription};
use domain::ids::UserId;
use domain::plan::Plan;
use edge::refusals::unverified;
use edge::signature::{Unverified, verify_stripe};
use edge::{Call, Door, Problem, Reply, Secret};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{BillingEvent, Effect};

use event::Event;

#[derive(Serialize)]
struct Received {
    received: bool,
}

/// Answers 200 to whatever trying again would not change. An event of an unknown form is refused, because Stripe's
/// dashboard shows that, and a release that understands it still gets it within three days.
async fn take_event(call: Call) -> Result<Reply, Problem> {
    let secret = call.app.secret(Secret::StripeWebhook).await?;
    let signature = call.header("stripe-signature").ok_or_else(|| unverified(Unverified::Unsigned))?;
    verify_stripe(secret, signature, call.raw_body(), call.now).map_err(unverified)?;
    let event: Event =
        serde_json::from_slice(call.raw_body()).map_err(|error| malformed(&error.to_string()))?;
    let effect = match event.kind.as_str() {
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted" => take_subscription(&call, &event).await?,
        // The second is for ways to pay that take days: the first comes unpaid then.
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            take_checkout(&call, &event).await?
        }
        _ => None,
    };
    match effect {
        Some(Effect::NoAccount) => {
            tracing::error!(
                event.id,
                event.kind,
                "an event for an account that does not exist: look at it in Stripe"
            );
        }
        Some(effect) => tracing::info!(event.id, event.kind, ?effect, "event taken"),
        None => tracing::info!(event.id, event.kind, "an event that nothing here depends on"),
    }
    Reply::json(StatusCode::OK, &Received { received: true })
}

async fn take_subscription(call: &Call, event: &Event) -> Result<Option<Effect>, Problem> {
    let reported: event::Subscription = read(&event.data.object)?;
    let Some(user) = reported.user().and_then(|user| UserId::new(user.to_owned())) else {
        tracing::error!(
            event.id,
            subscription = reported.id,
            "a subscription without metadata.user_id: add it in Stripe"
        );
        return Ok(None);
    };
    let plan = reported.prices().filter_map(|price| call.app.config.sales.prices.plan(price)).max();
    if plan.is_none() && reported.status.keeps_plan() {
        let prices: Vec<_> = reported.prices().collect();
        tracing::error!(
            event.id,
            ?prices,
            "a subscription to no known price: add it to the parameter StripePrices"
        );
        return Ok(None);
    }
    let as_of = Timestamp::from_second(event.created).map_err(|_| malformed("created is no time"))?;
    let report = Subscription { plan: plan.unwrap_or(Plan::Free), status: reported.status, as_of };
    let about = BillingEvent { id: event.id.clone(), user, customer: reported.customer };
    Ok(Some(call.app.store.record_subscription(about, reported.id, report, call.now).await?))
}

async fn take_checkout(call: &Call, event: &Event) -> Result<Option<Effect>, Problem> {
    let checkout: event::Checkout = read(&event.data.object)?;
    // Of a subscription, its own events tell; of a payment on its way, a later one.
    if checkout.mode != "payment" || checkout.payment_status != "paid" {
        return Ok(None);
    }
    let pack =
        checkout.credit_hours().filter(|hours| Product::granting(Grant::CreditHours(*hours)).is_some());
    let (Some(user), Some(hours)) = (checkout.client_reference_id.and_then(UserId::new), pack) else {
        tracing::error!(event.id, checkout = checkout.id, "a payment that is for no credit pack of ours");
        return Ok(None);
    };
    let about = BillingEvent { id: event.id.clone(), user, customer: checkout.customer };
    Ok(Some(call.app.store.add_credits(about, checkout.id, u64::from(hours) * 3600, call.now).await?))
}

fn read<T: DeserializeOwned>(object: &Value) -> Result<T, Problem> {
    T::deserialize(object).map_err(|error| malformed(&error.to_string()))
}

fn malformed(what: &str) -> Problem {
    Problem::invalid(format!(
        "The event is not what is expected: {what}. Check the API version of the endpoint in Stripe."
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Public, take_event).await
}
