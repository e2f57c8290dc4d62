//! A job as the Jobs contract shows it: in `GET /v1/api/jobs/{jobId}`, and in what its end is told with.

use domain::api_version::ApiVersion;
use domain::failure::FailureCode;
use domain::ids::VideoId;
use domain::processing_mode::ProcessingMode;
use domain::video::JobSource;
use jiff::Timestamp;
use serde::Serialize;
use store::Video;

/// What is always known of a job. What was found in it is no part of this.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    job_id: VideoId,
    status: &'static str,
    original_filename: String,
    source: JobSource,
    processing_mode: ProcessingMode,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<FailureCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

impl Job {
    /// The job that this video is, in the words of that version.
    pub fn new(video: &Video, version: ApiVersion) -> Self {
        let failure = video.failure();
        Self {
            job_id: video.id,
            status: video.job_status().name(version),
            original_filename: video.title.clone(),
            source: video.origin.job_source(),
            processing_mode: video.processing_mode,
            created_at: video.created_at,
            updated_at: video.updated_at,
            error_code: failure.as_ref().map(|failure| failure.code),
            error_message: failure.map(|failure| failure.detail),
        }
    }
}
