//! An account's library, as search reads it: which shards there are. The list is one row; what it lists is in the bucket.
//! `domain::library` says which shards are to become one.

use std::collections::HashMap;

use domain::ids::UserId;
use domain::library::{ShardEntry, ShardId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::ledger::TRIES;
use crate::rows::{from_row, to_row};
use crate::transact::retry_on_conflict;
use crate::{Reply, Store, StoreError};

/// The shards of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Library {
    /// In no order. A video may be in two of them, for a while, and may be gone.
    pub shards: Vec<ShardEntry>,
}

/// What is to become of a library's shards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LibraryChange {
    /// These come in. One that is there already is not there twice.
    pub added: Vec<ShardEntry>,
    /// These go.
    pub removed: Vec<ShardId>,
}

impl Store {
    /// The account's library. Strongly consistent: what is ready can be found.
    pub fn library(&self, user: UserId) -> Reply<'_, Library> {
        const OPERATION: &str = "reading a library";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::library(&user)).await?;
            Ok(row.map(|row| from_row(OPERATION, row)).transpose()?.unwrap_or_default())
        })
    }

    /// Changes a library. False, and nothing is changed, when one of the shards that are to go is gone already and it was
    /// not this change that took it out: a write whose answer was lost is sent again by the SDK, and finds itself done.
    /// Idempotent for what comes in.
    pub fn change_library(&self, user: UserId, change: LibraryChange) -> Reply<'_, bool> {
        const OPERATION: &str = "changing a library";
        Box::pin(async move {
            for _ in 0..TRIES {
                let read = self.library(user.clone()).await?;
                let is_there = |id: &ShardId| read.shards.iter().any(|shard| shard.id == *id);
                if !change.removed.iter().all(is_there) {
                    // Names of shards are never used twice: nobody else can have listed these.
                    let is_ours = change.added.iter().all(|shard| is_there(&shard.id));
                    return Ok(is_ours && !change.added.is_empty());
                }
                let mut shards = read.shards.clone();
                shards.retain(|shard| !change.removed.contains(&shard.id));
                shards.extend(change.added.iter().filter(|shard| !is_there(&shard.id)).cloned());
                if self.replace_library(OPERATION, &user, &read, &Library { shards }).await? {
                    return Ok(true);
                }
            }
            Err(StoreError::Busy { operation: OPERATION })
        })
    }

    /// False when the row is not any more the one that was read. The list is its own version: no name comes twice. One
    /// that lists nothing has no row, so nothing is left of an account whose last shard goes after the account did.
    async fn replace_library(
        &self,
        operation: &'static str,
        user: &UserId,
        read: &Library,
        library: &Library,
    ) -> Result<bool, StoreError> {
        let key = Key::library(user);
        let (condition, values) = if read.shards.is_empty() {
            ("attribute_not_exists(shards)", None)
        } else {
            let read = serde_dynamo::to_attribute_value(&read.shards);
            let read = read.map_err(StoreError::malformed(operation))?;
            ("shards = :read", Some(HashMap::from([(":read".to_owned(), read)])))
        };
        let replaced = if library.shards.is_empty() {
            let delete =
                self.dynamodb.delete_item().table_name(&self.names.table).set_key(Some(key.attributes()));
            let delete = delete.condition_expression(condition).set_expression_attribute_values(values);
            let delete =
                || async { delete.clone().send().await.map(drop).map_err(StoreError::sdk(operation)) };
            retry_on_conflict(operation, delete).await
        } else {
            let put = self.dynamodb.put_item().table_name(&self.names.table);
            let put = put.set_item(Some(to_row(operation, key, library)?));
            let put = put.condition_expression(condition).set_expression_attribute_values(values);
            let put = || async { put.clone().send().await.map(drop).map_err(StoreError::sdk(operation)) };
            retry_on_conflict(operation, put).await
        };
        Ok(StoreError::none_on_conflict(replaced)?.is_some())
    }

    /// The shards of an account that are stored, in its library or not, each with the time at which it was written.
    pub fn stored_shards(&self, user: UserId) -> Reply<'_, Vec<(ShardId, Timestamp)>> {
        const OPERATION: &str = "listing shards";
        Box::pin(async move {
            let prefix = keys::shards(&user);
            let list = self.s3().list_objects_v2().bucket(&self.names.bucket).prefix(&prefix);
            let pages =
                list.into_paginator().send().try_collect().await.map_err(StoreError::sdk(OPERATION))?;
            let objects = pages.iter().flat_map(|page| page.contents());
            let shard = |object: &aws_sdk_s3::types::Object| {
                let id = object.key()?.strip_prefix(&prefix)?.parse().ok()?;
                Some((id, Timestamp::from_second(object.last_modified()?.secs()).ok()?))
            };
            Ok(objects.filter_map(shard).collect())
        })
    }

    /// Removes every version of a shard.
    pub fn delete_shard(&self, user: UserId, id: ShardId) -> Reply<'_, ()> {
        Box::pin(async move { self.delete_under("removing a shard", &keys::shard(&user, id)).await })
    }

    /// Removes every version of every shard of an account.
    pub fn delete_shards(&self, user: UserId) -> Reply<'_, ()> {
        Box::pin(async move { self.delete_under("removing a library", &keys::shards(&user)).await })
    }
}
