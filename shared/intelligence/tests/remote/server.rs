//! A server that answers as each test says, and remembers what it was asked.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        self.json_of("application/json")
    }

    pub(crate) fn json_of(&self, content_type: &str) -> Value {
        assert_eq!(self.headers["content-type"], content_type);
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// How long it takes.
    pub(crate) delay: Duration,
    /// How long each piece of the body takes: pieces arrive as pieces.
    pub(crate) between: Duration,
    /// Sent one after the other; the connection breaks where there is an error.
    pub(crate) body: Vec<io::Result<Bytes>>,
}

impl Told {
    pub(crate) fn json(value: &Value) -> Self {
        let (delay, between) = (Duration::ZERO, Duration::from_millis(5));
        Self { status: 200, headers: vec![], delay, between, body: vec![Ok(value.to_string().into())] }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
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

    /// Where it is, without a path.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

async fn answer(
    answers: Arc<Answers>,
    log: Arc<Mutex<Vec<Asked>>>,
    request: Request<Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, io::Error>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let asked =
        Asked { method: parts.method, path: parts.uri.path().to_owned(), headers: parts.headers, body };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    let told = answers(number, &asked);
    tokio::time::sleep(told.delay).await;
    let pieces = stream::iter(told.body).then(move |piece| async move {
        tokio::time::sleep(told.between).await;
        piece.map(Frame::data)
    });
    let mut response = Response::builder().status(told.status);
    for (name, value) in told.headers {
        response = response.header(name, value);
    }
    Ok(response.body(BodyExt::boxed_unsync(StreamBody::new(pieces))).unwrap())
}
