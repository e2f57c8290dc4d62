//! Soundtracks written down by Amazon Transcribe, which says who speaks, too.
//!
//! It reads objects of a bucket and takes its time, so a call begins its jobs or looks after them and never waits: whoever
//! calls comes again. What was begun is in the bucket and under the jobs' names, so any call may be the first, and two at
//! the same time do no harm.

use async_trait::async_trait;
use domain::analysis::{Provenance, Transcript};

use super::{
    Soundtrack, Transcriber, Transcription,
    pcm::{Pcm, Span},
    vad,
};
use crate::{
    ProviderError, ProviderErrorKind,
    aws::{
        PROVIDER,
        transcribe::{State, Transcribe},
    },
    error::off_thread,
    retry::Allowance,
};

mod linked;
mod pieces;
mod result;

use result::Heard;

/// Version of the rules in this folder, stored with every transcript.
const VERSION: &str = "aws-transcribe-1";

/// Transcribes with Amazon Transcribe.
pub(crate) struct Aws {
    service: Transcribe,
}

/// What is kept about a soundtrack, all in its folder of the bucket.
struct Folder<'a>(&'a str);

impl Folder<'_> {
    /// The list of pieces. It is written when their sound is there.
    fn pieces(&self) -> String {
        format!("{}/pieces.json", self.0)
    }

    fn sound(&self, piece: usize) -> String {
        format!("{}/{piece:02}.wav", self.0)
    }

    fn result(&self, piece: usize) -> String {
        format!("{}/{piece:02}.json", self.0)
    }

    /// Names of jobs have letters, digits, `.`, `_` and `-` (API reference, `StartTranscriptionJob`).
    fn job(&self, piece: usize) -> String {
        format!("{}.{piece:02}", self.0.replace('/', "."))
    }
}

impl Aws {
    pub(crate) fn new(service: Transcribe) -> Self {
        Self { service }
    }

    /// The pieces of a soundtrack, in the bucket with their sound. Which they are is decided once, before anything is paid
    /// for; a soundtrack without speech has none.
    async fn pieces(
        &self,
        allowance: &Allowance,
        folder: &Folder<'_>,
        soundtrack: &dyn Soundtrack,
    ) -> Result<Vec<Span>, ProviderError> {
        if let Some(stored) = self.service.object(allowance, &folder.pieces()).await? {
            return serde_json::from_slice(&stored).map_err(|error| {
                ProviderError::bad_input("the list of pieces cannot be read").caused_by(error)
            });
        }
        let pcm = soundtrack.pcm().await?.to_owned();
        let file = pcm.clone();
        let pieces = reading(move || Ok(pieces::of(&vad::speech(&mut Pcm::open(&file)?)?))).await?;
        for (piece, span) in pieces.iter().copied().enumerate() {
            let file = pcm.clone();
            let wav = reading(move || Pcm::open(&file)?.wav_file(span)).await?;
            self.service.put_file(allowance, &folder.sound(piece), wav.path()).await?;
        }
        let list = serde_json::to_vec(&pieces).map_err(|error| {
            ProviderError::bad_input("the list of pieces cannot be written").caused_by(error)
        })?;
        self.service.put(allowance, &folder.pieces(), list.into()).await?;
        Ok(pieces)
    }

    /// What was heard in a piece, or `None` while a job is at it, which is begun where there is none.
    async fn heard(
        &self,
        allowance: &Allowance,
        folder: &Folder<'_>,
        (piece, span): (usize, Span),
    ) -> Result<Option<Heard>, ProviderError> {
        let (job, result) = (folder.job(piece), folder.result(piece));
        match self.service.state(allowance, &job).await? {
            State::Absent => match self.service.start(allowance, &job, &folder.sound(piece), &result).await {
                Ok(()) => {
                    let audio_seconds = span.seconds().ceil();
                    self.service.heard(audio_seconds as u64);
                    tracing::info!(provider = PROVIDER, audio_seconds, "a transcription was begun");
                    Ok(None)
                }
                // As many jobs as the account may have are running, for minutes each: whoever comes again gets a turn.
                Err(error) if error.kind() == ProviderErrorKind::Throttled => {
                    tracing::warn!(%error, "a transcription waits for its turn");
                    Ok(None)
                }
                Err(error) => Err(error),
            },
            State::UnderWay => Ok(None),
            State::Done => {
                let stored = self.service.object(allowance, &result).await?;
                let stored = stored.ok_or_else(|| {
                    ProviderError::down("a transcription is done, but its result is not there")
                })?;
                Heard::parse(&stored, span).map(Some)
            }
            State::Failed(reason) if result::is_too_short(&reason) => Ok(Some(Heard::untold(span))),
            State::Failed(reason) if result::is_due_to_input(&reason) => {
                Err(ProviderError::bad_input("Amazon Transcribe cannot read a soundtrack").caused_by(reason))
            }
            State::Failed(reason) => {
                // The next attempt begins it anew.
                self.service.forget(allowance, &job).await?;
                Err(ProviderError::down("a transcription failed").caused_by(reason))
            }
        }
    }
}

#[async_trait]
impl Transcriber for Aws {
    async fn provenance(&self) -> Provenance {
        Provenance {
            provider: PROVIDER.to_owned(),
            model: "Amazon Transcribe".to_owned(),
            prompt_version: VERSION.to_owned(),
        }
    }

    async fn transcribe(&self, soundtrack: &dyn Soundtrack) -> Result<Transcription, ProviderError> {
        let allowance = self.service.allowance();
        let folder = Folder(soundtrack.folder());
        let pieces = self.pieces(&allowance, &folder, soundtrack).await?;
        let mut heard = Vec::with_capacity(pieces.len());
        for piece in pieces.iter().copied().enumerate() {
            // All are looked after before the first is waited for.
            heard.push(self.heard(&allowance, &folder, piece).await?);
        }
        let Some(heard) = heard.into_iter().collect::<Option<Vec<Heard>>>() else {
            return Ok(Transcription::UnderWay);
        };
        let linked = match heard.len() {
            0 | 1 => linked::by_label(heard),
            _ => {
                let pcm = soundtrack.pcm().await?.to_owned();
                reading(move || linked::by_voice(heard, &mut Pcm::open(&pcm)?)).await?
            }
        };
        Ok(Transcription::Done(Transcript { utterances: linked, provenance: self.provenance().await }))
    }
}

async fn reading<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ProviderError> {
    off_thread(move || work().map_err(super::unreadable)).await
}
