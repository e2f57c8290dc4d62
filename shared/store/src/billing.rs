//! What the payment provider says of an account: subscriptions, and credits that were bought.
//!
//! An event's id is written in the same transaction as its effect, so that an event that is delivered again, or twice
//! at once, changes nothing.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::billing::{Subscription, plan_of};
use domain::ids::UserId;
use domain::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::accounts::Account;
use crate::keys::Key;
use crate::rows::{from_row, number, text, to_row};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

/// How often an account that changed under the writer is read again.
const TRIES: u32 = 32;
/// How long event ids are kept. Stripe delivers an event for three days, and again for 30 when asked to.
const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(35 * 24);

/// What is known of an account as a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Billing {
    /// Grows at every change; what was offered for one version is out of date at the next.
    pub version: u64,
    /// The provider's id of the customer, once something was bought.
    pub customer: Option<String>,
    /// The last report of each subscription, by the provider's id. Ended ones stay, so that late reports are known as
    /// such.
    #[serde(default)]
    pub subscriptions: BTreeMap<String, Subscription>,
}

impl Billing {
    /// The plan that is paid for.
    pub fn plan(&self) -> Plan {
        plan_of(self.subscriptions.values())
    }
}

/// What an event of the payment provider is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingEvent {
    /// Its id, the same at every delivery.
    pub id: String,
    /// Whose account.
    pub user: UserId,
    /// The provider's id of the customer.
    pub customer: Option<String>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is in the books, now.
    Written,
    /// It was there before.
    Repeated,
    /// A newer report of the same subscription is known.
    Outdated,
    /// There is no such account, or it has been deleted.
    NoAccount,
}

impl Store {
    /// What is known of the account as a customer.
    pub fn billing(&self, user: UserId) -> Reply<'_, Billing> {
        const OPERATION: &str = "reading the billing of an account";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::billing(&user)).await?;
            row.map_or_else(|| Ok(Billing::default()), |row| from_row(OPERATION, row))
        })
    }

    /// Records a report of a subscription and puts the account on the plan that follows.
    ///
    /// The plan moves only when what the subscriptions give changes, and never away from enterprise: plans that people
    /// gave are not the provider's to take.
    pub fn record_subscription(
        &self,
        event: BillingEvent,
        subscription: String,
        report: Subscription,
        now: Timestamp,
    ) -> Reply<'_, Effect> {
        const OPERATION: &str = "recording a subscription";
        Box::pin(async move {
            for _ in 0..TRIES {
                let (account, known) =
                    futures::try_join!(self.customer_account(&event.user), self.billing(event.user.clone()))?;
                let Some(account) = account else { return Ok(Effect::NoAccount) };
                if known.subscriptions.get(&subscription).is_some_and(|last| !report.supersedes(last)) {
                    return Ok(Effect::Outdated);
                }
                let mut next = known.clone();
                next.subscriptions.insert(subscription.clone(), report);
                // The customer who subscribes is the one whose portal has something to manage.
                next.customer = event.customer.clone().or(next.customer);
                let mut items = vec![
                    self.event_put(OPERATION, &event, now)?,
                    self.billing_put(OPERATION, &event.user, next.clone())?,
                ];
                if next.plan() != known.plan() && account.plan != Plan::Enterprise {
                    items.push(self.plan_update(OPERATION, &account, next.plan())?);
                }
                match self.transact(OPERATION, items).await? {
                    Outcome::Written => return Ok(Effect::Written),
                    Outcome::Refused(conditions) if conditions.contains(&0) => return Ok(Effect::Repeated),
                    Outcome::Refused(_) => continue,
                }
            }
            Err(StoreError::Busy { operation: OPERATION })
        })
    }

    /// Adds credits that were bought to the account's wallet, once per purchase, whichever events report it.
    pub fn add_credits(
        &self,
        event: BillingEvent,
        purchase: String,
        secs: u64,
        now: Timestamp,
    ) -> Reply<'_, Effect> {
        const OPERATION: &str = "adding credits";
        Box::pin(async move {
            for _ in 0..TRIES {
                let (account, mut billing, wallet) = futures::try_join!(
                    self.customer_account(&event.user),
                    self.billing(event.user.clone()),
                    self.wallet_row(&event.user, now)
                )?;
                if account.is_none() {
                    return Ok(Effect::NoAccount);
                }
                billing.customer = billing.customer.or_else(|| event.customer.clone());
                let credited = wallet.wallet.add_credits(secs, now);
                let bought =
                    to_row(OPERATION, Key::purchase(&event.user, &purchase), &Purchase { secs, at: now })?;
                let items = vec![
                    self.event_put(OPERATION, &event, now)?,
                    self.put_new(OPERATION, bought)?,
                    self.wallet_put(OPERATION, &event.user, wallet, credited)?,
                    self.billing_put(OPERATION, &event.user, billing)?,
                ];
                match self.transact(OPERATION, items).await? {
                    Outcome::Written => return Ok(Effect::Written),
                    Outcome::Refused(conditions) if conditions.iter().any(|position| *position < 2) => {
                        return Ok(Effect::Repeated);
                    }
                    Outcome::Refused(_) => continue,
                }
            }
            Err(StoreError::Busy { operation: OPERATION })
        })
    }

    /// The account, if there is one that has not been deleted. Never made here: only its owner's token does that.
    async fn customer_account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        const OPERATION: &str = "reading a customer's account";
        let row = self.row(OPERATION, Key::account(user)).await?;
        let account: Option<Account> = row.map(|row| from_row(OPERATION, row)).transpose()?;
        Ok(account.filter(|account| account.deleted_at.is_none()))
    }

    /// The event's own row. Fails the transaction when it is there already.
    fn event_put(
        &self,
        operation: &'static str,
        event: &BillingEvent,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let seen = SeenEvent { expires_at: (now + EVENTS_KEPT).as_second() };
        self.put_new(operation, to_row(operation, Key::stripe_event(&event.id), &seen)?)
    }

    /// The next version of what is known, on the condition that nobody else has written it.
    fn billing_put(
        &self,
        operation: &'static str,
        user: &UserId,
        known: Billing,
    ) -> Result<TransactWriteItem, StoreError> {
        let version = known.version;
        let next = Billing { version: version + 1, ..known };
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(to_row(operation, Key::billing(user), &next)?))
            .condition_expression("attribute_not_exists(PK) OR version = :version")
            .expression_attribute_values(":version", number(version))
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build())
            .map_err(StoreError::malformed(operation))
    }

    /// Puts the account on a plan, on the condition that it is still as it was read.
    fn plan_update(
        &self,
        operation: &'static str,
        account: &Account,
        plan: Plan,
    ) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::account(&account.user).attributes()))
            .update_expression("SET #plan = :plan")
            .condition_expression("#plan = :seen AND attribute_not_exists(deleted_at)")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":plan", text(plan.name()))
            .expression_attribute_values(":seen", text(account.plan.name()))
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed(operation))
    }
}

/// That an event has had its effect.
#[derive(Debug, Serialize)]
struct SeenEvent {
    /// Unix time, for the table's TTL.
    expires_at: i64,
}

/// A credit pack that was bought. Kept for good, as credits are.
#[derive(Debug, Serialize)]
struct Purchase {
    /// Seconds of credit.
    secs: u64,
    /// When they were added.
    at: Timestamp,
}
