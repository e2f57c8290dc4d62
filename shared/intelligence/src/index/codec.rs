//! An index as bytes. The layout is in this crate's README; all numbers are little-endian.
//!
//! Decoding trusts nothing: every length is checked against the bytes that are left before anything is
//! allocated, and every reference against what it refers to.

use std::collections::BTreeMap;

use domain::time::Seconds;
use half::f16;
use thiserror::Error;

use super::{
    Row, VideoIndex,
    lexicon::{Lexicon, Posting},
};
use crate::{answer::EvidenceKind, embed::EmbedderId};

const MAGIC: &[u8; 4] = b"FQIX";
const VERSION: u16 = 1;
/// Stands for "none" in a scene or speaker field.
const NONE: u32 = u32::MAX;
/// The least bytes of a row, to check a count before allocating for it.
const LEAST_ROW: usize = 1 + 8 + 8 + 4 + 4 + 4;

/// Why bytes are not an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// It is something else.
    #[error("this is not a search index")]
    NotAnIndex,
    /// It was written by other rules; index the video again.
    #[error("the search index has version {0}, which this program does not read; index the video again")]
    Version(u16),
    /// It is cut off, or has bytes too many or out of range.
    #[error("the search index is damaged; index the video again")]
    Damaged,
}

/// Vectors as they will be read back, so that a fresh index and a stored one give the same scores.
pub(super) fn as_stored(vectors: &[f32]) -> Vec<f32> {
    vectors.iter().map(|x| f16::from_f32(*x).to_f32()).collect()
}

impl VideoIndex {
    /// The index as bytes, for [`Self::decode`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.vectors.len() * 2 + self.rows.len() * 120 + 1024);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        put_text(&mut out, self.embedder.as_str());
        out.extend((self.rows.len() as u32).to_le_bytes());
        for row in &self.rows {
            out.push(kind_code(row.kind));
            out.extend(row.start.get().to_le_bytes());
            out.extend(row.end.get().to_le_bytes());
            out.extend(row.scene.unwrap_or(NONE).to_le_bytes());
            out.extend(row.speaker.unwrap_or(NONE).to_le_bytes());
            put_text(&mut out, &row.text);
        }
        out.extend((self.dimensions as u32).to_le_bytes());
        self.vectors.iter().for_each(|x| out.extend(f16::from_f32(*x).to_le_bytes()));
        out.extend((self.lexicon.terms.len() as u32).to_le_bytes());
        for (term, postings) in &self.lexicon.terms {
            put_text(&mut out, term);
            out.extend((postings.len() as u32).to_le_bytes());
            for posting in postings {
                out.extend(posting.row.to_le_bytes());
                out.extend(posting.count.to_le_bytes());
            }
        }
        out
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// For any other bytes; never panics, and never allocates more than a few times their length.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(DecodeError::NotAnIndex) };
        let mut input = Input(rest);
        let version = u16::from_le_bytes(input.array()?);
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let embedder = EmbedderId::new(input.text()?);
        let count = input.count(LEAST_ROW)?;
        let rows: Vec<Row> = (0..count).map(|_| input.row()).collect::<Result<_, _>>()?;
        let dimensions = u32::from_le_bytes(input.array()?) as usize;
        let length =
            rows.len().checked_mul(dimensions).and_then(|n| n.checked_mul(2)).ok_or(DecodeError::Damaged)?;
        let vectors: Vec<f32> = input
            .take(length)?
            .chunks_exact(2)
            .map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f32())
            .collect();
        if vectors.iter().any(|x| !x.is_finite()) {
            return Err(DecodeError::Damaged);
        }
        let mut terms = BTreeMap::new();
        for _ in 0..input.count(4 + 4)? {
            let term = input.text()?.to_owned();
            let postings = (0..input.count(4 + 2)?).map(|_| input.posting(count));
            let postings = postings.collect::<Result<Vec<_>, _>>()?;
            if terms.insert(term, postings).is_some() {
                return Err(DecodeError::Damaged);
            }
        }
        if !input.0.is_empty() {
            return Err(DecodeError::Damaged);
        }
        Ok(Self { embedder, lexicon: Lexicon::new(terms, rows.len()), rows, dimensions, vectors })
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn kind_code(kind: EvidenceKind) -> u8 {
    match kind {
        EvidenceKind::Speech => 0,
        EvidenceKind::ScreenText => 1,
        EvidenceKind::Description => 2,
        EvidenceKind::Object => 3,
    }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Damaged)
    }

    /// A number of things that take at least `least` bytes each.
    fn count(&mut self, least: usize) -> Result<usize, DecodeError> {
        let count = u32::from_le_bytes(self.array()?) as usize;
        if count > self.0.len() / least { Err(DecodeError::Damaged) } else { Ok(count) }
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Damaged)
    }

    fn seconds(&mut self) -> Result<Seconds, DecodeError> {
        let seconds = f64::from_le_bytes(self.array()?);
        if seconds.is_finite() && seconds >= 0.0 {
            Ok(Seconds::new(seconds))
        } else {
            Err(DecodeError::Damaged)
        }
    }

    fn optional(&mut self) -> Result<Option<u32>, DecodeError> {
        let number = u32::from_le_bytes(self.array()?);
        Ok((number != NONE).then_some(number))
    }

    fn row(&mut self) -> Result<Row, DecodeError> {
        let kind = match self.array()? {
            [0] => EvidenceKind::Speech,
            [1] => EvidenceKind::ScreenText,
            [2] => EvidenceKind::Description,
            [3] => EvidenceKind::Object,
            _ => return Err(DecodeError::Damaged),
        };
        let (start, end) = (self.seconds()?, self.seconds()?);
        let (scene, speaker) = (self.optional()?, self.optional()?);
        Ok(Row { kind, start, end, scene, speaker, text: self.text()?.to_owned() })
    }

    /// A posting of one of `rows` rows.
    fn posting(&mut self, rows: usize) -> Result<Posting, DecodeError> {
        let (row, count) = (u32::from_le_bytes(self.array()?), u16::from_le_bytes(self.array()?));
        if (row as usize) < rows { Ok(Posting { row, count }) } else { Err(DecodeError::Damaged) }
    }
}
