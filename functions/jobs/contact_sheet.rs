//! `GET /v1/api/jobs/{jobId}/contact-sheet`: the keyframes of the scenes in one JPEG, with their times.

mod exports;
mod scenes;

use domain::api_key::Scope;
use edge::{Call, Door, Problem, Reply};
use store::keys::Extracted;

async fn get_contact_sheet(call: Call) -> Result<Reply, Problem> {
    let job = scenes::job_with_scenes(&call).await?;
    let extracted = Extracted { video: job.id };
    exports::redirect(&call, &job, &extracted.contact_sheet(), "-contact-sheet.jpg").await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsRead), get_contact_sheet).await
}
