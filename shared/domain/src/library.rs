//! An account's library as search sees it: shards, each with the sketches and terms of some of its videos.
//!
//! A video comes in as a shard of its own. Shards of about the same size are merged, as log-structured merge trees do
//! (O'Neil et al., 1996): a row is rewritten a few times in its life, and a search reads a few objects, however many
//! videos there are.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::NotAnId;

/// So many shards of about one size become one.
pub const MERGED_AT_ONCE: usize = 8;
/// No merge makes a shard of more rows: about 60 hours of video, 25 MB, which a function reads and writes in seconds.
pub const MOST_ROWS: u64 = 250_000;
/// Shards below this size are of about one size: an hour of video is about 4,000 rows.
const SMALL: u64 = 4_000;

/// Names a shard. What it names never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardId(pub Uuid);

impl FromStr for ShardId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
    }
}

impl std::fmt::Display for ShardId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A shard, as the library lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// Its name.
    pub id: ShardId,
    /// Who embedded its rows: vectors of others cannot be compared with them.
    pub embedder: String,
    /// How many rows it has.
    pub rows: u64,
}

impl ShardEntry {
    /// 0 for the small ones, one more for each time that it is [`MERGED_AT_ONCE`] times larger.
    fn size_class(&self) -> u32 {
        (self.rows / SMALL).max(1).ilog(MERGED_AT_ONCE as u64)
    }
}

/// Shards that are to become one, the smallest first; `None` when there are few enough.
pub fn due_merge(shards: &[ShardEntry]) -> Option<Vec<ShardId>> {
    let mut sorted: Vec<&ShardEntry> = shards.iter().collect();
    sorted.sort_by_key(|shard| (shard.size_class(), &shard.embedder, shard.rows, shard.id));
    sorted.chunk_by(|a, b| a.size_class() == b.size_class() && a.embedder == b.embedder).find_map(|alike| {
        let first = alike.get(..MERGED_AT_ONCE)?;
        let rows: u64 = first.iter().map(|shard| shard.rows).sum();
        (rows <= MOST_ROWS).then(|| first.iter().map(|shard| shard.id).collect())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shard(n: u128, embedder: &str, rows: u64) -> ShardEntry {
        ShardEntry { id: ShardId(Uuid::from_u128(n)), embedder: embedder.to_owned(), rows }
    }

    #[test]
    fn few_shards_are_left_alone() {
        let shards: Vec<ShardEntry> = (0..7).map(|n| shard(n, "a", 10)).collect();
        assert_eq!(due_merge(&shards), None);
    }

    #[test]
    fn shards_of_unlike_embedders_are_never_merged() {
        let shards: Vec<ShardEntry> =
            (0..14).map(|n| shard(n, if n % 2 == 0 { "a" } else { "b" }, 10)).collect();
        assert_eq!(due_merge(&shards), None);
    }

    proptest! {
        /// However many videos come in, and of whatever length, a search reads few objects and a row is rarely moved.
        #[test]
        fn a_library_has_few_shards_and_moves_a_row_a_few_times(
            videos in proptest::collection::vec(1u64..20_000, 1..600),
        ) {
            let mut shards: Vec<ShardEntry> = vec![];
            let (mut moved, mut total) = (0, 0);
            for (n, rows) in (0u128..).zip(videos) {
                total += rows;
                shards.push(shard(n, "a", rows));
                while let Some(due) = due_merge(&shards) {
                    let is_due = |shard: &ShardEntry| due.contains(&shard.id);
                    let rows: u64 = shards.iter().filter(|shard| is_due(shard)).map(|shard| shard.rows).sum();
                    prop_assert!(rows <= MOST_ROWS);
                    moved += rows;
                    shards.retain(|shard| !is_due(shard));
                    shards.push(shard(1_000_000 + n, "a", rows));
                }
            }
            let full = total / (MOST_ROWS / MERGED_AT_ONCE as u64);
            prop_assert!(shards.len() as u64 <= 3 * 8 + full, "{} shards of {total} rows", shards.len());
            prop_assert!(moved <= 3 * total, "{moved} rows moved of {total}");
            prop_assert_eq!(shards.iter().map(|shard| shard.rows).sum::<u64>(), total);
        }
    }
}
