//! A server that answers as each test says, and remembers what it was asked.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use domain::provider::{Choices, Model, Provider};
use futures::{StreamExt, stream};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use intelligence::{Budget, BuiltinConfig, OpenAiConfig, Providers};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const KEY: &str = "sk-test";
pub(crate) const MODEL: &str = "test-model";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// How long it takes.
    pub(crate) delay: Duration,
    /// Sent one after the other; the connection breaks where there is an error.
    pub(crate) body: Vec<io::Result<Bytes>>,
}

impl Told {
    pub(crate) fn json(value: &Value) -> Self {
        Self { status: 200, headers: vec![], delay: Duration::ZERO, body: vec![Ok(value.to_string().into())] }
    }

    pub(crate) fn status(status: u16, code: &str) -> Self {
        let error = json!({ "error": { "message": "you sent sk-test", "code": code, "type": null } });
        Self { status, ..Self::json(&error) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// A whole answer of a chat model.
    pub(crate) fn said(content: &str) -> Self {
        Self::completion(&json!({ "role": "assistant", "content": content }), "stop")
    }

    pub(crate) fn completion(message: &Value, finish_reason: &str) -> Self {
        let choice = json!({ "index": 0, "message": message, "finish_reason": finish_reason });
        Self::json(
            &json!({ "id": "1", "object": "chat.completion", "model": "test-model-7", "choices": [choice] }),
        )
    }
}

/// A server under test, as long as the test runs.
pub(crate) struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answers = dyn Fn(usize, &Asked) -> Told + Send + Sync;

impl Server {
    /// Answers each request by its number, from 0, and what it is.
    pub(crate) async fn start(answers: impl Fn(usize, &Asked) -> Told + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (answers, log): (Arc<Answers>, _) = (Arc::new(answers), asked.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (answers, log) = (answers.clone(), log.clone());
                let service = service_fn(move |request| answer(answers.clone(), log.clone(), request));
                // A connection that is broken on purpose ends with an error.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
            }
        });
        Self { port, asked }
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn providers(&self) -> Providers {
        self.providers_with(None, Duration::from_secs(20))
    }

    /// All four by this server; vectors of so many dimensions; calls of so much time.
    pub(crate) fn providers_with(&self, dimensions: Option<u32>, time: Duration) -> Providers {
        let openai = || Provider::OpenAi(Model(MODEL.to_owned()));
        let choices = Choices { describe: openai(), transcribe: openai(), embed: openai(), answer: openai() };
        let config = OpenAiConfig {
            base_url: format!("http://127.0.0.1:{}/v1/", self.port).parse().unwrap(),
            api_key: Some(KEY.to_owned()),
            embed_dimensions: dimensions.map(|dimensions| dimensions.try_into().unwrap()),
            budget: Budget { time, attempt: Duration::from_secs(10), attempts: 3 },
        };
        Providers::new(&choices, &BuiltinConfig::default(), &config).unwrap()
    }
}

async fn answer(
    answers: Arc<Answers>,
    log: Arc<Mutex<Vec<Asked>>>,
    request: Request<Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, io::Error>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let asked = Asked { path: parts.uri.path().to_owned(), headers: parts.headers, body };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    let told = answers(number, &asked);
    tokio::time::sleep(told.delay).await;
    let pieces = stream::iter(told.body).then(|piece| async {
        // So that pieces arrive as pieces.
        tokio::time::sleep(Duration::from_millis(5)).await;
        piece.map(Frame::data)
    });
    let mut response = Response::builder().status(told.status);
    for (name, value) in told.headers {
        response = response.header(name, value);
    }
    Ok(response.body(BodyExt::boxed_unsync(StreamBody::new(pieces))).unwrap())
}
