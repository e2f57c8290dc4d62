//! A video ended by its owner. The video, what it holds of the account and what was set aside for it change in one
//! transaction, so that nothing is left half done.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::ids::{UserId, VideoId};
use domain::video::{Event, StateKind};
use jiff::{SignedDuration, Timestamp};

use super::states::in_state;
use super::{Origin, Video, is_not_buried};
use crate::callbacks::CallbackMessage;
use crate::keys::{BURIED, Key, OPEN};
use crate::ledger::{LedgerEntry, TRIES, WalletRow};
use crate::removal::LAST_WRITE;
use crate::rows::{from_row, number, text};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

/// Position in the transactions of the claim on a YouTube video, if there is one.
const CLAIM: usize = 1;

/// How a video's owner ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It stops, and stays in the library as cancelled.
    Cancel,
    /// It is taken out of the library, whatever its state.
    Remove,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// It came true. The video as it was before.
    Now(Box<Video>),
    /// There is nothing to cancel: it has ended by itself.
    Before,
    /// The account has no such video.
    Unknown,
}

impl Store {
    /// Ends a video at its owner's wish, and gives back what it held. Idempotent.
    pub fn end_video(&self, id: VideoId, owner: UserId, wish: Wish, now: Timestamp) -> Reply<'_, Ended> {
        const OPERATION: &str = "ending a video";
        Box::pin(async move {
            let (mut disclaims, mut accounted) = (true, false);
            for _ in 0..TRIES {
                let keys = [Key::video(id), Key::wallet(&owner), Key::ledger(&owner, id)];
                let [row, wallet, entry] = self.snapshot(OPERATION, keys).await?;
                let Some(row) = row.filter(is_not_buried) else { return Ok(Ended::Unknown) };
                accounted |= !row.contains_key("open");
                let video: Video = from_row(OPERATION, row)?;
                if video.owner != owner {
                    return Ok(Ended::Unknown);
                }
                let mut items = match wish {
                    Wish::Cancel if video.is_terminal() => return Ok(Ended::Before),
                    Wish::Cancel => {
                        let cancel = self.last_transition(id, Event::Cancelled, now);
                        vec![cancel.and_remove(&["open", "due"]).item(OPERATION)?]
                    }
                    Wish::Remove if video.is_terminal() && !accounted => {
                        // What it cost is still owed after it is gone. Of its end, nobody is told any more.
                        self.settle_account(&video, now).await?;
                        accounted = true;
                        continue;
                    }
                    Wish::Remove => vec![self.tombstone(OPERATION, &video, now)?],
                };
                if disclaims {
                    items.extend(self.held_claim(OPERATION, &video)?);
                }
                match wish {
                    Wish::Cancel if video.callback.is_some() => {
                        items.push(self.new_delivery(OPERATION, &video, now)?);
                    }
                    Wish::Cancel => {}
                    Wish::Remove => items.push(self.slot_back(OPERATION, &owner)?),
                }
                if !video.is_terminal() {
                    items.extend(self.upload_closing(OPERATION, &video)?);
                    let wallet = WalletRow::read(wallet, now)?;
                    let entry = entry.map(|row| from_row(OPERATION, row)).transpose()?;
                    items.extend(self.giving_back(OPERATION, &video, wallet, entry, now)?);
                }
                match self.transact(OPERATION, items).await? {
                    Outcome::Written => {
                        if wish == Wish::Cancel && video.callback.is_some() {
                            let first = CallbackMessage::first(&video);
                            self.enqueue_callback(first, SignedDuration::ZERO).await?;
                        }
                        return Ok(Ended::Now(Box::new(video)));
                    }
                    // A claim that is not its own is not its to give up.
                    outcome @ Outcome::Refused(_) => disclaims &= !outcome.refuses(CLAIM),
                }
            }
            Err(StoreError::Busy { operation: OPERATION })
        })
    }

    /// The row without its owner: in no list, and closed to every step that still runs. On the condition that it has
    /// ended, or that it has not, as it was read: what is given back depends on it.
    fn tombstone(
        &self,
        operation: &'static str,
        video: &Video,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        // The sweep asks again only if the queue has lost the message.
        let due = now + LAST_WRITE + LAST_WRITE;
        let (as_read, values) = in_state(|kind| kind.is_terminal() == video.is_terminal());
        Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::video(video.id).attributes()))
            .update_expression(format!(
                "SET {BURIED} = :now, buried_owner = #owner, #open = :open, due = :due REMOVE #owner"
            ))
            .condition_expression(format!("attribute_not_exists({BURIED}) AND {as_read}"))
            .expression_attribute_names("#open", "open")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":open", text(OPEN))
            .expression_attribute_values(":due", number(due.as_second()))
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed(operation))
    }

    /// The claim that a video has while it is not known to have failed.
    fn held_claim(
        &self,
        operation: &'static str,
        video: &Video,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        match (&video.origin, video.state.kind()) {
            (Origin::Youtube { .. }, StateKind::Queued | StateKind::Processing | StateKind::Ready) => {
                self.disclaim(operation, video)
            }
            (
                Origin::Youtube { .. },
                StateKind::AwaitingUpload | StateKind::Failed | StateKind::Cancelled,
            )
            | (Origin::Upload { .. } | Origin::Url { .. }, _) => Ok(None),
        }
    }

    fn slot_back(&self, operation: &'static str, owner: &UserId) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::account(owner).attributes()))
            .update_expression("ADD videos_used :minus")
            .expression_attribute_values(":minus", number(-1))
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed(operation))
    }

    /// The books without what was set aside for a video. The wallet is written even when that is nothing: a
    /// reservation made meanwhile changes its version, and then all of this is refused and tried again.
    fn giving_back(
        &self,
        operation: &'static str,
        video: &Video,
        read: WalletRow,
        entry: Option<LedgerEntry>,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let owner = &video.owner;
        Ok(match entry {
            Some(LedgerEntry::Reserved { secs, .. }) => vec![
                self.wallet_put(operation, owner, read, read.wallet.release(secs, now))?,
                self.entry_put(operation, owner, video.id, LedgerEntry::Released)?,
            ],
            Some(LedgerEntry::Committed { .. } | LedgerEntry::Released) | None => {
                vec![self.wallet_put(operation, owner, read, read.wallet)?]
            }
        })
    }
}
