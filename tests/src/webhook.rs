//! Webhooks as Clerk and Stripe send them, signed by code of its own: what verifies them is not asked. That the
//! official libraries take these signatures too is a test.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::stripe;
use crate::world::World;

/// Whose way to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Svix's, which sends for Clerk.
    Svix,
    /// Stripe's.
    Stripe,
}

/// What is signed, and with what.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// How.
    pub scheme: Scheme,
    /// With this secret.
    pub secret: &'a str,
    /// The message's id. Stripe does not sign one.
    pub id: &'a str,
    /// When, in Unix seconds.
    pub timestamp: i64,
    /// The body.
    pub body: &'a str,
}

impl Scheme {
    /// Its name among the programs of `tests/peers/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svix => "svix",
            Self::Stripe => "stripe",
        }
    }
}

impl Message<'_> {
    /// The signature header.
    pub fn signature(&self) -> String {
        match self.scheme {
            Scheme::Stripe => stripe::signature(self.secret, self.timestamp, self.body),
            Scheme::Svix => {
                let key = STANDARD.decode(self.secret.trim_start_matches("whsec_"));
                let signed = format!("{}.{}.{}", self.id, self.timestamp, self.body);
                let tag = tag(&key.expect("a secret in base64"), signed.as_bytes());
                format!("v1,{}", STANDARD.encode(tag))
            }
        }
    }
}

/// Sends an event of Stripe, signed now.
pub async fn from_stripe(client: &Client, event: &Value) -> Answer {
    let signature =
        stripe::signature(&World::get().stripe_secret, Timestamp::now().as_second(), &event.to_string());
    let headers = [("stripe-signature", signature.as_str())];
    client.call(Method::POST, "/webhooks/stripe", Some(event.clone()), &headers).await
}

/// Sends an event of Clerk, signed `age` seconds ago with this secret.
pub async fn from_clerk(client: &Client, event: &Value, secret: &str, age: i64) -> Answer {
    let headers = clerk_headers(event, secret, age);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    client.call(Method::POST, "/webhooks/clerk", Some(event.clone()), &headers).await
}

/// The headers of an event of Clerk, signed `age` seconds ago with this secret.
pub fn clerk_headers(event: &Value, secret: &str, age: i64) -> [(&'static str, String); 3] {
    let (id, timestamp, body) = ("msg_tests", Timestamp::now().as_second() - age, event.to_string());
    let message = Message { scheme: Scheme::Svix, secret, id, timestamp, body: &body };
    // Another secret's signature before it: Svix lists both while a secret is being replaced.
    let signature = format!("v1,bm90IHRoaXMgb25l {}", message.signature());
    [("svix-id", id.to_owned()), ("svix-timestamp", timestamp.to_string()), ("svix-signature", signature)]
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA256.
pub(crate) fn tag(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_owned()
}
