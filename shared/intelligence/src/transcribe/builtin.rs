//! The provider that needs no service: speech by voice activity, speakers by voice, words by what is installed.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use domain::analysis::{Provenance, Transcript, Utterance};
use tokio::sync::OnceCell;

use super::{
    Transcriber,
    mfcc::Mfcc,
    pcm::{Pcm, Span},
    recognise::{Heard, Recogniser},
    speakers, vad,
    voice::Voice,
};
use crate::{BuiltinConfig, ProviderError, error::off_thread};

/// Version of the rules in this folder, stored with every transcript.
const VERSION: &str = "builtin-1";
/// Spans of one speaker with a shorter pause between them are one utterance.
const JOINED_PAUSE_SECONDS: f64 = 0.7;
/// Longest utterance: about what two lines of captions hold for their time on screen, a few times over.
const LONGEST_SECONDS: f64 = 20.0;

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
}

#[async_trait]
impl Transcriber for Builtin {
    async fn transcribe(&self, pcm: &Path) -> Result<Transcript, ProviderError> {
        let file: PathBuf = pcm.to_owned();
        let turns = off_thread(move || {
            turns(&file).map_err(|error| {
                ProviderError::bad_input("the soundtrack cannot be read; extract it again").caused_by(error)
            })
        })
        .await?;
        let recogniser = self.recogniser.get_or_init(|| Recogniser::find(&self.config)).await;
        let spans: Vec<Span> = turns.iter().map(|turn| turn.span).collect();
        let heard = recogniser.hear(pcm, &spans, self.limit).await?;
        let utterances = turns.iter().zip(heard).filter_map(|(turn, heard)| turn.utterance(heard)).collect();
        let provenance = Provenance {
            provider: "builtin".to_owned(),
            model: format!("webrtc-vad, {}", recogniser.name()),
            prompt_version: VERSION.to_owned(),
        };
        Ok(Transcript { utterances, provenance })
    }
}

/// A stretch of speech by one speaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    speaker: u32,
    span: Span,
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

/// Finds speech and speakers. The file is read in pieces of 20 s at most.
fn turns(file: &Path) -> io::Result<Vec<Turn>> {
    let mut pcm = Pcm::open(file)?;
    let spans = vad::speech(&mut pcm)?;
    let mfcc = Mfcc::new();
    let voices: Vec<Option<Voice>> =
        spans.iter().map(|span| Ok(Voice::of(&pcm.samples(*span)?, &mfcc))).collect::<io::Result<_>>()?;
    let seconds: Vec<f64> = spans.iter().map(|span| span.seconds()).collect();
    Ok(join(&spans, &speakers::assign(&voices, &seconds)))
}

/// Joins neighbouring spans of one speaker into what is recognised, and shown, as one.
fn join(spans: &[Span], speakers: &[u32]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (span, speaker) in spans.iter().zip(speakers) {
        if let Some(last) = turns.last_mut() {
            let pause = Span { start: last.span.end, end: span.start };
            let whole = Span { start: last.span.start, end: span.end };
            let close = pause.seconds() <= JOINED_PAUSE_SECONDS && whole.seconds() <= LONGEST_SECONDS;
            if last.speaker == *speaker && close {
                last.span = whole;
                continue;
            }
        }
        turns.push(Turn { speaker: *speaker, span: *span });
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::pcm::RATE;

    fn span(start: f64, end: f64) -> Span {
        Span { start: (start * RATE as f64) as u64, end: (end * RATE as f64) as u64 }
    }

    #[test]
    fn short_pauses_of_one_speaker_are_joined() {
        let spans = [span(0.0, 2.0), span(2.5, 4.0), span(4.2, 6.0), span(7.0, 8.0), span(8.5, 27.5)];
        let turns = join(&spans, &[0, 0, 1, 1, 1]);
        let times: Vec<_> = turns.iter().map(|turn| (turn.speaker, turn.span)).collect();
        let expected = [(0, span(0.0, 4.0)), (1, span(4.2, 6.0)), (1, span(7.0, 8.0)), (1, span(8.5, 27.5))];
        assert_eq!(times, expected);
    }
}
