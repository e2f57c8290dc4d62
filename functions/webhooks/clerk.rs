//! `POST /webhooks/clerk`: an account is made, changed or deleted where people sign in.

use domain::ids::UserId;
use edge::refusals::unverified;
use edge::signature::{StandardHeaders, StandardSecret, Unverified};
use edge::{Call, Door, Problem, Reply, Secret};
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::Purge;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Subject,
}

/// Whom the event is about. Names and addresses stay with Clerk: no account has a use for them.
#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    id: String,
}

#[derive(Serialize)]
struct Received {
    received: bool,
}

/// Every effect here is the same when it is had again, so deliveries are not remembered: an account that exists is
/// left as it is, a deleted one stays deleted, and erasing twice finds nothing left.
async fn take_event(call: Call) -> Result<Reply, Problem> {
    verify(&call, call.app.secret(Secret::ClerkWebhook).await?)?;
    let event: Event = serde_json::from_slice(call.raw_body())
        .map_err(|error| Problem::invalid(format!("The event is not what is expected: {error}.")))?;
    let store = &call.app.store;
    match event.kind.as_str() {
        "user.created" | "user.updated" => {
            // One that comes after the deletion finds the mark, and makes nothing.
            store.account(user(event.data)?, call.now).await?;
        }
        "user.deleted" => {
            let user = user(event.data)?;
            // In this order: once the erasure begins, nothing can be made anew behind it.
            store.mark_deleted(user.clone(), call.now).await?;
            store.enqueue_purge(Purge::Account(user), SignedDuration::ZERO).await?;
        }
        other => tracing::info!(event.kind = other, "an event that nothing here depends on"),
    }
    Reply::json(StatusCode::OK, &Received { received: true })
}

fn verify(call: &Call, secret: &str) -> Result<(), Problem> {
    let secret = StandardSecret::parse(secret)
        .map_err(|error| Problem::internal(format!("the secret of ClerkWebhookSecretArn is {error}")))?;
    let header = |name| call.header(name).ok_or_else(|| unverified(Unverified::Unsigned));
    let headers = StandardHeaders {
        id: header("svix-id")?,
        timestamp: header("svix-timestamp")?,
        signature: header("svix-signature")?,
    };
    secret.verify(headers, call.raw_body(), call.now).map_err(unverified)
}

fn user(subject: Subject) -> Result<UserId, Problem> {
    UserId::new(subject.id).ok_or_else(|| Problem::invalid("data.id is not the id of a user."))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Public, take_event).await
}
