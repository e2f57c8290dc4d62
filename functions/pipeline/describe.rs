//! A batch of scenes, described from their keyframes.

use std::sync::Arc;

use domain::analysis::Scene;
use domain::ids::VideoId;
use domain::stage::Stage;
use edge::App;
use edge::step::{self, StepError, in_map, record_spent};
use futures::{StreamExt, TryStreamExt, stream};
use intelligence::describe::SceneImage;
use media::Joined;
use serde::Deserialize;
use steps::outputs;
use steps::providers::{self, Chosen};
use store::keys::{self, Outputs};
use store::{StepInput, Video};

/// Keyframes that are read at the same time.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Input {
    #[serde(flatten)]
    step: StepInput,
    /// The first scene and the one after the last.
    batch: (usize, usize),
}

async fn describe(chosen: Arc<Chosen>, app: Arc<App>, input: Input) -> Result<(), StepError> {
    in_map(&app, input.step, Stage::Describe, async |video| {
        let outputs = Outputs { video: video.id, generation: input.step.generation };
        let (first, last) = input.batch;
        let key = outputs.descriptions(first as u32);
        if !app.store.exists(&key).await? {
            let joined: Joined = outputs::read_json(&app, &outputs.scenes()).await?;
            let scenes = joined.scenes.get(first..last).unwrap_or_default();
            let images = images(&app, &video, scenes).await?;
            let providers = chosen.of(&app).await?;
            let described = providers.describer.describe(&images).await;
            record_spent(&app, video.id, Stage::Describe, providers.meter.take()).await;
            let descriptions = described.map_err(providers::provider_error)?;
            outputs::write_json(&app, &key, &descriptions).await?;
        }
        // Part 0 is the transcript.
        app.store.part_done(video.id, Stage::Describe, first as u32 + 1).await?;
        Ok(())
    })
    .await
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
