//! A loopback HTTP server that gives ffmpeg one object and nothing else, so that ffmpeg needs no TLS, no
//! credentials and no address but 127.0.0.1.

mod body;
mod range;

use std::{io, net::Ipv4Addr, sync::Arc};

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, StreamBody, combinators::UnsyncBoxBody};
use hyper::{body::Frame, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};
use tracing::Instrument;

use crate::source::ByteSource;
use range::Requested;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Serves one object for as long as this handle lives.
#[derive(Debug)]
pub struct RangeProxy {
    url: String,
    // Aborts the server and, with it, every open connection when dropped.
    _server: JoinSet<()>,
}

impl RangeProxy {
    /// Listens on a free port of 127.0.0.1, under a path of 122 random bits.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start(source: Arc<dyn ByteSource>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let path = format!("/{}", uuid::Uuid::new_v4().simple());
        let url = format!("http://{}{path}", listener.local_addr()?);
        let mut server = JoinSet::new();
        server.spawn(serve(listener, path.into(), source).in_current_span());
        Ok(Self { url, _server: server })
    }

    /// The address to hand to [`crate::probe()`], [`crate::plan()`] and [`crate::extract()`].
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn serve(listener: TcpListener, path: Arc<str>, source: Arc<dyn ByteSource>) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "loopback proxy could not accept a connection");
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let (path, source) = (Arc::clone(&path), Arc::clone(&source));
        let connection = async move {
            let answers = service_fn(|request| answer(request, &path, &source));
            // ffmpeg hangs up in the middle of most answers: that is how it seeks, and no error.
            let _hung_up = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answers)
                .await;
        };
        connections.spawn(connection.in_current_span());
    }
}

async fn answer<B>(
    request: Request<B>,
    path: &str,
    source: &Arc<dyn ByteSource>,
) -> Result<Response<Body>, http::Error> {
    if request.uri().path() != path {
        return bare(StatusCode::NOT_FOUND);
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return bare(StatusCode::METHOD_NOT_ALLOWED);
    }
    let len = source.len();
    let (status, span) = match range::requested(request.headers().get(header::RANGE), len) {
        Requested::Whole => (StatusCode::OK, 0..len),
        Requested::Part(span) => (StatusCode::PARTIAL_CONTENT, span),
        Requested::Beyond => {
            let reply = Response::builder().status(StatusCode::RANGE_NOT_SATISFIABLE);
            return reply.header(header::CONTENT_RANGE, format!("bytes */{len}")).body(nothing());
        }
    };
    let mut reply = Response::builder()
        .status(status)
        .header(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .header(header::CONTENT_LENGTH, span.end - span.start);
    if status == StatusCode::PARTIAL_CONTENT {
        let described = format!("bytes {}-{}/{len}", span.start, span.end - 1);
        reply = reply.header(header::CONTENT_RANGE, described);
    }
    if request.method() == Method::HEAD || span.is_empty() {
        return reply.body(nothing());
    }
    let bytes = body::resuming(Arc::clone(source), span);
    reply.body(StreamBody::new(bytes.map(|chunk| chunk.map(Frame::data))).boxed_unsync())
}

fn bare(status: StatusCode) -> Result<Response<Body>, http::Error> {
    Response::builder().status(status).body(nothing())
}

fn nothing() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

#[cfg(test)]
mod tests;
