//! Frames into sentences, on-screen text and boxes.

use async_trait::async_trait;
use bytes::Bytes;
use domain::analysis::{Description, Scene};

use crate::ProviderError;

mod builtin;
mod cells;
mod fingerprint;
mod grain;
mod ink;
mod jpeg;
mod lines;
mod ocr;
mod openai;
mod reading;
mod texture;
mod tsv;
mod wording;

pub use builtin::Builtin;
pub(crate) use openai::OpenAi;

/// A scene with the frame that stands for it.
#[derive(Debug, Clone)]
pub struct SceneImage {
    /// What was measured on the whole scene.
    pub scene: Scene,
    /// Its keyframe, encoded as JPEG.
    pub jpeg: Bytes,
}

/// Says what is seen in scenes.
#[async_trait]
pub trait Describer: Send + Sync {
    /// Describes each scene by its keyframe: one description a scene, in the order given.
    ///
    /// # Errors
    /// `BadInput` when a keyframe is not a JPEG; the other kinds when the provider fails. There are no
    /// partial results: a batch is the unit of retry.
    async fn describe(&self, scenes: &[SceneImage]) -> Result<Vec<Description>, ProviderError>;
}
