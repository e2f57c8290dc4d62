//! Writing shards of an account's library: the last step adds one, upkeep puts one in the place of others.

use domain::ids::UserId;
use domain::library::ShardEntry;
use edge::step::StepError;
use edge::{App, ids};
use intelligence::index::Shard;
use store::keys;

/// Writes a shard under a new name. It is in no library until that lists it.
pub async fn write(app: &App, user: &UserId, shard: &Shard) -> Result<ShardEntry, StepError> {
    let entry = ShardEntry {
        id: ids::new_shard(),
        embedder: shard.embedder().to_string(),
        rows: shard.row_count() as u64,
    };
    let key = keys::shard(user, entry.id);
    app.store.put_once(&key, "application/octet-stream", shard.encode().into()).await?;
    Ok(entry)
}
