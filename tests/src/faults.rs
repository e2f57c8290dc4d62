//! A proxy between functions and emulator that does to requests what AWS's services do and the emulator never does: refuse
//! them for a moment, do what was asked and lose the answer, answer late, or answer from an index that is behind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

/// A call of a service, as its rules see it.
#[derive(Debug, Clone)]
pub struct Call {
    /// `dynamodb`, `s3`, `sqs`, `states`, …
    pub service: String,
    /// Its name, such as `PutItem`; of S3 the method, such as `PUT`.
    pub operation: String,
    /// Whether it is to write only where nothing is.
    pub is_conditional_put: bool,
    /// What was sent.
    pub body: Bytes,
}

impl Call {
    /// Whether it is this call of DynamoDB.
    pub fn is(&self, operation: &str) -> bool {
        self.service == "dynamodb" && self.operation == operation
    }

    /// Whether it writes to the table.
    pub fn writes_rows(&self) -> bool {
        ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"].iter().any(|name| self.is(name))
    }

    /// Whether what was sent has this text in it.
    pub fn mentions(&self, text: &str) -> bool {
        std::str::from_utf8(&self.body).is_ok_and(|body| body.contains(text))
    }

    /// Whether it reads an index.
    pub fn reads_index(&self) -> bool {
        self.is("Query")
            && serde_json::from_slice::<Value>(&self.body).is_ok_and(|body| body["IndexName"].is_string())
    }
}

/// What happens to a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The service answers this and does nothing.
    Refused(u16, String),
    /// It is done, and the caller is told that something went wrong.
    Lost,
    /// It is done later.
    Late(Duration),
    /// It is answered as it was this long ago; with nothing, where nobody had asked by then.
    Behind(Duration),
}

impl Fault {
    /// An error of DynamoDB, or of another service that speaks JSON.
    pub fn json(status: u16, code: &str) -> Self {
        Self::Refused(status, json!({ "__type": code, "message": "as AWS says it" }).to_string())
    }

    /// A transaction that is not written, for this reason of its first item.
    pub fn cancelled(reason: &str) -> Self {
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{reason}]"),
            "CancellationReasons": [{ "Code": reason, "Message": "as AWS says it" }],
        });
        Self::Refused(400, body.to_string())
    }

    /// An error of S3.
    pub fn xml(status: u16, code: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>As AWS says it.</Message></Error>"
        );
        Self::Refused(status, body)
    }
}

type Rule = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;
type Answer = Response<Full<Bytes>>;

#[derive(Default)]
struct State {
    rules: Vec<(&'static str, Rule)>,
    counts: HashMap<&'static str, usize>,
    /// What an index answered to each query, and when.
    answered: HashMap<Bytes, Vec<(Instant, HeaderMap, Bytes)>>,
}

/// The proxy. It ends with the process.
pub struct FaultProxy {
    /// Where functions find it.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// `host:port` of the emulator.
    target: OnceLock<String>,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultProxy {
    /// Begins to serve; passes nothing on before [`Self::aim`].
    pub fn serve() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            target: OnceLock::new(),
            http: Client::builder(TokioExecutor::new()).build_http(),
        });
        let served = shared.clone();
        std::thread::spawn(move || {
            tokio::runtime::Runtime::new().expect("a runtime").block_on(accept(listener, served));
        });
        Self { url, shared }
    }

    /// Says where the emulator is.
    pub fn aim(&self, endpoint: &str) {
        let target = endpoint.trim_start_matches("http://").to_owned();
        self.shared.target.set(target).expect("a proxy has one target");
    }

    /// From now on calls are shown to this rule too, unless an earlier one has done something to them.
    pub fn rule(&self, name: &'static str, rule: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.shared.state().rules.push((name, Box::new(rule)));
    }

    /// As [`Self::rule`], and before all rules that there are.
    pub fn first_rule(&self, name: &'static str, rule: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.shared.state().rules.insert(0, (name, Box::new(rule)));
    }

    /// A rule for each `n`th of the calls that `wanted` picks.
    pub fn each(
        &self,
        name: &'static str,
        n: usize,
        wanted: impl Fn(&Call) -> bool + Send + 'static,
        fault: impl Fn(&Call) -> Fault + Send + 'static,
    ) {
        let mut seen = 0;
        self.rule(name, move |call| {
            seen += usize::from(wanted(call));
            (wanted(call) && seen % n == 0).then(|| fault(call))
        });
    }

    /// A rule for the next `n` of the calls that `wanted` picks.
    pub fn next(
        &self,
        name: &'static str,
        n: usize,
        wanted: impl Fn(&Call) -> bool + Send + 'static,
        fault: impl Fn(&Call) -> Fault + Send + 'static,
    ) {
        let mut left = n;
        self.rule(name, move |call| {
            if left == 0 || !wanted(call) {
                return None;
            }
            left -= 1;
            Some(fault(call))
        });
    }

    /// How often this rule has done something.
    pub fn count(&self, name: &str) -> usize {
        self.shared.state().counts.get(name).copied().unwrap_or(0)
    }
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        drop(socket.set_nodelay(true));
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&shared, request));
            // The client may go away at any time.
            drop(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .await,
            );
        });
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Result<Answer, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let call = call(&head.headers, &head.method, body.clone());
    let fault = {
        let mut state = shared.state();
        let found = state.rules.iter_mut().find_map(|(name, rule)| Some((*name, rule(&call)?)));
        found.map(|(name, fault)| {
            *state.counts.entry(name).or_default() += 1;
            fault
        })
    };
    let is_json = call.service != "s3";
    let request = Request::from_parts(head, body);
    Ok(match fault {
        None => forward(shared, request).await,
        Some(Fault::Refused(status, body)) => said(status, is_json, body),
        Some(Fault::Lost) => {
            drop(forward(shared, request).await);
            let lost = if is_json {
                Fault::json(500, "InternalServerError")
            } else {
                Fault::xml(500, "InternalError")
            };
            let Fault::Refused(status, body) = lost else { unreachable!("an error of a service") };
            said(status, is_json, body)
        }
        Some(Fault::Late(pause)) => {
            tokio::time::sleep(pause).await;
            forward(shared, request).await
        }
        Some(Fault::Behind(by)) => {
            let asked = request.body().clone();
            let (head, body) = forward(shared, request).await.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let now = Instant::now();
            let mut state = shared.state();
            let known = state.answered.entry(asked).or_default();
            known.push((now, head.headers, body));
            let then = known.iter().rev().find(|(at, ..)| now.duration_since(*at) >= by).cloned();
            match then {
                Some((_, headers, body)) => {
                    let mut answer = Response::new(Full::new(body));
                    *answer.headers_mut() = headers;
                    answer
                }
                None => said(200, true, json!({ "Items": [], "Count": 0, "ScannedCount": 0 }).to_string()),
            }
        }
    })
}

fn call(headers: &HeaderMap, method: &Method, body: Bytes) -> Call {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Credential=key/date/region/service/aws4_request
    let scope = text(AUTHORIZATION.as_str()).split("Credential=").nth(1).unwrap_or_default();
    let service = scope.split('/').nth(3).unwrap_or("s3").to_owned();
    let target = text("x-amz-target").rsplit('.').next().unwrap_or_default();
    let operation = if target.is_empty() { method.to_string() } else { target.to_owned() };
    Call { service, operation, is_conditional_put: text("if-none-match") == "*", body }
}

fn said(status: u16, is_json: bool, body: String) -> Answer {
    let kind = if is_json { "application/x-amz-json-1.0" } else { "application/xml" };
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Passes a request on as it is, its `Host` included, which is a part of its signature.
async fn forward(shared: &Shared, request: Request<Bytes>) -> Answer {
    while shared.target.get().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let target = shared.target.get().map(String::as_str).unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let uri = format!("http://{target}{path}");
    let (mut head, body) = request.into_parts();
    head.uri = uri.parse().expect("a path that a request had");
    head.headers.remove(TRANSFER_ENCODING);
    // The whole body is here.
    head.headers.remove(EXPECT);
    let is_head = head.method == Method::HEAD;
    let answered = shared.http.request(Request::from_parts(head, Full::new(body))).await;
    let Ok(answered) = answered else { return said(502, true, "{}".to_owned()) };
    let (mut head, body) = answered.into_parts();
    let Ok(body) = body.collect().await else { return said(502, true, "{}".to_owned()) };
    head.headers.remove(TRANSFER_ENCODING);
    if !is_head {
        head.headers.remove(CONTENT_LENGTH);
    }
    Response::from_parts(head, Full::new(body.to_bytes()))
}
