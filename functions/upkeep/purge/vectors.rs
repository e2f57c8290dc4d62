//! Vectors of videos: what a video lacks is put, what is left of it elsewhere is removed. Doing it again changes nothing.

use domain::ids::VideoId;
use domain::video::StateKind;
use edge::App;
use edge::step::StepError;
use futures::{StreamExt, TryStreamExt, stream};
use intelligence::index::VideoIndex;
use jiff::SignedDuration;
use steps::vectors::{self, STEP};
use store::keys::Outputs;
use store::{Backfill, MAX_PAGES, Purge, VideoSummary};

/// Messages that are sent at the same time.
const AT_ONCE: usize = 16;

/// Makes the vectors of a video those of its present generation.
///
/// # Errors
/// When the bucket or the store does not answer; what was done by then stays done.
pub(crate) async fn refresh(app: &App, id: VideoId) -> Result<(), StepError> {
    let Some(bucket) = vectors::bucket(app, STEP) else {
        tracing::warn!(video.id = %id, "no bucket of vectors is in use");
        return Ok(());
    };
    // One that is not ready puts its own when it is; one that is gone is removed with everything else.
    let Some(video) = app.store.video(id).await?.filter(|video| video.is_ready()) else { return Ok(()) };
    let sets = app.store.vector_sets(id).await?;
    let is_there = sets
        .iter()
        .any(|set| set.generation == video.generation && set.bucket == bucket.arn() && set.is_whole);
    if !is_there {
        let outputs = Outputs { video: id, generation: video.generation };
        let stored = app.store.object(&outputs.index()).await?;
        let stored = stored.ok_or_else(|| StepError::transient("a ready video has no index"))?;
        let index = VideoIndex::decode(&stored).map_err(StepError::transient)?;
        vectors::put(app, &bucket, &video, video.generation, &index).await?;
        tracing::info!(video.id = %id, rows = index.rows().len(), "vectors put");
    }
    for set in sets.iter().filter(|set| set.generation != video.generation) {
        vectors::remove(Some(&bucket), id, set).await?;
        app.store.forget_vectors(id, set.generation).await?;
    }
    Ok(())
}

/// Removes the vectors of a video that is gone. Which there were is forgotten when nobody can be putting any more.
///
/// # Errors
/// As [`refresh`].
pub(crate) async fn remove(app: &App, id: VideoId, is_last: bool) -> Result<(), StepError> {
    let bucket = vectors::bucket(app, STEP);
    for set in app.store.vector_sets(id).await? {
        vectors::remove(bucket.as_ref(), id, &set).await?;
        if is_last {
            app.store.forget_vectors(id, set.generation).await?;
        }
    }
    Ok(())
}

/// Asks for the vectors of many videos, one message each: whatever fails comes back by itself, and what is there already
/// costs a read. Everybody's are asked for a page at a time.
///
/// # Errors
/// When the table or the queue does not answer; some are then asked for twice.
pub(crate) async fn ask(app: &App, backfill: Backfill) -> Result<(), StepError> {
    if app.config.vector_bucket.is_none() {
        tracing::error!("nothing to backfill: no bucket of vectors is in use");
        return Ok(());
    }
    let (videos, next) = match &backfill.account {
        Some(account) => (app.store.video_summaries(account.clone()).await?, None),
        None => {
            let page = app.store.videos_of_all(backfill.after.clone()).await?;
            (page.videos, page.next)
        }
    };
    let asked = ask_for(app, &videos).await?;
    tracing::info!(videos = asked, is_last = next.is_none(), "vectors of videos asked for");
    let Some(after) = next else { return Ok(()) };
    let Some(next) = backfill.next_page(after.clone()) else {
        let (owner, id) = after;
        tracing::error!(
            pages = MAX_PAGES, after.owner = %owner.0, after.video = %id,
            "the backfill has too many pages; to go on, send another that begins after this video"
        );
        return Ok(());
    };
    Ok(app.store.enqueue_purge(Purge::Backfill(next), SignedDuration::ZERO).await?)
}

async fn ask_for(app: &App, videos: &[VideoSummary]) -> Result<usize, StepError> {
    let ready: Vec<VideoId> =
        videos.iter().filter(|video| video.state.kind() == StateKind::Ready).map(|video| video.id).collect();
    let asked = ready.len();
    let sent = ready.into_iter().map(|id| app.store.enqueue_purge(Purge::Vectors(id), SignedDuration::ZERO));
    stream::iter(sent).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(asked)
}
