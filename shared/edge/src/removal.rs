//! Ending a video at its owner's wish.

use domain::ids::{UserId, VideoId};
use jiff::{SignedDuration, Timestamp};
use store::{Ended, Purge, StoreError, Video, Wish};

use crate::app::App;
use crate::runs;

/// Stops a video that has not ended, and gives back what was reserved for it.
///
/// # Errors
/// When the store does not answer; doing it again is safe.
pub async fn cancel(app: &App, id: VideoId, owner: UserId, now: Timestamp) -> Result<Ended, StoreError> {
    let ended = app.store.end_video(id, owner, Wish::Cancel, now).await?;
    if let Ended::Now(video) = &ended {
        runs::called_off(video);
        stop_run(app, video).await;
    }
    Ok(ended)
}

/// Takes a video out of its owner's sight for good, and asks for the removal of everything that is left of it.
///
/// # Errors
/// When the store does not answer; doing it again is safe.
pub async fn remove(app: &App, id: VideoId, owner: UserId, now: Timestamp) -> Result<Ended, StoreError> {
    let ended = app.store.end_video(id, owner, Wish::Remove, now).await?;
    if let Ended::Now(video) = &ended {
        if !video.is_terminal() {
            runs::called_off(video);
            stop_run(app, video).await;
        }
        app.store.enqueue_purge(Purge::Video(id), SignedDuration::ZERO).await?;
    }
    Ok(ended)
}

/// The row is what counts. A run that cannot be stopped finds the video ended, and ends by itself.
async fn stop_run(app: &App, video: &Video) {
    if let Err(error) = app.store.stop_run(video).await {
        tracing::warn!(video.id = %video.id, error = %error, "run not stopped");
    }
}
