//! The whole soundtrack, written down, unless only the pictures were asked for.

use std::path::Path;
use std::sync::Arc;

use domain::stage::Stage;
use edge::App;
use edge::step::{self, StepError, in_stage};
use futures::TryStreamExt;
use media::SegmentPlan;
use steps::providers::{self, Chosen};
use steps::{outputs, source};
use store::StepInput;
use store::keys::Outputs;
use tokio::io::AsyncWriteExt;

async fn transcribe(chosen: Arc<Chosen>, app: Arc<App>, input: StepInput) -> Result<(), StepError> {
    in_stage(&app, input, Stage::Describe, async |video| {
        let outputs = Outputs { video: video.id, generation: input.generation };
        let is_wanted = video.processing_mode.transcribes();
        if is_wanted && !app.store.exists(&outputs.transcript()).await? {
            let sound = tempfile::NamedTempFile::new().map_err(StepError::transient)?;
            collect(&app, outputs, sound.path()).await?;
            let transcript = chosen.of(&app).await?.transcriber.transcribe(sound.path()).await;
            let transcript = transcript.map_err(providers::provider_error)?;
            outputs::write_json(&app, &outputs.transcript(), &transcript).await?;
        }
        app.store.part_done(video.id, Stage::Describe, 0).await?;
        Ok(())
    })
    .await
}

/// The segments' sound, one after another, is the soundtrack.
async fn collect(app: &App, outputs: Outputs, path: &Path) -> Result<(), StepError> {
    let stored = outputs::read(app, &outputs.plan()).await?;
    let plan = SegmentPlan::from_json(&stored).map_err(source::media_error)?;
    let mut file = tokio::fs::File::create(path).await.map_err(StepError::transient)?;
    for segment in 0..plan.segments.len() as u32 {
        let key = outputs.audio(segment);
        let sound = app.store.object_stream(&key).await?;
        let mut sound = sound.ok_or_else(|| StepError::transient(format!("{key} is not there")))?;
        while let Some(chunk) = sound.try_next().await.map_err(StepError::transient)? {
            file.write_all(&chunk).await.map_err(StepError::transient)?;
        }
    }
    file.flush().await.map_err(StepError::transient)
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    let chosen = Arc::new(Chosen::within(providers::STEP));
    step::serve(move |app, input| transcribe(chosen.clone(), app, input)).await
}
