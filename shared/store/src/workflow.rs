//! The ingest queue and the state machine behind it.

use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::ExecutionStatus;
use domain::ids::{Attempt, Generation, TraceId, VideoId};
use domain::stage::Stage;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys::Extracted;
use crate::videos::Video;
use crate::{Reply, Store, StoreError};

/// What this service puts on the ingest queue itself (S3 puts its own events there).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngestMessage {
    /// Which video to process.
    pub video_id: VideoId,
    /// Which run.
    pub attempt: Attempt,
}

/// Input of the state machine, and with little added, of every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepInput {
    /// Which video.
    pub video_id: VideoId,
    /// Which run.
    pub attempt: Attempt,
    /// Which set of stage outputs.
    pub generation: Generation,
}

/// [`StepInput`] with the stage to begin with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecutionInput {
    #[serde(flatten)]
    step: StepInput,
    resume_from: Stage,
    /// For whoever looks at the execution, and for the steps' first lines. What counts is the row: steps inside a Map, and
    /// executions from before this was here, have nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    /// For a run that begins with what was extracted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    joined: Option<Joined>,
}

/// What the join step hands on, in the words of `infra/pipeline.asl.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Joined {
    batch_list: String,
    /// 0 where there is nothing to describe; otherwise join alone knows how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    batches: Option<u32>,
}

impl ExecutionInput {
    fn of(video: &Video) -> Self {
        let step = StepInput { video_id: video.id, attempt: video.attempt, generation: video.generation };
        let batch_list = Extracted { video: video.id }.batch_list();
        let batches = (video.frame_count == Some(0)).then_some(0);
        let joined = video.is_described_anew().then_some(Joined { batch_list, batches });
        Self { step, resume_from: video.resume_from, trace_id: video.trace_id.clone(), joined }
    }
}

impl Store {
    /// Queues the video's current run. Delivered at least once.
    pub fn enqueue<'a>(&'a self, video: &'a Video) -> Reply<'a, ()> {
        Box::pin(async move {
            let message = IngestMessage { video_id: video.id, attempt: video.attempt };
            let queue = &self.names.ingest_queue_url;
            self.send("queueing a video", queue, &message, SignedDuration::ZERO).await
        })
    }

    /// Puts a message on a queue, which keeps it back for `delay` (15 minutes at most).
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        queue_url: &str,
        message: &impl Serialize,
        delay: SignedDuration,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(message).map_err(StoreError::malformed(operation))?;
        let send = self.sqs().send_message().queue_url(queue_url).message_body(body);
        let sent = send.delay_seconds(delay.as_secs() as i32).send().await;
        sent.map(drop).map_err(StoreError::sdk(operation))
    }

    /// Starts the state machine for this attempt. One attempt has one execution, whoever starts it and how often.
    pub fn start_execution<'a>(&'a self, video: &'a Video) -> Reply<'a, ()> {
        const OPERATION: &str = "starting an execution";
        Box::pin(async move {
            let input = serde_json::to_string(&ExecutionInput::of(video));
            let start = self
                .sfn()
                .start_execution()
                .state_machine_arn(&self.names.state_machine_arn)
                .name(execution_name(video.id, video.attempt))
                .input(input.map_err(StoreError::malformed(OPERATION))?);
            match start.send().await {
                Ok(_) => Ok(()),
                Err(error) if error.code() == Some("ExecutionAlreadyExists") => Ok(()),
                Err(error) => Err(StoreError::sdk(OPERATION)(error)),
            }
        })
    }

    /// How a run fares. `None` when it was never started.
    pub fn run(&self, video: VideoId, attempt: Attempt) -> Reply<'_, Option<Run>> {
        const OPERATION: &str = "asking how a run fares";
        Box::pin(async move {
            let execution = self.execution_arn(video, attempt);
            match self.sfn().describe_execution().execution_arn(execution).send().await {
                Ok(run) if *run.status() == ExecutionStatus::Running => {
                    let since = Timestamp::from_second(run.start_date().secs());
                    Ok(Some(Run::Going { since: since.map_err(StoreError::malformed(OPERATION))? }))
                }
                Ok(_) => Ok(Some(Run::Over)),
                Err(error) if error.code() == Some("ExecutionDoesNotExist") => Ok(None),
                Err(error) => Err(StoreError::sdk(OPERATION)(error)),
            }
        })
    }

    /// Stops the current run, if there is one. Steps under way go on to their end; they find the video ended.
    pub fn stop_run<'a>(&'a self, video: &'a Video) -> Reply<'a, ()> {
        Box::pin(async move {
            let execution = self.execution_arn(video.id, video.attempt);
            let stop = self.sfn().stop_execution().execution_arn(execution);
            match stop.error("Stopped").cause("The video was cancelled or deleted.").send().await {
                Ok(_) => Ok(()),
                Err(error) if error.code() == Some("ExecutionDoesNotExist") => Ok(()),
                Err(error) => Err(StoreError::sdk("stopping a run")(error)),
            }
        })
    }

    fn execution_arn(&self, video: VideoId, attempt: Attempt) -> String {
        let executions = self.names.state_machine_arn.replace(":stateMachine:", ":execution:");
        format!("{executions}:{}", execution_name(video, attempt))
    }
}

/// How a run of the state machine fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It goes on.
    Going {
        /// Since when.
        since: Timestamp,
    },
    /// It has ended, in whatever way.
    Over,
}

fn execution_name(video: VideoId, attempt: Attempt) -> String {
    format!("{video}-{}", attempt.0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What a run of a video is started with that begins at this stage, and was ready before or not, with so many frames.
    fn input(resume_from: &str, indexed_at: Option<&str>, frame_count: Option<u32>) -> Value {
        let row = json!({
            "id": "019ea186-6500-7c3e-9b1d-2f6a5e8d4c10",
            "owner": "user_a",
            "title": "ML Lecture 12",
            "state": "queued",
            "origin": "youtube",
            "youtube_id": "abc123",
            "attempt": 4,
            "resume_from": resume_from,
            "generation": 2,
            "created_at": "2026-06-07T10:00:00Z",
            "updated_at": "2026-06-07T10:00:00Z",
            "indexed_at": indexed_at,
            "frame_count": frame_count,
        });
        serde_json::to_value(ExecutionInput::of(&serde_json::from_value(row).unwrap())).unwrap()
    }

    #[test]
    fn only_a_video_that_was_ready_before_begins_with_what_was_joined_then() {
        let ready = Some("2026-06-07T10:05:00Z");
        for stage in ["describe", "index"] {
            let joined = "videos/019ea186-6500-7c3e-9b1d-2f6a5e8d4c10/g1/batches.json";
            let silent = input(stage, ready, Some(0));
            assert_eq!(silent["joined"], json!({ "batchList": joined, "batches": 0 }), "{silent}");
            let input = input(stage, ready, Some(3));
            assert_eq!(input["joined"], json!({ "batchList": joined }), "{input}");
            assert_eq!((&input["attempt"], &input["generation"]), (&json!(4), &json!(2)), "{input}");
        }
        for (stage, indexed_at) in
            [("describe", None), ("index", None), ("extract", ready), ("download", None)]
        {
            assert_eq!(input(stage, indexed_at, None).get("joined"), None, "{stage}");
        }
    }
}
