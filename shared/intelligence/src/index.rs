//! One video's search index: its rows, their vectors, their terms.
//!
//! # Score
//! A row's score is 0 to 1. Two measures are taken of how its content bears on the question:
//! *semantic*, the cosine of the vectors on a scale on which unrelated texts give 0, and *lexical*, the BM25
//! score of the question's terms divided by what a row that is made of all of them would get. They are fused
//! as independent reasons to believe, `1 - (1 - semantic) * (1 - lexical)`. A question that names a time
//! favours rows of that time, and a question that names a source (what is *said*, what is *written*) favours
//! rows of that kind; a question that has nothing else to it lists those rows. Rows below [`CUT_OFF`] are not
//! returned: a question about something else returns nothing. Over a library, where more rows are somewhat like
//! anything that is asked, a row must also *bear* on the query at all (`bearing`), and a word that is nowhere in it may
//! stand for one that is a slip away.

use domain::{
    analysis::{Described, Scene, Transcript},
    time::Seconds,
};

use crate::{
    ProviderError,
    answer::EvidenceKind,
    embed::{Embedder, EmbedderId},
};

mod bearing;
mod codec;
mod cues;
mod input;
mod lexicon;
mod library;
mod rows;
mod screen;
mod search;
mod shard;
mod sketch;
mod source;
mod vectors;

pub use codec::Record;
pub use input::DecodeError;
pub use library::{CANDIDATES, Candidate, Filter, LibraryQuery, Moment};
pub use search::CUT_OFF;
pub use shard::{Shard, ShardVideo};
pub use source::{CandidateSource, Sketches};
pub use vectors::VectorBucket;

use lexicon::Lexicon;

/// One searchable piece of a video.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where it comes from.
    pub kind: EvidenceKind,
    /// From when on.
    pub start: Seconds,
    /// Until when.
    pub end: Seconds,
    /// The scene that it belongs to, or that is on while it is said; none for the video as a whole.
    pub scene: Option<u32>,
    /// Who speaks, from 0.
    pub speaker: Option<u32>,
    /// What was said, shown or seen.
    pub text: String,
}

impl Row {
    /// Whether it is what was counted over the video as a whole.
    fn is_overview(&self) -> bool {
        self.kind == EvidenceKind::Description && self.scene.is_none()
    }
}

/// What is known of a video. `None` is what nobody looked or listened for, which is not the same as nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Findings<'a> {
    /// How long it is.
    pub length: Seconds,
    /// Its scenes, each with what is said about it.
    pub scenes: Option<&'a [(Scene, Described)]>,
    /// What is said.
    pub transcript: Option<&'a Transcript>,
}

/// Everything that can be found in one video.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoIndex {
    embedder: EmbedderId,
    rows: Vec<Row>,
    dimensions: usize,
    /// One vector a row, one after the other.
    vectors: Vec<f32>,
    lexicon: Lexicon,
}

impl VideoIndex {
    /// Indexes a video.
    ///
    /// # Errors
    /// When the embedder fails.
    pub async fn build(embedder: &dyn Embedder, findings: &Findings<'_>) -> Result<Self, ProviderError> {
        let rows = rows::of(findings);
        let texts: Vec<String> = rows.iter().map(|row| row.text.clone()).collect();
        let vectors = embedder.embed(&texts).await?;
        let dimensions = vectors.first().map_or(0, Vec::len);
        if vectors.len() != rows.len() || vectors.iter().any(|vector| vector.len() != dimensions) {
            return Err(ProviderError::down(format!(
                "the embedder {} gave {} vectors for {} texts, or of unlike length",
                embedder.id(),
                vectors.len(),
                rows.len()
            )));
        }
        Ok(Self {
            embedder: embedder.id().clone(),
            lexicon: Lexicon::of(&texts),
            rows,
            dimensions,
            vectors: codec::as_stored(&vectors.concat()),
        })
    }

    /// Who must embed the questions.
    pub fn embedder(&self) -> &EmbedderId {
        &self.embedder
    }

    /// The rows, in order of time within each source.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The vector of each row, in the order of [`Self::rows`].
    pub fn vectors(&self) -> impl Iterator<Item = &[f32]> {
        self.vectors.chunks_exact(self.dimensions.max(1))
    }

    /// The rows that a search over a library finds, in order, each with its number in [`Self::rows`]. What was counted
    /// over the video as a whole is no moment of it.
    fn findable(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.rows.iter().enumerate().filter(|(_, row)| !row.is_overview())
    }

    /// The vector of one row.
    fn vector(&self, row: usize) -> &[f32] {
        &self.vectors[row * self.dimensions..(row + 1) * self.dimensions]
    }

    /// When the last row ends: the length of the video.
    pub fn end(&self) -> Seconds {
        self.rows
            .iter()
            .map(|row| row.end)
            .fold(Seconds::ZERO, |last, end| if end > last { end } else { last })
    }
}
