//! Vectors of videos in Amazon S3 Vectors: past the size at which reading every row's sketch is fast, the service tells
//! which rows are near in meaning. It knows no words, and where a row lies in its video's index it need not know: both
//! are in the shards.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3vectors::Client;
use domain::ids::{Generation, UserId, VideoId};
use domain::vectors::{RowName, VectorSet, index_name};
use futures::{StreamExt, TryStreamExt, stream};

use super::library::Nearest;
use super::{Candidate, CandidateSource, LibraryQuery, Row, Shard, VideoIndex};
use crate::embed::{EmbedderId, HashedTerms};
use crate::retry::Budget;
use crate::{ProviderError, aws};

mod batch;
mod metadata;
mod requests;

use requests::Index;

/// Requests at the same time: 2,500 rows a second may come into an index, and a request takes a fifth of one.
const AT_A_TIME: usize = 4;

/// A bucket of indexes of vectors.
#[derive(Debug, Clone)]
pub struct VectorBucket {
    client: Client,
    arn: String,
    budget: Budget,
}

impl VectorBucket {
    /// The bucket with that ARN; connects to nothing yet. A call takes no more than `budget`.
    pub fn new(sdk: &SdkConfig, arn: String, budget: Budget) -> Self {
        Self { client: Client::new(&aws::once(sdk)), arn, budget }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Which vectors a video has here, before any of them is put; `None` when it has none: hashed terms know no meaning,
    /// and no search compares them.
    pub fn set_of(&self, owner: &UserId, generation: Generation, video: &VideoIndex) -> Option<VectorSet> {
        let rows = video.findable().count() as u32;
        let has_meaning = video.embedder().as_str() != HashedTerms::ID && video.dimensions > 0;
        (has_meaning && rows > 0).then(|| VectorSet {
            generation,
            bucket: self.arn.clone(),
            index: index_name(owner, video.embedder().as_str(), video.dimensions),
            rows,
            is_whole: false,
        })
    }

    /// Puts the vectors of a video, in the place of those of the same names. The first of its index makes the index.
    ///
    /// # Errors
    /// When the service fails; what was put by then stays, and doing it again is safe.
    pub async fn put(
        &self,
        owner: &UserId,
        id: VideoId,
        set: &VectorSet,
        video: &VideoIndex,
    ) -> Result<(), ProviderError> {
        let allowance = self.budget.start();
        let (index, dimensions) = (self.index(&set.index), video.dimensions);
        let rows = video.findable().zip(set.names(id));
        // The service takes no vector of zeros, and nothing is near to one.
        let rows = rows.filter(|((number, _), _)| video.vector(*number).iter().any(|x| *x != 0.0));
        let rows: Vec<((usize, &Row), RowName)> = rows.collect();
        let vector = |((number, row), name): &((usize, &Row), RowName)| {
            requests::vector(*name, video.vector(*number).to_vec(), metadata::of(owner, id, row))
        };
        let (index, allowance, vector) = (&index, &allowance, &vector);
        // A request is made of its rows when its turn comes: a long video's vectors are held once.
        let batches = rows.chunks(batch::size(dimensions)).map(|batch| async move {
            let vectors = batch.iter().map(vector).collect::<Result<Vec<_>, _>>()?;
            index.put(allowance, dimensions, vectors).await
        });
        let batches: Vec<_> = batches.collect();
        stream::iter(batches).buffer_unordered(AT_A_TIME).try_collect().await
    }

    /// Removes the vectors of a video, as far as they are there.
    ///
    /// # Errors
    /// When the service fails; doing it again is safe.
    pub async fn delete(&self, id: VideoId, set: &VectorSet) -> Result<(), ProviderError> {
        let allowance = self.budget.start();
        let index = self.index(&set.index);
        let names: Vec<String> = set.names(id).map(|name| name.to_string()).collect();
        let batches: Vec<_> =
            names.chunks(batch::MOST).map(|batch| index.delete(&allowance, batch.to_vec())).collect();
        stream::iter(batches).buffer_unordered(AT_A_TIME).try_collect().await
    }

    /// Of each embedder the rows that are nearest to the query. Without those that cannot be told: what remains is then
    /// searched by words alone, which is worse, and still a search.
    async fn nearest(
        &self,
        owner: &UserId,
        shards: &[Arc<Shard>],
        query: &LibraryQuery,
    ) -> HashMap<EmbedderId, Nearest> {
        let asked: HashMap<&EmbedderId, &[f32]> = shards
            .iter()
            .filter_map(|shard| Some((shard.embedder(), query.vector_for(shard)?)))
            .filter(|(_, vector)| vector.iter().any(|x| *x != 0.0))
            .collect();
        let allowance = self.budget.start();
        let filter = metadata::filter(owner, query.filter());
        let mut found = HashMap::new();
        for (embedder, vector) in asked {
            let index = self.index(&index_name(owner, embedder.as_str(), vector.len()));
            match index.query(&allowance, vector, &filter, Nearest::MOST).await {
                Ok(Some(rows)) => drop(found.insert(embedder.clone(), Nearest::of(rows))),
                Ok(None) => {
                    tracing::warn!(
                        index.name = index.name(),
                        "no such index of vectors; was nothing backfilled?"
                    );
                }
                Err(error) => tracing::error!(%error, "vectors not compared; words alone are searched for"),
            }
        }
        found
    }

    fn index(&self, name: &str) -> Index<'_> {
        Index::new(&self.client, &self.arn, name)
    }
}

#[async_trait]
impl CandidateSource for VectorBucket {
    fn reads_sketches(&self) -> bool {
        false
    }

    async fn candidates(
        &self,
        owner: &UserId,
        shards: &[Arc<Shard>],
        query: &LibraryQuery,
        limit: usize,
    ) -> Vec<Candidate> {
        let near = self.nearest(owner, shards, query).await;
        query.candidates_among(shards, &near, limit)
    }
}
