//! One model on Bedrock.

use aws_sdk_bedrockruntime::{
    Client,
    operation::converse::ConverseOutput,
    primitives::Blob,
    types::{StopReason, TokenUsage},
};
use domain::provider::Model;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    PROVIDER,
    failure::{self, Operation},
};
use crate::{
    ProviderError,
    retry::{Allowance, Budget},
};

/// A model or an inference profile, asked through the one HTTP client of the process.
#[derive(Debug, Clone)]
pub(crate) struct Bedrock {
    pub(crate) client: Client,
    pub(crate) model: Model,
    budget: Budget,
}

impl Bedrock {
    pub(super) fn new(client: Client, model: Model, budget: Budget) -> Self {
        Self { client, model, budget }
    }

    /// Begins a call.
    pub(crate) fn allowance(&self) -> Allowance {
        self.budget.start()
    }

    /// Sends what a model of this family takes as JSON and reads its JSON, as often as it takes.
    pub(crate) async fn invoke<A: DeserializeOwned + Send>(
        &self,
        allowance: &Allowance,
        body: &(impl Serialize + Sync),
    ) -> Result<A, ProviderError> {
        let body = serde_json::to_vec(body)
            .map(Blob::new)
            .map_err(|_| ProviderError::bad_input("a request could not be written as JSON"))?;
        let body = &body;
        allowance
            .run(|| async move {
                let request = self.client.invoke_model().model_id(&self.model.0);
                let request = request.content_type("application/json").accept("application/json");
                let answer = request.body(body.clone()).send().await;
                let answer = answer.map_err(|error| failure::of(Operation::InvokeModel, &error))?;
                // Its parser's message would quote what was answered.
                serde_json::from_slice(answer.body.as_ref())
                    .map_err(|_| failure::of_unlike_answer(Operation::InvokeModel))
            })
            .await
    }
}

/// An answer whose model did not refuse; what was used for it goes to the log.
///
/// # Errors
/// `Refused` when a content policy forbids an answer.
pub(crate) fn allowed(model: &Model, answer: ConverseOutput) -> Result<ConverseOutput, ProviderError> {
    used(model, answer.usage());
    refusal(answer.stop_reason()).map_or(Ok(answer), Err)
}

/// Writes down the tokens of a request, which are paid for whatever comes of it.
pub(crate) fn used(model: &Model, usage: Option<&TokenUsage>) {
    if let Some(usage) = usage {
        let (input_tokens, output_tokens) = (usage.input_tokens, usage.output_tokens);
        tracing::info!(
            provider = PROVIDER,
            model = model.0,
            input_tokens,
            output_tokens,
            "a model has answered"
        );
    }
}

/// Why there is no answer, if that is why the model stopped.
pub(crate) fn refusal(reason: &StopReason) -> Option<ProviderError> {
    let is_filtered = matches!(reason, StopReason::ContentFiltered | StopReason::GuardrailIntervened);
    is_filtered.then(|| ProviderError::refused("the model's content policy forbids an answer to this input"))
}
