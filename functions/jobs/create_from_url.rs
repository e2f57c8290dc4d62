//! `POST /v1/api/jobs/from-url`: a job whose file this service fetches itself.

mod cost;
mod options;

use domain::api_key::Scope;
use domain::ids::VideoId;
use domain::video::JobStatus;
use edge::idempotency::{self, Making};
use edge::{Call, Door, Problem, Reply};
use serde::{Deserialize, Serialize};
use store::{Account, Origin};

use options::JobOptions;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    url: String,
    file_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewJob {
    job_id: VideoId,
    status: &'static str,
}

async fn create_job_from_url(call: Call) -> Result<Reply, Problem> {
    let (Body { url, file_name }, options): (_, JobOptions) = (call.json()?, call.json()?);
    let url = edge::fetch::check(&url, &call.app.config.local.fetch_allow).map_err(Problem::invalid)?;
    let file_name = match file_name {
        Some(name) => edge::file_name::check(&name)?,
        None => edge::file_name::of_url(&url),
    };
    let callback = call.callback(options.callback_url.as_deref())?;
    if let Some(estimate) = options.dry_run(&call)? {
        return Ok(estimate);
    }
    let (origin, version) = (Origin::Url { url: url.into() }, call.api_version());
    let name = options.idempotency_key.as_deref();
    let make = async |making: Making, account: Account| {
        let status = JobStatus::PendingFetch.name(version);
        let reply = Reply::data(&NewJob { job_id: making.id, status })?;
        let new = options.video(making.id, &account, file_name, origin, callback, call.trace_id.clone());
        let video = options::make(&call, new, account.plan, making.answered_by(&reply)).await?;
        call.run_begun(&video);
        call.app.store.enqueue(&video).await?;
        Ok(reply)
    };
    idempotency::once(&call, name, call.paying_account(), make).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsWrite), create_job_from_url).await
}
