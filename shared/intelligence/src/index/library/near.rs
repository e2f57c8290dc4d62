//! Which rows of a shard are near to a query in meaning, whoever tells that.

use std::collections::HashMap;

use domain::ids::{Generation, VideoId};
use domain::vectors::RowName;

use super::super::shard::Shard;
use super::super::sketch;
use super::{Allowed, Embedded, PROMISING};
use crate::embed::EmbedderId;

/// How far cosines of the same vectors are apart that were worked out by different programs.
const ROUNDING: f32 = 1e-3;

/// Who tells.
#[derive(Clone, Copy)]
pub(super) enum Meaning<'a> {
    /// The sketches of the shard.
    Sketched,
    /// An index of the vectors themselves, which was asked for the rows of each embedder.
    Looked(&'a HashMap<EmbedderId, Nearest>),
}

/// The rows of an account that are nearest to a query.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Nearest {
    /// Of each video the numbers of its rows, with their cosines.
    rows: HashMap<(VideoId, Generation), Vec<(u32, f32)>>,
    /// No other row has a greater cosine.
    others: f32,
}

impl Nearest {
    /// How many an index is asked for: as many as a shard is.
    pub(in super::super) const MOST: usize = PROMISING;

    /// What an index answered that was asked for [`Self::MOST`] rows.
    pub(in super::super) fn of(found: impl IntoIterator<Item = (RowName, f32)>) -> Self {
        let (mut count, mut least) = (0, 1.0f32);
        let mut rows: HashMap<_, Vec<(u32, f32)>> = HashMap::new();
        for (name, cosine) in found {
            rows.entry((name.video, name.generation)).or_default().push((name.row, cosine));
            (count, least) = (count + 1, least.min(cosine));
        }
        // Were there others, they would have been found too; what has no vector has no meaning.
        Self { rows, others: if count < Self::MOST { 0.0 } else { least } }
    }
}

/// The rows of one shard that are near, and how near.
pub(super) enum Near<'a> {
    Sketched(&'a Embedded),
    Looked { cosines: HashMap<usize, f32>, others: f32 },
}

/// The cosine between a row and a query, as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Cosine {
    pub(super) estimate: f32,
    pub(super) at_most: f32,
}

impl Cosine {
    /// That of rows whose meaning nobody compares.
    pub(super) const NONE: Self = Self { estimate: 0.0, at_most: 0.0 };
}

impl<'a> Near<'a> {
    /// `None` when nobody tells.
    pub(super) fn of(meaning: Meaning<'_>, shard: &Shard, query: &'a Embedded) -> Option<Self> {
        match meaning {
            Meaning::Sketched => Some(Self::Sketched(query)),
            Meaning::Looked(found) => {
                let nearest = found.get(shard.embedder())?;
                let mut cosines = HashMap::new();
                for (video, places) in shard.ranges() {
                    let rows = nearest.rows.get(&(video.video, video.generation));
                    let inside = |(row, cosine): &(u32, f32)| {
                        let place = places.start + *row as usize;
                        places.contains(&place).then_some((place, *cosine))
                    };
                    cosines.extend(rows.into_iter().flatten().filter_map(inside));
                }
                Some(Self::Looked { cosines, others: nearest.others })
            }
        }
    }

    /// Those that are let through.
    pub(super) fn rows(&self, shard: &Shard, allowed: &Allowed<'_>) -> Vec<usize> {
        match self {
            Self::Sketched(query) => by_sketches(shard, query, allowed),
            Self::Looked { cosines, .. } => cosines.keys().copied().filter(|row| allowed.has(*row)).collect(),
        }
    }

    pub(super) fn cosine(&self, shard: &Shard, row: usize) -> Cosine {
        match self {
            Self::Sketched(query) => shard.sketch(row).map_or(Cosine::NONE, |sketch| {
                let estimate = query.estimator.cosine(sketch);
                Cosine { estimate, at_most: estimate + sketch::LEEWAY }
            }),
            Self::Looked { cosines, others } => match cosines.get(&row) {
                Some(cosine) => Cosine { estimate: *cosine, at_most: cosine + ROUNDING },
                // Its words alone have brought it up.
                None => Cosine { estimate: 0.0, at_most: others + ROUNDING },
            },
        }
    }
}

/// The rows whose sketches are nearest to the query's.
fn by_sketches(shard: &Shard, query: &Embedded, allowed: &Allowed<'_>) -> Vec<usize> {
    let mut distances = Vec::with_capacity(shard.row_count());
    let mut counts = vec![0usize; query.vector.len() + 1];
    allowed.each(|row| {
        let Some(sketch) = shard.sketch(row) else { return };
        let distance = sketch::distance(&query.sketch, sketch);
        counts[distance as usize] += 1;
        distances.push((distance, row as u32));
    });
    let mut within = 0;
    let limit = counts.iter().position(|count| {
        within += count;
        within >= PROMISING
    });
    let limit = limit.map_or(u32::MAX, |limit| limit as u32);
    distances.iter().filter(|(distance, _)| *distance <= limit).map(|(_, row)| *row as usize).collect()
}
