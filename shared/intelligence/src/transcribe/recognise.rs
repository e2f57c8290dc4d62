//! Words of stretches of speech, by whichever recogniser is there, in batches that end in time.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream};

use super::{pcm::Span, pocketsphinx::PocketSphinx, whisper::Whisper};
use crate::{BuiltinConfig, ProviderError};

/// Speech of one process: long against its start-up of half a second, short against the time limit.
const BATCH_SECONDS: f64 = 60.0;
/// Processes at a time: one a core.
const AT_A_TIME: usize = 2;

/// The words of one stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// What was said; empty for sounds without words.
    Words(String),
    /// Nobody listened, for this reason.
    NotTranscribed(&'static str),
}

/// A speech recogniser.
pub(super) enum Recogniser {
    Whisper(Whisper),
    PocketSphinx(PocketSphinx),
    Absent,
}

impl Recogniser {
    /// The best that is installed: whisper.cpp with its model, PocketSphinx, none.
    pub(super) async fn find(config: &BuiltinConfig) -> Self {
        if let (Some(cli), Some(model)) = (&config.whisper_cli, &config.whisper_model)
            && let Some(whisper) = Whisper::find(cli, model).await
        {
            return Self::Whisper(whisper);
        }
        if let Some(program) = &config.pocketsphinx
            && let Some(pocketsphinx) = PocketSphinx::find(program, &config.pocketsphinx_model).await
        {
            return Self::PocketSphinx(pocketsphinx);
        }
        tracing::warn!("no speech recogniser is installed: speech is found, but not written down");
        Self::Absent
    }

    /// For the provenance of a transcript.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Whisper(whisper) => whisper.name(),
            Self::PocketSphinx(pocketsphinx) => pocketsphinx.name(),
            Self::Absent => "no speech recogniser".to_owned(),
        }
    }

    /// What is heard in each stretch, in order. Stretches whose turn comes after `limit` are left.
    pub(super) async fn hear(
        &self,
        pcm: &Path,
        turns: &[Span],
        limit: Duration,
    ) -> Result<Vec<Heard>, ProviderError> {
        let end = Instant::now() + limit;
        let jobs: Vec<_> = batches(turns).into_iter().map(|batch| self.hear_batch(pcm, batch, end)).collect();
        let heard: Vec<Vec<Heard>> = stream::iter(jobs).buffered(AT_A_TIME).try_collect().await?;
        Ok(heard.concat())
    }

    async fn hear_batch(
        &self,
        pcm: &Path,
        batch: &[Span],
        end: Instant,
    ) -> Result<Vec<Heard>, ProviderError> {
        let all = |reason| Ok(vec![Heard::NotTranscribed(reason); batch.len()]);
        let left = end.saturating_duration_since(Instant::now());
        let words = match self {
            Self::Absent => return all("no speech recogniser is installed"),
            Self::Whisper(_) | Self::PocketSphinx(_) if left.is_zero() => None,
            Self::Whisper(whisper) => whisper.hear(pcm, batch, left).await?,
            Self::PocketSphinx(pocketsphinx) => pocketsphinx.hear(pcm, batch, left).await?,
        };
        match words {
            Some(words) => Ok(words.into_iter().map(Heard::Words).collect()),
            None => {
                tracing::warn!(stretches = batch.len(), "the time for speech recognition ran out");
                all("the time for speech recognition ran out")
            }
        }
    }
}

/// Neighbouring stretches, about [`BATCH_SECONDS`] together.
fn batches(turns: &[Span]) -> Vec<&[Span]> {
    let mut batches = Vec::new();
    let (mut first, mut seconds) = (0, 0.0);
    for (at, turn) in turns.iter().enumerate() {
        if at > first && seconds + turn.seconds() > BATCH_SECONDS {
            batches.push(&turns[first..at]);
            (first, seconds) = (at, 0.0);
        }
        seconds += turn.seconds();
    }
    if first < turns.len() {
        batches.push(&turns[first..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::pcm::RATE;

    #[test]
    fn batches_hold_every_stretch_once_and_a_long_one_alone() {
        let lengths = [10, 20, 30, 1, 90, 5, 5];
        let mut at = 0;
        let turns: Vec<Span> = lengths
            .iter()
            .map(|length| {
                at += length * RATE;
                Span { start: at - length * RATE, end: at }
            })
            .collect();
        let batches = batches(&turns);
        assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), [3, 1, 1, 2]);
        assert_eq!(batches.concat(), turns);
    }
}
