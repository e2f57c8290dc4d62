//! What is left to do once a video has ended.

use domain::metering::billable_secs;
use domain::video::VideoState;
use jiff::Timestamp;

use crate::videos::Video;
use crate::{Reply, Store};

impl Store {
    /// Brings the account in line with the end of a video, and sees to it that the end is told. The video stays in the
    /// open work until then, so that the sweep takes over from whoever dies on the way. Idempotent; nothing for a
    /// video that has not ended.
    pub fn settle<'a>(&'a self, video: &'a Video, now: Timestamp) -> Reply<'a, ()> {
        Box::pin(async move {
            if !video.is_terminal() {
                return Ok(());
            }
            self.settle_account(video, now).await?;
            self.arm_callback(video, now).await?;
            self.settled(video).await
        })
    }

    /// Bills a video that is ready, and gives back everything for one that has ended in another way.
    pub(crate) fn settle_account<'a>(&'a self, video: &'a Video, now: Timestamp) -> Reply<'a, ()> {
        Box::pin(async move {
            match video.state {
                VideoState::Ready { .. } => {
                    let plan = self.account(video.owner.clone(), now).await?.plan;
                    let secs = billable_secs(video.duration.unwrap_or_default());
                    // In the month in which it was completed, however late that is noticed.
                    let completed = video.indexed_at.unwrap_or(now);
                    self.commit(video.owner.clone(), plan, video.id, secs, completed).await
                }
                VideoState::Failed { .. } | VideoState::Cancelled => {
                    self.unclaim(video).await?;
                    self.close_upload(video).await?;
                    self.release(video, now).await
                }
                VideoState::AwaitingUpload | VideoState::Queued | VideoState::Processing { .. } => Ok(()),
            }
        })
    }
}
