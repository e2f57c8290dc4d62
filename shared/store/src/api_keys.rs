//! API keys: looked up by hash, strongly consistent, so that a revocation holds from the next request.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use domain::api_key::{KeyHash, KeyPrefix, Scope};
use domain::api_version::ApiVersion;
use domain::ids::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::NOT_DELETED;
use crate::keys::{KEY_ROW, Key, owner};
use crate::rows::{from_row, to_row};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

/// What is stored of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Whose.
    pub user: UserId,
    /// SHA-256 of the key.
    pub hash: KeyHash,
    /// What people see of it.
    pub prefix: KeyPrefix,
    /// Its owner's label.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What the contract's words mean to its clients.
    #[serde(default)]
    pub api_version: ApiVersion,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// What became of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAdded {
    /// It is stored.
    Yes,
    /// The account has a key of that prefix already: draw another.
    PrefixTaken,
    /// The account has been deleted.
    AccountDeleted,
}

/// Position of the account in the transaction.
const OWNER: usize = 0;

impl Store {
    /// Stores a new key.
    pub fn add_key(&self, record: KeyRecord) -> Reply<'_, KeyAdded> {
        const OPERATION: &str = "storing an API key";
        Box::pin(async move {
            let by_hash = self.put_new(OPERATION, to_row(OPERATION, Key::api_key(&record.hash), &record)?)?;
            let owners = Key::key_of_owner(&record.user, &record.prefix);
            let by_owner = self.put_new(OPERATION, to_row(OPERATION, owners, &record)?)?;
            // One that is stored behind its owner's erasure would hold for ever.
            let owner = ConditionCheck::builder()
                .table_name(&self.names.table)
                .set_key(Some(Key::account(&record.user).attributes()))
                .condition_expression(NOT_DELETED)
                .build()
                .map(|check| TransactWriteItem::builder().condition_check(check).build())
                .map_err(StoreError::malformed(OPERATION))?;
            let outcome = self.transact(OPERATION, vec![owner, by_hash, by_owner]).await?;
            Ok(match outcome {
                Outcome::Written => KeyAdded::Yes,
                Outcome::Refused(_) if outcome.refuses(OWNER) => KeyAdded::AccountDeleted,
                Outcome::Refused(_) => KeyAdded::PrefixTaken,
            })
        })
    }

    /// The key with that hash.
    pub fn key(&self, hash: KeyHash) -> Reply<'_, Option<KeyRecord>> {
        const OPERATION: &str = "reading an API key";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::api_key(&hash)).await?;
            row.map(|row| from_row(OPERATION, row)).transpose()
        })
    }

    /// All keys of an account, newest first.
    pub fn keys(&self, user: UserId) -> Reply<'_, Vec<KeyRecord>> {
        const OPERATION: &str = "listing API keys";
        Box::pin(async move {
            let rows = self.partition(OPERATION, owner(&user), KEY_ROW).await?;
            let mut keys: Vec<KeyRecord> =
                rows.into_iter().map(|row| from_row(OPERATION, row)).collect::<Result<_, _>>()?;
            keys.sort_by(|a, b| (b.created_at, &b.hash.0).cmp(&(a.created_at, &a.hash.0)));
            Ok(keys)
        })
    }

    /// Revokes a key for good. False when the account has no such key.
    pub fn revoke_key(&self, user: UserId, prefix: KeyPrefix) -> Reply<'_, bool> {
        const OPERATION: &str = "revoking an API key";
        Box::pin(async move {
            let by_owner = Key::key_of_owner(&user, &prefix);
            let Some(row) = self.row(OPERATION, by_owner.clone()).await? else { return Ok(false) };
            let record: KeyRecord = from_row(OPERATION, row)?;
            let revoke = |key: Key| {
                Update::builder()
                    .table_name(&self.names.table)
                    .set_key(Some(key.attributes()))
                    .update_expression("SET revoked = :revoked")
                    .condition_expression("attribute_exists(PK)")
                    .expression_attribute_values(":revoked", AttributeValue::Bool(true))
                    .build()
                    .map(|update| TransactWriteItem::builder().update(update).build())
                    .map_err(StoreError::malformed(OPERATION))
            };
            let items = vec![revoke(Key::api_key(&record.hash))?, revoke(by_owner)?];
            Ok(self.transact(OPERATION, items).await? == Outcome::Written)
        })
    }
}
