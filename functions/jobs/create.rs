//! `POST /v1/api/jobs`: a job, and a presigned URL to PUT its file to.

use std::time::Duration;

use domain::api_key::Scope;
use domain::ids::VideoId;
use domain::plan::CONCURRENT_UPLOADS;
use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply, idempotency};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::{Callback, Created, NewVideo, Origin, keys};

/// How long the upload URL holds.
const UPLOAD_WINDOW: Duration = Duration::from_secs(900);
/// What the reference's curl line sends; part of the signature.
const UPLOAD_CONTENT_TYPE: &str = "application/octet-stream";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    file_name: String,
    callback_url: Option<String>,
    idempotency_key: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewJob {
    job_id: VideoId,
    upload_url: String,
    expires_in_seconds: u64,
    upload_method: &'static str,
}

async fn create_job(call: Call) -> Result<Reply, Problem> {
    let body: Body = call.json()?;
    let file_name = edge::file_name::check(&body.file_name)?;
    let callback = call.callback(body.callback_url.as_deref())?;
    let name = body.idempotency_key.as_deref();
    idempotency::once(&call, name, async |id| make_job(&call, id, file_name, callback).await).await
}

async fn make_job(
    call: &Call,
    id: VideoId,
    file_name: String,
    callback: Option<Callback>,
) -> Result<Reply, Problem> {
    let account = call.account().await?;
    call.require_credit(&account).await?;
    let key = keys::upload(id, &edge::file_name::object_safe(&file_name));
    let new = NewVideo {
        id,
        owner: account.user,
        title: file_name,
        origin: Origin::Upload { upload_expires_at: call.now + UPLOAD_WINDOW },
        callback,
    };
    let upload_url = call.app.store.presign_put(&key, UPLOAD_CONTENT_TYPE, UPLOAD_WINDOW).await?;
    match call.app.store.create_video(new, account.plan, call.now).await? {
        Created::Yes(_) => {}
        Created::TooManyUploads { until } => return Err(too_many_uploads(until.duration_since(call.now))),
        Created::PlanFull | Created::Duplicate => return Err(edge::refusals::job_slots_full(account.plan)),
    }
    let job =
        NewJob { job_id: id, upload_url, expires_in_seconds: UPLOAD_WINDOW.as_secs(), upload_method: "PUT" };
    Reply::data(&job)
}

fn too_many_uploads(left: SignedDuration) -> Problem {
    let detail = format!(
        "{CONCURRENT_UPLOADS} uploads are open. Finish or cancel one, or wait until one's URL ends, then create this job again."
    );
    Problem::new(ProblemKind::TooManyUploads, detail).retry_after(left.as_secs())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsWrite), create_job).await
}
