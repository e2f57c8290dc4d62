//! An answer as it comes: events, each with some letters of it.

use aws_sdk_bedrockruntime::{
    primitives::event_stream::EventReceiver,
    types::{ContentBlockDelta, ConverseStreamOutput as Event, error::ConverseStreamOutputError},
};
use tokio::time::timeout_at;

use crate::{
    ProviderError,
    aws::{Bedrock, bedrock, failure},
    retry::{Allowance, too_slow},
};

/// The pieces of one answer, none of them empty.
pub(super) struct Tokens {
    events: EventReceiver<Event, ConverseStreamOutputError>,
    allowance: Allowance,
    model: Bedrock,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The model has said why it ends; what was used comes after it.
    Finished,
    /// Nothing follows.
    Over,
}

impl Tokens {
    pub(super) fn of(
        events: EventReceiver<Event, ConverseStreamOutputError>,
        allowance: Allowance,
        model: Bedrock,
    ) -> Self {
        Self { events, allowance, model, state: State::Open }
    }

    /// The next piece; `None` when the answer is complete. Nothing comes after an error.
    pub(super) async fn next(&mut self) -> Option<Result<String, ProviderError>> {
        while self.state != State::Over {
            let said = match timeout_at(self.allowance.attempt_end(), self.events.recv()).await {
                Err(_) => Err(too_slow()),
                Ok(Ok(Some(event))) => self.take(event),
                Ok(Ok(None)) if self.state == State::Finished => break,
                Ok(Ok(None)) => Err(ProviderError::down("an answer of bedrock ConverseStream broke off")),
                // It was complete; only what was used is not known.
                Ok(Err(_)) if self.state == State::Finished => break,
                Ok(Err(error)) => Err(failure::of_stream(&error)),
            };
            if said.is_err() {
                self.state = State::Over;
            }
            if said.as_ref().map_or(true, |said| !said.is_empty()) {
                return Some(said);
            }
        }
        self.state = State::Over;
        None
    }

    /// What an event adds to the answer.
    fn take(&mut self, event: Event) -> Result<String, ProviderError> {
        match event {
            Event::ContentBlockDelta(event) => {
                // Thoughts are other deltas, and not told.
                if let Some(ContentBlockDelta::Text(text)) = event.delta {
                    return Ok(text);
                }
            }
            Event::MessageStop(event) => {
                self.state = State::Finished;
                if let Some(refusal) = bedrock::refusal(&event.stop_reason) {
                    return Err(refusal);
                }
            }
            Event::Metadata(event) => self.model.used(event.usage.as_ref()),
            // Where blocks begin and end, and what the SDK does not know yet.
            _ => {}
        }
        Ok(String::new())
    }
}
