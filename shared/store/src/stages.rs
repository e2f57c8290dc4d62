//! How far each stage of a video is. Parts are a set, not a counter: a part that is done twice counts once.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::cost::Spent;
use domain::ids::VideoId;
use domain::stage::Stage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::keys::Key;
use crate::rows::{number, text};
use crate::{Reply, Store, StoreError};

/// A stage that has begun, in this generation of outputs or in an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageProgress {
    /// Which.
    pub stage: Stage,
    /// In how many parts its work is cut.
    pub parts: u32,
    /// The parts that are done.
    #[serde(default)]
    pub done: BTreeSet<u32>,
    /// When it began, at the first attempt that its present generation of outputs has. `None` where that generation has
    /// not come to it yet: only what it used for earlier ones is known.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// What its work has used so far.
    #[serde(flatten)]
    pub spent: Spent,
}

impl StageProgress {
    /// In percent. 100 only once it is finished.
    pub fn percent(&self) -> u8 {
        if self.finished_at.is_some() {
            return 100;
        }
        let share = self.done.len() as u64 * 100 / u64::from(self.parts.max(1));
        share.min(99) as u8
    }
}

impl Store {
    /// A stage began and is cut into this many parts.
    pub fn stage_begun(&self, id: VideoId, stage: Stage, parts: u32, now: Timestamp) -> Reply<'_, ()> {
        const OPERATION: &str = "recording the start of a stage";
        Box::pin(async move {
            self.dynamodb
                .update_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::stage(id, stage).attributes()))
                .update_expression(
                    "SET stage = :stage, parts = :parts, started_at = if_not_exists(started_at, :now)",
                )
                .expression_attribute_values(":stage", text(stage.name()))
                .expression_attribute_values(":parts", number(parts))
                .expression_attribute_values(":now", text(now.to_string()))
                .send()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            Ok(())
        })
    }

    /// The write that puts a stage which has begun back to its start, or, of those after it, to before that. What it has
    /// used so far stays used.
    pub(crate) fn stage_anew(
        &self,
        operation: &'static str,
        id: VideoId,
        stage: Stage,
        started_at: Option<Timestamp>,
    ) -> Result<TransactWriteItem, StoreError> {
        let update =
            Update::builder().table_name(&self.names.table).set_key(Some(Key::stage(id, stage).attributes()));
        let update = match started_at {
            Some(now) => update
                .update_expression("SET started_at = :now REMOVE done, finished_at")
                .expression_attribute_values(":now", text(now.to_string())),
            None => update.update_expression("REMOVE started_at, done, finished_at"),
        };
        update
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed(operation))
    }

    /// One part of a stage is done.
    pub fn part_done(&self, id: VideoId, stage: Stage, part: u32) -> Reply<'_, ()> {
        const OPERATION: &str = "recording a part of a stage";
        Box::pin(async move {
            self.dynamodb
                .update_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::stage(id, stage).attributes()))
                .update_expression("ADD done :part")
                // A part of a deleted video must not bring its row back.
                .condition_expression("attribute_exists(PK)")
                .expression_attribute_values(":part", AttributeValue::Ns(vec![part.to_string()]))
                .send()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            Ok(())
        })
    }

    /// A stage is done.
    pub fn stage_finished(&self, id: VideoId, stage: Stage, now: Timestamp) -> Reply<'_, ()> {
        const OPERATION: &str = "recording the end of a stage";
        Box::pin(async move {
            let written = self
                .dynamodb
                .update_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::stage(id, stage).attributes()))
                .update_expression("SET finished_at = if_not_exists(finished_at, :now)")
                .condition_expression("attribute_exists(PK)")
                .expression_attribute_values(":now", text(now.to_string()))
                .send()
                .await
                .map_err(StoreError::sdk(OPERATION));
            StoreError::none_on_conflict(written).map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_parts_once_and_keeps_a_hundred_for_the_end() {
        let begun = "2026-11-21T10:00:00Z".parse().unwrap();
        let mut progress = StageProgress {
            stage: Stage::Extract,
            parts: 3,
            done: BTreeSet::new(),
            started_at: Some(begun),
            finished_at: None,
            spent: Spent::default(),
        };
        assert_eq!(progress.percent(), 0);
        progress.done.extend([1, 1, 1]);
        assert_eq!(progress.percent(), 33);
        progress.done.extend([0, 2]);
        assert_eq!(progress.percent(), 99);
        progress.finished_at = Some(begun);
        assert_eq!(progress.percent(), 100);
    }
}
