//! An account's claim on a YouTube video: held by one video at a time, and by none that failed.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::ids::{Attempt, UserId, VideoId};
use domain::youtube::YoutubeId;

use super::{Origin, Video};
use crate::keys::Key;
use crate::rows::{Row, number, text};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

impl Video {
    fn youtube_id(&self) -> Option<&YoutubeId> {
        match &self.origin {
            Origin::Youtube { youtube_id } => Some(youtube_id),
            Origin::Upload { .. } | Origin::Url { .. } => None,
        }
    }
}

/// The row of a claim that a video has for an attempt.
pub(super) fn claim_row(video: &Video, youtube_id: &YoutubeId, attempt: Attempt) -> Row {
    let mut row: Row = Key::youtube(&video.owner, youtube_id).attributes();
    row.insert("video".to_owned(), text(video.id.to_string()));
    row.insert("attempt".to_owned(), number(attempt.0));
    row
}

impl Store {
    /// The video of the account that has the claim on a YouTube video, if one has. Strongly consistent.
    pub fn youtube_holder(&self, owner: UserId, id: YoutubeId) -> Reply<'_, Option<VideoId>> {
        const OPERATION: &str = "reading a claim on a YouTube video";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::youtube(&owner, &id)).await?;
            let holder = row.as_ref().and_then(|row| row.get("video")?.as_s().ok());
            holder.map(|holder| holder.parse().map_err(StoreError::malformed(OPERATION))).transpose()
        })
    }

    /// The write that takes the claim again which a failed video gave up, on the condition that no other video of the
    /// account has it meanwhile.
    pub(super) fn reclaim(
        &self,
        operation: &'static str,
        video: &Video,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(youtube_id) = video.youtube_id() else { return Ok(None) };
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(claim_row(video, youtube_id, video.attempt.next())))
            .condition_expression("attribute_not_exists(PK) OR video = :video")
            .expression_attribute_values(":video", text(video.id.to_string()))
            .build()
            .map(|put| Some(TransactWriteItem::builder().put(put).build()))
            .map_err(StoreError::malformed(operation))
    }

    /// The write that gives the claim up, on the condition that it is this video's, and not that of a later attempt.
    pub(super) fn disclaim(
        &self,
        operation: &'static str,
        video: &Video,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(youtube_id) = video.youtube_id() else { return Ok(None) };
        Delete::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::youtube(&video.owner, youtube_id).attributes()))
            // Claims from before attempts were written into them have none.
            .condition_expression("video = :video AND (attribute_not_exists(attempt) OR attempt <= :attempt)")
            .expression_attribute_values(":video", text(video.id.to_string()))
            .expression_attribute_values(":attempt", number(video.attempt.0))
            .build()
            .map(|delete| Some(TransactWriteItem::builder().delete(delete).build()))
            .map_err(StoreError::malformed(operation))
    }

    /// Gives the claim up, if it is this video's and no later attempt has taken it again.
    pub(crate) async fn unclaim(&self, video: &Video) -> Result<(), StoreError> {
        const OPERATION: &str = "giving a YouTube video up";
        let Some(disclaim) = self.disclaim(OPERATION, video)? else { return Ok(()) };
        match self.transact(OPERATION, vec![disclaim]).await? {
            Outcome::Written | Outcome::Refused(_) => Ok(()),
        }
    }
}
