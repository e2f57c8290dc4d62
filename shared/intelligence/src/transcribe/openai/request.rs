//! One piece of sound to `/audio/transcriptions`.

use bytes::Bytes;
use domain::prices::Unit;
use reqwest::multipart::{Form, Part};
use serde::{Deserialize, Serialize};

use super::{
    super::Soundtrack,
    super::pcm::{Pcm, Span},
    OpenAi, reading,
};
use crate::{ProviderError, openai::Endpoint, retry::Allowance};

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Words in segments with their times.
    Segments,
    /// Words.
    Text,
}

/// What is said in a piece.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Heard {
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) segments: Option<Vec<HeardSegment>>,
}

impl Heard {
    /// Whether it tells when things are said: by segments, or by there being nothing.
    pub(super) fn knows_segments(&self) -> bool {
        self.segments.as_ref().is_some_and(|segments| !segments.is_empty() || self.text.trim().is_empty())
    }
}

/// Times in seconds from the start of the piece.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HeardSegment {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) text: String,
}

impl OpenAi {
    pub(super) async fn ask(
        &self,
        allowance: &Allowance,
        sound: &dyn Soundtrack,
        piece: Span,
        wanted: Wanted,
    ) -> Result<Heard, ProviderError> {
        let file = sound.pcm().await?.to_owned();
        let wav = Bytes::from(reading(move || Pcm::open(&file)?.wav(piece)).await?);
        let form = |request: reqwest::RequestBuilder| {
            // Copied by reference, so that another attempt costs no memory.
            let sound = Part::stream_with_length(wav.clone(), wav.len() as u64).file_name("piece.wav");
            let sound = sound.mime_str("audio/wav").map_err(|_| ProviderError::bad_input("no media type"))?;
            let form = Form::new().text("model", self.model.0.clone()).part("file", sound);
            Ok(request.multipart(match wanted {
                Wanted::Segments => {
                    form.text("response_format", "verbose_json").text("timestamp_granularities[]", "segment")
                }
                Wanted::Text => form.text("response_format", "json"),
            }))
        };
        let heard: Heard = self.server.post(allowance, Endpoint::Transcriptions, form).await?;
        self.server.count(&self.model.0, Unit::AudioSecond, piece.seconds().ceil() as u64);
        Ok(heard)
    }
}
