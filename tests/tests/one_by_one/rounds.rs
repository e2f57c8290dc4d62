//! How long an answer takes to begin is how often its function waits for the database. Each function's own program
//! answers a sample request, with a DynamoDB between them that counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::api_key::{ApiKey, Scope};
use domain::ids::UserId;
use domain::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use store::{KeyAdded, KeyRecord, Origin, Store};
use tests::client::Client;
use tests::hosted::{Answered, Hosted};
use tests::world::World;
use tests::{library, stripe, webhook};
use uuid::Uuid;

use crate::alone;

/// Rounds before the first byte of an answer. Counting the request against its limit is in the first.
const MOST: u32 = 3;
/// Something else on the machine can make a measurement too high, and nothing can make it too low.
const MEASUREMENTS: usize = 8;

/// What is measured: every public function, and behind a colon which of its requests, where they differ.
const SAMPLES: [&str; 45] = [
    "videos-create",
    "videos-create: named",
    "videos-list",
    "videos-get",
    "videos-delete: ready",
    "videos-delete: of YouTube, ready",
    "videos-delete: in the pipeline",
    "videos-delete: failed",
    "videos-retry: of YouTube",
    "videos-retry: uploaded",
    "videos-jobs",
    "chat-ask",
    "chat-ask: in a session",
    "chat-ask: taken up again",
    "chat-sessions",
    "chat-session",
    "search-query",
    "account-usage",
    "account-checkout",
    "account-portal",
    "webhooks-clerk: a user changed",
    "webhooks-clerk: a user is gone",
    "webhooks-stripe: a subscription",
    "webhooks-stripe: a credit pack",
    "keys-create",
    "keys-list",
    "keys-revoke",
    "jobs-create",
    "jobs-create: named",
    "jobs-create-from-url",
    "jobs-create-from-url: named",
    "jobs-get",
    "jobs-list",
    "jobs-cancel: waiting for its file",
    "jobs-cancel: in the pipeline",
    "jobs-captions-srt",
    "jobs-captions-vtt",
    "jobs-contact-sheet",
    "jobs-thumbnail",
    "jobs-search",
    "jobs-quota",
    "meta-health",
    "meta-health-worker",
    "meta-docs",
    "meta-not-found",
];

fn bin(sample: &str) -> &str {
    sample.split(':').next().unwrap()
}

/// The functions that have a URL, by the name of their program, with the template's names for them.
fn public_functions() -> BTreeMap<String, String> {
    let template = tests::yaml::read(&root().join("template.yaml"));
    let resources = template["Resources"].as_object().unwrap().iter();
    let with_url = resources.filter(|(_, resource)| {
        let events = resource["Properties"]["Events"].as_object();
        resource["Type"] == "AWS::Serverless::Function"
            && events.is_some_and(|events| events.values().any(|event| event["Type"] == "Api"))
    });
    with_url
        .map(|(id, resource)| {
            let code = resource["Properties"]["CodeUri"].as_str().unwrap().trim_end_matches('/');
            (code.rsplit('/').next().unwrap().to_owned(), id.clone())
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn every_public_function_is_measured() {
    let measured: BTreeSet<&str> = SAMPLES.into_iter().map(bin).collect();
    let functions = public_functions();
    let public: BTreeSet<&str> = functions.keys().map(String::as_str).collect();
    assert_eq!(measured, public, "SAMPLES in {} has what template.yaml has not, or the reverse", file!());
}

#[tokio::test]
async fn three_rounds_before_the_first_byte() {
    let _turn = alone().await;
    let account = Samples::new().await;
    let functions = public_functions();
    let mut complaints = vec![];
    let mut running: Option<(&str, Hosted)> = None;
    for sample in SAMPLES {
        let bin = bin(sample);
        let hosted = match running.take() {
            Some((name, hosted)) if name == bin => hosted,
            Some(_) | None => Hosted::start(World::get(), bin, &functions[bin], &[]).await,
        };
        match account.fewest(sample, &hosted, MOST).await {
            Err(refusal) => complaints.push(refusal),
            Ok(best) if best.rounds() == 0 => {
                complaints.push(format!("{sample}: nothing was counted, not even the request itself"));
            }
            Ok(best) if best.rounds() > MOST => {
                complaints.push(format!("{sample} takes {} rounds: {:?}", best.rounds(), best.requests));
            }
            Ok(_) => {}
        }
        running = Some((bin, hosted));
    }
    account.clear().await;
    assert!(complaints.is_empty(), "at most {MOST}:\n{}", complaints.join("\n"));
}

/// An account with something of everything.
struct Samples {
    client: Client,
    store: Store,
    user: UserId,
    /// A video that was really processed: questions and results need what is in the bucket.
    video: String,
    /// A chat about it.
    session: String,
    /// The first event of an answer about it.
    event: String,
    /// Nothing is made twice.
    number: AtomicU32,
}

impl Samples {
    async fn new() -> Self {
        let world = World::get();
        let client = world.client("sampled", Plan::Pro).await;
        let (store, user) = (world.store().await, UserId("user_sampled".to_owned()));
        let video = client.upload(&world.clips.short()).await;
        assert_eq!(client.finished(&video).await["status"], "COMPLETED");
        let asked = client.ask(&video, json!({ "question": "What is it about?" })).await.unwrap();
        let (session, event) = (asked[0].data["value"].as_str().unwrap().to_owned(), asked[0].id.clone());
        let subscription = stripe::subscription("sampled", "active", "price_local_pro");
        let told = stripe::event("customer.subscription.created", 60, subscription);
        assert!(webhook::from_stripe(&client, &told).await.status.is_success());
        Self { client, store, user, video, session, event, number: AtomicU32::new(0) }
    }

    /// The answer with the fewest rounds of a few. Answers what is wrong with the first one that is no success.
    async fn fewest(&self, sample: &str, hosted: &Hosted, allowed: u32) -> Result<Answered, String> {
        // The first request of a process also opens connections and fetches the issuer's keys.
        self.answer(sample, hosted).await?;
        let mut best = self.answer(sample, hosted).await?;
        for _ in 1..MEASUREMENTS {
            if best.rounds() > allowed {
                let again = self.answer(sample, hosted).await?;
                best = if again.rounds() < best.rounds() { again } else { best };
            }
        }
        Ok(best)
    }

    async fn answer(&self, sample: &str, hosted: &Hosted) -> Result<Answered, String> {
        let answered = hosted.invoke(&self.request(sample).await).await;
        let expected = if sample == "meta-not-found" { 404..405 } else { 200..400 };
        let fault = || format!("{sample} answers {} {}", answered.status, answered.text);
        if expected.contains(&answered.status) { Ok(answered) } else { Err(fault()) }
    }

    /// The sample event of the function, from this account, about things that exist.
    async fn request(&self, sample: &str) -> Value {
        let (world, bin) = (World::get(), bin(sample));
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let event = std::fs::read(root().join(format!("events/{bin}.json"))).unwrap();
        let mut event: Value = serde_json::from_slice(&event).unwrap();
        // Who manages keys has ten requests a minute: each measurement is another user's.
        let (user, token) = if bin.starts_with("keys-") {
            let name = format!("sampled-manager-{number}");
            (UserId(format!("user_{name}")), world.token(&name, Plan::Pro).await)
        } else {
            (self.user.clone(), self.client.token.clone())
        };
        let mut headers =
            vec![("authorization", format!("Bearer {token}")), ("x-api-key", self.client.key.clone())];
        headers.retain(|(name, _)| position(&event["headers"], name).is_some());
        let upload =
            || Origin::Upload { upload_expires_at: Timestamp::now() + SignedDuration::from_mins(15) };
        let url = || Origin::Url { url: format!("http://{}/files/short.mp4", world.web) };
        let youtube =
            || Origin::Youtube { youtube_id: format!("https://youtu.be/sampled{number}").parse().unwrap() };
        let (store, user) = (&self.store, &user);
        let path = match sample {
            "videos-get"
            | "videos-jobs"
            | "chat-ask"
            | "chat-ask: in a session"
            | "chat-ask: taken up again"
            | "chat-sessions"
            | "jobs-get"
            | "jobs-captions-srt"
            | "jobs-captions-vtt"
            | "jobs-contact-sheet"
            | "jobs-thumbnail" => self.video.clone(),
            "chat-session" => self.session.clone(),
            "videos-delete: ready" => library::ready(store, user, upload()).await.to_string(),
            "videos-delete: of YouTube, ready" => library::ready(store, user, youtube()).await.to_string(),
            "videos-delete: in the pipeline" => {
                library::processing(store, user, youtube()).await.id.to_string()
            }
            "videos-delete: failed" | "videos-retry: of YouTube" => {
                library::failed(store, user, youtube()).await.to_string()
            }
            "videos-retry: uploaded" => library::failed(store, user, upload()).await.to_string(),
            "jobs-cancel: waiting for its file" => {
                library::made(store, user, upload(), Timestamp::now()).await.id.to_string()
            }
            "jobs-cancel: in the pipeline" => library::processing(store, user, url()).await.id.to_string(),
            "keys-revoke" => self.key(user, number).await,
            _ => String::new(),
        };
        for (name, parameter) in event["pathParameters"].as_object_mut().into_iter().flatten() {
            if name == "scene" {
                *parameter = json!("1");
            } else if !path.is_empty() {
                *parameter = json!(path);
            }
        }
        let body = match sample {
            "videos-create" | "videos-create: named" => {
                Some(json!({ "youtube_url": format!("https://youtu.be/sampled{number}") }))
            }
            "chat-ask" => Some(json!({ "question": "What is it about?" })),
            "chat-ask: in a session" => {
                Some(json!({ "question": "What is it about?", "session_id": self.session }))
            }
            "search-query" | "jobs-search" => Some(json!({ "query": "picture" })),
            // There is a subscription, and a second one is refused.
            "account-checkout" => Some(json!({ "credit_hours": 5 })),
            "jobs-create-from-url" | "jobs-create-from-url: named" => {
                Some(json!({ "url": format!("http://{}/files/short.mp4", world.web) }))
            }
            "webhooks-clerk: a user changed" => {
                Some(json!({ "type": "user.updated", "object": "event", "data": { "id": self.user.0 } }))
            }
            "webhooks-clerk: a user is gone" => {
                let gone = format!("user_sampled-{number}");
                self.store.account(UserId(gone.clone()), Timestamp::now()).await.unwrap();
                Some(json!({ "type": "user.deleted", "object": "event", "data": { "id": gone } }))
            }
            "webhooks-stripe: a subscription" => {
                let subscription = stripe::subscription("sampled", "active", "price_local_pro");
                Some(stripe::event("customer.subscription.updated", 0, subscription))
            }
            "webhooks-stripe: a credit pack" => {
                let pack = stripe::paid_pack("sampled", &format!("cs_sampled_{number}"), 5);
                Some(stripe::event("checkout.session.completed", 0, pack))
            }
            _ => None,
        };
        if let Some(body) = body {
            event["body"] = json!(body.to_string());
            if bin == "webhooks-clerk" {
                headers.extend(webhook::clerk_headers(&body, &world.clerk_secret, 0));
            }
            if bin == "webhooks-stripe" {
                let now = Timestamp::now().as_second();
                let signature = stripe::signature(&world.stripe_secret, now, &body.to_string());
                headers.push(("stripe-signature", signature));
            }
        }
        if sample == "chat-ask: taken up again" {
            headers.push(("last-event-id", self.event.clone()));
        }
        if sample.ends_with("named") {
            headers.push(("idempotency-key", format!("n-{number}")));
        }
        for (name, value) in headers {
            set_header(&mut event, name, &value);
        }
        // Whole lists, each from an address of its own.
        event["queryStringParameters"] = Value::Null;
        event["multiValueQueryStringParameters"] = Value::Null;
        event["requestContext"]["identity"]["sourceIp"] = json!(format!("198.51.100.{}", number % 256));
        event
    }

    /// The prefix of a new key of the user.
    async fn key(&self, user: &UserId, number: u32) -> String {
        let key = ApiKey::from_random(*Uuid::new_v5(&Uuid::NAMESPACE_URL, &number.to_be_bytes()).as_bytes());
        let record = KeyRecord {
            user: user.clone(),
            hash: key.hash(),
            prefix: key.prefix(),
            name: "sampled".to_owned(),
            scopes: Scope::ALL.to_vec(),
            api_version: Default::default(),
            created_at: Timestamp::now(),
            revoked: false,
        };
        assert_eq!(self.store.add_key(record).await.unwrap(), KeyAdded::Yes);
        key.prefix().to_string()
    }

    /// Removes the videos, so that nothing is processed for nobody.
    async fn clear(&self) {
        let owner = self.client.at(World::get().address());
        let listed = owner.session(Method::GET, "/videos?limit=100", None).await.body;
        for video in listed["items"].as_array().unwrap() {
            let path = format!("/videos/{}", video["id"].as_str().unwrap());
            owner.session(Method::DELETE, &path, None).await;
        }
    }
}

/// The name as the event spells it.
fn position(headers: &Value, name: &str) -> Option<String> {
    headers.as_object()?.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned()
}

fn set_header(event: &mut Value, name: &str, value: &str) {
    let spelled = position(&event["headers"], name).unwrap_or_else(|| name.to_owned());
    event["multiValueHeaders"][&spelled] = json!([value]);
    event["headers"][&spelled] = json!(value);
}
