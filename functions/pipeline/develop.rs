//! Camera RAW becomes a video: a proxy is made of the source, pinned, and read in its place from now on.

use std::path::Path;
use std::sync::Arc;

use domain::camera_raw::CameraRaw;
use domain::stage::Stage;
use edge::step::{self, StepError, in_stage};
use edge::{App, clock};
use serde::Deserialize;
use steps::{outputs, source};
use store::{StepInput, Video, keys};

/// Folders begin with this and the id of the process that made them.
const PREFIX: &str = "develop-";

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
    remove_leftovers().map_err(StepError::transient)?;
    let prefix = format!("{PREFIX}{}-", std::process::id());
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir().map_err(StepError::transient)?;
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

/// Removes what processes left behind that were killed: a sandbox keeps its disk, and up to 8 GB on it.
fn remove_leftovers() -> std::io::Result<()> {
    for entry in std::fs::read_dir(std::env::temp_dir())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let maker = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(id, _)| id);
        if maker.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    step::serve(develop).await
}
