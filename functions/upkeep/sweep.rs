//! Every five minutes: looks after every video that has taken longer than it should. Whatever was lost on the way
//! (a message, an event, a process) comes to light here, so that no video stays open, nothing stays reserved, and no
//! end stays untold.

use std::sync::Arc;

use domain::failure::{Failure, FailureCode};
use domain::ids::VideoId;
use domain::video::StateKind;
use edge::step::{self, StepError, give_up};
use edge::{App, clock, telemetry};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{Purge, Run, StoreError, Video};
use tracing::Instrument;

/// Above the state machine's own limit of five hours: reached only where that is not enforced.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(6);

async fn sweep(app: Arc<App>, _tick: Value) -> Result<(), StepError> {
    let now = clock::now();
    let mut failed = Ok(());
    for id in app.store.due(now).await? {
        // One video's trouble must not keep the others waiting.
        if let Err(error) = look_after(&app, id, now).instrument(telemetry::work()).await {
            tracing::error!(video.id = %id, %error, "video not looked after");
            failed = Err(error.into());
        }
    }
    failed
}

async fn look_after(app: &App, id: VideoId, now: Timestamp) -> Result<(), StoreError> {
    let Some(video) = &app.store.video(id).await? else {
        // Buried: the message that asked for its removal is lost.
        return app.store.enqueue_purge(Purge::Video(id), SignedDuration::ZERO).await;
    };
    telemetry::follow(video);
    match video.state.kind() {
        StateKind::AwaitingUpload => end(app, video, upload_expired()).await,
        StateKind::Queued | StateKind::Processing => match app.store.run(video).await? {
            None => {
                tracing::warn!(video.id = %id, "a lost message: the run is started now");
                app.store.start_execution(video).await?;
                app.store.looked_after(video, now).await
            }
            Some(Run::Going { since }) if now.duration_since(since) < LONGEST_RUN => {
                app.store.looked_after(video, now).await
            }
            Some(Run::Going { .. } | Run::Over) => end(app, video, interrupted()).await,
        },
        StateKind::Ready | StateKind::Failed | StateKind::Cancelled => app.store.settle(video, now).await,
    }
}

async fn end(app: &App, video: &Video, failure: Failure) -> Result<(), StoreError> {
    tracing::warn!(video.id = %video.id, code = ?failure.code, "video ended from outside");
    give_up(app, video.id, video.attempt, video.current_stage(), failure).await
}

fn upload_expired() -> Failure {
    let detail =
        "The upload URL ended before a file was uploaded. Create a new job and upload within 15 minutes.";
    Failure::new(FailureCode::UploadExpired, detail)
}

fn interrupted() -> Failure {
    let detail = "Processing was interrupted on our side. This attempt was not billed; please retry.";
    Failure::new(FailureCode::Internal, detail)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    step::serve(sweep).await
}
