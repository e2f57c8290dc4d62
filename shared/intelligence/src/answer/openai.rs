//! Answers by a model on a server that speaks OpenAI's protocol, told while they are made.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{analysis::Provenance, provider::Model};
use futures::{StreamExt, stream};

use super::{
    Answer, Answerer, Evidence, Question, prompt,
    told::{self, Pieces},
};
use crate::{
    ProviderError, ProviderErrorKind,
    openai::{
        Endpoint, PROVIDER, Server,
        chat::{Content, Message, Request, StreamOptions},
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
        let tokens = Tokens::of(response, allowance, self.server.clone(), self.model.clone());
        let pieces = stream::unfold(tokens, |mut tokens| async move { Some((tokens.next().await?, tokens)) });
        Ok(pieces.boxed())
    }
}

impl OpenAi {
    fn provenance(&self) -> Provenance {
        Provenance {
            provider: PROVIDER.to_owned(),
            model: self.model.0.clone(),
            prompt_version: prompt::VERSION.to_owned(),
        }
    }
}

#[async_trait]
impl Answerer for OpenAi {
    async fn answer(&self, question: &Question, evidence: &[Evidence]) -> Result<Answer, ProviderError> {
        if evidence.iter().all(|piece| piece.text.trim().is_empty()) {
            return Ok(Answer::nothing());
        }
        let asked = prompt::asked(question, evidence);
        let body = |stream_options| {
            json(&Request {
                model: &self.model.0,
                messages: [Message::System(prompt::SYSTEM), Message::User(Content::Text(asked.clone()))],
                max_completion_tokens: prompt::MOST_TOKENS,
                response_format: None,
                stream: true,
                stream_options,
            })
        };
        let (model, prompt_version) = (self.model.0.as_str(), prompt::VERSION);
        tracing::info!(provider = PROVIDER, model, prompt_version, "a model is asked for an answer");
        let allowance = self.server.allowance();
        let begin =
            async |body: Bytes| told::from_first_piece(&allowance, || self.open(allowance, &body)).await;
        let pieces = match begin(body(Some(StreamOptions { include_usage: true }))?).await {
            // Some servers do not take what they do not know. They will not say what an answer took.
            Err(error) if error.kind() == ProviderErrorKind::BadInput => begin(body(None)?).await,
            pieces => pieces,
        };
        Ok(Answer { by: self.provenance(), pieces: pieces? })
    }
}
