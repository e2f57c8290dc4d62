//! The uploads that an account has open: a set, whose size is the limit's condition.
//!
//! Each member says when its URL ends, so that an upload that never comes frees its place by itself.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::ids::{UserId, VideoId};
use domain::plan::CONCURRENT_UPLOADS;
use jiff::Timestamp;

use super::{Origin, Video};
use crate::keys::Key;
use crate::rows::number;
use crate::transact::retry_on_conflict;
use crate::{Store, StoreError};

fn member(id: VideoId, expires_at: Timestamp) -> String {
    format!("{}#{id}", expires_at.as_second())
}

/// When the upload of that member ends. Text that is no member has ended long ago.
fn end(member: &str) -> Timestamp {
    let second = member.split_once('#').and_then(|(second, _)| second.parse().ok());
    second.and_then(|second| Timestamp::from_second(second).ok()).unwrap_or(Timestamp::MIN)
}

impl Store {
    /// The write that opens an upload, on the condition that not too many are open.
    pub(super) fn open_upload(
        &self,
        owner: &UserId,
        id: VideoId,
        expires_at: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::uploads(owner).attributes()))
            .update_expression("ADD pending :upload")
            .condition_expression("attribute_not_exists(pending) OR size(pending) < :most")
            .expression_attribute_values(":upload", AttributeValue::Ss(vec![member(id, expires_at)]))
            .expression_attribute_values(":most", number(CONCURRENT_UPLOADS))
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed("opening an upload"))
    }

    /// Closes the uploads whose URLs have ended. False when there was none to close.
    pub(super) async fn close_expired_uploads(
        &self,
        owner: &UserId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "closing expired uploads";
        let open = self.open_uploads(OPERATION, owner).await?;
        let expired: Vec<String> = open.into_iter().filter(|member| end(member) <= now).collect();
        if expired.is_empty() {
            return Ok(false);
        }
        self.close(OPERATION, owner, expired).await?;
        Ok(true)
    }

    /// When the first of the open uploads ends; `now` when there is none.
    pub(super) async fn first_upload_end(
        &self,
        owner: &UserId,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let open = self.open_uploads("reading the open uploads", owner).await?;
        Ok(open.iter().map(|member| end(member)).min().unwrap_or(now))
    }

    async fn open_uploads(&self, operation: &'static str, owner: &UserId) -> Result<Vec<String>, StoreError> {
        let row = self.row(operation, Key::uploads(owner)).await?.unwrap_or_default();
        Ok(row.get("pending").and_then(|pending| pending.as_ss().ok()).cloned().unwrap_or_default())
    }

    /// The file has arrived, or will never be taken.
    pub(crate) async fn close_upload(&self, video: &Video) -> Result<(), StoreError> {
        match video.origin {
            Origin::Upload { upload_expires_at } => {
                let member = member(video.id, upload_expires_at);
                self.close("closing an upload", &video.owner, vec![member]).await
            }
            Origin::Url { .. } | Origin::Youtube { .. } => Ok(()),
        }
    }

    /// The write that closes a video's upload, if it is one.
    pub(super) fn upload_closing(
        &self,
        operation: &'static str,
        video: &Video,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Origin::Upload { upload_expires_at } = video.origin else { return Ok(None) };
        Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::uploads(&video.owner).attributes()))
            .update_expression("DELETE pending :over")
            .expression_attribute_values(
                ":over",
                AttributeValue::Ss(vec![member(video.id, upload_expires_at)]),
            )
            .build()
            .map(|update| Some(TransactWriteItem::builder().update(update).build()))
            .map_err(StoreError::malformed(operation))
    }

    async fn close(
        &self,
        operation: &'static str,
        owner: &UserId,
        members: Vec<String>,
    ) -> Result<(), StoreError> {
        let update = self
            .dynamodb
            .update_item()
            .table_name(&self.names.table)
            .set_key(Some(Key::uploads(owner).attributes()))
            .update_expression("DELETE pending :over")
            .expression_attribute_values(":over", AttributeValue::Ss(members));
        let update = || async { update.clone().send().await.map_err(StoreError::sdk(operation)) };
        retry_on_conflict(operation, update).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_ends_with_its_url() {
        let expires_at: Timestamp = "2026-11-21T10:15:00Z".parse().unwrap();
        let open = member("019ea186-6500-7c3e-9b1d-2f6a5e8d4c10".parse().unwrap(), expires_at);
        assert_eq!(end(&open), expires_at);
        assert_eq!(end("garbage"), Timestamp::MIN);
    }
}
