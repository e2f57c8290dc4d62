//! An account's claim on a YouTube video: held by one video at a time, and by none that failed.

use domain::youtube::YoutubeId;

use super::{Origin, Video};
use crate::keys::Key;
use crate::rows::{Row, text};
use crate::{Reply, Store, StoreError};

impl Video {
    fn youtube_id(&self) -> Option<&YoutubeId> {
        match &self.origin {
            Origin::Youtube { youtube_id } => Some(youtube_id),
            Origin::Upload { .. } | Origin::Url { .. } => None,
        }
    }
}

impl Store {
    /// Takes the claim that a failed video gave up. False when another video of the account has it meanwhile.
    pub fn reclaim<'a>(&'a self, video: &'a Video) -> Reply<'a, bool> {
        const OPERATION: &str = "claiming a YouTube video";
        Box::pin(async move {
            let Some(youtube_id) = video.youtube_id() else { return Ok(true) };
            let mut row: Row = Key::youtube(&video.owner, youtube_id).attributes();
            row.insert("video".to_owned(), text(video.id.to_string()));
            let put = self
                .dynamodb
                .put_item()
                .table_name(&self.names.table)
                .set_item(Some(row))
                .condition_expression("attribute_not_exists(PK) OR video = :video")
                .expression_attribute_values(":video", text(video.id.to_string()));
            held(put.send().await.map_err(StoreError::sdk(OPERATION)))
        })
    }

    /// Gives the claim up, if it is this video's.
    pub fn unclaim<'a>(&'a self, video: &'a Video) -> Reply<'a, ()> {
        const OPERATION: &str = "giving a YouTube video up";
        Box::pin(async move {
            let Some(youtube_id) = video.youtube_id() else { return Ok(()) };
            let delete = self
                .dynamodb
                .delete_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::youtube(&video.owner, youtube_id).attributes()))
                .condition_expression("video = :video")
                .expression_attribute_values(":video", text(video.id.to_string()));
            held(delete.send().await.map_err(StoreError::sdk(OPERATION))).map(drop)
        })
    }
}

/// Whether the condition on the claim held.
fn held<T>(written: Result<T, StoreError>) -> Result<bool, StoreError> {
    match written {
        Ok(_) => Ok(true),
        Err(error) if error.is_conflict() => Ok(false),
        Err(error) => Err(error),
    }
}
