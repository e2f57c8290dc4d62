//! Writing several rows or none.

use std::time::Duration;

use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};

use crate::rows::Row;
use crate::{Store, StoreError};

/// How often a transaction that met another one on the same row is tried again.
pub(crate) const CONFLICT_TRIES: u32 = 8;

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All rows are written.
    Written,
    /// No row is written, because the conditions of these items (by position) did not hold.
    Refused(Vec<usize>),
}

impl Outcome {
    /// Whether the condition of the item at that position did not hold.
    pub(crate) fn refuses(&self, position: usize) -> bool {
        match self {
            Self::Written => false,
            Self::Refused(positions) => positions.contains(&position),
        }
    }
}

impl Store {
    /// A row to write, on the condition that none is there.
    pub(crate) fn put_new(&self, operation: &'static str, row: Row) -> Result<TransactWriteItem, StoreError> {
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(PK)")
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build())
            .map_err(StoreError::malformed(operation))
    }

    /// Writes all items or none. Items that met another transaction are tried again with growing pauses.
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<Outcome, StoreError> {
        for attempt in 0..CONFLICT_TRIES {
            let sent =
                self.dynamodb.transact_write_items().set_transact_items(Some(items.clone())).send().await;
            let Err(error) = sent else { return Ok(Outcome::Written) };
            let reasons = error.as_service_error().and_then(|service| match service {
                aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
                    cancelled,
                ) => Some(cancelled.cancellation_reasons()),
                _ => None,
            });
            let Some(reasons) = reasons else { return Err(StoreError::sdk(operation)(error)) };
            let refused = positions(reasons, "ConditionalCheckFailed");
            if !refused.is_empty() {
                return Ok(Outcome::Refused(refused));
            }
            if positions(reasons, "TransactionConflict").is_empty() {
                return Err(StoreError::sdk(operation)(error));
            }
            pause(attempt).await;
        }
        Err(StoreError::Conflict { operation })
    }
}

fn positions(reasons: &[CancellationReason], code: &str) -> Vec<usize> {
    let matches = |(n, reason): (usize, &CancellationReason)| (reason.code() == Some(code)).then_some(n);
    reasons.iter().enumerate().filter_map(matches).collect()
}

/// 20 ms, doubled at every attempt.
pub(crate) async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
}
