//! An account's library, put in order: what is in it of videos that are gone is left out, and what are many shards
//! become few. A shard is never changed: another one takes its place.

use std::collections::HashSet;

use bytes::Bytes;
use domain::ids::{Generation, UserId, VideoId};
use domain::library::{ShardEntry, ShardId, due_merge};
use domain::video::StateKind;
use edge::step::StepError;
use edge::{App, clock};
use futures::{StreamExt, TryStreamExt, stream};
use intelligence::index::{DecodeError, Shard, ShardVideo};
use jiff::SignedDuration;
use steps::shards;
use store::{LibraryChange, keys};

/// Where a shard tells which videos are in it: so many bytes hold 40,000 of them.
const HEAD: u64 = 1 << 20;
/// Shards that are read at the same time.
const AT_ONCE: usize = 8;
/// Rounds of changes. Each is a step forward, and whatever is left is for the next message.
const ROUNDS: u32 = 64;
/// A shard that no library lists after this long never will be listed.
const ORPHAN: SignedDuration = SignedDuration::from_hours(1);

/// The videos of a library that are to stay, each with its set of outputs.
type Kept = HashSet<(VideoId, Generation)>;

/// Puts a library in order. May be called at any time, and twice at once.
///
/// # Errors
/// When the store does not answer; what was done by then stays done.
pub(crate) async fn tidy(app: &App, user: &UserId) -> Result<(), StepError> {
    for _ in 0..ROUNDS {
        let shards = app.store.library(user.clone()).await?.shards;
        let contents = contents(app, user, &shards).await?;
        let kept = kept(app, user, contents.iter().flat_map(|(_, videos)| videos)).await?;
        let is_kept = |video: &ShardVideo| kept.contains(&(video.video, video.generation));
        let stale = contents.iter().find(|(_, videos)| videos.is_empty() || !videos.iter().all(is_kept));
        let Some(replaced) = stale.map(|(id, _)| vec![*id]).or_else(|| due_merge(&shards)) else { break };
        replace(app, user, replaced, &kept).await?;
    }
    remove_orphans(app, user).await
}

/// What is in each shard. Nothing is in one that is lost or cannot be read: it is of no use to a search either.
async fn contents(
    app: &App,
    user: &UserId,
    shards: &[ShardEntry],
) -> Result<Vec<(ShardId, Vec<ShardVideo>)>, StepError> {
    let read = |id: ShardId| async move {
        let key = keys::shard(user, id);
        let mut videos = read_videos(app.store.object_range(&key, 0..HEAD).await?);
        if videos.is_err() {
            videos = read_videos(app.store.object(&key).await?);
        }
        let videos = videos.unwrap_or_else(|error| {
            tracing::error!(shard.id = %id, %error, "a shard cannot be read, and is left out of its library");
            vec![]
        });
        Ok((id, videos))
    };
    let ids: Vec<ShardId> = shards.iter().map(|shard| shard.id).collect();
    stream::iter(ids).map(read).buffered(AT_ONCE).try_collect().await
}

fn read_videos(stored: Option<Bytes>) -> Result<Vec<ShardVideo>, DecodeError> {
    Shard::decode_videos(&stored.ok_or(DecodeError::NotAnIndex)?)
}

/// Of the videos those that are still there, as they were read. One that failed may be retried, and is there by then.
async fn kept(
    app: &App,
    user: &UserId,
    videos: impl Iterator<Item = &ShardVideo>,
) -> Result<Kept, StepError> {
    let ids: HashSet<VideoId> = videos.map(|video| video.video).collect();
    let found = app.store.videos(ids.into_iter().collect()).await?;
    let stays =
        found.iter().filter(|video| video.owner == *user && video.state.kind() != StateKind::Cancelled);
    Ok(stays.map(|video| (video.id, video.generation)).collect())
}

/// One shard in the place of these, or none when nothing of them is kept.
async fn replace(app: &App, user: &UserId, replaced: Vec<ShardId>, kept: &Kept) -> Result<(), StepError> {
    let mut read = Vec::with_capacity(replaced.len());
    for id in &replaced {
        let stored = app.store.object(&keys::shard(user, *id)).await?;
        // What cannot be read was reported when its head was.
        read.extend(stored.and_then(|stored| Shard::decode(&stored).ok()));
    }
    let merged = Shard::merge(&read, kept);
    let added = match &merged {
        Some(shard) => Some(shards::write(app, user, shard).await?),
        None => None,
    };
    let change = LibraryChange { added: added.into_iter().collect(), removed: replaced };
    let (added, replaced) = (change.added.clone(), change.removed.clone());
    let has_changed = app.store.change_library(user.clone(), change).await?;
    // Whoever was first has listed another shard in their place; this one never will be.
    let useless = if has_changed { replaced } else { added.into_iter().map(|shard| shard.id).collect() };
    for id in useless {
        app.store.delete_shard(user.clone(), id).await?;
    }
    Ok(())
}

/// Whoever wrote them died before they were listed.
async fn remove_orphans(app: &App, user: &UserId) -> Result<(), StepError> {
    let stored = app.store.stored_shards(user.clone()).await?;
    let listed = app.store.library(user.clone()).await?.shards;
    let now = clock::now();
    for (id, written) in stored {
        if now.duration_since(written) > ORPHAN && listed.iter().all(|shard| shard.id != id) {
            app.store.delete_shard(user.clone(), id).await?;
        }
    }
    Ok(())
}
