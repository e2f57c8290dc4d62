//! The scenes, decided over the whole video, and the frames that are kept of it.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use domain::stage::Stage;
use edge::step::{self, StepError, in_stage};
use edge::{App, clock};
use futures::{StreamExt, TryStreamExt, stream};
use media::{FrameRef, Joined, SegmentFeatures, SegmentPlan};
use serde::Serialize;
use steps::{outputs, source};
use store::keys::{self, Extracted};
use store::{StepInput, Video};

#[path = "join/alike.rs"]
mod alike;
#[path = "join/contact_sheet.rs"]
mod contact_sheet;

/// Objects that are read or copied at the same time.
const AT_ONCE: usize = 16;
/// Fewer scenes than this are not worth a batch of their own.
const LEAST_BATCH: usize = 8;
/// More batches than this would fill the history of an execution.
const MOST_BATCHES: usize = 400;

/// Where the state machine finds the list of batches.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Planned {
    batch_list: String,
    /// How many there are. With none, no Map is started.
    batches: usize,
}

async fn join(app: Arc<App>, input: StepInput) -> Result<Planned, StepError> {
    in_stage(&app, input, Stage::Extract, async |video| {
        let extracted = Extracted { video: video.id };
        let joined = match app.store.object(&extracted.scenes()).await? {
            Some(stored) => serde_json::from_slice(&stored).map_err(StepError::transient)?,
            None => join_segments(&app, &video, extracted).await?,
        };
        let batches = if video.processing_mode.describes() { batches(&joined) } else { vec![] };
        outputs::write_json(&app, &extracted.batch_list(), &batches).await?;
        let now = clock::now();
        app.store.stage_finished(video.id, Stage::Extract, now).await?;
        // Every batch is a part, and so is the transcript, even one that nobody asked for.
        app.store.stage_begun(video.id, Stage::Describe, batches.len() as u32 + 1, now).await?;
        Ok(Planned { batch_list: extracted.batch_list(), batches: batches.len() })
    })
    .await
}

/// The first and last one (exclusive) of each batch, among the scenes that are described.
fn batches(joined: &Joined) -> Vec<(usize, usize)> {
    let scenes = joined.described().len();
    let size = scenes.div_ceil(MOST_BATCHES).max(LEAST_BATCH);
    (0..scenes).step_by(size).map(|first| (first, (first + size).min(scenes))).collect()
}

async fn join_segments(app: &App, video: &Video, extracted: Extracted) -> Result<Joined, StepError> {
    let stored = outputs::read(app, &extracted.plan()).await?;
    let plan = SegmentPlan::from_json(&stored).map_err(source::media_error)?;
    let segments = plan.segments.len() as u32;
    // The detector takes one segment at a time while the next ones are on their way.
    let (sender, receiver) = sync_channel(AT_ONCE);
    let detector = tokio::task::spawn_blocking(move || media::join(&plan, receiver));
    let mut features = stream::iter(0..segments).map(|n| features(app, extracted, n)).buffered(AT_ONCE);
    while let Some(features) = features.try_next().await? {
        let sender = sender.clone();
        let sent =
            tokio::task::spawn_blocking(move || sender.send(features)).await.map_err(StepError::transient)?;
        if sent.is_err() {
            break; // The detector has given up and says why.
        }
    }
    drop(sender);
    let mut joined = detector.await.map_err(StepError::transient)?.map_err(source::media_error)?;
    keep_frames(app, video, extracted, &joined).await?;
    if video.processing_mode.describes() {
        contact_sheet::write(app, extracted, &joined).await?;
        joined.first_alike = alike::find(app, video.id, &joined.scenes).await?;
    }
    // Last, because the scenes' being there says that their frames are.
    outputs::write_json(app, &extracted.scenes(), &joined).await?;
    Ok(joined)
}

async fn features(app: &App, extracted: Extracted, segment: u32) -> Result<SegmentFeatures, StepError> {
    let bytes = outputs::read(app, &extracted.features(segment)).await?;
    SegmentFeatures::decode(&bytes).map_err(StepError::transient)
}

async fn keep_frames(
    app: &App,
    video: &Video,
    extracted: Extracted,
    joined: &Joined,
) -> Result<(), StepError> {
    let scenes = (1..).zip(&joined.keyframes).map(|(n, frame)| (keys::scene_frame(video.id, n), frame));
    let grid = (1..).zip(&joined.interval_frames).map(|(n, frame)| (keys::frame(video.id, n), frame));
    stream::iter(scenes.chain(grid))
        .map(Ok)
        .try_for_each_concurrent(AT_ONCE, |(key, frame)| copy(app, extracted, key, frame))
        .await
}

async fn copy(app: &App, extracted: Extracted, key: String, frame: &FrameRef) -> Result<(), StepError> {
    let candidates = extracted.candidates(frame.segment);
    let jpeg = app.store.object_range(&candidates, frame.bytes.clone()).await?;
    let jpeg = jpeg.ok_or_else(|| StepError::transient(format!("{candidates} is not there")))?;
    Ok(app.store.put_once(&key, "image/jpeg", jpeg).await?)
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    step::serve(join).await
}
