//! `GET /v1/api/jobs?status=COMPLETED&limit=20&cursor=…`: the account's jobs, newest first.

use domain::api_key::Scope;
use domain::api_version::ApiVersion;
use domain::ids::VideoId;
use domain::video::JobStatus;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use store::Video;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data: Vec<Job>,
    next_cursor: Option<VideoId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    job_id: VideoId,
    status: &'static str,
    original_filename: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

async fn list_jobs(call: Call) -> Result<Reply, Problem> {
    let limit = call.query_number("limit", 20, 1..=100)? as usize;
    let version = call.api_version();
    let status = call.query("status").map(|text| parse_status(&text, version)).transpose()?;
    let cursor = call.query("cursor").map(parse_cursor).transpose()?;
    let mut jobs = call.app.store.video_summaries(call.user()?).await?;
    // Ids sort by time, so the cursor needs no look-up and holds even when its job is gone.
    jobs.retain(|job| cursor.is_none_or(|cursor| job.id < cursor));
    jobs.retain(|job| status.is_none_or(|status| job.state.job_status(job.origin.is_fetched()) == status));
    let page: Vec<VideoId> = jobs.iter().take(limit).map(|job| job.id).collect();
    let next_cursor = page.last().copied().filter(|_| jobs.len() > limit);
    let data = call.app.store.videos(page).await?.into_iter().map(|video| Job::new(video, version)).collect();
    Reply::json(StatusCode::OK, &Page { data, next_cursor })
}

fn parse_status(text: &str, version: ApiVersion) -> Result<JobStatus, Problem> {
    JobStatus::named(text).ok_or_else(|| {
        let names = JobStatus::ALL.map(|status| status.name(version)).join(", ");
        Problem::invalid(format!("status is one of {names}."))
    })
}

fn parse_cursor(text: String) -> Result<VideoId, Problem> {
    text.parse().map_err(|_| Problem::invalid("cursor is the nextCursor of a previous answer."))
}

impl Job {
    fn new(video: Video, version: ApiVersion) -> Self {
        Self {
            job_id: video.id,
            status: video.job_status().name(version),
            original_filename: video.title,
            created_at: video.created_at,
            updated_at: video.updated_at,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsRead), list_jobs).await
}
