//! The issuer changes its keys: a function's own program, with an issuer that the test plays.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::plan::Plan;
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::event;
use tests::hosted::Hosted;
use tests::jwt::{Rsa, token};
use tests::wait::{eventually, when};
use tests::world::World;
use tiny_http::{Response, Server};

/// An issuer's keys, which it publishes; no keys are no answer.
struct Issuer {
    url: String,
    published: Arc<Mutex<Vec<Value>>>,
    fetches: Arc<AtomicUsize>,
}

impl Issuer {
    /// Begins to serve; ends with the process.
    fn serve() -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks.json", server.server_addr());
        let (published, fetches) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::<AtomicUsize>::default());
        let (keys, count) = (published.clone(), fetches.clone());
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                count.fetch_add(1, Ordering::Relaxed);
                let keys = keys.lock().unwrap().clone();
                let status = if keys.is_empty() { 503 } else { 200 };
                let body = json!({ "keys": keys }).to_string();
                drop(request.respond(Response::from_string(body).with_status_code(status)));
            }
        });
        Self { url, published, fetches }
    }

    fn publish(&self, keys: &[Value]) {
        *self.published.lock().unwrap() = keys.to_vec();
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_and_no_more_than_once_a_minute() {
    let world = World::get();
    world.client("key-rotator", Plan::Free).await;
    let (issuer, old, new) = (Issuer::serve(), Rsa::generate(), Rsa::generate());
    issuer.publish(&[old.jwk("old")]);
    let usage =
        Hosted::start(world, "account-usage", "AccountUsage", &[("CLERK_JWKS_URL", &issuer.url)]).await;
    let status = async |key: &Rsa, kid: &str| {
        let now = Timestamp::now().as_second();
        let claims = json!({
            "iss": world.url, "sub": "user_key-rotator", "sid": "sess_1", "iat": now, "nbf": now - 10, "exp": now + 600
        });
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": kid });
        let bearer = format!("Bearer {}", token(&header, &claims, |message| key.rs256(message)));
        let answered = usage.invoke(&event::request("account-usage", &[("Authorization", &bearer)])).await;
        answered.status
    };
    let began = Instant::now();
    assert_eq!((status(&old, "old").await, issuer.fetches()), (200, 1));
    assert_eq!(
        (status(&new, "new").await, issuer.fetches()),
        (401, 1),
        "whoever makes up ids fetches nothing"
    );

    issuer.publish(&[old.jwk("old"), new.jwk("new")]);
    eventually("the new key is known", async || {
        let status = status(&new, "new").await;
        when(status == 200, status)
    })
    .await;
    assert_eq!(issuer.fetches(), 2);
    assert!(began.elapsed() >= Duration::from_secs(60), "{:?}", began.elapsed());
    // The old one's tokens are valid until they expire, whether or not the issuer answers.
    issuer.publish(&[]);
    assert_eq!((status(&old, "old").await, status(&new, "new").await, issuer.fetches()), (200, 200, 2));
    assert_eq!(status(&new, "old").await, 401);
}
