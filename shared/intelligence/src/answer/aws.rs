//! Answers by a model on Bedrock, told while they are made.

use async_trait::async_trait;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message, SystemContentBlock,
};
use domain::analysis::Provenance;
use futures::{StreamExt, stream};

use super::{
    Answer, Answerer, Evidence, Question, prompt,
    told::{self, Pieces},
};
use crate::{
    ProviderError,
    aws::{
        Bedrock, PROVIDER,
        failure::{self, Operation},
    },
    retry::Allowance,
};

mod tokens;

use tokens::Tokens;

/// Answers with a model on Bedrock.
pub(crate) struct Aws {
    model: Bedrock,
}

impl Aws {
    pub(crate) fn new(model: Bedrock) -> Self {
        Self { model }
    }

    async fn open(&self, allowance: Allowance, asked: &Message) -> Result<Pieces, ProviderError> {
        let inference = InferenceConfiguration::builder().max_tokens(prompt::MOST_TOKENS as i32).build();
        let request = self.model.client.converse_stream().model_id(&self.model.model.0);
        let request = request.system(SystemContentBlock::Text(prompt::SYSTEM.to_owned()));
        let answer = request.messages(asked.clone()).inference_config(inference).send().await;
        let answer = answer.map_err(|error| failure::of(Operation::ConverseStream, &error))?;
        let tokens = Tokens::of(answer.stream, allowance, self.model.clone());
        let pieces = stream::unfold(tokens, |mut tokens| async move { Some((tokens.next().await?, tokens)) });
        Ok(pieces.boxed())
    }
}

#[async_trait]
impl Answerer for Aws {
    async fn answer(&self, question: &Question, evidence: &[Evidence]) -> Result<Answer, ProviderError> {
        if evidence.iter().all(|piece| piece.text.trim().is_empty()) {
            return Ok(Answer::nothing());
        }
        let asked = ContentBlock::Text(prompt::asked(question, evidence));
        let asked = Message::builder().role(ConversationRole::User).content(asked).build();
        let asked =
            asked.map_err(|error| ProviderError::bad_input("a question cannot be asked").caused_by(error))?;
        let (model, prompt_version) = (self.model.model.0.as_str(), prompt::VERSION);
        tracing::info!(provider = PROVIDER, model, prompt_version, "a model is asked for an answer");
        let allowance = self.model.allowance();
        let pieces = told::from_first_piece(&allowance, || self.open(allowance, &asked)).await?;
        let by = Provenance {
            provider: PROVIDER.to_owned(),
            model: model.to_owned(),
            prompt_version: prompt_version.to_owned(),
        };
        Ok(Answer { by, pieces })
    }
}
