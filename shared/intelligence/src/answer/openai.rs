//! Answers by a model on a server that speaks OpenAI's protocol, told while they are made.

use async_trait::async_trait;
use bytes::Bytes;
use domain::provider::Model;
use futures::{StreamExt, stream, stream::BoxStream};

use super::{
    Answerer, Evidence, NOTHING, Question, prompt,
    told::{self, Pieces},
};
use crate::{
    ProviderError,
    openai::{
        Endpoint, PROVIDER, Server,
        chat::{Content, Message, Request},
        json,
    },
    retry::Allowance,
};

mod bounded;
mod thoughts;
mod tokens;

use tokens::Tokens;

/// Answers with a remote model.
pub(crate) struct OpenAi {
    server: Server,
    model: Model,
}

impl OpenAi {
    pub(crate) fn new(server: Server, model: Model) -> Self {
        Self { server, model }
    }

    async fn open(&self, allowance: Allowance, body: &Bytes) -> Result<Pieces, ProviderError> {
        let response = self.server.open(Endpoint::ChatCompletions, body).await?;
        let tokens = Tokens::of(response, allowance);
        let pieces = stream::unfold(tokens, |mut tokens| async move { Some((tokens.next().await?, tokens)) });
        Ok(pieces.boxed())
    }
}

#[async_trait]
impl Answerer for OpenAi {
    async fn answer(
        &self,
        question: &Question,
        evidence: &[Evidence],
    ) -> Result<BoxStream<'static, Result<String, ProviderError>>, ProviderError> {
        if evidence.iter().all(|piece| piece.text.trim().is_empty()) {
            // A model that has nothing to go on makes something up.
            return Ok(stream::iter([Ok(NOTHING.to_owned())]).boxed());
        }
        let body = json(&Request {
            model: &self.model.0,
            messages: [
                Message::System(prompt::SYSTEM),
                Message::User(Content::Text(prompt::asked(question, evidence))),
            ],
            max_completion_tokens: prompt::MOST_TOKENS,
            response_format: None,
            stream: true,
        })?;
        let (model, prompt_version) = (self.model.0.as_str(), prompt::VERSION);
        tracing::info!(provider = PROVIDER, model, prompt_version, "a model is asked for an answer");
        let allowance = self.server.allowance();
        told::from_first_piece(&allowance, || self.open(allowance, &body)).await
    }
}
