//! Which videos run: so many at a time, and the others wait in line, in the order in which they were queued.
//!
//! A video in line is a row, and so is one that runs; how many run is a count. A row changes only in one transaction with
//! the count, so that no slot is taken twice or lost. What runs is started after that: whoever dies in between leaves a
//! row without an execution, which the sweep makes good.
//!
//! A limit of an account's own would be looked at in [`Store::start_waiting`]: who is over it is passed by, and keeps the
//! place in line.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, Update};
use domain::ids::{Attempt, VideoId};
use domain::video::StateKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{ADMISSION, Key, RUNNING_ROW, WAITING_ROW};
use crate::rows::{from_row, number, to_row};
use crate::transact::Outcome;
use crate::videos::Video;
use crate::{Reply, Store, StoreError};

/// Position in the transaction of the place in line that is left.
const LINE: usize = 0;
/// Position of the row of what runs.
const RUN: usize = 1;

/// A place in line.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Place {
    video: VideoId,
    attempt: Attempt,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    queued_at: Timestamp,
}

/// A run that has a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// Of which video.
    pub video: VideoId,
    /// Which run of it.
    pub attempt: Attempt,
    /// Since when.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub since: Timestamp,
}

/// The line as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// How many videos wait.
    pub videos: usize,
    /// Since when the first of them does.
    pub since: Option<Timestamp>,
}

/// How many runs have a slot.
#[derive(Deserialize)]
struct Count {
    /// Below zero only where somebody has changed the table by hand.
    running: i64,
}

/// What became of a wish for a slot.
enum Admission {
    /// It has one, now or since an earlier try.
    Granted,
    /// Somebody else has dealt with this place in line.
    Gone,
    /// All slots are taken.
    Full,
}

impl Place {
    fn key(&self) -> Key {
        Key::waiting(self.queued_at, self.video, self.attempt)
    }
}

impl Store {
    /// Puts a queued video in line. Idempotent: while it is queued it has one place. Nothing for a video that is not
    /// queued.
    pub fn join_line<'a>(&'a self, video: &'a Video) -> Reply<'a, ()> {
        const OPERATION: &str = "putting a video in line";
        Box::pin(async move {
            if video.state.kind() != StateKind::Queued {
                return Ok(());
            }
            // Of rows from before that was written down, the last change is the one that queued them.
            let queued_at = video.queued_at.unwrap_or(video.updated_at);
            let place = Place { video: video.id, attempt: video.attempt, queued_at };
            let row = to_row(OPERATION, place.key(), &place)?;
            let put = self.dynamodb.put_item().table_name(&self.names.table).set_item(Some(row));
            put.send().await.map(drop).map_err(StoreError::sdk(OPERATION))
        })
    }

    /// Starts the videos that have waited longest, until `most` run or none waits. Idempotent, and safe beside others
    /// who do the same. A run that cannot be started keeps its slot, is logged, and holds up nobody else: the sweep
    /// starts it.
    pub fn start_waiting(&self, most: u32, now: Timestamp) -> Reply<'_, ()> {
        Box::pin(async move {
            // A transaction holds the count's row even where it is refused, so that while all slots are taken those who
            // ask would be in the way of those who give one back.
            while self.running().await? < i64::from(most) {
                let Some(place) = self.first_in_line().await? else { break };
                let Some(video) = self.waiting_video(&place).await? else {
                    self.leave_line(&place).await?;
                    continue;
                };
                match self.admit(&place, most, now).await? {
                    Admission::Granted => self.start_admitted(&video).await,
                    Admission::Gone => {}
                    Admission::Full => break,
                }
            }
            Ok(())
        })
    }

    /// Gives a run's slot back. Nothing where it has none.
    pub fn release_slot(&self, video: VideoId, attempt: Attempt) -> Reply<'_, ()> {
        const OPERATION: &str = "giving a slot back";
        Box::pin(async move {
            let key = Key::running(video, attempt);
            let items = vec![self.removal_of(OPERATION, key)?, self.counted(OPERATION, -1, None)?];
            self.transact(OPERATION, items).await.map(drop)
        })
    }

    /// All runs that have a slot.
    pub fn admitted(&self) -> Reply<'_, Vec<Admitted>> {
        const OPERATION: &str = "listing what runs";
        Box::pin(async move {
            let rows = self.partition(OPERATION, ADMISSION.to_owned(), RUNNING_ROW).await?;
            rows.into_iter().map(|row| from_row(OPERATION, row)).collect()
        })
    }

    /// How long the line is.
    pub fn line(&self) -> Reply<'_, Line> {
        const OPERATION: &str = "looking along the line";
        Box::pin(async move {
            let rows = self.partition(OPERATION, ADMISSION.to_owned(), WAITING_ROW).await?;
            let videos = rows.len();
            let first = rows.into_iter().next().map(|row| from_row::<Place>(OPERATION, row)).transpose()?;
            Ok(Line { videos, since: first.map(|place| place.queued_at) })
        })
    }

    async fn running(&self) -> Result<i64, StoreError> {
        const OPERATION: &str = "counting what runs";
        let count = self.row(OPERATION, Key::running_count()).await?;
        let count = count.map(|row| from_row::<Count>(OPERATION, row)).transpose()?;
        Ok(count.map_or(0, |count| count.running))
    }

    /// Who asked for this may have nothing to do with the video, and is not to fail with it.
    async fn start_admitted(&self, video: &Video) {
        if let Err(error) = self.start_execution(video).await {
            let trace_id = video.trace_id.as_ref().map(|id| id.0.as_str());
            tracing::error!(video.id = %video.id, trace.id = trace_id, %error, "run not started; the sweep starts it");
        }
    }

    async fn first_in_line(&self) -> Result<Option<Place>, StoreError> {
        const OPERATION: &str = "looking at the line";
        let first = self.first_row(OPERATION, ADMISSION.to_owned(), WAITING_ROW).await?;
        first.map(|row| from_row(OPERATION, row)).transpose()
    }

    /// The video of a place in line; `None` where it has ended, is in another attempt, or cannot be read: nobody may
    /// keep all others waiting.
    async fn waiting_video(&self, place: &Place) -> Result<Option<Video>, StoreError> {
        match self.video(place.video).await {
            Ok(video) => Ok(video.filter(|video| video.attempt == place.attempt && !video.is_terminal())),
            Err(error @ StoreError::Malformed { .. }) => {
                tracing::error!(video.id = %place.video, %error, "waiting video left out");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Moves a video from the line to what runs, if there is a slot.
    async fn admit(&self, place: &Place, most: u32, now: Timestamp) -> Result<Admission, StoreError> {
        const OPERATION: &str = "letting a video run";
        let run = Admitted { video: place.video, attempt: place.attempt, since: now };
        let row = to_row(OPERATION, Key::running(place.video, place.attempt), &run)?;
        let items = vec![
            self.removal_of(OPERATION, place.key())?,
            self.put_new(OPERATION, row)?,
            self.counted(OPERATION, 1, Some(most))?,
        ];
        let outcome = self.transact(OPERATION, items).await?;
        Ok(match outcome {
            Outcome::Written => Admission::Granted,
            Outcome::Refused(_) if outcome.refuses(RUN) => {
                self.leave_line(place).await?;
                Admission::Granted
            }
            Outcome::Refused(_) if outcome.refuses(LINE) => Admission::Gone,
            Outcome::Refused(_) => Admission::Full,
        })
    }

    async fn leave_line(&self, place: &Place) -> Result<(), StoreError> {
        let delete = self.dynamodb.delete_item().table_name(&self.names.table);
        let delete = delete.set_key(Some(place.key().attributes()));
        delete.send().await.map(drop).map_err(StoreError::sdk("taking a video out of line"))
    }

    /// The removal of a row, on the condition that it is there.
    fn removal_of(&self, operation: &'static str, key: Key) -> Result<TransactWriteItem, StoreError> {
        Delete::builder()
            .table_name(&self.names.table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(PK)")
            .build()
            .map(|delete| TransactWriteItem::builder().delete(delete).build())
            .map_err(StoreError::malformed(operation))
    }

    /// The change of the count, on the condition that it is below the limit, if there is one.
    fn counted(
        &self,
        operation: &'static str,
        change: i32,
        limit: Option<u32>,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::running_count().attributes()))
            .update_expression("ADD running :change")
            .expression_attribute_values(":change", number(change));
        let update = match limit {
            Some(limit) => update
                .condition_expression("attribute_not_exists(running) OR running < :most")
                .expression_attribute_values(":most", number(limit)),
            None => update,
        };
        update
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed(operation))
    }
}
