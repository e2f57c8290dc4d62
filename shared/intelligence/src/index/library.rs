//! Search over many videos: first over sketches and terms, which tell what may bear on a query, then over the rows
//! themselves, which tell how much. The score is that of [`crate::index`], without the cues of questions: who searches
//! says what to look for, and names kinds and times apart from it. Words of asking weigh little, and what does not bear
//! on the query is not returned, see [`super::bearing`].

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use domain::ids::{Generation, VideoId};
use domain::time::Seconds;
use uuid::Uuid;

use super::Row;
use super::bearing::Reasons;
use super::codec::Record;
use super::search::{CUT_OFF, SHARE_OF_BEST, either, semantic};
use super::shard::{Brief, Shard, ShardVideo};
use super::sketch::{self, Estimator};
use crate::answer::EvidenceKind;
use crate::embed::{EmbedderId, HashedTerms, dot};

mod near;
mod spelling;
mod words;

pub(super) use near::Nearest;
use near::{Meaning, Near};
use words::{Asked, Weights, Words};

/// Rows that a search looks at themselves, and so the most moments that it finds.
pub const CANDIDATES: usize = 128;
/// Rows of a shard that are looked at more closely, by sketch and by terms each.
const PROMISING: usize = 256;

/// Which rows count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Those of these videos; of all of them when there are none named.
    pub videos: Option<HashSet<VideoId>>,
    /// Those of these kinds; all kinds when there are none named.
    pub kinds: Option<Vec<EvidenceKind>>,
    /// What this speaker says: an id as [`VideoId::speaker_id`] makes it.
    pub speaker: Option<Uuid>,
    /// What goes on after this time of its video.
    pub from: Option<Seconds>,
    /// What begins before this time of its video.
    pub to: Option<Seconds>,
}

impl Filter {
    /// Rows end after the first of these times and begin before the second, in milliseconds.
    pub(super) fn window(&self) -> (u32, u32) {
        let time = |time: Seconds| (time.get() * 1000.0).min(f64::from(u32::MAX)) as u32;
        (self.from.map_or(0, time), self.to.map_or(u32::MAX, time))
    }
}

/// What is searched for.
#[derive(Debug, Clone)]
pub struct LibraryQuery {
    asked: Vec<Asked>,
    /// The text as the embedders embed it, for those that know meaning.
    vectors: HashMap<EmbedderId, Embedded>,
    filter: Filter,
}

/// A text as an embedder embeds it, and what compares it with sketches.
#[derive(Debug, Clone)]
struct Embedded {
    vector: Vec<f32>,
    sketch: Vec<u64>,
    estimator: Estimator,
}

impl Embedded {
    fn new(vector: Vec<f32>) -> Self {
        Self { sketch: sketch::of(&vector).collect(), estimator: Estimator::of(&vector), vector }
    }
}

/// A row that may bear on a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Whose row.
    pub video: VideoId,
    /// Of which set of outputs.
    pub generation: Generation,
    /// Where in the video's index its record lies, in bytes.
    pub record: Range<u64>,
    /// How long its vector is.
    pub dimensions: usize,
    embedder: EmbedderId,
    words: Words,
    /// Terms in the row, 255 at most.
    terms: u8,
    /// The score as far as sketches tell.
    estimate: f32,
}

/// A row that bears on a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Whose.
    pub video: VideoId,
    /// Where in the video's index its record starts: a name of the row within the video.
    pub record: u64,
    /// What was said, shown or seen, and when.
    pub row: Row,
    /// How much it bears on the query, 0 to 1.
    pub score: f32,
}

impl Moment {
    /// Moments are in this order, the least first: the best, of those the one of the newest video, of those the earliest
    /// in its index. No two are equal.
    pub fn rank(&self) -> (Reverse<u32>, Reverse<VideoId>, u64) {
        // Scores are positive, so their bits are in the same order as they are.
        (Reverse(self.score.to_bits()), Reverse(self.video), self.record)
    }
}

impl LibraryQuery {
    /// A query; `vectors` is the text as each embedder of the library embeds it. Without those, words alone count.
    pub fn new(text: &str, mut vectors: HashMap<EmbedderId, Vec<f32>>, filter: Filter) -> Self {
        // Hashed terms know no meaning: their cosine is the lexical measure once more, with collisions.
        vectors.retain(|embedder, _| embedder.as_str() != HashedTerms::ID);
        let vectors =
            vectors.into_iter().map(|(embedder, vector)| (embedder, Embedded::new(vector))).collect();
        Self { asked: words::asked(text), vectors, filter }
    }

    /// The rows of the shards that may bear on it, as far as terms and sketches tell, the most promising first, at most
    /// `limit`.
    pub fn candidates(&self, shards: &[Arc<Shard>], limit: usize) -> Vec<Candidate> {
        self.gather(shards, Meaning::Sketched, limit)
    }

    /// The same, where others have found the rows that are near in meaning. Of an embedder of which there are none words
    /// alone tell.
    pub(super) fn candidates_among(
        &self,
        shards: &[Arc<Shard>],
        near: &HashMap<EmbedderId, Nearest>,
        limit: usize,
    ) -> Vec<Candidate> {
        self.gather(shards, Meaning::Looked(near), limit)
    }

    /// The text as the embedder of a shard embeds it, if that is known and knows meaning.
    pub(super) fn vector_for(&self, shard: &Shard) -> Option<&[f32]> {
        self.embedded_for(shard).map(|embedded| &*embedded.vector)
    }

    /// Which rows count.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    fn embedded_for(&self, shard: &Shard) -> Option<&Embedded> {
        self.vectors.get(shard.embedder()).filter(|query| query.vector.len() == shard.dimensions())
    }

    fn gather(&self, shards: &[Arc<Shard>], meaning: Meaning<'_>, limit: usize) -> Vec<Candidate> {
        // Of a few videos there are rows in few shards.
        let allowed = shards.iter().map(|shard| self.allowed(shard));
        let allowed: Vec<Allowed<'_>> = allowed.filter(|allowed| !allowed.ranges.is_empty()).collect();
        let looked_at: Vec<&Shard> = allowed.iter().map(|allowed| allowed.shard).collect();
        let weights = Weights::of(&self.asked, shards, &looked_at);
        let promising = |allowed| self.promising(allowed, &weights, meaning, limit);
        let mut found: Vec<Candidate> = allowed.iter().flat_map(promising).collect();
        found.sort_by(|a, b| {
            let by_place = || (b.video, a.record.start).cmp(&(a.video, b.record.start));
            b.estimate.total_cmp(&a.estimate).then_with(by_place)
        });
        // A video may be in two shards, for a while.
        let mut seen = HashSet::new();
        found.retain(|found| seen.insert((found.video, found.generation, found.record.start)));
        found.truncate(limit);
        found
    }

    /// Of the candidates' records those that do bear on it, by [`Moment::rank`].
    pub fn moments(&self, records: Vec<(Candidate, Record)>) -> Vec<Moment> {
        let scored = records.into_iter().map(|(candidate, Record { row, vector })| {
            let known =
                self.vectors.get(&candidate.embedder).filter(|query| query.vector.len() == vector.len());
            let cosine = known.map(|query| dot(&query.vector, &vector));
            let score = either(cosine.map_or(0.0, semantic), candidate.words.score);
            let moment = Moment { video: candidate.video, record: candidate.record.start, row, score };
            bears(cosine, candidate.words, candidate.terms).then_some(moment)
        });
        let mut moments: Vec<Moment> = scored.flatten().collect();
        let best = moments.iter().map(|moment| moment.score).fold(0.0, f32::max);
        moments.retain(|moment| moment.score >= best * SHARE_OF_BEST);
        moments.sort_by_key(Moment::rank);
        moments
    }

    /// The rows of a shard, of those that are let through, that meaning or terms speak for most, at most `limit`, in no
    /// order.
    fn promising(
        &self,
        allowed: &Allowed<'_>,
        weights: &Weights,
        meaning: Meaning<'_>,
        limit: usize,
    ) -> Vec<Candidate> {
        let shard = allowed.shard;
        let words = words::of(shard, weights);
        let near = self.embedded_for(shard).and_then(|query| Near::of(meaning, shard, query));
        let mut rows: Vec<usize> = words::best(&words, allowed);
        rows.extend(near.iter().flat_map(|near| near.rows(shard, allowed)));
        rows.sort_unstable();
        rows.dedup();
        let estimate = |row: usize| {
            let cosine = near.as_ref().map(|near| near.cosine(shard, row));
            let words = words.get(row).copied().unwrap_or_default();
            let may_bear = bears(cosine.map(|cosine| cosine.at_most), words, shard.row(row).terms);
            let semantic = cosine.map_or(0.0, |cosine| semantic(cosine.estimate));
            may_bear.then(|| (either(semantic, words.score), row))
        };
        let mut best: Vec<(f32, usize)> = rows.into_iter().filter_map(estimate).collect();
        best.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        best.truncate(limit);
        let candidate = |(estimate, row): (f32, usize)| {
            let video = shard.video_of(row)?;
            Some(Candidate {
                video: video.video,
                generation: video.generation,
                record: shard.row(row).record(),
                dimensions: shard.dimensions(),
                embedder: shard.embedder().clone(),
                words: words.get(row).copied().unwrap_or_default(),
                terms: shard.row(row).terms,
                estimate,
            })
        };
        best.into_iter().filter_map(candidate).collect()
    }

    /// The numbers of the rows that the filter lets through, as ranges, each of one video.
    fn allowed<'a>(&'a self, shard: &'a Shard) -> Allowed<'a> {
        let is_wanted = |video: &ShardVideo| {
            self.filter.videos.as_ref().is_none_or(|wanted| wanted.contains(&video.video))
        };
        let videos = shard.ranges().filter(|(video, _)| is_wanted(video));
        let ranges = videos.map(|(video, rows)| {
            let speaker = self.filter.speaker.map(|id| {
                let most = shard.rows()[rows.clone()].iter().filter_map(|row| row.speaker).max();
                most.and_then(|most| (0..=most).find(|n| video.video.speaker_id(u32::from(*n)) == id))
            });
            (rows, speaker)
        });
        let ranges = ranges.filter(|(_, speaker)| *speaker != Some(None)).collect();
        let (from, to) = self.filter.window();
        Allowed { shard, ranges, kinds: self.filter.kinds.as_deref(), from, to }
    }
}

/// Whether a row bears on a query, as far as its cosine, if anybody compares meanings, and its words tell.
fn bears(cosine: Option<f32>, words: Words, terms: u8) -> bool {
    let score = either(cosine.map_or(0.0, semantic), words.score);
    score >= CUT_OFF && Reasons { cosine, share: words.share, terms }.suffice()
}

/// The rows that a filter lets through.
struct Allowed<'a> {
    shard: &'a Shard,
    /// Of each video the rows, and the speaker that is asked for, if one is.
    ranges: Vec<(Range<usize>, Option<Option<u16>>)>,
    kinds: Option<&'a [EvidenceKind]>,
    from: u32,
    to: u32,
}

impl Allowed<'_> {
    /// Calls `visit` with each row that is let through. It is called for millions of rows, which chained iterators that
    /// are asked for one row after another would take three times as long for.
    fn each(&self, mut visit: impl FnMut(usize)) {
        let lets_all = self.kinds.is_none() && self.from == 0 && self.to == u32::MAX;
        for (rows, speaker) in &self.ranges {
            if lets_all && speaker.is_none() {
                rows.clone().for_each(&mut visit);
            } else {
                rows.clone().filter(|row| self.lets(self.shard.row(*row), *speaker)).for_each(&mut visit);
            }
        }
    }

    /// Whether this row is let through.
    fn has(&self, row: usize) -> bool {
        let after = self.ranges.partition_point(|(rows, _)| rows.start <= row);
        let range = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        range.is_some_and(|(rows, speaker)| rows.contains(&row) && self.lets(self.shard.row(row), *speaker))
    }

    fn lets(&self, row: &Brief, speaker: Option<Option<u16>>) -> bool {
        speaker.is_none_or(|speaker| speaker == row.speaker)
            && self.kinds.is_none_or(|kinds| kinds.contains(&row.kind))
            && row.end > self.from
            && row.start < self.to
    }
}

#[cfg(test)]
mod tests;
