//! An index as bytes. The layout is in this crate's README; all numbers are little-endian.
//!
//! A row lies in one piece, so that a search over many videos reads the rows that it shows and nothing else of an
//! index. Decoding trusts nothing: every length is checked against the bytes that are left before anything is
//! allocated, and every reference against what it refers to.

use std::collections::BTreeMap;
use std::ops::Range;

use half::f16;

use super::{
    Row, VideoIndex,
    input::{DecodeError, Input, NONE, put_text},
    lexicon::{Lexicon, Posting},
};
use crate::{answer::EvidenceKind, embed::EmbedderId};

const MAGIC: &[u8; 4] = b"FQIX";
const VERSION: u16 = 2;
/// Bytes of a record beside its text and its vector.
const BARE_RECORD: usize = 1 + 8 + 8 + 4 + 4 + 4;

/// Vectors as they will be read back, so that a fresh index and a stored one give the same scores.
pub(super) fn as_stored(vectors: &[f32]) -> Vec<f32> {
    vectors.iter().map(|x| f16::from_f32(*x).to_f32()).collect()
}

/// A row with its vector: what [`VideoIndex::records`] says where to find.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What was said, shown or seen.
    pub row: Row,
    /// Its vector.
    pub vector: Vec<f32>,
}

impl Record {
    /// Reads one record, and nothing else, from its bytes.
    ///
    /// # Errors
    /// For bytes that are none, or more than one.
    pub fn decode(bytes: &[u8], dimensions: usize) -> Result<Self, DecodeError> {
        let mut input = Input(bytes);
        let row = input.row()?;
        let vector = input.vector(dimensions)?;
        if input.0.is_empty() { Ok(Self { row, vector }) } else { Err(DecodeError::Damaged) }
    }
}

impl VideoIndex {
    /// The index as bytes, for [`Self::decode`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.vectors.len() * 2 + self.rows.len() * 120 + 1024);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        put_text(&mut out, self.embedder.as_str());
        out.extend((self.dimensions as u32).to_le_bytes());
        out.extend((self.rows.len() as u32).to_le_bytes());
        for (number, row) in self.rows.iter().enumerate() {
            out.push(row.kind.code());
            out.extend(row.start.get().to_le_bytes());
            out.extend(row.end.get().to_le_bytes());
            out.extend(row.scene.unwrap_or(NONE).to_le_bytes());
            out.extend(row.speaker.unwrap_or(NONE).to_le_bytes());
            put_text(&mut out, &row.text);
            self.vector(number).iter().for_each(|x| out.extend(f16::from_f32(*x).to_le_bytes()));
        }
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

    /// Where in [`Self::encode`]'s bytes each row lies, in the order of [`Self::rows`].
    pub fn records(&self) -> impl Iterator<Item = Range<u64>> {
        let header = MAGIC.len() + 2 + 4 + self.embedder.as_str().len() + 4 + 4;
        let fixed = BARE_RECORD + self.dimensions * 2;
        self.rows.iter().scan(header as u64, move |next, row| {
            let start = *next;
            *next += (fixed + row.text.len()) as u64;
            Some(start..*next)
        })
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// For any other bytes; never panics, and never allocates more than a few times their length.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(DecodeError::NotAnIndex) };
        let mut input = Input(rest);
        let version = input.u16()?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let embedder = EmbedderId::new(input.text()?);
        let dimensions = input.u32()? as usize;
        let least = dimensions.checked_mul(2).and_then(|vector| vector.checked_add(BARE_RECORD));
        let count = input.count(least.ok_or(DecodeError::Damaged)?)?;
        let mut rows = Vec::with_capacity(count);
        let mut vectors = Vec::with_capacity(count * dimensions);
        for _ in 0..count {
            rows.push(input.row()?);
            vectors.extend(input.vector(dimensions)?);
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

impl EvidenceKind {
    /// As it is stored.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Speech => 0,
            Self::ScreenText => 1,
            Self::Description => 2,
            Self::Object => 3,
        }
    }

    /// What [`Self::code`] wrote.
    pub(super) fn of_code(code: u8) -> Result<Self, DecodeError> {
        match code {
            0 => Ok(Self::Speech),
            1 => Ok(Self::ScreenText),
            2 => Ok(Self::Description),
            3 => Ok(Self::Object),
            _ => Err(DecodeError::Damaged),
        }
    }
}

impl Input<'_> {
    fn row(&mut self) -> Result<Row, DecodeError> {
        let [kind] = self.array()?;
        let kind = EvidenceKind::of_code(kind)?;
        let (start, end) = (self.seconds()?, self.seconds()?);
        let (scene, speaker) = (self.optional()?, self.optional()?);
        Ok(Row { kind, start, end, scene, speaker, text: self.text()?.to_owned() })
    }

    fn vector(&mut self, dimensions: usize) -> Result<Vec<f32>, DecodeError> {
        let vector = self.list(dimensions, |bytes| f16::from_le_bytes(bytes).to_f32())?;
        if vector.iter().all(|x| x.is_finite()) { Ok(vector) } else { Err(DecodeError::Damaged) }
    }

    /// A posting of one of `rows` rows.
    fn posting(&mut self, rows: usize) -> Result<Posting, DecodeError> {
        let (row, count) = (self.u32()?, self.u16()?);
        if (row as usize) < rows { Ok(Posting { row, count }) } else { Err(DecodeError::Damaged) }
    }
}
