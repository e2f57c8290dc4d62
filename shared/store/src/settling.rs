//! What is left to do once a video has ended.

use domain::ids::VideoId;
use domain::metering::billable_secs;
use domain::video::VideoState;
use jiff::Timestamp;

use crate::videos::Video;
use crate::{Reply, Store};

impl Store {
    /// Brings the account of a video that has ended in line, and has its end told. It is in the open work until then, so
    /// that the sweep makes good for whoever dies on the way. Doing it twice is doing it once.
    pub fn settle(&self, id: VideoId, now: Timestamp) -> Reply<'_, ()> {
        Box::pin(async move {
            let Some(video) = self.settle_account(id, now).await? else { return Ok(()) };
            self.arm_callback(&video, now).await?;
            self.settled(id).await
        })
    }

    /// Bills a video that is ready, and gives back everything for one that has ended in another way. Answers the video,
    /// if it has ended.
    pub(crate) fn settle_account(&self, id: VideoId, now: Timestamp) -> Reply<'_, Option<Video>> {
        Box::pin(async move {
            let Some(video) = self.video(id).await? else { return Ok(None) };
            match video.state {
                VideoState::Ready { .. } => {
                    let plan = self.account(video.owner.clone(), now).await?.plan;
                    let secs = billable_secs(video.duration.unwrap_or_default());
                    self.commit(video.owner.clone(), plan, id, secs, now).await?;
                }
                VideoState::Failed { .. } | VideoState::Cancelled => {
                    self.unclaim(&video).await?;
                    self.close_upload(&video).await?;
                    self.release(&video, now).await?;
                }
                VideoState::AwaitingUpload | VideoState::Queued | VideoState::Processing { .. } => {
                    return Ok(None);
                }
            }
            Ok(Some(video))
        })
    }
}
