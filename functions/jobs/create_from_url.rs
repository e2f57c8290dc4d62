//! `POST /v1/api/jobs/from-url`: a job whose file this service fetches itself.

use domain::api_key::Scope;
use domain::api_version::ApiVersion;
use domain::ids::VideoId;
use edge::{Call, Door, Problem, Reply, idempotency};
use serde::{Deserialize, Serialize};
use store::{Callback, Created, NewVideo, Origin};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    url: String,
    file_name: Option<String>,
    callback_url: Option<String>,
    idempotency_key: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewJob {
    job_id: VideoId,
    status: &'static str,
}

async fn create_job_from_url(call: Call) -> Result<Reply, Problem> {
    let (body, version): (Body, _) = (call.json()?, call.api_version()?);
    let url = edge::fetch::check(&body.url, &call.app.config.local.fetch_allow).map_err(Problem::invalid)?;
    let file_name = match &body.file_name {
        Some(name) => edge::file_name::check(name)?,
        None => edge::file_name::of_url(&url),
    };
    let origin = Origin::Url { url: url.into() };
    let callback = call.callback(body.callback_url.as_deref())?;
    let name = body.idempotency_key.as_deref();
    idempotency::once(&call, name, async |id| make_job(&call, id, file_name, origin, callback, version).await)
        .await
}

async fn make_job(
    call: &Call,
    id: VideoId,
    file_name: String,
    origin: Origin,
    callback: Option<Callback>,
    version: ApiVersion,
) -> Result<Reply, Problem> {
    let account = call.account().await?;
    call.require_credit(&account).await?;
    let new = NewVideo { id, owner: account.user, title: file_name, origin, callback };
    let video = match call.app.store.create_video(new, account.plan, call.now).await? {
        Created::Yes(video) => video,
        Created::PlanFull | Created::Duplicate | Created::TooManyUploads { .. } => {
            return Err(edge::refusals::job_slots_full(account.plan));
        }
    };
    call.app.store.enqueue(&video).await?;
    Reply::data(&NewJob { job_id: video.id, status: video.job_status().name(version) })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsWrite), create_job_from_url).await
}
