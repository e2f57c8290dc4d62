//! Webhooks that must not be believed, one way to forge or replay them a row, and beside them those that must. The
//! official libraries of Svix and Stripe sign.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::plan::Plan;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::event;
use tests::peers;
use tests::stripe;
use tests::webhook::{Message, Scheme, hex};
use tests::world::World;

const CLERK: &str = "/webhooks/clerk";
const STRIPE: &str = "/webhooks/stripe";
/// Far enough below 60 requests a minute.
const ROWS_PER_ADDRESS: usize = 30;
/// Of the right form, and nobody's.
const OTHER_SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A delivery: what is special about it, its headers and its body.
struct Row {
    name: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Row {
    fn headers(&self) -> Vec<(&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    async fn send(&self, client: &Client, path: &str) -> StatusCode {
        let headers = [&self.headers()[..], &[("content-type", "application/json")]].concat();
        client.send(Method::POST, path, Some(self.body.clone()), &headers).await.status
    }

    /// Sends it as the gateway would if it took this type of body for binary.
    async fn send_as_base64(&self, path: &str) -> Value {
        let (function, sample) = match path {
            CLERK => ("WebhooksClerk", "webhooks-clerk"),
            _ => ("WebhooksStripe", "webhooks-stripe"),
        };
        let mut event = event::request(sample, &self.headers());
        (event["body"], event["isBase64Encoded"]) = (json!(STANDARD.encode(&self.body)), json!(true));
        World::get().invoke(function, &event).await["statusCode"].clone()
    }
}

fn svix(name: &'static str, id: &str, timestamp: impl ToString, signature: &str, body: &str) -> Row {
    let headers = vec![
        ("svix-id", id.to_owned()),
        ("svix-timestamp", timestamp.to_string()),
        ("svix-signature", signature.to_owned()),
    ];
    Row { name, headers, body: body.to_owned() }
}

fn stripes(name: &'static str, signature: impl Into<String>, body: &str) -> Row {
    Row { name, headers: vec![("stripe-signature", signature.into())], body: body.to_owned() }
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// The same meaning in another order of keys.
fn reordered(event: &Value) -> String {
    let members = event.as_object().unwrap().iter().rev();
    let members: Vec<_> = members.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}

fn user_event(kind: &str, name: &str) -> Value {
    json!({ "type": kind, "object": "event", "data": { "id": format!("user_{name}"), "object": "user" } })
}

/// Ways to have somebody's account deleted.
async fn clerk_forgeries(victim: &str) -> Vec<Row> {
    let secret = World::get().clerk_secret.as_str();
    let event = user_event("user.deleted", victim);
    let (id, now, body, other_body) =
        ("msg_1", now(), event.to_string(), user_event("user.deleted", "somebody").to_string());
    let base64 = STANDARD.encode(&body);
    let good = Message { scheme: Scheme::Svix, secret, id, timestamp: now, body: &body };
    let signed = peers::signatures(&[
        good.clone(),
        Message { timestamp: now - 400, ..good.clone() },
        Message { timestamp: now + 400, ..good.clone() },
        Message { secret: OTHER_SECRET, ..good.clone() },
        Message { id: "msg_2", ..good.clone() },
        Message { body: &other_body, ..good.clone() },
        Message { body: &base64, ..good.clone() },
        Message { body: "", ..good.clone() },
        Message { scheme: Scheme::Stripe, ..good.clone() },
    ])
    .await;
    let [good, stale, early, other, other_id, others_body, over_base64, over_nothing, as_stripe] =
        &signed[..]
    else {
        unreachable!()
    };
    let tag = good.trim_start_matches("v1,");
    let bytes = STANDARD.decode(tag).unwrap();
    let without = |name: &'static str, missing: &str| {
        let mut row = svix(name, id, now, good, &body);
        row.headers.retain(|(header, _)| *header != missing);
        row
    };
    vec![
        Row { name: "no headers", headers: vec![], body: body.clone() },
        without("no id", "svix-id"),
        without("no time", "svix-timestamp"),
        without("no signature", "svix-signature"),
        svix("an empty id", "", now, good, &body),
        svix("an empty time", id, "", good, &body),
        svix("an empty signature", id, now, "", &body),
        svix("another secret", id, now, other, &body),
        svix("signed 400 s ago", id, now - 400, stale, &body),
        svix("signed in 400 s", id, now + 400, early, &body),
        svix("signed long ago, sent as if now", id, now, stale, &body),
        svix("signed now, sent as if a second later", id, now + 1, good, &body),
        svix("the time in milliseconds", id, now * 1000, good, &body),
        svix("the time with a fraction", id, format!("{now}.0"), good, &body),
        svix("the time with a sign", id, format!("+{now}"), good, &body),
        svix("a time that is none", id, "now", good, &body),
        svix("another message's id", "msg_2", now, good, &body),
        svix("another message's signature", id, now, other_id, &body),
        svix("the dot between id and time moved", &format!("{id}.{now}"), "", good, &body),
        svix("the dot between time and body moved", id, format!("{now}.{{"), good, &body[1..]),
        svix("another body's signature", id, now, others_body, &body),
        svix(
            "another body",
            id,
            now,
            good,
            &other_body.replace("somebody", victim).replace("\"user\"", "\"users\""),
        ),
        svix("the keys in another order", id, now, good, &reordered(&event)),
        svix("a blank more", id, now, good, &format!("{body} ")),
        svix("a line's end more", id, now, good, &format!("{body}\n")),
        svix("a mark of the byte order before it", id, now, good, &format!("\u{feff}{body}")),
        svix("a signature over the base64", id, now, over_base64, &body),
        svix("an empty body with the signature of another", id, now, good, ""),
        svix("a body with the signature of an empty one", id, now, over_nothing, &body),
        svix("an unknown version", id, now, &format!("v2,{tag}"), &body),
        svix("a version for public keys", id, now, &format!("v1a,{tag}"), &body),
        svix("a version before the first", id, now, &format!("v0,{tag}"), &body),
        svix("a capital version", id, now, &format!("V1,{tag}"), &body),
        svix("no version", id, now, tag, &body),
        svix("a version alone", id, now, "v1,", &body),
        svix("an equals sign behind the version", id, now, &format!("v1={tag}"), &body),
        svix("half a signature", id, now, &format!("v1,{}", STANDARD.encode(&bytes[..16])), &body),
        svix("a byte more", id, now, &format!("v1,{}", STANDARD.encode([&bytes[..], &[0]].concat())), &body),
        svix(
            "one bit flipped",
            id,
            now,
            &format!("v1,{}", STANDARD.encode([&[bytes[0] ^ 1], &bytes[1..]].concat())),
            &body,
        ),
        svix("in hexadecimal", id, now, &format!("v1,{}", hex(&bytes)), &body),
        svix("several, none of them right", id, now, &format!("{other} {stale} {other_id}"), &body),
        svix("commas between several", id, now, &format!("{other},{good}"), &body),
        svix("signed as Stripe does", id, now, as_stripe, &body),
        stripes("signed and sent as Stripe does", as_stripe.as_str(), &body),
    ]
}

async fn refuses(client: &Client, path: &str, rows: Vec<Row>) {
    for rows in rows.chunks(ROWS_PER_ADDRESS) {
        let sender = client.at(World::get().address());
        for row in rows {
            assert_eq!(row.send(&sender, path).await, StatusCode::UNAUTHORIZED, "{}", row.name);
            if !row.name.contains("base64") {
                assert_eq!(row.send_as_base64(path).await, 401, "{} as base64", row.name);
            }
        }
    }
}

#[tokio::test]
async fn nobody_else_speaks_for_clerk() {
    let client = World::get().client("clerks_victim", Plan::Free).await;
    refuses(&client, CLERK, clerk_forgeries("clerks_victim").await).await;
    let usage = client.session(Method::GET, "/usage", None).await;
    assert_eq!(usage.status, StatusCode::OK, "somebody was believed: {}", usage.text);
}

#[tokio::test]
async fn clerk_itself_is_believed() {
    let world = World::get();
    let client = world.client("clerks_user", Plan::Free).await;
    let (secret, now) = (world.clerk_secret.as_str(), now());
    let updated = user_event("user.updated", "clerks_user").to_string();
    let pretty = serde_json::to_string_pretty(&user_event("user.updated", "clerks_user")).unwrap();
    let unknown = json!({ "type": "organization.created", "data": { "id": "org_é🎬" } }).to_string();
    let deleted = user_event("user.deleted", "clerks_user").to_string();
    let message = |id, timestamp, body| Message { scheme: Scheme::Svix, secret, id, timestamp, body };
    let messages = [
        message("msg_a", now, updated.as_str()),
        message("msg_b", now - 200, &updated),
        message("msg_c", now + 200, &updated),
        message("msg_d", now, &pretty),
        message("msg_e", now, &unknown),
        message("msg_f", now, ""),
        message("msg_g", now, "{}"),
        message("msg_h", now, &deleted),
    ];
    let signed = peers::signatures(&messages).await;
    let good = &signed[0];
    let send = |name, at: usize, signature: &str| {
        svix(name, messages[at].id, messages[at].timestamp, signature, messages[at].body)
    };
    for (status, row) in [
        (200, send("one signature", 0, good)),
        (200, send("signed 200 s ago", 1, &signed[1])),
        (200, send("signed in 200 s", 2, &signed[2])),
        (200, send("another way to write it", 3, &signed[3])),
        (200, send("an event of another kind, beyond ASCII", 4, &signed[4])),
        (200, send("the right one first", 0, &format!("{good} v1,bm90IHRoaXMgb25l"))),
        (200, send("the right one last", 0, &format!("v1,bm90IHRoaXMgb25l v1a,bm90 {good}"))),
        (200, send("the right one between what is unknown", 0, &format!("v2,x {good} v1a,zzz"))),
        (400, send("an empty body", 5, &signed[5])),
        (400, send("an object that is no event", 6, &signed[6])),
    ] {
        assert_eq!(row.send(&client, CLERK).await, status, "{}", row.name);
        assert_eq!(row.send_as_base64(CLERK).await, status, "{} as base64", row.name);
    }
    // Once deleted, no delivery of what was before brings it back, however often it comes.
    let deletion = send("the deletion", 7, &signed[7]);
    assert_eq!(client.session(Method::GET, "/usage", None).await.status, StatusCode::OK);
    for row in [&deletion, &deletion, &send("replayed", 0, good), &deletion] {
        assert_eq!(row.send(&client, CLERK).await, StatusCode::OK, "{}", row.name);
        assert_eq!(client.session(Method::GET, "/usage", None).await.status, StatusCode::UNAUTHORIZED);
    }
}

/// Ways to come by 20 hours that nobody paid for.
async fn stripe_forgeries(user: &str) -> Vec<Row> {
    let secret = World::get().stripe_secret.as_str();
    let event = stripe::event("checkout.session.completed", 0, stripe::paid_pack(user, "cs_forged", 20));
    let smaller = event.to_string().replace("\"20\"", "\"5\"");
    let (now, body) = (now(), event.to_string());
    let base64 = STANDARD.encode(&body);
    let good = Message { scheme: Scheme::Stripe, secret, id: "", timestamp: now, body: &body };
    let signed = peers::signatures(&[
        good.clone(),
        Message { timestamp: now - 400, ..good.clone() },
        Message { timestamp: now + 400, ..good.clone() },
        Message { secret: OTHER_SECRET, ..good.clone() },
        Message { secret: secret.trim_start_matches("whsec_"), ..good.clone() },
        Message { body: &smaller, ..good.clone() },
        Message { body: &base64, ..good.clone() },
        Message { body: "", ..good.clone() },
        Message { scheme: Scheme::Svix, secret: &World::get().clerk_secret, id: "msg_1", ..good.clone() },
    ])
    .await;
    let [good, stale, early, other, bare, smallers, over_base64, over_nothing, as_svix] = &signed[..] else {
        unreachable!()
    };
    let tag = |header: &str| header.split("v1=").nth(1).unwrap().to_owned();
    let (good_tag, stale_tag) = (tag(good), tag(stale));
    vec![
        Row { name: "no headers", headers: vec![], body: body.clone() },
        stripes("an empty signature", "", &body),
        stripes("another secret", other.as_str(), &body),
        stripes("the secret without its prefix", bare.as_str(), &body),
        stripes("signed 400 s ago", stale.as_str(), &body),
        stripes("signed in 400 s", early.as_str(), &body),
        stripes("signed long ago, sent as if now", format!("t={now},v1={stale_tag}"), &body),
        stripes("two times, the old one first", format!("t={},t={now},v1={stale_tag}", now - 400), &body),
        stripes("two times, the new one first", format!("t={now},t={},v1={stale_tag}", now - 400), &body),
        stripes("a second later", format!("t={},v1={good_tag}", now + 1), &body),
        stripes("the time with a fraction", format!("t={now}.0,v1={good_tag}"), &body),
        stripes("the time with a sign", format!("t=+{now},v1={good_tag}"), &body),
        stripes("a time that is none", format!("t=now,v1={good_tag}"), &body),
        stripes("no time", format!("v1={good_tag}"), &body),
        stripes("an empty time", format!("t=,v1={good_tag}"), &body),
        stripes("no signature", format!("t={now}"), &body),
        stripes("another body's signature", smallers.as_str(), &body),
        stripes("more hours than were signed", smallers.as_str(), &smaller.replace("\"5\"", "\"20\"")),
        stripes("the keys in another order", good.as_str(), &reordered(&event)),
        stripes("a blank more", good.as_str(), &format!("{body} ")),
        stripes("a line's end more", good.as_str(), &format!("{body}\r\n")),
        stripes("the dot between time and body moved", format!("t={now}.{{,v1={good_tag}"), &body[1..]),
        stripes("a signature over the base64", over_base64.as_str(), &body),
        stripes("an empty body with the signature of another", good.as_str(), ""),
        stripes("a body with the signature of an empty one", over_nothing.as_str(), &body),
        stripes("the scheme of tests", format!("t={now},v0={good_tag}"), &body),
        stripes("an unknown scheme", format!("t={now},v2={good_tag}"), &body),
        stripes("no scheme", format!("t={now},{good_tag}"), &body),
        stripes("a capital scheme", format!("t={now},V1={good_tag}"), &body),
        stripes("half a signature", format!("t={now},v1={}", &good_tag[..32]), &body),
        stripes("a byte more", format!("t={now},v1={good_tag}00"), &body),
        stripes("a digit less", format!("t={now},v1={}", &good_tag[..63]), &body),
        stripes("an empty signature of the scheme", format!("t={now},v1="), &body),
        stripes("several, none of them right", format!("{stale},v1={},v1={}", tag(other), tag(bare)), &body),
        stripes("semicolons", format!("t={now};v1={good_tag}"), &body),
        stripes("a blank inside", format!("t = {now},v1 = {good_tag}"), &body),
        stripes("signed as Svix does", as_svix.as_str(), &body),
        svix("signed and sent as Svix does", "msg_1", now, as_svix, &body),
    ]
}

async fn credits(client: &Client) -> Value {
    client.api(Method::GET, "/v1/api/quota", None).await.body["data"]["creditsBalanceHours"].clone()
}

#[tokio::test]
async fn nobody_else_speaks_for_stripe() {
    let client = World::get().client("stripes_forger", Plan::Free).await;
    refuses(&client, STRIPE, stripe_forgeries("stripes_forger").await).await;
    assert_eq!(credits(&client).await, json!(0.0), "somebody was believed");
}

#[tokio::test]
async fn stripe_itself_is_believed_and_once() {
    let world = World::get();
    let client = world.client("stripes_buyer", Plan::Free).await;
    let pack = |session| stripe::paid_pack("stripes_buyer", session, 5);
    let first = stripe::event("checkout.session.completed", 0, pack("cs_believed_1"));
    let second =
        serde_json::to_string_pretty(&stripe::event("checkout.session.completed", 0, pack("cs_believed_2")));
    let unknown = stripe::event("customer.tax_id.créé🎬", 0, json!({ "id": "txi_1" })).to_string();
    let (secret, now, first, second) =
        (world.stripe_secret.as_str(), now(), first.to_string(), second.unwrap());
    let message = |timestamp, body| Message { scheme: Scheme::Stripe, secret, id: "", timestamp, body };
    let signed = peers::signatures(&[
        message(now, first.as_str()),
        message(now - 200, &first),
        message(now, &second),
        message(now, &unknown),
        message(now, ""),
        message(now, "{}"),
    ])
    .await;
    let tag = signed[0].split("v1=").nth(1).unwrap();
    let zeros = "0".repeat(64);
    for (status, hours, row) in [
        (200, 5.0, stripes("one signature", signed[0].as_str(), &first)),
        (200, 5.0, stripes("the very same again", signed[0].as_str(), &first)),
        (200, 5.0, stripes("signed 200 s ago", signed[1].as_str(), &first)),
        (200, 5.0, stripes("the right one first", format!("{},v1={zeros},v0=00", signed[0]), &first)),
        (200, 5.0, stripes("the right one last", format!("t={now},v1={zeros},v0={zeros},v1={tag}"), &first)),
        (200, 5.0, stripes("the time last", format!("v1={tag},t={now}"), &first)),
        (200, 5.0, stripes("an event of another kind, beyond ASCII", signed[3].as_str(), &unknown)),
        (400, 5.0, stripes("an empty body", signed[4].as_str(), "")),
        (400, 5.0, stripes("an object that is no event", signed[5].as_str(), "{}")),
        (200, 10.0, stripes("another payment, written in another way", signed[2].as_str(), &second)),
        (200, 10.0, stripes("the first again", signed[0].as_str(), &first)),
    ] {
        assert_eq!(row.send(&client, STRIPE).await, status, "{}", row.name);
        assert_eq!(row.send_as_base64(STRIPE).await, status, "{} as base64", row.name);
        assert_eq!(credits(&client).await, json!(hours), "{}", row.name);
    }
}

/// A body that the gateway took for binary is the first that arrives.
#[tokio::test]
async fn what_comes_as_base64_has_its_effect() {
    let world = World::get();
    let client = world.client("base64_buyer", Plan::Free).await;
    let event =
        stripe::event("checkout.session.completed", 0, stripe::paid_pack("base64_buyer", "cs_base64", 5));
    let (secret, body) = (world.stripe_secret.as_str(), event.to_string());
    let message = Message { scheme: Scheme::Stripe, secret, id: "", timestamp: now(), body: &body };
    let row = stripes("as base64", peers::signatures(&[message]).await.remove(0), &body);
    assert_eq!(row.send_as_base64(STRIPE).await, 200);
    assert_eq!(credits(&client).await, json!(5.0));
    let at_once = futures::future::join_all((0..4).map(|_| row.send(&client, STRIPE))).await;
    assert!(at_once.iter().all(|status| *status == StatusCode::OK), "{at_once:?}");
    assert_eq!(credits(&client).await, json!(5.0));
}

/// Other tests sign by themselves, so that they need no other program.
#[tokio::test]
async fn the_official_libraries_take_what_tests_sign() {
    let world = World::get();
    let body = json!({ "id": "evt_1", "object": "event", "text": "é🎬" }).to_string();
    for (scheme, secret) in [(Scheme::Svix, &world.clerk_secret), (Scheme::Stripe, &world.stripe_secret)] {
        let message = Message { scheme, secret, id: "msg_1", timestamp: now(), body: &body };
        let signature = message.signature();
        assert_eq!(
            peers::signatures(std::slice::from_ref(&message)).await,
            [signature.as_str()],
            "{scheme:?}"
        );
        assert!(peers::verifies(&message, &signature).await, "{scheme:?}");
        let other = Message { secret: OTHER_SECRET, ..message.clone() };
        assert!(!peers::verifies(&other, &signature).await, "{scheme:?}");
    }
}
