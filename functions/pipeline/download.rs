//! First step: the source, pinned. An upload is there already; a URL or a YouTube video is fetched.

#[path = "download/youtube.rs"]
mod youtube;

use std::io::ErrorKind;
use std::sync::Arc;

use domain::failure::{Failure, FailureCode};
use domain::stage::Stage;
use edge::step::{self, StepError, in_stage};
use edge::{App, clock, fetch};
use store::{Origin, Source, StepInput, StoreError, Video, keys};

async fn download(app: Arc<App>, input: StepInput) -> Result<(), StepError> {
    in_stage(&app, input, Stage::Download, async |video| {
        app.store.stage_begun(video.id, Stage::Download, 1, clock::now()).await?;
        if video.source.is_none() {
            fetch_source(&app, &video).await?;
        }
        Ok(app.store.stage_finished(video.id, Stage::Download, clock::now()).await?)
    })
    .await
}

async fn fetch_source(app: &App, video: &Video) -> Result<(), StepError> {
    let key = keys::fetched_source(video.id, video.attempt);
    let (source, title) = match &video.origin {
        Origin::Upload { .. } => {
            return Err(StepError::transient("an upload was started without its object"));
        }
        Origin::Url { url } => {
            let fetched = fetch::fetch(url, &app.config.local.fetch_allow).await?;
            (app.store.put_stream(&key, fetched.body).await.map_err(broken_off)?, None)
        }
        Origin::Youtube { youtube_id } => youtube::download(app, &key, youtube_id).await?,
    };
    if source.size == 0 {
        return Err(Failure::new(
            FailureCode::FetchFailed,
            "The URL leads to an empty file. Check it, then retry.",
        )
        .into());
    }
    pin(app, video, source, title).await
}

async fn pin(app: &App, video: &Video, source: Source, title: Option<String>) -> Result<(), StepError> {
    let pinned = app.store.source_fetched(video.id, video.attempt, source, title, clock::now()).await?;
    pinned.map(drop).ok_or(StepError::Stopped)
}

/// The web server's fault is told apart from our own.
fn broken_off(error: StoreError) -> StepError {
    match error {
        StoreError::Interrupted { kind: ErrorKind::FileTooLarge, .. } => fetch::too_large().into(),
        StoreError::Interrupted { .. } => Failure::new(
            FailureCode::FetchFailed,
            "The server broke the download off. Retry, or use another URL.",
        )
        .into(),
        other => other.into(),
    }
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    step::serve(download).await
}
