//! A batch of scenes, described from their keyframes, unless an earlier generation has the same describer's words.

use std::ops::Range;
use std::sync::Arc;

use domain::analysis::{Described, Scene};
use domain::ids::VideoId;
use domain::stage::Stage;
use edge::App;
use edge::step::{self, StepError, in_map, record_spent};
use futures::{StreamExt, TryStreamExt, stream};
use intelligence::Providers;
use intelligence::describe::SceneImage;
use media::Joined;
use serde::Deserialize;
use steps::earlier::{self, Batch};
use steps::outputs;
use steps::providers::{self, Chosen};
use store::keys::{self, Extracted, Outputs};
use store::{StepInput, Video};

/// Keyframes that are read at the same time.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Input {
    #[serde(flatten)]
    step: StepInput,
    /// The first one and the one after the last, among the scenes that are described.
    batch: (usize, usize),
}

async fn describe(chosen: Arc<Chosen>, app: Arc<App>, input: Input) -> Result<(), StepError> {
    in_map(&app, input.step, Stage::Describe, async |video| {
        let outputs = Outputs { video: video.id, generation: input.step.generation };
        let (first, last) = input.batch;
        let key = outputs.descriptions(first as u32);
        if !app.store.exists(&key).await? {
            let providers = chosen.of(&app).await?;
            let by = providers.describer.provenance().await.map_err(providers::provider_error)?;
            let batch = match earlier::batch(&app, outputs, first as u32, &by).await? {
                Some(batch) => batch,
                None => Batch {
                    by: Some(by),
                    descriptions: describe_scenes(&app, &video, providers, first..last).await?,
                },
            };
            outputs::write_json(&app, &key, &batch).await?;
        }
        // Part 0 is the transcript.
        app.store.part_done(video.id, Stage::Describe, first as u32 + 1).await?;
        Ok(())
    })
    .await
}

async fn describe_scenes(
    app: &App,
    video: &Video,
    providers: &Providers,
    range: Range<usize>,
) -> Result<Vec<Described>, StepError> {
    let joined: Joined = outputs::read_json(app, &Extracted { video: video.id }.scenes()).await?;
    let scenes = joined.described();
    let images = images(app, video, scenes.get(range).unwrap_or_default()).await?;
    let described = providers.describer.describe(&images).await;
    record_spent(app, video.id, Stage::Describe, providers.meter.take()).await;
    described.map_err(providers::provider_error)
}

async fn images(app: &App, video: &Video, scenes: &[Scene]) -> Result<Vec<SceneImage>, StepError> {
    let read = |scene: Scene| async move { image(app, video.id, scene).await };
    stream::iter(scenes.iter().cloned()).map(read).buffered(AT_ONCE).try_collect().await
}

async fn image(app: &App, video: VideoId, scene: Scene) -> Result<SceneImage, StepError> {
    let jpeg = outputs::read(app, &keys::scene_frame(video, scene.ordinal + 1)).await?;
    Ok(SceneImage { scene, jpeg })
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    let chosen = Arc::new(Chosen::within(providers::STEP));
    step::serve(move |app, input| describe(chosen.clone(), app, input)).await
}
