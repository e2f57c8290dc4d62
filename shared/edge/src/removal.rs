//! Ending a video at its owner's wish.

use domain::ids::VideoId;
use jiff::{SignedDuration, Timestamp};
use store::{Purge, StoreError, Video};

use crate::app::App;
use crate::step::{settle, settle_account};

/// Stops a video that has not ended, and gives back what was reserved for it. `None` when it had ended already.
///
/// # Errors
/// When the store does not answer; doing it again is safe.
pub async fn cancel(app: &App, id: VideoId, now: Timestamp) -> Result<Option<Video>, StoreError> {
    let cancelled = stop(app, id, now).await?;
    if cancelled.is_some() {
        settle(app, id, now).await?;
    }
    Ok(cancelled)
}

async fn stop(app: &App, id: VideoId, now: Timestamp) -> Result<Option<Video>, StoreError> {
    let cancelled = app.store.cancelled(id, now).await?;
    if let Some(video) = &cancelled {
        // The row is what counts. A run that cannot be stopped finds the video ended, and ends by itself.
        if let Err(error) = app.store.stop_run(video).await {
            tracing::warn!(video.id = %id, error = %error, "run not stopped");
        }
    }
    Ok(cancelled)
}

/// Takes a video out of its owner's sight for good, and asks for the removal of everything that is left of it.
///
/// # Errors
/// When the store does not answer; doing it again is safe.
pub async fn remove(app: &App, video: &Video, now: Timestamp) -> Result<(), StoreError> {
    stop(app, video.id, now).await?;
    // Also if it ended before: what it cost is still owed after it is gone. Of its end, nobody is told any more.
    settle_account(app, video.id, now).await?;
    app.store.unclaim(video).await?;
    app.store.bury(video, now).await?;
    app.store.enqueue_purge(Purge::Video(video.id), SignedDuration::ZERO).await
}
