//! `GET /v1/api/jobs/{jobId}`: a job, and once it is completed, everything found in it.
//!
//! The answer is streamed: a long video's `processedData` is larger than a buffered answer may be.

use bytes::Bytes;
use domain::api_key::Scope;
use domain::api_version::ApiVersion;
use domain::failure::FailureCode;
use domain::ids::VideoId;
use domain::processing_mode::ProcessingMode;
use domain::stage::overall_progress;
use domain::video::{JobSource, VideoState};
use edge::{Call, Door, Problem, Reply};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use store::keys::Outputs;
use store::{StageProgress, Video};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    job_id: VideoId,
    status: &'static str,
    original_filename: String,
    source: JobSource,
    processing_mode: ProcessingMode,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_completion_time_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<FailureCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

async fn get_job(call: Call) -> Result<Reply, Problem> {
    let (id, version) = (call.path("jobId", "job")?, call.api_version());
    let (video, stages) = call.app.store.video_with_stages(id).await?.unzip();
    let video = call.own_video(video, "job")?;
    let outputs = Outputs { video: id, generation: video.generation };
    let published = has_processed_data(&video, version);
    let job = Job::new(video, &stages.unwrap_or_default(), version, call.now);
    if !published {
        return Reply::data(&job);
    }
    let analysis = call.app.store.object_stream(&outputs.analysis()).await?;
    let analysis = analysis.ok_or_else(|| Problem::internal("a completed job has no analysis"))?;
    let mut head = serde_json::to_string(&job).map_err(Problem::internal)?;
    head.pop(); // the closing brace comes after the analysis
    let head = Bytes::from(format!("{{\"data\":{head},\"processedData\":"));
    let body = stream::once(async { Ok(head) })
        .chain(analysis.map_err(lambda_http::Error::from))
        .chain(stream::once(async { Ok(Bytes::from_static(b"}}")) }));
    Ok(Reply::stream("application/json", body.boxed()))
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

/// What is left at the pace so far; nothing is known before there is a pace.
fn seconds_left(video: &Video, stages: &[StageProgress], now: Timestamp) -> Option<i64> {
    let VideoState::Processing { .. } = video.state else { return None };
    let began = stages.iter().map(|progress| progress.started_at).min()?;
    let elapsed = now.duration_since(began).as_secs().max(1);
    let percent = i64::from(overall_progress(stages.iter().map(|stage| (stage.stage, stage.percent()))));
    (percent > 0).then(|| (elapsed * (100 - percent) + percent - 1) / percent)
}

impl Job {
    fn new(video: Video, stages: &[StageProgress], version: ApiVersion, now: Timestamp) -> Self {
        let failure = video.failure();
        Self {
            job_id: video.id,
            status: video.job_status().name(version),
            estimated_completion_time_seconds: seconds_left(&video, stages, now),
            source: video.origin.job_source(),
            processing_mode: video.processing_mode,
            created_at: video.created_at,
            updated_at: video.updated_at,
            error_code: failure.as_ref().map(|failure| failure.code),
            error_message: failure.map(|failure| failure.detail),
            original_filename: video.title,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve_streaming(Door::ApiKey(Scope::JobsRead), get_job).await
}
