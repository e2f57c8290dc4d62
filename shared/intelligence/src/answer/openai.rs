//! Answers by a model on a server that speaks OpenAI's protocol, told while they are made.

use async_trait::async_trait;
use bytes::Bytes;
use domain::provider::Model;
use futures::{StreamExt, stream, stream::BoxStream};

use super::{Answerer, Evidence, NOTHING, Question};
use crate::{
    ProviderError,
    openai::{Endpoint, PROVIDER, Server, json},
    retry::Allowance,
};

mod prompt;
mod quoted;
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

    /// An answer from its first word on: until then nobody has seen anything of it, and it can be asked for again.
    async fn begin(&self, allowance: &Allowance, body: &Bytes) -> Result<(String, Tokens), ProviderError> {
        allowance
            .run(|| async move {
                let response = self.server.open(Endpoint::ChatCompletions, body).await?;
                let mut tokens = Tokens::of(response, *allowance);
                match tokens.next().await {
                    Some(first) => Ok((first?, tokens)),
                    None => Err(ProviderError::down("the model said nothing; choose another one")),
                }
            })
            .await
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
        let body = json(&prompt::request(&self.model, question, evidence))?;
        let (model, prompt_version) = (self.model.0.as_str(), prompt::VERSION);
        tracing::info!(provider = PROVIDER, model, prompt_version, "a model is asked for an answer");
        let (first, tokens) = self.begin(&self.server.allowance(), &body).await?;
        let rest = stream::unfold(tokens, |mut tokens| async move {
            let token = tokens.next().await?;
            Some((token, tokens))
        });
        Ok(stream::iter([Ok(first)]).chain(rest).boxed())
    }
}
