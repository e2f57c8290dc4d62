//! Last step: the video becomes searchable, its result is published, and it is billed.

use std::sync::Arc;

use domain::analysis::{Description, Scene, Transcript};
use domain::stage::Stage;
use edge::step::{self, StepError, in_stage, settle};
use edge::{App, clock};
use intelligence::Providers;
use intelligence::index::VideoIndex;
use media::Joined;
use published::Analysis;
use steps::{outputs, providers};
use store::StepInput;
use store::keys::Outputs;

#[path = "index/published.rs"]
mod published;

async fn index(providers: Providers, app: Arc<App>, input: StepInput) -> Result<(), StepError> {
    let id = input.video_id;
    let finished = in_stage(&app, input, Stage::Index, async |video| {
        let now = clock::now();
        app.store.stage_finished(id, Stage::Describe, now).await?;
        app.store.stage_begun(id, Stage::Index, 1, now).await?;
        let outputs = Outputs { video: id, generation: input.generation };
        let joined: Joined = outputs::read_json(&app, &outputs.scenes()).await?;
        let described = described(&app, outputs, &joined).await?;
        let transcript: Transcript = outputs::read_json(&app, &outputs.transcript()).await?;
        let (has_scenes, frames) = (!joined.scenes.is_empty(), joined.interval_frames.len() as u32);
        write(&app, &providers, outputs, &joined, &described, &transcript).await?;
        let now = clock::now();
        app.store.stage_finished(id, Stage::Index, now).await?;
        let finished =
            app.store.finished(video.id, input.attempt, has_scenes, frames, joined.length, now).await?;
        finished.map(drop).ok_or(StepError::Stopped)
    })
    .await;
    match finished {
        // Also when an earlier delivery finished the video and died before it settled.
        Ok(()) | Err(StepError::Stopped) => Ok(settle(&app, id, clock::now()).await?),
        Err(error) => Err(error),
    }
}

async fn write(
    app: &App,
    providers: &Providers,
    outputs: Outputs,
    joined: &Joined,
    described: &[(Scene, Description)],
    transcript: &Transcript,
) -> Result<(), StepError> {
    let index = VideoIndex::build(&*providers.embedder, described, transcript).await;
    let index = index.map_err(providers::provider_error)?.encode();
    let analysis = Analysis::new(outputs.video, joined.length, described, transcript);
    let (index_key, analysis_key) = (outputs.index(), outputs.analysis());
    futures::try_join!(
        async { Ok(app.store.put_once(&index_key, "application/octet-stream", index.into()).await?) },
        outputs::write_json(app, &analysis_key, &analysis),
    )?;
    Ok(())
}

/// Every scene with its description.
async fn described(
    app: &App,
    outputs: Outputs,
    joined: &Joined,
) -> Result<Vec<(Scene, Description)>, StepError> {
    let batches: Vec<(usize, usize)> = outputs::read_json(app, &outputs.batch_list()).await?;
    let mut descriptions: Vec<Description> = Vec::with_capacity(joined.scenes.len());
    for (first, _) in batches {
        let batch: Vec<Description> = outputs::read_json(app, &outputs.descriptions(first as u32)).await?;
        descriptions.extend(batch);
    }
    if descriptions.len() != joined.scenes.len() {
        return Err(StepError::transient("there is not one description per scene"));
    }
    Ok(joined.scenes.iter().cloned().zip(descriptions).collect())
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    let providers = providers::from_env()?;
    step::serve(move |app, input| index(providers.clone(), app, input)).await
}
