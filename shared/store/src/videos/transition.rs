//! The conditional writes that move a video through its state machine. Each condition comes from
//! `domain::video::Event::allowed_from`, so a redelivered or late step changes nothing.

use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ConditionCheck, ReturnValue, TransactWriteItem, Update};
use domain::failure::Failure;
use domain::ids::{Attempt, VideoId};
use domain::stage::Stage;
use domain::time::Seconds;
use domain::video::{Event, VideoState};
use jiff::Timestamp;

use super::create::SWEEP_DELAY;
use super::states::in_state;
use super::{Source, Video};
use crate::keys::{BURIED, Key, OPEN};
use crate::rows::{from_row, number, text};
use crate::transact::retry_on_conflict;
use crate::{Reply, Store, StoreError};

/// A write under construction: the state's own attributes, and what the caller adds.
pub(super) struct Transition {
    update: UpdateItemFluentBuilder,
    set: Vec<String>,
    remove: Vec<&'static str>,
    condition: Vec<String>,
}

impl Store {
    /// A stage began. `None` when the video has ended, moved past that stage, or is in another attempt.
    pub fn stage_started(
        &self,
        id: VideoId,
        attempt: Attempt,
        stage: Stage,
        now: Timestamp,
    ) -> Reply<'_, Option<Video>> {
        Box::pin(async move {
            self.transition(id, Event::StageStarted(stage), now).of(attempt).write("starting a stage").await
        })
    }

    /// Pins what the download stage fetched, and takes the source's own title if it has one.
    pub fn source_fetched(
        &self,
        id: VideoId,
        attempt: Attempt,
        source: Source,
        title: Option<String>,
        now: Timestamp,
    ) -> Reply<'_, Option<Video>> {
        Box::pin(async move {
            let mut transition =
                self.transition(id, Event::StageStarted(Stage::Download), now).of(attempt).pin(source)?;
            if let Some(title) = title {
                transition = transition.and_set("title", text(title));
            }
            transition.write("pinning a source").await
        })
    }

    /// Pins the proxy that was made of camera RAW. `None` also where one is pinned already, which stays: segments may
    /// have been decoded of it.
    pub fn developed(
        &self,
        id: VideoId,
        attempt: Attempt,
        proxy: Source,
        now: Timestamp,
    ) -> Reply<'_, Option<Video>> {
        const OPERATION: &str = "pinning a proxy";
        Box::pin(async move {
            let proxy = serde_dynamo::to_attribute_value(proxy).map_err(StoreError::malformed(OPERATION))?;
            let transition = self.transition(id, Event::StageStarted(Stage::Extract), now).of(attempt);
            transition.and_set("proxy", proxy).unless_set("#proxy").write(OPERATION).await
        })
    }

    /// The length is known.
    pub fn probed(
        &self,
        id: VideoId,
        attempt: Attempt,
        duration: Seconds,
        now: Timestamp,
    ) -> Reply<'_, Option<Video>> {
        Box::pin(async move {
            let transition = self.transition(id, Event::StageStarted(Stage::Extract), now).of(attempt);
            transition.and_set("duration", number(f64::from(duration))).write("recording a length").await
        })
    }

    /// Everything is indexed. `length` is what could be decoded: a damaged file is shorter than it says.
    pub fn finished(
        &self,
        id: VideoId,
        attempt: Attempt,
        has_scenes: bool,
        frame_count: u32,
        length: Seconds,
        now: Timestamp,
    ) -> Reply<'_, Option<Video>> {
        Box::pin(async move {
            let transition = self.transition(id, Event::Finished { has_scenes }, now).of(attempt);
            let transition = transition.and_set("frame_count", number(frame_count));
            let transition = transition.and_set("duration", number(f64::from(length)));
            transition.and_set("indexed_at", text(now.to_string())).write("finishing a video").await
        })
    }

    /// It gave up. `None` when it had ended already.
    pub fn failed(
        &self,
        id: VideoId,
        attempt: Attempt,
        stage: Stage,
        failure: Failure,
        now: Timestamp,
    ) -> Reply<'_, Option<Video>> {
        Box::pin(async move {
            let transition = self.transition(id, Event::Failed(stage, failure.code), now).of(attempt);
            transition.and_set("failure_detail", text(failure.detail)).write("recording a failure").await
        })
    }

    /// A video that has not ended is looked after again at that time. Nothing where it has moved on since it was read.
    pub fn postpone_check<'a>(&'a self, video: &'a Video, next: Timestamp) -> Reply<'a, ()> {
        const OPERATION: &str = "putting a video off";
        Box::pin(async move {
            let update = self
                .update_as_read(video)
                .update_expression("SET due = :due")
                .expression_attribute_values(":due", number(next.as_second()));
            sent(OPERATION, update).await.map(drop)
        })
    }

    /// Nothing is left to do for a video that has ended: its account is in line with its end, which is being told.
    /// Nothing where it has moved on since it was read: what comes of another attempt is not settled.
    pub(crate) async fn settled(&self, video: &Video) -> Result<(), StoreError> {
        const OPERATION: &str = "closing a video";
        let update = self
            .update_as_read(video)
            .update_expression("REMOVE #open, due")
            .expression_attribute_names("#open", "open");
        sent(OPERATION, update).await.map(drop)
    }

    /// An update of a video's row, on the condition that the video is where it was when it was read.
    fn update_as_read(&self, video: &Video) -> UpdateItemFluentBuilder {
        let (as_read, values) = in_state(|kind| kind == video.state.kind());
        self.dynamodb
            .update_item()
            .table_name(&self.names.table)
            .set_key(Some(Key::video(video.id).attributes()))
            .condition_expression(format!(
                "{as_read} AND attempt = :attempt AND attribute_not_exists({BURIED})"
            ))
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":attempt", number(video.attempt.0))
    }

    /// That the video has not ended and is in this attempt: for transactions that must not come after its end.
    pub(crate) fn while_running(&self, video: &Video) -> Result<TransactWriteItem, StoreError> {
        const OPERATION: &str = "checking that a video runs";
        let (running, values) = in_state(|kind| !kind.is_terminal());
        ConditionCheck::builder()
            .table_name(&self.names.table)
            .set_key(Some(Key::video(video.id).attributes()))
            .condition_expression(format!(
                "{running} AND attempt = :attempt AND attribute_not_exists({BURIED})"
            ))
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":attempt", number(video.attempt.0))
            .build()
            .map(|check| TransactWriteItem::builder().condition_check(check).build())
            .map_err(StoreError::malformed(OPERATION))
    }

    /// A move after which somebody looks after the video, if it does not move on.
    pub(super) fn transition(&self, id: VideoId, event: Event, now: Timestamp) -> Transition {
        self.last_transition(id, event, now)
            .and_set("open", text(OPEN))
            .and_set("due", number((now + SWEEP_DELAY).as_second()))
    }

    /// A move after which nothing is left to do.
    pub(super) fn last_transition(&self, id: VideoId, event: Event, now: Timestamp) -> Transition {
        let outcome = event.outcome();
        let (allowed, values) = in_state(|kind| event.allowed_from().contains(&kind));
        let update = self
            .dynamodb
            .update_item()
            .table_name(&self.names.table)
            .set_key(Some(Key::video(id).attributes()))
            .return_values(ReturnValue::AllNew)
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":state", text(outcome.kind().name()))
            .expression_attribute_values(":now", text(now.to_string()));
        let transition = Transition {
            update,
            set: ["#state = :state", "updated_at = :now"].map(str::to_owned).into(),
            remove: vec![],
            condition: vec![allowed, format!("attribute_not_exists({BURIED})")],
        };
        transition.with_state(outcome)
    }
}

impl Transition {
    fn with_state(mut self, state: VideoState) -> Self {
        match state {
            VideoState::AwaitingUpload | VideoState::Queued | VideoState::Cancelled => {
                self.remove.extend(["stage", "stage_rank", "code", "has_scenes"]);
                self
            }
            VideoState::Processing { stage } => self.and_set("stage", text(stage.name())).rank(stage),
            VideoState::Ready { has_scenes } => {
                self.and_set("has_scenes", aws_sdk_dynamodb::types::AttributeValue::Bool(has_scenes))
            }
            VideoState::Failed { stage, code } => match serde_dynamo::to_attribute_value(code) {
                Ok(code) => self.and_set("stage", text(stage.name())).and_set("code", code),
                Err(never) => {
                    tracing::error!(error = %never, "a failure code has no stored form");
                    self
                }
            },
        }
    }

    /// Only while this attempt runs.
    pub(super) fn of(mut self, attempt: Attempt) -> Self {
        // A name of its own: a retry sets the next attempt under the condition that this one is the last.
        self.update = self.update.expression_attribute_values(":running", number(attempt.0));
        self.condition.push("attempt = :running".to_owned());
        self
    }

    /// Stages only go forward: the database's form of the rule in `VideoState::apply`.
    fn rank(mut self, stage: Stage) -> Self {
        self.condition.push("(attribute_not_exists(stage_rank) OR stage_rank <= :rank)".to_owned());
        self.update = self.update.expression_attribute_values(":rank", number(stage as u8));
        self.set.push("stage_rank = :rank".to_owned());
        self
    }

    pub(super) fn and_set(
        mut self,
        name: &'static str,
        value: aws_sdk_dynamodb::types::AttributeValue,
    ) -> Self {
        self.update = self
            .update
            .expression_attribute_names(format!("#{name}"), name)
            .expression_attribute_values(format!(":{name}"), value);
        self.set.push(format!("#{name} = :{name}"));
        self
    }

    /// Only where the row has no such attribute.
    fn unless_set(mut self, name: &str) -> Self {
        self.condition.push(format!("attribute_not_exists({name})"));
        self
    }

    pub(super) fn pin(self, source: Source) -> Result<Self, StoreError> {
        let source =
            serde_dynamo::to_attribute_value(source).map_err(StoreError::malformed("pinning a source"))?;
        Ok(self.and_set("source", source))
    }

    pub(super) fn and_remove(mut self, names: &[&'static str]) -> Self {
        self.remove.extend(names);
        self
    }

    /// As a part of a transaction.
    pub(super) fn item(self, operation: &'static str) -> Result<TransactWriteItem, StoreError> {
        let update = self.expressed();
        Update::builder()
            .set_table_name(update.get_table_name().clone())
            .set_key(update.get_key().clone())
            .set_update_expression(update.get_update_expression().clone())
            .set_condition_expression(update.get_condition_expression().clone())
            .set_expression_attribute_names(update.get_expression_attribute_names().clone())
            .set_expression_attribute_values(update.get_expression_attribute_values().clone())
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::malformed(operation))
    }

    pub(super) async fn write(self, operation: &'static str) -> Result<Option<Video>, StoreError> {
        let written = sent(operation, self.expressed()).await?;
        written.map(|written| from_row(operation, written.attributes.unwrap_or_default())).transpose()
    }

    /// The update with its expressions.
    fn expressed(self) -> UpdateItemFluentBuilder {
        let mut expression = format!("SET {}", self.set.join(", "));
        let mut update = self.update;
        for (n, name) in self.remove.into_iter().enumerate() {
            expression.push_str(if n == 0 { " REMOVE " } else { ", " });
            expression.push_str(&format!("#removed{n}"));
            update = update.expression_attribute_names(format!("#removed{n}"), name);
        }
        update.update_expression(expression).condition_expression(self.condition.join(" AND "))
    }
}

/// `None` where the condition does not hold: another process was here before, and nothing is left to do.
async fn sent(
    operation: &'static str,
    update: UpdateItemFluentBuilder,
) -> Result<Option<UpdateItemOutput>, StoreError> {
    let send = || async { update.clone().send().await.map_err(StoreError::sdk(operation)) };
    StoreError::none_on_conflict(retry_on_conflict(operation, send).await)
}
