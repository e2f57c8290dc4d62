//! Stripe's events, as far as this service reads them.

use std::collections::HashMap;

use domain::billing::SubscriptionStatus;
use serde::Deserialize;
use serde_json::Value;

/// Something that happened at Stripe.
#[derive(Deserialize)]
pub(crate) struct Event {
    /// The same at every delivery.
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// When it happened, in Unix seconds.
    pub(crate) created: i64,
    pub(crate) data: Data,
}

#[derive(Deserialize)]
pub(crate) struct Data {
    /// Of a form that depends on the kind.
    pub(crate) object: Value,
}

/// What this service had Stripe keep with an object; null where it is somebody else's.
type Metadata = Option<HashMap<String, String>>;

/// A subscription, as it was when the event happened.
#[derive(Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) customer: Option<String>,
    pub(crate) status: SubscriptionStatus,
    items: Items,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Items {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    price: Price,
}

#[derive(Deserialize)]
struct Price {
    id: String,
}

impl Subscription {
    /// The prices that it is paid at.
    pub(crate) fn prices(&self) -> impl Iterator<Item = &str> {
        self.items.data.iter().map(|item| item.price.id.as_str())
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> Option<&str> {
        Some(self.metadata.as_ref()?.get("user_id")?.as_str())
    }
}

/// A checkout that somebody completed.
#[derive(Deserialize)]
pub(crate) struct Checkout {
    pub(crate) id: String,
    pub(crate) mode: String,
    pub(crate) payment_status: String,
    pub(crate) customer: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    metadata: Metadata,
}

impl Checkout {
    /// The hours of credit that were paid for.
    pub(crate) fn credit_hours(&self) -> Option<u32> {
        self.metadata.as_ref()?.get("credit_hours")?.parse().ok()
    }
}
