//! Videos that this service fetches itself: from a web server, and by yt-dlp.

use domain::plan::Plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

async fn from_url(client: &Client, url: &str) -> Value {
    let made = client.api(Method::POST, "/v1/api/jobs/from-url", Some(json!({ "url": url }))).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(made.body["data"]["status"], "PENDING_FETCH", "{}", made.body);
    client.finished(made.body["data"]["jobId"].as_str().unwrap()).await
}

#[tokio::test]
async fn a_file_on_a_web_server() {
    let world = World::get();
    let client = world.client("fetcher", Plan::Starter).await;
    world.clips.short();
    let done = from_url(&client, &format!("http://{}/files/short.mp4?token=x", world.web)).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!((&done["originalFilename"], &done["source"]), (&"short.mp4".into(), &"api".into()));
}

#[tokio::test]
async fn what_cannot_be_fetched_says_why() {
    let world = World::get();
    let client = world.client("misfetcher", Plan::Starter).await;
    for (path, code) in
        [("/files/none.mp4", "fetch_failed"), ("/inside/", "fetch_forbidden"), ("/", "fetch_failed")]
    {
        let done = from_url(&client, &format!("http://{}{path}", world.web)).await;
        assert_eq!(
            (&done["status"], &done["errorCode"]),
            (&"FAILED_FETCH".into(), &code.into()),
            "{path}: {done}"
        );
        assert!(done["errorMessage"].as_str().unwrap().len() > 20, "{done}");
    }
}

/// A row of each kind; `edge`'s own tests have all the spellings.
#[tokio::test]
async fn private_addresses_are_refused_at_once() {
    let client = World::get().client("insider", Plan::Starter).await;
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "http://169.254.100.1:2000/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
        "http://172.16.0.1/",
        "http://192.168.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://１２７.０.０.１/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.\t0.1/",
        "http:\\\\127.0.0.1\\",
        "http:127.0.0.1",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1%25eth0]/",
        "http://example.com@127.0.0.1/",
        "https://user:secret@example.com/a.mp4",
        "ftp://a.example/b",
        "file:///etc/passwd",
        "gopher://a.example/",
        "data:video/mp4;base64,AAAA",
        "javascript:alert(1)",
        "s3://bucket/key.mp4",
        "//127.0.0.1/",
        "http://",
        "",
    ] {
        let answer = client.api(Method::POST, "/v1/api/jobs/from-url", Some(json!({ "url": url }))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{url}: {}", answer.body);
        assert!(answer.body["error"].is_string(), "{}", answer.body);
    }
    let listed = client.api(Method::GET, "/v1/api/jobs", None).await.body;
    assert_eq!(listed, json!({ "data": [], "nextCursor": null }));
}

#[tokio::test]
async fn a_name_or_a_redirect_that_leads_inside_is_found_out() {
    let world = World::get();
    let client = world.client("outsider", Plan::Starter).await;
    world.clips.short();
    let web = world.web.to_string();
    let port = web.rsplit(':').next().unwrap();
    let rows = [
        // The very file that is fetched from 127.0.0.1, where this stack makes an exception for the number alone.
        (format!("http://localhost:{port}/files/short.mp4"), "fetch_forbidden"),
        (format!("http://{}/redirect/http://127.0.0.1:9001/", world.web), "fetch_forbidden"),
        (format!("http://{}/redirect/http://localhost:{port}/files/short.mp4", world.web), "fetch_forbidden"),
        (format!("http://{}/redirect/file:///etc/passwd", world.web), "fetch_forbidden"),
        (format!("http://{}/circle/", world.web), "fetch_failed"),
    ];
    let fetched = futures::future::join_all(rows.iter().map(|(url, _)| from_url(&client, url))).await;
    for ((url, code), done) in rows.iter().zip(fetched) {
        assert_eq!(
            (&done["status"], &done["errorCode"]),
            (&"FAILED_FETCH".into(), &(*code).into()),
            "{url}: {done}"
        );
        let message = done["errorMessage"].as_str().unwrap();
        assert!(!message.contains("127.0.0.1") && !message.contains("root:"), "{url}: {message}");
    }
}

#[tokio::test]
async fn a_youtube_video() {
    let world = World::get();
    let client = world.client("viewer", Plan::Free).await;
    world.clips.lecture();
    let body = json!({ "youtube_url": "https://youtu.be/abc123?si=x" });
    let made = client.session(Method::POST, "/videos", Some(body.clone())).await;
    assert_eq!(made.status, StatusCode::ACCEPTED, "{}", made.body);
    assert_eq!(made.body["status"], "queued");
    assert_eq!(made.body["youtube_url"], "https://www.youtube.com/watch?v=abc123");
    let again = client.session(Method::POST, "/videos", Some(body)).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert_eq!(again.headers["content-type"], "application/problem+json");
    assert_eq!(again.body["type"], "https://frameiq.app/errors/video-already-indexed", "{}", again.body);
    for bad in ["https://vimeo.com/abc123", "https://youtu.be/", "abc123", ""] {
        let refused = client.session(Method::POST, "/videos", Some(json!({ "youtube_url": bad }))).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}: {}", refused.body);
        assert_eq!(refused.body["type"], "https://frameiq.app/errors/invalid-youtube-url", "{bad}");
    }

    let done = client.finished(made.body["id"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["source"]), (&"COMPLETED".into(), &"youtube".into()), "{done}");
    // Page and file came through the proxy, whose password was told to nobody who could repeat it.
    assert_eq!(
        world.proxy.requests("/youtube/watch?v=abc123"),
        world.web.requests("/youtube/watch?v=abc123")
    );
    assert!(
        world.proxy.requests("/youtube/watch?v=abc123") > 0 && world.proxy.requests("/files/lecture.mp4") > 0
    );
    assert_eq!(world.proxy.leaks(), Vec::<String>::new());
    let listed = client.session(Method::GET, "/videos?status=ready", None).await.body;
    assert_eq!(
        (&listed["total"], &listed["items"][0]["youtube_id"]),
        (&1.into(), &"abc123".into()),
        "{listed}"
    );
    // The source's own title; yt-dlp's generic extractor numbers the videos of a page.
    assert!(listed["items"][0]["title"].as_str().unwrap().starts_with("ML Lecture 12"), "{listed}");
}

/// What the operator sets holds for the next attempt of a video that YouTube refused.
#[tokio::test]
async fn a_refused_youtube_video_is_retried_when_cookies_are_there() {
    let world = World::get();
    let client = world.client("refused-viewer", Plan::Free).await;
    world.clips.lecture();
    let made = client
        .session(Method::POST, "/videos", Some(json!({ "youtube_url": "https://youtu.be/guarded1" })))
        .await;
    assert_eq!(made.status, StatusCode::ACCEPTED, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    let refused = client.finished(id).await;
    assert_eq!(
        (&refused["status"], &refused["errorCode"]),
        (&"FAILED_FETCH".into(), &"youtube_blocked".into()),
        "{refused}"
    );
    let message = refused["errorMessage"].as_str().unwrap();
    assert!(message.contains("Upload the file, or retry later"), "{message}");

    let (name, value) = tests::web::COOKIE;
    // In the form of a browser's export, the host being that of the page which stands in for YouTube.
    let cookies = format!("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\t{name}\t{value}\n");
    world.set_secret("YouTubeCookiesArn", &cookies).await;
    let retried = client.session(Method::POST, &format!("/videos/{id}/retry"), None).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED, "{}", retried.body);
    let done = client.finished(id).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!(world.proxy.leaks(), Vec::<String>::new());
}
