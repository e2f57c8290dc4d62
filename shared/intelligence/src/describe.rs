//! Frames into sentences, on-screen text and boxes.

use async_trait::async_trait;
use bytes::Bytes;
use domain::analysis::{Described, Provenance, Scene};
use futures::{
    StreamExt,
    channel::mpsc::{UnboundedSender, unbounded},
};

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

/// Where what came of scenes is told, each with its place among those that were handed in.
pub type Told = UnboundedSender<(usize, Described)>;

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

    /// Describes each scene by its keyframe, and tells each as soon as it is known: what was paid for is not lost with
    /// what fails after it. A picture that a content policy forbids is told as that, and spoils no other.
    ///
    /// # Errors
    /// `BadInput` when a keyframe is not a JPEG; the other kinds when the provider fails. What was told until then
    /// holds.
    async fn describe_each(&self, scenes: &[SceneImage], told: &Told) -> Result<(), ProviderError>;

    /// The same in one go: what came of each scene, in the order given.
    ///
    /// # Errors
    /// As [`Self::describe_each`].
    async fn describe(&self, scenes: &[SceneImage]) -> Result<Vec<Described>, ProviderError> {
        let (told, heard) = unbounded();
        self.describe_each(scenes, &told).await?;
        drop(told);
        let mut heard: Vec<(usize, Described)> = heard.collect().await;
        heard.sort_by_key(|(place, _)| *place);
        Ok(heard.into_iter().map(|(_, described)| described).collect())
    }
}
