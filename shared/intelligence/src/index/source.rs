//! Where the candidates of a search over a library come from. Words are looked up in the shards in any case.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::UserId;

use super::{Candidate, LibraryQuery, Shard};

/// Finds rows that may bear on a query.
#[async_trait]
pub trait CandidateSource: Send + Sync {
    /// Whether shards are to be read with their sketches.
    fn reads_sketches(&self) -> bool;

    /// The rows of an account's shards that may bear on the query, the most promising first, at most `limit`. A source
    /// that does not answer is no reason to find nothing: words alone tell then.
    async fn candidates(
        &self,
        owner: &UserId,
        shards: &[Arc<Shard>],
        query: &LibraryQuery,
        limit: usize,
    ) -> Vec<Candidate>;
}

/// The sketches of the shards tell which rows are near in meaning.
#[derive(Debug, Clone, Copy)]
pub struct Sketches;

#[async_trait]
impl CandidateSource for Sketches {
    fn reads_sketches(&self) -> bool {
        true
    }

    async fn candidates(
        &self,
        _: &UserId,
        shards: &[Arc<Shard>],
        query: &LibraryQuery,
        limit: usize,
    ) -> Vec<Candidate> {
        query.candidates(shards, limit)
    }
}
