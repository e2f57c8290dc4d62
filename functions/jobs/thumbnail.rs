//! `GET /v1/api/jobs/{jobId}/thumbnails/{scene}`: the keyframe of a scene as JPEG.

mod exports;
mod scenes;

use domain::analysis::Scene;
use domain::api_key::Scope;
use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply};
use serde::Deserialize;
use store::keys::{self, Outputs};

/// Of the stored scenes what names them.
#[derive(Deserialize)]
struct Scenes {
    scenes: Vec<Scene>,
}

async fn get_thumbnail(call: Call) -> Result<Reply, Problem> {
    let named: String = call.path("scene", "scene")?;
    let job = scenes::job_with_scenes(&call).await?;
    let outputs = Outputs { video: job.id, generation: job.generation };
    let stored = call.app.store.object(&outputs.scenes()).await?;
    let stored = stored.ok_or_else(|| Problem::internal("a completed job has no list of scenes"))?;
    let Scenes { scenes } = serde_json::from_slice(&stored).map_err(Problem::internal)?;
    // By its place in the list, from 1, or by its sceneId.
    let is_it = |scene: &&Scene| {
        (scene.ordinal + 1).to_string() == named || job.id.scene_id(scene.ordinal, scene.end) == named
    };
    let number = scenes.iter().find(is_it).ok_or_else(|| unknown(scenes.len()))?.ordinal + 1;
    exports::redirect(&call, &job, &keys::scene_frame(job.id, number), &format!("-scene-{number}.jpg")).await
}

fn unknown(scenes: usize) -> Problem {
    let detail =
        format!("This job has no such scene. Name one by its sceneId, or by its number from 1 to {scenes}.");
    Problem::new(ProblemKind::NotFound, detail)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::JobsRead), get_thumbnail).await
}
