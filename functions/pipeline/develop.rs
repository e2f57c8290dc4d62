//! Camera RAW becomes a video: a proxy is made of the source, pinned, and read in its place from now on.

use std::sync::Arc;

use domain::camera_raw::CameraRaw;
use domain::stage::Stage;
use edge::step::{self, StepError, in_stage};
use edge::{App, clock};
use serde::Deserialize;
use steps::{outputs, source};
use store::{StepInput, Video, keys};

#[derive(Deserialize)]
struct Input {
    #[serde(flatten)]
    step: StepInput,
    plan: Found,
}

/// What the plan step found.
#[derive(Deserialize)]
struct Found {
    develop: CameraRaw,
}

async fn develop(app: Arc<App>, input: Input) -> Result<(), StepError> {
    in_stage(&app, input.step, Stage::Extract, async |video| {
        // Its one part is done when the plan says how many there are.
        app.store.stage_begun(video.id, Stage::Extract, 1, clock::now()).await?;
        match video.proxy {
            Some(_) => Ok(()),
            None => make_proxy(&app, &video, input.plan.develop).await,
        }
    })
    .await
}

async fn make_proxy(app: &App, video: &Video, format: CameraRaw) -> Result<(), StepError> {
    let folder = tempfile::tempdir().map_err(StepError::transient)?;
    let (tools, source) = (source::tools(app), source::original(app, video)?);
    let made = media::develop(&tools, &app.config.raw_commands, format, source, folder.path()).await;
    let made = made.map_err(source::media_error)?;
    let key = keys::proxy(video.id, video.attempt);
    let proxy = outputs::put_file(app, &key, &made).await?;
    tracing::info!(video.id = %video.id, ?format, bytes = proxy.size, "camera RAW developed");
    if app.store.developed(video.id, video.attempt, proxy, clock::now()).await?.is_some() {
        return Ok(());
    }
    // Another run of this step may have been faster.
    let found = app.store.video(video.id).await?;
    found.filter(|video| video.proxy.is_some() && !video.is_terminal()).map(drop).ok_or(StepError::Stopped)
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    step::serve(develop).await
}
