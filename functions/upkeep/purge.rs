//! Purge queue: removes what a deleted video or account left behind, and keeps libraries fit to be searched.
//!
//! Twice for each removal: at once, and again when no Lambda that began before the deletion can still be writing.

use std::sync::Arc;

use domain::ids::{UserId, VideoId};
use edge::step::StepError;
use edge::{App, clock, queue, removal};
use store::{LAST_WRITE, Purge};
use stripe::Stripe;

#[path = "purge/library.rs"]
mod library;
#[path = "purge/vectors.rs"]
mod vectors;

async fn purge(app: Arc<App>, message: String) -> Result<(), StepError> {
    match serde_json::from_str(&message).map_err(StepError::transient)? {
        Purge::Video(id) => purge_video(&app, id).await,
        Purge::Account(user) => purge_account(&app, user).await,
        Purge::Library(user) => library::tidy(&app, &user).await,
        Purge::Vectors(id) => vectors::refresh(&app, id).await,
        Purge::Backfill(backfill) => vectors::ask(&app, backfill).await,
    }
}

async fn purge_video(app: &App, id: VideoId) -> Result<(), StepError> {
    let Some(tombstone) = app.store.tombstone_of(id).await? else { return Ok(()) };
    futures::try_join!(app.store.delete_objects(id), app.store.delete_history(id))?;
    library::tidy(app, &tombstone.buried_owner).await?;
    let is_last = clock::now().duration_since(tombstone.buried_at) >= LAST_WRITE;
    vectors::remove(app, id, is_last).await?;
    if !is_last {
        app.store.enqueue_purge(Purge::Video(id), LAST_WRITE).await?;
    } else {
        app.store.delete_tombstone(id).await?;
    }
    tracing::info!(video.id = %id, "video removed");
    Ok(())
}

/// The account's tombstone is set already, so no request of its owner comes through the door any more.
async fn purge_account(app: &App, user: UserId) -> Result<(), StepError> {
    let Some(deleted) = app.store.account_deleted(user.clone()).await? else { return Ok(()) };
    for video in app.store.video_summaries(user.clone()).await? {
        removal::remove(app, video.id, user.clone(), clock::now()).await?;
    }
    app.store.delete_account_rows(user.clone()).await?;
    app.store.delete_shards(user.clone()).await?;
    // A request under way at the first time may have made something after it.
    if clock::now().duration_since(deleted) < LAST_WRITE {
        app.store.enqueue_purge(Purge::Account(user.clone()), LAST_WRITE).await?;
    }
    // Nobody pays for an account that is gone. Last, so that a Stripe that does not answer holds nothing up.
    if let Some(customer) = app.store.billing(user.clone()).await?.customer {
        Stripe::of(app).await?.delete_customer(&customer).await?;
    }
    Ok(app.store.delete_billing(user).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    queue::serve(purge).await
}
