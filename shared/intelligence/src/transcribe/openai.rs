//! Soundtracks written down by a server that speaks OpenAI's protocol, in pieces of speech.
//!
//! The server says what is said and when. It does not say who: speakers are told apart here, by their voices.

use async_trait::async_trait;
use domain::{
    analysis::{Provenance, Transcript, Utterance},
    provider::Model,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    Soundtrack, Transcriber, Transcription,
    pcm::{Pcm, Span},
    turns, unreadable,
};
use crate::{
    ProviderError, ProviderErrorKind,
    error::off_thread,
    openai::{PROVIDER, Server},
    retry::Allowance,
};

mod kept;
mod pieces;
mod request;
mod segments;

use request::Wanted;
use segments::Segment;

/// Version of the rules in this folder, stored with every transcript.
const VERSION: &str = "openai-transcribe-1";
/// Requests at the same time.
const AT_A_TIME: usize = 4;

/// Transcribes with a remote model.
pub(crate) struct OpenAi {
    server: Server,
    model: Model,
}

impl OpenAi {
    pub(crate) fn new(server: Server, model: Model) -> Self {
        Self { server, model }
    }

    /// What is said in a soundtrack. The first piece shows whether the model knows segments: one that does not refuses
    /// the question for them (OpenAI's gpt-4o-transcribe), or leaves them out. Without them a piece is told as a whole,
    /// so a piece is then what one speaker says at once.
    async fn hear(&self, sound: &dyn Soundtrack, turns: &[Span]) -> Result<Vec<Segment>, ProviderError> {
        let allowance = self.server.allowance();
        let pieces = pieces::of(turns);
        let Some((first, others)) = pieces.split_first() else { return Ok(vec![]) };
        let mut segments = match self.heard(&allowance, sound, *first, Wanted::Segments).await {
            Ok(heard) if heard.knows_segments() => segments::of(heard, *first),
            Ok(_) => return self.hear_all(&allowance, sound, turns, Wanted::Text).await,
            Err(error) if error.kind() == ProviderErrorKind::BadInput => {
                return self.hear_all(&allowance, sound, turns, Wanted::Text).await;
            }
            Err(error) => return Err(error),
        };
        segments.extend(self.hear_all(&allowance, sound, others, Wanted::Segments).await?);
        Ok(segments::in_order(segments))
    }

    /// What is said in all pieces of a soundtrack that a server has begun to write down. Pieces whose turn comes after
    /// the end of its time are left, and said to be: another attempt would get as far again.
    async fn hear_all(
        &self,
        allowance: &Allowance,
        sound: &dyn Soundtrack,
        pieces: &[Span],
        wanted: Wanted,
    ) -> Result<Vec<Segment>, ProviderError> {
        let hear = |piece: Span| async move {
            match self.heard(allowance, sound, piece, wanted).await {
                Ok(heard) => Ok(segments::of(heard, piece)),
                Err(error) if allowance.ends_before(&error) => Ok(vec![segments::left(piece)]),
                Err(error) => Err(error),
            }
        };
        let asked: Vec<_> = pieces.iter().copied().map(hear).collect();
        let heard: Vec<Vec<Segment>> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
        Ok(heard.concat())
    }
}

#[async_trait]
impl Transcriber for OpenAi {
    async fn provenance(&self) -> Provenance {
        Provenance {
            provider: PROVIDER.to_owned(),
            model: format!("{}; speech by webrtc-vad and speakers by voice, builtin", self.model.0),
            prompt_version: VERSION.to_owned(),
        }
    }

    async fn transcribe(&self, soundtrack: &dyn Soundtrack) -> Result<Transcription, ProviderError> {
        let pcm = soundtrack.pcm().await?;
        let file = pcm.to_owned();
        let turns = reading(move || Ok(turns::find(&file)?.iter().map(|turn| turn.span).collect::<Vec<_>>()));
        let segments = self.hear(soundtrack, &turns.await?).await?;
        let (file, spans) = (pcm.to_owned(), segments.iter().map(|segment| segment.span).collect::<Vec<_>>());
        let speakers = reading(move || turns::by_voice(&mut Pcm::open(&file)?, &spans)).await?;
        let utterances =
            segments.into_iter().zip(speakers).map(|(segment, speaker)| utterance(segment, speaker));
        let (utterances, provenance) = (utterances.collect(), self.provenance().await);
        Ok(Transcription::Done(Transcript { utterances, provenance }))
    }
}

fn utterance(segment: Segment, speaker: u32) -> Utterance {
    let (start, end) = (segment.span.start_time(), segment.span.end_time());
    Utterance { speaker, start, end, text: segment.text }
}

async fn reading<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ProviderError> {
    off_thread(move || work().map_err(unreadable)).await
}
