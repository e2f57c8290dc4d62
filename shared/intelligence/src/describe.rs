//! Frames into sentences, on-screen text and boxes.

use async_trait::async_trait;
use bytes::Bytes;
use domain::analysis::{Description, Provenance, Scene};

use crate::ProviderError;

mod aws;
mod boxes;
mod builtin;
mod cells;
mod fingerprint;
mod grain;
mod ink;
mod jpeg;
mod lines;
mod look;
mod ocr;
mod openai;
mod picture;
mod reading;
mod reply;
mod schema;
mod texture;
mod tsv;
mod wording;

pub(crate) use aws::{Aws, Labels};
pub use builtin::Builtin;
pub use look::{Look, first_alike};
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
    /// Who would describe now: provider, model and version of the prompt, as far as they are known beforehand. Two
    /// descriptions of one keyframe by the same are as good as each other. A server may name its model more precisely
    /// in the descriptions themselves.
    ///
    /// # Errors
    /// `Down` when a program that is installed cannot be asked for its version.
    async fn provenance(&self) -> Result<Provenance, ProviderError>;

    /// Describes each scene by its keyframe: one description a scene, in the order given.
    ///
    /// # Errors
    /// `BadInput` when a keyframe is not a JPEG; the other kinds when the provider fails. There are no
    /// partial results: a batch is the unit of retry.
    async fn describe(&self, scenes: &[SceneImage]) -> Result<Vec<Description>, ProviderError>;
}
