//! Strongly consistent reads of one row, of several as they are at one moment, or of the rows of one partition.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{Get, TransactGetItem};

use crate::keys::{Key, PK, SK};
use crate::rows::{Row, text};
use crate::transact::Backoff;
use crate::{Store, StoreError};

impl Store {
    /// The row at `key`.
    pub(crate) async fn row(&self, operation: &'static str, key: Key) -> Result<Option<Row>, StoreError> {
        let get = self.dynamodb.get_item().table_name(&self.names.table).set_key(Some(key.attributes()));
        Ok(get.consistent_read(true).send().await.map_err(StoreError::sdk(operation))?.item)
    }

    /// The rows at these keys, as they are at one moment.
    pub(crate) async fn snapshot<const N: usize>(
        &self,
        operation: &'static str,
        keys: [Key; N],
    ) -> Result<[Option<Row>; N], StoreError> {
        let mut gets = Vec::with_capacity(N);
        for key in keys {
            let get = Get::builder().table_name(&self.names.table).set_key(Some(key.attributes())).build();
            gets.push(TransactGetItem::builder().get(get.map_err(StoreError::malformed(operation))?).build());
        }
        let mut backoff = Backoff::new();
        loop {
            let read = self.dynamodb.transact_get_items().set_transact_items(Some(gets.clone())).send().await;
            let read = match read {
                Ok(read) => read,
                // A transaction is being written to one of them.
                Err(error) if error.code() == Some("TransactionCanceledException") => {
                    backoff.pause(operation).await?;
                    continue;
                }
                Err(error) => return Err(StoreError::sdk(operation)(error)),
            };
            let rows: Vec<_> = read.responses.unwrap_or_default().into_iter().map(|row| row.item).collect();
            return rows.try_into().map_err(|_| StoreError::malformed(operation)("not one answer per key"));
        }
    }

    /// The rows of a partition whose sort keys start with `start`, in their order. An empty start takes all.
    pub(crate) async fn partition(
        &self,
        operation: &'static str,
        partition: String,
        start: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let query = self.query(partition);
        let query = if start.is_empty() {
            query.key_condition_expression(format!("{PK} = :pk"))
        } else {
            query
                .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :sk)"))
                .expression_attribute_values(":sk", text(start))
        };
        all_rows(operation, query).await
    }

    /// The first of the rows of a partition whose sort keys start with `start`.
    pub(crate) async fn first_row(
        &self,
        operation: &'static str,
        partition: String,
        start: &str,
    ) -> Result<Option<Row>, StoreError> {
        let query = self
            .query(partition)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :sk)"))
            .expression_attribute_values(":sk", text(start))
            .limit(1);
        let found = query.send().await.map_err(StoreError::sdk(operation))?;
        Ok(found.items.and_then(|rows| rows.into_iter().next()))
    }

    /// The rows of a partition from sort key `first` to `last`, both included, in their order.
    pub(crate) async fn rows_between(
        &self,
        operation: &'static str,
        partition: String,
        first: &str,
        last: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let query = self
            .query(partition)
            .key_condition_expression(format!("{PK} = :pk AND {SK} BETWEEN :first AND :last"))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last));
        all_rows(operation, query).await
    }

    fn query(&self, partition: String) -> QueryFluentBuilder {
        let query = self.dynamodb.query().table_name(&self.names.table).consistent_read(true);
        query.expression_attribute_values(":pk", text(partition))
    }
}

async fn all_rows(operation: &'static str, query: QueryFluentBuilder) -> Result<Vec<Row>, StoreError> {
    query.into_paginator().items().send().try_collect().await.map_err(StoreError::sdk(operation))
}
