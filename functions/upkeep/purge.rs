//! Purge queue: removes what a deleted video or account left behind.
//!
//! Twice for each: at once, and again when no Lambda that began before the deletion can still be writing.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::ids::{UserId, VideoId};
use edge::step::{self, StepError};
use edge::{App, clock, removal};
use store::{LAST_WRITE, Purge};

async fn purge(app: Arc<App>, event: SqsEvent) -> Result<SqsBatchResponse, StepError> {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        if let Err(error) = take(&app, &message).await {
            tracing::error!(message.id = message.message_id, error = ?error, "removal not finished");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

async fn take(app: &App, message: &SqsMessage) -> Result<(), StepError> {
    let body = message.body.as_deref().unwrap_or_default();
    match serde_json::from_str(body).map_err(StepError::transient)? {
        Purge::Video(id) => purge_video(app, id).await,
        Purge::Account(user) => purge_account(app, user).await,
    }
}

async fn purge_video(app: &App, id: VideoId) -> Result<(), StepError> {
    let Some(buried) = app.store.buried(id).await? else { return Ok(()) };
    futures::try_join!(app.store.delete_objects(id), app.store.delete_history(id))?;
    if clock::now().duration_since(buried) < LAST_WRITE {
        app.store.enqueue_purge(Purge::Video(id), LAST_WRITE).await?;
    } else {
        app.store.delete_tombstone(id).await?;
    }
    tracing::info!(video.id = %id, "video removed");
    Ok(())
}

/// The account's tombstone is set already, so no request of its owner comes through the door any more.
async fn purge_account(app: &App, user: UserId) -> Result<(), StepError> {
    let held = app.store.video_summaries(user.clone()).await?;
    for video in app.store.videos(held.iter().map(|video| video.id).collect()).await? {
        removal::remove(app, &video, clock::now()).await?;
    }
    app.store.delete_account_rows(user.clone()).await?;
    // A request under way at the first time may have made something after it.
    if !held.is_empty() {
        app.store.enqueue_purge(Purge::Account(user), LAST_WRITE).await?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    step::serve(purge).await
}
