//! What every export of a job has in common: the job is completed, and what is asked for is fetched from the bucket.

use std::path::Path;
use std::time::Duration;

use domain::problem::ProblemKind;
use domain::video::VideoState;
use edge::{Call, Problem, Reply, file_name};
use store::{Origin, Video};

/// How long the URL holds that an export is fetched from.
const VALID: Duration = Duration::from_secs(900);
/// How much of a name is kept, in characters: escaped, it is in the URL, and S3 takes requests of 8 KB.
const MAX_STEM: usize = 80;

/// The job that the path names, once it has a result.
///
/// # Errors
/// 404 for one that is not the caller's, 409 for one that has no result yet, or will have none.
pub(crate) async fn completed_job(call: &Call) -> Result<Video, Problem> {
    let id = call.path("jobId", "job")?;
    let job = call.own_video(call.app.store.video(id).await?, "job")?;
    let detail = match job.state {
        VideoState::Ready { .. } => return Ok(job),
        VideoState::AwaitingUpload => {
            "This job waits for its file. PUT it to the upload URL, and ask again once the job is completed."
        }
        VideoState::Queued | VideoState::Processing { .. } => {
            "This job is not completed yet. Get it to follow its status, and ask again once it is."
        }
        VideoState::Failed { .. } => "This job failed, so there is nothing to export. Get it to see why.",
        VideoState::Cancelled => "This job was cancelled, so there is nothing to export. Create it again.",
    };
    Err(Problem::new(ProblemKind::NotReady, detail))
}

/// Sends the caller to an object of the job, which is saved under the name of the job's file with another ending.
///
/// # Errors
/// When no URL can be signed.
pub(crate) async fn redirect(call: &Call, job: &Video, key: &str, ending: &str) -> Result<Reply, Problem> {
    let disposition = file_name::attachment(&format!("{}{ending}", stem(job)));
    Reply::redirect(&call.app.store.presign_get(key, &disposition, VALID).await?)
}

/// What the job is called, without the ending of a file.
fn stem(job: &Video) -> String {
    let stem = match job.origin {
        Origin::Upload { .. } | Origin::Url { .. } => Path::new(&job.title).file_stem(),
        // The title of a talk may have a point in it.
        Origin::Youtube { .. } => None,
    };
    let stem = stem.and_then(|stem| stem.to_str()).unwrap_or(&job.title);
    stem.chars().take(MAX_STEM).collect()
}
