//! Between the table's rows and the types of this crate.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::keys::Key;

/// A row as the SDK has it.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// The row of `value` at `key`.
pub(crate) fn to_row<T: Serialize>(operation: &'static str, key: Key, value: &T) -> Result<Row, StoreError> {
    let mut row: Row = serde_dynamo::to_item(value).map_err(StoreError::malformed(operation))?;
    row.extend(key.attributes());
    Ok(row)
}

/// What the row holds.
pub(crate) fn from_row<T: DeserializeOwned>(operation: &'static str, row: Row) -> Result<T, StoreError> {
    serde_dynamo::from_item(row).map_err(StoreError::malformed(operation))
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
