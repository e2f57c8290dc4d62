//! Stripe, as far as this service meets it: an API that makes sessions and remembers idempotency keys, and events that
//! it signs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

use crate::webhook::{hex, tag};

/// A customer for whom every request fails inside Stripe.
pub const BROKEN_CUSTOMER: &str = "cus_broken";
/// A customer whose first request fails inside Stripe; what comes with another key then succeeds.
pub const SHAKY_CUSTOMER: &str = "cus_shaky";

/// A request that reached the API.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its path.
    pub path: String,
    /// Its form fields.
    pub form: HashMap<String, String>,
    /// Its `Authorization`.
    pub authorization: String,
    /// Its `Idempotency-Key`.
    pub idempotency_key: String,
    /// Its `Stripe-Version`.
    pub version: String,
    /// Its `Content-Type`.
    pub content_type: String,
}

/// The API, on loopback. It ends with the process.
#[derive(Clone)]
pub struct FakeStripe {
    /// Its base URL.
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FakeStripe {
    /// Begins to serve.
    pub fn serve() -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", server.server_addr());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = seen.clone();
        std::thread::spawn(move || {
            let mut answers = HashMap::<String, (u16, Value)>::new();
            for mut request in server.incoming_requests() {
                let this = read(&mut request);
                if *request.method() == Method::Delete {
                    let gone = json!({ "id": "cus_gone", "object": "customer", "deleted": true });
                    log.lock().unwrap_or_else(PoisonError::into_inner).push(this);
                    drop(request.respond(Response::from_string(gone.to_string())));
                    continue;
                }
                let replayed = answers.contains_key(&this.idempotency_key);
                let number = answers.len();
                let (status, body) = answers
                    .entry(this.idempotency_key.clone())
                    .or_insert_with(|| {
                        answer(&this, number, &log.lock().unwrap_or_else(PoisonError::into_inner))
                    })
                    .clone();
                log.lock().unwrap_or_else(PoisonError::into_inner).push(this);
                let mut response = Response::from_string(body.to_string()).with_status_code(status);
                if replayed {
                    response.add_header(Header::from_bytes("Idempotent-Replayed", "true").expect("a header"));
                }
                // The client may have gone away.
                drop(request.respond(response));
            }
        });
        Self { url, seen }
    }

    /// The requests so far of which a form field has this value, in their order.
    pub fn requests(&self, field: &str, value: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|seen| seen.form.get(field).is_some_and(|found| found == value)).cloned().collect()
    }

    /// Whether a customer was deleted.
    pub fn is_deleted(&self, customer: &str) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().any(|seen| seen.path == format!("/v1/customers/{customer}"))
    }
}

fn read(request: &mut Request) -> Seen {
    let header = |name: &'static str| {
        let found = request.headers().iter().find(|header| header.field.equiv(name));
        found.map(|header| header.value.to_string()).unwrap_or_default()
    };
    let (authorization, idempotency_key) = (header("authorization"), header("idempotency-key"));
    let (version, content_type) = (header("stripe-version"), header("content-type"));
    let path = request.url().to_owned();
    let mut body = String::new();
    request.as_reader().read_to_string(&mut body).expect("a body");
    let form = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    Seen { path, form, authorization, idempotency_key, version, content_type }
}

/// What the API says to a request whose key it has not seen.
fn answer(request: &Seen, number: usize, before: &[Seen]) -> (u16, Value) {
    let customer = request.form.get("customer").map(String::as_str);
    let known = before.iter().any(|seen| seen.form.get("customer").map(String::as_str) == customer);
    if customer == Some(BROKEN_CUSTOMER) || (customer == Some(SHAKY_CUSTOMER) && !known) {
        return (500, json!({ "error": { "type": "api_error", "message": "sk_test_local broke" } }));
    }
    match request.path.as_str() {
        "/v1/checkout/sessions" => {
            (200, json!({ "url": format!("https://checkout.stripe.com/c/pay/cs_{number}") }))
        }
        "/v1/billing_portal/sessions" => {
            (200, json!({ "url": format!("https://billing.stripe.com/p/session/bps_{number}") }))
        }
        _ => (404, json!({ "error": { "type": "invalid_request_error", "message": "no such path" } })),
    }
}

/// The `Stripe-Signature` of a body.
pub fn signature(secret: &str, signed_at: i64, body: &str) -> String {
    let tag = tag(secret.as_bytes(), format!("{signed_at}.{body}").as_bytes());
    let hex = hex(&tag);
    format!("t={signed_at},v1={hex}")
}

/// An event about something, made `age` seconds ago, with an id of its own.
pub fn event(kind: &str, age: i64, object: Value) -> Value {
    static EVENTS: AtomicU32 = AtomicU32::new(0);
    json!({
        "id": format!("evt_{}", EVENTS.fetch_add(1, Ordering::Relaxed)),
        "object": "event",
        "type": kind,
        "created": Timestamp::now().as_second() - age,
        "data": { "object": object },
    })
}

/// A subscription of `user_{name}` to a price.
pub fn subscription(name: &str, status: &str, price: &str) -> Value {
    json!({
        "id": format!("sub_{name}"),
        "object": "subscription",
        "customer": format!("cus_{name}"),
        "status": status,
        "items": { "object": "list", "data": [{ "id": "si_1", "price": { "id": price } }] },
        "metadata": { "user_id": format!("user_{name}") },
    })
}

/// A checkout in which `user_{name}` paid for a credit pack.
pub fn paid_pack(name: &str, session: &str, hours: u32) -> Value {
    json!({
        "id": session,
        "object": "checkout.session",
        "mode": "payment",
        "payment_status": "paid",
        "customer": format!("cus_{name}"),
        "client_reference_id": format!("user_{name}"),
        "metadata": { "user_id": format!("user_{name}"), "credit_hours": hours.to_string() },
    })
}
