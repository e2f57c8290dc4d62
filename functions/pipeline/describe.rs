//! A batch of scenes, described from their keyframes, unless an earlier generation or attempt has the same describer's
//! words.

#[path = "describe/pieces.rs"]
mod pieces;

use std::ops::Range;
use std::sync::Arc;

use domain::analysis::{Described, Provenance, Scene};
use domain::ids::VideoId;
use domain::stage::Stage;
use edge::App;
use edge::step::{self, StepError, in_map, record_spent};
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::{StreamExt, TryStreamExt, stream};
use intelligence::Providers;
use intelligence::describe::SceneImage;
use media::Joined;
use pieces::Places;
use serde::Deserialize;
use steps::earlier::{self, Batch};
use steps::outputs;
use steps::providers::{self, Chosen};
use store::keys::{self, Extracted, Outputs};
use store::{StepInput, Video};

/// Objects that are read at the same time.
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
                None => {
                    let asking = Asking { app: &app, video: &video, outputs, providers, by: &by };
                    let descriptions = asking.describe(first..last).await?;
                    Batch { by: Some(by), descriptions }
                }
            };
            outputs::write_json(&app, &key, &batch).await?;
        }
        // Part 0 is the transcript.
        app.store.part_done(video.id, Stage::Describe, first as u32 + 1).await?;
        Ok(())
    })
    .await
}

/// Who is asked about what.
struct Asking<'a> {
    app: &'a App,
    video: &'a Video,
    outputs: Outputs,
    providers: &'a Providers,
    by: &'a Provenance,
}

impl Asking<'_> {
    /// What comes of these scenes, each in its place. Only those are asked about of which nothing is kept.
    async fn describe(&self, places: Range<usize>) -> Result<Vec<Described>, StepError> {
        let Self { app, video, outputs, providers, by } = *self;
        let joined: Joined = outputs::read_json(app, &Extracted { video: video.id }.scenes()).await?;
        let scenes = joined.described();
        let mut known = pieces::kept(app, outputs, by, places.clone()).await?;
        let missing: Vec<usize> = places.clone().filter(|place| !known.contains_key(place)).collect();
        let wanted: Vec<Scene> = missing.iter().filter_map(|place| scenes.get(*place).cloned()).collect();
        let images = images(app, video, &wanted).await?;
        let (told, heard) = unbounded();
        let telling = async {
            let outcome = providers.describer.describe_each(&images, &told).await;
            drop(told);
            outcome
        };
        let (outcome, ()) = futures::join!(telling, self.keep(heard, &missing, &mut known));
        record_spent(app, video.id, Stage::Describe, providers.meter.take()).await;
        outcome.map_err(providers::provider_error)?;
        Ok(known.into_values().collect())
    }

    /// Keeps what is told, as it comes, and counts what it cost: whoever tries again asks for the rest alone. What makes
    /// the batch complete is written with it.
    async fn keep(
        &self,
        heard: UnboundedReceiver<(usize, Described)>,
        missing: &[usize],
        known: &mut Places,
    ) {
        let all = known.len() + missing.len();
        let mut heard = heard.ready_chunks(all.max(1));
        while let Some(chunk) = heard.next().await {
            let in_place = |(at, described)| Some((*missing.get(at)?, described));
            let piece: Places = chunk.into_iter().filter_map(in_place).collect();
            known.extend(piece.clone());
            if known.len() == all {
                return;
            }
            let spent = self.providers.meter.take();
            let (kept, ()) = futures::join!(
                pieces::keep(self.app, self.outputs, self.by, piece),
                record_spent(self.app, self.video.id, Stage::Describe, spent),
            );
            if let Err(error) = kept {
                // It still becomes a part of the batch, if that is completed.
                tracing::warn!(video.id = %self.video.id, ?error, "part of a batch not kept");
            }
        }
    }
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
