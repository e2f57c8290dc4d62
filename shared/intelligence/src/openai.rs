//! A server that speaks OpenAI's HTTP protocol: OpenAI itself, Ollama, vLLM, LocalAI, …
//!
//! What is sent and answered here (pictures, sound, texts, the key) is never logged, nor put into an error.

use std::{fmt, num::NonZeroU32, time::Duration};

use bytes::Bytes;
use domain::{prices::Unit, provider::Model};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    Meter, ProviderError,
    retry::{Allowance, Budget},
};

pub(crate) mod chat;
mod failure;

pub(crate) use failure::of_code;

/// Longest answer that is read, in bytes: vectors of 64 texts with 4096 dimensions take 6 MB as JSON.
const MOST_ANSWER: usize = 16 << 20;

/// Who a description, transcript or answer by such a server is said to come from.
pub(crate) const PROVIDER: &str = "openai";
/// Time to connect. Together with the attempts, a server that is starting up is waited for.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Where the server of the provider `openai` is, and how it is asked.
#[derive(Clone)]
pub struct OpenAiConfig {
    /// What its endpoints' paths are appended to: `https://api.openai.com/v1`.
    pub base_url: Url,
    /// What it is called with; none for a server that asks for none.
    pub api_key: Option<String>,
    /// The length that vectors are cut to; none for the model's own.
    pub embed_dimensions: Option<NonZeroU32>,
    /// What one call of a trait may take.
    pub budget: Budget,
}

/// Without the key, nor the URL, which may carry one.
impl fmt::Debug for OpenAiConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiConfig").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// A function of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    ChatCompletions,
    Transcriptions,
    Embeddings,
}

impl Endpoint {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/chat/completions",
            Self::Transcriptions => "/audio/transcriptions",
            Self::Embeddings => "/embeddings",
        }
    }
}

/// The server, connected to at the first request.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    http: Client,
    base: String,
    authorization: Option<HeaderValue>,
    budget: Budget,
    meter: Meter,
}

impl Server {
    /// # Errors
    /// `Refused` for a key that no header can carry, `Down` when the machine's TLS set-up is broken.
    pub(crate) fn new(config: &OpenAiConfig, meter: &Meter) -> Result<Self, ProviderError> {
        let authorization = config.api_key.as_deref().map(bearer).transpose()?;
        // Not redirected: the key would go along.
        let http = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_LIMIT).build();
        let http = http.map_err(|error| {
            ProviderError::down("there is no TLS on this machine; install its root certificates")
                .caused_by(error)
        })?;
        let base = config.base_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, base, authorization, budget: config.budget, meter: meter.clone() })
    }

    /// Counts what one of its models was used for.
    pub(crate) fn count(&self, model: &str, unit: Unit, units: u64) {
        self.meter.count(model, unit, units);
    }

    /// Counts tokens of a request and of its answer.
    pub(crate) fn count_tokens(&self, model: &Model, (input, output): (u64, u64)) {
        self.count(&model.0, Unit::InputToken, input);
        self.count(&model.0, Unit::OutputToken, output);
    }

    /// Begins a call.
    pub(crate) fn allowance(&self) -> Allowance {
        self.budget.start()
    }

    /// Posts JSON and reads JSON, as often as it takes.
    pub(crate) async fn post_json<A: DeserializeOwned + Send>(
        &self,
        allowance: &Allowance,
        endpoint: Endpoint,
        body: &Bytes,
    ) -> Result<A, ProviderError> {
        self.post(allowance, endpoint, |request| Ok(with_json(request, body))).await
    }

    /// Posts what `prepare` makes of a request, anew for each attempt, and reads JSON.
    pub(crate) async fn post<A: DeserializeOwned + Send>(
        &self,
        allowance: &Allowance,
        endpoint: Endpoint,
        prepare: impl Fn(RequestBuilder) -> Result<RequestBuilder, ProviderError> + Send + Sync,
    ) -> Result<A, ProviderError> {
        let prepare = &prepare;
        allowance
            .run(|| async move {
                let response = self.send(endpoint, prepare(self.request(endpoint))?).await?;
                let body = body_of(endpoint, response).await?;
                // Its parser's message would quote what was answered.
                serde_json::from_slice(&body).map_err(|_| failure::of_unlike_answer(endpoint))
            })
            .await
    }

    /// One attempt at an answer that is streamed.
    pub(crate) async fn open(&self, endpoint: Endpoint, body: &Bytes) -> Result<Response, ProviderError> {
        self.send(endpoint, with_json(self.request(endpoint), body)).await
    }

    fn request(&self, endpoint: Endpoint) -> RequestBuilder {
        let request = self.http.post(format!("{}{}", self.base, endpoint.path()));
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    async fn send(&self, endpoint: Endpoint, request: RequestBuilder) -> Result<Response, ProviderError> {
        let response = request.send().await.map_err(|error| failure::of_transport(endpoint, error))?;
        if response.status().is_success() { Ok(response) } else { Err(failure::of(endpoint, response).await) }
    }
}

/// An answer in whole, unless it is longer than any of these can be.
async fn body_of(endpoint: Endpoint, mut response: Response) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure::of_transport(endpoint, error))? {
        if body.len() + chunk.len() > MOST_ANSWER {
            return Err(failure::of_unlike_answer(endpoint));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A request's body. What is sent here can always be written as JSON.
pub(crate) fn json(body: &impl Serialize) -> Result<Bytes, ProviderError> {
    let written = serde_json::to_vec(body);
    written.map(Bytes::from).map_err(|_| ProviderError::bad_input("a request could not be written as JSON"))
}

fn with_json(request: RequestBuilder, body: &Bytes) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body.clone())
}

fn bearer(key: &str) -> Result<HeaderValue, ProviderError> {
    let value = HeaderValue::from_str(&format!("Bearer {key}"));
    let mut value = value.map_err(|_| {
        ProviderError::refused(
            "the API key of the provider openai has characters that no key has; store it anew",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
