//! Requests to `/chat/completions`, and their answers as a whole.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ProviderError;

/// A conversation to go on with.
#[derive(Serialize)]
pub(crate) struct Request<'a> {
    pub(crate) model: &'a str,
    pub(crate) messages: [Message; 2],
    /// Words and thoughts together. OpenAI's own models take no other name for it, and servers that do not know this
    /// one do without a limit.
    pub(crate) max_completion_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_format: Option<Value>,
    pub(crate) stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stream_options: Option<StreamOptions>,
}

/// What a stream is to have besides.
#[derive(Serialize)]
pub(crate) struct StreamOptions {
    /// What the answer took, after its last word.
    pub(crate) include_usage: bool,
}

/// One message of it.
#[derive(Serialize)]
#[serde(tag = "role", content = "content", rename_all = "lowercase")]
pub(crate) enum Message {
    System(&'static str),
    User(Content),
}

/// What a user says. Servers of models without eyes take nothing but text.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A piece of a user's message.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Part {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
pub(crate) struct ImageUrl {
    /// A data URL: the server fetches nothing.
    pub(crate) url: String,
}

/// A whole answer.
#[derive(Deserialize)]
pub(crate) struct Completion {
    /// The model with its version, where the server tells.
    #[serde(default)]
    model: Option<String>,
    choices: Vec<Choice>,
    /// In whatever form: some servers leave parts of it out.
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    #[serde(default)]
    finish_reason: Option<FinishReason>,
}

/// What a model says, or adds to what it said.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Said {
    pub(crate) content: Option<String>,
    /// Why it does not answer, in place of an answer.
    pub(crate) refusal: Option<String>,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FinishReason {
    Stop,
    Length,
    ContentFilter,
    #[serde(other)]
    Other,
}

impl Said {
    /// What was said, unless the model or its provider refuses.
    pub(crate) fn allowed(
        self,
        finish_reason: Option<FinishReason>,
    ) -> Result<Option<String>, ProviderError> {
        let is_filtered = finish_reason == Some(FinishReason::ContentFilter);
        if is_filtered || self.refusal.is_some_and(|refusal| !refusal.is_empty()) {
            return Err(ProviderError::policy("the model's content policy forbids an answer to this input"));
        }
        Ok(self.content)
    }
}

/// Of a model, in bytes.
const LONGEST_NAME: usize = 200;

/// Tokens of a request and of its answer, as its usage has them.
pub(crate) fn tokens(usage: &Value) -> (u64, u64) {
    let tokens = |name: &str| usage[name].as_u64().unwrap_or(0);
    (tokens("prompt_tokens"), tokens("completion_tokens"))
}

impl Completion {
    /// Tokens of the request and of the answer, where the server tells.
    pub(crate) fn tokens(&self) -> (u64, u64) {
        tokens(&self.usage)
    }

    /// The model that answered, if the server names it: it is stored beside every answer.
    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_deref().filter(|model| (1..=LONGEST_NAME).contains(&model.len()))
    }

    /// What was said; empty when nothing was.
    ///
    /// # Errors
    /// `Policy` when a content policy forbids it.
    pub(crate) fn text(self) -> Result<String, ProviderError> {
        let choice = self.choices.into_iter().next();
        let said = choice.map(|choice| choice.message.allowed(choice.finish_reason)).transpose()?;
        Ok(said.flatten().unwrap_or_default())
    }
}
