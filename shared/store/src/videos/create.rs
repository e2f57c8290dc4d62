//! Making a video: its row, its slot in the plan and its claim on a YouTube id, all or nothing.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::ids::{Attempt, Generation};
use domain::plan::Plan;
use domain::stage::Stage;
use domain::video::{StateKind, VideoState};
use jiff::{SignedDuration, Timestamp};

use super::claim::claim_row;
use super::{NewVideo, Origin, Video};
use crate::accounts::NOT_DELETED;
use crate::idempotency::NamedAnswer;
use crate::keys::{Key, OPEN};
use crate::rows::{number, text, to_row};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

/// An upload that has not come this long after its URL ended never will.
const UPLOAD_GRACE: SignedDuration = SignedDuration::from_hours(1);
/// Something that takes longer than this is looked after: a queued video by putting it in line, one in the pipeline
/// by asking how its run fares, one that has ended by settling its account, a callback by asking for its attempt again.
pub(crate) const SWEEP_DELAY: SignedDuration = SignedDuration::from_mins(5);

/// Position in the transaction of the video itself.
const ROW: usize = 0;
/// Position of its slot in the plan.
const SLOT: usize = 1;
/// Position of what a video takes besides its row and its plan's slot.
const TAKEN: usize = 2;

/// What became of a new video.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// It is there.
    Yes(Box<Video>),
    /// The plan's slots are all taken.
    PlanFull,
    /// The account holds this YouTube video already.
    Duplicate,
    /// The account has been deleted.
    AccountDeleted,
    /// The account has as many uploads open as it may.
    TooManyUploads {
        /// When the first of them ends by itself.
        until: Timestamp,
    },
}

impl Store {
    /// Makes a video, if its owner's plan has a slot free and does not hold it already. Idempotent for the same id.
    pub fn create_video(&self, new: NewVideo, plan: Plan, now: Timestamp) -> Reply<'_, Created> {
        self.create_video_answering(new, plan, None, now)
    }

    /// The same, and keeps the answer of the request that asked for it.
    pub fn create_video_answering(
        &self,
        new: NewVideo,
        plan: Plan,
        answer: Option<NamedAnswer>,
        now: Timestamp,
    ) -> Reply<'_, Created> {
        const OPERATION: &str = "creating a video";
        Box::pin(async move {
            let (state, due) = match new.origin {
                Origin::Upload { upload_expires_at } => {
                    (VideoState::AwaitingUpload, upload_expires_at + UPLOAD_GRACE)
                }
                Origin::Url { .. } | Origin::Youtube { .. } => (VideoState::Queued, now + SWEEP_DELAY),
            };
            let video = Video {
                id: new.id,
                owner: new.owner,
                title: new.title,
                state,
                failure_detail: None,
                origin: new.origin,
                processing_mode: new.processing_mode,
                max_cost: new.max_cost,
                source: None,
                proxy: None,
                attempt: Attempt::FIRST,
                resume_from: Stage::Download,
                generation: Generation::FIRST,
                created_at: now,
                updated_at: now,
                queued_at: (state.kind() == StateKind::Queued).then_some(now),
                trace_id: Some(new.trace_id),
                indexed_at: None,
                duration: None,
                frame_count: None,
                callback: new.callback,
            };
            let mut row = to_row(OPERATION, Key::video(video.id), &video)?;
            row.insert("open".to_owned(), text(OPEN));
            row.insert("due".to_owned(), number(due.as_second()));
            let slot = self.take_slot(&video, plan)?;
            let mut items = vec![self.put_new(OPERATION, row)?, slot];
            match &video.origin {
                Origin::Youtube { youtube_id } => {
                    let claim = claim_row(&video, youtube_id, video.attempt);
                    items.push(self.put_new(OPERATION, claim)?);
                }
                Origin::Upload { upload_expires_at } => {
                    items.push(self.open_upload(&video.owner, video.id, *upload_expires_at)?);
                }
                Origin::Url { .. } => {}
            }
            if let Some(answer) = answer {
                items.push(self.keeping(OPERATION, answer, video.id, now)?);
            }
            let mut outcome = self.transact(OPERATION, items.clone()).await?;
            if outcome.refuses(TAKEN)
                && matches!(video.origin, Origin::Upload { .. })
                && self.close_expired_uploads(&video.owner, now).await?
            {
                outcome = self.transact(OPERATION, items).await?;
            }
            if outcome.refuses(ROW) {
                // Another attempt at the same request made it meanwhile.
                let made = self.video(video.id).await?.filter(|made| made.owner == video.owner);
                return made
                    .map(|made| Created::Yes(Box::new(made)))
                    .ok_or(StoreError::Conflict { operation: OPERATION });
            }
            if outcome.refuses(SLOT) && self.account_deleted(video.owner.clone()).await?.is_some() {
                return Ok(Created::AccountDeleted);
            }
            Ok(match outcome {
                Outcome::Written => Created::Yes(Box::new(video)),
                // In the order of the decisions: 409 comes before 402.
                Outcome::Refused(_) if outcome.refuses(TAKEN) => match &video.origin {
                    Origin::Youtube { .. } => Created::Duplicate,
                    Origin::Upload { .. } => {
                        Created::TooManyUploads { until: self.first_upload_end(&video.owner, now).await? }
                    }
                    // It takes nothing else.
                    Origin::Url { .. } => Created::PlanFull,
                },
                Outcome::Refused(_) => Created::PlanFull,
            })
        })
    }

    /// Also where the plan has no limit, on the condition that the account was not deleted meanwhile: what is made
    /// behind its erasure would stay.
    fn take_slot(&self, video: &Video, plan: Plan) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::account(&video.owner).attributes()))
            .update_expression("ADD videos_used :one")
            .expression_attribute_values(":one", number(1));
        let update = match plan.limits().videos {
            Some(limit) => update
                .condition_expression(format!("{NOT_DELETED} AND videos_used < :limit"))
                .expression_attribute_values(":limit", number(limit)),
            None => update.condition_expression(NOT_DELETED),
        };
        update
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed("creating a video"))
    }
}
