//! `GET /v1/api/jobs/{jobId}/thumbnails/{scene}`: the keyframe of a scene as JPEG.

mod exports;
mod scenes;

use domain::analysis::Scene;
use domain::api_key::Scope;
use domain::ids::VideoId;
use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply};
use serde::Deserialize;
use store::keys::{self, Extracted};

/// Of the stored scenes what names them.
#[derive(Deserialize)]
struct Scenes {
    scenes: Vec<Scene>,
}

/// By what a request names a scene.
enum SceneName {
    /// Its place in the list, from 1.
    Number(u32),
    /// Its `sceneId`, and the end that is written in it, in seconds.
    Id { text: String, end: f64 },
}

impl SceneName {
    /// `None` for text that names no scene of any video.
    fn parse(text: String) -> Option<Self> {
        if let Ok(number) = text.parse::<u32>() {
            // Not "+1" or "01", which `parse` takes too.
            return (number.to_string() == text).then_some(Self::Number(number));
        }
        let end = text.strip_prefix("scene_")?.rsplit_once('_')?.1.parse().ok()?;
        Some(Self::Id { text, end })
    }

    fn find(self, video: VideoId, scenes: &[Scene]) -> Option<&Scene> {
        match self {
            Self::Number(number) => scenes.iter().find(|scene| scene.ordinal + 1 == number),
            // No two scenes end at the same time.
            Self::Id { text, end } => scenes
                .iter()
                .find(|scene| f64::from(scene.end) == end)
                .filter(|scene| video.scene_id(scene.ordinal, scene.end) == text),
        }
    }
}

async fn get_thumbnail(call: Call) -> Result<Reply, Problem> {
    let name = SceneName::parse(call.path("scene", "scene")?);
    let job = scenes::job_with_scenes(&call).await?;
    let extracted = Extracted { video: job.id };
    let stored = call.app.store.object(&extracted.scenes()).await?;
    let stored = stored.ok_or_else(|| Problem::internal("a completed job has no list of scenes"))?;
    let Scenes { scenes } = serde_json::from_slice(&stored).map_err(Problem::internal)?;
    let named = name.and_then(|name| name.find(job.id, &scenes));
    let number = named.ok_or_else(|| unknown(scenes.len()))?.ordinal + 1;
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
