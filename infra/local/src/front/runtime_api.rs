//! The Lambda Runtime API for one function process, with response streaming.
//! Paths and headers as in AWS Lambda's "Building a custom runtime".

use super::prelude::{PreludeReader, StreamHead};
use crate::error::StackError;
use crate::wire::{self, Body, BoxError};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

/// Chunks that may wait for a slow caller before the function has to wait too.
const CHUNKS_IN_FLIGHT: usize = 32;
const ERROR_TRAILER: &str = "lambda-runtime-function-error-type";

/// One event on its way to a function process.
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) event: Bytes,
    pub(super) time_left: Duration,
    pub(super) function_arn: String,
    /// Answered with the response's head and body as soon as the head is known.
    pub(super) reply: oneshot::Sender<Result<Streamed, FunctionError>>,
    /// Told when the function has finished, whoever still listens.
    pub(super) done: oneshot::Sender<()>,
}

/// A streamed response whose head has arrived.
pub(super) struct Streamed {
    pub(super) head: StreamHead,
    pub(super) chunks: mpsc::Receiver<Chunk>,
}

/// A piece of a body, or its proper end; a stream without an end broke off.
pub(super) enum Chunk {
    Data(Bytes),
    End,
}

/// The function reported an error, or answered in a way that a streaming route cannot pass on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct FunctionError(String);

/// The server; dropping it closes its connections, which ends the process that polls it.
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) invocations: mpsc::Sender<Invocation>,
    server: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    pub(super) async fn start() -> Result<Self, StackError> {
        let failed = |error| StackError::io("the Runtime API's port")(error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (invocations, waiting) = mpsc::channel(1);
        let process = Arc::new(Process { waiting: AsyncMutex::new(waiting), current: Mutex::new(None) });
        let server = tokio::spawn(serve(listener, process));
        Ok(Self { address, invocations, server })
    }
}

async fn serve(listener: TcpListener, process: Arc<Process>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        if socket.set_nodelay(true).is_err() {
            continue;
        }
        let process = Arc::clone(&process);
        let service = service_fn(move |request| {
            let process = Arc::clone(&process);
            async move { Ok::<_, Infallible>(process.answer(request).await) }
        });
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
    }
}

/// What the server knows of its one function process.
struct Process {
    waiting: AsyncMutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<Invocation>>,
}

impl Process {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().strip_prefix("/2018-06-01/runtime/").unwrap_or_default().to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => match self.take(id) {
                Some(invocation) => respond(invocation, request).await,
                None => status(StatusCode::BAD_REQUEST),
            },
            (&Method::POST, ["invocation", id, "error"]) => match self.take(id) {
                Some(invocation) => fail(invocation, request).await,
                None => status(StatusCode::BAD_REQUEST),
            },
            // The process ends after this one, which is noticed.
            (&Method::POST, ["init", "error"]) => status(StatusCode::ACCEPTED),
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    async fn next(&self) -> Response<Body> {
        let Some(invocation) = self.waiting.lock().await.recv().await else {
            return status(StatusCode::GONE);
        };
        let deadline = SystemTime::now() + invocation.time_left;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", &invocation.request_id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header("lambda-runtime-invoked-function-arn", &invocation.function_arn)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(wire::full(invocation.event.clone()));
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(invocation);
        response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// The current invocation, when it is this one: a second answer to the same is refused.
    fn take(&self, id: &str) -> Option<Invocation> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|invocation| invocation.request_id == id)
    }
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(wire::full(Bytes::new()));
    *response.status_mut() = code;
    response
}

async fn fail(invocation: Invocation, request: Request<Incoming>) -> Response<Body> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let error = FunctionError(String::from_utf8_lossy(&body).into_owned());
    // Nobody listens when the caller has gone; the process goes on either way.
    let _gone = invocation.reply.send(Err(error));
    let _gone = invocation.done.send(());
    status(StatusCode::ACCEPTED)
}

async fn respond(invocation: Invocation, request: Request<Incoming>) -> Response<Body> {
    let Invocation { reply, done, .. } = invocation;
    let streaming = request.headers().get("lambda-runtime-function-response-mode");
    if streaming.is_none_or(|mode| mode != "streaming") {
        let _gone = reply.send(Err(FunctionError("the function answers without streaming".to_owned())));
    } else if let Err(error) = pass_on(request.into_body(), reply).await {
        tracing::warn!(%error, "a streamed response broke off");
    }
    let _gone = done.send(());
    status(StatusCode::ACCEPTED)
}

/// Hands the response on chunk by chunk. The function is read to its end even when the caller has gone, as
/// on AWS, so that what it does after its answer still happens.
async fn pass_on(
    mut body: Incoming,
    reply: oneshot::Sender<Result<Streamed, FunctionError>>,
) -> Result<(), BoxError> {
    let (head, rest) = match read_head(&mut body).await {
        Ok(parts) => parts,
        Err(error) => {
            let _gone = reply.send(Err(FunctionError(error.to_string())));
            return Err(error);
        }
    };
    let (chunks, receiver) = mpsc::channel(CHUNKS_IN_FLIGHT);
    let _gone = reply.send(Ok(Streamed { head, chunks: receiver }));
    if !rest.is_empty() {
        let _gone = chunks.send(Chunk::Data(rest)).await;
    }
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        // Such trailers say that the function failed midway: no proper end for the caller then.
        if frame.trailers_ref().is_some_and(|trailers| trailers.contains_key(ERROR_TRAILER)) {
            return Ok(());
        }
        if let Ok(data) = frame.into_data() {
            let _gone = chunks.send(Chunk::Data(data)).await;
        }
    }
    let _gone = chunks.send(Chunk::End).await;
    Ok(())
}

async fn read_head(body: &mut Incoming) -> Result<(StreamHead, Bytes), BoxError> {
    let mut reader = PreludeReader::default();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if let Some(parts) = reader.push(&data)? {
            return Ok(parts);
        }
    }
    Err("the response ends inside its head".into())
}

#[cfg(test)]
mod tests;
