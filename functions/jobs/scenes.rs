//! What every export of a job's scenes has in common: there are some.

use domain::problem::ProblemKind;
use edge::{Call, Problem};
use store::Video;

use crate::exports;

/// The job that the path names, once it has scenes in its result.
///
/// # Errors
/// As for every export; 404 too for a job without scenes.
pub(crate) async fn job_with_scenes(call: &Call) -> Result<Video, Problem> {
    let job = exports::completed_job(call).await?;
    if job.lists_scenes() {
        return Ok(job);
    }
    let detail = "This job has no scenes: its file has no picture, or only a transcript was asked for. Its captions are at captions.srt and captions.vtt.";
    Err(Problem::new(ProblemKind::NotFound, detail))
}
