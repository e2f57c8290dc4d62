//! Webhooks as Clerk and Stripe send them, signed by code of its own: what verifies them is not asked.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::stripe;
use crate::world::World;

/// Sends an event of Stripe, signed now.
pub async fn from_stripe(client: &Client, event: &Value) -> Answer {
    let signature =
        stripe::signature(&World::get().stripe_secret, Timestamp::now().as_second(), &event.to_string());
    let headers = [("stripe-signature", signature.as_str())];
    client.call(Method::POST, "/webhooks/stripe", Some(event.clone()), &headers).await
}

/// Sends an event of Clerk, signed `age` seconds ago with this secret.
pub async fn from_clerk(client: &Client, event: &Value, secret: &str, age: i64) -> Answer {
    let (id, signed_at) = ("msg_tests", (Timestamp::now().as_second() - age).to_string());
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("a secret in base64");
    let signed = format!("{id}.{signed_at}.{event}");
    // Another secret's signature before it: Svix lists both while a secret is being replaced.
    let signature = format!("v1,bm90IHRoaXMgb25l v1,{}", STANDARD.encode(tag(&key, &signed)));
    let headers =
        [("svix-id", id), ("svix-timestamp", signed_at.as_str()), ("svix-signature", signature.as_str())];
    client.call(Method::POST, "/webhooks/clerk", Some(event.clone()), &headers).await
}

/// HMAC-SHA256.
pub(crate) fn tag(key: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes()).as_ref().to_owned()
}
