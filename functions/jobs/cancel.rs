//! `POST /v1/api/jobs/{jobId}/cancel`: ends a job that has not ended. It is not billed.

use domain::api_key::Scope;
use domain::ids::VideoId;
use domain::problem::ProblemKind;
use domain::video::JobStatus;
use edge::{Call, Door, Problem, Reply, removal};
use serde::Serialize;
use store::Ended;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    job_id: VideoId,
    status: &'static str,
}

async fn cancel_job(call: Call) -> Result<Reply, Problem> {
    let (id, version) = (call.path("jobId", "job")?, call.api_version());
    match removal::cancel(&call.app, id, call.user()?, call.now).await? {
        Ended::Now(_) => Reply::data(&Cancelled { job_id: id, status: JobStatus::Cancelled.name(version) }),
        Ended::Before => Err(ended()),
        Ended::Unknown => Err(Problem::not_found("job")),
    }
}

fn ended() -> Problem {
    Problem::new(
        ProblemKind::AlreadyEnded,
        "This job has ended already, so there is nothing to cancel. Get it to see how it ended.",
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsWrite), cancel_job).await
}
