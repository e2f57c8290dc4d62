//! What every way of making a job has in common: the options in its body, and the video that is made of them.

use domain::callback::Callback;
use domain::cost;
use domain::ids::{TraceId, VideoId};
use domain::metering::billable_secs;
use domain::plan::{CONCURRENT_UPLOADS, Plan};
use domain::problem::ProblemKind;
use domain::processing_mode::ProcessingMode;
use domain::time::Seconds;
use edge::{Call, Problem, Reply, idempotency};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::{Account, Created, NamedAnswer, NewVideo, Origin, Video};

use crate::cost::Cost;

/// The longest file that an estimate is made for: a week.
const MAX_DURATION_SECS: f64 = 604_800.0;

/// The fields of a body that do not depend on where the file comes from. Read apart from the others: serde forgets
/// which field was at fault where one struct is flattened into another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobOptions {
    pub(crate) idempotency_key: Option<String>,
    pub(crate) callback_url: Option<String>,
    processing_mode: Option<ProcessingMode>,
    /// Nothing is made; the answer says what processing would cost.
    dry_run: Option<bool>,
    /// How long the file is, which nobody has looked at yet. For a dry run.
    duration_secs: Option<f64>,
    /// In micro-dollars.
    max_cost: Option<u64>,
}

/// What processing would cost, about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Estimate {
    duration_secs: f64,
    /// What the account would be billed for.
    billable_secs: u64,
    #[serde(flatten)]
    cost: Cost,
}

impl JobOptions {
    /// The answer to a dry run, if this is one.
    ///
    /// # Errors
    /// 400 when the length is not said, or is none.
    pub(crate) fn dry_run(&self, call: &Call) -> Result<Option<Reply>, Problem> {
        #[derive(Serialize)]
        struct Data {
            estimate: Estimate,
        }
        if !self.dry_run.unwrap_or_default() {
            return Ok(None);
        }
        idempotency::check_name(call, self.idempotency_key.as_deref())?;
        let known = self.duration_secs.filter(|secs| *secs > 0.0 && *secs <= MAX_DURATION_SECS);
        let secs = known.ok_or_else(|| {
            Problem::invalid(format!(
                "durationSecs is the length of the file in seconds, up to {MAX_DURATION_SECS}. A dry run needs it, because the file is not here yet."
            ))
        })?;
        let length = Seconds::new(secs);
        let mode = self.processing_mode.unwrap_or_default();
        let stages = cost::estimate(length, mode, &call.app.config.providers);
        let estimate =
            Estimate { duration_secs: secs, billable_secs: billable_secs(length), cost: Cost::new(stages) };
        Reply::data(&Data { estimate }).map(Some)
    }

    /// The job of one source file.
    pub(crate) fn video(
        &self,
        id: VideoId,
        account: &Account,
        file_name: String,
        origin: Origin,
        callback: Option<Callback>,
        trace_id: TraceId,
    ) -> NewVideo {
        NewVideo {
            id,
            owner: account.user.clone(),
            title: file_name,
            origin,
            processing_mode: self.processing_mode.unwrap_or_default(),
            max_cost: self.max_cost,
            callback,
            trace_id,
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
