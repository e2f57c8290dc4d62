//! `POST /v1/api/jobs`: a job, and a presigned URL to PUT its file to.

mod cost;
mod options;

use std::time::Duration;

use domain::api_key::Scope;
use domain::callback::Callback;
use domain::ids::VideoId;
use edge::idempotency::{self, Making};
use edge::{Call, Door, Problem, Reply};
use serde::{Deserialize, Serialize};
use store::{Account, Origin, keys};

use options::JobOptions;

/// How long the upload URL holds.
const UPLOAD_WINDOW: Duration = Duration::from_secs(900);
/// What the reference's curl line sends; part of the signature.
const UPLOAD_CONTENT_TYPE: &str = "application/octet-stream";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    file_name: String,
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
    let (Body { file_name }, options): (_, JobOptions) = (call.json()?, call.json()?);
    let file_name = edge::file_name::check(&file_name)?;
    let callback = call.callback(options.callback_url.as_deref())?;
    if let Some(estimate) = options.dry_run(&call)? {
        return Ok(estimate);
    }
    let name = options.idempotency_key.as_deref();
    let make = async |making, account| make_job(&call, making, account, file_name, &options, callback).await;
    idempotency::once(&call, name, call.paying_account(), make).await
}

async fn make_job(
    call: &Call,
    making: Making,
    account: Account,
    file_name: String,
    options: &JobOptions,
    callback: Option<Callback>,
) -> Result<Reply, Problem> {
    let key = keys::upload(making.id, &edge::file_name::object_safe(&file_name));
    // First, because a job that nothing can be put into would hold a slot until it expires.
    let upload_url = call.app.store.presign_put(&key, UPLOAD_CONTENT_TYPE, UPLOAD_WINDOW).await?;
    let origin = Origin::Upload { upload_expires_at: call.now + UPLOAD_WINDOW };
    let job = NewJob {
        job_id: making.id,
        upload_url,
        expires_in_seconds: UPLOAD_WINDOW.as_secs(),
        upload_method: "PUT",
    };
    let reply = Reply::data(&job)?;
    let new = options.video(making.id, &account, file_name, origin, callback, call.trace_id.clone());
    options::make(call, new, account.plan, making.answered_by(&reply)).await?;
    Ok(reply)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsWrite), create_job).await
}
