//! `GET /v1/api/jobs/{jobId}`: a job, and once it is completed, everything found in it.
//!
//! The answer is streamed: a long video's `processedData` is larger than a buffered answer may be.

mod cost;

use bytes::Bytes;
use cost::Cost;
use domain::api_key::Scope;
use domain::api_version::ApiVersion;
use domain::callback::CallbackStatus;
use domain::cost::Spent;
use domain::stage::{Stage, overall_progress};
use domain::video::VideoState;
use edge::{Call, Door, Job, Problem, Reply};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use store::keys::Outputs;
use store::{CallbackAttempt, StageProgress, Video};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    job: Job,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_completion_time_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<ShownCallback>,
    cost: Receipt,
}

/// What the job has cost, and what was asked about it besides.
#[derive(Serialize)]
struct Receipt {
    #[serde(flatten)]
    processing: Cost,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<AnswersCost>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswersCost {
    gigabyte_seconds: f64,
    input_tokens: u64,
    output_tokens: u64,
    micro_dollars: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownCallback {
    url: String,
    status: CallbackStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
    attempts: Vec<ShownAttempt>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownAttempt {
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

async fn get_job(call: Call) -> Result<Reply, Problem> {
    let (id, version) = (call.path("jobId", "job")?, call.api_version());
    let (found, answers) =
        futures::try_join!(call.app.store.video_with_stages(id), call.app.store.spent_on_answers(id))?;
    let (video, stages) = found.unzip();
    let video = call.own_video(video, "job")?;
    let outputs = Outputs { video: id, generation: video.generation };
    let analysis = async {
        if !has_processed_data(&video, version) {
            return Ok(None);
        }
        let analysis = call.app.store.object_stream(&outputs.analysis()).await?;
        analysis.map(Some).ok_or_else(|| Problem::internal("a completed job has no analysis"))
    };
    let (callback, analysis) = futures::try_join!(callback(&call, &video), analysis)?;
    let stages = stages.unwrap_or_default();
    let job = Shown {
        job: Job::new(&video, version),
        estimated_completion_time_seconds: seconds_left(&video, &stages, call.now),
        callback,
        cost: Receipt {
            processing: Cost::new(stages.iter().map(|stage| (stage.stage, stage.spent))),
            answers: (!answers.is_nothing()).then(|| AnswersCost::from(answers)),
        },
    };
    let Some(analysis) = analysis else { return Reply::data(&job) };
    let mut head = serde_json::to_string(&job).map_err(Problem::internal)?;
    head.pop(); // the closing brace comes after the analysis
    let head = Bytes::from(format!("{{\"data\":{head},\"processedData\":"));
    let body = stream::once(async { Ok(head) })
        .chain(analysis.map_err(lambda_http::Error::from))
        .chain(stream::once(async { Ok(Bytes::from_static(b"}}")) }));
    Ok(Reply::stream("application/json", body.boxed()))
}

impl From<Spent> for AnswersCost {
    fn from(spent: Spent) -> Self {
        Self {
            gigabyte_seconds: spent.shown_gigabyte_seconds(),
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
            micro_dollars: spent.micro_dollars(),
        }
    }
}

/// The reference has it for `COMPLETED` only; a later version also where the scenes that were asked for are missing.
fn has_processed_data(video: &Video, version: ApiVersion) -> bool {
    match (video.state, version) {
        (VideoState::Ready { has_scenes }, ApiVersion::V2026_02) => has_scenes,
        (VideoState::Ready { .. }, ApiVersion::V2026_04) => true,
        (
            VideoState::AwaitingUpload
            | VideoState::Queued
            | VideoState::Processing { .. }
            | VideoState::Failed { .. }
            | VideoState::Cancelled,
            _,
        ) => false,
    }
}

/// What is left at the pace so far; nothing is known before there is a pace. Of a video that is described anew, what
/// was done days ago says nothing about that.
fn seconds_left(video: &Video, stages: &[StageProgress], now: Timestamp) -> Option<i64> {
    let VideoState::Processing { .. } = video.state else { return None };
    let is_of_this_run = |stage: Stage| !video.is_described_anew() || stage >= Stage::Describe;
    let stages = stages.iter().filter(|progress| is_of_this_run(progress.stage));
    let began = stages.clone().filter_map(|progress| progress.started_at).min()?;
    let elapsed = now.duration_since(began).as_secs().max(1);
    let done = i64::from(overall_progress(stages.map(|stage| (stage.stage, stage.percent()))));
    let whole: u32 = Stage::ALL.into_iter().filter(|stage| is_of_this_run(*stage)).map(Stage::weight).sum();
    (done > 0).then(|| (elapsed * (i64::from(whole) - done) + done - 1) / done)
}

/// How telling the job's end fares, if it asked for that. What an earlier run of a retried job came to is not shown.
async fn callback(call: &Call, video: &Video) -> Result<Option<ShownCallback>, Problem> {
    let Some(callback) = &video.callback else { return Ok(None) };
    let delivery = call.app.store.delivery(video.id).await?.filter(|delivery| delivery.run == video.attempt);
    let delivery = delivery.as_ref();
    Ok(Some(ShownCallback {
        url: callback.url.clone(),
        status: delivery.map_or(CallbackStatus::Pending, |delivery| delivery.status),
        next_attempt_at: delivery.and_then(|delivery| delivery.next_at),
        attempts: delivery
            .map_or(vec![], |delivery| delivery.attempts.iter().map(ShownAttempt::new).collect()),
    }))
}

impl ShownAttempt {
    fn new(attempt: &CallbackAttempt) -> Self {
        Self { at: attempt.at, http_status: attempt.outcome.http_status(), error: attempt.outcome.error() }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve_streaming(Door::ApiKey(Scope::JobsRead), get_job).await
}
