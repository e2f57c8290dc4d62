//! What every way of making a job has in common: the options in its body, and the video that is made of them.

use domain::callback::Callback;
use domain::ids::VideoId;
use domain::plan::{CONCURRENT_UPLOADS, Plan};
use domain::problem::ProblemKind;
use domain::processing_mode::ProcessingMode;
use edge::{Call, Problem};
use jiff::SignedDuration;
use serde::Deserialize;
use store::{Account, Created, NamedAnswer, NewVideo, Origin, Video};

/// The fields of a body that do not depend on where the file comes from. Read apart from the others: serde forgets
/// which field was at fault where one struct is flattened into another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobOptions {
    pub(crate) idempotency_key: Option<String>,
    pub(crate) callback_url: Option<String>,
    processing_mode: Option<ProcessingMode>,
}

impl JobOptions {
    /// The job of one source file.
    pub(crate) fn video(
        &self,
        id: VideoId,
        account: &Account,
        file_name: String,
        origin: Origin,
        callback: Option<Callback>,
    ) -> NewVideo {
        NewVideo {
            id,
            owner: account.user.clone(),
            title: file_name,
            origin,
            processing_mode: self.processing_mode.unwrap_or_default(),
            callback,
        }
    }
}

/// Makes a job, and keeps the answer of the request that asked for it.
///
/// # Errors
/// 401 when the account has been deleted meanwhile, 403 when it has no slot left, 429 when it has too many uploads
/// open.
pub(crate) async fn make(
    call: &Call,
    new: NewVideo,
    plan: Plan,
    answer: Option<NamedAnswer>,
) -> Result<Video, Problem> {
    match call.app.store.create_video_answering(new, plan, answer, call.now).await? {
        Created::Yes(video) => Ok(*video),
        Created::AccountDeleted => Err(edge::refusals::account_deleted()),
        Created::TooManyUploads { until } => Err(too_many_uploads(until.duration_since(call.now))),
        Created::PlanFull | Created::Duplicate => Err(edge::refusals::job_slots_full(plan)),
    }
}

fn too_many_uploads(left: SignedDuration) -> Problem {
    let detail = format!(
        "{CONCURRENT_UPLOADS} uploads are open. Finish or cancel one, or wait until one's URL ends, then create this job again."
    );
    Problem::new(ProblemKind::TooManyUploads, detail).retry_after(left.as_secs())
}
