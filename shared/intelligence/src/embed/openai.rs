//! Vectors by a model on a server that speaks OpenAI's protocol.

use std::num::NonZeroU32;

use async_trait::async_trait;
use domain::{prices::Unit, provider::Model};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Embedder, EmbedderId, normalise, written};
use crate::{
    ProviderError,
    openai::{Endpoint, PROVIDER, Server, json},
    retry::Allowance,
};

/// Texts of one request.
const BATCH: usize = 64;
/// Requests at the same time.
const AT_A_TIME: usize = 4;
/// Characters of a text that are sent: what small models read (512 tokens). Some servers refuse more.
const LONGEST_TEXT: usize = 2_000;

/// Embeds with a remote model.
pub(crate) struct OpenAi {
    server: Server,
    model: Model,
    dimensions: Option<NonZeroU32>,
    id: EmbedderId,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<NonZeroU32>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedded>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Embedded {
    index: usize,
    embedding: Vec<f32>,
}

impl OpenAi {
    /// The id of a model's vectors tells their length where it is chosen: a model's own belongs to its name.
    pub(crate) fn new(server: Server, model: Model, dimensions: Option<NonZeroU32>) -> Self {
        let id = match dimensions {
            Some(dimensions) => EmbedderId::new(format!("{PROVIDER}/{dimensions}/{}", model.0)),
            None => EmbedderId::new(format!("{PROVIDER}/{}", model.0)),
        };
        Self { server, model, dimensions, id }
    }

    async fn batch(&self, allowance: &Allowance, texts: &[&str]) -> Result<Vec<Vec<f32>>, ProviderError> {
        let request = Request {
            model: &self.model.0,
            input: texts,
            encoding_format: "float",
            dimensions: self.dimensions,
        };
        let body = json(&request)?;
        let answer: Answer = self.server.post_json(allowance, Endpoint::Embeddings, &body).await?;
        let tokens = answer.usage["prompt_tokens"].as_u64().unwrap_or(0);
        self.server.count(&self.model.0, Unit::InputToken, tokens);
        let mut data = answer.data;
        data.sort_by_key(|embedded| embedded.index);
        let is_complete = data.iter().map(|embedded| embedded.index).eq(0..texts.len());
        let vectors = data.into_iter().map(|embedded| embedded.embedding);
        let vectors: Vec<_> =
            vectors.map(|vector| self.usable(vector)).collect::<Option<_>>().unwrap_or_default();
        if !is_complete || vectors.len() != texts.len() {
            return Err(ProviderError::down(format!(
                "the model {} did not give one vector of the chosen length for each text; check that it is an \
                 embedding model, and OPENAI_EMBED_DIMENSIONS",
                self.model.0
            )));
        }
        Ok(vectors)
    }

    fn usable(&self, mut vector: Vec<f32>) -> Option<Vec<f32>> {
        let is_long = self.dimensions.is_none_or(|dimensions| vector.len() == dimensions.get() as usize);
        normalise(&mut vector);
        (is_long && !vector.is_empty() && vector.iter().all(|x| x.is_finite())).then_some(vector)
    }
}

#[async_trait]
impl Embedder for OpenAi {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        let allowance = self.server.allowance();
        let sent = texts.iter().map(|text| written::sent(text, LONGEST_TEXT));
        let sent: Vec<&str> = sent.filter(|text| !text.is_empty()).collect();
        let asked: Vec<_> = sent.chunks(BATCH).map(|batch| self.batch(&allowance, batch)).collect();
        let batches: Vec<Vec<Vec<f32>>> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
        Ok(written::in_order(texts, batches.concat()))
    }
}
