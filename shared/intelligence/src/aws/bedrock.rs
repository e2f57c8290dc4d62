//! One model on Bedrock.

use aws_sdk_bedrockruntime::{
    Client,
    operation::converse::ConverseOutput,
    primitives::Blob,
    types::{StopReason, TokenUsage},
};
use domain::{prices::Unit, provider::Model};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    PROVIDER,
    failure::{self, Operation},
};
use crate::{
    Meter, ProviderError,
    retry::{Allowance, Budget},
};

/// A model or an inference profile, asked through the one HTTP client of the process.
#[derive(Debug, Clone)]
pub(crate) struct Bedrock {
    pub(crate) client: Client,
    pub(crate) model: Model,
    budget: Budget,
    meter: Meter,
}

impl Bedrock {
    pub(super) fn new(client: Client, model: Model, budget: Budget, meter: Meter) -> Self {
        Self { client, model, budget, meter }
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

    /// An answer whose model did not refuse.
    ///
    /// # Errors
    /// `Policy` when a content policy forbids an answer.
    pub(crate) fn allowed(&self, answer: ConverseOutput) -> Result<ConverseOutput, ProviderError> {
        self.used(answer.usage());
        refusal(answer.stop_reason()).map_or(Ok(answer), Err)
    }

    /// Writes down the tokens of a request, which are paid for whatever comes of it.
    pub(crate) fn used(&self, usage: Option<&TokenUsage>) {
        let Some(usage) = usage else { return };
        let (input_tokens, output_tokens) = (usage.input_tokens, usage.output_tokens);
        let model = self.model.0.as_str();
        tracing::info!(provider = PROVIDER, model, input_tokens, output_tokens, "a model has answered");
        self.count(Unit::InputToken, input_tokens.unsigned_abs().into());
        self.count(Unit::OutputToken, output_tokens.unsigned_abs().into());
    }

    /// Counts what the model was used for.
    pub(crate) fn count(&self, unit: Unit, units: u64) {
        self.meter.count(&self.model.0, unit, units);
    }
}

/// Why there is no answer, if that is why the model stopped.
pub(crate) fn refusal(reason: &StopReason) -> Option<ProviderError> {
    let is_filtered = matches!(reason, StopReason::ContentFiltered | StopReason::GuardrailIntervened);
    is_filtered.then(|| ProviderError::policy("the model's content policy forbids an answer to this input"))
}
