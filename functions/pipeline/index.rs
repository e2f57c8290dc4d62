//! Last step: the video becomes searchable, its result is published, and it is billed.

use std::sync::Arc;

use domain::analysis::{Description, Scene, Transcript};
use domain::captions::Captions;
use domain::processing_mode::ProcessingMode;
use domain::stage::Stage;
use edge::step::{self, StepError, in_stage};
use edge::{App, clock};
use intelligence::Providers;
use intelligence::index::{Findings, VideoIndex};
use media::{Joined, Recorded};
use published::Analysis;
use steps::outputs;
use steps::providers::{self, Chosen};
use store::StepInput;
use store::keys::Outputs;

#[path = "index/published.rs"]
mod published;

async fn index(chosen: Arc<Chosen>, app: Arc<App>, input: StepInput) -> Result<(), StepError> {
    let id = input.video_id;
    let finished = in_stage(&app, input, Stage::Index, async |video| {
        let now = clock::now();
        app.store.stage_finished(id, Stage::Describe, now).await?;
        app.store.stage_begun(id, Stage::Index, 1, now).await?;
        let outputs = Outputs { video: id, generation: input.generation };
        let joined: Joined = outputs::read_json(&app, &outputs.scenes()).await?;
        let mode = video.processing_mode;
        let described = described(&app, outputs, &joined, mode).await?;
        let transcript = transcript(&app, outputs, mode).await?;
        let findings =
            Findings { length: joined.length, scenes: described.as_deref(), transcript: transcript.as_ref() };
        write(&app, chosen.of(&app).await?, outputs, joined.recorded, &findings).await?;
        // Scenes that nobody asked for are not missing.
        let has_scenes = described.is_none_or(|scenes| !scenes.is_empty());
        let frames = joined.interval_frames.len() as u32;
        let now = clock::now();
        app.store.stage_finished(id, Stage::Index, now).await?;
        let finished =
            app.store.finished(video.id, input.attempt, has_scenes, frames, joined.length, now).await?;
        finished.ok_or(StepError::Stopped)
    })
    .await;
    let ended = match finished {
        Ok(video) => Some(video),
        // An earlier delivery may have finished the video and died before it settled.
        Err(StepError::Stopped) => app.store.video(id).await?,
        Err(error @ (StepError::Rejected(_) | StepError::Pending | StepError::Transient(_))) => {
            return Err(error);
        }
    };
    match ended {
        Some(video) => Ok(app.store.settle(&video, clock::now()).await?),
        None => Ok(()),
    }
}

async fn write(
    app: &App,
    providers: &Providers,
    outputs: Outputs,
    recorded: Recorded,
    findings: &Findings<'_>,
) -> Result<(), StepError> {
    let index = VideoIndex::build(&*providers.embedder, findings).await;
    let index = index.map_err(providers::provider_error)?.encode();
    let analysis = Analysis::new(outputs.video, recorded, findings);
    let (index_key, analysis_key) = (outputs.index(), outputs.analysis());
    futures::try_join!(
        async { Ok(app.store.put_once(&index_key, "application/octet-stream", index.into()).await?) },
        outputs::write_json(app, &analysis_key, &analysis),
        write_captions(app, outputs, findings),
    )?;
    Ok(())
}

/// Also where nobody speaks, or nobody listened: files without captions.
async fn write_captions(app: &App, outputs: Outputs, findings: &Findings<'_>) -> Result<(), StepError> {
    let utterances = findings.transcript.map(|transcript| transcript.utterances.as_slice());
    let captions = Captions::new(utterances.unwrap_or_default(), findings.length);
    let (srt_key, vtt_key) = (outputs.captions_srt(), outputs.captions_vtt());
    let srt = app.store.put_once(&srt_key, "application/x-subrip; charset=utf-8", captions.to_srt().into());
    let vtt = app.store.put_once(&vtt_key, "text/vtt; charset=utf-8", captions.to_vtt().into());
    futures::try_join!(srt, vtt)?;
    Ok(())
}

/// Every scene with its description, if they were asked for.
async fn described(
    app: &App,
    outputs: Outputs,
    joined: &Joined,
    mode: ProcessingMode,
) -> Result<Option<Vec<(Scene, Description)>>, StepError> {
    if !mode.describes() {
        return Ok(None);
    }
    let batches: Vec<(usize, usize)> = outputs::read_json(app, &outputs.batch_list()).await?;
    let mut descriptions: Vec<Description> = Vec::with_capacity(joined.scenes.len());
    for (first, _) in batches {
        let batch: Vec<Description> = outputs::read_json(app, &outputs.descriptions(first as u32)).await?;
        descriptions.extend(batch);
    }
    if descriptions.len() != joined.scenes.len() {
        return Err(StepError::transient("there is not one description per scene"));
    }
    Ok(Some(joined.scenes.iter().cloned().zip(descriptions).collect()))
}

/// What is said, if it was asked for.
async fn transcript(
    app: &App,
    outputs: Outputs,
    mode: ProcessingMode,
) -> Result<Option<Transcript>, StepError> {
    if !mode.transcribes() {
        return Ok(None);
    }
    outputs::read_json(app, &outputs.transcript()).await.map(Some)
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    let chosen = Arc::new(Chosen::within(providers::STEP));
    step::serve(move |app, input| index(chosen.clone(), app, input)).await
}
