//! A client of both contracts, as somebody with the reference at hand would write it. It holds every reply against
//! the OpenAPI documents.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sse_stream::SseByteStream;

use crate::openapi;
use crate::wait::{eventually, when};

/// An account's way into the service.
pub struct Client {
    http: reqwest::Client,
    url: String,
    /// The session token.
    pub token: String,
    /// The API key.
    pub key: String,
    /// What callbacks of jobs that are made with the key are signed with.
    pub webhook_secret: String,
}

/// An answer.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its body; null if it is not JSON.
    pub body: Value,
    /// Its body as it came.
    pub text: String,
}

/// One server-sent event, and when it arrived.
pub struct Event {
    /// Since the request was sent.
    pub at: Duration,
    /// What a client that loses the stream sends as `Last-Event-ID`.
    pub id: String,
    /// Its JSON.
    pub data: Value,
}

impl Client {
    /// Signs in and makes a key.
    pub async fn new(url: &str, token: String, address: IpAddr) -> Self {
        let http = http(address);
        let url = url.replace("localhost", "127.0.0.1");
        let mut client = Self { http, url, token, key: String::new(), webhook_secret: String::new() };
        (client.key, client.webhook_secret) = client.new_key(json!({ "name": "tests" })).await;
        client
    }

    /// The same account, calling from another address.
    pub fn at(&self, address: impl Into<IpAddr>) -> Self {
        let http = http(address.into());
        let (url, token) = (self.url.clone(), self.token.clone());
        Self { http, url, token, key: self.key.clone(), webhook_secret: self.webhook_secret.clone() }
    }

    /// Makes another key; answers it with its webhook secret.
    pub async fn new_key(&self, body: Value) -> (String, String) {
        let made = self.session(Method::POST, "/v1/api/keys", Some(body)).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.body);
        let text = |name: &str| made.body["data"][name].as_str().expect("a text").to_owned();
        (text("key"), text("webhookSecret"))
    }

    /// A call with the session token.
    pub async fn session(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call(method, path, body, &[("authorization", &format!("Bearer {}", self.token))]).await
    }

    /// A call with the API key.
    pub async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call(method, path, body, &[("x-api-key", &self.key)]).await
    }

    /// A call with these headers.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut headers = headers.to_vec();
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.send(method, path, body.map(|body| body.to_string()), &headers).await
    }

    /// A call with this text as its body, and these headers only.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        openapi::check(&method, path, &answer);
        answer
    }

    /// Makes a job and puts its file; answers the job's id.
    pub async fn upload(&self, file: &Path) -> String {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        self.upload_as(json!({ "fileName": name }), file).await
    }

    /// Makes a job of these options and puts a file into it. Its id.
    pub async fn upload_as(&self, options: Value, file: &Path) -> String {
        let made = self.api(Method::POST, "/v1/api/jobs", Some(options)).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.body);
        assert_eq!(self.put(&made.body, file).await, StatusCode::OK);
        made.body["data"]["jobId"].as_str().expect("an id").to_owned()
    }

    /// Puts a file at the upload URL that a job was made with.
    pub async fn put(&self, made: &Value, file: &Path) -> StatusCode {
        let url = made["data"]["uploadUrl"].as_str().expect("a URL");
        let put = self.http.put(url).header("content-type", "application/octet-stream");
        put.body(std::fs::read(file).expect("the file")).send().await.expect("an answer").status()
    }

    /// Puts a file of which all is processed; the job's id.
    pub async fn completed(&self, file: &Path) -> String {
        let job = self.upload(file).await;
        let done = self.finished(&job).await;
        assert_eq!(done["status"], "COMPLETED", "{done}");
        job
    }

    /// The job, once its status will not change any more.
    pub async fn finished(&self, job: &str) -> Value {
        eventually("the job ends", async || {
            let mut answer = self.api(Method::GET, &format!("/v1/api/jobs/{job}"), None).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            let shown = answer.body["data"].take();
            let status = shown["status"].as_str().expect("a status");
            let open = ["PENDING_UPLOAD", "PENDING_FETCH", "PROCESSING"].contains(&status);
            if open { Err(shown) } else { Ok(shown) }
        })
        .await
    }

    /// Every progress that is shown of a job until it is done. It never goes back.
    pub async fn progress(&self, job: &str) -> Vec<u64> {
        let mut seen = vec![];
        eventually("the job is done", async || {
            let stages = self.session(Method::GET, &format!("/videos/{job}/jobs"), None).await.body;
            assert_ne!(stages["status"], "failed", "{stages}");
            let shown = stages["stages"].as_array().expect("a list");
            let mut before = shown.iter().rev().skip(1);
            assert!(before.all(|stage| stage["progress"] == 100), "one stage begins after another: {stages}");
            seen.push(stages["overall_progress"].as_u64().expect("a number"));
            assert!(seen.is_sorted(), "{seen:?}");
            when(seen.last() == Some(&100), stages)
        })
        .await;
        seen
    }

    /// Asks about a video; answers the events as they arrived.
    pub async fn ask(&self, video: &str, body: Value) -> Result<Vec<Event>, StatusCode> {
        Ok(self.listen(video, body, None).await?.collect().await)
    }

    /// Asks about a video, or takes an answer up after the event of that id; answers the events as they arrive.
    /// Dropping them is going away.
    pub async fn listen(
        &self,
        video: &str,
        body: Value,
        last_event_id: Option<&str>,
    ) -> Result<BoxStream<'static, Event>, StatusCode> {
        let began = Instant::now();
        let path = format!("/chat/{video}");
        let mut request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.expect("an answer");
        if answer.status() != StatusCode::OK {
            let refusal = Answer::read(answer).await;
            openapi::check(&Method::POST, &path, &refusal);
            return Err(refusal.status);
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let head = Answer { status, headers, body: Value::Null, text: String::new() };
        openapi::check(&Method::POST, &path, &head);
        let events = SseByteStream::new(answer.bytes_stream()).map(move |event| {
            let event = event.expect("an event");
            let data = serde_json::from_str(&event.data.expect("data")).expect("JSON");
            openapi::check_chat_event(&data);
            Event { at: began.elapsed(), id: event.id.expect("an id"), data }
        });
        Ok(events.boxed())
    }
}

/// A caller at that address. Redirects are answers too, and held against the documents. It drops an idle connection
/// before the front does (after 30 s): a test that makes a clip blocks its runtime, which then cannot see that the
/// connection was closed, and would send a request on it.
fn http(address: IpAddr) -> reqwest::Client {
    let http = reqwest::Client::builder().local_address(address).redirect(Policy::none());
    http.pool_idle_timeout(Duration::from_secs(10)).build().expect("a client")
}

impl Answer {
    async fn read(answer: reqwest::Response) -> Self {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.expect("a body of text");
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }
}
