//! What a handler answers.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::StatusCode;
use serde::Serialize;

use crate::problem::Problem;

/// A body that arrives in pieces. An error ends the answer where it stands.
pub(crate) type BodyStream = BoxStream<'static, Result<Bytes, lambda_http::Error>>;

/// An answer of a handler; the headers that every answer carries are added on the way out.
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
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
        Ok(Self { status, content_type: "application/json", body: Body::Whole(body) })
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

    /// Nothing but a status.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, content_type: "application/json", body: Body::Whole(String::new()) }
    }

    /// An answer that is sent while it is made. Only for functions behind [`crate::serve_streaming`].
    pub fn stream(
        content_type: &'static str,
        body: BoxStream<'static, Result<Bytes, lambda_http::Error>>,
    ) -> Self {
        Self { status: StatusCode::OK, content_type, body: Body::Stream(body) }
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
