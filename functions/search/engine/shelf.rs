//! Shards and rows that were read, kept between invocations while there is room.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use domain::ids::{Generation, UserId, VideoId};
use domain::library::ShardId;
use edge::{App, Problem};
use futures::{StreamExt, TryStreamExt, stream};
use intelligence::index::{Candidate, DecodeError, Record, Shard};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use store::keys::{self, Outputs};

/// Bytes of shards that are kept: a library of 2,500 hours.
const SHARD_BYTES: u64 = 1 << 30;
/// Bytes of rows that are kept.
const RECORD_BYTES: u64 = 32 << 20;
/// Of a shard without its sketches so much is read first: small ones are read by then, of others it tells where the
/// sketches are.
const HEAD: u64 = 1 << 20;
/// Beyond the end of every shard.
const BEYOND: u64 = 1 << 40;
/// Objects, or parts of them, that are read at the same time.
const AT_ONCE: usize = 32;
/// Rows that lie so near to each other are read at once: for a store, that is less than another request.
const NEAR: u64 = 64 << 10;
/// Times that a library is read. Shards that were merged meanwhile are gone, and others have taken their place.
const TRIES: u32 = 4;

/// Names a row for ever: its video, the set of outputs, and where it lies in the index.
type RecordKey = (VideoId, Generation, u64);

/// What was read.
pub(crate) struct Shelf {
    shards: Cache<ShardId, Arc<Shard>, Bytewise>,
    records: Cache<RecordKey, Bytes, Bytewise>,
}

/// What is kept weighs what it takes.
#[derive(Clone)]
struct Bytewise;

impl Weighter<ShardId, Arc<Shard>> for Bytewise {
    fn weight(&self, _: &ShardId, shard: &Arc<Shard>) -> u64 {
        shard.bytes() as u64
    }
}

impl Weighter<RecordKey, Bytes> for Bytewise {
    fn weight(&self, _: &RecordKey, record: &Bytes) -> u64 {
        record.len() as u64
    }
}

impl Default for Shelf {
    fn default() -> Self {
        // So many items are expected: it is how the caches are laid out, not a limit.
        Self {
            shards: Cache::with_weighter(64, SHARD_BYTES, Bytewise),
            records: Cache::with_weighter(16 << 10, RECORD_BYTES, Bytewise),
        }
    }
}

impl Shelf {
    /// The shards of a library, with or without their sketches: of one kind for as long as this process lasts.
    pub(crate) async fn shards(
        &self,
        app: &App,
        user: &UserId,
        with_sketches: bool,
    ) -> Result<Vec<Arc<Shard>>, Problem> {
        for tries_left in (0..TRIES).rev() {
            let library = app.store.library(user.clone()).await?;
            let ids: Vec<ShardId> = library.shards.iter().map(|shard| shard.id).collect();
            let read = stream::iter(ids).map(|id| self.shard(app, user, id, with_sketches)).buffered(AT_ONCE);
            let read: Vec<Option<Arc<Shard>>> = read.try_collect().await?;
            let is_whole = read.iter().all(Option::is_some);
            if is_whole || tries_left == 0 {
                if !is_whole {
                    tracing::error!("a library lists shards that are not there or cannot be read");
                }
                return Ok(read.into_iter().flatten().collect());
            }
        }
        Ok(vec![])
    }

    /// `None` when it is not there, or cannot be read.
    async fn shard(
        &self,
        app: &App,
        user: &UserId,
        id: ShardId,
        with_sketches: bool,
    ) -> Result<Option<Arc<Shard>>, Problem> {
        if let Some(shard) = self.shards.get(&id) {
            return Ok(Some(shard));
        }
        let key = keys::shard(user, id);
        let shard = if with_sketches {
            let stored = app.store.object(&key).await?;
            stored.and_then(|stored| Shard::decode(&stored).ok())
        } else {
            without_sketches(app, &key).await?
        };
        let shard = shard.map(Arc::new);
        if let Some(shard) = &shard {
            self.shards.insert(id, shard.clone());
        }
        Ok(shard)
    }

    /// The candidates with their records. One whose video was removed meanwhile is left out.
    pub(crate) async fn records(
        &self,
        app: &App,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<(Candidate, Record)>, Problem> {
        let missing = candidates.iter().filter(|candidate| self.records.get(&key(candidate)).is_none());
        let reads =
            together(missing.map(|candidate| (outputs(candidate), candidate.record.clone())).collect());
        let read = stream::iter(reads).map(|(outputs, parts)| self.read(app, outputs, parts));
        let mut fresh: Vec<(RecordKey, Bytes)> =
            read.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?.concat();
        // What was just read may be pushed out by what was read after it.
        fresh.sort_unstable_by_key(|(key, _)| *key);
        let find = |key: RecordKey| {
            let at = fresh.binary_search_by_key(&key, |(key, _)| *key);
            at.map(|at| fresh[at].1.clone()).ok().or_else(|| self.records.get(&key))
        };
        let mut records = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let Some(stored) = find(key(&candidate)) else { continue };
            let record = Record::decode(&stored, candidate.dimensions);
            let record = record.map_err(|error: DecodeError| Problem::internal(error))?;
            records.push((candidate, record));
        }
        Ok(records)
    }

    /// Some records of one index, which lie near to each other.
    async fn read(
        &self,
        app: &App,
        outputs: Outputs,
        parts: Vec<Range<u64>>,
    ) -> Result<Vec<(RecordKey, Bytes)>, Problem> {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Ok(vec![]) };
        let start = first.start;
        let Some(stored) = app.store.object_range(&outputs.index(), start..last.end).await? else {
            return Ok(vec![]);
        };
        let mut records = Vec::with_capacity(parts.len());
        for part in parts {
            let (from, to) = ((part.start - start) as usize, (part.end - start) as usize);
            // A copy: a part of what was read would keep the whole of it.
            let record = stored.get(from..to).map(Bytes::copy_from_slice);
            let record = record.ok_or_else(|| Problem::internal("a search index ends before its rows"))?;
            let key = (outputs.video, outputs.generation, part.start);
            self.records.insert(key, record.clone());
            records.push((key, record));
        }
        Ok(records)
    }
}

/// A shard of which the sketches are not read: they are nearly half of it, and lie in one piece.
async fn without_sketches(app: &App, key: &str) -> Result<Option<Shard>, Problem> {
    let Some(head) = app.store.object_range(key, 0..HEAD).await? else { return Ok(None) };
    let Ok(sketches) = Shard::decode_sketches_place(&head) else {
        // More videos than usual, and few rows; or no shard.
        let stored = app.store.object(key).await?;
        return Ok(stored.and_then(|stored| Shard::decode(&stored).ok()));
    };
    let part = async |range: Range<u64>| {
        // What was read already is not read again.
        let at_hand = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let at_hand = at_hand.and_then(|(start, end)| (end <= head.len()).then(|| head.slice(start..end)));
        match at_hand {
            Some(part) => Ok(Some(part)),
            None => app.store.object_range(key, range).await,
        }
    };
    let end = if (head.len() as u64) < HEAD { head.len() as u64 } else { BEYOND };
    let (before, after) = futures::try_join!(part(0..sketches.start), part(sketches.end.min(end)..end))?;
    let parts = before.zip(after);
    Ok(parts.and_then(|(before, after)| Shard::decode_without_sketches(&before, &after).ok()))
}

fn outputs(candidate: &Candidate) -> Outputs {
    Outputs { video: candidate.video, generation: candidate.generation }
}

fn key(candidate: &Candidate) -> RecordKey {
    (candidate.video, candidate.generation, candidate.record.start)
}

/// Parts of objects, those of one object that lie near to each other put together.
fn together(mut parts: Vec<(Outputs, Range<u64>)>) -> Vec<(Outputs, Vec<Range<u64>>)> {
    parts.sort_unstable_by_key(|(outputs, part)| (outputs.video, outputs.generation, part.start));
    let near = |(a, before): &(Outputs, Range<u64>), (b, after): &(Outputs, Range<u64>)| {
        a == b && after.start.saturating_sub(before.end) <= NEAR
    };
    let groups = parts.chunk_by(near).filter_map(|group| {
        let (outputs, _) = group.first()?;
        Some((*outputs, group.iter().map(|(_, part)| part.clone()).collect()))
    });
    groups.collect()
}
