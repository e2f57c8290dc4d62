//! The whole soundtrack, written down, unless only the pictures were asked for, or an earlier generation has the same
//! transcriber's words.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::analysis::Transcript;
use domain::stage::Stage;
use edge::App;
use edge::step::{self, StepError, in_stage, record_spent};
use futures::TryStreamExt;
use intelligence::transcribe::Soundtrack;
use intelligence::{ProviderError, Providers};
use media::SegmentPlan;
use steps::providers::{self, Chosen};
use steps::{earlier, outputs, source};
use store::keys::{Extracted, Outputs};
use store::{StepInput, Video};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::sync::OnceCell;

async fn transcribe(chosen: Arc<Chosen>, app: Arc<App>, input: StepInput) -> Result<(), StepError> {
    in_stage(&app, input, Stage::Describe, async |video| {
        let outputs = Outputs { video: video.id, generation: input.generation };
        let is_wanted = video.processing_mode.transcribes();
        if is_wanted && !app.store.exists(&outputs.transcript()).await? {
            let providers = chosen.of(&app).await?;
            let by = providers.transcriber.provenance().await;
            let transcript = match earlier::transcript(&app, outputs, &by).await? {
                Some(transcript) => transcript,
                None => write_down(&app, &video, providers).await?,
            };
            outputs::write_json(&app, &outputs.transcript(), &transcript).await?;
        }
        app.store.part_done(video.id, Stage::Describe, 0).await?;
        Ok(())
    })
    .await
}

async fn write_down(app: &App, video: &Video, providers: &Providers) -> Result<Transcript, StepError> {
    let soundtrack = Segments::new(app, Extracted { video: video.id });
    let transcription = providers.transcriber.transcribe(&soundtrack).await;
    record_spent(app, video.id, Stage::Describe, providers.meter.take()).await;
    transcription.map_err(providers::provider_error)?.done().ok_or(StepError::Pending)
}

/// The segments' sound, one after another, is the soundtrack.
struct Segments<'a> {
    app: &'a App,
    extracted: Extracted,
    folder: String,
    collected: OnceCell<NamedTempFile>,
}

impl<'a> Segments<'a> {
    fn new(app: &'a App, extracted: Extracted) -> Self {
        Self { app, extracted, folder: extracted.transcription(), collected: OnceCell::new() }
    }

    async fn collect(&self) -> Result<NamedTempFile, StepError> {
        let stored = outputs::read(self.app, &self.extracted.plan()).await?;
        let plan = SegmentPlan::from_json(&stored).map_err(source::media_error)?;
        let sound = NamedTempFile::new().map_err(StepError::transient)?;
        let mut file = tokio::fs::File::create(sound.path()).await.map_err(StepError::transient)?;
        for segment in 0..plan.segments.len() as u32 {
            self.append(&self.extracted.audio(segment), &mut file).await?;
        }
        file.flush().await.map_err(StepError::transient)?;
        Ok(sound)
    }

    async fn append(&self, key: &str, file: &mut tokio::fs::File) -> Result<(), StepError> {
        let sound = self.app.store.object_stream(key).await?;
        let mut sound = sound.ok_or_else(|| StepError::transient(format!("{key} is not there")))?;
        while let Some(chunk) = sound.try_next().await.map_err(StepError::transient)? {
            file.write_all(&chunk).await.map_err(StepError::transient)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Soundtrack for Segments<'_> {
    fn folder(&self) -> &str {
        &self.folder
    }

    async fn pcm(&self) -> Result<&Path, ProviderError> {
        let collect = async || {
            // What the plan and the segments are was accepted by the steps before: trying again is all there is.
            let collected = self.collect().await;
            collected.map_err(|error| {
                ProviderError::down("the soundtrack cannot be brought together")
                    .caused_by(format!("{error:?}"))
            })
        };
        Ok(self.collected.get_or_try_init(collect).await?.path())
    }

    async fn kept(&self, name: &str) -> Option<Bytes> {
        let kept = self.app.store.object(&format!("{}/{name}", self.folder)).await;
        kept.unwrap_or_else(|error| {
            tracing::warn!(video.id = %self.extracted.video, %error, "kept part of a transcript not read");
            None
        })
    }

    async fn keep(&self, name: &str, part: Bytes) {
        let key = format!("{}/{name}", self.folder);
        if let Err(error) = self.app.store.put_once(&key, "application/json", part).await {
            tracing::warn!(video.id = %self.extracted.video, %error, "part of a transcript not kept");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    let chosen = Arc::new(Chosen::within(providers::STEP));
    step::serve(move |app, input| transcribe(chosen.clone(), app, input)).await
}
