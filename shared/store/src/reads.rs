//! Strongly consistent reads of one row, or of the rows of one partition.

use crate::keys::{Key, PK, SK};
use crate::rows::{Row, text};
use crate::{Store, StoreError};

impl Store {
    /// The row at `key`.
    pub(crate) async fn row(&self, operation: &'static str, key: Key) -> Result<Option<Row>, StoreError> {
        let get = self.dynamodb.get_item().table_name(&self.names.table).set_key(Some(key.attributes()));
        Ok(get.consistent_read(true).send().await.map_err(StoreError::sdk(operation))?.item)
    }

    /// The rows of a partition whose sort keys start with `start`, in their order. An empty start takes all.
    pub(crate) async fn partition(
        &self,
        operation: &'static str,
        partition: String,
        start: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let mut query = self.dynamodb.query().table_name(&self.names.table).consistent_read(true);
        query = query.expression_attribute_values(":pk", text(partition));
        query = if start.is_empty() {
            query.key_condition_expression(format!("{PK} = :pk"))
        } else {
            query
                .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :sk)"))
                .expression_attribute_values(":sk", text(start))
        };
        query.into_paginator().items().send().try_collect().await.map_err(StoreError::sdk(operation))
    }
}
