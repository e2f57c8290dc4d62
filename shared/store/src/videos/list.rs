//! An account's videos, newest first: first their keys and states, then the rows of one page.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::ids::{UserId, VideoId};
use domain::video::VideoState;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Origin, Video, is_not_buried};
use crate::keys::{BY_OWNER, Key, OPEN, OPEN_WORK};
use crate::rows::{Row, from_row, number, text};
use crate::transact::Backoff;
use crate::{Reply, Store, StoreError};

/// Most rows that one BatchGetItem takes.
const BATCH: usize = 100;

/// What the owner's index tells of a video: enough to filter and count, not to show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoSummary {
    /// Its id.
    pub id: VideoId,
    /// Where it stands.
    #[serde(flatten)]
    pub state: VideoState,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// Videos of all accounts, as far as a page goes.
#[derive(Debug, Clone, PartialEq)]
pub struct VideosPage {
    /// In no order.
    pub videos: Vec<VideoSummary>,
    /// After which the next page begins; none after the last one.
    pub next: Option<(UserId, VideoId)>,
}

/// Where a page ends.
#[derive(Deserialize)]
struct Place {
    owner: UserId,
    id: VideoId,
}

impl Store {
    /// All videos of an account, newest first. Eventually consistent, as the index is.
    pub fn video_summaries(&self, owner: UserId) -> Reply<'_, Vec<VideoSummary>> {
        const OPERATION: &str = "listing videos";
        Box::pin(async move {
            let rows = self
                .dynamodb
                .query()
                .table_name(&self.names.table)
                .index_name(BY_OWNER)
                .key_condition_expression("#owner = :owner")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":owner", text(owner.0))
                .scan_index_forward(false)
                .into_paginator()
                .items()
                .send()
                .try_collect()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            rows.into_iter().map(|row| from_row(OPERATION, row)).collect()
        })
    }

    /// A page of everybody's videos, after this one in an order of the table's own.
    pub fn videos_of_all(&self, after: Option<(UserId, VideoId)>) -> Reply<'_, VideosPage> {
        const OPERATION: &str = "listing everybody's videos";
        Box::pin(async move {
            let start = after.map(|(owner, id)| {
                let mut start = Key::video(id).attributes();
                start.extend([("owner".to_owned(), text(owner.0)), ("id".to_owned(), text(id.to_string()))]);
                start
            });
            let scan = self.dynamodb.scan().table_name(&self.names.table).index_name(BY_OWNER);
            let page =
                scan.set_exclusive_start_key(start).send().await.map_err(StoreError::sdk(OPERATION))?;
            let next = page.last_evaluated_key().map(|last| from_row::<Place>(OPERATION, last.clone()));
            let next = next.transpose()?.map(|Place { owner, id }| (owner, id));
            let videos = page.items.unwrap_or_default().into_iter().map(|row| from_row(OPERATION, row));
            Ok(VideosPage { videos: videos.collect::<Result<_, _>>()?, next })
        })
    }

    /// Videos that somebody should look after by now, the longest due first.
    pub fn due(&self, now: Timestamp) -> Reply<'_, Vec<VideoId>> {
        const OPERATION: &str = "listing videos that are due";
        Box::pin(async move {
            let rows = self
                .dynamodb
                .query()
                .table_name(&self.names.table)
                .index_name(OPEN_WORK)
                .key_condition_expression("#open = :open AND due <= :now")
                .expression_attribute_names("#open", "open")
                .expression_attribute_values(":open", text(OPEN))
                .expression_attribute_values(":now", number(now.as_second()))
                .into_paginator()
                .items()
                .send()
                .try_collect()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            let id = |row: Row| row.get("id").and_then(|id| id.as_s().ok()).and_then(|id| id.parse().ok());
            Ok(rows.into_iter().filter_map(id).collect())
        })
    }

    /// The rows of these videos, in this order. One that is gone meanwhile is left out.
    pub fn videos(&self, ids: Vec<VideoId>) -> Reply<'_, Vec<Video>> {
        const OPERATION: &str = "reading a page of videos";
        Box::pin(async move {
            let mut found: HashMap<VideoId, Video> = HashMap::with_capacity(ids.len());
            for chunk in ids.chunks(BATCH) {
                let mut wanted = Some(
                    KeysAndAttributes::builder()
                        .set_keys(Some(chunk.iter().map(|id| Key::video(*id).attributes()).collect()))
                        .consistent_read(true)
                        .build()
                        .map_err(StoreError::malformed(OPERATION))?,
                );
                let mut backoff = Backoff::new();
                while let Some(keys) = wanted.take() {
                    let read =
                        self.dynamodb.batch_get_item().request_items(&self.names.table, keys).send().await;
                    let read = read.map_err(StoreError::sdk(OPERATION))?;
                    let rows = read.responses.unwrap_or_default().into_values().flatten();
                    for row in rows.filter(is_not_buried) {
                        let video: Video = from_row(OPERATION, row)?;
                        found.insert(video.id, video);
                    }
                    wanted = read.unprocessed_keys.and_then(|mut left| left.remove(&self.names.table));
                    if wanted.is_some() {
                        // The table takes no more at the moment, or the answer was full.
                        backoff.pause(OPERATION).await?;
                    }
                }
            }
            Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
        })
    }
}
