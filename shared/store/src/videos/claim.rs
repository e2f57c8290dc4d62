//! An account's claim on a YouTube video: held by one video at a time, and by none that failed.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::youtube::YoutubeId;

use super::{Origin, Video};
use crate::keys::Key;
use crate::rows::{Row, text};
use crate::transact::Outcome;
use crate::{Store, StoreError};

impl Video {
    fn youtube_id(&self) -> Option<&YoutubeId> {
        match &self.origin {
            Origin::Youtube { youtube_id } => Some(youtube_id),
            Origin::Upload { .. } | Origin::Url { .. } => None,
        }
    }
}

impl Store {
    /// The write that takes the claim again which a failed video gave up, on the condition that no other video of the
    /// account has it meanwhile.
    pub(super) fn reclaim(
        &self,
        operation: &'static str,
        video: &Video,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(youtube_id) = video.youtube_id() else { return Ok(None) };
        let mut row: Row = Key::youtube(&video.owner, youtube_id).attributes();
        row.insert("video".to_owned(), text(video.id.to_string()));
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(PK) OR video = :video")
            .expression_attribute_values(":video", text(video.id.to_string()))
            .build()
            .map(|put| Some(TransactWriteItem::builder().put(put).build()))
            .map_err(StoreError::malformed(operation))
    }

    /// The write that gives the claim up, on the condition that it is this video's.
    pub(super) fn disclaim(
        &self,
        operation: &'static str,
        video: &Video,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(youtube_id) = video.youtube_id() else { return Ok(None) };
        Delete::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::youtube(&video.owner, youtube_id).attributes()))
            .condition_expression("video = :video")
            .expression_attribute_values(":video", text(video.id.to_string()))
            .build()
            .map(|delete| Some(TransactWriteItem::builder().delete(delete).build()))
            .map_err(StoreError::malformed(operation))
    }

    /// Gives the claim up, if it is this video's.
    pub(crate) async fn unclaim(&self, video: &Video) -> Result<(), StoreError> {
        const OPERATION: &str = "giving a YouTube video up";
        let Some(disclaim) = self.disclaim(OPERATION, video)? else { return Ok(()) };
        match self.transact(OPERATION, vec![disclaim]).await? {
            Outcome::Written | Outcome::Refused(_) => Ok(()),
        }
    }
}
