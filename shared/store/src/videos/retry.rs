//! Another attempt at a video, at its owner's wish: from where it failed, or at the words for what was extracted.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::ids::{Generation, TraceId};
use domain::stage::Stage;
use domain::video::Event;
use jiff::Timestamp;

use super::Video;
use crate::rows::{number, text};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

/// Position in the transaction of the claim on a YouTube video, if there is one.
const CLAIM: usize = 1;

/// Where another attempt begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryFrom {
    /// With the stage that failed. What it had finished is kept.
    FailedStage,
    /// With the descriptions, as a new generation, of a video that is ready too. What was extracted is kept.
    Describe,
}

/// What became of another attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Retried {
    /// It is queued. The video as it is now.
    Queued(Box<Video>),
    /// The video is in a state in which this cannot be asked for: it runs, or has ended in another way.
    WrongState,
    /// The video failed before all of it was extracted, so there is nothing to describe.
    NotExtracted,
    /// Another video of the account has the YouTube video meanwhile.
    Duplicate,
}

impl RetryFrom {
    fn event(self) -> Event {
        match self {
            Self::FailedStage => Event::Retried,
            Self::Describe => Event::Redescribed,
        }
    }

    fn stage(self, video: &Video) -> Stage {
        match self {
            Self::FailedStage => video.current_stage(),
            Self::Describe => Stage::Describe,
        }
    }

    fn generation(self, video: &Video) -> Generation {
        match self {
            Self::FailedStage => video.generation,
            Self::Describe => video.generation.next(),
        }
    }
}

impl Store {
    /// Queues another attempt at a video that has ended, and takes the claim on a YouTube video again that it may have
    /// given up. What an attempt before it came to is owed first.
    pub fn retry<'a>(
        &'a self,
        video: &'a Video,
        from: RetryFrom,
        trace_id: TraceId,
        now: Timestamp,
    ) -> Reply<'a, Retried> {
        const OPERATION: &str = "retrying a video";
        Box::pin(async move {
            let begun_anew = match from {
                RetryFrom::FailedStage => vec![],
                RetryFrom::Describe => match self.stages_anew(OPERATION, video, now).await? {
                    Some(stages) => stages,
                    None => return Ok(Retried::NotExtracted),
                },
            };
            if video.is_ready() {
                // Should the new attempt fail, it must not give back what the result before it cost.
                self.settle_account(video, now).await?;
            }
            let event = from.event();
            let again = Video {
                attempt: video.attempt.next(),
                resume_from: from.stage(video),
                generation: from.generation(video),
                state: event.outcome(),
                failure_detail: None,
                updated_at: now,
                queued_at: Some(now),
                trace_id: Some(trace_id.clone()),
                ..video.clone()
            };
            let retry = self
                .transition(video.id, event, now)
                .of(video.attempt)
                .and_set("attempt", number(again.attempt.0))
                .and_set("resume_from", text(again.resume_from.name()))
                .and_set("generation", number(again.generation.0))
                .and_set("queued_at", text(now.to_string()))
                .and_set("trace_id", text(trace_id.0))
                .and_remove(&["failure_detail"]);
            let mut items = vec![retry.item(OPERATION)?];
            items.extend(self.reclaim(OPERATION, video)?);
            items.extend(begun_anew);
            let outcome = self.transact(OPERATION, items).await?;
            Ok(match outcome {
                Outcome::Written => Retried::Queued(Box::new(again)),
                Outcome::Refused(_) if outcome.refuses(CLAIM) => Retried::Duplicate,
                Outcome::Refused(_) => Retried::WrongState,
            })
        })
    }

    /// The writes that put the stages after the extraction back to their start. `None` when that is not finished.
    async fn stages_anew(
        &self,
        operation: &'static str,
        video: &Video,
        now: Timestamp,
    ) -> Result<Option<Vec<TransactWriteItem>>, StoreError> {
        let Some((_, stages)) = self.video_with_stages(video.id).await? else { return Ok(None) };
        let is_extracted =
            stages.iter().any(|stage| stage.stage == Stage::Extract && stage.finished_at.is_some());
        let later = stages.iter().map(|progress| progress.stage).filter(|stage| *stage >= Stage::Describe);
        let begins = |stage: Stage| (stage == Stage::Describe).then_some(now);
        let anew = later.map(|stage| self.stage_anew(operation, video.id, stage, begins(stage)));
        is_extracted.then(|| anew.collect()).transpose()
    }
}
