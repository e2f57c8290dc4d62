//! The account's hours: the wallet and one ledger entry per video, written together or not at all.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::ids::{Attempt, UserId, VideoId};
use domain::metering::{InsufficientCredits, Receipt, Wallet};
use domain::plan::Plan;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::Key;
use crate::rows::{Row, from_row, number, to_row};
use crate::transact::Outcome;
use crate::videos::Video;
use crate::{Reply, Store, StoreError};

/// How often a wallet that changed under the writer is read again.
pub(crate) const TRIES: u32 = 32;
/// Position in the transaction of what else must hold.
const CONDITION: usize = 2;

/// What a video has done to its owner's wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum LedgerEntry {
    /// Seconds are set aside.
    Reserved {
        /// How many.
        secs: u64,
        /// For which run: what is left to do about an earlier one does not touch them.
        attempt: Attempt,
    },
    /// The video is paid for. Final.
    Committed {
        /// The bill.
        receipt: Receipt,
    },
    /// What was set aside is given back.
    Released,
}

/// What a reservation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// The seconds are set aside, now or by an earlier delivery of the same step.
    Held,
    /// The account has too few.
    Refused(InsufficientCredits),
    /// The video has ended, or is in another attempt: nothing is set aside.
    Over,
}

/// The wallet's row: the version makes the write conditional on what was read.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct WalletRow {
    version: u64,
    #[serde(flatten)]
    pub(crate) wallet: Wallet,
}

impl WalletRow {
    /// The wallet in this row; a new one if there is none.
    pub(crate) fn read(row: Option<Row>, now: Timestamp) -> Result<Self, StoreError> {
        let new = Self { version: 0, wallet: Wallet::new(now) };
        row.map_or(Ok(new), |row| from_row("reading a wallet", row))
    }
}

/// A change to both rows, as decided on what was read.
enum Change {
    /// Nothing is to be done.
    Settled,
    /// Nothing may be done.
    Refused(InsufficientCredits),
    /// Both rows become these.
    Write(Wallet, LedgerEntry),
}

impl Store {
    /// The account's wallet, with the counters of `now`'s month.
    pub fn wallet(&self, user: UserId, now: Timestamp) -> Reply<'_, Wallet> {
        Box::pin(async move { Ok(self.wallet_row(&user, now).await?.wallet.rolled(now)) })
    }

    /// Sets `secs` aside for a video while this attempt at it runs. Idempotent.
    pub fn reserve<'a>(
        &'a self,
        video: &'a Video,
        plan: Plan,
        secs: u64,
        now: Timestamp,
    ) -> Reply<'a, Reservation> {
        Box::pin(async move {
            // What comes after the video's end would be given back by nobody.
            let running = self.while_running(video)?;
            let attempt = video.attempt;
            let decide = |wallet: Wallet, entry: Option<LedgerEntry>| match entry {
                // Set aside for a run whose end was not settled before the owner tried again.
                Some(LedgerEntry::Reserved { secs, attempt: earlier }) if earlier < attempt => {
                    Change::Write(wallet, LedgerEntry::Reserved { secs, attempt })
                }
                Some(LedgerEntry::Reserved { .. } | LedgerEntry::Committed { .. }) => Change::Settled,
                Some(LedgerEntry::Released) | None => match wallet.reserve(plan, secs, now) {
                    Ok(wallet) => Change::Write(wallet, LedgerEntry::Reserved { secs, attempt }),
                    Err(refused) => Change::Refused(refused),
                },
            };
            self.change_books(&video.owner, video.id, now, decide, Some(running)).await
        })
    }

    /// Bills a video, at most as much as was set aside for it. Idempotent.
    pub fn commit(
        &self,
        user: UserId,
        plan: Plan,
        video: VideoId,
        secs: u64,
        now: Timestamp,
    ) -> Reply<'_, ()> {
        Box::pin(async move {
            let decide = |wallet: Wallet, entry: Option<LedgerEntry>| match entry {
                Some(LedgerEntry::Reserved { secs: held, .. }) => {
                    let (wallet, receipt) = wallet.commit(plan, held, secs, now);
                    Change::Write(wallet, LedgerEntry::Committed { receipt })
                }
                Some(LedgerEntry::Committed { .. } | LedgerEntry::Released) | None => Change::Settled,
            };
            self.change_books(&user, video, now, decide, None).await.map(drop)
        })
    }

    /// Gives back what was set aside for this attempt at a video. Idempotent; a bill stays a bill.
    pub fn release<'a>(&'a self, video: &'a Video, now: Timestamp) -> Reply<'a, ()> {
        Box::pin(async move {
            let decide = |wallet: Wallet, entry: Option<LedgerEntry>| match entry {
                Some(LedgerEntry::Reserved { secs, attempt }) if attempt <= video.attempt => {
                    Change::Write(wallet.release(secs, now), LedgerEntry::Released)
                }
                Some(
                    LedgerEntry::Reserved { .. } | LedgerEntry::Committed { .. } | LedgerEntry::Released,
                )
                | None => Change::Settled,
            };
            self.change_books(&video.owner, video.id, now, decide, None).await.map(drop)
        })
    }

    async fn change_books(
        &self,
        user: &UserId,
        video: VideoId,
        now: Timestamp,
        decide: impl Fn(Wallet, Option<LedgerEntry>) -> Change + Send,
        condition: Option<TransactWriteItem>,
    ) -> Result<Reservation, StoreError> {
        const OPERATION: &str = "writing the ledger";
        for _ in 0..TRIES {
            let keys = [Key::wallet(user), Key::ledger(user, video)];
            let [wallet, entry] = self.snapshot(OPERATION, keys).await?;
            let row = WalletRow::read(wallet, now)?;
            let entry = entry.map(|row| from_row(OPERATION, row)).transpose()?;
            let (wallet, next) = match decide(row.wallet, entry) {
                Change::Settled => return Ok(Reservation::Held),
                Change::Refused(refused) => return Ok(Reservation::Refused(refused)),
                Change::Write(wallet, next) => (wallet, next),
            };
            let mut items = vec![
                self.wallet_put(OPERATION, user, row, wallet)?,
                self.entry_put(OPERATION, user, video, next)?,
            ];
            items.extend(condition.clone());
            match self.transact(OPERATION, items).await? {
                Outcome::Written => return Ok(Reservation::Held),
                outcome @ Outcome::Refused(_) if outcome.refuses(CONDITION) => return Ok(Reservation::Over),
                Outcome::Refused(_) => continue,
            }
        }
        Err(StoreError::Busy { operation: OPERATION })
    }

    /// The next version of a wallet, on the condition that nobody else has written it since it was read.
    pub(crate) fn wallet_put(
        &self,
        operation: &'static str,
        user: &UserId,
        read: WalletRow,
        wallet: Wallet,
    ) -> Result<TransactWriteItem, StoreError> {
        let next = WalletRow { version: read.version + 1, wallet };
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(to_row(operation, Key::wallet(user), &next)?))
            .condition_expression("attribute_not_exists(PK) OR version = :version")
            .expression_attribute_values(":version", number(read.version))
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build())
            .map_err(StoreError::malformed(operation))
    }

    /// A video's next entry. Only together with the wallet, whose version says that nothing has changed.
    pub(crate) fn entry_put(
        &self,
        operation: &'static str,
        user: &UserId,
        video: VideoId,
        next: LedgerEntry,
    ) -> Result<TransactWriteItem, StoreError> {
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(to_row(operation, Key::ledger(user, video), &next)?))
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build())
            .map_err(StoreError::malformed(operation))
    }

    pub(crate) async fn wallet_row(&self, user: &UserId, now: Timestamp) -> Result<WalletRow, StoreError> {
        WalletRow::read(self.row("reading a wallet", Key::wallet(user)).await?, now)
    }
}
