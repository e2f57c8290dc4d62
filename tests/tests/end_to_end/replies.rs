//! Replies that belong to no single endpoint: what is refused before a handler runs, what browsers ask first, health,
//! and the documentation. That each has the form of its contract, the client checks.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::{Answer, Client};
use tests::event;
use tests::world::World;

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// A call by nobody in particular.
async fn anonymous(client: &Client, method: Method, path: &str) -> Answer {
    client.call(method, path, None, &[]).await
}

#[tokio::test]
async fn unknown_paths_answer_in_the_form_of_their_contract() {
    let client = World::get().client("lost", Plan::Free).await;
    let videos = client.session(Method::GET, "/no/such/thing", None).await;
    assert_eq!(
        (videos.status, header(&videos, "content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    assert_eq!(videos.body["instance"], "/no/such/thing", "{}", videos.body);
    let jobs = client.api(Method::GET, "/v1/api/no/such/thing", None).await;
    assert_eq!((jobs.status, header(&jobs, "content-type")), (StatusCode::NOT_FOUND, "application/json"));
    assert!(jobs.body["error"].is_string(), "{}", jobs.body);
    let root = anonymous(&client, Method::GET, "/").await;
    assert_eq!(root.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_told_which_it_has() {
    let client = World::get().client("misguided", Plan::Free).await;
    for (method, path, allow) in [
        (Method::DELETE, "/usage", "GET, OPTIONS"),
        (Method::PUT, "/videos", "GET, POST, OPTIONS"),
        (Method::PATCH, "/videos/0197f1e2-0000-7000-8000-000000000000/retry", "POST, OPTIONS"),
        (Method::GET, "/chat/0197f1e2-0000-7000-8000-000000000000", "POST, OPTIONS"),
        (Method::HEAD, "/health", "GET, OPTIONS"),
        (Method::POST, "/v1/api/keys/a1b2c3d4", "DELETE, OPTIONS"),
        (Method::PUT, "/v1/api/jobs/from-url", "POST, OPTIONS"),
        (Method::POST, "/v1/api/quota", "GET, OPTIONS"),
        (Method::POST, "/v1/api/jobs/0197f1e2-0000-7000-8000-000000000000/captions.vtt", "GET, OPTIONS"),
        (Method::DELETE, "/v1/api/jobs/0197f1e2-0000-7000-8000-000000000000/thumbnails/1", "GET, OPTIONS"),
    ] {
        let answer = anonymous(&client, method.clone(), path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}: {}", answer.text);
        assert_eq!(header(&answer, "allow"), allow, "{method} {path}");
    }
}

#[tokio::test]
async fn browsers_may_call_from_any_origin() {
    let client = World::get().client("browser", Plan::Free).await;
    let asks = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization, content-type"),
    ];
    for (path, methods) in
        [("/videos", "GET, POST"), ("/chat/some-video", "POST"), ("/v1/api/keys", "GET, POST")]
    {
        let preflight = client.call(Method::OPTIONS, path, None, &asks).await;
        assert_eq!((preflight.status, preflight.text.as_str()), (StatusCode::NO_CONTENT, ""), "{path}");
        assert_eq!(header(&preflight, "access-control-allow-origin"), "*");
        assert!(header(&preflight, "access-control-allow-methods").starts_with(methods), "{path}");
        let allowed = header(&preflight, "access-control-allow-headers").to_lowercase();
        for name in ["authorization", "content-type", "last-event-id"] {
            assert!(allowed.contains(name), "{name}: {allowed}");
        }
        assert!(!header(&preflight, "access-control-max-age").is_empty());
    }
    let unknown = client.call(Method::OPTIONS, "/v1/api/nothing", None, &asks).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn scripts_may_read_what_every_reply_carries() {
    let client = World::get().client("reader", Plan::Free).await;
    let refused = anonymous(&client, Method::GET, "/usage").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    for answer in [refused, client.session(Method::GET, "/usage", None).await] {
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        let readable = header(&answer, "access-control-expose-headers").to_lowercase();
        for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id"] {
            assert!(!header(&answer, name).is_empty(), "{name}");
            assert!(readable.contains(name), "{readable}");
        }
    }
}

#[tokio::test]
async fn a_preflight_is_not_one_of_the_requests_a_minute() {
    let client = World::get().client("asking", Plan::Free).await;
    let used = |answer: &Answer| {
        let number = |name| header(answer, name).parse::<i64>().unwrap();
        (number("x-ratelimit-reset"), number("x-ratelimit-limit") - number("x-ratelimit-remaining"))
    };
    let (minute, before) = used(&client.session(Method::GET, "/usage", None).await);
    anonymous(&client, Method::OPTIONS, "/usage").await;
    let (same_minute, after) = used(&client.session(Method::GET, "/usage", None).await);
    assert!(same_minute != minute || after == before + 1, "{before} requests became {after}");
}

#[tokio::test]
async fn bodies_are_json_and_small() {
    let client = World::get().client("sender", Plan::Free).await;
    let bearer = format!("Bearer {}", client.token);
    let post = async |kind: Option<&str>, body: String| {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(kind.map(|kind| ("content-type", kind)));
        client.send(Method::POST, "/videos", Some(body), &headers).await
    };
    let good = || json!({ "youtube_url": "https://example.com/no-video" }).to_string();
    // What curl -d sends when nobody says otherwise.
    let form = post(Some("application/x-www-form-urlencoded"), good()).await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", form.body);
    assert!(
        form.body["detail"].as_str().unwrap().contains("Content-Type: application/json"),
        "{}",
        form.body
    );
    let large =
        post(Some("application/json"), json!({ "youtube_url": "x".repeat(66_000) }).to_string()).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", large.body);
    for (kind, body) in [
        (Some("application/json"), "{ youtube_url".to_owned()),
        (Some("application/json"), "{}".to_owned()),
        (Some("application/json; charset=utf-8"), good()),
        (None, good()),
    ] {
        let refused = post(kind, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{kind:?}: {}", refused.body);
    }
    let headers = [("x-api-key", client.key.as_str()), ("content-type", "text/plain")];
    let jobs = client.send(Method::POST, "/v1/api/jobs", Some(good()), &headers).await;
    assert_eq!(jobs.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", jobs.body);
}

#[tokio::test]
async fn health_names_what_it_checked() {
    let client = World::get().client("operator", Plan::Free).await;
    let health = anonymous(&client, Method::GET, "/health").await;
    assert_eq!((health.status, &health.body["status"]), (StatusCode::OK, &"ok".into()), "{}", health.body);
    for dependency in ["database", "storage", "queue", "workflow"] {
        assert_eq!(health.body[dependency], "connected");
    }
    let worker = anonymous(&client, Method::GET, "/health/worker").await;
    assert_eq!((worker.status, &worker.body["status"]), (StatusCode::OK, &"ok".into()), "{}", worker.body);
    assert!(worker.body["queue_depth"].is_u64(), "{}", worker.body);
}

#[tokio::test]
async fn the_documents_are_those_of_the_repository() {
    let client = World::get().client("integrator", Plan::Free).await;
    for (path, file) in [("/openapi.json", "videos.yaml"), ("/openapi/jobs.json", "jobs.yaml")] {
        let served = anonymous(&client, Method::GET, path).await;
        assert_eq!(
            (served.status, header(&served, "content-type")),
            (StatusCode::OK, "application/json"),
            "{path}"
        );
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/openapi");
        let mut document = tests::yaml::read(&folder.join(file));
        // Where both APIs are found here: on the host that was asked, without a stage.
        document["servers"] = json!([{ "url": "/" }]);
        assert_eq!(served.body, document, "{path}");
    }
}

/// The gateway's own host has the stage in its path, and the Jobs API has another host; a domain has neither.
#[tokio::test]
async fn the_documents_name_the_stage_where_it_is_part_of_the_url() {
    let served = async |path: &str, domain: &str| {
        let mut event = event::request("meta-docs", &[]);
        (event["resource"], event["path"]) = (path.into(), path.into());
        event["requestContext"]["resourcePath"] = path.into();
        event["requestContext"]["domainName"] = domain.into();
        World::get().invoke("MetaDocs", &event).await
    };
    let server = async |path: &str, domain: &str| {
        let body = served(path, domain).await["body"].as_str().unwrap().to_owned();
        let document: Value = serde_json::from_str(&body).unwrap();
        document["servers"].clone()
    };
    let (own, domain) = ("a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", "api.frameiq.app");
    assert_eq!(server("/openapi.json", own).await, json!([{ "url": "/live" }]));
    let jobs = server("/openapi/jobs.json", own).await[0]["url"].as_str().unwrap().to_owned();
    assert!(jobs.starts_with("https://") && jobs.ends_with(".execute-api.eu-west-1.amazonaws.com"), "{jobs}");
    assert!(!jobs.contains("a1b2c3d4e5"), "{jobs} is the host of the other API");
    // A partition of AWS with host names of its own.
    let in_china = "a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn";
    assert_eq!(server("/openapi.json", in_china).await, json!([{ "url": "/live" }]));
    let of_china = server("/openapi/jobs.json", in_china).await[0]["url"].as_str().unwrap().to_owned();
    assert!(of_china.ends_with(".execute-api.cn-north-1.amazonaws.com.cn"), "{of_china}");
    for path in ["/openapi.json", "/openapi/jobs.json"] {
        assert_eq!(server(path, domain).await, json!([{ "url": "/" }]), "{path}");
    }
    // The page may ask there, and nowhere else.
    for (domain, allowed) in
        [(own, format!("connect-src 'self' {jobs}")), (domain, "connect-src 'self'".to_owned())]
    {
        let page = served("/docs", domain).await;
        let policy = page["multiValueHeaders"]["content-security-policy"][0].as_str().unwrap().to_owned();
        assert!(policy.ends_with(&allowed), "{policy}");
    }
}

/// The addresses that a page names in `src` and `href`.
fn links(page: &str) -> Vec<&str> {
    let after = ["src=\"", "href=\"", "spec-url=\""].map(|name| page.split(name).skip(1));
    after.into_iter().flatten().map(|rest| rest.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn the_documentation_loads_nothing_from_another_host() {
    let client = World::get().client("bookworm", Plan::Free).await;
    let base = reqwest::Url::parse("http://here.invalid/").unwrap();
    for path in ["docs", "redoc", "redoc/jobs"] {
        let page = anonymous(&client, Method::GET, &format!("/{path}")).await;
        assert_eq!(
            (page.status, header(&page, "content-type")),
            (StatusCode::OK, "text/html; charset=utf-8")
        );
        let policy = header(&page, "content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
        assert!(
            !policy.contains("http") && !policy.contains('*') && !policy.contains("unsafe-eval"),
            "{policy}"
        );
        assert!(!page.text.contains("<script>"), "{path} has a script of its own, which its policy forbids");
        let here = base.join(path).unwrap();
        let found = links(&page.text);
        assert!(found.len() > 2, "{path}: {found:?}");
        for link in found.into_iter().filter(|link| !link.starts_with("data:")) {
            let target = here.join(link).unwrap();
            assert_eq!(target.host_str(), here.host_str(), "{path} leads to {link}");
            let loaded = anonymous(&client, Method::GET, target.path()).await;
            assert_eq!(loaded.status, StatusCode::OK, "{path} names {link}");
            assert!(!header(&loaded, "cache-control").is_empty(), "{link}");
        }
    }
    let style = anonymous(&client, Method::GET, "/docs/swagger-ui.css").await.text;
    assert!(!style.contains("@import") && !style.contains("url(http") && !style.contains("url(//"));
    let start = anonymous(&client, Method::GET, "/docs/swagger-initializer.js").await.text;
    assert!(start.contains("validatorUrl: null") && !start.contains("http"), "{start}");
    let redoc = anonymous(&client, Method::GET, "/redoc/redoc.standalone.js").await.text;
    assert!(redoc.len() > 500_000 && !redoc.contains("cdn.redoc.ly") && !redoc.contains("fonts.googleapis"));
    let nothing = anonymous(&client, Method::GET, "/docs/nothing.js").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}
