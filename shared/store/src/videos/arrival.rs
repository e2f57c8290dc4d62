//! An upload has arrived. Its event may come again, and whoever took it before may have died at any point.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::ids::{Attempt, VideoId};
use domain::video::Event;
use jiff::Timestamp;

use super::{Source, Video};
use crate::keys::{BURIED, Key};
use crate::rows::{number, text};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

impl Store {
    /// The upload arrived: pins the object, queues the video and closes its upload. Answers with the video also where an
    /// earlier event did so already; with `None` where another object is pinned, or no object ever will be.
    pub fn upload_arrived(&self, id: VideoId, source: Source, now: Timestamp) -> Reply<'_, Option<Video>> {
        const OPERATION: &str = "recording an upload";
        Box::pin(async move {
            let transition = self.transition(id, Event::Uploaded, now).pin(source.clone())?;
            let transition = transition.and_set("queued_at", text(now.to_string()));
            let arrived = match transition.write(OPERATION).await? {
                Some(video) => Some(video),
                None => self.video(id).await?.filter(|video| video.source.as_ref() == Some(&source)),
            };
            if let Some(video) = &arrived {
                self.close_upload(video).await?;
            }
            Ok(arrived)
        })
    }

    /// Whether the caller is the one who is to count the run that this upload begins. True once, whoever asks and how
    /// often. A mark of its own, because who won the write before it may have died, or not have learnt that it won.
    pub fn claim_upload_count<'a>(&'a self, video: &'a Video, now: Timestamp) -> Reply<'a, bool> {
        const OPERATION: &str = "claiming the count of an upload";
        Box::pin(async move {
            let mark = Update::builder()
                .table_name(&self.names.table)
                .set_key(Some(Key::video(video.id).attributes()))
                .update_expression("SET upload_counted_at = :now")
                // Later attempts are counted by the requests that ask for them.
                .condition_expression(format!(
                    "attribute_not_exists(upload_counted_at) AND attempt = :first AND attribute_not_exists({BURIED})"
                ))
                .expression_attribute_values(":now", text(now.to_string()))
                .expression_attribute_values(":first", number(Attempt::FIRST.0))
                .build()
                .map_err(StoreError::malformed(OPERATION))?;
            // A transaction, because its token tells a repeated call from somebody else's when an answer is lost.
            let mark = TransactWriteItem::builder().update(mark).build();
            Ok(self.transact(OPERATION, vec![mark]).await? == Outcome::Written)
        })
    }
}
