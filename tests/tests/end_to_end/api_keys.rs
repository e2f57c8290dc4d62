//! API keys that must not open anything, one a row, and what each scope opens.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

const SCOPES: [&str; 3] = ["jobs:read", "jobs:write", "quota:read"];

/// Another key of the client, with these scopes.
async fn another_key(client: &Client, scopes: Value) -> String {
    let body = json!({ "name": "another", "scopes": scopes });
    let made = client.session(Method::POST, "/v1/api/keys", Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    made.body["data"]["key"].as_str().unwrap().to_owned()
}

async fn revoke(client: &Client, key: &str) {
    let path = format!("/v1/api/keys/{}", &key["fq_live_".len()..][..8]);
    assert_eq!(client.session(Method::DELETE, &path, None).await.status, StatusCode::OK);
}

/// The text with another digit at this place.
fn changed(key: &str, place: usize) -> String {
    let other = if key.as_bytes()[place] == b'0' { "1" } else { "0" };
    format!("{}{other}{}", &key[..place], &key[place + 1..])
}

/// Texts that are almost a key. `own` is the caller's, `others` somebody else's, `revoked` was one.
fn bad_keys(own: &str, others: &str, revoked: &str) -> Vec<(&'static str, String)> {
    let (digits, other_digits) = (&own["fq_live_".len()..], &others["fq_live_".len()..]);
    vec![
        ("revoked", revoked.to_owned()),
        ("empty", String::new()),
        ("the word alone", "fq_live_".to_owned()),
        ("the prefix alone", own[..16].to_owned()),
        ("one digit less", own[..own.len() - 1].to_owned()),
        ("half of it", own[..24].to_owned()),
        ("one digit more", format!("{own}0")),
        ("twice", format!("{own}{own}")),
        ("the first digit changed", changed(own, 8)),
        ("a digit of the prefix changed", changed(own, 15)),
        ("the first digit of the secret changed", changed(own, 16)),
        ("the last digit changed", changed(own, 39)),
        ("another's prefix with the own secret", format!("fq_live_{}{}", &other_digits[..8], &digits[8..])),
        ("the own prefix with another's secret", format!("fq_live_{}{}", &digits[..8], &other_digits[8..])),
        ("capital digits", format!("fq_live_{}", digits.to_uppercase())),
        ("a capital word", format!("FQ_LIVE_{digits}")),
        ("all capitals", own.to_uppercase()),
        ("of another mode", format!("fq_test_{digits}")),
        ("without the word", digits.to_owned()),
        ("with hyphens", own.replace('_', "-")),
        ("backwards", own.chars().rev().collect()),
        ("zeros", format!("fq_live_{}", "0".repeat(32))),
        ("no hexadecimal digits", format!("fq_live_{}", "g".repeat(32))),
        ("wildcards", "fq_live_********************************".to_owned()),
        ("a question mark more", format!("{own}?")),
        ("in quotes", format!("\"{own}\"")),
        ("escaped", own.replace('_', "%5F")),
        ("a list", format!("{own}, {own}")),
        ("10 KB", format!("fq_live_{}", "a".repeat(10_000))),
        ("the key and 10 KB", format!("{own}{}", "a".repeat(10_000))),
        ("an expression", format!("{own}' OR '1'='1")),
        ("JSON", format!("{{\"key\":\"{own}\"}}")),
    ]
}

#[tokio::test]
async fn no_other_key_opens_anything() {
    let world = World::get();
    let owner = world.client("key_owner", Plan::Pro).await;
    let other = world.client("key_other", Plan::Free).await;
    let revoked = another_key(&owner, json!(SCOPES)).await;
    let quota = |headers: Vec<(&'static str, String)>| {
        let owner = &owner;
        async move {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            owner.call(Method::GET, "/v1/api/quota", None, &headers).await
        }
    };
    assert_eq!(quota(vec![("x-api-key", revoked.clone())]).await.status, StatusCode::OK);
    revoke(&owner, &revoked).await;
    let mut said = None;
    for (name, key) in bad_keys(&owner.key, &other.key, &revoked) {
        for header in [("x-api-key", key.clone()), ("authorization", format!("Bearer {key}"))] {
            let answer = quota(vec![header.clone()]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name} as {}: {}", header.0, answer.text);
            // The same words for every row: whether a key was revoked, or never was, is nobody's business.
            assert_eq!(said.get_or_insert_with(|| answer.body.clone()), &answer.body, "{name}");
        }
    }
    let error = said.unwrap();
    assert!(error["error"].is_string() && error.as_object().unwrap().len() == 1, "{error}");
    for key in [("x-api-key", owner.key.clone()), ("authorization", format!("Bearer {}", owner.key))] {
        let answer = quota(vec![key]).await;
        assert_eq!((answer.status, &answer.body["data"]["plan"]), (StatusCode::OK, &json!("pro")));
    }
}

#[tokio::test]
async fn a_key_counts_in_its_own_place_only() {
    let world = World::get();
    let client = world.client("key_placer", Plan::Free).await;
    let key = client.key.clone();
    type Row<'a> = (&'a str, String, Vec<(&'a str, String)>);
    let rows: [Row; 12] = [
        ("nowhere", String::new(), vec![]),
        ("in the query", format!("?api_key={key}"), vec![]),
        ("in the query as the header", format!("?X-API-Key={key}"), vec![]),
        ("in the query as apiKey", format!("?apiKey={key}"), vec![]),
        ("in a cookie", String::new(), vec![("cookie", format!("X-API-Key={key}"))]),
        ("without a scheme", String::new(), vec![("authorization", key.clone())]),
        ("under another scheme", String::new(), vec![("authorization", format!("ApiKey {key}"))]),
        ("as a password", String::new(), vec![("authorization", "Basic ZnFfbGl2ZV86".to_owned())]),
        ("under another name", String::new(), vec![("api-key", key.clone())]),
        ("under a name with underscores", String::new(), vec![("x_api_key", key.clone())]),
        ("with a scheme where none is", String::new(), vec![("x-api-key", format!("Bearer {key}"))]),
        ("as a session", String::new(), vec![("x-api-key", client.token.clone())]),
    ];
    for (name, query, headers) in rows {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = client.call(Method::GET, &format!("/v1/api/quota{query}"), None, &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {}", answer.text);
    }
    // And it is no session token.
    for (path, header) in
        [("/usage", "authorization"), ("/v1/api/keys", "authorization"), ("/usage", "x-api-key")]
    {
        for value in [key.clone(), format!("Bearer {key}")] {
            let answer = client.call(Method::GET, path, None, &[(header, &value)]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.text);
        }
    }
}

/// `X-API-Key` wins, as the document says, and is not fallen back from.
#[tokio::test]
async fn of_two_keys_one_counts() {
    let world = World::get();
    let (first, second) =
        (world.client("key_first", Plan::Pro).await, world.client("key_second", Plan::Free).await);
    let bad = changed(&first.key, 39);
    let revoked = another_key(&first, json!(SCOPES)).await;
    revoke(&first, &revoked).await;
    let narrow = another_key(&first, json!(["jobs:read"])).await;
    for (name, key, bearer, status, plan) in [
        ("two accounts", &first.key, &second.key, 200, "pro"),
        ("two accounts, the other way", &second.key, &first.key, 200, "free"),
        ("a good one beside a bad one", &first.key, &bad, 200, "pro"),
        ("a good one beside a session", &first.key, &second.token, 200, "pro"),
        ("a bad one beside a good one", &bad, &first.key, 401, ""),
        ("a revoked one beside a good one", &revoked, &first.key, 401, ""),
        ("an empty one beside a good one", &String::new(), &first.key, 401, ""),
        ("a narrow one beside a wide one", &narrow, &first.key, 403, ""),
    ] {
        let bearer = format!("Bearer {bearer}");
        let headers = [("x-api-key", key.as_str()), ("authorization", bearer.as_str())];
        let answer = first.call(Method::GET, "/v1/api/quota", None, &headers).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        assert_eq!(answer.body["data"]["plan"].as_str().unwrap_or_default(), plan, "{name}");
    }
}

/// An operation of the Jobs contract that takes a key, and the scope that it needs.
struct Operation {
    method: Method,
    path: String,
    scope: String,
}

/// All that the document has, so that none can be forgotten here.
fn operations() -> Vec<Operation> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/openapi/jobs.yaml");
    let document = tests::yaml::read(&file);
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let alternatives = operation["security"].as_array().into_iter().flatten();
            let scopes: Vec<_> = alternatives.filter_map(|way| way["apiKey"][0].as_str()).collect();
            let Some(scope) = scopes.first() else { continue };
            let filled: Vec<_> = path
                .split('/')
                .map(|part| if part.starts_with('{') { "0197f1e2-0000-7000-8000-000000000000" } else { part })
                .collect();
            let method = method.to_uppercase().parse().unwrap();
            found.push(Operation { method, path: filled.join("/"), scope: (*scope).to_owned() });
        }
    }
    found
}

#[tokio::test]
async fn every_operation_needs_its_scope() {
    let client = World::get().client("key_scopes", Plan::Pro).await;
    let operations = operations();
    assert!(operations.len() >= 6, "{}", operations.len());
    for scope in SCOPES {
        assert!(operations.iter().any(|operation| operation.scope == scope), "nothing needs {scope}");
        let key = another_key(&client, json!([scope])).await;
        let all_but_it: Vec<_> = SCOPES.into_iter().filter(|other| *other != scope).collect();
        let rest = another_key(&client, json!(all_but_it)).await;
        for Operation { method, path, scope: needed } in &operations {
            let body = (*method == Method::POST).then(|| json!({}));
            for (key, opens) in [(&key, needed == scope), (&rest, needed != scope)] {
                for header in [("x-api-key", key.clone()), ("authorization", format!("Bearer {key}"))] {
                    let headers = [(header.0, header.1.as_str())];
                    let answer = client.call(method.clone(), path, body.clone(), &headers).await;
                    let refused = answer.status == StatusCode::FORBIDDEN;
                    assert_eq!(refused, !opens, "{method} {path} with {scope} or not: {}", answer.text);
                    assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", answer.text);
                    if refused {
                        let said = answer.body["error"].as_str().unwrap();
                        assert!(said.contains(needed.as_str()), "{method} {path}: {said}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_has_known_scopes_and_at_least_one() {
    let client = World::get().client("key_chooser", Plan::Free).await;
    for scopes in [
        json!([]),
        json!(["jobs:delete"]),
        json!(["*"]),
        json!(["JOBS:READ"]),
        json!("jobs:read"),
        json!([1]),
    ] {
        let body = json!({ "name": "bad", "scopes": scopes });
        let answer = client.session(Method::POST, "/v1/api/keys", Some(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{scopes}: {}", answer.body);
    }
}
