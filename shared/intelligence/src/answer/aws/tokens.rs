//! An answer as it comes: events, each with some letters of it.

use aws_sdk_bedrockruntime::{
    primitives::event_stream::EventReceiver,
    types::{
        ContentBlockDelta, ConverseStreamOutput as Event, ReasoningContentBlockDelta as Thought,
        error::ConverseStreamOutputError,
    },
};
use tokio::time::timeout_at;

use super::super::limits::MOST_STREAMED;
use crate::{
    ProviderError,
    aws::{Bedrock, bedrock, failure},
    retry::{Allowance, too_long, too_slow},
};

/// The pieces of one answer, none of them empty.
pub(super) struct Tokens {
    events: EventReceiver<Event, ConverseStreamOutputError>,
    allowance: Allowance,
    model: Bedrock,
    /// Whether the first piece was told.
    has_begun: bool,
    /// Bytes of thoughts so far. What is said is counted where it is told.
    thought: usize,
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
        Self { events, allowance, model, has_begun: false, thought: 0, state: State::Open }
    }

    /// The next piece; `None` when the answer is complete. Nothing comes after an error.
    pub(super) async fn next(&mut self) -> Option<Result<String, ProviderError>> {
        while self.state != State::Over {
            let said = match timeout_at(self.allowance.event_end(self.has_begun), self.events.recv()).await {
                Err(_) => Err(too_slow()),
                // One that is flooded always finds the next event in time.
                Ok(_) if self.allowance.is_over() => Err(too_slow()),
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
                self.has_begun = true;
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
                match event.delta {
                    Some(ContentBlockDelta::Text(text)) => return Ok(text),
                    Some(ContentBlockDelta::ReasoningContent(Thought::Text(text))) => {
                        self.thought = self.thought.saturating_add(text.len());
                        if self.thought > MOST_STREAMED {
                            return Err(too_long());
                        }
                    }
                    // Other deltas are not told either, and `ContentBlockDelta` may grow.
                    _ => {}
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
