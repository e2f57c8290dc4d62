//! Writing several rows or none, and waiting for others who do, or for a table that takes no more at the moment.

use std::future::Future;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};

use crate::rows::Row;
use crate::{Store, StoreError};

/// For this long a call that meets transactions of others is tried again. An endpoint that does so twice still answers
/// within the 15 s that its function has.
const LONGEST_WAIT: Duration = Duration::from_secs(6);
/// No pause between two tries is longer, in milliseconds.
const LONGEST_PAUSE: u64 = 640;

/// Why a row of a transaction could not be written at that moment, where another moment may do.
const HELD_UP: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// The pauses of one call that is held up.
pub(crate) struct Backoff {
    began: Instant,
    tries: u32,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), tries: 0 }
    }

    /// Pauses for a random part of a limit that doubles at every try: of those who met once, not all are to meet again.
    ///
    /// # Errors
    /// `Busy` when the call has been tried for long enough.
    pub(crate) async fn pause(&mut self, operation: &'static str) -> Result<(), StoreError> {
        if self.began.elapsed() >= LONGEST_WAIT {
            return Err(StoreError::Busy { operation });
        }
        let limit = (20 << self.tries.min(16)).min(LONGEST_PAUSE);
        self.tries += 1;
        // Half of it is as good as any other part, should there be no chance.
        let part = getrandom::u32().map_or(limit / 2, |roll| u64::from(roll) % limit);
        tokio::time::sleep(Duration::from_millis(part)).await;
        Ok(())
    }
}

/// Sends a write of one row until no transaction is writing that row.
///
/// # Errors
/// As the write's own; `Busy` when there always is one.
pub(crate) async fn retry_on_conflict<T, F>(
    operation: &'static str,
    write: impl Fn() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut backoff = Backoff::new();
    loop {
        match write().await {
            Err(error) if error.met_transaction() => backoff.pause(operation).await?,
            outcome => return outcome,
        }
    }
}

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

    /// Writes all items or none. Items that met another transaction, or a limit, are tried again.
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<Outcome, StoreError> {
        let mut backoff = Backoff::new();
        loop {
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
            // The SDK waits for what is throttled as a whole, and not for a transaction with such a row in it.
            if HELD_UP.iter().all(|code| positions(reasons, code).is_empty()) {
                return Err(StoreError::sdk(operation)(error));
            }
            backoff.pause(operation).await?;
        }
    }
}

fn positions(reasons: &[CancellationReason], code: &str) -> Vec<usize> {
    let matches = |(n, reason): (usize, &CancellationReason)| (reason.code() == Some(code)).then_some(n);
    reasons.iter().enumerate().filter_map(matches).collect()
}
