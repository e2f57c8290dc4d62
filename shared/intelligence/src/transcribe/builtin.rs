//! The provider that needs no service: speech by voice activity, speakers by voice, words by what is installed.

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use domain::analysis::{Provenance, Transcript, Utterance};
use tokio::sync::OnceCell;

use super::{
    Soundtrack, Transcriber, Transcription,
    pcm::Span,
    recognise::{Heard, Recogniser},
    turns::{self, Turn},
    unreadable,
};
use crate::{BuiltinConfig, ProviderError, error::off_thread};

/// Version of the rules in this folder, stored with every transcript.
const VERSION: &str = "builtin-2";

/// Transcribes on this machine.
pub struct Builtin {
    config: BuiltinConfig,
    limit: Duration,
    recogniser: OnceCell<Recogniser>,
}

impl Builtin {
    /// Looks for nothing yet: which recogniser is installed shows at the first transcript.
    pub fn new(config: &BuiltinConfig) -> Self {
        Self { config: config.clone(), limit: config.recognition_limit, recogniser: OnceCell::new() }
    }

    async fn recogniser(&self) -> &Recogniser {
        self.recogniser.get_or_init(|| Recogniser::find(&self.config)).await
    }
}

#[async_trait]
impl Transcriber for Builtin {
    async fn provenance(&self) -> Provenance {
        let recogniser = self.recogniser().await;
        Provenance {
            provider: "builtin".to_owned(),
            model: format!("webrtc-vad, {}", recogniser.name()),
            prompt_version: VERSION.to_owned(),
        }
    }

    async fn transcribe(&self, soundtrack: &dyn Soundtrack) -> Result<Transcription, ProviderError> {
        let pcm = soundtrack.pcm().await?;
        let file: PathBuf = pcm.to_owned();
        let turns = off_thread(move || turns::find(&file).map_err(unreadable)).await?;
        let recogniser = self.recogniser().await;
        let spans: Vec<Span> = turns.iter().map(|turn| turn.span).collect();
        let heard = recogniser.hear(pcm, &spans, self.limit).await?;
        let utterances = turns.iter().zip(heard).filter_map(|(turn, heard)| turn.utterance(heard)).collect();
        Ok(Transcription::Done(Transcript { utterances, provenance: self.provenance().await }))
    }
}

impl Turn {
    /// `None` for sounds in which a recogniser found no words: music and noise that passed for speech.
    fn utterance(self, heard: Heard) -> Option<Utterance> {
        let text = match heard {
            Heard::Words(words) if words.is_empty() => return None,
            Heard::Words(words) => words,
            Heard::NotTranscribed(reason) => format!("[speech, not transcribed: {reason}]"),
        };
        let (start, end) = (self.span.start_time(), self.span.end_time());
        Some(Utterance { speaker: self.speaker, start, end, text })
    }
}
