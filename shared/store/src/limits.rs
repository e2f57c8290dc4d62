//! Counters that are limits.

use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem, Update};
use domain::ids::UserId;
use domain::metering::Month;
use jiff::Timestamp;

use crate::keys::Key;
use crate::rows::number;
use crate::transact::retry_on_conflict;
use crate::{Reply, Store, StoreError};

/// A clock minute's count for one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Requests so far, this one included.
    pub count: u32,
    /// Unix time at which counting starts anew.
    pub resets_at: i64,
}

/// Whether a question may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuerySlot {
    /// It may; it has been counted.
    Taken,
    /// The month's questions are used up.
    Exhausted,
}

impl Store {
    /// Counts one request of `subject` in the current clock minute. Unconditional: one write, which returns
    /// the count whether or not it is over a limit.
    pub fn count_request(&self, scope: &'static str, subject: String, now: Timestamp) -> Reply<'_, Window> {
        const OPERATION: &str = "counting a request";
        Box::pin(async move {
            let minute = now.as_second().div_euclid(60);
            let resets_at = (minute + 1) * 60;
            let counted = self
                .dynamodb
                .update_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::rate(scope, &subject, minute).attributes()))
                .update_expression("ADD #count :one SET expires_at = if_not_exists(expires_at, :expires)")
                .expression_attribute_names("#count", "count")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":expires", number(resets_at + 300))
                .return_values(ReturnValue::UpdatedNew)
                .send()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            let count = read_count(OPERATION, counted.attributes.as_ref(), "count")?;
            Ok(Window { count, resets_at })
        })
    }

    /// Counts a question against the month's limit, if there is room.
    pub fn take_query(&self, user: UserId, limit: Option<u32>, now: Timestamp) -> Reply<'_, QuerySlot> {
        const OPERATION: &str = "counting a question";
        Box::pin(async move {
            let mut update = self
                .dynamodb
                .update_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::usage(&user, Month::of(now)).attributes()))
                .update_expression("ADD queries :one")
                .expression_attribute_values(":one", number(1));
            if let Some(limit) = limit {
                update = update
                    .condition_expression("attribute_not_exists(queries) OR queries < :limit")
                    .expression_attribute_values(":limit", number(limit));
            }
            // Another question of the account may be being given back.
            let count = || async { update.clone().send().await.map_err(StoreError::sdk(OPERATION)) };
            match StoreError::none_on_conflict(retry_on_conflict(OPERATION, count).await)? {
                Some(_) => Ok(QuerySlot::Taken),
                None => Ok(QuerySlot::Exhausted),
            }
        })
    }

    /// The write that gives a question back. Not idempotent: only in a transaction with what can be done once.
    pub(crate) fn given_back(
        &self,
        operation: &'static str,
        user: &UserId,
        asked_at: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::usage(user, Month::of(asked_at)).attributes()))
            .update_expression("ADD queries :minus")
            .condition_expression("queries > :zero")
            .expression_attribute_values(":minus", number(-1))
            .expression_attribute_values(":zero", number(0))
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed(operation))
    }

    /// Questions asked in the month of `now`.
    pub fn queries_used(&self, user: UserId, now: Timestamp) -> Reply<'_, u32> {
        const OPERATION: &str = "reading the usage";
        Box::pin(async move {
            let found = self
                .dynamodb
                .get_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::usage(&user, Month::of(now)).attributes()))
                .send()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            found.item.map_or(Ok(0), |row| read_count(OPERATION, Some(&row), "queries"))
        })
    }
}

fn read_count(
    operation: &'static str,
    row: Option<&crate::rows::Row>,
    name: &str,
) -> Result<u32, StoreError> {
    let count = row.and_then(|row| row.get(name)).and_then(|value| value.as_n().ok());
    count
        .and_then(|digits| digits.parse().ok())
        .ok_or(StoreError::Malformed { operation, cause: format!("{name} is not a number") })
}
