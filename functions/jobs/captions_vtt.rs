//! `GET /v1/api/jobs/{jobId}/captions.vtt`: what is said, as WebVTT captions.

mod exports;

use domain::api_key::Scope;
use edge::{Call, Door, Problem, Reply};
use store::keys::Outputs;

async fn get_captions(call: Call) -> Result<Reply, Problem> {
    let job = exports::completed_job(&call).await?;
    let outputs = Outputs { video: job.id, generation: job.generation };
    exports::redirect(&call, &job, &outputs.captions_vtt(), ".vtt").await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsRead), get_captions).await
}
