//! One segment, decoded once: features, JPEGs and sound.

use std::sync::Arc;

use domain::stage::Stage;
use edge::App;
use edge::step::{self, StepError, in_map};
use media::{ExtractOptions, SegmentPlan};
use serde::Deserialize;
use steps::{outputs, source};
use store::keys::Extracted;
use store::{StepInput, Video};

#[derive(Deserialize)]
struct Input {
    #[serde(flatten)]
    step: StepInput,
    segment: u32,
}

async fn extract(app: Arc<App>, input: Input) -> Result<(), StepError> {
    in_map(&app, input.step, Stage::Extract, async |video| {
        let extracted = Extracted { video: video.id };
        if !app.store.exists(&extracted.features(input.segment)).await? {
            decode(&app, &video, extracted, input.segment).await?;
        }
        app.store.part_done(video.id, Stage::Extract, input.segment).await?;
        Ok(())
    })
    .await
}

async fn decode(app: &App, video: &Video, extracted: Extracted, segment: u32) -> Result<(), StepError> {
    let stored = outputs::read(app, &extracted.plan()).await?;
    let plan = SegmentPlan::from_json(&stored).map_err(source::media_error)?;
    let (proxy, tools) = (source::serve(app, video).await?, source::tools(app));
    let decoded = media::extract(&tools, proxy.url(), &plan, segment, ExtractOptions::default()).await;
    let decoded = decoded.map_err(source::media_error)?;
    let (candidates, audio) = (extracted.candidates(segment), extracted.audio(segment));
    let frames_kept = app.store.put_once(&candidates, "application/octet-stream", decoded.frames.into());
    if video.processing_mode.transcribes() {
        let sound_kept = app.store.put_once(&audio, "application/octet-stream", decoded.audio.into());
        futures::try_join!(frames_kept, sound_kept)?;
    } else {
        frames_kept.await?;
    }
    // Last, because their being there says that the others are.
    let features = extracted.features(segment);
    Ok(app.store.put_once(&features, "application/octet-stream", decoded.features.into()).await?)
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    step::serve(extract).await
}
