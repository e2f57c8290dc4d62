//! Sound into who said what, and when.

use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use domain::analysis::{Provenance, Transcript};

use crate::ProviderError;

mod aws;
mod builtin;
mod mfcc;
mod openai;
mod pcm;
mod pitch;
mod speakers;
mod turns;
mod utterances;
mod vad;
mod voice;

pub(crate) use aws::Aws;
pub use builtin::Builtin;
pub(crate) use openai::OpenAi;

/// A soundtrack of any length. It is brought together only when somebody wants to hear it.
#[async_trait]
pub trait Soundtrack: Send + Sync {
    /// Where in the bucket of the configuration a provider that works on objects may keep what it needs: the start of
    /// their keys, without a slash at the end. The same for the same soundtrack at every attempt, and for no other.
    fn folder(&self) -> &str;

    /// A raw file of 16 kHz mono signed 16-bit little-endian samples.
    ///
    /// # Errors
    /// Why it cannot be brought together.
    async fn pcm(&self) -> Result<&Path, ProviderError>;

    /// A part that an earlier attempt has [kept](Self::keep), by its name below the folder; nothing where it cannot be
    /// read.
    async fn kept(&self, name: &str) -> Option<Bytes>;

    /// Keeps a part of what was written down, for an attempt that comes after this one failed or died. Where it cannot be
    /// kept, this attempt goes on nevertheless.
    async fn keep(&self, name: &str, part: Bytes);
}

/// How far a soundtrack is written down.
#[derive(Debug, Clone, PartialEq)]
pub enum Transcription {
    /// As a whole.
    Done(Transcript),
    /// Somebody is at it. The same call, some seconds later, tells more.
    UnderWay,
}

impl Transcription {
    /// The transcript, if it is there.
    pub fn done(self) -> Option<Transcript> {
        match self {
            Self::Done(transcript) => Some(transcript),
            Self::UnderWay => None,
        }
    }
}

/// Writes down a soundtrack.
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// Who would transcribe now: what every transcript of this transcriber says of where its words come from.
    async fn provenance(&self) -> Provenance;

    /// Transcribes a soundtrack, or begins to, or looks how far it is.
    ///
    /// # Errors
    /// `BadInput` when the file cannot be read; the other kinds when the provider fails. Silence is not an
    /// error: it gives a transcript without utterances.
    async fn transcribe(&self, soundtrack: &dyn Soundtrack) -> Result<Transcription, ProviderError>;
}

fn unreadable(error: std::io::Error) -> ProviderError {
    ProviderError::bad_input("the soundtrack cannot be read; extract it again").caused_by(error)
}
