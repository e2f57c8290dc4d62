//! Texts into vectors whose cosine tells how close they are in meaning.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ProviderError;

mod aws;
mod hashed;
mod minilm;
mod openai;
mod written;

pub(crate) use aws::Aws;
pub use hashed::HashedTerms;
pub use minilm::MiniLm;
pub(crate) use openai::OpenAi;

/// Names an embedder and its version. Vectors of different embedders cannot be compared, so every stored
/// vector is kept beside the id of the embedder that made it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmbedderId(String);

impl EmbedderId {
    /// Longest id in bytes: it is stored in every index.
    pub const MAX_LEN: usize = 200;

    /// An id, cut at [`Self::MAX_LEN`] bytes.
    pub fn new(id: impl Into<String>) -> Self {
        let mut id = id.into();
        id.truncate(id.floor_char_boundary(Self::MAX_LEN));
        Self(id)
    }

    /// The bare text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmbedderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Turns texts into vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Who makes these vectors; the same id always means comparable vectors.
    fn id(&self) -> &EmbedderId;

    /// One L2-normalised vector a text, in the order given, all of the same length. A text without
    /// anything to embed gives a vector of zeros, which is close to nothing.
    ///
    /// # Errors
    /// When the provider fails; there are no partial results.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError>;
}

/// Scales to length 1; a vector of zeros stays.
pub(crate) fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

/// The scalar product: the cosine of two normalised vectors.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
