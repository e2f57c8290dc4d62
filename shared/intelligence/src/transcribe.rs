//! Sound into who said what, and when.

use std::path::Path;

use async_trait::async_trait;
use domain::analysis::Transcript;

use crate::ProviderError;

mod builtin;
mod mfcc;
mod openai;
mod pcm;
mod pitch;
mod pocketsphinx;
mod recognise;
mod speakers;
mod turns;
mod vad;
mod voice;
mod whisper;

pub use builtin::Builtin;
pub(crate) use openai::OpenAi;

/// Writes down a soundtrack.
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// Transcribes a raw file of 16 kHz mono signed 16-bit little-endian samples, of any length.
    ///
    /// # Errors
    /// `BadInput` when the file cannot be read; the other kinds when the provider fails. Silence is not an
    /// error: it gives a transcript without utterances.
    async fn transcribe(&self, pcm: &Path) -> Result<Transcript, ProviderError>;
}
