//! An answer as it comes: server-sent events, each with some letters of it.

use std::{collections::VecDeque, error::Error};

use bytes::Bytes;
use domain::provider::Model;
use futures::{StreamExt, stream::BoxStream};
use reqwest::Response;
use serde::Deserialize;
use serde_json::Value;
use sse_stream::SseByteStream;
use tokio::time::timeout_at;

use super::{
    bounded::{Broken, bounded},
    thoughts::Thoughts,
};
use crate::{
    ProviderError,
    openai::{
        Server,
        chat::{self, FinishReason, Said},
        of_code,
    },
    retry::{Allowance, too_long, too_slow},
};

/// After the last event.
const DONE: &str = "[DONE]";

/// The pieces of one answer, none of them empty.
pub(super) struct Tokens {
    events: SseByteStream<BoxStream<'static, Result<Bytes, Broken>>>,
    allowance: Allowance,
    /// Whether the first piece was told.
    has_begun: bool,
    thoughts: Thoughts,
    state: State,
    server: Server,
    model: Model,
    /// What the answer has taken, as its last event with a usage says.
    usage: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The model has said why it ends.
    Finished,
    /// Nothing follows.
    Over,
}

/// One event; what else is in it, such as thoughts, is not read.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: VecDeque<Choice>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Said,
    #[serde(default)]
    finish_reason: Option<FinishReason>,
}

impl Tokens {
    pub(super) fn of(response: Response, allowance: Allowance, server: Server, model: Model) -> Self {
        let events = SseByteStream::new(bounded(response.bytes_stream()).boxed());
        let (thoughts, usage) = (Thoughts::new(), Value::Null);
        Self { events, allowance, has_begun: false, thoughts, state: State::Open, server, model, usage }
    }

    /// The next piece; `None` when the answer is complete. Nothing comes after an error.
    pub(super) async fn next(&mut self) -> Option<Result<String, ProviderError>> {
        while self.state != State::Over {
            let said = match timeout_at(self.allowance.event_end(self.has_begun), self.events.next()).await {
                Err(_) => Err(too_slow()),
                // One that is flooded always finds the next event in time.
                Ok(_) if self.allowance.is_over() => Err(too_slow()),
                Ok(Some(Err(error))) if is_too_long(&error) => Err(too_long()),
                Ok(Some(Ok(event))) => self.take(event.data.as_deref().unwrap_or_default()),
                // The cause may quote what was answered.
                Ok(Some(Err(_))) => Err(broken_off()),
                // Some servers end with the reason and no last event.
                Ok(None) if self.state == State::Finished => Ok(self.end()),
                Ok(None) => Err(broken_off()),
            };
            if said.is_err() {
                self.state = State::Over;
            }
            if said.as_ref().map_or(true, |said| !said.is_empty()) {
                self.has_begun = true;
                return Some(said);
            }
        }
        None
    }

    /// What an event adds to the answer.
    fn take(&mut self, data: &str) -> Result<String, ProviderError> {
        match data.trim() {
            "" => return Ok(String::new()),
            DONE => return Ok(self.end()),
            _ => {}
        }
        let mut chunk: Chunk = serde_json::from_str(data).map_err(|_| broken_off())?;
        if !chunk.usage.is_null() {
            self.usage = chunk.usage;
        }
        if !chunk.error.is_null() {
            return Err(of_code(&chunk.error));
        }
        // The last event before the end has the usage and no choice.
        let Some(choice) = chunk.choices.pop_front() else { return Ok(String::new()) };
        let content = choice.delta.allowed(choice.finish_reason)?;
        if choice.finish_reason.is_some() {
            self.state = State::Finished;
        }
        Ok(self.thoughts.push(&content.unwrap_or_default()))
    }

    fn end(&mut self) -> String {
        self.state = State::Over;
        self.thoughts.finish()
    }
}

/// However the stream ends: what was used is paid for.
impl Drop for Tokens {
    fn drop(&mut self) {
        self.server.count_tokens(&self.model, chat::tokens(&self.usage));
    }
}

fn is_too_long(error: &sse_stream::Error) -> bool {
    error.source().and_then(|cause| cause.downcast_ref()) == Some(&Broken::TooLong)
}

fn broken_off() -> ProviderError {
    ProviderError::down("an answer broke off; look into the log of the server")
}
