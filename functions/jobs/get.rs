//! `GET /v1/api/jobs/{jobId}`: a job, and once it is completed, everything found in it.
//!
//! The answer is streamed: a long video's `processedData` is larger than a buffered answer may be.

use bytes::Bytes;
use domain::api_key::Scope;
use domain::failure::FailureCode;
use domain::ids::VideoId;
use domain::video::{JobStatus, VideoState};
use edge::{Call, Door, Problem, Reply};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use store::Video;
use store::keys::Outputs;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    job_id: VideoId,
    status: JobStatus,
    original_filename: String,
    source: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<FailureCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

async fn get_job(call: Call) -> Result<Reply, Problem> {
    let id = call.path("jobId", "job")?;
    let video = call.own_video(call.app.store.video(id).await?, "job")?;
    let outputs = Outputs { video: id, generation: video.generation };
    let completed = video.state == VideoState::Ready { has_scenes: true };
    let job = Job::from(video);
    if !completed {
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

impl From<Video> for Job {
    fn from(video: Video) -> Self {
        let failure = video.failure();
        Self {
            job_id: video.id,
            status: video.job_status(),
            source: "api",
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
