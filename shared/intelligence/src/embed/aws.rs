//! Vectors by Titan Text Embeddings V2 on Bedrock.

use async_trait::async_trait;
use domain::prices::Unit;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{Embedder, EmbedderId, normalise, written};
use crate::{
    ProviderError,
    aws::{Bedrock, PROVIDER},
    retry::Allowance,
};

/// Requests at the same time. The model takes one text each; quotas count requests a minute.
const AT_A_TIME: usize = 8;
/// Characters of a text that are sent: it may have 8192 tokens, and the longest text of an index has fewer.
const LONGEST_TEXT: usize = 8_000;
/// Of 256, 512 and 1024: half the size of the whole, with hardly any loss.
const DIMENSIONS: usize = 512;

/// Embeds with a model on Bedrock.
pub(crate) struct Aws {
    model: Bedrock,
    id: EmbedderId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    input_text: &'a str,
    dimensions: usize,
    normalize: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    embedding: Vec<f32>,
    #[serde(default)]
    input_text_token_count: u64,
}

impl Aws {
    pub(crate) fn new(model: Bedrock) -> Self {
        let id = EmbedderId::new(format!("{PROVIDER}/{DIMENSIONS}/{}", model.model.0));
        Self { model, id }
    }

    async fn one(&self, allowance: &Allowance, text: &str) -> Result<Vec<f32>, ProviderError> {
        let request = Request { input_text: text, dimensions: DIMENSIONS, normalize: true };
        let answer: Answer = self.model.invoke(allowance, &request).await?;
        self.model.count(Unit::InputToken, answer.input_text_token_count);
        let mut vector = answer.embedding;
        normalise(&mut vector);
        if vector.len() != DIMENSIONS || !vector.iter().all(|x| x.is_finite()) {
            return Err(ProviderError::down(format!(
                "the model {} did not give a vector of {DIMENSIONS} numbers; choose Titan Text Embeddings V2",
                self.model.model.0
            )));
        }
        Ok(vector)
    }
}

#[async_trait]
impl Embedder for Aws {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        let allowance = self.model.allowance();
        let sent = texts.iter().map(|text| written::sent(text, LONGEST_TEXT)).filter(|text| !text.is_empty());
        let asked: Vec<_> = sent.map(|text| self.one(&allowance, text)).collect();
        let vectors: Vec<Vec<f32>> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
        Ok(written::in_order(texts, vectors))
    }
}
