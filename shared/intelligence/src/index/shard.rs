//! What a search over a whole library reads of many videos at once: of each row its sketch, its terms, and where its
//! record lies in its video's index. About 90 bytes a row, of which an hour of video has about 4,000.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use domain::ids::{Generation, VideoId};
use domain::time::Seconds;

use super::VideoIndex;
use super::lexicon::Posting;
use super::sketch;
use crate::answer::EvidenceKind;
use crate::embed::EmbedderId;

mod codec;
mod terms;

use terms::Terms;

/// Videos of one account, ready to be searched together. Without sketches, where something else tells which rows are
/// near in meaning: they are nearly half of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    embedder: EmbedderId,
    dimensions: usize,
    /// Newest first.
    videos: Vec<ShardVideo>,
    rows: Vec<Brief>,
    /// [`sketch::words`] for each row; nothing where they were not read.
    sketches: Vec<u64>,
    terms: Terms,
    /// Of all rows together.
    term_count: u64,
}

/// A video in a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShardVideo {
    /// Which.
    pub video: VideoId,
    /// The set of outputs that the rows were read from.
    pub generation: Generation,
    /// How many rows are its, after those of the video before.
    rows: u32,
}

/// A row without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Brief {
    /// From when on, in milliseconds.
    pub(super) start: u32,
    /// Until when, in milliseconds.
    pub(super) end: u32,
    /// Where in its video's index its record starts.
    pub(super) record: u32,
    /// Bytes of the record.
    pub(super) length: u32,
    pub(super) speaker: Option<u16>,
    pub(super) kind: EvidenceKind,
    /// Terms in the row, 255 at most.
    pub(super) terms: u8,
}

impl Brief {
    /// Where in its video's index its record lies.
    pub(super) fn record(&self) -> Range<u64> {
        let start = u64::from(self.record);
        start..start + u64::from(self.length)
    }
}

pub(super) fn milliseconds(time: Seconds) -> u32 {
    (time.get() * 1000.0).round() as u32
}

impl Shard {
    /// The shard of one video alone, of the rows that can be found.
    pub fn of(video: VideoId, generation: Generation, index: &VideoIndex) -> Self {
        let (mut rows, mut sketches) = (vec![], vec![]);
        let mut places = vec![None; index.rows.len()];
        let records: Vec<Range<u64>> = index.records().collect();
        for (number, row) in index.findable() {
            let record = &records[number];
            places[number] = Some(rows.len() as u32);
            rows.push(Brief {
                start: milliseconds(row.start),
                end: milliseconds(row.end),
                record: record.start as u32,
                length: (record.end - record.start) as u32,
                speaker: row.speaker.and_then(|speaker| u16::try_from(speaker).ok()),
                kind: row.kind,
                terms: index.lexicon.length(number).min(255) as u8,
            });
            sketches.extend(sketch::of(index.vector(number)));
        }
        let mut terms: BTreeMap<&str, Vec<Posting>> = BTreeMap::new();
        for (term, postings) in &index.lexicon.terms {
            add(&mut terms, term, postings.iter().copied(), &places);
        }
        let videos = vec![ShardVideo { video, generation, rows: rows.len() as u32 }];
        Self::new(index.embedder.clone(), index.dimensions, videos, rows, sketches, Terms::of(&terms))
    }

    /// One shard out of several of the same embedder, with the videos that are `kept`; `None` when nothing is left.
    /// What is in two of them comes in once.
    pub fn merge(shards: &[Self], kept: &HashSet<(VideoId, Generation)>) -> Option<Self> {
        let first = shards.first()?;
        let words = sketch::words(first.dimensions);
        let mut sources: Vec<(&Self, ShardVideo, usize)> = vec![];
        for shard in shards.iter().filter(|shard| shard.is_like(first)) {
            let found = shard.ranges().map(|(video, rows)| (shard, video, rows.start));
            sources.extend(found.filter(|(_, video, _)| kept.contains(&(video.video, video.generation))));
        }
        sources.sort_by_key(|(_, video, _)| Reverse((video.video, video.generation)));
        sources.dedup_by_key(|(_, video, _)| (video.video, video.generation));
        let mut terms: BTreeMap<&str, Vec<Posting>> = BTreeMap::new();
        for shard in shards {
            let mut places = vec![None; shard.rows.len()];
            let mut next = 0;
            for (source, video, start) in &sources {
                if std::ptr::eq(*source, shard) {
                    for place in 0..video.rows {
                        places[start + place as usize] = Some(next + place);
                    }
                }
                next += video.rows;
            }
            for (term, postings) in shard.terms.iter() {
                add(&mut terms, term, postings, &places);
            }
        }
        terms.values_mut().for_each(|postings| postings.sort_unstable_by_key(|posting| posting.row));
        let (mut rows, mut sketches) = (vec![], vec![]);
        for (source, video, start) in &sources {
            let of_video = *start..start + video.rows as usize;
            sketches.extend(&source.sketches[of_video.start * words..of_video.end * words]);
            rows.extend(&source.rows[of_video]);
        }
        let videos = sources.iter().map(|(_, video, _)| *video).collect();
        let (embedder, terms) = (first.embedder.clone(), Terms::of(&terms));
        (!rows.is_empty()).then(|| Self::new(embedder, first.dimensions, videos, rows, sketches, terms))
    }

    fn new(
        embedder: EmbedderId,
        dimensions: usize,
        videos: Vec<ShardVideo>,
        rows: Vec<Brief>,
        sketches: Vec<u64>,
        terms: Terms,
    ) -> Self {
        let term_count = rows.iter().map(|row| u64::from(row.terms)).sum();
        Self { embedder, dimensions, videos, rows, sketches, terms, term_count }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.embedder == other.embedder && self.dimensions == other.dimensions
    }

    /// Who must embed the questions.
    pub fn embedder(&self) -> &EmbedderId {
        &self.embedder
    }

    /// How long its vectors are.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The videos in it, newest first.
    pub fn videos(&self) -> &[ShardVideo] {
        &self.videos
    }

    /// How many rows it has.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
            + size_of_val(&*self.sketches)
            + size_of_val(&*self.videos)
            + self.terms.bytes()
    }

    /// Each video with the numbers of its rows.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (ShardVideo, Range<usize>)> {
        self.videos.iter().scan(0, |next, video| {
            let start = *next;
            *next += video.rows as usize;
            Some((*video, start..*next))
        })
    }

    /// Whose row it is.
    pub(super) fn video_of(&self, row: usize) -> Option<ShardVideo> {
        self.ranges().find(|(_, rows)| rows.contains(&row)).map(|(video, _)| video)
    }

    pub(super) fn row(&self, number: usize) -> &Brief {
        &self.rows[number]
    }

    pub(super) fn rows(&self) -> &[Brief] {
        &self.rows
    }

    /// Terms of all rows together.
    pub(super) fn term_count(&self) -> u64 {
        self.term_count
    }

    /// `None` where sketches were not read.
    pub(super) fn sketch(&self, number: usize) -> Option<&[u64]> {
        let words = sketch::words(self.dimensions);
        self.sketches.get(number * words..(number + 1) * words)
    }

    /// In how many rows a term is, and in which.
    pub(super) fn postings(&self, term: &str) -> Option<(u32, impl Iterator<Item = Posting>)> {
        self.terms.get(term)
    }

    /// The terms with this first letter.
    pub(super) fn terms_from(&self, first: char) -> impl Iterator<Item = &str> {
        self.terms.from(first)
    }
}

/// Adds the postings of rows that have a new place.
fn add<'a>(
    terms: &mut BTreeMap<&'a str, Vec<Posting>>,
    term: &'a str,
    postings: impl Iterator<Item = Posting>,
    places: &[Option<u32>],
) {
    let moved = |posting: Posting| Some(Posting { row: places[posting.row as usize]?, ..posting });
    let mut moved = postings.filter_map(moved).peekable();
    if moved.peek().is_some() {
        terms.entry(term).or_default().extend(moved);
    }
}
