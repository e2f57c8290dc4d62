//! Accounts: made on first sight of a valid token, and never again once they were deleted.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use domain::ids::UserId;
use domain::plan::Plan;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::Key;
use crate::rows::{from_row, number, text};
use crate::transact::retry_on_conflict;
use crate::{Reply, Store, StoreError};

/// The condition that an account was not deleted.
pub(crate) const NOT_DELETED: &str = "attribute_not_exists(deleted_at)";

/// An account as the limits see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub user: UserId,
    /// What it pays for.
    pub plan: Plan,
    /// Videos held, failed ones and jobs included.
    pub videos_used: u32,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When its owner deleted it. The row stays when everything else is erased: without it, a token that is still
    /// valid would make the account anew.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

impl Store {
    /// The account of `user`, made when it is not there yet.
    pub fn account(&self, user: UserId, now: Timestamp) -> Reply<'_, Account> {
        const OPERATION: &str = "reading an account";
        Box::pin(async move {
            let key = Key::account(&user).attributes();
            let found =
                self.dynamodb.get_item().table_name(&self.names.table).set_key(Some(key)).send().await;
            if let Some(row) = found.map_err(StoreError::sdk(OPERATION))?.item {
                return from_row(OPERATION, row);
            }
            let make = self.make_account(user, now, "").return_values(ReturnValue::AllNew);
            let make = || async { make.clone().send().await.map_err(StoreError::sdk(OPERATION)) };
            let made = retry_on_conflict(OPERATION, make).await?;
            from_row(OPERATION, made.attributes.unwrap_or_default())
        })
    }

    /// Makes an account. Two first requests may meet here: whichever comes second changes nothing of it. `also` is
    /// what else is set, whether or not the account was there.
    fn make_account(&self, user: UserId, now: Timestamp, also: &str) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&self.names.table)
            .set_key(Some(Key::account(&user).attributes()))
            .update_expression(format!(
                "SET #user = :user, #plan = if_not_exists(#plan, :plan), \
                 videos_used = if_not_exists(videos_used, :zero), created_at = if_not_exists(created_at, :now){also}"
            ))
            .expression_attribute_names("#user", "user")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":user", text(user.0))
            .expression_attribute_values(":plan", text(Plan::default().name()))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":now", text(now.to_string()))
    }

    /// Marks an account as deleted, whether or not it was ever seen. Idempotent.
    pub fn mark_deleted(&self, user: UserId, now: Timestamp) -> Reply<'_, ()> {
        const OPERATION: &str = "marking an account as deleted";
        Box::pin(async move {
            let mark = self.make_account(user, now, ", deleted_at = if_not_exists(deleted_at, :now)");
            let mark = || async { mark.clone().send().await.map_err(StoreError::sdk(OPERATION)) };
            retry_on_conflict(OPERATION, mark).await.map(drop)
        })
    }

    /// When an account was deleted; `None` when it was not. Strongly consistent.
    pub fn account_deleted(&self, user: UserId) -> Reply<'_, Option<Timestamp>> {
        const OPERATION: &str = "reading an account's mark";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::account(&user)).await?;
            let account: Option<Account> = row.map(|row| from_row(OPERATION, row)).transpose()?;
            Ok(account.and_then(|account| account.deleted_at))
        })
    }

    /// Puts an account on a plan.
    pub fn set_plan(&self, user: UserId, plan: Plan, now: Timestamp) -> Reply<'_, ()> {
        const OPERATION: &str = "changing a plan";
        Box::pin(async move {
            self.account(user.clone(), now).await?;
            let update = self
                .dynamodb
                .update_item()
                .table_name(&self.names.table)
                .set_key(Some(Key::account(&user).attributes()))
                .update_expression("SET #plan = :plan")
                .expression_attribute_names("#plan", "plan")
                .expression_attribute_values(":plan", text(plan.name()));
            let update = || async { update.clone().send().await.map_err(StoreError::sdk(OPERATION)) };
            retry_on_conflict(OPERATION, update).await.map(drop)
        })
    }
}
