//! Callbacks: one row per job that asked to be called back and has ended, with what each attempt came to.
//!
//! The row is in the open work until its last attempt, and its deadline there is that of the next one: whatever loses a
//! message or a schedule, the sweep asks for the attempt again.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use aws_sdk_scheduler::error::ProvideErrorMetadata;
use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, Target};
use domain::callback::{AfterAttempt, CallbackOutcome, CallbackStatus};
use domain::ids::{Attempt, VideoId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys::{Key, OPEN, PK};
use crate::rows::{from_row, number, text, to_row};
use crate::transact::Outcome;
use crate::videos::{SWEEP_DELAY, Video};
use crate::{Reply, Store, StoreError};

/// The longest time that a queue keeps a message back.
const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(15);
/// Whoever makes an attempt has given up or died by then: the function's time limit is 30 s.
const ATTEMPT_LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// The condition that an attempt is the one to be made next, and was not made yet.
const IS_NEXT: &str = "#run = :run AND #status = :pending AND size(attempts) = :before";

/// How telling a job's end fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which run of the job ended: a retried job ends again, and is told about again.
    pub run: Attempt,
    /// Whether another attempt follows.
    pub status: CallbackStatus,
    /// The attempts so far, in their order.
    pub attempts: Vec<CallbackAttempt>,
    /// When the next one is due, if one follows.
    pub next_at: Option<Timestamp>,
}

/// An attempt that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackAttempt {
    /// When it began.
    pub at: Timestamp,
    /// What it came to.
    #[serde(flatten)]
    pub outcome: CallbackOutcome,
}

/// One attempt to be made, as the callback queue carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackMessage {
    /// Which job.
    pub video_id: VideoId,
    /// Which of its runs ended.
    pub run: Attempt,
    /// Which attempt to tell it, from 1.
    pub number: usize,
}

impl CallbackMessage {
    /// The first attempt to tell how the video's present run ended.
    pub(crate) fn first(video: &Video) -> Self {
        Self { video_id: video.id, run: video.attempt, number: 1 }
    }

    /// The attempt after this one.
    fn next(self) -> Self {
        Self { number: self.number + 1, ..self }
    }

    /// The name of the attempt's schedule: the same however often it is asked for.
    fn schedule_name(self) -> String {
        format!("{}-{}-{}", self.video_id, self.run.0, self.number)
    }
}

/// A row of the table, which is also in the index of open work.
#[derive(Serialize)]
struct Row<'a> {
    id: VideoId,
    #[serde(flatten)]
    delivery: &'a Delivery,
    open: &'static str,
    due: i64,
}

impl Store {
    /// Sees to it that the end of a job is told, if it asked for that: asks for the first attempt, or for one that is
    /// overdue. Idempotent.
    pub fn arm_callback<'a>(&'a self, video: &'a Video, now: Timestamp) -> Reply<'a, ()> {
        const OPERATION: &str = "arming a callback";
        Box::pin(async move {
            if video.callback.is_none() || !video.is_terminal() {
                return Ok(());
            }
            let message =
                match self.transact(OPERATION, vec![self.new_delivery(OPERATION, video, now)?]).await? {
                    Outcome::Written => CallbackMessage::first(video),
                    Outcome::Refused(_) => match self.delivery(video.id).await? {
                        Some(known) if known.next_at.is_some_and(|at| at + SWEEP_DELAY <= now) => {
                            CallbackMessage {
                                video_id: video.id,
                                run: known.run,
                                number: known.attempts.len() + 1,
                            }
                        }
                        Some(_) | None => return Ok(()),
                    },
                };
            self.enqueue_callback(message, SignedDuration::ZERO).await
        })
    }

    /// The write that opens the delivery of a run's end, on the condition that it is not open yet.
    pub(crate) fn new_delivery(
        &self,
        operation: &'static str,
        video: &Video,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let delivery = Delivery {
            run: video.attempt,
            status: CallbackStatus::Pending,
            attempts: vec![],
            next_at: Some(now),
        };
        let row = Row { id: video.id, delivery: &delivery, open: OPEN, due: (now + SWEEP_DELAY).as_second() };
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(to_row(operation, Key::callback(video.id), &row)?))
            // What an earlier run of a retried job came to is nobody's news any more.
            .condition_expression(format!("attribute_not_exists({PK}) OR #run < :run"))
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":run", number(video.attempt.0))
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build())
            .map_err(StoreError::malformed(operation))
    }

    /// How telling a job's last end fares; `None` when it has not ended yet.
    pub fn delivery(&self, id: VideoId) -> Reply<'_, Option<Delivery>> {
        const OPERATION: &str = "reading a callback";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::callback(id)).await?;
            row.map(|row| from_row(OPERATION, row)).transpose()
        })
    }

    /// Claims an attempt for whoever is about to make it. False when it has been made, when somebody else is at it, or
    /// when it is no longer to be made.
    pub fn claim_attempt(&self, message: CallbackMessage, now: Timestamp) -> Reply<'_, bool> {
        const OPERATION: &str = "claiming a callback's attempt";
        Box::pin(async move {
            let claim = self
                .update_delivery(message)
                .update_expression("SET claimed_until = :until")
                .condition_expression(format!(
                    "{IS_NEXT} AND (attribute_not_exists(claimed_until) OR claimed_until < :now)"
                ))
                .expression_attribute_values(":now", number(now.as_second()))
                .expression_attribute_values(":until", number((now + ATTEMPT_LIMIT).as_second()));
            let claimed = claim.send().await.map_err(StoreError::sdk(OPERATION));
            Ok(StoreError::none_on_conflict(claimed)?.is_some())
        })
    }

    /// Records what an attempt came to, and asks for the next one if one follows. An attempt is recorded once, whoever
    /// made it and how often.
    pub fn record_attempt(
        &self,
        message: CallbackMessage,
        attempt: CallbackAttempt,
        now: Timestamp,
    ) -> Reply<'_, ()> {
        const OPERATION: &str = "recording a callback's attempt";
        Box::pin(async move {
            let after = attempt.outcome.after(message.number);
            let made = serde_dynamo::to_attribute_value(attempt).map_err(StoreError::malformed(OPERATION))?;
            let update = self
                .update_delivery(message)
                .condition_expression(IS_NEXT)
                .expression_attribute_values(":made", AttributeValue::L(vec![made]));
            let update = match after {
                AfterAttempt::Again(pause) => {
                    let next_at = now + pause;
                    update
                        .update_expression(
                            "SET attempts = list_append(attempts, :made), next_at = :next, due = :due \
                             REMOVE claimed_until",
                        )
                        .expression_attribute_values(":next", text(next_at.to_string()))
                        .expression_attribute_values(":due", number((next_at + SWEEP_DELAY).as_second()))
                }
                AfterAttempt::Delivered => closed(update, CallbackStatus::Delivered),
                AfterAttempt::GivenUp => closed(update, CallbackStatus::Failed),
            };
            let recorded = update.send().await.map_err(StoreError::sdk(OPERATION));
            if StoreError::none_on_conflict(recorded)?.is_none() {
                return Ok(());
            }
            match after {
                // If this is lost, the sweep finds the attempt overdue.
                AfterAttempt::Again(pause) if pause <= LONGEST_DELAY => {
                    self.enqueue_callback(message.next(), pause).await
                }
                AfterAttempt::Again(pause) => self.schedule_callback(message.next(), now + pause).await,
                AfterAttempt::Delivered | AfterAttempt::GivenUp => Ok(()),
            }
        })
    }

    /// An update of a callback's row, with what [`IS_NEXT`] compares it with.
    fn update_delivery(&self, message: CallbackMessage) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&self.names.table)
            .set_key(Some(Key::callback(message.video_id).attributes()))
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":run", number(message.run.0))
            .expression_attribute_values(":pending", text(CallbackStatus::Pending.name()))
            .expression_attribute_values(":before", number(message.number.saturating_sub(1)))
    }

    /// Asks for an attempt, after `delay` (15 minutes at most). Delivered at least once.
    pub(crate) fn enqueue_callback(&self, message: CallbackMessage, delay: SignedDuration) -> Reply<'_, ()> {
        Box::pin(async move {
            let queue = &self.names.callback_queue_url;
            self.send("queueing a callback", queue, &message, delay).await
        })
    }

    /// Asks for an attempt at a time that is too far off for the queue: a schedule puts the message there, once.
    fn schedule_callback(&self, message: CallbackMessage, at: Timestamp) -> Reply<'_, ()> {
        const OPERATION: &str = "scheduling a callback";
        Box::pin(async move {
            let body = serde_json::to_string(&message).map_err(StoreError::malformed(OPERATION))?;
            let target = Target::builder()
                .arn(&self.names.callback_queue_arn)
                .role_arn(&self.names.callback_schedule_role_arn)
                .input(body)
                .build()
                .map_err(StoreError::malformed(OPERATION))?;
            let on_time = FlexibleTimeWindow::builder()
                .mode(FlexibleTimeWindowMode::Off)
                .build()
                .map_err(StoreError::malformed(OPERATION))?;
            let create = self
                .scheduler()
                .create_schedule()
                .group_name(&self.names.callback_schedule_group)
                .name(message.schedule_name())
                // Without an offset: schedules are in UTC unless they name a time zone.
                .schedule_expression(at.strftime("at(%Y-%m-%dT%H:%M:%S)").to_string())
                .flexible_time_window(on_time)
                .action_after_completion(ActionAfterCompletion::Delete)
                .target(target);
            match create.send().await {
                Ok(_) => Ok(()),
                Err(error) if error.code() == Some("ConflictException") => Ok(()),
                Err(error) => Err(StoreError::sdk(OPERATION)(error)),
            }
        })
    }
}

/// The last attempt was made: the callback is out of the open work.
fn closed(update: UpdateItemFluentBuilder, status: CallbackStatus) -> UpdateItemFluentBuilder {
    update
        .update_expression(
            "SET attempts = list_append(attempts, :made), #status = :closed \
             REMOVE claimed_until, next_at, #open, due",
        )
        .expression_attribute_names("#open", "open")
        .expression_attribute_values(":closed", text(status.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_named_by_job_run_and_attempt() {
        let video_id = "019ea186-6500-7c3e-9b1d-2f6a5e8d4c10".parse().unwrap();
        let message = CallbackMessage { video_id, run: Attempt(2), number: 3 };
        assert_eq!(message.next().schedule_name(), "019ea186-6500-7c3e-9b1d-2f6a5e8d4c10-2-4");
        // The service's limit.
        let longest = CallbackMessage { video_id, run: Attempt(u32::MAX), number: 8 };
        assert!(longest.schedule_name().len() <= 64);
    }

    #[test]
    fn an_attempt_is_stored_with_its_outcome() {
        for outcome in [
            CallbackOutcome::Answered { status: 503 },
            CallbackOutcome::Refused,
            CallbackOutcome::TimedOut,
            CallbackOutcome::Unreachable,
        ] {
            let made = CallbackAttempt { at: "2026-11-22T10:00:00Z".parse().unwrap(), outcome };
            let stored: AttributeValue = serde_dynamo::to_attribute_value(made).unwrap();
            let read: CallbackAttempt = serde_dynamo::from_attribute_value(stored).unwrap();
            assert_eq!(read, made);
        }
    }
}
