//! What is left of a video that was removed, or of an account that was deleted: taken away piece by piece.
//!
//! A video's removal begins with a tombstone that every other write respects (`videos/end.rs`): the video's row with
//! the time of its burial and without its owner, so that it is in no list. It stays until no Lambda that still runs
//! can write for the video any more.

use aws_sdk_s3::types::{Delete as DeleteObjects, ObjectIdentifier};
use domain::ids::{SessionId, UserId, VideoId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys::{
    self, BURIED, Key, PK, SESSION_ROW, SK, VECTORS_ROW, VIDEO_ROW, session_partition, video_partition,
};
use crate::rows::{Row, from_row};
use crate::{Reply, Store, StoreError};

/// No Lambda runs longer than 15 minutes, so none that began before the burial writes after this.
pub const LAST_WRITE: SignedDuration = SignedDuration::from_mins(15);

/// What stands for a removed video until nothing writes for it any more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tombstone {
    /// When it was buried.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub buried_at: Timestamp,
    /// Whose it was.
    pub buried_owner: UserId,
}

/// What is to be removed, as the purge queue carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purge {
    /// What a buried video left behind.
    Video(VideoId),
    /// Everything of a deleted account.
    Account(UserId),
    /// What is in the way of searching an account's library: videos that are gone, shards that are too many.
    Library(UserId),
    /// Vectors of a video that its present generation does not have; and those that it lacks are put.
    Vectors(VideoId),
    /// Nothing: asks for [`Self::Vectors`] of many videos.
    Backfill(Backfill),
}

/// Whose vectors are to be put.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// Those of this account's videos; of everybody's when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<UserId>,
    /// Of those that come after this one, in the order of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<(UserId, VideoId)>,
    /// Pages that were asked for before this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pages: u32,
}

/// The most pages of one backfill: each has a megabyte of rows, so these have some forty million videos. Every page is
/// asked for by the one before it, and Lambda is told not to look for loops there, so this is what ends one.
pub const MAX_PAGES: u32 = 10_000;

fn is_zero(pages: &u32) -> bool {
    *pages == 0
}

impl Backfill {
    /// What asks for the page after this one; `None` when there have been too many.
    pub fn next_page(&self, after: (UserId, VideoId)) -> Option<Self> {
        let pages = self.pages.saturating_add(1);
        (pages < MAX_PAGES).then(|| Self { account: self.account.clone(), after: Some(after), pages })
    }
}

impl Store {
    /// The tombstone of a video; `None` when it has none, or is gone altogether.
    pub fn tombstone_of(&self, id: VideoId) -> Reply<'_, Option<Tombstone>> {
        const OPERATION: &str = "reading a tombstone";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::video(id)).await?.filter(|row| row.contains_key(BURIED));
            row.map(|row| from_row(OPERATION, row)).transpose()
        })
    }

    /// Asks for a removal, after `delay` (15 minutes at most). Delivered at least once.
    pub fn enqueue_purge(&self, purge: Purge, delay: SignedDuration) -> Reply<'_, ()> {
        Box::pin(
            async move { self.send("queueing a removal", &self.names.purge_queue_url, &purge, delay).await },
        )
    }

    /// Removes every version of every object of a video.
    pub fn delete_objects(&self, id: VideoId) -> Reply<'_, ()> {
        Box::pin(async move {
            for prefix in keys::prefixes(id) {
                self.delete_under("removing a video's objects", &prefix).await?;
            }
            Ok(())
        })
    }

    /// Removes every version of every object whose key starts so.
    pub(crate) async fn delete_under(&self, operation: &'static str, prefix: &str) -> Result<(), StoreError> {
        // Always from the start: what was listed is gone by then. A page has at most 1,000, as has a removal.
        loop {
            let objects = self.versions_under(prefix).await?;
            if objects.is_empty() {
                return Ok(());
            }
            let objects = DeleteObjects::builder().set_objects(Some(objects)).quiet(true);
            let objects = objects.build().map_err(StoreError::malformed(operation))?;
            let delete = self.s3().delete_objects().bucket(&self.names.bucket).delete(objects);
            let deleted = delete.send().await.map_err(StoreError::sdk(operation))?;
            if let Some(error) = deleted.errors().first() {
                let code = error.code().unwrap_or("no code").to_owned();
                return Err(StoreError::malformed(operation)(std::io::Error::other(code)));
            }
        }
    }

    /// Keys of a page of what is stored under a prefix, old versions included.
    pub fn keys_under<'a>(&'a self, prefix: &'a str) -> Reply<'a, Vec<String>> {
        Box::pin(async move {
            let versions = self.versions_under(prefix).await?;
            Ok(versions.into_iter().map(|version| version.key).collect())
        })
    }

    async fn versions_under(&self, prefix: &str) -> Result<Vec<ObjectIdentifier>, StoreError> {
        const OPERATION: &str = "listing objects";
        let list = self.s3().list_object_versions().bucket(&self.names.bucket).prefix(prefix);
        let page = list.send().await.map_err(StoreError::sdk(OPERATION))?;
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        let identify = |(key, version): (Option<&str>, Option<&str>)| {
            let object = ObjectIdentifier::builder().key(key.unwrap_or_default());
            object
                .set_version_id(version.map(str::to_owned))
                .build()
                .map_err(StoreError::malformed(OPERATION))
        };
        versions.chain(markers).map(identify).collect()
    }

    /// Removes a video's chat sessions, answers and stages; its own row stays, and what says which vectors it has: a
    /// step under way may still put them.
    pub fn delete_history(&self, id: VideoId) -> Reply<'_, ()> {
        const OPERATION: &str = "removing a video's history";
        Box::pin(async move {
            for row in self.partition(OPERATION, video_partition(id), SESSION_ROW).await? {
                // The messages first: their session is how they are found.
                if let Some(session) = session_of(&row) {
                    for message in self.partition(OPERATION, session_partition(session), "").await? {
                        self.delete_row(OPERATION, message).await?;
                    }
                }
                self.delete_row(OPERATION, row).await?;
            }
            for row in self.partition(OPERATION, video_partition(id), "").await? {
                let sort = row.get(SK).and_then(|sort| sort.as_s().ok()).map_or("", String::as_str);
                if sort != VIDEO_ROW && !sort.starts_with(VECTORS_ROW) {
                    self.delete_row(OPERATION, row).await?;
                }
            }
            Ok(())
        })
    }

    /// Removes a tombstone. Nothing tells any more that there was a video.
    pub fn delete_tombstone(&self, id: VideoId) -> Reply<'_, ()> {
        const OPERATION: &str = "removing a tombstone";
        Box::pin(async move {
            let delete = self
                .dynamodb
                .delete_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::video(id).attributes()))
                .condition_expression(format!("attribute_not_exists({PK}) OR attribute_exists({BURIED})"));
            delete.send().await.map(drop).map_err(StoreError::sdk(OPERATION))
        })
    }

    /// Removes an account's API keys and rows. Its profile stays: it is the tombstone that keeps a token which is still
    /// valid from making the account anew. What is known of it as a customer stays too, see [`Self::delete_billing`].
    pub fn delete_account_rows(&self, user: UserId) -> Reply<'_, ()> {
        const OPERATION: &str = "removing an account";
        Box::pin(async move {
            for key in self.keys(user.clone()).await? {
                let by_hash = Key::api_key(&key.hash).attributes();
                self.delete_row(OPERATION, by_hash).await?;
            }
            let stays = [Key::account(&user), Key::billing(&user)].map(Key::attributes);
            for row in self.partition(OPERATION, keys::owner(&user), "").await? {
                if stays.iter().all(|key| row.get(SK) != key.get(SK)) {
                    self.delete_row(OPERATION, row).await?;
                }
            }
            Ok(())
        })
    }

    /// Removes what is known of an account as a customer. The last row of an erasure: it says whom the payment provider
    /// has yet to forget.
    pub fn delete_billing(&self, user: UserId) -> Reply<'_, ()> {
        Box::pin(async move {
            self.delete_row("removing an account's billing", Key::billing(&user).attributes()).await
        })
    }

    pub(crate) async fn delete_row(&self, operation: &'static str, row: Row) -> Result<(), StoreError> {
        let key = row.into_iter().filter(|(name, _)| name == PK || name == SK).collect();
        let delete = self.dynamodb.delete_item().table_name(&self.names.table).set_key(Some(key));
        delete.send().await.map(drop).map_err(StoreError::sdk(operation))
    }
}

fn session_of(row: &Row) -> Option<SessionId> {
    row.get("session")?.as_s().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last() -> (UserId, VideoId) {
        (UserId("user_1".to_owned()), "550e8400-e29b-41d4-a716-446655440000".parse().unwrap())
    }

    #[test]
    fn a_backfill_has_its_most_pages_and_no_more() {
        let pages = std::iter::successors(Some(Backfill::default()), |page| page.next_page(last()));
        assert_eq!(pages.take(MAX_PAGES as usize + 1).count(), MAX_PAGES as usize);
    }

    #[test]
    fn a_message_that_names_no_pages_asks_for_the_first() {
        let asked: Purge = serde_json::from_str(r#"{"backfill": {}}"#).unwrap();
        assert_eq!(asked, Purge::Backfill(Backfill::default()));
        let next = Backfill::default().next_page(last()).unwrap();
        let next = serde_json::to_value(Purge::Backfill(next)).unwrap();
        assert_eq!(next["backfill"]["pages"], 1, "{next}");
    }
}
