//! What a handler answers.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::problem::{Contract, Problem};

/// A body that arrives in pieces. An error ends the answer where it stands.
pub(crate) type BodyStream = BoxStream<'static, Result<Bytes, lambda_http::Error>>;

/// An answer of a handler; the headers that every answer carries are added on the way out.
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    /// Text: the gateway would pass anything else on in base64.
    Whole(String),
    Stream(BodyStream),
}

impl Reply {
    /// A JSON document.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(value).map_err(Problem::internal)?;
        Ok(Self { status, ..Self::text("application/json", body) })
    }

    /// A JSON document in the envelope of the Jobs contract.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn data(value: &impl Serialize) -> Result<Self, Problem> {
        #[derive(Serialize)]
        struct Envelope<T> {
            data: T,
        }
        Self::json(StatusCode::OK, &Envelope { data: value })
    }

    /// Text of any kind: a page, a script. It must stay below Lambda's 6 MB.
    pub fn text(content_type: &'static str, text: String) -> Self {
        Self::of(StatusCode::OK, Some(content_type), Body::Whole(text))
    }

    /// Nothing but a status.
    pub fn empty(status: StatusCode) -> Self {
        Self::of(status, None, Body::Whole(String::new()))
    }

    /// A redirect to a URL that is for this caller alone and expires soon, so that nothing may cache it. 302, which
    /// every client follows; all that 307 adds is that the method is kept, and that is GET in any case.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn redirect(url: &str) -> Result<Self, Problem> {
        let location = HeaderValue::from_str(url).map_err(Problem::internal)?;
        Ok(Self::empty(StatusCode::FOUND)
            .with_header(LOCATION, location)
            .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store")))
    }

    /// A refusal, in the form of the contract.
    pub(crate) fn refusal(problem: &Problem, contract: Contract, path: &str, request_id: &str) -> Self {
        let (body, content_type) = problem.body(contract, path, request_id);
        let mut reply = Self { status: problem.status(), ..Self::text(content_type, body.to_string()) };
        reply.headers.extend(problem.headers());
        reply
    }

    /// An answer that is sent while it is made. Only for functions behind [`crate::serve_streaming`].
    pub fn stream(
        content_type: &'static str,
        body: BoxStream<'static, Result<Bytes, lambda_http::Error>>,
    ) -> Self {
        Self::of(StatusCode::OK, Some(content_type), Body::Stream(body))
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    fn of(status: StatusCode, content_type: Option<&'static str>, body: Body) -> Self {
        let content_type = content_type.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind)));
        Self { status, headers: HeaderMap::from_iter(content_type), body }
    }
}

impl Body {
    /// As a stream, whatever it is.
    pub(crate) fn into_stream(self) -> BodyStream {
        match self {
            Self::Stream(stream) => stream,
            Self::Whole(text) => futures::stream::once(async { Ok(text.into()) }).boxed(),
        }
    }
}
