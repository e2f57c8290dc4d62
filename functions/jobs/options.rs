//! What every way of making a job has in common: the options in its body, and the video that is made of them.

use domain::callback::Callback;
use domain::ids::VideoId;
use domain::plan::CONCURRENT_UPLOADS;
use domain::problem::ProblemKind;
use domain::processing_mode::ProcessingMode;
use edge::{Call, Problem};
use jiff::SignedDuration;
use serde::Deserialize;
use store::{Account, Created, NewVideo, Origin, Video};

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
    /// Makes a job of one source file, for an account that can pay for it.
    ///
    /// # Errors
    /// 401 when the account has been deleted meanwhile, 403 when it has no slot left, 429 when it has too many uploads open.
    pub(crate) async fn make_video(
        &self,
        call: &Call,
        id: VideoId,
        account: Account,
        file_name: String,
        origin: Origin,
        callback: Option<Callback>,
    ) -> Result<Video, Problem> {
        let new = NewVideo {
            id,
            owner: account.user,
            title: file_name,
            origin,
            processing_mode: self.processing_mode.unwrap_or_default(),
            callback,
        };
        match call.app.store.create_video(new, account.plan, call.now).await? {
            Created::Yes(video) => Ok(*video),
            Created::AccountDeleted => Err(edge::refusals::account_deleted()),
            Created::TooManyUploads { until } => Err(too_many_uploads(until.duration_since(call.now))),
            Created::PlanFull | Created::Duplicate => Err(edge::refusals::job_slots_full(account.plan)),
        }
    }
}

fn too_many_uploads(left: SignedDuration) -> Problem {
    let detail = format!(
        "{CONCURRENT_UPLOADS} uploads are open. Finish or cancel one, or wait until one's URL ends, then create this job again."
    );
    Problem::new(ProblemKind::TooManyUploads, detail).retry_after(left.as_secs())
}
