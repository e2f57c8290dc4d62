//! Every five minutes: ends what nobody will end any more, such as uploads that never came.

use std::sync::Arc;

use domain::failure::{Failure, FailureCode};
use domain::video::StateKind;
use edge::step::{self, StepError, give_up};
use edge::{App, clock};
use serde_json::Value;
use store::Video;

async fn sweep(app: Arc<App>, _tick: Value) -> Result<(), StepError> {
    for id in app.store.overdue(clock::now()).await? {
        let Some(video) = app.store.video(id).await? else { continue };
        if let Some(failure) = overdue(&video) {
            tracing::warn!(video.id = %id, code = ?failure.code, "overdue video ended");
            give_up(&app, id, video.attempt, video.current_stage(), failure).await?;
        }
    }
    Ok(())
}

fn overdue(video: &Video) -> Option<Failure> {
    match video.state.kind() {
        StateKind::AwaitingUpload => {
            let detail = "The upload URL ended before a file was uploaded. Create a new job and upload within 15 minutes.";
            Some(Failure::new(FailureCode::UploadExpired, detail))
        }
        StateKind::Queued | StateKind::Processing => {
            let detail = "Processing did not come to an end. Nothing was billed; please retry.";
            Some(Failure::new(FailureCode::TimedOut, detail))
        }
        StateKind::Ready | StateKind::Failed | StateKind::Cancelled => None,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    step::serve(sweep).await
}
