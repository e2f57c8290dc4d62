//! Last step: the video becomes searchable, its result is published, and it is billed.

use std::sync::Arc;

use domain::analysis::{Described, Scene, Transcript};
use domain::captions::Captions;
use domain::failure::{Failure, FailureCode};
use domain::ids::Generation;
use domain::library::due_merge;
use domain::processing_mode::ProcessingMode;
use domain::stage::Stage;
use edge::step::{self, StepError, give_up, in_stage, record_spent};
use edge::{App, clock, runs};
use intelligence::Providers;
use intelligence::index::{Findings, Shard, VideoIndex};
use jiff::SignedDuration;
use media::Joined;
use published::Analysis;
use steps::earlier::Batch;
use steps::providers::{self, Chosen};
use steps::{outputs, shards, vectors};
use store::keys::{Extracted, Outputs};
use store::{LAST_WRITE, LibraryChange, Purge, StepInput, Video};

#[path = "index/published.rs"]
mod published;

/// Whose pictures nobody may describe.
const ALL_REFUSED: &str = "The service that describes pictures refuses every picture of this video by its content policy. Send the video again with processingMode transcript, for what is said in it.";
/// When vectors that could not be put are tried again.
const LATER: SignedDuration = SignedDuration::from_mins(5);

async fn index(chosen: Arc<Chosen>, app: Arc<App>, input: StepInput) -> Result<(), StepError> {
    let id = input.video_id;
    let finished = in_stage(&app, input, Stage::Index, async |video| {
        let was_ready = video.indexed_at.is_some();
        let outputs = Outputs { video: id, generation: input.generation };
        let joined: Joined = outputs::read_json(&app, &Extracted { video: id }.scenes()).await?;
        let mode = video.processing_mode;
        let described = described(&app, outputs, &joined, mode).await?;
        if described.as_deref().is_some_and(is_all_refused) {
            // It shows only here, but it is the description that failed.
            let failure = Failure::new(FailureCode::ContentRefused, ALL_REFUSED);
            give_up(&app, id, input.attempt, Stage::Describe, failure.clone()).await?;
            return Err(failure.into());
        }
        let now = clock::now();
        app.store.stage_finished(id, Stage::Describe, now).await?;
        app.store.stage_begun(id, Stage::Index, 1, now).await?;
        let transcript = transcript(&app, outputs, mode).await?;
        let findings =
            Findings { length: joined.length, scenes: described.as_deref(), transcript: transcript.as_ref() };
        let index = write(&app, chosen.of(&app).await?, outputs, &joined, &findings).await?;
        // Before the video is ready: what is ready can be found. Twice, perhaps; a merge makes that good.
        put_vectors(&app, &video, input.generation, &index).await?;
        collect(&app, &video, &Shard::of(id, input.generation, &index)).await?;
        // Scenes that nobody asked for are not missing.
        let has_scenes = described.is_none_or(|scenes| !scenes.is_empty());
        let frames = joined.interval_frames.len() as u32;
        let now = clock::now();
        app.store.stage_finished(id, Stage::Index, now).await?;
        let finished =
            app.store.finished(video.id, input.attempt, has_scenes, frames, joined.length, now).await?;
        Ok((finished.ok_or(StepError::Stopped)?, was_ready))
    })
    .await;
    let ended = match finished {
        Ok((video, was_ready)) => {
            // Here, where what this step used is recorded too.
            runs::ready(&app, &video, was_ready).await;
            Some(video)
        }
        // An earlier delivery may have finished the video and died before it settled.
        Err(StepError::Stopped) => app.store.video(id).await?,
        Err(error @ (StepError::Rejected(_) | StepError::Pending | StepError::Transient(_))) => {
            return Err(error);
        }
    };
    match ended {
        Some(video) => {
            app.store.settle(&video, clock::now()).await?;
            tidy(&app, video).await
        }
        None => Ok(()),
    }
}

async fn write(
    app: &App,
    providers: &Providers,
    outputs: Outputs,
    joined: &Joined,
    findings: &Findings<'_>,
) -> Result<VideoIndex, StepError> {
    let index = VideoIndex::build(&*providers.embedder, findings).await;
    record_spent(app, outputs.video, Stage::Index, providers.meter.take()).await;
    let index = index.map_err(providers::provider_error)?;
    let analysis = Analysis::new(outputs.video, joined, findings);
    let (index_key, analysis_key) = (outputs.index(), outputs.analysis());
    futures::try_join!(
        async {
            Ok(app.store.put_once(&index_key, "application/octet-stream", index.encode().into()).await?)
        },
        outputs::write_json(app, &analysis_key, &analysis),
        write_captions(app, outputs, findings),
    )?;
    Ok(index)
}

/// Puts the video's vectors where a search asks for what is near, if one does. A service that does not take them fails no
/// video: it is found by its words until they are there.
async fn put_vectors(
    app: &App,
    video: &Video,
    generation: Generation,
    index: &VideoIndex,
) -> Result<(), StepError> {
    let Some(bucket) = vectors::bucket(app, vectors::STEP) else { return Ok(()) };
    if let Err(error) = vectors::put(app, &bucket, video, generation, index).await {
        tracing::error!(video.id = %video.id, ?error, "vectors not put; they are put later");
        app.store.enqueue_purge(Purge::Vectors(video.id), LATER).await?;
    }
    Ok(())
}

/// Adds a video to what a search over its owner's library reads.
async fn collect(app: &App, video: &Video, shard: &Shard) -> Result<(), StepError> {
    if shard.row_count() == 0 {
        return Ok(());
    }
    let entry = shards::write(app, &video.owner, shard).await?;
    let change = LibraryChange { added: vec![entry], removed: vec![] };
    app.store.change_library(video.owner.clone(), change).await?;
    Ok(())
}

/// Has shards merged when there are many, and rows of an earlier generation left out, which no search shows any more.
/// The video is ready by then, and can be found in any case.
async fn tidy(app: &App, video: Video) -> Result<(), StepError> {
    let shards = app.store.library(video.owner.clone()).await?.shards;
    if video.generation > Generation::FIRST && app.config.vector_bucket.is_some() {
        // When no step of an earlier generation can be putting any more.
        app.store.enqueue_purge(Purge::Vectors(video.id), LAST_WRITE).await?;
    }
    if video.generation > Generation::FIRST || due_merge(&shards).is_some() {
        app.store.enqueue_purge(Purge::Library(video.owner), SignedDuration::ZERO).await?;
    }
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

fn is_all_refused(scenes: &[(Scene, Described)]) -> bool {
    !scenes.is_empty() && scenes.iter().all(|(_, described)| described.seen().is_none())
}

/// Every scene with what is said about it, if that was asked for.
async fn described(
    app: &App,
    outputs: Outputs,
    joined: &Joined,
    mode: ProcessingMode,
) -> Result<Option<Vec<(Scene, Described)>>, StepError> {
    if !mode.describes() {
        return Ok(None);
    }
    let batches: Vec<(usize, usize)> =
        outputs::read_json(app, &Extracted { video: outputs.video }.batch_list()).await?;
    let mut descriptions: Vec<Described> = Vec::with_capacity(joined.scenes.len());
    for (first, _) in batches {
        let batch: Batch = outputs::read_json(app, &outputs.descriptions(first as u32)).await?;
        descriptions.extend(batch.descriptions);
    }
    let places = joined.described_as();
    let shared = places.iter().map(|place| descriptions.get(*place).cloned());
    let shared = shared.collect::<Option<Vec<Described>>>();
    let shared = shared.ok_or_else(|| StepError::transient("a scene has no description"))?;
    Ok(Some(joined.scenes.iter().cloned().zip(shared).collect()))
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
