//! The provider `openai`.

mod answer;
mod describe;
mod embed;
mod transcribe;

use std::time::Duration;

use domain::provider::{Choices, Model, Provider};
use intelligence::{Budget, BuiltinConfig, OpenAiConfig, Providers};
use serde_json::{Value, json};

use crate::server::{Server, Told};

pub(crate) const KEY: &str = "sk-test";
pub(crate) const MODEL: &str = "test-model";

impl Told {
    pub(crate) fn status(status: u16, code: &str) -> Self {
        let error = json!({ "error": { "message": "you sent sk-test", "code": code, "type": null } });
        Self { status, ..Self::json(&error) }
    }

    /// A whole answer of a chat model.
    pub(crate) fn said(content: &str) -> Self {
        Self::completion(&json!({ "role": "assistant", "content": content }), "stop")
    }

    pub(crate) fn completion(message: &Value, finish_reason: &str) -> Self {
        let choice = json!({ "index": 0, "message": message, "finish_reason": finish_reason });
        let usage = json!({ "prompt_tokens": 700, "completion_tokens": 60, "total_tokens": 760 });
        let object = "chat.completion";
        Self::json(&json!({
            "id": "1", "object": object, "model": "test-model-7", "choices": [choice], "usage": usage,
        }))
    }
}

impl Server {
    pub(crate) async fn providers(&self) -> Providers {
        self.providers_with(None, Duration::from_secs(20)).await
    }

    /// All four by this server; vectors of so many dimensions; calls of so much time.
    pub(crate) async fn providers_with(&self, dimensions: Option<u32>, time: Duration) -> Providers {
        let openai = || Provider::OpenAi(Model(MODEL.to_owned()));
        let choices = Choices { describe: openai(), transcribe: openai(), embed: openai(), answer: openai() };
        let config = OpenAiConfig {
            base_url: format!("{}/v1/", self.endpoint()).parse().unwrap(),
            api_key: Some(KEY.to_owned()),
            embed_dimensions: dimensions.map(|dimensions| dimensions.try_into().unwrap()),
            budget: Budget { time, ..crate::BUDGET },
        };
        let aws = crate::aws::config("http://localhost", 1).await;
        Providers::new(&choices, &BuiltinConfig::default(), &config, &aws).unwrap()
    }
}
