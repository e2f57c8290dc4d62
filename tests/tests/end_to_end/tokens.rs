//! Session tokens that must not open anything, one way to forge or misuse them a row, and beside them those that must.

use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::plan::Plan;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Answer;
use tests::event;
use tests::jwt::{self, Rsa, es256, hs256, part, pem, token};
use tests::world::World;
use tokio::net::TcpListener;

/// The id of the issuer's key.
const KID: &str = "local";
/// Far enough below 60 requests a minute.
const ROWS_PER_ADDRESS: usize = 40;

/// A request: how it differs from a good one, its headers, and what follows the path.
struct Row {
    name: &'static str,
    headers: Vec<(&'static str, String)>,
    query: String,
}

fn row(name: &'static str, headers: Vec<(&'static str, String)>) -> Row {
    Row { name, headers, query: String::new() }
}

/// A row that sends the token where it belongs.
fn bearer(name: &'static str, token: impl Into<String>) -> Row {
    row(name, vec![("authorization", format!("Bearer {}", token.into()))])
}

fn header() -> Value {
    json!({ "typ": "JWT", "alg": "RS256", "kid": KID })
}

/// What a good token of this user says.
fn claims(user: &str) -> Value {
    let (now, issuer) = (Timestamp::now().as_second(), &World::get().url);
    json!({ "iss": issuer, "sub": format!("user_{user}"), "sid": "sess_1", "iat": now, "nbf": now - 10, "exp": now + 600 })
}

/// The object with these members in place of its own; null takes a member away.
fn with(object: Value, members: Value) -> Value {
    let (Value::Object(mut object), Value::Object(members)) = (object, members) else { unreachable!() };
    object.extend(members);
    object.retain(|_, value| !value.is_null());
    Value::Object(object)
}

/// Signed well; what is wrong is what it says.
fn ill_claimed(key: &Rsa, user: &str) -> Vec<Row> {
    let now = Timestamp::now().as_second();
    let url = &World::get().url;
    let claiming = |members| token(&header(), &with(claims(user), members), |message| key.rs256(message));
    vec![
        bearer("expired", claiming(json!({ "exp": now - 60 }))),
        bearer("no expiry", claiming(json!({ "exp": null }))),
        bearer("an expiry of text", claiming(json!({ "exp": "never" }))),
        bearer("not valid yet", claiming(json!({ "nbf": now + 60 }))),
        bearer("valid from no time on", claiming(json!({ "nbf": null }))),
        bearer("another issuer", claiming(json!({ "iss": "https://clerk.evil.example" }))),
        bearer("an issuer that begins alike", claiming(json!({ "iss": format!("{url}.evil.example") }))),
        bearer("the issuer with a slash", claiming(json!({ "iss": format!("{url}/") }))),
        bearer("the issuer in capitals", claiming(json!({ "iss": url.to_uppercase() }))),
        bearer("no issuer", claiming(json!({ "iss": null }))),
        bearer("other issuers", claiming(json!({ "iss": ["https://a.example", "https://b.example"] }))),
        bearer("for another party", claiming(json!({ "azp": "https://evil.example" }))),
        bearer("for no party in particular", claiming(json!({ "azp": "" }))),
        bearer("for a party that begins alike", claiming(json!({ "azp": format!("{url}.evil.example") }))),
        bearer("for parties", claiming(json!({ "azp": [url] }))),
        bearer("no session", claiming(json!({ "sid": null }))),
        bearer("a session that is no text", claiming(json!({ "sid": 1 }))),
        bearer("no subject", claiming(json!({ "sub": null }))),
        bearer("an empty subject", claiming(json!({ "sub": "" }))),
        bearer("a subject that is no text", claiming(json!({ "sub": 1 }))),
        bearer("a subject too long for a key", claiming(json!({ "sub": "u".repeat(256) }))),
        bearer("claims that are no object", token(&header(), &json!(["sub"]), |message| key.rs256(message))),
    ]
}

/// Says the right thing; what is wrong is who signed it, and how.
fn ill_signed(key: &Rsa, attacker: &Rsa, user: &str, attackers_url: &str) -> Vec<Row> {
    let good = claims(user);
    let heading = |members| with(header(), members);
    let by_attacker = |members| token(&heading(members), &good, |message| attacker.rs256(message));
    let hs = |secret: &[u8]| token(&heading(json!({ "alg": "HS256" })), &good, hs256(secret));
    let unsigned = |alg: &str| token(&heading(json!({ "alg": alg })), &good, |_| vec![]);
    let (n, spki, pkcs1) = (key.modulus(), key.spki(), key.pkcs1());
    let by_other = |alg: &str, scheme| {
        token(&heading(json!({ "alg": alg })), &good, |message| key.sign(scheme, message))
    };
    vec![
        bearer("alg none", unsigned("none")),
        bearer("alg None", unsigned("None")),
        bearer("alg NONE", unsigned("NONE")),
        bearer("alg nOnE", unsigned("nOnE")),
        bearer("an empty alg", unsigned("")),
        bearer("alg none with a good signature", {
            token(&heading(json!({ "alg": "none" })), &good, |message| key.rs256(message))
        }),
        bearer("no alg", token(&heading(json!({ "alg": null })), &good, |message| key.rs256(message))),
        bearer("alg rs256", token(&heading(json!({ "alg": "rs256" })), &good, |message| key.rs256(message))),
        bearer("RS256 and no signature", unsigned("RS256")),
        bearer("HS256 with the public key in PEM", hs(pem("PUBLIC KEY", &spki).as_bytes())),
        bearer("HS256 with the public key in PEM, trimmed", hs(pem("PUBLIC KEY", &spki).trim().as_bytes())),
        bearer("HS256 with PKCS #1 in PEM", hs(pem("RSA PUBLIC KEY", &pkcs1).as_bytes())),
        bearer("HS256 with the public key in DER", hs(&spki)),
        bearer("HS256 with PKCS #1 in DER", hs(&pkcs1)),
        bearer("HS256 with the modulus", hs(&n)),
        bearer("HS256 with n as the key set spells it", hs(URL_SAFE_NO_PAD.encode(&n).as_bytes())),
        bearer("HS256 with nothing", hs(b"")),
        bearer("HS256 with the key's id", hs(KID.as_bytes())),
        bearer("RS384 by the right key", by_other("RS384", &RSA_PKCS1_SHA384)),
        bearer("RS512 by the right key", by_other("RS512", &RSA_PKCS1_SHA512)),
        bearer("PS256 by the right key", by_other("PS256", &RSA_PSS_SHA256)),
        bearer("RS256 that is PS256", by_other("RS256", &RSA_PSS_SHA256)),
        bearer("ES256 by a key of its own", token(&heading(json!({ "alg": "ES256" })), &good, es256)),
        bearer("another key under the right id", by_attacker(json!({}))),
        bearer("another key under an id of its own", by_attacker(json!({ "kid": "attacker" }))),
        bearer("the right key under another id", {
            token(&heading(json!({ "kid": "attacker" })), &good, |message| key.rs256(message))
        }),
        bearer("no key id", token(&heading(json!({ "kid": null })), &good, |message| key.rs256(message))),
        bearer("an empty key id", token(&heading(json!({ "kid": "" })), &good, |message| key.rs256(message))),
        bearer("a key id that is no text", {
            token(&heading(json!({ "kid": 1 })), &good, |message| key.rs256(message))
        }),
        bearer("a key id that is a path", by_attacker(json!({ "kid": "../../../dev/null" }))),
        bearer("a key id that is an address", by_attacker(json!({ "kid": attackers_url }))),
        bearer("a key of its own in the header", by_attacker(json!({ "jwk": attacker.jwk(KID) }))),
        bearer("a key of its own in the header, under its id", {
            by_attacker(json!({ "kid": "attacker", "jwk": attacker.jwk("attacker") }))
        }),
        bearer("keys elsewhere", by_attacker(json!({ "jku": attackers_url }))),
        bearer("keys elsewhere, under an id of their own", {
            by_attacker(json!({ "kid": "attacker", "jku": attackers_url }))
        }),
        bearer("a certificate elsewhere", by_attacker(json!({ "x5u": attackers_url }))),
        bearer("a certificate in the header", by_attacker(json!({ "x5c": ["MIIB"] }))),
        bearer("something critical that nobody knows", {
            let critical = heading(json!({ "crit": ["exp"], "exp": 4_102_444_800_i64 }));
            token(&critical, &good, |message| key.rs256(message))
        }),
        bearer("a body that is not encoded", {
            let critical = heading(json!({ "crit": ["b64"], "b64": false }));
            token(&critical, &good, |message| key.rs256(message))
        }),
    ]
}

/// A good token that was changed on the way.
fn altered(key: &Rsa, user: &str) -> Vec<Row> {
    let good = token(&header(), &claims(user), |message| key.rs256(message));
    let parts: Vec<&str> = good.split('.').collect();
    let [head, body, signature] = parts[..] else { unreachable!() };
    let other = part(&claims("somebody_else"));
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let signature_of = |bytes: &[u8]| format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(bytes));
    // 256 bytes are 341 digits and two bits: the last digit has four bits that say nothing.
    let last = signature.bytes().last().unwrap();
    let same_bytes = "AQgw".bytes().position(|digit| digit == last).map(|n| ["B", "R", "h", "x"][n]).unwrap();
    vec![
        bearer("somebody else's claims", format!("{head}.{other}.{signature}")),
        bearer(
            "another header",
            format!("{}.{body}.{signature}", part(&with(header(), json!({ "typ": "at+jwt" })))),
        ),
        bearer("half of the signature", signature_of(&bytes[..128])),
        bearer("the signature without its last byte", signature_of(&bytes[..255])),
        bearer("the signature and a byte more", signature_of(&[&bytes[..], &[0]].concat())),
        bearer("the signature with one bit flipped", {
            let mut flipped = bytes.clone();
            flipped[100] ^= 1;
            signature_of(&flipped)
        }),
        bearer("a signature of zeros", signature_of(&[0; 256])),
        bearer("no signature", format!("{head}.{body}.")),
        bearer("two parts", format!("{head}.{body}")),
        bearer("four parts", format!("{good}.{signature}")),
        bearer("five parts", format!("{good}..")),
        bearer("a dot before it", format!(".{good}")),
        bearer("the signature with padding", format!("{good}==")),
        bearer("the signature in other digits", format!("{}{same_bytes}", &good[..good.len() - 1])),
        bearer("a space inside", format!("{head}. {body}.{signature}")),
        bearer("two tokens", format!("{good} {good}")),
        bearer("in quotes", format!("\"{good}\"")),
    ]
}

/// A good token in the wrong place, and things that are no token.
fn misplaced(key: &Rsa, user: &str, api_key: &str) -> Vec<Row> {
    let good = token(&header(), &claims(user), |message| key.rs256(message));
    let asking = |name, query: String| Row { name, headers: vec![], query };
    vec![
        row("nothing", vec![]),
        asking("in the query as token", format!("?token={good}")),
        asking("in the query as access_token", format!("?access_token={good}")),
        asking("in the query as a header", format!("?authorization=Bearer%20{good}")),
        row("in a cookie", vec![("cookie", format!("__session={good}"))]),
        row("as an API key", vec![("x-api-key", good.clone())]),
        row("under a header of its own", vec![("x-authorization", format!("Bearer {good}"))]),
        row("for a proxy", vec![("x-forwarded-authorization", format!("Bearer {good}"))]),
        row("no scheme", vec![("authorization", good.clone())]),
        row("another scheme", vec![("authorization", format!("Token {good}"))]),
        row("as a password", vec![("authorization", format!("Basic {}", URL_SAFE_NO_PAD.encode(&good)))]),
        row("a colon behind the scheme", vec![("authorization", format!("Bearer:{good}"))]),
        row("a tab behind the scheme", vec![("authorization", format!("Bearer\t{good}"))]),
        row("the scheme twice", vec![("authorization", format!("Bearer Bearer {good}"))]),
        row("the scheme alone", vec![("authorization", "Bearer".to_owned())]),
        bearer("an empty token", ""),
        bearer("nonsense", "nonsense"),
        bearer("dots", ".."),
        bearer("an API key", api_key),
        bearer("a subject", format!("user_{user}")),
    ]
}

#[track_caller]
fn assert_refused(name: &str, answer: &Answer, content_type: &str, said: &mut Option<Value>) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {}", answer.text);
    assert_eq!(answer.headers["content-type"], content_type, "{name}");
    // The same words for every row: a forger is not told how far it came.
    assert_eq!(said.get_or_insert_with(|| answer.body.clone()), &answer.body, "{name}");
}

async fn refuses(rows: Vec<Row>, name: &str) {
    let world = World::get();
    let (mut problem, mut error) = (None, None);
    for (n, rows) in rows.chunks(ROWS_PER_ADDRESS).enumerate() {
        let client = world.client(&format!("{name}_{n}"), Plan::Free).await;
        for Row { name, headers, query } in rows {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let videos = client.call(Method::GET, &format!("/usage{query}"), None, &headers).await;
            assert_refused(name, &videos, "application/problem+json", &mut problem);
            let jobs = client.call(Method::GET, &format!("/v1/api/keys{query}"), None, &headers).await;
            assert_refused(name, &jobs, "application/json", &mut error);
        }
    }
    let (problem, error) = (problem.unwrap(), error.unwrap());
    assert_eq!((&problem["status"], &problem["instance"]), (&json!(401), &json!("/usage")), "{problem}");
    assert!(error["error"].is_string() && error.as_object().unwrap().len() == 1, "{error}");
}

#[tokio::test]
async fn no_other_claims_are_taken() {
    let key = Rsa::read(&World::get().issuer_key);
    refuses(ill_claimed(&key, "claimant"), "claimant").await;
}

#[tokio::test]
async fn no_other_signature_is_taken() {
    let (key, attacker) = (Rsa::read(&World::get().issuer_key), Rsa::generate());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let attackers_url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    refuses(ill_signed(&key, &attacker, "signer", &attackers_url), "signer").await;
    let asked = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
    assert!(asked.is_err(), "a token's header decided what is fetched");
}

#[tokio::test]
async fn no_altered_token_is_taken() {
    let key = Rsa::read(&World::get().issuer_key);
    refuses(altered(&key, "alterer"), "alterer").await;
}

#[tokio::test]
async fn a_token_counts_in_its_own_place_only() {
    let world = World::get();
    let key = Rsa::read(&world.issuer_key);
    let client = world.client("misplacer", Plan::Free).await;
    refuses(misplaced(&key, "misplacer", &client.key), "misplacer").await;
    // And it is no API key.
    let good = token(&header(), &claims("misplacer"), |message| key.rs256(message));
    for (name, value) in [("x-api-key", good.clone()), ("authorization", format!("Bearer {good}"))] {
        let answer = client.call(Method::GET, "/v1/api/quota", None, &[(name, &value)]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn every_good_token_is_taken() {
    let world = World::get();
    let key = Rsa::read(&world.issuer_key);
    let client = world.client("token_bearer", Plan::Pro).await;
    let now = Timestamp::now().as_second();
    let claiming =
        |members| token(&header(), &with(claims("token_bearer"), members), |message| key.rs256(message));
    let heading =
        |members| token(&with(header(), members), &claims("token_bearer"), |message| key.rs256(message));
    let good = claiming(json!({}));
    let rows = [
        bearer("the issuer's own", client.token.clone()),
        bearer("no party", good.clone()),
        bearer("a party that may", claiming(json!({ "azp": world.url }))),
        bearer("more claims than are known", claiming(json!({ "org_id": "org_1", "v": 2, "aud": "any" }))),
        bearer("a clock that is a little ahead", claiming(json!({ "nbf": now + 2, "iat": now + 2 }))),
        bearer("no type", heading(json!({ "typ": null }))),
        bearer("more in the header than is known", heading(json!({ "cat": "cl_B7d4PD111AAA" }))),
        // The scheme's name has no case (RFC 9110, section 11.1), and blanks around a value are not part of it (5.5).
        row("a small scheme", vec![("authorization", format!("bearer {good}"))]),
        row("a large scheme", vec![("authorization", format!("BEARER {good}"))]),
        row("two blanks", vec![("authorization", format!("Bearer  {good}"))]),
        row("a blank behind", vec![("authorization", format!("Bearer {good}  "))]),
        row("a tab behind", vec![("authorization", format!("Bearer {good}\t"))]),
    ];
    for Row { name, headers, .. } in rows {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = client.call(Method::GET, "/usage", None, &headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text);
        assert_eq!(answer.body["plan"], "pro", "{name}");
    }
    let session = format!("Bearer {good}");
    let keys = client.call(Method::GET, "/v1/api/keys", None, &[("authorization", &session)]).await;
    assert_eq!(keys.status, StatusCode::OK);
}

/// What a client or the emulator would not pass on as it is.
#[tokio::test]
async fn the_gateways_own_form_of_headers() {
    let world = World::get();
    let key = Rsa::read(&world.issuer_key);
    world.client("inbound", Plan::Free).await;
    let good = format!("Bearer {}", token(&header(), &claims("inbound"), |message| key.rs256(message)));
    let padded = |bytes: usize| {
        let claims = with(claims("inbound"), json!({ "padding": "x".repeat(bytes) }));
        format!("Bearer {}", token(&header(), &claims, |message| key.rs256(message)))
    };
    let (large, huge) = (padded(13 << 10), padded(80 << 10));
    assert!(large.len() > 16 << 10);
    let bad = "Bearer nonsense";
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], i64);
    let rows: [Row; 8] = [
        ("one", &[("Authorization", &good)], 200),
        ("small letters", &[("authorization", &good)], 200),
        ("blanks that nobody took away", &[("Authorization", &format!("{good} \t"))], 200),
        ("over 16 KiB", &[("Authorization", &large)], 401),
        ("over 100 KiB", &[("Authorization", &huge)], 401),
        // Of several, a function sees the last: the one that the gateway puts into `headers`.
        ("a good one, then a bad one", &[("Authorization", &good), ("Authorization", bad)], 401),
        ("a bad one, then a good one", &[("Authorization", bad), ("Authorization", &good)], 200),
        ("none", &[], 401),
    ];
    for (name, headers, status) in rows {
        let answer = world.invoke("AccountUsage", &event::request("account-usage", headers)).await;
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        if status == 401 {
            let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!(problem["title"], "Unauthorized", "{name}: {answer}");
        }
    }
}

/// The rows above differ from a good token in what they say they do, and in nothing else.
#[tokio::test]
async fn what_forges_here_can_also_sign() {
    let key = Rsa::read(&World::get().issuer_key);
    let published = reqwest::get(format!("{}/.well-known/jwks.json", World::get().url)).await.unwrap();
    let published: Value = serde_json::from_str(&published.text().await.unwrap()).unwrap();
    let ours = key.jwk(KID);
    for member in ["kty", "alg", "kid", "n", "e", "use"] {
        assert_eq!(published["keys"][0][member], ours[member], "{member}");
    }
    assert!(
        jwt::pem("PUBLIC KEY", &key.spki())
            .starts_with("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEF")
    );
}
