//! The scenes that look the same, out of the keyframes that are in the bucket already.

use domain::analysis::Scene;
use domain::ids::VideoId;
use edge::App;
use edge::step::StepError;
use futures::{StreamExt, TryStreamExt, stream};
use intelligence::describe::{Look, first_alike};
use steps::outputs;
use store::keys;

use crate::AT_ONCE;

/// For each scene the place of the first one that looks the same, over the whole video.
pub(crate) async fn find(app: &App, video: VideoId, scenes: &[Scene]) -> Result<Vec<u32>, StepError> {
    let scenes = stream::iter(scenes.iter().cloned());
    let looks = scenes.map(|scene| async move { look(app, video, scene).await }).buffered(AT_ONCE);
    let looks: Vec<Option<Look>> = looks.try_collect().await?;
    tokio::task::spawn_blocking(move || first_alike(&looks)).await.map_err(StepError::transient)
}

/// `None` for a keyframe that cannot be read: whoever describes it says so.
async fn look(app: &App, video: VideoId, scene: Scene) -> Result<Option<Look>, StepError> {
    let keyframe = outputs::read(app, &keys::scene_frame(video, scene.ordinal + 1)).await?;
    Ok(Look::of(&scene, keyframe).await.ok())
}
